"""Exercises on the site: the `{exercise}` directive, the stub before a solution, folded solutions and self-checks."""

import re
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from dlgn_lib.book.exercises import stub

DIFFICULTIES = ("easy", "medium", "hard")


def _difficulty(argument: str) -> str:
    return directives.choice(argument, DIFFICULTIES)


def _phrase(argument: str) -> str:
    """Return what an exercise trains: it also stands in tables, in notebooks and in a manifest, so it is plain text."""
    phrase = directives.unchanged_required(argument).strip()
    if re.search(r"[`$*_{}<>|\n]|\.$", phrase) or len(phrase) > 60:
        raise ValueError(f"expected at most 60 characters of plain text without a full stop, got {phrase!r}")
    return phrase


#: the options that every exercise has
OPTIONS = {
    "label": directives.unchanged_required,
    "minutes": directives.positive_int,
    "difficulty": _difficulty,
    "trains": _phrase,
}


def facts(options: dict) -> str:
    """Return the line under the title of an exercise.

    >>> facts({"minutes": 3, "difficulty": "easy", "trains": "counting choices that multiply"})
    '3 minutes, easy. Trains: counting choices that multiply.'
    """
    return f"{options['minutes']} minutes, {options['difficulty']}. Trains: {options['trains']}."


class Exercise(SphinxDirective):
    """An exercise: title, minutes, difficulty, what it trains, and text. The cells `solution` and `check` follow it."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar = OPTIONS

    def run(self) -> list[nodes.Node]:
        """Return an admonition that can be linked to by its label."""
        missing = [name for name in self.option_spec if name not in self.options]
        if missing:
            raise self.error(f"exercise {self.arguments[0]!r} lacks {', '.join(missing)}")
        title_text = f"Exercise: {self.arguments[0]}"
        title = nodes.title(title_text, "", *self.parse_inline(title_text)[0])
        line = nodes.paragraph("", facts(self.options), classes=["dlgn-facts"])
        box = nodes.admonition("", title, line, *self.parse_content_to_nodes(), classes=["admonition", "dlgn-exercise"])
        label = self.options["label"].lower()
        box["ids"].append(nodes.make_id(label))
        domain = self.env.get_domain("std")
        domain.anonlabels[label] = self.env.docname, box["ids"][0]
        domain.labels[label] = self.env.docname, box["ids"][0], title_text
        return [box]


def _fold_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Put the learner's stub before each solution cell; fold solution and check cells, which hold answers."""
    for tag, title in (("solution", "Solution"), ("check", "Self-check, run with the solution")):
        for cell in list(doctree.findall(lambda n: isinstance(n, nodes.container) and f"tag_{tag}" in n["classes"])):  # noqa: B023
            code = stub(next(cell.findall(nodes.literal_block)).astext()) if tag == "solution" else ""
            given = [nodes.literal_block(code, code, language="python", classes=["dlgn-stub"])] if code else []
            opening = nodes.raw("", f'<details class="dlgn-{tag}"><summary>{title}</summary>', format="html")
            closing = nodes.raw("", "</details>", format="html")
            position = cell.parent.index(cell)
            cell.parent[position : position + 1] = [*given, opening, cell, closing]


def setup(app: Sphinx) -> dict:
    """Register the directive and the folding of solutions."""
    app.add_directive("exercise", Exercise)
    app.connect("doctree-read", _fold_cells)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
