"""The course: what pages say about themselves, plans and graph made of it, and both editions with manifest and zip."""

import csv
import hashlib
import json
import os
import re
import sys
import zipfile
from ast import literal_eval

import colab_environment
import jsonschema
import pytest
import yaml
from built_site import CHAPTERS, PAGES, article, source
from dlgn_site import course_data, course_pages, export_otter
from dlgn_site.export_course import expected
from dlgn_site.export_markdown import ExportError
from dlgn_site.export_notebooks import COURSE, main, read_book
from myst_nb.core.read import read_myst_markdown_notebook
from sample_book import PAGE, ROOT, sample_claims, write_sample

import dlgn_lib
from dlgn_lib.book.exercises import stub

DATA = course_data.read_pages(ROOT)
LIMIT, PLANNED = course_data.read_plans(ROOT, DATA)
TEACHING = "book/course/teaching"


def docnames(cell, page):
    """Return the pages that {doc} roles in a text of a page lead to, without "book/"."""
    found = re.findall(r"\{doc\}`(?:[^`<]*<)?([^`>]+)>?`", cell)
    return {(ROOT / "book" / page / ".." / name).resolve().relative_to(ROOT / "book").as_posix() for name in found}


# What the pages say about themselves


@pytest.mark.parametrize("page", [page.removeprefix("book/") for page in CHAPTERS])
def test_front_matter_and_text_agree(page):
    text = (ROOT / "book" / page).with_suffix(".md").read_text(encoding="utf-8")
    table = text.split("| You need | It helps to know |\n|---|---|\n")[1].partition("\n\n")[0]
    columns = list(zip(*(row.strip("|").split("|") for row in table.splitlines()), strict=True))
    assert set(DATA[page].needs) == docnames(" ".join(columns[0]), page)
    assert set(DATA[page].helps) == docnames(" ".join(columns[1]), page)


def test_every_chapter_has_its_data():
    listed = [page.removeprefix("book/") for page in PAGES if source(page)]
    assert list(DATA) == listed
    for page in CHAPTERS:
        front, data = source(page).metadata, DATA[page.removeprefix("book/")]
        assert {"short", "needs"} <= set(front) and len(data.short) <= 20
        assert "minutes" not in front and data.part, "minutes are counted, not stated"
        text = (ROOT / page).with_suffix(".md").read_text(encoding="utf-8")
        assert len(data.exercises) == text.count("{exercise}") >= 3
    assert len({page.short for page in DATA.values()}) == len(DATA)
    exercises = [exercise for page in DATA.values() for exercise in page.exercises]
    assert len({e.label for e in exercises}) == len({e.trains for e in exercises}) == len(exercises)


def test_readme_tells_what_pages_need():
    rows = [row for row in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if "/notebooks/" in row]
    needs = {re.search(r"/notebooks/(.+?)\.ipynb", row)[1]: row.split("|")[2].strip() for row in rows if "|" in row}
    for name in (page.removeprefix("book/") for page in CHAPTERS):
        if DATA[name].needs:
            assert needs[name].split(", ") == [DATA[need].short for need in DATA[name].needs]
        else:
            assert needs[name] and not {page.short for page in DATA.values()} & set(needs[name].split(", "))


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ("needs: [part/nothing]", "part/nothing"),
        ("needs: [intro, part/page]", "cycle"),
    ],
)
def test_wrong_front_matter_is_an_error(tmp_path, front, message):
    page = write_sample(tmp_path) / "book" / "part" / "page.md"
    page.write_text(
        page.read_text(encoding="utf-8").replace("name: python3}\n---", f"name: python3}}\n{front}\n---"),
        encoding="utf-8",
    )
    with pytest.raises(ValueError, match=message):
        course_data.read_pages(tmp_path)


def test_an_exercise_without_a_purpose_is_an_error(tmp_path):
    page = write_sample(tmp_path) / "book" / "part" / "page.md"
    page.write_text(page.read_text(encoding="utf-8").replace(":trains: doubling\n", ""), encoding="utf-8")
    with pytest.raises(ValueError, match="exercise 'Twice' lacks trains"):
        course_data.read_pages(tmp_path)
    with sample_claims():
        assert "exercise 'Twice' lacks trains" in read_book(tmp_path)._warning.getvalue()  # -W makes it an error


