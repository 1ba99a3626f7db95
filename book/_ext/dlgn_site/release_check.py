"""Open the files of a release with programs that did not make them, and say what is wrong.

    python -m dlgn_site.release_check _build/release

PDF: pypdf reads pages, bookmarks, texts and fonts; pdftoppm (Debian: poppler-utils) draws the pages, whose edges must be
white. EPUB: a zip with the texts, and epubcheck (Debian: epubcheck). Slides: whatever a deck asks for is in the zip, and its PDF
has as many pages as it has slides. What is not installed is said, not passed over.
"""

import argparse
import hashlib
import io
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from posixpath import normpath

from bs4 import BeautifulSoup
from PIL import Image

from dlgn_site.anchors import stale
from dlgn_site.plan import Book, read_book

ROOT = Path(__file__).parents[3]
EDGE = 10  # millimetres of white at the left and right of each page


@dataclass(frozen=True)
class Expected:
    """What every edition must have."""

    headings: tuple[str, ...]
    figures: tuple[str, ...]  # "Figure 1.1."


def expected(site: Path, pages: Iterable[str]) -> Expected:
    """Return headings and numbers of figures of the built site."""
    headings, figures = [], []
    for page in pages:
        article = BeautifulSoup((site / f"{page}.html").read_text(encoding="utf-8"), "html.parser").select_one(
            "article.bd-article"
        )
        for sign in article.select(".headerlink"):
            sign.decompose()
        headings += [tag.get_text() for tag in article.select("section > h1, section > h2, section > h3")]
        figures += [tag.get_text() for tag in article.select("a.dlgn-figure-number")]
    return Expected(tuple(headings), tuple(figures))


def letters(text: str) -> str:
    """Return a text without its spaces and with its ligatures taken apart, since a PDF has its own idea of both.

    >>> letters("The ﬁrst page")
    'Thefirstpage'
    """
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def missing(text: str, wanted: Expected) -> list[str]:
    """Return what a text does not have of headings and figures."""
    text = letters(text)
    return [f"{what!r} is not there" for what in (*wanted.headings, *wanted.figures) if letters(what) not in text]


def _fonts(pdf) -> Iterator[tuple[str, bool]]:
    """Yield (name, whether it is embedded) of the fonts of all pages and of the drawings in them."""
    waiting, seen = [page.get("/Resources") for page in pdf.pages], set()
    while waiting:
        resources = waiting.pop().get_object()
        for reference in resources.get("/XObject", {}).get_object().values():
            if reference.idnum not in seen and "/Resources" in (inner := reference.get_object()):
                waiting.append(inner["/Resources"])
            seen.add(reference.idnum)
        for name, reference in resources.get("/Font", {}).get_object().items():
            font = reference.get_object()
            if font["/Subtype"] == "/Type3":  # its letters are drawings in the file itself
                yield name, True
                continue
            base = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            described = base.get("/FontDescriptor", {}).get_object() if "/FontDescriptor" in base else {}
            yield str(font["/BaseFont"]), any(key.startswith("/FontFile") for key in described)


def _bookmarks(outline: list) -> Iterator[str]:
    for entry in outline:
        if isinstance(entry, list):
            yield from _bookmarks(entry)
        else:
            yield str(entry.title)


def _dead_links(pdf, inside: str) -> int:
    """Return how many links lead to this machine, to a page of the site that the file has (`inside`), or nowhere."""
    dead = 0
    for page in pdf.pages:
        for note in (entry.get_object() for entry in page.get("/Annots", [])):
            address = str(note["/A"].get_object().get("/URI", "")) if "/A" in note else ""
            dead += "127.0.0.1" in address or ("/A" not in note and not isinstance(note.get("/Dest"), list))
            dead += address.startswith(inside)
    return dead


def pdf_faults(content: bytes, wanted: Expected, book: Book) -> list[str]:
    """Return what is wrong with the PDF of the whole book."""
    from pypdf import PdfReader

    pdf = PdfReader(io.BytesIO(content))
    found = missing("\n".join(page.extract_text() for page in pdf.pages), wanted)
    marks = {letters(text) for text in _bookmarks(pdf.outline)}
    found += [f"no bookmark {text!r}" for text in wanted.headings if letters(text) not in marks]
    found += [f"the font {name} is not embedded" for name, embedded in sorted(set(_fonts(pdf))) if not embedded]
    sizes = {(round(float(page.mediabox.width)), round(float(page.mediabox.height))) for page in pdf.pages}
    if not sizes <= {(595, 842), (596, 843)}:
        found.append(f"pages of {sizes} points, not A4")
    if len(pdf.pages) < 2 * len(book.pages):
        found.append(f"{len(pdf.pages)} pages for {len(book.pages)} pages of the site")
    if pdf.metadata is None or pdf.metadata.title != book.title:
        found.append("the file does not tell its title")
    inside = f"{book.address}{book.pages[1]}.html"
    if dead := _dead_links(pdf, inside):
        found.append(f"{dead} links lead nowhere")
    return found


def inked_edges(picture: Image.Image, millimetres: float, width: float = 210) -> bool:
    """Return whether a page has anything so near to its left or right edge."""
    strip = round(picture.width * millimetres / width)
    sides = (0, 0, strip, picture.height), (picture.width - strip, 0, picture.width, picture.height)
    return any(picture.convert("L").crop(side).getextrema()[0] < 200 for side in sides)


