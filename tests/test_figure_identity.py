"""Every figure has a number, a caption, an anchor and a link to what is seen; every chapter has its number."""

import json
import re
from collections import Counter

import pytest
from built_site import NOTEBOOKS, PAGES, ROOT, TOC, html, source
from dlgn_site.chapters import chapters, numbers
from dlgn_site.export_notebooks import read_book
from dlgn_site.figures import draws
from sample_book import FRONT, sample_claims, write_sample

every_notebook = pytest.mark.parametrize("page", NOTEBOOKS)


def drawn_by(page):
    """Return how many figures the cells of a page show, but for answers of exercises."""
    cells = [cell for cell in source(page).cells if cell.cell_type == "code"]
    return sum(draws(cell.source) for cell in cells if not {"solution", "check"} & set(cell.metadata.get("tags", [])))


ILLUSTRATED = [page for page in NOTEBOOKS if drawn_by(page)]
every_illustrated = pytest.mark.parametrize("page", ILLUSTRATED)
NUMBERS, CHAPTERS = numbers(ROOT), chapters(ROOT)


def figures(page):
    """Return the figures of a built page."""
    return html(page).select("article figure.dlgn-figure")


def caption_of(figure):
    """Return number and caption of a figure."""
    words = " ".join(figure.figcaption.get_text().split())
    return re.match(r"Figure ([\dA-Z]+\.\d+)\. (.+)", words).groups()


# The site


@every_notebook
def test_every_figure_has_a_number_a_caption_and_an_anchor(page):
    assert len(figures(page)) == drawn_by(page)
    for index, figure in enumerate(figures(page), 1):
        number, caption = caption_of(figure)
        assert number == f"{NUMBERS[page]}.{index}"
        assert re.fullmatch(rf"fig-{page.rpartition('/')[2]}-[a-z0-9-]+", figure["id"])
        assert caption[0].isupper() and caption.endswith(".") and 12 <= len(caption.split()) <= 80, caption
        assert figure.figcaption.select_one(f"a[href='#{figure['id']}']")


def test_no_two_figures_are_alike():
    found = [figure for page in NOTEBOOKS for figure in figures(page)]
    assert len(found) > 100
    for what in ("anchors", "numbers", "captions"):
        names = {
            "anchors": lambda f: f["id"],
            "numbers": lambda f: caption_of(f)[0],
            "captions": lambda f: caption_of(f)[1],
        }
        assert not [name for name, count in Counter(map(names[what], found)).items() if count > 1], what


@every_illustrated
def test_the_notebook_gives_its_figures_the_same_numbers(page):
    notebook = json.loads((ROOT / "notebooks" / f"{page.removeprefix('book/')}.ipynb").read_text(encoding="utf-8"))
    drawn, told = 0, []
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "code":
            answer = {"exercise", "solution", "check"} & set(cell["metadata"].get("tags", []))
            drawn += 0 if answer else draws(re.sub(r"(?m)^[%#].*", "", text))
        else:
            told += [(drawn, number) for number in re.findall(r"(?m)^\*\*Figure ([\dA-Z]+\.\d+)\.\*\* ", text)]
    assert told == [(index, caption_of(figure)[0]) for index, figure in enumerate(figures(page), 1)]


def test_figures_of_papers_are_called_so():
    """ "Figure 5" alone would be one of the book."""
    for page in NOTEBOOKS:
        text = re.sub(r"\s+", " ", (ROOT / page).with_suffix(".md").read_text(encoding="utf-8"))
        named = re.findall(r"(?:.{0,30}\b)Figures? [1-9]\d*\b(?!\.\d).{0,70}", text)
        assert not [words for words in named if not re.search("paper|{cite", words)], page


def test_the_list_of_figures_is_whole():
    listed = html("book/list-of-figures").select(".dlgn-figures a")
    wanted = [
        (f"Figure {caption_of(figure)[0]}", f"{page}.html#{figure['id']}")
        for page in NOTEBOOKS
        for figure in figures(page)
    ]
    assert [(link.get_text(), f"book/{link['href']}") for link in listed] == wanted