# Plans


def test_plans_have_one_three_and_six_sessions():
    assert {name: len(sessions) for name, sessions in PLANNED.items()} == {"one": 1, "three": 3, "six": 6}
    assert LIMIT == 90 and f"A session is {LIMIT} minutes." in (ROOT / f"{TEACHING}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("session", "message"),
    [
        ({"pages": ["experts/paths"], "exercises": ["ex-merge"] * 20}, r"takes \d+ minutes, a session has 90"),
        ({"pages": ["experts/gating"]}, r"experts/gating needs \['experts/equivalence', 'experts/paths'\]"),
        ({"pages": ["experts/paths"], "before": ["experts/paths"]}, "experts/paths comes twice"),
        ({"pages": ["experts/nothing"]}, "there is no page 'experts/nothing'"),
        ({"pages": ["experts/paths"], "exercises": ["ex-zero"]}, "ex-zero is an exercise of no page so far"),
    ],
)
def test_wrong_plan_is_an_error(tmp_path, session, message):
    (tmp_path / course_data.PLANS).parent.mkdir(parents=True)
    plans = {"minutes": 90, "plans": {"short": [{"title": "T", **session}]}}
    (tmp_path / course_data.PLANS).write_text(yaml.safe_dump(plans), encoding="utf-8")
    with pytest.raises(ValueError, match=f"plan 'short', session 1.*{message}"):
        course_data.read_plans(tmp_path, DATA)


def tables():
    """Return the tables of the page as lists of rows of text."""
    rows = [
        [row.find_all(["th", "td"]) for row in table.find_all("tr")] for table in article(TEACHING).find_all("table")
    ]
    return [[[" ".join(cell.get_text(" ").split()) for cell in row] for row in table] for table in rows]


def test_site_shows_the_plans_with_the_minutes_of_the_pages():
    shown = [table for table in tables() if table[0][0].startswith("Session ")]
    sessions = [session for plan in PLANNED.values() for session in plan]
    assert len(shown) == len(sessions) == 10
    for (head, *rows), session in zip(shown, sessions, strict=True):
        assert head[0].endswith(f": {session.title}")
        own = rows[: len(session.pages) + len(session.exercises)]
        assert [int(row[1]) for row in own[: len(session.pages)]] == [DATA[page].minutes for page in session.pages]
        assert rows[len(own)] == [f"together, of {LIMIT}", str(sum(int(row[1]) for row in own))]
        assert int(rows[len(own)][1]) <= LIMIT and (len(rows) > len(own) + 1) == bool(session.before)


def test_site_lists_every_exercise_with_a_link():
    (index,) = (table for table in article(TEACHING).find_all("table") if "trains" in table.find("tr").get_text())
    shown = {}
    for row in index.find_all("tr")[1:]:
        cells = [" ".join(cell.get_text(" ").split()) for cell in row.find_all("td")]
        shown[row.find("a")["href"]] = cells[1:]
    for page in DATA.values():
        for e in page.exercises:
            assert shown[f"../{page.name}.html#{e.label}"] == [str(e.minutes), e.difficulty, e.trains]
        if page.exercises:
            assert shown[f"../{page.name}.html"][0] == str(page.working)


@pytest.mark.parametrize("page", CHAPTERS)
def test_site_says_what_an_exercise_trains(page):
    boxes = article(page).select(".dlgn-exercise .dlgn-facts")
    said = [" ".join(box.get_text().split()) for box in boxes]
    data = DATA[page.removeprefix("book/")].exercises
    assert said == [f"{e.minutes} minutes, {e.difficulty}. Trains: {e.trains}." for e in data]


# The table of prerequisites


