"""What makes a folder of notebooks an edition for a course: a manifest, a page to start from, the licences, one zip."""

import ast
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import dlgn_lib
from dlgn_lib.book.exercises import RIGHT
from dlgn_lib.book.words import noted, said
from dlgn_site.course_data import PageData, read_pages
from dlgn_site.course_pages import missing, session_limit, sessions
from dlgn_site.export_files import Contents, as_bytes

LICENCES = ("LICENSE", "LICENSE-TEXT")
_WHAT = {
    "student": noted("Exercises are stubs with a self-check. No file here holds a solution."),
    "teacher": noted(
        "Solutions stand in place of the stubs; below each self-check is the expected result, and what learners "
        "often answer instead."
    ),
    "otter": noted(
        "Exercises are stubs; Otter-Grader checks an answer when the cell below it is run, and says what a likely "
        "mistake is. No file here holds a solution."
    ),
    "autograder": noted(
        "For the teacher alone. Each zip holds what Otter-Grader tests the answers of one notebook with, also "
        "against the solutions; the notebook beside it is solved, and gets all points."
    ),
}
_NOTEBOOKS = noted(
    "On Colab, upload a notebook (File, Upload notebook) and run its first cell, which installs the library. On "
    'your own computer you need Python 3.11 or newer; run `pip install jupyterlab scikit-learn {}"git+…"` once, '
    "with the address in quotation marks from the first cell, then `jupyter lab` in this folder."
)
_START = {
    "autograder": noted(
        "Students hand in notebooks of the otter edition; put them into a folder for each student. With Python "
        '3.11 or newer run `pip install "otter-grader[grading]==7.0.0" scikit-learn "git+…"` once, with the address in '
        "quotation marks from the first cell of a notebook, then `python grade.py submissions`. It prints points and "
        "hints, and writes `marks.csv`. Code of students runs with your rights."
    ),
}


