"""The playground on the site: `{playground}`, `{experiments}`, `{question}`, `{live}`, `{race}`; the engine of live/ as files."""

import html
import json
import re
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.fileutil import copy_asset

from dlgn_lib.book.words import noted, said
from dlgn_site.original import page_address

#: shown until the engine has started, and where it cannot
WITHOUT = noted(
    "The playground trains networks in your browser. It needs JavaScript, which is off here or not yet loaded."
)


def experiments(root: Path) -> list[dict]:
    """Return the prepared experiments: question, address, answer, and what a test holds them to."""
    return json.loads((root / "live" / "experiments.json").read_text(encoding="utf-8"))


def question(root: Path, number: str) -> tuple[str, str]:
    """Return the text of an experiment, counted from 1, and its address in the playground.

    Raises:
        ValueError: if there is none with this number.
    """
    known = experiments(root)
    if not (number.isdecimal() and 1 <= int(number) <= len(known)):
        raise ValueError(f"a question of the playground has a number from 1 to {len(known)}, got {number!r}")
    one = known[int(number) - 1]
    return one["question"], one["address"]


def modules(script: Path) -> list[Path]:
    """Return the modules that a script imports, and those that they import, each once."""
    found: list[Path] = []
    waiting = [script]
    while waiting:
        module = waiting.pop(0)
        for name in re.findall(r'(?m)^(?:import|export)\b.*\bfrom "(\.[^"]+)"', module.read_text(encoding="utf-8")):
            if (other := (module.parent / name).resolve()) not in found:
                found.append(other)
                waiting.append(other)
    return found


def _page(env: BuildEnvironment) -> str:
    return page_address(env, "book/playground", "../" * (env.docname.count("/") - 1) + "playground.html")


class Playground(SphinxDirective):
    """The place where the playground appears."""

    def run(self) -> list[nodes.Node]:
        """Return it, with its style sheet and its script; all modules are fetched at once, not each after the one that names it."""
        options = self.config.html_theme_options
        install = html.escape(f"git+{options['repository_url'].rstrip('/')}@{options['repository_branch']}")
        source = (Path(self.env.srcdir) / "live" / "src").resolve()
        names = [file.relative_to(source).as_posix() for file in modules(source / "playground" / "playground.js")]
        early = "".join(f'<link rel="modulepreload" href="{self.static}/src/{name}">\n' for name in names)
        return [self.html(f'{early}<div data-playground data-install="{install}"><p>{said(WITHOUT)}</p></div>')]

    @property
    def static(self) -> str:
        """Where the files of live/ are, seen from the page."""
        return "../" * self.env.docname.count("/") + "_static/live"

    def html(self, place: str, script: str = "playground") -> nodes.Node:
        """Return the place with the style sheet and its script; a browser loads each once, however often they are named."""
        text = (
            f'<link rel="stylesheet" href="{self.static}/playground.css">\n{place}\n'
            f'<script type="module" src="{self.static}/src/playground/{script}.js"></script>'
        )
        return nodes.raw("", text, format="html")


class Live(Playground):
    """A fold below a figure in which the reader trains a net like the figure's: the argument is an address of the playground.

    Its settings are the figure's as far as an address can say them; sizes, seeds and data may differ where that is quicker to
    train or easier to see. Options: `views`, what is seen; `controls`, what can be set; `title`, the line of the fold; and, if
    wanted, `layer`, whose half-spaces are drawn first (from 1, or "last"), and `weights`, matrices of the experts to begin with.
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {
        "views": directives.unchanged_required,
        "controls": directives.unchanged_required,
        "title": directives.unchanged_required,
        "layer": directives.unchanged_required,
        "weights": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the fold."""
        if missing := [name for name in ("views", "controls", "title") if name not in self.options]:
            raise self.error(f"a {{live}} needs {', '.join(f':{name}:' for name in missing)}")
        page = _page(self.env)
        facts = {"address": self.arguments[0], "page": page, **{n: v for n, v in self.options.items() if n != "title"}}
        given = "".join(f' data-{name}="{html.escape(value)}"' for name, value in facts.items())
        title = html.escape(self.options["title"])
        return [
            self.html(
                f'<details class="dlgn-live"><summary>{title}</summary>\n'
                f"<div data-playground{given}><p>{said(WITHOUT)}</p></div></details>"
            )
        ]


class Race(Playground):
    """A fold in which the formula of the race stands beside a net that trains. Option: `title`, the line of the fold."""

    option_spec: ClassVar = {"title": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the fold."""
        if "title" not in self.options:
            raise self.error("a {race} needs :title:")
        title = html.escape(self.options["title"])
        fold = (
            f'<details class="dlgn-live"><summary>{title}</summary>\n'
            f"<div data-playground data-race><p>{said(WITHOUT)}</p></div></details>"
        )
        return [self.html(fold, "race")]


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


class Question(SphinxRole):
    """A link to one of the prepared experiments, by its number: {question}`3`."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link; a number that is not known is an error of the build."""
        try:
            text, address = question(Path(self.env.srcdir), self.text)
        except ValueError as error:
            message = self.inliner.reporter.error(str(error), line=self.lineno)
            return [], [message]
        self.env.note_dependency("live/experiments.json")
        page = _page(self.env)
        link = f'<a href="{page}#{html.escape(address)}" data-experiment>{html.escape(text)}</a>'
        return [nodes.raw("", link, format="html")], []


def _copy(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        for name in ("src", "playground.css", "embed.html"):
            target = Path(app.outdir) / "_static" / "live" / ("src" if name == "src" else "")
            copy_asset(Path(app.srcdir) / "live" / name, target)


def setup(app: Sphinx) -> dict:
    """Register the directives and the copying."""
    app.setup_extension("dlgn_site.original")
    app.add_directive("playground", Playground)
    app.add_directive("experiments", Experiments)
    app.add_directive("live", Live)
    app.add_directive("race", Race)
    app.add_role("question", Question())
    app.connect("build-finished", _copy)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