def test_the_table_on_the_site_leads_to_every_page_and_what_it_needs():
    table = next(t for t in article(TEACHING).select("table") if "is helped by" in t.get_text())
    rows = [[{a["href"] for a in cell.select("a")} for cell in row.select("td")] for row in table.select("tbody tr")]
    pages = [page for page in DATA.values() if page.part]
    addresses = [[{f"../{name}.html" for name in names} for names in ([p.name], p.needs, p.helps)] for p in pages]
    assert [[row[0], row[2], row[3]] for row in rows] == addresses


# Editions


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """All editions of the book, as `make course` writes them: edition -> folder; the zip stands beside it."""
    out = tmp_path_factory.mktemp("course")
    assert main(["--edition", "course", "--out", str(out)]) == 0
    return {edition: out / edition for edition in COURSE}


def members(folder):
    """Return name -> bytes of everything in the zip of an edition, its names without their folder."""
    with zipfile.ZipFile(folder.with_name(f"{folder.name}.zip")) as archive:
        assert archive.testzip() is None and archive.comment == b""
        return {name.removeprefix(f"{folder.name}/"): archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("edition", COURSE)
def test_zip_folder_and_manifest_agree(book, edition):
    folder = book[edition]
    files = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert members(folder) == files
    manifest = json.loads(files["manifest.json"])
    assert manifest["edition"] == edition and manifest["version"] == dlgn_lib.__version__
    assert manifest["sha256"] == {n: hashlib.sha256(b).hexdigest() for n, b in files.items() if n != "manifest.json"}
    assert [entry["file"] for entry in manifest["notebooks"]] == [f"{name}.ipynb" for name in DATA]
    assert {"README.md", "LICENSE", "LICENSE-TEXT"} <= set(files)
    readme = files["README.md"].decode()
    for entry, page in zip(manifest["notebooks"], DATA.values(), strict=True):
        assert (entry["title"], entry["minutes"], len(entry["exercises"])) == (
            page.title,
            page.minutes,
            len(page.exercises),
        )
        assert all({"label", "title", "minutes", "difficulty", "trains"} == set(e) for e in entry["exercises"])
        assert f"[{page.title}]({entry['file']}) | {page.minutes} | {len(page.exercises)} |" in readme


def test_two_runs_give_the_same_zip_and_a_check_names_an_old_one(tmp_path, capsys):
    with sample_claims():
        root = write_sample(tmp_path / "sample")
        one, two = (tmp_path / number / "student" for number in ("one", "two"))
        for out in (one, two):
            assert main(["--root", str(root), "--edition", "student", "--out", str(out)]) == 0
        archive = two.with_name("student.zip")
        assert archive.read_bytes() == one.with_name("student.zip").read_bytes()
        assert {entry.date_time for entry in zipfile.ZipFile(archive).infolist()} == {(1980, 1, 1, 0, 0, 0)}
        check = ["--root", str(root), "--edition", "student", "--out", str(two), "--check"]
        assert main(check) == 0
        archive.write_bytes(b"old")
        assert main(check) == 1 and "student.zip" in capsys.readouterr().err


# A course of some pages


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ("experts/paths learning/circle", ["experts/paths", "learning/circle"]),
        ("circle book/experts/paths.md", ["learning/circle", "experts/paths"]),
        ("overlap kernel, Theorem 1,", ["kernels/overlap", "experts/equivalence"]),
    ],
)
def test_pages_are_called_by_name_or_short_name(given, chosen):
    assert course_pages.choose(DATA, given) == chosen


def test_a_name_of_no_page_is_answered_with_all_names():
    with pytest.raises(ValueError, match="'experts/path' is no page") as error:
        course_pages.choose(DATA, "experts/paths experts/path")
    assert all(f"  {name} ({page.short})" in str(error.value) for name, page in DATA.items())
    with pytest.raises(ValueError, match="experts/paths comes twice"):
        course_pages.choose(DATA, "experts/paths Paths")
    twins = dict.fromkeys(("a/paths", "b/paths"), DATA["experts/paths"])
    with pytest.raises(ValueError, match="'paths' is one of a/paths, b/paths"):
        course_pages.choose(twins, "paths")


