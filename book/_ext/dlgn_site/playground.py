"""The playground on the site: the directives `{playground}`, `{experiments}` and `{live}`, and the engine of live/ among its files."""

import html
import json
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.fileutil import copy_asset

#: shown until the engine has started, and where it cannot
WITHOUT = "The playground trains networks in your browser. It needs JavaScript, which is off here or not yet loaded."


def experiments(root: Path) -> list[dict]:
    """Return the prepared experiments: question, address, answer, and what a test holds them to."""
    return json.loads((root / "live" / "experiments.json").read_text(encoding="utf-8"))


class Playground(SphinxDirective):
    """The place where the playground appears."""

    def run(self) -> list[nodes.Node]:
        """Return it, with its style sheet and its script."""
        return [self.html(f"<div data-playground><p>{WITHOUT}</p></div>")]

    def html(self, place: str) -> nodes.Node:
        """Return the place with the style sheet and the script; a browser loads each once, however often they are named."""
        static = "../" * self.env.docname.count("/") + "_static/live"
        text = (
            f'<link rel="stylesheet" href="{static}/playground.css">\n{place}\n'
            f'<script type="module" src="{static}/src/playground/playground.js"></script>'
        )
        return nodes.raw("", text, format="html")


class Live(Playground):
    """A fold below a figure in which the reader trains the figure's net: the argument is an address of the playground.

    Options: `views`, what is seen; `controls`, what can be set; `title`, the line of the fold.
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {
        "views": directives.unchanged_required,
        "controls": directives.unchanged_required,
        "title": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the fold."""
        if missing := [name for name in self.option_spec if name not in self.options]:
            raise self.error(f"a {{live}} needs {', '.join(f':{name}:' for name in missing)}")
        page = "../" * (self.env.docname.count("/") - 1) + "playground.html"
        facts = {"address": self.arguments[0], "page": page, **{n: self.options[n] for n in ("views", "controls")}}
        given = "".join(f' data-{name}="{html.escape(value)}"' for name, value in facts.items())
        title = html.escape(self.options["title"])
        return [
            self.html(
                f'<details class="dlgn-live"><summary>{title}</summary>\n'
                f"<div data-playground{given}><p>{WITHOUT}</p></div></details>"
            )
        ]


class Experiments(SphinxDirective):
    """The prepared experiments, each a link that sets the playground, and an answer in a fold."""

    def run(self) -> list[nodes.Node]:
        """Return the list."""
        self.env.note_dependency("live/experiments.json")
        items = "".join(
            f'<li><a href="#{html.escape(one["address"])}" data-experiment>{html.escape(one["question"])}</a>'
            f"<details><summary>What happens</summary><p>{html.escape(one['answer'])}</p></details></li>\n"
            for one in experiments(Path(self.env.srcdir))
        )
        return [nodes.raw("", f'<ol class="dlgn-experiments">\n{items}</ol>', format="html")]


def _copy(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        for name in ("src", "playground.css", "embed.html"):
            target = Path(app.outdir) / "_static" / "live" / ("src" if name == "src" else "")
            copy_asset(Path(app.srcdir) / "live" / name, target)


def setup(app: Sphinx) -> dict:
    """Register the directives and the copying."""
    app.add_directive("playground", Playground)
    app.add_directive("experiments", Experiments)
    app.add_directive("live", Live)
    app.connect("build-finished", _copy)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
