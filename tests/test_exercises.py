"""Self-checks and stubs; every exercise of the book accepts its solution and knows two likely mistakes."""

import ast
import re
from pathlib import Path

import jupytext
import pytest
import torch

from dlgn_lib.book import Between, check
from dlgn_lib.book.exercises import stub, verdict

BOOK = Path(__file__).parent.parent / "book"
PAGES = sorted(p for p in BOOK.rglob("*.md") if "{exercise}" in p.read_text(encoding="utf-8"))
CASES = [((2, 3), 6), ((1, 5), 5)]
HINTS = {"You added.": lambda a, b: a + b}


@pytest.mark.parametrize(
    ("answer", "accepted", "fragment"),
    [
        (lambda a, b: a * b, True, "Right"),
        (lambda a, b: a + b, False, "You added."),
        (lambda a, b: 0, False, "for the input (2, 3) the answer is 6, yours gives 0"),
        (lambda a, b: None, False, "Not yet"),
        (lambda a, b: ..., False, "Not yet"),
        (..., False, "Not yet"),
        (lambda a: a, False, "TypeError"),
        (lambda a, b: 1 / 0, False, "ZeroDivisionError"),
        (lambda a, b: "text", False, "yours gives text"),
        (lambda a, b: [6, 6], False, "yours gives [6, 6]"),
    ],
)
def test_verdict(answer, accepted, fragment):
    ok, message = verdict(answer, CASES, HINTS)
    assert ok is accepted and fragment in message


def test_check_never_raises_for_a_learner_but_does_in_a_build(monkeypatch, capsys):
    monkeypatch.delenv("DLGN_BUILD", raising=False)
    check(lambda a, b: 1 / 0, CASES)
    check(..., 3)
    assert "Not yet" in capsys.readouterr().out
    monkeypatch.setenv("DLGN_BUILD", "1")
    with pytest.raises(AssertionError, match="Not quite"):
        check(4, 3)


@pytest.mark.parametrize(
    ("expected", "hints", "message"),
    [
        (3, None, "at least two likely mistakes"),
        (3, {"too low": {1, 2}}, "at least two likely mistakes"),
        (3, {"too low": 2, "this is the right answer": 3}, "hint 'this is the right answer' is not given to 3"),
        (3, {"too low": {1, 2}, "too low again": 2}, "hint 'too low again' is not given to 2, .*too low"),
        (3, {"one is the right answer": {2, 3}, "too high": 4}, "is not given to 3"),
        (Between(2, 4), {"reaches into the right": Between(3.9, 5), "too low": 1}, "is not given to 3.9"),
        (3, {"no answer": None, "too low": 2}, "'no answer' is not given to None"),
    ],
)
def test_a_build_tries_every_wrong_answer_of_every_hint(monkeypatch, expected, hints, message):
    monkeypatch.setenv("DLGN_BUILD", "1")
    with pytest.raises(AssertionError, match=message):
        check(3, expected, hints)