def test_what_chosen_pages_need_is_named_and_the_whole_book_needs_nothing():
    assert course_pages.left_out(DATA, list(DATA)) == []
    for name in DATA:
        lacking = course_pages.missing(DATA, [name])
        assert set(DATA[name].needs) <= set(lacking) and name not in lacking
        assert course_pages.missing(DATA, [*lacking, name]) == {}
        assert all(name in DATA[user].needs for name, users in lacking.items() for user in users)
    assert course_pages.left_out(DATA, ["experts/equivalence", "experts/paths"]) == [
        "experts/equivalence comes before experts/paths, which it needs"
    ]


@pytest.mark.parametrize("limit", [1, 60, LIMIT, 10**6])
def test_sessions_hold_all_pages_in_order_and_no_more_than_fits(limit):
    plan = course_pages.sessions(DATA, list(DATA), limit)
    assert [name for session in plan for name in session] == list(DATA)
    minutes = [sum(DATA[name].minutes + DATA[name].working for name in session) for session in plan]
    assert all(total <= limit for total, session in zip(minutes, plan, strict=True) if len(session) > 1)
    firsts = [DATA[session[0]].minutes + DATA[session[0]].working for session in plan[1:]]
    assert all(total + first > limit for total, first in zip(minutes, firsts, strict=False))


def test_a_course_of_one_page_is_whole_in_itself_and_an_older_one_is_cleared_away(tmp_path, capsys):
    with sample_claims():
        root, out = write_sample(tmp_path / "sample"), tmp_path / "out"
        page = root / "book" / "part" / "page.md"
        page.write_text(page.read_text(encoding="utf-8").replace("python3}\n---", "python3}\nneeds: [intro]\n---"))
        (root / course_data.PLANS).parent.mkdir()
        (root / course_data.PLANS).write_text("minutes: 90\nplans: {}\n")
        command = ["--root", str(root), "--edition", "course", "--out", str(out)]
        assert main(command) == 0 and (out / "student" / "intro.ipynb").is_file()
        assert main([*command, "--pages", "page"]) == 0
        assert "warning: intro (Introduction) is not in this course; needed by part/page" in capsys.readouterr().err
        assert main([*command, "--pages", "page", "--check"]) == 0
        assert main([*command, "--pages", "nothing"]) == 1 and "part/page (The page)" in capsys.readouterr().err
    address = "https://example-org.github.io/sample/book/intro.html"
    for edition in COURSE:
        assert [file.name for file in (out / edition).rglob("*.ipynb")] == ["page.ipynb"]
        manifest = json.loads((out / edition / "manifest.json").read_text(encoding="utf-8"))
        assert [entry["needs"] for entry in manifest["notebooks"]] == [[address]]
        assert manifest["plan"] == [["part/page.ipynb"]]
        readme = (out / edition / "README.md").read_text(encoding="utf-8")
        assert f"Read before, on the site, since these pages need it: [Introduction]({address})." in readme
        assert "intro.ipynb" not in (out / edition / "part" / "page.ipynb").read_text(encoding="utf-8").replace(
            "/notebooks/intro.ipynb", ""
        )


