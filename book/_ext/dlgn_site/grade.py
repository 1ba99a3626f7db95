"""Grade notebooks that students hand in, with Otter-Grader, all on this computer.

    python grade.py submissions             # a folder for each student, with the notebooks in it

Needs otter-grader 7, the book's library and what it needs, in one environment. This file lies beside the zips of the
autograder edition, which hold the tests; a notebook tells which page it is. Every cell of a notebook is run, but for
the figures. Prints a table of points, and writes marks.csv: for each student and exercise the points and the hint.

Code of students runs here with your rights: in a container or an account of its own it can do no harm.
"""

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIELDS = ("student", "notebook", "exercise", "points", "of", "hint")
NO_FIGURES = "import dlgn_lib\n\ndlgn_lib.explore = dlgn_lib.show = lambda *given, **options: None"


def page_of(notebook: Path) -> str:
    """Return the page that a notebook is of, e.g. "experts/paths".

    Raises ValueError, as a sentence for the table, if it is no notebook or none of the otter edition.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))
        return str(cells["metadata"]["otter"]["assignment_name"])
    except (ValueError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"is no notebook: {error}") from error
    except KeyError as error:
        raise ValueError("is not a notebook of the otter edition") from error


def without_figures(notebook: Path, folder: Path) -> Path:
    """Return a copy of a notebook in a folder, in which figures are not drawn, since nobody sees them."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    cells = content["cells"]
    places = [place for place, cell in enumerate(cells) if "setup" in cell.get("metadata", {}).get("tags", [])]
    cell = {"cell_type": "code", "execution_count": None, "id": "no-figures", "metadata": {}, "outputs": []}
    cells.insert(places[0] + 1 if places else 0, cell | {"source": NO_FIGURES})
    copy = folder / notebook.name
    copy.write_text(json.dumps(content), encoding="utf-8")
    return copy


def hint_of(message: str) -> str:
    r"""Return what the student is told, out of what Otter prints for a test that fails.

    >>> hint_of("Test case failed\nError at line 3 in test ex:\n  raise SelfCheck(message)\nSelfCheck: Not yet.")
    'Not yet.'
    """
    return re.split(r"^Error at .*\n.*\n(?:SelfCheck: )?", message, maxsplit=1, flags=re.MULTILINE)[-1]


def grade_one(notebook: Path, autograder: Path) -> dict:
    """Return what Otter finds: the exercises with points and hints, and the first cell that stopped, if one did."""
    from otter.api import grade_submission

    results = grade_submission(str(notebook), str(autograder), quiet=True)
    exercises = []
    for name, test in results.results.items():
        failed = [result for result in test.test_case_results if not result.passed]
        hint = hint_of(failed[0].message) if failed else ""
        if failed and failed[0].test_case.hidden:
            hint = f"The self-check is content, the solution differs. {hint}"
        exercises.append({"exercise": name, "points": test.score, "of": test.possible, "hint": hint})
    cells = results.notebook.cells if results.notebook else []
    errors = [f"{out.ename}: {out.evalue}" for cell in cells for out in cell.get("outputs", []) if "ename" in out]
    failure = str(results.catastrophic_error) if results.catastrophic_error else ""
    return {"exercises": exercises, "stopped": errors[0] if errors else "", "failure": failure}


def graded(notebook: Path, autograders: Path, minutes: float) -> list[dict]:
    """Return the rows of one notebook; what goes wrong is a row without an exercise, whose hint says what."""
    try:
        page = page_of(notebook)
        autograder = autograders / f"{page}.zip"
        if not autograder.is_file():
            raise ValueError(f"is of the page {page}, for which there is no {autograder.name} here")
    except ValueError as error:
        return [{"notebook": notebook.name, "hint": f"{notebook.name} {error}"}]
    with tempfile.TemporaryDirectory() as scratch:
        answer = Path(scratch, "answer.json")
        given = [without_figures(notebook, Path(scratch)), autograder, answer]
        command = [sys.executable, str(Path(__file__).resolve()), "--one", *map(str, given)]
        environment = os.environ | {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=60 * minutes, env=environment, cwd=scratch
            )
        except subprocess.TimeoutExpired:
            return [{"notebook": page, "hint": f"took more than {minutes:g} minutes and was stopped"}]
        if not answer.is_file():
            return [{"notebook": page, "hint": f"could not be graded: {done.stderr.strip()[-300:]}"}]
        found = json.loads(answer.read_text(encoding="utf-8"))
    rows = [{"notebook": page, **exercise} for exercise in found["exercises"]]
    problems = {"a cell stopped": found["stopped"], "could not be graded": found["failure"]}
    return rows + [{"notebook": page, "hint": f"{what}: {text}"} for what, text in problems.items() if text]


def table(rows: list[dict]) -> str:
    """Return the points of every student on every page, and what was noticed, as text."""
    totals: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        total = totals.setdefault((row["student"], row["notebook"]), [0, 0])
        total[0] += row.get("points", 0)
        total[1] += row.get("of", 0)
    lines = []
    for (student, notebook), (points, possible) in totals.items():
        lines.append(f"{student}  {notebook}  {points:g} of {possible:g}")
        own = [row for row in rows if (row["student"], row["notebook"]) == (student, notebook) and row.get("hint")]
        lines += [f"    {row.get('exercise', 'note')}: {row['hint']}" for row in own]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("submissions", nargs="?", type=Path, help="folder with a folder of notebooks for each student")
    parser.add_argument("--autograders", type=Path, default=HERE, help="folder with the zips (where this file lies)")
    parser.add_argument("--out", type=Path, default=Path("marks.csv"), help="the marks (marks.csv)")
    parser.add_argument("--minutes", type=float, default=20, help="after which a notebook is stopped (20)")
    parser.add_argument("--one", nargs=3, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        notebook, autograder, answer = options.one
        answer.write_text(json.dumps(grade_one(notebook, autograder)), encoding="utf-8")
        return 0
    if not (options.submissions and options.submissions.is_dir()):
        print(f"expected a folder of submissions, got {options.submissions}", file=sys.stderr)
        return 1
    rows = []
    for student in sorted(folder for folder in options.submissions.iterdir() if folder.is_dir()):
        notebooks = sorted(file for file in student.rglob("*.ipynb") if ".ipynb_checkpoints" not in file.parts)
        for notebook in notebooks:
            rows += [{"student": student.name} | row for row in graded(notebook, options.autograders, options.minutes)]
    with options.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
