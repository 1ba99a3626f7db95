"""Bind printed pages to one PDF: links from page to page, bookmarks, page numbers."""

import io
from collections.abc import Iterable
from urllib.parse import unquote

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, Fit, FloatObject, NameObject, NullObject, TextStringObject

from dlgn_site.paper import Sheet
from dlgn_site.plan import Book

#: (page of the site, anchor) -> (index of the page in the PDF, left, top)
Places = dict[tuple[str, str], tuple[int, float, float]]


def places(page: str, pdf: PdfReader, start: int) -> Places:
    """Return where the anchors of a printed page are, if its first sheet is number `start` of the PDF."""
    found: Places = {(page, ""): (start, 0.0, float(pdf.pages[0].mediabox.top))}
    for name, target in pdf.named_destinations.items():
        sheet = pdf.get_destination_page_number(target)
        if sheet is not None and sheet >= 0:
            found[page, unquote(name.lstrip("/"))] = (start + sheet, float(target.left or 0), float(target.top or 0))
    return found


def aim(address: str, site: str) -> tuple[str, str] | None:
    """Return (page, anchor) of an address on the site, and None for one elsewhere.

    >>> aim("https://a.org/book/experts/paths.html#fig-1", "https://a.org/")
    ('book/experts/paths', 'fig-1')
    >>> aim("https://b.org/", "https://a.org/")
    """
    path, _, anchor = address.partition("#")
    if not path.startswith(site) or not path.endswith(".html"):
        return None
    return path.removeprefix(site).removesuffix(".html"), unquote(anchor)


def _target(note: DictionaryObject, page: str, site: str) -> tuple[str, str] | None:
    action = note.get("/A", {})
    action = action.get_object() if hasattr(action, "get_object") else action
    if action.get("/S") == "/URI":
        return aim(str(action["/URI"]), site)
    name = note.get("/Dest", action.get("/D"))
    return (page, unquote(str(name).lstrip("/"))) if isinstance(name, str) else None


def _link(writer: PdfWriter, sheet: PageObject, page: str, site: str, known: Places) -> None:
    """Let the links of one sheet lead to their place in the same PDF, if it has it."""
    for entry in sheet.get("/Annots", []):
        note = entry.get_object()
        if note.get("/Subtype") != "/Link":
            continue
        target = _target(note, page, site)
        place = target and (known.get(target) or known.get((target[0], "")))
        if place:
            number, left, top = place
            note.pop("/A", None)
            note[NameObject("/Dest")] = ArrayObject(
                [
                    writer.pages[number].indirect_reference,
                    NameObject("/XYZ"),
                    FloatObject(left),
                    FloatObject(top),
                    NullObject(),
                ]
            )


def _bookmarks(writer: PdfWriter, book: Book, sheets: dict[str, Sheet], known: Places) -> None:
    def mark(text: str, target: tuple[str, str], parent: object) -> object:
        number, left, top = known.get(target) or known[target[0], ""]
        return writer.add_outline_item(text, number, parent=parent, fit=Fit.xyz(left=left, top=top))

    for part in book.parts:
        pages = [page for page in part.pages if page in sheets]
        parent = mark(part.caption, (pages[0], ""), None) if pages and part.caption else None
        for page in pages:
            above = {0: parent}
            for heading in sheets[page].headings:
                nearest = above[max(level for level in above if level < heading.level)]
                above = {level: item for level, item in above.items() if level < heading.level}
                above[heading.level] = mark(heading.text, (page, heading.anchor), nearest)


def bind(book: Book, front: bytes, sheets: Iterable[Sheet]) -> bytes:
    """Return the PDF of the whole book.

    Args:
        book: the book.
        front: cover and contents; their pages have roman numbers.
        sheets: the printed pages in their order.
    """
    by_page, writer, known, owners = {one.page: one for one in sheets}, PdfWriter(), {}, []
    for page, content in [("", front), *((page, one.pdf) for page, one in by_page.items())]:
        pdf = PdfReader(io.BytesIO(content))
        known |= places(page, pdf, len(writer.pages))
        for sheet in pdf.pages:
            writer.add_page(sheet)
            owners.append(page)
    for page, sheet in zip(owners, writer.pages, strict=True):
        _link(writer, sheet, page, book.address, known)
    first = owners.count("")
    writer.set_page_label(0, first - 1, style="/r")
    writer.set_page_label(first, len(owners) - 1, style="/D", start=1)
    writer.add_outline_item("Contents", known.get(("", "contents"), (min(2, first - 1),))[0])
    _bookmarks(writer, book, by_page, known)
    writer.root_object[NameObject("/Lang")] = TextStringObject("en")
    writer.page_mode = "/UseOutlines"
    writer.metadata = {
        "/Title": book.title,
        "/Author": book.author,
        "/Subject": f"Version {book.version}. {book.licence}",
    }
    writer.compress_identical_objects()
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()
