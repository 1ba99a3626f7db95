"""The first pages of the printed book: cover, what paper leaves out, contents with page numbers."""

from collections import Counter
from html import escape

from dlgn_site.plan import Book

#: a heading that stands in this many chapters says nothing in the contents; the bookmarks have it
COMMON = 5
RULE = (
    "Each figure that moves on the site stands here in its first frame. Proofs and asides, which are folded on the site, "
    "are printed open. Not printed: the code that draws a figure, the checks of answers, and the solutions of the "
    "exercises. They are on the site, at the link of each exercise's page, and in the notebooks."
)

STYLE = """
body { font: 10pt/1.45 "Book Text", sans-serif; margin: 0; }
a { color: inherit; text-decoration: none; }
.cover { height: 244mm; position: relative; break-after: page; }
.cover img { width: 26mm; display: block; padding-top: 30mm; }
.cover h1 { font-size: 34pt; line-height: 1.12; font-weight: 600; margin: 14mm 0 8mm; max-width: 140mm; text-wrap: balance; }
.cover p { font-size: 12pt; margin: 0 0 2mm; }
.cover .foot { position: absolute; bottom: 0; font-size: 9.5pt; color: #444; }
.cover .foot p { font-size: inherit; margin: 0 0 1mm; }
.about { break-after: page; max-width: 130mm; }
.about a { color: #0b5c8a; text-decoration: underline; overflow-wrap: anywhere; }
h2 { font-size: 20pt; font-weight: 600; margin: 0 0 6mm; }
h3 { font-size: 11pt; font-weight: 600; margin: 5mm 0 1.5mm; break-after: avoid; color: #0b5c8a; }
.line { display: flex; gap: 2mm; align-items: baseline; break-inside: avoid; }
.line::before { content: ""; order: 1; flex: 1; border-bottom: 1px dotted #999; }
.line .number { order: 2; min-width: 8mm; text-align: right; font-variant-numeric: tabular-nums; }
.chapter { font-weight: 600; margin-top: 1.6mm; break-after: avoid; }
.section { padding-left: 6mm; font-size: 9pt; }
@page :first { margin: 24mm 24mm 22mm; @bottom-center { content: none; } }
"""


def contents(book: Book, headings: dict[str, list[tuple[int, str, str]]], numbers: dict[tuple[str, str], int]) -> str:
    """Return the contents as HTML.

    Args:
        book: the book.
        headings: page -> its headings as (level, text, anchor).
        numbers: (page, anchor) -> number of the page on paper.
    """
    common = Counter(text for found in headings.values() for text in {text for level, text, _ in found if level == 2})
    lines = []
    for part in book.parts:
        pages = [page for page in part.pages if page in headings]
        if pages and part.caption:
            lines.append(f"<h3>{escape(part.caption)}</h3>")
        for page in pages:
            for level, text, anchor in headings[page]:
                if level > 2 or (level == 2 and common[text] >= COMMON):
                    continue
                lines.append(
                    f'<div class="line {"chapter" if level == 1 else "section"}">'
                    f'<a href="{escape(book.address)}{page}.html#{escape(anchor)}">{escape(text)}</a>'
                    f'<span class="number">{numbers[page, anchor]}</span></div>'
                )
    return "\n".join(lines)


def front(book: Book, contents_html: str, heads: str) -> str:
    """Return the first pages as one HTML document, which lies at the root of the site."""
    links = "".join(
        f'<p>{name}: <a href="{escape(url)}">{escape(url)}</a></p>'
        for name, url in (
            ("The site, with figures that move", book.address),
            ("Sources, code and data", book.repository),
        )
    )
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(book.title)}</title>
<link rel="stylesheet" href="_static/type.css"><link rel="stylesheet" href="paper.css">
<style>{STYLE} {heads}</style></head><body>
<div class="cover"><img src="_static/logo.svg" alt=""><h1>{escape(book.title)}</h1>
<p>{escape(book.author[0].upper() + book.author[1:])}</p>
<div class="foot"><p>Version {escape(book.version)}</p><p>{escape(book.licence)}</p></div></div>
<div class="about"><h2>About this edition</h2><p>{escape(RULE)}</p>{links}
<p>Every measured number in the prose is a claim that the build of the book checks; the ledger near the end lists them.</p>
</div>
<h2 id="contents">Contents</h2>
{contents_html}
</body></html>"""
