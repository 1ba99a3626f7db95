"""Numbers, captions and anchors of figures: the `{caption}` directive, which stands below the cell that draws.

The name in its argument makes the anchor: `{caption} pull` on the page allocation is `fig-allocation-pull`, to which
{ref}`fig-allocation-pull` refers as "Figure 8.2". A directive rather than options of the cell, since whoever edits a
caption must not make the page run again. `{list-of-figures}` lists them all. `assets/figures.js` adds links to a state of a figure,
and files.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from dlgn_lib.book.words import said

logger = logging.getLogger(__name__)
_FIGURE = re.compile(r'<figure class="dlgn-figure')


@dataclass(frozen=True)
class Figure:
    """One figure of the book."""

    name: str
    number: str  # "8.2"
    anchor: str
    title: str  # the first comment of its cell


class figure_caption(nodes.General, nodes.Element):
    """A caption, until it has found its figure."""


class captioned(nodes.General, nodes.Element):
    """A figure with its caption: HTML `before` the caption and `after` it."""


class figure_list(nodes.General, nodes.Element):
    """The place of the list of figures."""


class Caption(SphinxDirective):
    """The caption of the figure that the cell above draws; the argument is its name on the page."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the caption, which `_place` moves into the figure."""
        self.assert_has_content()
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.arguments[0]):
            raise self.error(
                f"the name of a figure is made of small letters, digits and hyphens, got {self.arguments[0]!r}"
            )
        node = figure_caption(name=self.arguments[0])
        self.set_source_info(node)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


class ListOfFigures(SphinxDirective):
    """All figures of the book, page by page."""

    def run(self) -> list[nodes.Node]:
        """Return the place of the list."""
        self.env.note_reread()  # any page may have changed
        return [figure_list()]


def draws(code: str) -> int:
    r"""Return how many figures a cell shows: its calls of `show` and `explore`, but not those in functions or under a condition.

    >>> draws("show(*figures.demo())"), draws("def draw(step):\\n    show(step)")
    (1, 0)
    """
    try:
        waiting: list[ast.AST] = [ast.parse(code)]
    except SyntaxError:  # a magic of the notebook
        return 0
    count = 0
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            count += node.func.id in ("show", "explore")
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.If | ast.Try):
            waiting += ast.iter_child_nodes(node)
    return count


def figures_of(env: BuildEnvironment) -> dict[str, list[Figure]]:
    """Return page -> its figures in their order, for the pages that are read."""
    if not hasattr(env, "dlgn_figures"):
        env.dlgn_figures = {}
    return env.dlgn_figures


def _purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    figures_of(env).pop(docname, None)


def _merge(app: Sphinx, env: BuildEnvironment, docnames: list[str], other: BuildEnvironment) -> None:
    figures_of(env).update({name: figures_of(other)[name] for name in docnames if name in figures_of(other)})


def _cells(doctree: nodes.document) -> Iterator[tuple[nodes.Element, str, figure_caption | None]]:
    """Yield the cells that are not answers of exercises, with their code and the caption that follows."""
    for cell in list(doctree.findall(nodes.container)):
        if cell.get("nb_element") != "cell_code" or {"solution", "check"} & set(cell["cell_metadata"].get("tags", [])):
            continue
        code = next(iter(cell.findall(nodes.literal_block)), nodes.Text("")).astext()
        after = cell.next_node(nodes.Element, descend=False, siblings=True, ascend=False)
        yield cell, code, after if isinstance(after, figure_caption) else None


