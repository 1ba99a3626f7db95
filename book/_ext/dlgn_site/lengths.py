"""How long the pages are: the line under each title, the table of all pages, and the command that counts screens.

    python -m dlgn_site.lengths       # book/lengths.csv, from _build/html; needs Chromium

Minutes follow from the source of a page (`dlgn_site.length`). Screens need a browser, so they are measured by this
command and committed; a test holds every page below the limit.
"""

import csv
import posixpath
import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from dlgn_lib.book.words import said
from dlgn_site.course import FromMetadata, links, table
from dlgn_site.course_data import PageData, read_pages

ROOT = Path(__file__).parents[3]
TABLE = Path("book", "lengths.csv")
#: the rule and the table stand here
RULE = ("book/course/teaching", "how-long-a-page-takes")
#: what a page may have at most, to a tenth, and the size of one
SCREENS, SCREEN = 14, (1366, 768)
HEIGHT = "document.querySelector('article.bd-article').getBoundingClientRect().height"


def read_screens(root: Path) -> dict[str, float]:
    """Return name -> screens of every page that was measured."""
    with (root / TABLE).open(encoding="utf-8", newline="") as file:
        return {row["page"]: float(row["screens"]) for row in csv.DictReader(file)}


def spoken(page: PageData) -> str:
    """Return how long a page takes, and how long its exercises."""
    minutes = said("{count} minutes", count=page.minutes)
    return minutes + (said(", and {count} of exercises", count=page.working) if page.exercises else "")


class Lengths(FromMetadata):
    """The table of all pages: minutes, what they are counted from, screens."""

    def make(self, root: Path) -> list[nodes.Node]:
        """Return the table."""
        self.env.note_dependency(str(root / TABLE))
        screens = read_screens(root)
        rows = [
            [
                links([page.name], self.pages),
                page.minutes,
                page.working or "–",
                *(getattr(page.length, name) for name in ("words", "numbers", "formulas", "figures", "code")),
                screens.get(page.name, "–"),
            ]
            for page in self.pages.values()
        ]
        head = [
            "Page",
            "minutes",
            "of exercises",
            "words",
            "numbers",
            "formulas",
            "figures",
            "lines of open code",
            "screens",
        ]
        return self.parse_text_to_nodes(table(head, rows))


def _head(app: Sphinx, doctree: nodes.document) -> None:
    """Put the minutes of a page under its title."""
    name = app.env.docname.removeprefix("book/")
    pages = read_pages(Path(app.srcdir))
    if name in pages and (title := next(doctree.findall(nodes.title), None)):
        docname, anchor = RULE
        address = posixpath.relpath(docname, posixpath.dirname(app.env.docname)) + f".html#{anchor}"
        link = nodes.reference("", spoken(pages[name]), refuri=address, internal=True)
        line = nodes.paragraph("", "", link, classes=["dlgn-minutes", "dlgn-length"])
        title.parent.insert(title.parent.index(title) + 1, line)


def main() -> int:
    """Measure every page; return the exit code."""
    from dlgn_site.in_browser import open_page, open_site  # a build needs no browser

    measured = {}
    try:
        with open_site(ROOT / "_build" / "html") as (browser, address):
            for name in read_pages(ROOT):
                tab = open_page(browser, address, f"book/{name}", *SCREEN)
                measured[name] = round(tab.evaluate(HEIGHT) / SCREEN[1], 1)
                tab.close()
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    with (ROOT / TABLE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([["page", "screens"], *([name, f"{value:.1f}"] for name, value in measured.items())])
    over = {name: value for name, value in measured.items() if value > SCREENS}
    print(f"{TABLE}: {len(measured)} pages, {len(over)} longer than {SCREENS} screens")
    for name, value in over.items():
        print(f"  {name}: {value:.1f}")
    return 0


def setup(app: Sphinx) -> dict:
    """Register the directive and the line under titles."""
    app.add_directive("lengths", Lengths)
    app.connect("doctree-read", _head)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    sys.exit(main())