def cut_pages(file: Path) -> list[str]:
    """Return which pages of a PDF reach the edge of the paper. Needs pdftoppm."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["pdftoppm", "-r", "40", "-gray", str(file), f"{folder}/page"], check=True)
        found = []
        for number, drawn in enumerate(sorted(Path(folder).iterdir()), 1):
            with Image.open(drawn) as picture:
                if inked_edges(picture, EDGE):
                    found.append(f"sheet {number} reaches the edge of the paper")
        return found


def epub_faults(content: bytes, wanted: Expected) -> list[str]:
    """Return what is wrong with the EPUB, as far as its texts tell."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        pages = {name: book.read(name).decode() for name in book.namelist() if name.endswith(".xhtml")}
    found = missing(
        unescape(re.sub(r"<[^>]*>", "", "\n".join(text for name, text in pages.items() if name != "book/nav.xhtml"))),
        wanted,
    )
    for name, text in pages.items():
        found += [f"{name}: a picture without a text" for tag in re.findall(r"<img[^>]*>", text) if " alt=" not in tag]
        found += [f"{name}: a script" for _ in re.findall(r"<script", text)]
        figures = [part for part in re.findall(r"(?s)<figure.*?</figure>", text) if "<img" in part]
        found += [f"{name}: a figure without a text" for part in figures if re.search(r'<img[^>]* alt=""', part)]
    if not any("<math" in text for text in pages.values()):
        found.append("no formula is MathML")
    return found


def epubcheck(file: Path) -> list[str] | None:
    """Return the errors that epubcheck finds, and None if it is not installed."""
    program = shutil.which("epubcheck")
    if program is None:
        return None
    is_jar = Path(program).resolve().suffix == ".jar"
    run = subprocess.run(["java", "-jar", program, file] if is_jar else [program, file], capture_output=True, text=True)
    lines = (run.stdout + run.stderr).splitlines()
    found = [line for line in lines if line.startswith(("ERROR", "FATAL", "WARNING"))]
    return found or ([f"epubcheck ended with {run.returncode}"] if run.returncode else [])


def slides_faults(content: bytes) -> tuple[int, int, list[str]]:
    """Return the number of decks, of all slides, and what is wrong with the zip of the slides."""
    from pypdf import PdfReader

    total, found = 0, []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = set(archive.namelist())
        decks = sorted(name for name in names if name.count("/") > 1 and name.endswith("/index.html"))
        for name in decks:
            deck = BeautifulSoup(archive.read(name).decode(), "html.parser")
            asked = [tag["href"] for tag in deck.select("link[href]")] + [tag["src"] for tag in deck.select("[src]")]
            found += [f"{name}: {one} is not there" for one in asked if normpath(f"{name}/../{one}") not in names]
            slides, pdfs = len(deck.select("main > section")), []
            for file in sorted(names):
                if file.endswith(".pdf") and file.rpartition("/")[0] == name.rpartition("/")[0]:
                    pdfs.append(len(PdfReader(io.BytesIO(archive.read(file))).pages))
            if pdfs != [slides]:
                found.append(f"{name}: {slides} slides, PDF of {pdfs} pages")
            total += slides
    return len(decks), total, found if decks else ["no deck"]


def sums_faults(folder: Path) -> list[str]:
    """Return which files of a folder are not what its SHA256SUMS says."""
    listed = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    files = {file.name for file in folder.iterdir()} - {"SHA256SUMS", "notes.md"}
    found = [f"{name} is not in SHA256SUMS" for name in sorted(files - set(listed))]
    for name, digest in listed.items():
        if name not in files or hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            found.append(f"{name} is not what SHA256SUMS says")
    return found


def check(folder: Path) -> Iterator[tuple[str, list[str] | None]]:
    """Yield (what was looked at, what is wrong with it, None if the program for it is not here)."""
    book = read_book(ROOT)
    wanted = expected(ROOT / "_build" / "html", book.pages)
    (pdf,), (epub,) = folder.glob("*.pdf"), folder.glob("*.epub")
    yield (
        f"{pdf.name}: {len(wanted.headings)} headings, {len(wanted.figures)} figures, fonts, links",
        pdf_faults(pdf.read_bytes(), wanted, book),
    )
    yield f"{pdf.name}: nothing cut (pdftoppm)", cut_pages(pdf) if shutil.which("pdftoppm") else None
    yield f"{epub.name}: texts, pictures, formulas", epub_faults(epub.read_bytes(), wanted)
    yield f"{epub.name}: epubcheck", epubcheck(epub)
    (slides,) = folder.glob("slides-*.zip")
    decks, count, wrong = slides_faults(slides.read_bytes())
    yield f"{slides.name}: {decks} decks, {count} slides, each in its PDF", wrong
    for file in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(file) as archive:
            broken = archive.testzip()
        yield f"{file.name}: opens", [f"{broken} is damaged"] if broken else []
    yield "SHA256SUMS", sums_faults(folder)
    yield "addresses of this version are noted", stale(ROOT / "_build" / "html", ROOT)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "_build" / "release")
    wrong = 0
    for what, found in check(parser.parse_args(arguments).folder):
        print(
            f"{'NOT CHECKED, the program is not installed' if found is None else 'wrong' if found else 'good'}: {what}"
        )
        for line in found or []:
            print(f"    {line}")
        wrong += len(found or [])
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
