"""Make an EPUB 3 of the built site: what paper shows, with formulas as MathML and every figure in its first frame.

    python -m dlgn_site.epub --out _build/epub/book.epub

Needs Chromium: the formulas are those that MathJax reads on the page. The pages come from the site, not from another builder
of Sphinx, so that all that stands in them is made once.
"""

import argparse
import base64
import hashlib
import io
import re
import sys
from collections.abc import Callable
from html import escape, unescape
from pathlib import Path
from urllib.parse import unquote

import yaml
from PIL import Image
from playwright.sync_api import Browser

from dlgn_site.epub_package import Chapter, archive, cover, navigation, package, xhtml
from dlgn_site.in_browser import open_site
from dlgn_site.paper import HERE, prepared
from dlgn_site.plan import Book, chosen, file_name, read_book

ROOT = Path(__file__).parents[3]
CONVERT = (HERE / "epub.js").read_text(encoding="utf-8")
_COLOUR = re.compile(r"var\(--[\w-]+,\s*([^()]+|\w+\([^()]*\))\)")
_NO_PATH = re.compile(r"<path(?![^>]* d=)")  # matplotlib's space, which draws nothing
_HREF = re.compile(r'(?<= href=")[^"]*(?=")')
_DATA = re.compile(r'data:image/(\w+);base64,([^"]+)')


def plain_svg(text: str) -> str:
    """Return a drawing with the colours themselves, not the site's names of them.

    >>> plain_svg('<path d="M0 1" style="stroke:var(--dlgn-ink,#222222);fill:var(--p, rgb(1,2,3))"/>')
    '<path d="M0 1" style="stroke:#222222;fill:rgb(1,2,3)"/>'
    """
    text = _NO_PATH.sub('<path d="M0 0"', _COLOUR.sub(r"\1", text))
    return _DATA.sub(lambda found: f"data:image/png;base64,{base64.b64encode(png(_bytes(found[2]))).decode()}", text)


def _bytes(text: str) -> bytes:
    return base64.b64decode(unquote(text))


def png(picture: bytes) -> bytes:
    """Return a picture as PNG, which every reader of e-books shows."""
    made = io.BytesIO()
    Image.open(io.BytesIO(picture)).save(made, "PNG", optimize=True)
    return made.getvalue()


def inner_links(body: str, pages: dict[str, set[str]], site: str, own: str) -> str:
    """Return a body whose links lead to the pages of the e-book where it has them, else to the site.

    Args:
        body: XHTML.
        pages: page -> its anchors.
        site: address of the published site.
        own: page of this body.
    """

    def lead(found: re.Match) -> str:
        path, _, anchor = unescape(found[0]).partition("#")
        page = path.removeprefix(site).removesuffix(".html") if path else own
        if page not in pages:
            return found[0]
        anchor = unquote(anchor)
        return f"{file_name(page)}.xhtml" + (f"#{escape(anchor)}" if anchor in pages[page] else "")

    return _HREF.sub(lead, body)


def _store(picture: dict, fetch: Callable[[str], bytes], files: dict[str, bytes]) -> str:
    """Put a picture among the files; return its name."""
    if picture["kind"] == "svg":
        content, ending = plain_svg(picture["text"]).encode(), "svg"
    elif found := _DATA.match(picture["text"]):
        content, ending = png(_bytes(found[2])), "png"
    else:
        content, ending = fetch(picture["text"]), picture["text"].rpartition(".")[2]
        content, ending = (content, ending) if ending in ("svg", "png", "jpg") else (png(content), "png")
    name = f"images/{hashlib.sha256(content).hexdigest()[:16]}.{ending}"
    files[name] = content
    return name


def read_page(browser: Browser, address: str, book: Book, page: str, files: dict[str, bytes]) -> Chapter:
    """Return a page of the site as a chapter, and put its pictures among the files."""
    with prepared(browser, address, book.address, page) as (tab, found):
        converted = tab.evaluate(CONVERT)
        names = [_store(picture, lambda url: tab.request.get(url).body(), files) for picture in converted["pictures"]]
    body = re.sub(r"picture:(\d+)", lambda number: names[int(number[1])], converted["body"])
    sections = tuple((h["text"], h["anchor"]) for h in found["headings"] if h["level"] == 2)
    return Chapter(page, f"{file_name(page)}.xhtml", found["headings"][0]["text"], sections, body)


def bind(book: Book, chapters: list[Chapter], pictures: dict[str, bytes], modified: str) -> bytes:
    """Return the e-book of these chapters."""
    anchors = {one.page: {unescape(a) for a in re.findall(r'(?<= id=")[^"]*', one.body)} for one in chapters}
    files = {"cover.xhtml": cover(book).encode(), "nav.xhtml": navigation(book, chapters).encode()}
    for one in chapters:
        files[one.file] = xhtml(one.title, inner_links(one.body, anchors, book.address, one.page)).encode()
    spine = list(files)
    files["book.css"] = (HERE / "epub.css").read_bytes()
    files["images/logo.svg"] = (ROOT / "book" / "assets" / "logo.svg").read_bytes()
    files |= dict(sorted(pictures.items()))
    return archive(package(book, modified, files, spine), files)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "epub" / "book.epub", help="the file")
    parser.add_argument("--only", nargs="*", default=[], help="pages, for example book/experts/paths")
    options = parser.parse_args(arguments)
    book, pictures, chapters = read_book(ROOT), {}, []
    modified = str(yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["date-released"])
    try:
        pages = chosen(book, options.only)
        with open_site(ROOT / "_build" / "html") as (browser, address):
            for page in pages:
                chapters.append(read_page(browser, address, book, page, pictures))
                print(page, flush=True)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(bind(book, chapters, pictures, modified))
    print(f"{options.out}: {len(chapters)} pages, {len(pictures)} pictures, {options.out.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
