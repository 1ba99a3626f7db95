"""What made this site: `build.json` beside its pages, and the directive `{build-facts}` that shows it.

Versions, machine, commit, seconds of each page, and every claim with its printed value and whether it holds.
`dlgn_site.compare` reads two of these files. Nothing of it is on any other page, so those depend on no clock and no machine.
"""

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from importlib.metadata import distributions, version
from pathlib import Path

import torch
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from dlgn_lib.book.register import registry
from dlgn_lib.store import in_one_move
from dlgn_site.claims import LEDGER, measured_by
from dlgn_site.side_by_side import run_seconds

FILE = "build.json"
FORMAT = 1
PAGE = "book/this-build"
SHOWN = ("torch", "numpy", "matplotlib", "scikit-learn", "Sphinx", "jupyter-book")


class build_facts(nodes.General, nodes.Element):
    """Placeholder of the tables, filled in when all pages are read."""


class BuildFacts(SphinxDirective):
    """What made this site, in two tables."""

    def run(self) -> list[nodes.Node]:
        """Return a placeholder."""
        return [build_facts()]


def commit(root: Path) -> str | None:
    """Return the commit that is checked out at `root`, with a + if files differ from it; None where git knows of none."""
    try:
        head, changed = (
            subprocess.run(
                ["git", "-C", str(root), *command], capture_output=True, text=True, check=True
            ).stdout.strip()
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + ("+" if changed else "")


def processor() -> str:
    """Return what the processor calls itself."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def machine() -> dict[str, str | int | None]:
    """Return what a number may depend on beside versions."""
    return {
        "system": platform.platform(),
        "processor": processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
    }


def versions() -> dict[str, str]:
    """Return the version of Python and of every package that is installed."""
    packages = {found.metadata["Name"]: found.version for found in distributions() if found.metadata["Name"]}
    return {"python": platform.python_version()} | {name: packages[name] for name in sorted(packages, key=str.lower)}


def claims(env: BuildEnvironment) -> dict[str, dict[str, str | bool | None]]:
    """Return every registered claim with what this build measured; None where it did not."""
    measured = measured_by(env)
    found = {}
    for claim in registry().values():
        _, verdict = measured.get(claim.id, ("", {}))
        told = {"page": claim.page, "statement": claim.statement, "needs": claim.needs}
        found[claim.id] = told | {name: verdict.get(name) for name in ("shown", "over", "holds")}
    return found


def record(env: BuildEnvironment) -> dict[str, object]:
    """Return all that `build.json` holds."""
    return {
        "format": FORMAT,
        "title": env.config.html_title,
        "version": version("dlgn-lib"),
        "commit": commit(Path(env.srcdir)),
        "machine": machine(),
        "versions": versions(),
        "seconds": {name.removeprefix("book/"): round(spent, 1) for name, spent in run_seconds(env).items()},
        "claims": claims(env),
    }


def _table(rows: Iterable[Sequence[str | nodes.Node]], head: Sequence[str] = ()) -> nodes.table:
    made = [[cell if isinstance(cell, nodes.Node) else nodes.Text(cell) for cell in row] for row in rows]
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in made[0]), cols=len(made[0]))
    titles = [[nodes.Text(text) for text in head]] if head else []
    for part, lines in ((nodes.thead(), titles), (nodes.tbody(), made)):
        part += [nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in line)) for line in lines]
        group += part if lines else []
    return nodes.table("", group, classes=["colwidths-auto"])


def _facts(app: Sphinx, docname: str) -> list[nodes.Node]:
    """Return the tables of the page: what made the site, and the seconds of each page."""
    made = record(app.env)

    def link(target: str, text: str) -> nodes.reference:
        return nodes.reference("", text, refuri=app.builder.get_relative_uri(docname, target), internal=True)

    holding = [entry["holds"] for entry in made["claims"].values()]
    told = f"{sum(map(bool, holding)):,} of {len(holding):,} hold"
    rows = [
        ("library", f"dlgn-lib {made['version']}"),
        ("commit", made["commit"] or "not known"),
        ("claims", link(LEDGER, told) if LEDGER in app.env.found_docs else told),
        ("Python", made["versions"]["python"]),
        *((name, made["versions"][name]) for name in SHOWN if name in made["versions"]),
        *((name, str(value)) for name, value in made["machine"].items()),
    ]
    pages = [(link(f"book/{page}", page), f"{spent:.0f}") for page, spent in made["seconds"].items()]
    return [_table(rows), *([_table(pages, ("Page", "Seconds"))] if pages else [])]


def _resolve(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for node in list(doctree.findall(build_facts)):
        node.replace_self(_facts(app, docname))


def _again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Let the page be written in every build."""
    return [PAGE] if PAGE in env.found_docs else []


def _write(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        with in_one_move(Path(app.outdir, FILE)) as file:
            file.write_text(json.dumps(record(app.env), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register directive and file."""
    app.add_node(build_facts)
    app.add_directive("build-facts", BuildFacts)
    app.connect("doctree-resolved", _resolve)
    app.connect("env-updated", _again)
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
