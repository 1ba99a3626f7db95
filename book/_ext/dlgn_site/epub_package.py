"""The files around the pages of an EPUB 3: package, navigation, archive."""

import io
import uuid
import zipfile
from dataclasses import dataclass
from html import escape

from dlgn_site.plan import Book

XHTML = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">
<head><meta charset="utf-8"/><title>{title}</title><link rel="stylesheet" href="book.css" type="text/css"/></head>
<body{kind}>
{body}
</body></html>
"""
KINDS = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "svg": "image/svg+xml",
    "css": "text/css",
    "xhtml": "application/xhtml+xml",
}
DAY_ONE = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can tell: the same content gives the same bytes


@dataclass(frozen=True)
class Chapter:
    """A page in the e-book."""

    page: str  # "book/experts/paths"
    file: str  # "experts-paths.xhtml"
    title: str
    sections: tuple[tuple[str, str], ...]  # (text, anchor)
    body: str


def xhtml(title: str, body: str, kind: str = "") -> str:
    """Return a whole XHTML file; `kind` is its epub:type."""
    return XHTML.format(title=escape(title), body=body, kind=f' epub:type="{kind}"' if kind else "")


def cover(book: Book) -> str:
    """Return the first page."""
    about = "".join(f"<p>{escape(line)}</p>" for line in (f"Version {book.version}", book.licence))
    return xhtml(
        book.title,
        f'<section class="cover"><img src="images/logo.svg" alt=""/><h1>{escape(book.title)}</h1>'
        f"<p>{escape(book.author[0].upper() + book.author[1:])}</p>{about}"
        f'<p>The site, with figures that move: <a href="{escape(book.address)}">{escape(book.address)}</a>. '
        "Here each stands in its first frame. Solutions, checks of answers and the code of the figures are left out, too.</p>"
        "</section>",
        "titlepage",
    )


def navigation(book: Book, chapters: list[Chapter]) -> str:
    """Return the contents: parts, chapters, sections."""
    by_page, entries = {chapter.page: chapter for chapter in chapters}, []
    for part in book.parts:
        inside = [_entry(by_page[page]) for page in part.pages if page in by_page]
        if inside and part.caption:
            entries.append(f"<li><span>{escape(part.caption)}</span><ol>{''.join(inside)}</ol></li>")
        else:
            entries += inside
    return xhtml("Contents", f'<nav epub:type="toc" id="toc"><h1>Contents</h1><ol>{"".join(entries)}</ol></nav>')


def _entry(chapter: Chapter) -> str:
    sections = "".join(
        f'<li><a href="{chapter.file}#{escape(anchor)}">{escape(text)}</a></li>' for text, anchor in chapter.sections
    )
    below = f"<ol>{sections}</ol>" if sections else ""
    return f'<li><a href="{chapter.file}">{escape(chapter.title)}</a>{below}</li>'


def package(book: Book, modified: str, files: dict[str, bytes], spine: list[str]) -> str:
    """Return the package document.

    Args:
        book: the book.
        modified: day of this version, "2026-01-31".
        files: name -> content of what the book carries.
        spine: names of the pages in their order.
    """
    items = []
    for number, name in enumerate(files):
        uses = [
            word
            for word, sign in (("mathml", b"<math"), ("svg", b"<svg"))
            if name.endswith(".xhtml") and sign in files[name]
        ]
        uses += ["nav"] * (name == "nav.xhtml") + ["cover-image"] * (name == "images/logo.svg")
        properties = f' properties="{" ".join(uses)}"' if uses else ""
        items.append(f'<item id="i{number}" href="{name}" media-type="{KINDS[name.rpartition(".")[2]]}"{properties}/>')
    order = {name: f"i{number}" for number, name in enumerate(files)}
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{book.address}{book.version}")
    return f"""<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="identity" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="identity">urn:uuid:{identity}</dc:identifier>
<dc:title>{escape(book.title)}</dc:title><dc:language>en</dc:language><dc:creator>{escape(book.author)}</dc:creator>
<dc:rights>{escape(book.licence)}</dc:rights><dc:source>{escape(book.address)}</dc:source><dc:date>{modified}</dc:date>
<meta property="dcterms:modified">{modified}T00:00:00Z</meta>
<meta property="schema:accessMode">textual</meta><meta property="schema:accessMode">visual</meta>
<meta property="schema:accessModeSufficient">textual</meta>
<meta property="schema:accessibilityFeature">alternativeText</meta>
<meta property="schema:accessibilityFeature">MathML</meta>
<meta property="schema:accessibilityFeature">structuralNavigation</meta>
<meta property="schema:accessibilityHazard">none</meta>
<meta property="schema:accessibilitySummary">Figures have alternative texts, formulas are MathML.</meta>
</metadata>
<manifest>{"".join(items)}</manifest>
<spine>{"".join(f'<itemref idref="{order[name]}"/>' for name in spine)}</spine>
</package>
"""


CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>
"""


def archive(opf: str, files: dict[str, bytes]) -> bytes:
    """Return the EPUB file; the same content gives the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        entries = [("META-INF/container.xml", CONTAINER.encode()), ("book/package.opf", opf.encode())]
        entries += [(f"book/{name}", content) for name, content in files.items()]
        book.writestr(zipfile.ZipInfo("mimetype", DAY_ONE), b"application/epub+zip", zipfile.ZIP_STORED)
        for name, content in entries:
            book.writestr(zipfile.ZipInfo(name, DAY_ONE), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()