def _place(app: Sphinx, doctree: nodes.document) -> None:
    """Number the figures of a page, and move each caption into the figure above it."""
    docname, env = app.env.docname, app.env
    found: list[Figure] = []
    for cell, code, caption in _cells(doctree):
        count = draws(code)
        if count == 0:
            continue
        if count > 1 or caption is None:
            wants = "shows two figures: split it" if count > 1 else "shows a figure without a {caption} below it"
            logger.warning("the cell %r %s", code.partition("\n")[0], wants, location=cell)
            continue
        caption.parent.remove(caption)
        name, page = caption["name"], docname.rpartition("/")[2]
        if any(figure.name == name for figure in found):
            logger.warning("two figures of this page have the name %r", name, location=caption)
        number = f"{env.dlgn_chapters.get(docname, '?')}.{len(found) + 1}"
        title = re.match(rf"# (?:.*?(?:[Ff]igure|{said('Figure')})[^:\n]*: )?(.+)", code)
        figure = Figure(name, number, f"fig-{page}-{name}", title[1] if title else name.replace("-", " "))
        found.append(figure)
        known = env.domaindata["std"]["labels"].get(figure.anchor)
        if known and known[0] != docname:
            logger.warning("the anchor %s is on the page %s already", figure.anchor, known[0], location=caption)
        env.get_domain("std").note_hyperlink_target(
            figure.anchor, docname, figure.anchor, said("Figure {number}", number=number)
        )
        if app.config.nb_execution_mode != "off":
            _join(cell, caption, figure)
    for caption in list(doctree.findall(figure_caption)):
        logger.warning("the caption %r is not below a cell that shows a figure", caption["name"], location=caption)
        caption.parent.remove(caption)
    if found:
        figures_of(env)[docname] = found


def _join(cell: nodes.Element, caption: figure_caption, figure: Figure) -> None:
    outputs = [raw for raw in cell.findall(nodes.raw) if _FIGURE.search(raw.astext())]
    if len(outputs) != 1:
        logger.warning("figure %r: its cell has %d outputs with a figure", figure.name, len(outputs), location=caption)
        return
    (raw,) = outputs
    before, closing, after = raw.astext().rpartition("</figure>")
    before = _FIGURE.sub(f'<figure id="{figure.anchor}" class="dlgn-figure', before, count=1)
    first = caption[0]
    link = nodes.reference(
        "", said("Figure {number}.", number=figure.number), refid=figure.anchor, classes=["dlgn-figure-number"]
    )
    first[:0] = [link, nodes.Text(" ")]
    joined = captioned("", *caption.children, before=before, after=closing + after, classes=raw["classes"])
    raw.replace_self(joined)


def _visit(self: HTML5Translator, node: captioned) -> None:
    self.body.append(self.starttag(node, "div", ""))
    self.body.append(f"{node['before']}<figcaption>\n")


def _depart(self: HTML5Translator, node: captioned) -> None:
    self.body.append(f"</figcaption>\n{node['after']}</div>\n")


def _resolve(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    env = app.env
    for place in list(doctree.findall(figure_list)):
        listed: list[nodes.Node] = []
        for page in filter(figures_of(env).__contains__, env.dlgn_chapters):
            address = app.builder.get_relative_uri(docname, page)
            heading = nodes.reference("", env.titles[page].astext(), refuri=address, internal=True)
            entries = nodes.bullet_list(classes=["dlgn-figures"])
            for figure in figures_of(env)[page]:
                link = nodes.reference(
                    "",
                    said("Figure {number}", number=figure.number),
                    refuri=f"{address}#{figure.anchor}",
                    internal=True,
                )
                entries += nodes.list_item(
                    "", nodes.paragraph("", "", link, nodes.Text(f". {figure.title[0].upper()}{figure.title[1:]}"))
                )
            listed += [nodes.paragraph("", "", nodes.strong("", "", heading)), entries]
        place.replace_self(listed)


def setup(app: Sphinx) -> dict:
    """Register directives and numbering, which comes after claims are found and before cells are arranged."""
    app.setup_extension("dlgn_site.chapters")
    app.add_node(figure_caption)
    app.add_node(captioned, html=(_visit, _depart))
    app.add_node(figure_list)
    app.add_directive("caption", Caption)
    app.add_directive("list-of-figures", ListOfFigures)
    app.connect("env-purge-doc", _purge)
    app.connect("env-merge-info", _merge)
    app.connect("doctree-read", _place, priority=550)
    app.connect("doctree-resolved", _resolve)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
