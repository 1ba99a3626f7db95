"""Exercises on the site: the `{exercise}` directive, the stub before a solution, folded solutions and self-checks."""

import re
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from dlgn_lib.book.exercises import stub
from dlgn_lib.book.words import noted, said
from dlgn_site import answers
from dlgn_site.colab_button import colab_url

logger = logging.getLogger(__name__)
DIFFICULTIES = (noted("easy"), noted("medium"), noted("hard"))


#: the answers of an exercise, one fold in the other
FOLDS = {"solution": noted("Solution"), "check": noted("How the notebook checks it")}


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
    told = dict(options) | {"difficulty": said(options["difficulty"])}
    return said("{minutes} minutes, {difficulty}. Trains: {trains}.", **told)


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
        title_text = said("Exercise: {title}", title=self.arguments[0])
        title = nodes.title(title_text, "", *self.parse_inline(title_text)[0])
        line = nodes.paragraph("", facts(self.options), classes=["dlgn-facts"])
        box = nodes.admonition("", title, line, *self.parse_content_to_nodes(), classes=["admonition", "dlgn-exercise"])
        label = self.options["label"].lower()
        box["ids"].append(nodes.make_id(label))
        domain = self.env.get_domain("std")
        domain.anonlabels[label] = self.env.docname, box["ids"][0]
        domain.labels[label] = self.env.docname, box["ids"][0], title_text
        return [box]


def _cells(doctree: nodes.document, tag: str) -> list[nodes.container]:
    return list(doctree.findall(lambda node: isinstance(node, nodes.container) and f"tag_{tag}" in node["classes"]))


def _code(cell: nodes.container) -> str:
    return next(cell.findall(nodes.literal_block)).astext()


def _where_to_write(app: Sphinx, docname: str) -> list[nodes.Node]:
    """Return the link to the notebook, where an exercise that asks for code is written and checked."""
    options = app.config.html_theme_options
    if "repository_url" not in options:
        return []
    address = colab_url(options["repository_url"], options["repository_branch"], docname)
    link = nodes.reference("", said("Write and check it on Colab"), refuri=address, classes=["dlgn-colab"])
    return [nodes.paragraph("", "", link, classes=["dlgn-write"])]


def _fold_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Give each exercise a form, or its stub and where to write it; fold its solution, and in that its self-check."""
    solutions, checks = _cells(doctree, "solution"), _cells(doctree, "check")
    if len(solutions) != len(checks):
        logger.warning("%d solutions and %d self-checks", len(solutions), len(checks), location=app.env.docname)
    for number, (solution, check) in enumerate(zip(solutions, checks, strict=False)):
        parent, place = solution.parent, solution.parent.index(solution)
        parent.remove(check)
        key, code = answers.key(_code(check)), stub(_code(solution))
        coded = key is None or "\n" in code  # else a form stands for the stub of one line
        given = [nodes.literal_block(code, code, language="python", classes=["dlgn-stub"])] if code and coded else []
        box = next((node for node in reversed(parent[:place]) if "dlgn-exercise" in node.get("classes", [])), None)
        if box is not None:
            form = answers.form(key, f"answer-{number}", box.astext()) if key else ""
            box += [nodes.raw("", form, format="html")] if form else []
            box += _where_to_write(app, app.env.docname) if coded else []
        folds = [f'<details class="dlgn-{tag}"><summary>{said(title)}</summary>' for tag, title in FOLDS.items()]
        opening, inner, closing = (nodes.raw("", part, format="html") for part in (*folds, "</details></details>"))
        parent[place : place + 1] = [*given, opening, solution, inner, check, closing]


def setup(app: Sphinx) -> dict:
    """Register the directive and the folding of solutions."""
    app.add_directive("exercise", Exercise)
    app.connect("doctree-read", _fold_cells)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