def strings(value):
    """Return every text in a piece of JSON: keys and values, sources, outputs and metadata alike."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in strings(part)]
    if isinstance(value, list):
        return (
            ["".join(value)]
            if all(isinstance(one, str) for one in value)
            else [t for one in value for t in strings(one)]
        )
    return [str(value)]


def squeezed(text):
    return re.sub(r"\s+", "", text)


def secrets(page):
    """Return the lines of the solutions of a page, without comments and blanks, that the page does not show elsewhere."""
    cells = read_myst_markdown_notebook((ROOT / "book" / page).with_suffix(".md").read_text(encoding="utf-8")).cells
    solutions = [cell.source for cell in cells if "solution" in cell.metadata.get("tags", [])]
    shown = [cell.source for cell in cells if not {"solution", "check"} & set(cell.metadata.get("tags", []))]
    public = squeezed("\n".join([*shown, *map(stub, solutions)]))
    lines = {squeezed(re.sub(r"\s+#.*", "", line)) for code in solutions for line in code.splitlines()}
    comments = {squeezed(c) for code in solutions for c in re.findall(r"# *(.{12,})", code) if "given" not in c}
    return {line for line in lines | comments if len(line) > 4 and line not in public}


def leaks(files):
    """Return (file, line) for every line of a solution that is in one of the files."""
    found = []
    for name, content in files.items():
        text = content.decode()
        if name.endswith((".ipynb", ".json")):
            text = "\n".join(strings(json.loads(text)))
        text = squeezed(re.sub(r"\\u[0-9a-f]{4}|\\x[0-9a-f]{2}", lambda found: literal_eval(f"'{found[0]}'"), text))
        own = [name.removesuffix(".ipynb")] if name.endswith(".ipynb") else list(DATA)
        found += [(name, line) for page in own for line in sorted(secrets(page)) if line in text]
    return found


@pytest.mark.parametrize("edition", ["student", "otter"])
def test_no_file_that_students_get_holds_a_line_of_a_solution(book, edition):
    folder = book[edition]
    files = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert sum(len(secrets(page)) for page in DATA) > 150
    assert leaks(files) == [] and leaks(members(folder)) == []
    for content in files.values():
        if content.startswith(b"{"):
            for cell in json.loads(content).get("cells", []):
                assert not cell.get("outputs") and "solution" not in cell["metadata"].get("tags", [])


def test_the_search_finds_a_leak_wherever_it_is(book):
    name = "experts/paths.ipynb"
    clean = json.loads((book["student"] / name).read_text(encoding="utf-8"))
    (line,) = (line for line in secrets("experts/paths") if line.startswith("returnwidth"))
    code = next(cell for cell in clean["cells"] if cell["cell_type"] == "code")
    places = {
        "source": lambda nb: nb["cells"][-1]["source"].append("    return width ** depth"),
        "output": lambda nb: nb["cells"][clean["cells"].index(code)]["outputs"].append(
            {"output_type": "stream", "name": "stdout", "text": ["return width**depth\n"]}
        ),
        "cell metadata": lambda nb: nb["cells"][0]["metadata"].update(solution="return width**depth"),
        "metadata": lambda nb: nb["metadata"].update({"return width**depth": 1}),
    }
    for place, put in places.items():
        leaky = json.loads(json.dumps(clean))
        put(leaky)
        assert leaks({name: json.dumps(leaky).encode()}) == [(name, line)], place
    assert ("README.md", line) in leaks({"README.md": b"Tip: return width**depth"})
    assert leaks({name: (book["teacher"] / name).read_bytes()})
    with zipfile.ZipFile(book["autograder"] / "experts/paths.zip") as archive:
        hidden = b"\n".join(archive.read(entry) for entry in archive.namelist())
    clean["cells"].append({"cell_type": "code", "source": [hidden.decode()], "metadata": {}})
    assert {found for _, found in leaks({name: json.dumps(clean).encode()})} == secrets("experts/paths")


def test_teacher_edition_holds_solutions_results_mistakes_and_minutes(book):
    for name, page in DATA.items():
        cells = json.loads((book["teacher"] / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        by_tag = {
            tag: [c for c in cells if tag in c["metadata"].get("tags", [])] for tag in ("solution", "check", "expected")
        }
        assert {len(found) for found in by_tag.values()} == {len(page.exercises)}
        assert f"*{page.minutes} minutes" in "".join(cells[0]["source"])
        for cell, check in zip(by_tag["expected"], by_tag["check"], strict=True):
            text = "".join(cell["source"])
            assert cells.index(cell) == cells.index(check) + 1
            assert text.startswith("**Expected.** The self-check prints `✓ Right.` if:\n\n- `")
            assert text.partition("Likely mistakes")[2].count("\n- ") >= 2
        text = "\n".join(strings(cells))
        assert all(
            f"Trains: {e.trains}.*" in text and f"*{e.minutes} minutes, {e.difficulty}." in text for e in page.exercises
        )


@pytest.mark.parametrize(
    ("check", "result"),
    [
        ("check(f, cases=[((1, [2]), 3.5), (([],), 'no')])", ["- `f(1, [2])` is `3.5`", "- `f([])` is `'no'`"]),
        ("check(x, [1.6, 0.2])", ["- `x` is `[1.6, 0.2]`"]),
        ("import y\ncheck(x, Between(0.1, 1), {'Too low.': 0})", ["- `x` is between 0.1 and 1", "- Too low."]),
    ],
)
def test_expected_results_are_read_from_the_check(check, result):
    assert [line for line in expected(check).splitlines() if line.startswith("- ")] == result


# The otter edition: Otter judges every answer that is known

ALL_ANSWERS = bool(os.environ.get("DLGN_ALL_ANSWERS"))  # `make otter`, once a week
JUDGED = (
    [name for name, page in DATA.items() if page.exercises] if ALL_ANSWERS else ["experts/paths", "neighbours/haste"]
)
#: what nbgrader 0.9 says of the metadata of a cell (nbgrader/nbgraderformat/v3.json)
NBGRADER = {
    "type": "object",
    "properties": {
        "schema_version": {"const": 3},
        "grade": {"type": "boolean"},
        "locked": {"type": "boolean"},
        "solution": {"type": "boolean"},
        "task": {"type": "boolean"},
        "grade_id": {"type": "string", "pattern": "^[a-zA-Z0-9_\\-]+$"},
        "points": {"type": "number", "minimum": 0},
    },
    "required": ["schema_version", "grade", "locked", "solution"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def otter():
    """The Python of an environment with Colab's versions and Otter, and the environment for its processes."""
    hidden = ("DLGN_BUILD", "PYTHON", "VIRTUAL_ENV", "JUPYTER")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return str(colab_environment.otter()), environment | {"MPLBACKEND": "agg"}


