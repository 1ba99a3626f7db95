"""Pages of the built site on paper: what Chromium prints of one page, with what it found there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from dlgn_site.in_browser import open_page

HERE = Path(__file__).parent
WIDTH, HEIGHT = 612, 950  # what the margins of paper.css leave of A4, in CSS pixels
STYLE = (HERE / "paper.css").read_text(encoding="utf-8")
PREPARE = (HERE / "paper.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Heading:
    """A heading of a page."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True)
class Sheet:
    """One page of the site, printed."""

    page: str  # "book/experts/paths"
    pdf: bytes
    headings: tuple[Heading, ...]
    figures: tuple[str, ...]  # "Figure 1.1."
    wide: tuple[str, ...]  # what does not fit on the paper

    @property
    def title(self) -> str:
        """The title of the page, with its number."""
        return self.headings[0].text


def running(left: str, right: str, first: int = 1, digits: str = "decimal") -> str:
    """Return a style that sets the running heads and the number of the first page.

    >>> running("A book", "1 Paths", 7)
    'html { --paper-left: "A book"; --paper-right: "1 Paths"; --paper-digits: decimal; counter-reset: page 6; }'
    """
    left, right = (json.dumps(text, ensure_ascii=False) for text in (left, right))
    return (
        f"html {{ --paper-left: {left}; --paper-right: {right}; --paper-digits: {digits}; "
        f"counter-reset: page {first - 1}; }}"
    )


@contextmanager
def prepared(browser: Browser, address: str, site: str, page: str) -> Iterator[tuple[Page, dict]]:
    """Open a page of the site as paper shows it, and give it with its headings, its figures and what is too wide.

    Links to other pages lead to the published `site`.
    """
    tab = open_page(browser, address, page, WIDTH, HEIGHT)
    try:
        tab.emulate_media(media="print")
        tab.add_style_tag(content=STYLE)
        found = tab.evaluate(PREPARE, {"address": address + "/", "site": site})
        tab.evaluate("document.fonts.ready.then(() => true)")
        yield tab, found
    finally:
        tab.close()


def pdf(tab: Page, heads: str) -> bytes:
    """Print a tab with these running heads."""
    tab.add_style_tag(content=heads)
    return tab.pdf(prefer_css_page_size=True, print_background=True, tagged=True, outline=True)


def sheet(browser: Browser, address: str, site: str, page: str, book_title: str, first: int) -> Sheet:
    """Print a page of the site, whose first page has the number `first`."""
    with prepared(browser, address, site, page) as (tab, found):
        headings = tuple(Heading(**heading) for heading in found["headings"])
        title = headings[0].text if headings[0].text != book_title else ""
        printed = pdf(tab, running(book_title, title, first))
    return Sheet(page, printed, headings, tuple(found["figures"]), tuple(found["wide"]))
