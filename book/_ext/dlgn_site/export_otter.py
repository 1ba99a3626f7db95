"""The tests of the Otter edition: what a student's notebook asks of an answer, and what the teacher's grader asks.

Otter-Grader runs a file of tests for each exercise. The student's file runs the self-check of the page, so that a
likely mistake gets its hint. The grader's file also compares the answer with what the solution gives.
"""

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from dlgn_site.course_data import ExerciseData, PageData
from dlgn_site.export_files import packed
from dlgn_site.export_markdown import ExportError

VERSION = "7.0.0"  # of Otter-Grader, whose format this is
POINTS = {"easy": 1, "medium": 2, "hard": 3}
FOLDER = "checks"  # of the student; not "tests", where the grader has its own
SETUP = f"""\
#@title Otter, which checks the answers of this notebook
import os

try:
    import otter
except ModuleNotFoundError:
    %pip install -q --no-deps otter-grader=={VERSION} dill fica ipylab python-frontmatter wrapt
    import otter

os.makedirs("{FOLDER}", exist_ok=True)
grader = otter.Notebook(tests_dir="{FOLDER}")"""
CHECK = """\
#@title Check: run this cell after yours
result = grader.check("{label}")
display(result)
result.score  # points, of {points}"""
_PUBLIC = '''\
OK_FORMAT = False

import contextlib
import io

from otter.test_files import test_case

from dlgn_lib.book.exercises import RIGHT
from dlgn_lib.book.words import said

name = "{label}"
points = {points}
all_or_nothing = True
CHECK = r"""
{check}
"""


class SelfCheck(Exception):
    pass


@test_case(name="self-check")
def self_check(env):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(CHECK, dict(env))
    message = printed.getvalue().strip()
    if not message.endswith(said(RIGHT)):
        raise SelfCheck(message)
'''
_HIDDEN = '''\


SOLUTION = r"""
{solution}
"""
GIVEN = r"""
{given}
"""
CASES = r"""({cases})"""


@test_case(name="against the solution", hidden=True)
def against_the_solution(env):
    import copy

    from dlgn_lib.book.exercises import Between, verdict

    own = dict(env)
    exec(GIVEN, own)
    cases = eval(CASES, own)
    if isinstance(cases, Between):  # what is trained or measured may come out a little different
        asked = [((), cases)]
    else:
        exec(SOLUTION, own)
        right = own["{answer}"]
        if callable(right):
            asked = [(given, right(*copy.deepcopy(given))) for given, _ in cases]
        else:
            asked = [((), right)]
    accepted, message = verdict(env.get("{answer}", ...), asked)
    if not accepted:
        raise SelfCheck(message)
'''


@dataclass(frozen=True)
class Question:
    """An exercise as Otter asks it.

    `given` is what the self-check stands on: its cell without the call of check, after what it takes from such cells
    further up. `solution` is preceded by those further up that it uses.
    """

    exercise: ExerciseData
    answer: str  # its name
    given: str
    cases: str
    call: str
    solution: str

    @property
    def points(self) -> int:
        """Return what a right answer is worth."""
        return POINTS[self.exercise.difficulty]

    def public(self) -> str:
        """Return the file of tests that the student has."""
        check = _ascii(f"{self.given}\n{self.call}")
        return _PUBLIC.format(label=self.exercise.label, points=self.points, check=check)

    def hidden(self) -> str:
        """Return the file of tests that the grader has: the student's, and the comparison with the solution."""
        parts = {name: _ascii(getattr(self, name)) for name in ("solution", "given", "cases")}
        return self.public() + _HIDDEN.format(answer=self.answer, **parts)


def _ascii(code: str) -> str:
    """Return the same code in ASCII, to be put between triple quotes: Otter reads files in the encoding of the system."""
    short = re.sub(r'"""([^"\n\\]*)"""', r'"\1"', code)  # docstrings of one line
    plain = short.encode("ascii", "backslashreplace").decode()
    if re.search(r"'''|" + '"""', plain) or ast.dump(ast.parse(plain)) != ast.dump(ast.parse(code)):
        raise ExportError(f"cannot be written in ASCII between triple quotes:\n{code}")
    return plain


def _bound(code: str) -> set[str]:
    """Return the names that a cell gives a value, at its top."""
    found = set()
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        else:
            found |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return found


def _with(earlier: Sequence[str], code: str, more: str = "") -> str:
    """Return a cell after those earlier ones that it uses, or that these use; `more` is code that uses them, too."""
    parts, wanted = [code], code + "\n" + more
    for other in reversed(earlier):
        used = {node.id for node in ast.walk(ast.parse(wanted)) if isinstance(node, ast.Name)}
        if _bound(other) & used:
            parts.insert(0, other)
            wanted = f"{other}\n{wanted}"
    return "\n\n\n".join(part for part in parts if part)


def _asked(label: str, check: str) -> tuple[str, str, str, str]:
    """Return what comes before the call in the cell of a self-check, the call, the name of the answer, and the cases."""
    last = ast.parse(check).body[-1]
    call = last.value if isinstance(last, ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "check"):
        raise ExportError(f"{label}: the cell of a self-check must end in check(...)")
    given = dict(zip(("answer", "cases"), call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg in ("answer", "cases")}
    if not isinstance(given["answer"], ast.Name):
        raise ExportError(f"{label}: check(...) must be given the answer by its name")
    lines = check.splitlines()
    before, at = "\n".join(lines[: last.lineno - 1]).strip(), "\n".join(lines[last.lineno - 1 :])
    return before, at, given["answer"].id, ast.get_source_segment(check, given["cases"]) or ""


def questions(page: PageData, cells: list[tuple[str, str]]) -> list[Question]:
    """Return the exercises of a page as questions, from its cells of code as (tag, source) in their order.

    Raises ExportError if a self-check does not end in check(...) of a name.
    """
    solutions = [source for tag, source in cells if tag == "solution"]
    checks = [source for tag, source in cells if tag == "check"]
    found: list[Question] = []
    befores: list[str] = []
    for place, (exercise, check) in enumerate(zip(page.exercises, checks, strict=True)):
        before, call, answer, cases = _asked(exercise.label, check)
        given = _with(befores, before, call)
        found.append(Question(exercise, answer, given, cases, call, _with(solutions[:place], solutions[place])))
        befores.append(before)
    return found


def writing(asked: list[Question]) -> str:
    """Return the cell that writes the student's tests: on Colab they must be files, and a notebook comes alone."""
    lines = [f"#@title The checks of this notebook, written to the folder `{FOLDER}`", "from pathlib import Path", ""]
    for question in asked:
        lines.append(f"Path(\"{FOLDER}\", \"{question.exercise.label}.py\").write_text(r'''{question.public()}''')")
    return "\n".join(lines) + ";"  # no output


def autograder(page: PageData, asked: list[Question]) -> bytes:
    """Return the zip that `otter run -a` takes for the notebook of a page."""
    files = {f"tests/{question.exercise.label}.py": question.hidden() for question in asked}
    config = {"assignment_name": page.name, "lang": "python"}
    return packed(files | {"otter_config.json": json.dumps(config, indent=2) + "\n"})


def nbgrader(grade_id: str, points: int | None = None) -> dict:
    """Return the metadata by which nbgrader knows a cell: the answer, or with `points` the cell that grades it."""
    graded = points is not None
    common = {"schema_version": 3, "grade_id": grade_id, "grade": graded, "locked": graded, "solution": not graded}
    return common | {"task": False} | ({"points": points} if graded else {})