@pytest.mark.parametrize("page", JUDGED)
def test_otter_gives_points_to_the_solution_alone_and_every_mistake_its_hint(book, otter, page):
    files = [book["autograder"] / f"{page}.ipynb", book["otter"] / f"{page}.ipynb", book["autograder"] / f"{page}.zip"]
    python, environment = otter
    probe = str(ROOT / "tests" / "otter_probe.py")
    tried = json.loads(colab_environment.run(python, probe, *map(str, files), env=environment))
    assert [label for label, _, what, *_ in tried if what == "solution"] == [e.label for e in DATA[page].exercises]
    for label, _, what, hint, points, possible, said in tried:
        assert possible == export_otter.POINTS[next(e for e in DATA[page].exercises if e.label == label).difficulty]
        assert points == (possible if what == "solution" else 0), (label, what, hint, said)
        wanted = {"solution": "All test cases passed!", "stub": "Not yet", "mistake": f"Not quite. {hint}"}[what]
        assert wanted in said, (label, what, said)
    assert len({hint for _, _, what, hint, *_ in tried if what == "mistake"}) >= 2 * len(DATA[page].exercises)


def test_the_judged_pages_have_every_kind_of_exercise():
    kinds = set()
    for page in JUDGED:
        cells = read_myst_markdown_notebook((ROOT / "book" / page).with_suffix(".md").read_text(encoding="utf-8")).cells
        code = [(tag, cell.source) for cell in cells for tag in cell.metadata.get("tags", [])]
        for question in export_otter.questions(DATA[page], code):
            between = question.cases.startswith("Between")
            kinds.add("range" if between else "function" if f"def {question.answer}(" in question.solution else "value")
    assert kinds == {"range", "function", "value"}


