"""Print the built site: the whole book and each of its pages as PDF.

    python -m dlgn_site.pdf --out _build/pdf                              # book.pdf and chapters/
    python -m dlgn_site.pdf --out _build/pdf --only book/experts/paths    # these pages alone, and book.pdf of them

Needs Chromium, and pypdf, which the extra `release` brings.
"""

import argparse
import io
import sys
from pathlib import Path

from playwright.sync_api import Browser
from pypdf import PdfReader

from dlgn_site import front
from dlgn_site.bind import bind, places
from dlgn_site.in_browser import open_site
from dlgn_site.paper import STYLE, Sheet, running, sheet
from dlgn_site.plan import Book, chosen, file_name, read_book

ROOT = Path(__file__).parents[3]


def print_pages(browser: Browser, address: str, book: Book, pages: tuple[str, ...]) -> list[Sheet]:
    """Print pages of the site, with page numbers that go on from one to the next."""
    sheets, first = [], 1
    for page in pages:
        sheets.append(sheet(browser, address, book.address, page, book.title, first))
        count = len(PdfReader(io.BytesIO(sheets[-1].pdf)).pages)
        print(f"{page}: pages {first} to {first + count - 1}", flush=True)
        first += count
    return sheets


def print_front(browser: Browser, address: str, book: Book, sheets: list[Sheet]) -> bytes:
    """Print cover and contents of a book of these pages."""
    numbers, first = {}, 1
    for one in sheets:
        pdf = PdfReader(io.BytesIO(one.pdf))
        numbers |= {where: number for where, (number, _, _) in places(one.page, pdf, first).items()}
        first += len(pdf.pages)
    headings = {one.page: [(h.level, h.text, h.anchor) for h in one.headings] for one in sheets}
    text = front.front(book, front.contents(book, headings, numbers), running(book.title, "", 1, "lower-roman"))
    tab = browser.new_page()
    tab.route(f"{address}/front.html", lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8"))
    tab.route(f"{address}/paper.css", lambda route: route.fulfill(body=STYLE, content_type="text/css; charset=utf-8"))
    tab.goto(f"{address}/front.html", wait_until="load")
    tab.evaluate("document.fonts.ready.then(() => true)")
    made = tab.pdf(prefer_css_page_size=True, print_background=True, tagged=True)
    tab.close()
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "pdf", help="folder of the files")
    parser.add_argument("--only", nargs="*", default=[], help="pages, for example book/experts/paths")
    options = parser.parse_args(arguments)
    book = read_book(ROOT)
    try:
        pages = chosen(book, options.only)
        with open_site(ROOT / "_build" / "html") as (browser, address):
            sheets = print_pages(browser, address, book, pages)
            first = print_front(browser, address, book, sheets)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    wide = [f"{one.page}: {what}" for one in sheets for what in one.wide]
    for line in wide:
        print(f"wider than the paper: {line}", file=sys.stderr)
    (options.out / "chapters").mkdir(parents=True, exist_ok=True)
    for one in sheets:
        (options.out / "chapters" / f"{file_name(one.page)}.pdf").write_bytes(one.pdf)
    (options.out / "book.pdf").write_bytes(bind(book, first, sheets))
    print(f"{options.out / 'book.pdf'}: {(options.out / 'book.pdf').stat().st_size / 1e6:.1f} MB")
    return bool(wide)


if __name__ == "__main__":
    sys.exit(main())
