"""Self-checks and stubs; every exercise of the book accepts its solution and knows two likely mistakes."""

import ast
import re
from pathlib import Path

import jupytext
import pytest

from dlgn_lib.exercises import check, stub, verdict

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
    with pytest.raises(AssertionError, match="is never given"):
        check(3, 3, {"this is the right answer": 3})


def test_a_value_exercise_says_no_expected_value():
    assert "7" not in verdict(5, [((), 7)])[1]


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


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_exercises_of_a_page(page):
    text = page.read_text(encoding="utf-8")
    notebook = jupytext.read(page)
    tags = [tag for cell in notebook.cells for tag in cell.metadata.get("tags", []) if tag in ("solution", "check")]
    assert 3 <= text.count("{exercise}") <= 5
    assert tags == ["solution", "check"] * text.count("{exercise}")
    for cell in notebook.cells:
        if "check" in cell.metadata.get("tags", []):
            hints = next(
                keyword.value
                for node in ast.walk(ast.parse(cell.source))
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check"
                for keyword in node.keywords
                if keyword.arg == "hints"
            )
            yes_or_no = re.search(r"check\(\s*\w+,\s*(True|False)\b", cell.source)
            assert len(hints.keys) >= (1 if yes_or_no else 2), f"{page.stem}: too few hints in\n{cell.source}"