def test_nbgrader_knows_the_cells_of_the_otter_edition(book):
    for name, page in DATA.items():
        for edition in ("otter", "autograder"):
            cells = json.loads((book[edition] / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
            found = [cell["metadata"]["nbgrader"] for cell in cells if "nbgrader" in cell["metadata"]]
            for metadata in found:
                jsonschema.validate(metadata, NBGRADER)
            answers, checks = ([m["grade_id"] for m in found if m["grade"] is graded] for graded in (False, True))
            assert answers == [e.label for e in page.exercises] and checks == [f"{label}-check" for label in answers]
            assert [m["points"] for m in found if m["grade"]] == [
                export_otter.POINTS[e.difficulty] for e in page.exercises
            ]


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("check(1 + 1, 2)", "must be given the answer by its name"),
        ("check(twice, 2)\nx = 1", r"must end in check\(...\)"),
        ("check(x.y, 2)", "must be given the answer by its name"),
    ],
)
def test_a_self_check_that_otter_cannot_ask_is_refused(check, message):
    page = DATA["experts/paths"]
    code = [("solution", "x = 1")] * 4 + [("check", check)] * 4
    with pytest.raises(ExportError, match=message):
        export_otter.questions(page, code)


def test_tests_are_ascii_and_mean_the_same():
    page = DATA["experts/paths"]
    check = 'given = "−"\n\n\ndef f():\n    """Say “so”."""\n\n\ncheck(x, given, hints={"π": 1})'
    asked = export_otter.questions(page, [("solution", "x = 1"), ("check", check)] * 4)[0]
    assert asked.hidden().isascii() and asked.given == check.partition("\n\n\ncheck")[0]
    spaces = {}
    exec(re.search(r'CHECK = r"""\n(.*?)\ncheck', asked.public(), re.DOTALL)[1], spaces)
    assert spaces["given"] == "−" and spaces["f"].__doc__ == "Say “so”."
    raw = [("solution", "x = 1"), ("check", 'check(x, r"−")')] * 4
    with pytest.raises(ExportError, match="cannot be written in ASCII"):
        export_otter.questions(page, raw)[0].public()


# Hand out, collect, grade


def answered(notebook, answers, crash=False):
    """Return a notebook of the otter edition in which a student has given answers: beginning of the stub -> code."""
    content = json.loads(json.dumps(notebook))
    for cell in content["cells"]:
        source = "".join(cell["source"])
        if "exercise" in cell["metadata"].get("tags", []):
            cell["source"] = [next((code for start, code in answers.items() if source.startswith(start)), source)]
    if crash:
        cell = {"cell_type": "code", "id": "crash", "metadata": {}, "outputs": [], "execution_count": None}
        content["cells"].insert(4, cell | {"source": ["1 / 0"]})
    return content


def marks(otter, course, handed_in, out):
    """Write notebooks (student, page) -> content where the grader looks, grade them, and return (table, rows)."""
    for (student, page), content in handed_in.items():
        path = out / "submissions" / student / f"{page}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    python, environment = otter
    command = [
        python,
        str(course / "autograder" / "grade.py"),
        str(out / "submissions"),
        "--out",
        str(out / "marks.csv"),
    ]
    printed = colab_environment.run(*command, env=environment)
    with (out / "marks.csv").open(encoding="utf-8", newline="") as file:
        return printed, list(csv.DictReader(file))


def read_notebook(course, edition, page):
    return json.loads((course / edition / f"{page}.ipynb").read_text(encoding="utf-8"))


