"""The versions of the book beside each other: `versions.json`, which `assets/versions.js` shows in the sidebar.

A built site knows itself alone. `dlgn_site.publish` puts it beside the sites of releases and writes the file anew into each
of them, with the ways from there to all others, so that the whole may lie anywhere:

    {"format": 1, "here": 1, "versions": [
      {"version": "0.2.0", "commit": "b42fc31", "path": "../"},          the site at the root: the newest state
      {"version": "0.1.0", "commit": "8d1e2f0", "path": "./"}]}          a release; "here" is the number of this one
"""

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from sphinx.application import Sphinx

from dlgn_lib.store import in_one_move
from dlgn_site.build_record import commit

FILE, FORMAT = "versions.json", 1


def own(root: Path) -> dict[str, str]:
    """Return the entry of a site that is built of the book at `root`."""
    found = commit(root)
    return {
        "version": version("dlgn-lib"),
        "commit": found[:7] + "+" * found.endswith("+") if found else "",
        "path": "./",
    }


def written(versions: Sequence[dict[str, str]], here: int) -> str:
    """Return the text of `versions.json`.

    Args:
        versions: the site at the root first.
        here: the number of the one that the file is for.
    """
    lines = ",\n".join(f"  {json.dumps(entry)}" for entry in versions)
    return f'{{"format": {FORMAT}, "here": {here}, "versions": [\n{lines}\n]}}\n'


def _write(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.name == "html":
        with in_one_move(Path(app.outdir, FILE)) as file:
            file.write_text(written([own(Path(app.srcdir))], 0), encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register the file and the script that shows it."""
    app.add_js_file("versions.js", loading_method="defer")
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
