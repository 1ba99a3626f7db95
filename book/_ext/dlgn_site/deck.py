"""What of a page of the built site stands on slides: its figures, boxed statements, summary, exercises and live networks.

Nothing has to be marked: these parts are the slides of a page, in its order. A page may choose and order some of them by
their anchors in its front matter, which no cell depends on: `slides: [thm-mixture, fig-equivalence-sum, live-1, summary]`.
Solutions, checks and forms that hold an answer stay behind.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import urljoin

import yaml
from bs4 import BeautifulSoup, NavigableString, Tag

LICENCE = "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"
STATEMENTS = {"definition", "theorem", "lemma", "proposition", "corollary", "axiom", "conjecture"}
_KEPT = re.compile(r"<(svg|script|style)\b([^>]*)>(.*?)</\1>", re.S)
_NOT_ON_SLIDES = "form, link, script, .headerlink, .dlgn-write, .dlgn-solution, .dlgn-check"


@dataclass(frozen=True)
class Slide:
    """One slide; all but its name is HTML."""

    name: str  # the anchor of the part, "summary", or "live-1" for the first live network of the page
    kind: str  # "figure", "statement", "exercise", "live" or "summary"
    title: str
    body: str
    notes: str  # for the speaker; empty if the page says no more
    source: str  # where the part stands on the site, as plain text
    anchor: str  # and its anchor there


@dataclass(frozen=True)
class Deck:
    """The slides of one page, behind a slide with its title."""

    page: str  # "book/experts/paths"
    title: str
    puzzle: str  # HTML of the first paragraph
    slides: tuple[Slide, ...]
    styles: tuple[str, ...]  # what its figures need
    scripts: tuple[str, ...]
    mathjax: str  # the page's settings of MathJax, a script

    @property
    def count(self) -> int:
        """The number of slides, with that of the title."""
        return len(self.slides) + 1


class _Page:
    """A built page, parsed without its drawings, which are most of it and come back when it is written."""

    def __init__(self, text: str, address: str):
        start = text.find('<article class="bd-article')
        if start < 0:
            raise ValueError(f"{address}: no article of the book")
        self.address, self.kept = address, []
        self.styles: dict[str, None] = {}
        self.scripts: dict[str, None] = {}
        light = _KEPT.sub(self._keep, text[start : text.index("</article>", start)])
        self.article = BeautifulSoup(light, "html.parser")
        settings = re.search(r"(?s)<script>(window\.MathJax = .*?)</script>", text)
        self.mathjax = settings[1] if settings else ""

    def _keep(self, found: re.Match) -> str:
        kind, attributes, content = found.groups()
        if kind == "style":
            self.styles[content] = None
        elif kind == "script" and not attributes.strip():
            self.scripts[content] = None
        elif kind == "svg" or "dlgn-frames" in attributes:
            self.kept.append(found[0])
            return f'<i data-kept="{len(self.kept) - 1}"></i>'
        return ""

    def _lead(self, tag: Tag) -> None:
        """Let links lead to the site, and leave out what belongs to the page alone."""
        for part in tag.select(_NOT_ON_SLIDES):
            part.decompose()
        for part in tag.find_all(True):
            for name in ("id", "aria-describedby", "data-rate"):
                part.attrs.pop(name, None)
            for name in ("href", "data-page"):
                if name in part.attrs:
                    part[name] = urljoin(self.address, part[name])

    def html(self, tags: Sequence[Tag], inner: bool = False) -> str:
        """Return parts of the page for a slide, with their drawings; `inner` without the tags themselves."""
        for tag in tags:
            self._lead(tag)
        text = "".join(tag.decode_contents() if inner else str(tag) for tag in tags)
        return re.sub(r'<i data-kept="(\d+)"></i>', lambda found: self.kept[int(found[1])], text).strip()


def _reading(cell: Tag) -> list[Tag]:
    """Return the paragraphs "How to read it" behind the cell of a figure, up to what is no text."""
    found: list[Tag] = []
    for tag in cell.find_next_siblings():
        if found and tag.name not in ("p", "ul", "ol") and "math" not in tag.get("class", []):
            break
        if found or (tag.name == "p" and tag.get_text().startswith("How to read it")):
            found.append(tag)
        elif tag.name not in ("link", "script") and "dlgn-live" not in tag.get("class", []):
            break
    return found


def _heading(tag: Tag) -> str:
    section = tag.find_parent("section")
    heading = section.find(["h1", "h2", "h3"]) if section else None
    return "".join(text for text in heading.strings if text != "#").strip() if heading else ""


def _figure(page: _Page, tag: Tag) -> Slide:
    cell = tag.find_parent("div", class_="cell") or tag
    codes = [str(line.get("title", "")) for line in cell.select("details.dlgn-code > summary")]
    named = [code for code in codes if re.match(r".*?[Ff]igure[^:\n]*: ", code)]  # as its list of figures names it
    title = re.sub(r"^.*?[Ff]igure[^:\n]*: ", "", named[0]) if named else _heading(tag)
    number = tag.select_one(".dlgn-figure-number").get_text().rstrip(".")
    notes = page.html(_reading(cell))
    name = str(tag["id"])
    return Slide(name, "figure", escape(title[:1].upper() + title[1:]), page.html([tag]), notes, number, name)


def _boxed(page: _Page, tag: Tag, kind: str) -> Slide:
    title = tag.select_one(".admonition-title").extract()
    source, name = re.sub(r"\s+", " ", title.get_text()).strip(), str(tag["id"])
    body = [tag]
    for stub in tag.find_next_siblings(limit=1):
        body += [stub] if kind == "exercise" and "dlgn-stub" in stub.get("class", []) else []
    return Slide(name, kind, page.html([title], inner=True), page.html(body), "", source, name)


def _live(page: _Page, tag: Tag, name: str) -> Slide:
    line = tag.find("summary")
    title, section = line.decode_contents(), tag.find_parent("section", id=True)
    line.string = "The network"
    return Slide(name, "live", title, page.html([tag]), "", _heading(tag), str(section["id"]) if section else "")


def _slides(page: _Page) -> Iterator[Slide]:
    """Yield the slides of a page in its order."""
    lives = 0
    for tag in page.article.find_all(["figure", "div", "details", "section"]):
        kinds = set(tag.get("class", []))
        if tag.decomposed or tag.find_parent("details", class_=["dlgn-solution", "dlgn-check"]):
            continue
        if tag.name == "figure" and "dlgn-figure" in kinds and tag.has_attr("id"):
            yield _figure(page, tag)
        elif "proof" in kinds and STATEMENTS & kinds and tag.has_attr("id"):
            yield _boxed(page, tag, "statement")
        elif "dlgn-exercise" in kinds:
            yield _boxed(page, tag, "exercise")
        elif tag.name == "details" and "dlgn-live" in kinds:
            yield _live(page, tag, f"live-{(lives := lives + 1)}")
        elif tag.name == "section" and tag.get("id") == "summary" and (points := tag.find("ul", recursive=False)):
            yield Slide("summary", "summary", escape(_heading(points)), page.html([points]), "", "Summary", "summary")


def _first(page: _Page) -> tuple[str, str]:
    """Return title and first paragraph of a page."""
    heading = page.article.find("h1")
    title = " ".join(text.strip() for text in heading.strings if text.strip() not in ("", "#"))
    counted = {"dlgn-minutes", "dlgn-length", "dlgn-old"}
    paragraphs = (tag for tag in heading.find_next_siblings("p") if not counted & set(tag.get("class", [])))
    first = next(paragraphs, None)
    return title, page.html([first], inner=True) if first else ""


def read_deck(site: Path, address: str, page: str, wanted: Sequence[str] | None = None) -> Deck:
    """Return the deck of a built page.

    Args:
        site: folder of the built site.
        address: of the published site, with a slash at its end; links of slides lead there.
        page: for example "book/experts/paths".
        wanted: names of slides in the order in which they are to come; all in the order of the page without it.

    Raises:
        FileNotFoundError: if the page is not built.
        ValueError: if `wanted` names what the page does not have, or names it twice.
    """
    file = site / f"{page}.html"
    if not file.is_file():
        raise FileNotFoundError(f"there is no {file}: run `make book`")
    parsed = _Page(file.read_text(encoding="utf-8"), f"{address}{page}.html")
    for sign in parsed.article.select(".headerlink"):
        sign.replace_with(NavigableString(""))
    title, puzzle = _first(parsed)
    slides = {slide.name: slide for slide in _slides(parsed)}
    if wanted is not None:
        if unknown := [name for name in wanted if name not in slides]:
            raise ValueError(f"slides of {page}: {unknown[0]!r} is none of its parts, which are {', '.join(slides)}")
        if len(set(wanted)) < len(wanted):
            raise ValueError(f"slides of {page}: each part comes once, got {', '.join(wanted)}")
        slides = {name: slides[name] for name in wanted}
    return Deck(
        page, title, puzzle, tuple(slides.values()), tuple(parsed.styles), tuple(parsed.scripts), parsed.mathjax
    )


def choice(source: Path) -> list[str] | None:
    """Return what the front matter of a page's source chooses under `slides`, None if it says nothing.

    Raises ValueError if it is no list of names.
    """
    text = source.read_text(encoding="utf-8")
    front = yaml.safe_load(text.split("---")[1]) if text.startswith("---") else {}
    wanted = front.get("slides")
    if wanted is not None and not (isinstance(wanted, list) and all(isinstance(name, str) for name in wanted)):
        raise ValueError(f"{source.name}: slides must be a list of anchors, got {wanted!r}")
    return wanted
