"""Numbers of chapters: in the sidebar, at the title of a page and in the numbers of its figures.

The executable pages of the parts are counted through in the order of the table of contents; those of the appendix have
letters. Figures need a number on every page that runs, so the first page counts as 0, and the others have letters, too, which
only their figures show.
"""

import itertools
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from dlgn_site.course_data import PageData, read_pages


def _pages(root: Path) -> Iterator[tuple[str, str]]:
    """Yield (docname, kind of its part) of every executable page in the order of the table of contents.

    The kind is the first word of the part's caption; "=3" if the page itself says that it is chapter 3, as translated pages do.
    """
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    listed = [(toc["root"], "root")]
    for part in toc.get("parts", [toc]):
        listed += [(entry["file"], part.get("caption", "").partition(" ")[0]) for entry in part["chapters"]]
    for docname, part in listed:
        text = (root / docname).with_suffix(".md").read_text(encoding="utf-8")
        front = text.split("---")[1] if text.startswith("---") else ""
        if "kernelspec:" in front:
            given = yaml.safe_load(front).get("chapter")
            yield docname, f"={given}" if given else part


def numbers(root: Path) -> dict[str, str]:
    """Return docname -> number of every executable page of the book at `root`: "0", "1", ..., or a letter outside of the parts."""
    digits, letters = map(str, itertools.count(1)), iter(string.ascii_uppercase)
    found = {}
    for docname, part in _pages(root):
        if part == "root" or part.startswith("="):
            found[docname] = part.removeprefix("=").replace("root", "0")
        else:
            found[docname] = next(digits if part == "Part" else letters)
    return found


def chapters(root: Path) -> dict[str, str]:
    """Return docname -> number of the pages that show it: those of the parts and of the appendix."""
    shown = {docname for docname, part in _pages(root) if part in ("Part", "Appendix") or part.startswith("=")}
    return {docname: number for docname, number in numbers(root).items() if docname in shown}


def _number(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    """Count the chapters; if they are not what they were, read all pages again, since figures have their numbers."""
    before, env.dlgn_chapters = getattr(env, "dlgn_chapters", None), numbers(Path(app.srcdir))
    return [] if before in (None, env.dlgn_chapters) else sorted(env.found_docs)


def _head(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    number = chapters(Path(app.srcdir)).get(docname)
    title = next(doctree.findall(nodes.title), None)
    if number and title is not None and app.builder.format == "html":
        title[:0] = [nodes.inline("", number, classes=["dlgn-number"]), nodes.Text(" ")]


def label(link: Any, number: str, page: PageData) -> None:
    """Give a link of the sidebar number, short title and minutes of its chapter."""
    soup = BeautifulSoup("", "html.parser")
    link.clear()
    for kind, text in (("number", number), ("short", page.short), ("minutes", f"{page.minutes} min")):
        span = soup.new_tag("span", attrs={"class": f"dlgn-{kind}"})
        span.string = text
        link.extend([span, " "])
    link["class"] = [*link.get("class", []), "dlgn-chapter"]
    link["title"] = page.title


def _sidebar(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Label the chapters in the sidebar that the theme makes."""
    if "generate_toctree_html" not in context:
        return
    root = Path(app.srcdir)
    make, pages, shown = context["generate_toctree_html"], read_pages(root), chapters(root)
    addresses = {"#" if docname == pagename else context["pathto"](docname): docname for docname in shown}

    def labelled(*args: object, **options: object) -> object:
        soup = make(*args, **options)
        for link in soup.select("a.reference.internal") if isinstance(soup, BeautifulSoup) else ():
            if docname := addresses.get(link["href"]):
                label(link, shown[docname], pages[docname.removeprefix("book/")])
        return soup

    context["generate_toctree_html"] = labelled


def setup(app: Sphinx) -> dict:
    """Register the extension."""
    app.connect("env-get-outdated", _number)
    app.connect("doctree-resolved", _head)
    app.connect("html-page-context", _sidebar, priority=900)  # after the theme
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
