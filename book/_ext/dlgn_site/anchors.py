"""The addresses of the book: `anchors.json` of a built site, and the check that those of earlier releases still lead somewhere.

    python -m dlgn_site.anchors      # notes the addresses of the built site in book/anchors/<version>.json

An address is a page, or a page with an anchor that its author or a stable name has given: a heading, figure, formula, claim,
exercise, entry of the library. Those that Sphinx counts through (`id7`) and those inside drawings are none. `book/anchors`
has one list for each release. The build is red if a listed address is gone and `book/redirects.yml` does not say where to.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

import yaml
from sphinx.application import Sphinx
from sphinx.util import logging

from dlgn_lib.store import in_one_move

logger = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[3]
FILE, FORMAT = "anchors.json", 1
LISTS, TABLE = "book/anchors", "book/redirects.yml"
_NO_TEXT = re.compile(r'<(svg|script|style)\b.*?</\1>|<p class="dlgn-moved"[^>]*>', re.S)
_ID = re.compile(r'<[a-zA-Z][^<>]*?\sid="([^"]+)"')
_COUNTED = re.compile(r"id\d+|index-\d+|about-.*|proof-content|proof")  # the last two stand several times on a page
_ADDRESS = re.compile(r"[\w./-]+(#[^\s#]+)?")

Pages = Mapping[str, Iterable[str]]


def anchors_of(page: str) -> list[str]:
    """Return the anchors of a page, from its HTML, in their order.

    >>> anchors_of('<article class="bd-article"><section id="a"><p id="id3"></p><svg><g id="g1"/></svg></section></article>')
    ['a']
    """
    start = page.find('<article class="bd-article')
    article = _NO_TEXT.sub("", page[max(start, 0) : page.find("</article>", start)])
    return list(dict.fromkeys(found for found in _ID.findall(article) if not _COUNTED.fullmatch(found)))


def addresses(pages: Pages) -> list[str]:
    """Return all addresses of pages and their anchors.

    >>> addresses({"book/a": ["x", "y"]})
    ['book/a', 'book/a#x', 'book/a#y']
    """
    return [address for page, names in pages.items() for address in (page, *(f"{page}#{name}" for name in names))]


def read_redirects(root: Path) -> dict[str, str]:
    """Return old address -> new one, from the table of redirects of the book at `root`; empty if there is none.

    Raises ValueError if an entry is no address.
    """
    file = root / TABLE
    table = (yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None) or {}
    for text in [*table, *table.values()]:
        if not isinstance(text, str) or not _ADDRESS.fullmatch(text):
            raise ValueError(f"{TABLE} takes addresses like book/page#anchor, got {text!r}")
    return table


def read_lists(root: Path) -> dict[str, dict[str, list[str]]]:
    """Return version -> page -> its anchors, for every release that is listed."""
    files = sorted((root / LISTS).glob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8"))["pages"] for file in files}


def resolved(address: str, known: set[str], redirects: Mapping[str, str]) -> str | None:
    """Return where an old address leads: itself, or what the table says of it or of its page; None if nowhere.

    >>> resolved("a#x", {"b", "b#x"}, {"a": "b"})
    'b#x'
    """
    page, sign, anchor = address.partition("#")
    moved = redirects.get(address) or f"{redirects.get(page, page).partition('#')[0]}{sign}{anchor}"
    return moved if moved in known else None


def faults(pages: Pages, redirects: Mapping[str, str], lists: Mapping[str, Pages]) -> list[str]:
    """Return what is wrong with the addresses of a site: pages it has, what has moved, and what releases had."""
    known = set(addresses(pages))
    found = [f"{TABLE}: {old} is there; take its entry out" for old in redirects if old in known]
    found += [
        f"{TABLE}: {old} leads to {new}, which is not there" for old, new in redirects.items() if new not in known
    ]
    for name, listed in lists.items():
        lost = [one for one in addresses(listed) if resolved(one, known, redirects) is None]
        if lost:
            told = ", ".join(lost[:5]) + (f" and {len(lost) - 5} more" if len(lost) > 5 else "")
            found.append(
                f"{told}: an address of {name} that is gone; say in {TABLE} where to (if {name} is not out: `make anchors`)"
            )
    return found


def written(pages: Pages, redirects: Mapping[str, str]) -> str:
    """Return the text of `anchors.json`: one line a page."""
    parts = {
        "pages": {page: list(names) for page, names in pages.items()},
        "moved": dict(redirects),
    }
    told = [f' "format": {FORMAT}', f' "version": {json.dumps(version("dlgn-lib"))}']
    for name, entries in parts.items():
        lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in entries.items()]
        told.append(f' "{name}": {{' + ("\n" + ",\n".join(lines) + "\n }" if lines else "}"))
    return "{\n" + ",\n".join(told) + "\n}\n"


def _write(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    out, root = Path(app.outdir), Path(app.srcdir)
    files = {name: out / f"{name}.html" for name in sorted(app.env.found_docs)}
    pages = {name: anchors_of(file.read_text(encoding="utf-8")) for name, file in files.items() if file.is_file()}
    redirects = read_redirects(root)
    with in_one_move(out / FILE) as file:
        file.write_text(written(pages, redirects), encoding="utf-8")
    for fault in faults(pages, redirects, read_lists(root)):
        logger.warning("%s", fault)


def note(site: Path, root: Path) -> Path:
    """Copy the list of the built site to the lists of the book at `root`, under its version; return the file."""
    told = json.loads((site / FILE).read_text(encoding="utf-8"))
    file = root / LISTS / f"v{told['version']}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(written(told["pages"], {}), encoding="utf-8")
    return file


def stale(site: Path, root: Path) -> list[str]:
    """Return what is wrong if the list of this version, at `root`, is not what the built site has."""
    told = json.loads((site / FILE).read_text(encoding="utf-8"))
    name = f"v{told['version']}"
    same = read_lists(root).get(name) == told["pages"]
    return [] if same else [f"{LISTS}/{name}.json is not what the site has: run `make anchors` and commit it"]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html")
    options = parser.parse_args(arguments)
    try:
        file = note(options.site, options.root)
    except FileNotFoundError as error:
        print(f"{error.filename} is not there: run `make book`", file=sys.stderr)
        return 1
    print(f"{file.relative_to(options.root)}: {len(addresses(read_lists(options.root)[file.stem])):,} addresses")
    return 0


def setup(app: Sphinx) -> dict:
    """Register the list and the check, when all pages are written."""
    app.connect("build-finished", _write, priority=700)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    sys.exit(main())
