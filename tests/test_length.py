"""The rule for the minutes of a page, on small examples, and the limit that every page keeps."""

import re

import pytest
from built_site import CHAPTERS, NOTEBOOKS, ROOT, article
from dlgn_site import length, lengths
from dlgn_site.course_data import read_pages
from dlgn_site.length import Length, of_markdown, of_page
from sample_book import FRONT

DATA = read_pages(ROOT)


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("Five words, one of them", Length(5)),
        ("# A title\n\n- one\n- two — *three*\n\n| a | b |\n|---|---|\n| c | `d e` |", Length(10)),
        ("% a comment\n\n(label)=\nOne $x + y$ two", Length(4)),
        ("[two words](page.md), {doc}`three words here <page>`, {doc}`page`, {claim}`some-id`", Length(10, numbers=1)),
        ("In 2 of 20 runs, $x_1 = 3$ and `y = 4`, one number in digits each", Length(15, numbers=2)),
        ("$$\nx\n$$ (eq-x)\n\n\\begin{align}\na\n\\end{align}", Length(formulas=2)),
        ("```{math}\n:label: eq-y\ny\n```", Length(formulas=1)),
        ("```python\na = 1\n\nb = 2\n```", Length(code=2)),
        ("```{prf:proof}\nTwo words.\n```", Length(2)),
        ("````{dropdown} A title\nFolded.\n\n```{math}\ny\n```\n````", Length(2)),
        ("```{admonition} Title\n:class: dropdown\nFolded.\n```", Length(1)),
        ("```{figure} a.png\n:alt: not seen\nThe caption.\n```", Length(2, figures=1)),
        (
            "```{exercise} Twice\n:label: ex\n:minutes: 5\n:difficulty: easy\n:trains: doubling\nWrite it.\n```",
            Length(3),
        ),
        ("```{caption} a-name\nThe caption.\n```", Length(2)),
        ("```{exercise-index}\n```", Length()),
    ],
)
def test_what_is_read_is_counted(text, counted):
    assert of_markdown(text) == counted


def cell(code, *tags):
    return f"```{{code-cell}}\n:tags: [{', '.join(tags)}]\n{code}\n```\n\n"


def test_cells_count_as_far_as_they_are_open():
    solution = 'def twice(x):\n    "Twice x."\n    return 2 * x\n'
    page = (
        FRONT + "# Title\n\n" + cell("# A fold\nexplore(draw, a=[1])", "hide-input") + cell("x = 1\n\nshow(*draw(1))")
    )
    page += cell(solution, "solution") + cell("check(twice, 3)", "check")
    assert of_page(page) == Length(words=1, figures=2, code=2 + 3)  # the stub has a line to fill in


def test_the_rule_is_told_as_it_is():
    told = (ROOT / "book/course/teaching.md").read_text(encoding="utf-8").split("## How long a page takes")[1]
    assert f"{length.WORDS_A_MINUTE} words take a minute" in told and length.SECONDS == {
        "formulas": 30,
        "figures": 60,
        "code": 4,
    }
    for phrase in ("formula takes half a minute", "figure one minute", "open code takes four seconds", "as two words"):
        assert phrase in told
    limits = (
        f"more than {length.MINUTES} minutes, or more than {lengths.SCREENS} screens of {{}} × {{}} pixels"
        " with folds closed"
    )
    assert limits.format(*lengths.SCREEN) in told
    assert length.NUMBERS == 6 and "more than six numbers in a hundred words" in told
    assert Length(words=360, formulas=2, figures=1, code=15).minutes == 5


@pytest.mark.parametrize("page", DATA)
def test_no_page_takes_longer_than_the_limit(page):
    assert DATA[page].minutes <= length.MINUTES, DATA[page].length


@pytest.mark.parametrize("page", DATA)
def test_no_page_has_more_numbers_than_the_limit(page):
    assert 100 * DATA[page].length.numbers <= length.NUMBERS * DATA[page].length.words, "which of them does one need?"


@pytest.mark.parametrize("page", [page.removeprefix("book/") for page in NOTEBOOKS])
def test_a_page_tells_its_minutes_under_its_title(page):
    (line,) = article(f"book/{page}").select("h1 + .dlgn-length")
    exercises = f", and {DATA[page].working} of exercises" if DATA[page].exercises else ""
    assert line.get_text() == f"{DATA[page].minutes} minutes{exercises}"


def test_the_table_lists_every_page():
    (table,) = (t for t in article("book/course/teaching").find_all("table") if "screens" in t.find("tr").get_text())
    rows = {row.find("a")["href"]: [cell.get_text() for cell in row.find_all("td")] for row in table.find_all("tr")[1:]}
    screens = lengths.read_screens(ROOT)
    assert list(screens) == list(DATA), "run make lengths"
    for name, page in DATA.items():
        _, minutes, working, words, numbers, formulas, figures, code, seen = rows[f"../{name}.html"]
        assert (int(minutes), working) == (page.minutes, str(page.working or "–"))
        assert Length(*map(int, (words, formulas, figures, code, numbers))) == page.length
        assert float(seen) == screens[name]
    assert len(rows) == len(DATA) > len(CHAPTERS)


def test_no_page_states_minutes_of_its_own():
    for page in CHAPTERS:
        text = (ROOT / page).with_suffix(".md").read_text(encoding="utf-8")
        assert not re.search(r"^minutes:", text.split("---")[1], re.MULTILINE)