def expected(check: str) -> str:
    """Return, as Markdown, what a check cell expects and the mistakes it knows, from its code.

    The build of the site runs every solution against it, so what stands here is what the solution gives.

    >>> print(expected('check(twice, [((1,), 2)], hints={"You squared.": lambda x: x**2})'))
    **Expected.** The self-check prints `✓ Right.` if:
    <BLANKLINE>
    - `twice(1)` is `2`
    <BLANKLINE>
    Likely mistakes that it names:
    <BLANKLINE>
    - You squared.
    """
    calls = [node for node in ast.walk(ast.parse(check)) if isinstance(node, ast.Call)]
    call = next(call for call in calls if getattr(call.func, "id", "") == "check")
    given = dict(zip(("answer", "cases", "hints"), call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords}
    answer, cases = ast.unparse(given["answer"]), given["cases"]
    lines = [said("**Expected.** The self-check prints `{right}` if:", right=said(RIGHT)), ""]
    if isinstance(cases, ast.List) and isinstance(cases.elts[0], ast.Tuple):
        for case in cases.elts:
            arguments, value = case.elts
            called = f"{answer}({', '.join(map(ast.unparse, arguments.elts))})"
            lines.append(said("- `{answer}` is `{value}`", answer=called, value=ast.unparse(value)))
    elif isinstance(cases, ast.Call) and cases.func.id == "Between":
        low, high = map(ast.unparse, cases.args)
        lines.append(said("- `{answer}` is between {low} and {high}", answer=answer, low=low, high=high))
    else:
        lines.append(said("- `{answer}` is `{value}`", answer=answer, value=ast.unparse(cases)))
    hints = [key.value for key in given["hints"].keys] if "hints" in given else []
    return "\n".join(
        [*lines, *(["", said("Likely mistakes that it names:"), ""] if hints else []), *(f"- {h}" for h in hints)]
    )


def facts(page: PageData) -> str:
    """Return the line under a title: how long page and exercises take."""
    minutes = said("{count} minutes", count=page.minutes)
    return f"*{minutes}" + (said(", and {count} for the exercises", count=page.working) if page.exercises else "") + "*"


def _links(names: Iterable[str], pages: dict[str, PageData], here: Sequence[str], site: str) -> str:
    """Return links to pages: to the notebook if the edition has it, else to the page on the site."""
    targets = {name: f"{name}.ipynb" if name in here else _address(site, name) for name in names}
    return ", ".join(f"[{pages[name].title}]({target})" for name, target in targets.items())


def _address(site: str, name: str) -> str:
    return f"{site}book/{name}.html"


def _plan(
    pages: dict[str, PageData], plan: list[list[str]], limit: int, lacking: Iterable[str], site: str
) -> list[str]:
    """Return the section of the README that is a plan of the course."""
    here = [name for session in plan for name in session]
    lines = [
        "## Plan",
        "",
        f"Sessions of {limit} minutes, with all exercises where they fit. Choose fewer, and a session takes more pages.",
        "",
        "| session | pages | minutes | minutes of exercises |",
        "|---|---|---|---|",
    ]
    for number, session in enumerate(plan, 1):
        minutes, working = (sum(getattr(pages[name], what) for name in session) for what in ("minutes", "working"))
        lines.append(f"| {number} | {_links(session, pages, here, site)} | {minutes} | {working} |")
    lines.append("")
    if lacking:
        lines += [f"Read before, on the site, since these pages need it: {_links(lacking, pages, here, site)}.", ""]
    return lines


def _readme(title: str, edition: str, pages: dict[str, PageData], names: Sequence[str], plan: list[str]) -> str:
    lines = [
        said("# {title}: {edition} edition", title=title, edition=edition),
        "",
        said("Version {version}.", version=dlgn_lib.__version__) + f" {said(_WHAT[edition])}",
        "",
        said(_START.get(edition, _NOTEBOOKS)).format("otter-grader==7.0.0 " if edition == "otter" else ""),
        "",
        said("| notebook | minutes | exercises | minutes of exercises |"),
        "|---|---|---|---|",
    ]
    for name in names:
        page = pages[name]
        lines.append(f"| [{page.title}]({name}.ipynb) | {page.minutes} | {len(page.exercises)} | {page.working} |")
    text = said("Text and figures: CC BY 4.0 (`LICENSE-TEXT` has a credit to copy). Code: MIT (`LICENSE`).")
    return "\n".join([*lines, "", *plan, text, said("`manifest.json` lists every file with its checksum."), ""])


def edition_files(
    root: Path, title: str, site: str, edition: str, notebooks: Contents, chosen: Sequence[str] | None = None
) -> Contents:
    """Return path -> content of every file of an edition: its notebooks, a README, the licences and the manifest.

    Args:
        root: folder of the book.
        title: of the book.
        site: its address, which ends in a slash; links to pages that the edition has not lead there.
        edition: one of those of a course.
        notebooks: path -> text of each notebook, as `export_notebooks.export` gives them.
        chosen: the pages of the course, in its order, for which a plan is made; all pages if not given.
    """
    pages = read_pages(root)
    names = [name for name in chosen or pages if f"{name}.ipynb" in notebooks]
    lacking = missing(pages, chosen or names)
    limit = session_limit(root) if chosen else 0
    plan = sessions(pages, chosen, limit) if chosen else []
    files = {f"{name}.ipynb": notebooks[f"{name}.ipynb"] for name in names} | notebooks
    files |= {name: (root / name).read_text(encoding="utf-8") for name in LICENCES if (root / name).is_file()}
    if edition == "autograder":
        files["grade.py"] = Path(__file__).with_name("grade.py").read_text(encoding="utf-8")
    files["README.md"] = _readme(title, edition, pages, names, _plan(pages, plan, limit, lacking, site) if plan else [])
    entries = [
        {
            "file": f"{name}.ipynb",
            "title": page.title,
            "minutes": page.minutes,
            "needs": [f"{need}.ipynb" if need in names else _address(site, need) for need in page.needs],
            "exercises": [asdict(exercise) for exercise in page.exercises],
        }
        for name in names
        for page in [pages[name]]
    ]
    manifest = {
        "title": title,
        "version": dlgn_lib.__version__,
        "edition": edition,
        "notebooks": entries,
        **({"plan": [[f"{name}.ipynb" for name in session] for session in plan]} if plan else {}),
        "sha256": {name: hashlib.sha256(as_bytes(content)).hexdigest() for name, content in files.items()},
    }
    return files | {"manifest.json": json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"}