# Chapters


def test_chapters_are_counted_through_the_parts():
    parts = [part for part in TOC["parts"] if part["caption"].startswith("Part ")]
    counted = [entry["file"] for part in parts for entry in part["chapters"]]
    assert {page: NUMBERS[page] for page in counted} == {page: str(n) for n, page in enumerate(counted, 1)}
    assert NUMBERS["book/intro"] == "0" and set(NUMBERS) == set(NOTEBOOKS)
    assert all(NUMBERS[page].isalpha() for page in set(NOTEBOOKS) - set(counted) - {"book/intro"})
    assert {page for page in CHAPTERS if page not in counted} == {page for page in NOTEBOOKS if "/appendix/" in page}


def test_a_page_that_is_added_moves_those_behind_it(tmp_path):
    front = FRONT + "# Page\n"
    for name in ("start", "one", "two", "three", "aside"):
        (tmp_path / f"{name}.md").write_text("# Page\n" if name == "two" else front, encoding="utf-8")
    toc = "format: jb-book\nroot: start\nparts:\n- caption: 'Part I'\n  chapters: [%s]\n- caption: Rest\n  chapters: [{file: aside}]\n"
    for files, expected in (
        ("{file: three}", {"three": "1"}),
        ("{file: one}, {file: two}, {file: three}", {"one": "1", "three": "2"}),
    ):
        (tmp_path / "_toc.yml").write_text(toc % files, encoding="utf-8")
        assert numbers(tmp_path) == {"start": "0", **expected, "aside": "A"}


@pytest.mark.parametrize("page", PAGES)
def test_the_sidebar_shows_number_short_title_and_minutes(page):
    links = html(page).select(".bd-sidebar-primary a.dlgn-chapter")
    assert [link.select_one(".dlgn-number").get_text() for link in links] == [*CHAPTERS.values()]
    for link, chapter in zip(links, CHAPTERS, strict=True):
        assert link["href"] == "#" if chapter == page else link["href"].endswith(f"{chapter.rpartition('/')[2]}.html")
        assert link.select_one(".dlgn-short").get_text() == source(chapter).metadata["short"]
        assert re.fullmatch(r"[1-9]\d* min", link.select_one(".dlgn-minutes").get_text())
    heading = html(page).select_one("article h1 .dlgn-number")
    assert (heading.get_text() if heading else None) == CHAPTERS.get(page)


# Errors


DRAWN = "```{code-cell}\n# Figure: a demo\nshow(*figures.demo())\n```\n\n"
CAPTION = "```{caption} demo\nA demo.\n```\n\n"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (DRAWN + CAPTION, None),
        (DRAWN, "shows a figure without a {caption} below it"),
        (DRAWN + "Words.\n\n" + CAPTION, "shows a figure without a {caption} below it"),
        (CAPTION, "is not below a cell that shows a figure"),
        ((DRAWN + CAPTION) * 2, "two figures of this page have the name 'demo'"),
        (DRAWN.replace("show", "show(*figures.more())\nshow") + CAPTION, "shows two figures"),
        (DRAWN.replace("show(*", "f(lambda: show)(*"), None),
        (DRAWN + CAPTION.replace(" demo\n", " Demo\n"), "small letters"),
        (DRAWN + "```{caption} demo\n```\n", "Content block expected"),
    ],
)
def test_a_figure_without_identity_is_an_error_of_the_build(tmp_path, body, problem):
    write_sample(tmp_path, f"{FRONT}# Page\n\n{body}")
    with sample_claims():
        app = read_book(tmp_path)
    warnings = re.sub(r"\x1b\[[\d;]*m", "", app._warning.getvalue()).splitlines()
    about = [line for line in warnings if re.search("figure|caption", line) and "page" in line]
    assert bool(about) == bool(problem) and all(problem in line for line in about[:1]), warnings