def test_a_build_tries_the_wrong_functions_too(monkeypatch):
    monkeypatch.setenv("DLGN_BUILD", "1")
    swapped = {"You subtracted.": lambda a, b: a - b}
    check(lambda a, b: a * b, CASES, HINTS | swapped)
    with pytest.raises(AssertionError, match=r"'You squared\.' is not given to <function"):
        check(lambda a, b: a * b, [((2, 2), 4)], swapped | {"You squared.": lambda a, b: a**2})
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        check(lambda a, b: a * b, CASES, swapped | {"You divided.": lambda a, b: a // (b - b)})


def test_a_value_exercise_says_no_expected_value():
    assert "7" not in verdict(5, [((), 7)])[1]


@pytest.mark.parametrize(
    ("answer", "cases", "said"),
    [
        ("0", [((), 0)], "0 is not it. Give a number, without quotation marks."),
        ("0", [((), Between(0, 1))], "Give a number, without quotation marks."),
        (3, [((), "up")], "3 is not it. Go through it once more, step by step."),
        (7, [((), 3)], "7 is not it. Go through it once more, step by step."),
        ([3], [((), 3)], "[3] is not it. The answer is a single number."),
        (lambda x: 6, [((1,), [7.0])], "The answer is a list or vector of 1, yours is a single number."),
        (lambda x: [[6]], [((1,), [6.0])], "The answer has the shape (1,), yours (1, 1)."),
        (lambda x: [6.0], [((1,), [7.0])], "yours gives [6.0]."),
    ],
)
def test_an_answer_of_another_kind_is_told_so(answer, cases, said):
    ok, message = verdict(answer, cases)
    assert not ok and said in message
    assert message.endswith(said)


def test_a_value_for_a_function_and_the_reverse_are_named(monkeypatch, capsys):
    monkeypatch.delenv("DLGN_BUILD", raising=False)
    check(3, [((2,), 3)])
    check(lambda: 3, 3)
    said = capsys.readouterr().out
    assert "should be a function, yours is a value" in said and "should be a value, yours is a function" in said


def test_an_answer_may_differ_in_case_precision_and_may_change_its_arguments():
    def pops(values):
        values.pop()
        return 1.00001

    assert verdict("Constant ", [((), "constant")])[0]
    arguments = [1, 2]
    assert verdict(pops, [((arguments,), 1.0)])[0] and arguments == [1, 2]
    assert verdict(-0.5, [((), 0)], {"too low": {-0.5, -1}}) == (False, "✗ Not quite. too low")


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [(2.0, True), (3, True), (torch.tensor(2.5), True), (1.9, False), ("two", False), ([2.5], False)],
)
def test_a_range_of_numbers_may_be_the_answer_or_a_mistake(answer, accepted):
    assert verdict(answer, [((), Between(2, 3))])[0] is accepted
    said = verdict(answer, [((), 7)], {"the start": {Between(2, 3), 9}})[1]
    assert ("the start" in said) is accepted


def test_stub_keeps_what_is_given_and_nothing_else():
    code = (
        'import math\n\nn = 3  # given\n\n\ndef area(r):\n    """Return the area."""\n    scale = 2  # given\n'
        "    secret = math.pi * r**2\n    return secret\n\n\nanswer = area(n)\nprint(answer)"
    )
    result = stub(code)
    assert (
        "import math" in result and "n = 3" in result and '"""Return the area."""' in result and "scale = 2" in result
    )
    assert "answer = ...  # your code here" in result
    assert "secret" not in result and "print" not in result and "math.pi" not in result
    ast.parse(result)


def test_stub_of_a_function_in_one_line_is_refused():
    with pytest.raises(ValueError, match="more than one line"):
        stub("def f(x): return x")


def exercises_of(page):
    """Return (solution, check, the call of `check` as a dictionary) of every exercise of a page."""
    found = []
    for cell in jupytext.read(page).cells:
        if "solution" in cell.metadata.get("tags", []):
            solution = cell.source
        elif "check" in cell.metadata.get("tags", []):
            nodes = ast.walk(ast.parse(cell.source))
            call = next(n for n in nodes if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "check")
            given = dict(zip(("answer", "cases"), call.args, strict=False))
            found.append((solution, cell.source, given | {keyword.arg: keyword.value for keyword in call.keywords}))
    return found


def made(code):
    """Return the names that a cell makes at its top level, without those it imports."""
    statements = [s for s in ast.parse(code).body if not isinstance(s, (ast.Import, ast.ImportFrom))]
    names = {s.name for s in statements if isinstance(s, ast.FunctionDef)}
    assigned = (n for s in statements if not isinstance(s, ast.FunctionDef) for n in ast.walk(s))
    return names | {n.id for n in assigned if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_exercises_of_a_page(page):
    text = page.read_text(encoding="utf-8")
    tags = [tag for cell in jupytext.read(page).cells for tag in cell.metadata.get("tags", [])]
    assert 3 <= text.count("{exercise}") <= 5
    assert [tag for tag in tags if tag in ("solution", "check")] == ["solution", "check"] * text.count("{exercise}")
    for _, cell, call in exercises_of(page):
        assert len(call["hints"].keys) >= 2, f"{page.stem}: too few hints in\n{cell}"  # what they do, the build tries
        assert not re.match(r"True|False", ast.unparse(call["cases"])), f"two answers leave one mistake:\n{cell}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_check_depends_on_the_answer_alone(page):
    """A hint that calls the learner's own function would be right in the build, where that is the solution."""
    for solution, cell, call in exercises_of(page):
        (answer,) = {ast.unparse(call["answer"])} & made(solution)
        names = [n for n in ast.walk(ast.parse(cell)) if isinstance(n, ast.Name)]
        loaded = [n.id for n in names if isinstance(n.ctx, ast.Load)]
        assert loaded.count(answer) == 1, f"{answer} is more than the first argument of\n{cell}"
        assert not (made(solution) - made(cell)) & (set(loaded) - {answer}), f"made by the solution, used by\n{cell}"
