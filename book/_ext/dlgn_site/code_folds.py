"""Code and checked claims of a cell in one quiet line below what the cell shows: prose and figures come first.

A cell tagged `hide-input` shows its outputs, and below them a small control that opens its code together with the verdicts
of its claims. A cell that shows its code has such a control for its claims. Cells in a row that show nothing, since they only
define or check something, share the line of the figure beside them. A claim that does not hold stays in sight.
"""

import html
from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from dlgn_lib.book.words import said
from dlgn_site.claims import verdicts_in


class code_fold(nodes.General, nodes.Element):
    """What opens when its `word` is pressed; `title` says to all but the eye of which cell it is."""


def _visit(self: HTML5Translator, node: code_fold) -> None:
    title, count = html.escape(node["title"]), node["claims"]
    words = []
    if node["code"]:
        look = "dlgn-unseen" if node["figure"] or count else "dlgn-title"
        code = said("code")
        words.append(f'{code}<span class="{look}">: {title}</span>' if title else code)
    if count:
        words.append(said("✓ {count} claim", count=count) if count == 1 else said("✓ {count} claims", count=count))
    self.body.append(f'<details class="dlgn-code"><summary title="{title}">{" · ".join(words)}</summary>\n')


def _depart(self: HTML5Translator, node: code_fold) -> None:
    self.body.append("</details>\n")


def _is_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Element) and node.get("nb_element") == "cell_code"


def _tags(cell: nodes.Element) -> set[str]:
    return set(cell["cell_metadata"].get("tags", []))


def title_of(code: str) -> str:
    """Return the comment in the first line of a cell, which is its title.

    >>> title_of("# Figure: the target"), title_of("x = 1")
    ('Figure: the target', '')
    """
    first = code.partition("\n")[0]
    return first[2:] if first.startswith("# ") else ""


def _fold(cell: nodes.Element) -> code_fold | None:
    """Take code that is to be hidden and claims that hold out of a cell, and return a fold with them, if there are any."""
    parts = {part.get("nb_element"): part for part in cell.children}
    source, output = parts.get("cell_code_source"), parts.get("cell_code_output")
    outputs = list(output.children) if output is not None else []
    holding = [out for out in outputs if (found := verdicts_in(out)) and all(verdict["holds"] for verdict in found)]
    hidden = "hide-input" in _tags(cell) and source is not None
    if not hidden and not holding:
        return None
    title = title_of(next(source.findall(nodes.literal_block)).astext()) if source is not None else ""
    fold = code_fold(title=title, code=hidden, claims=sum(len(verdicts_in(out)) for out in holding))
    fold["figure"] = len(outputs) > len(holding)
    if hidden:
        cell.remove(source)
        cell.attributes.pop("hide_mode", None)  # else the notebook's own fold comes around what is left
        fold += source
    if holding:
        for out in holding:
            output.remove(out)
        fold += nodes.container("", *holding, nb_element="cell_code_output", classes=["cell_output"])
        if not output.children:
            cell.remove(output)
    return fold


def _runs(doctree: nodes.document) -> Iterator[list[nodes.Element]]:
    """Yield the cells that follow each other without a word between them; exercises have folds of their own."""
    for parent in list(doctree.findall(nodes.Element)):
        run: list[nodes.Element] = []
        for child in [*parent.children, None]:
            if child is not None and _is_cell(child) and not _tags(child) & {"solution", "check"}:
                run.append(child)
            elif run:
                yield run
                run = []


def _line(folds: list[code_fold]) -> nodes.container:
    return nodes.container("", *folds, classes=["dlgn-folds"])


def _arrange(app: Sphinx, doctree: nodes.document) -> None:
    for run in _runs(doctree):
        line, waiting = None, []  # the line of the last figure; folds of cells that show nothing, for the next
        for cell in run:
            fold = _fold(cell)
            own = [fold] if fold is not None else []
            if not cell.children and (line is not None or cell is not run[-1]):
                if line is None:
                    waiting += own
                else:
                    line += own
                cell.parent.remove(cell)
                continue
            if not any(part.get("nb_element") == "cell_code_source" for part in cell.children):
                own = [*waiting, *own]
            elif waiting:
                cell.insert(0, _line(waiting))  # the cell shows its code: what that builds on stands above it
            line, waiting = _line(own) if own else None, []
            if line is not None:
                cell += line


def setup(app: Sphinx) -> dict:
    """Register the fold, after the claims have been collected."""
    app.add_node(code_fold, html=(_visit, _depart))
    app.connect("doctree-read", _arrange, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
