"""Make slides of the built site: a deck for each page, to show in a browser, with its figures that can be moved; and as PDF.

    python -m dlgn_site.slides                                               # all pages, into _build/slides
    python -m dlgn_site.slides --pages "learning/allocation experts/paths"   # these

A deck opens as a file or from any static host; its live networks need the host. Styles, formulas, players and the engine
are the site's own files, under its content security policy. What turns the slides is a short script of the book's own,
deck.js, rather than reveal.js: all that is needed of it is keys, an address for each slide, a voice for screen readers and
a size that fits, and a second framework would be more to ship, to keep up to date and to allow in the policy.

Printing needs Chromium.
"""

import argparse
import html
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser

from dlgn_site.content_policy import with_policy
from dlgn_site.course_data import read_pages
from dlgn_site.course_pages import choose
from dlgn_site.deck import LICENCE, Deck, Slide, choice, read_deck
from dlgn_site.in_browser import open_site
from dlgn_site.plan import Book, file_name, read_book

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
#: what decks take from the folder _static of the site
SHARED = ("type.css", "figures.css", "pygments.css", "favicon.svg", "fonts", "mathjax", "live")
STYLES = ("type.css", "pygments.css", "figures.css", "live/playground.css", "players.css", "deck.css")
HELP = "Arrow keys turn the slides, N shows the notes, F fills the screen; in a slider the keys move it, and Esc gives them back."


def _plain(text: str) -> str:
    r"""Return the text of HTML, with formulas as they are written, for an attribute.

    >>> _plain(r"Lemma <b>1</b> \(x\)")
    'Lemma 1 x'
    """
    text = html.unescape(re.sub(r"<[^>]*>", "", text))
    return html.escape(re.sub(r"\s+", " ", text.replace("\\(", "").replace("\\)", "")).strip())


def _source(book: Book, deck: Deck, source: str, anchor: str, number: int) -> str:
    address = f"{book.address}{deck.page}.html" + (f"#{anchor}" if anchor else "")
    name, licence = LICENCE
    return (
        f'<div class="source"><p>From <a href="{address}"><cite>{html.escape(book.title)}</cite>, {_plain(source)}</a>. '
        f'<a href="{licence}">{name}</a></p><p aria-hidden="true">{number}</p></div>'
    )


def _slide(book: Book, deck: Deck, slide: Slide, number: int) -> str:
    notes = f'<details class="notes"><summary>Notes</summary>\n{slide.notes}\n</details>\n' if slide.notes else ""
    body = slide.body
    if slide.kind == "live":
        address = f"{book.address}{deck.page}.html#{slide.anchor}"
        body += f'\n<p class="on-paper">It trains in a browser, on the site: <a href="{address}">{address}</a></p>'
    return (
        f'<section class="slide {slide.kind}" tabindex="-1" aria-roledescription="slide" '
        f'aria-label="{number} of {deck.count}" data-title="{_plain(slide.title)}">\n'
        f'<h2>{slide.title}</h2>\n<div class="room"><div>\n{body}\n</div></div>\n{notes}'
        f"{_source(book, deck, slide.source, slide.anchor, number)}\n</section>\n"
    )


def _title(book: Book, deck: Deck) -> str:
    return (
        f'<section class="slide title" tabindex="-1" aria-roledescription="slide" aria-label="1 of {deck.count}" '
        f'data-title="{_plain(deck.title)}">\n<h1>{html.escape(deck.title)}</h1>\n'
        f'<div class="room"><div><p>{deck.puzzle}</p></div></div>\n<p class="help">{HELP}</p>\n'
        f"{_source(book, deck, deck.title, '', 1)}\n</section>\n"
    )


def _page(title: str, up: str, styles: Sequence[str], scripts: Sequence[str], body: str) -> str:
    links = "".join(f'<link rel="stylesheet" href="{up}/{name}">\n' for name in styles)
    links += "".join(f'<script defer src="{up}/{name}"></script>\n' for name in scripts)
    return with_policy(
        '<!DOCTYPE html>\n<html lang="en" data-theme="light">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{html.escape(title)}</title>\n<link rel="icon" href="{up}/favicon.svg">\n{links}</head>\n'
        f"<body>\n{body}</body>\n</html>\n"
    )


def name_of(page: str) -> str:
    """Return the folder of a page's deck.

    >>> name_of("book/experts/paths")
    'experts/paths'
    """
    return page.removeprefix("book/")