def test_the_grader_gives_marks_and_hints(tmp_path, otter):
    hints = 'check(twice, [((1,), 2), ((3,), 6)], {"You squared.": lambda x: x**2, "You added 2.": lambda x: x + 2})'
    with sample_claims():
        root = write_sample(tmp_path / "sample", PAGE.replace("check(twice, [((1,), 2)])", hints))
        assert main(["--root", str(root), "--edition", "course", "--out", str(tmp_path / "course")]) == 0
    blank = read_notebook(tmp_path / "course", "otter", "part/page")
    squared = {"import math": "import math\n\ndef twice(x):\n    return x**2"}
    handed_in = {
        ("ann", "page"): read_notebook(tmp_path / "course", "autograder", "part/page"),
        ("bob", "page"): answered(blank, squared, crash=True),
        ("cy", "broken"): "no notebook",
        ("cy", "other"): {"cells": [], "metadata": {"otter": {"assignment_name": "part/none"}}},
        ("cy", "own"): {"cells": [], "metadata": {}},
    }
    printed, rows = marks(otter, tmp_path / "course", handed_in, tmp_path)
    assert (
        "ann  part/page  1 of 1" in printed
        and "bob  part/page  0 of 1\n    ex-twice: ✗ Not quite. You squared." in printed
    )
    told = {(row["student"], row["exercise"]): (row["points"], row["of"], row["hint"]) for row in rows[:3]}
    assert told["ann", "ex-twice"] == ("1.0", "1.0", "")
    assert told["bob", "ex-twice"] == ("0.0", "1.0", "✗ Not quite. You squared.")
    assert [row["hint"] for row in rows if row["student"] == "bob"][
        1
    ] == "a cell stopped: ZeroDivisionError: division by zero"
    broken, other, own = (row["hint"] for row in rows if row["student"] == "cy")
    assert broken.startswith("broken.ipynb is no notebook: ")
    assert other == "other.ipynb is of the page part/none, for which there is no none.zip here"
    assert own == "own.ipynb is not a notebook of the otter edition"

    path = tmp_path / "bob.ipynb"  # what bob saw when he ran it himself
    path.write_text(json.dumps(handed_in["bob", "page"]), encoding="utf-8")
    python, environment = otter
    convert = [python, "-m", "nbconvert", "--execute", "--allow-errors", "--to", "notebook", "--inplace", str(path)]
    colab_environment.run(*convert, env=environment)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    (shown, points) = next(cell["outputs"] for cell in cells if "check" in cell["metadata"].get("tags", []))
    assert "SelfCheck: ✗ Not quite. You squared." in "".join(shown["data"]["text/html"])
    assert (
        points["output_type"] == "execute_result" and float("".join(points["data"]["text/plain"])) == 0
    )  # for nbgrader
    assert (tmp_path / "checks" / "ex-twice.py").read_text(encoding="ascii").startswith("OK_FORMAT = False")


@pytest.mark.skipif(not ALL_ANSWERS, reason="`make otter`, once a week, goes an instructor's way from fork to marks")
def test_an_instructor_forks_adopts_hands_out_collects_and_grades(tmp_path, otter):
    fork, pages = tmp_path / "fork", ["experts/paths", "experts/gating", "kernels/overlap"]
    colab_environment.run("git", "clone", "--quiet", str(ROOT), str(fork))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(fork), str(fork / "book" / "_ext")])}
    for command in (
        ["adopt", "Some-One/a.fork"],
        ["export_notebooks", "--edition", "course", "--pages", " ".join(pages)],
    ):
        command[0] = f"dlgn_site.{command[0]}"
        colab_environment.run(sys.executable, "-m", *command, cwd=fork, env=environment)
    course, out = fork / "_build" / "course", tmp_path / "desk"
    handed_in = {}
    mistakes = {
        "def count_paths": "def count_paths(width, depth):\n    return width * depth",
        "def expert": "def expert(weights, path, x):\n    return 1 / 0",
        "smallest_bias": "smallest_bias = -1",
    }
    for page in pages:
        blank = read_notebook(course, "otter", page)
        assert "git+https://github.com/Some-One/a.fork@main" in json.dumps(blank)
        handed_in["solved", page] = read_notebook(course, "autograder", page)
        handed_in["untouched", page] = blank
        handed_in["mistaken", page] = answered(blank, mistakes, crash=True)
    printed, rows = marks(otter, course, handed_in, out)
    points = {page: sum(export_otter.POINTS[e.difficulty] for e in DATA[page].exercises) for page in pages}
    for page, possible in points.items():
        assert f"solved  {page}  {possible} of {possible}\n" in printed
        assert f"untouched  {page}  0 of {possible}\n" in printed
    assert not any(row["hint"] for row in rows if row["student"] == "solved")
    assert all("Not yet" in row["hint"] for row in rows if row["student"] == "untouched")
    told = {row["exercise"]: row["hint"] for row in rows if row["student"] == "mistaken"}
    assert "You added up the units." in told["ex-count-paths"] and "ZeroDivisionError" in told["ex-expert"]
    assert "There the pieces appear" in told["ex-merge"]
    assert sum("a cell stopped: ZeroDivisionError" in row["hint"] for row in rows) == len(pages)