def deck_html(book: Book, deck: Deck) -> str:
    """Return the file index.html of a deck."""
    up = "../" * (name_of(deck.page).count("/") + 1) + "assets"
    slides = "".join(_slide(book, deck, slide, number) for number, slide in enumerate(deck.slides, 2))
    tools = (("back", "‹ Back"), ("next", "Next ›"), ("notes", "Notes"), ("full", "Full screen"))
    buttons = [f'<button type="button" data-do="{name}">{text}</button>' for name, text in tools]
    buttons.insert(1, "<span data-number></span>")
    body = (
        f'<main class="bd-article tex2jax_ignore mathjax_ignore">\n{_title(book, deck)}{slides}</main>\n'
        f'<nav class="bar" aria-label="Slides" hidden>{"".join(buttons)}</nav>\n'
        '<p class="unseen" role="status"></p>\n'
    )
    scripts = ("mathjax-settings.js", "mathjax/tex-chtml.js", "players.js", "deck.js")
    return _page(f"{deck.title}: slides", up, STYLES, scripts, body)


def list_html(book: Book, decks: Sequence[Deck]) -> str:
    """Return the page that lists the decks."""
    lines = "".join(
        f'<li><a href="{name_of(deck.page)}/index.html">{html.escape(deck.title)}</a>: {deck.count} slides, '
        f'<a href="{name_of(deck.page)}/{file_name(deck.page)}.pdf" aria-label="{html.escape(deck.title)} as PDF">PDF</a></li>\n'
        for deck in decks
    )
    name, licence = LICENCE
    body = (
        f'<main class="bd-article">\n<section class="slide summary">\n<h1>{html.escape(book.title)}: slides</h1>\n<ul>\n{lines}</ul>\n'
        f'<p>From <a href="{book.address}">{html.escape(book.title)}</a>. <a href="{licence}">{name}</a></p>\n</section>\n</main>\n'
    )
    return _page(f"{book.title}: slides", "assets", ("type.css", "deck.css"), (), body)


def write(site: Path, out: Path, book: Book, decks: Sequence[Deck]) -> None:
    """Write decks, their list and what they share to the folder `out`, in place of what is there."""
    shutil.rmtree(out, ignore_errors=True)
    assets = out / "assets"
    for name in SHARED:
        source, target = site / "_static" / name, assets / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copyfile(source, target)
    for name in ("deck.css", "deck.js"):
        shutil.copyfile(HERE / name, assets / name)
    texts = {
        "players.css": [text for deck in decks for text in deck.styles],
        "players.js": [text for deck in decks for text in deck.scripts],
        "mathjax-settings.js": [deck.mathjax for deck in decks],
    }
    for name, parts in texts.items():
        (assets / name).write_text("\n".join(dict.fromkeys(parts)) + "\n", encoding="utf-8")
    for deck in decks:
        folder = out / name_of(deck.page)
        folder.mkdir(parents=True)
        (folder / "index.html").write_text(deck_html(book, deck), encoding="utf-8")
    (out / "index.html").write_text(list_html(book, decks), encoding="utf-8")


def print_deck(browser: Browser, address: str, deck: Deck) -> bytes:
    """Return a deck that is served at `address` as PDF, one slide a page, sixteen to nine."""
    tab = browser.new_page(viewport={"width": 1280, "height": 720}, color_scheme="light")
    try:
        tab.goto(f"{address}/{name_of(deck.page)}/index.html", wait_until="load")
        tab.wait_for_selector("html[data-ready]", state="attached")
        return tab.pdf(prefer_css_page_size=True, print_background=True, tagged=True, outline=True)
    finally:
        tab.close()


def decks_of(site: Path, root: Path, book: Book, given: str = "") -> list[Deck]:
    """Return the decks of the pages that `given` lists; of all that have anything for slides if it lists none.

    Raises:
        ValueError: if there is no such page, or its front matter chooses what it does not have.
        FileNotFoundError: if the site is not built.
    """
    known = read_pages(root)
    names = choose(known, given) if given.strip() else list(known)
    decks = []
    for page in (f"book/{name}" for name in names):
        deck = read_deck(site, book.address, page, choice(root / f"{page}.md"))
        if deck.slides:
            decks.append(deck)
        elif given.strip():
            raise ValueError(f"{page} has no figure, statement, exercise or summary for a slide")
    return decks


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pages", default="", help='for example "learning/allocation experts/paths"; all without it')
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "slides", help="folder of the decks")
    options = parser.parse_args(arguments)
    book, site = read_book(ROOT), ROOT / "_build" / "html"
    try:
        decks = decks_of(site, ROOT, book, options.pages)
        write(site, options.out, book, decks)
        with open_site(options.out) as (browser, address):
            for deck in decks:
                file = options.out / name_of(deck.page) / f"{file_name(deck.page)}.pdf"
                file.write_bytes(print_deck(browser, address, deck))
                print(f"{name_of(deck.page)}: {deck.count} slides, PDF {file.stat().st_size / 1e6:.1f} MB", flush=True)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{options.out / 'index.html'}: {len(decks)} decks, {sum(deck.count for deck in decks)} slides")
    return 0


if __name__ == "__main__":
    sys.exit(main())
