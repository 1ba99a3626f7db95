"""Exercises: the self-check a learner runs, and the stub derived from a solution.

Course: course/teaching. Sources hold the solution only; everything else is made from it.
"""

import ast
import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from dlgn_lib.book.build import in_build
from dlgn_lib.book.words import noted, said

RIGHT = noted("✓ Right.")
_TODO = noted("your code here")


@dataclass(frozen=True)
class Between:
    """All numbers from `low` to `high`: a right answer, or a mistake, of an exercise that trains or measures.

    >>> check(0.7, Between(0.61, 0.8), {"That is before training.": Between(0.2, 0.45), "All of them?": 1})
    ✓ Right.
    """

    low: float
    high: float


def _value(answer: object, args: tuple) -> object:
    return answer(*copy.deepcopy(args)) if callable(answer) else answer  # an answer may change its arguments


def _same(a: object, b: object) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        return a.strip().casefold() == b.strip().casefold()
    if isinstance(b, set):  # one hint for several wrong values
        return any(_same(a, value) for value in b)
    try:
        a = torch.as_tensor(a, dtype=torch.float64)
        if isinstance(b, Between):
            return a.ndim == 0 and b.low <= a.item() <= b.high
        b = torch.as_tensor(b, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        return bool(a == b)
    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-4, atol=1e-9)  # float32 answers are fine


def _other_kind(got: object, expected: object) -> str:
    """Return what to say if an answer is not even of the kind that is asked for."""
    if isinstance(expected, str) or isinstance(got, str):
        return "" if isinstance(expected, str) else said(" Give a number, without quotation marks.")
    try:
        given, asked = (
            tuple(torch.as_tensor(value).shape) for value in (got, 0 if isinstance(expected, Between) else expected)
        )
    except (TypeError, ValueError, RuntimeError):
        return ""
    if given == asked:
        return ""
    if not given:
        return said(" The answer is a list or vector of {count}, yours is a single number.", count=asked[0])
    if not asked:
        return said(" The answer is a single number.")
    return said(" The answer has the shape {asked}, yours {given}.", asked=asked, given=given)


def verdict(answer: object, cases: Sequence[tuple], hints: Mapping[str, object] | None = None) -> tuple[bool, str]:
    """Return (accepted, message) for a learner's answer; arguments as for `check`, with a value as the case ((), value).

    >>> verdict(6, [((), 9)], {"You added; choices in different layers multiply.": 6})
    (False, '✗ Not quite. You added; choices in different layers multiply.')
    """
    if answer is ...:
        return False, said("Not yet: replace the dots by your answer and run this cell again.")
    results = []
    for args, _ in cases:
        try:
            results.append(_value(answer, args))
        except Exception as error:  # whatever a learner's code raises is part of the answer to them
            told = f"{type(error).__name__}: {error}"
            return False, said("✗ Your code stopped for the input {args}: {error}", args=args, error=told)
        if results[-1] is None or results[-1] is ...:
            if callable(answer):
                return False, said(
                    "Not yet: your function gives nothing back. Replace the dots and `return` your answer."
                )
            return False, said("Not yet: give your answer.")
    if all(_same(result, expected) for result, (_, expected) in zip(results, cases, strict=True)):
        return True, said(RIGHT)
    for hint, wrong in (hints or {}).items():
        if all(_same(result, _value(wrong, args)) for result, (args, _) in zip(results, cases, strict=True)):
            return False, said("✗ Not quite. {hint}", hint=hint)
    args, got, expected = next((a, r, e) for r, (a, e) in zip(results, cases, strict=True) if not _same(r, e))
    kind = _other_kind(got, expected)
    if not callable(answer):
        kind = kind or said(" Go through it once more, step by step.")
        return False, said("✗ Not quite: {got} is not it.", got=got) + kind
    given = str(args) if len(str(args)) < 80 else said("of one test case")
    told = said(
        "✗ Not quite: for the input {given} the answer is {expected}, yours gives {got}.",
        given=given,
        expected=expected,
        got=got,
    )
    return False, told + kind


def _examples(wrong: object) -> list:
    """Return the wrong answers that stand behind one hint."""
    if isinstance(wrong, Between):
        return [wrong.low + part * (wrong.high - wrong.low) for part in (0.01, 0.5, 0.99)]
    return [example for one in wrong for example in _examples(one)] if isinstance(wrong, set) else [wrong]


def check(answer: object, cases: Sequence[tuple] | object, hints: Mapping[str, object] | None = None) -> None:
    """Print whether an answer to an exercise is right, or a hint that names the mistake.

    Args:
        answer: a value, or a function that is called on each case; `...` counts as not answered yet.
        cases: pairs (arguments, expected) for a function; for a value, the expected value itself.
        hints: hint -> the value, or function of the same arguments, that a learner with this mistake arrives at; a set
            of values, or `Between`, gives one hint to several.

    Raises:
        AssertionError: in builds and tests only, if the answer (there, the solution) is not accepted, if there are
            fewer than two hints, or if one of their wrong answers is accepted or gets another message.

    >>> check(9, 9, {"You added; choices in different layers multiply.": 6, "Base and exponent are swapped.": 8})
    ✓ Right.
    """
    if isinstance(cases, (list, tuple)) and cases and isinstance(cases[0], tuple):
        wanted, got, tried = noted("a function"), noted("a value"), list(cases)
    else:
        wanted, got, tried = "a value", "a function", [((), cases)]
    if callable(answer) == (wanted == "a function") or answer is ...:
        accepted, message = verdict(answer, tried, hints)
    else:
        told = said("✗ Not quite: the answer should be {wanted}, yours is {got}.", wanted=said(wanted), got=said(got))
        accepted, message = False, told
    print(message)
    if in_build():
        assert accepted, message
        assert hints and len(hints) >= 2, f"an exercise answers at least two likely mistakes with hints, got {hints}"
        for hint, wrong in hints.items():
            for mistake in _examples(wrong):
                got_said = verdict(mistake, tried, hints)
                assert got_said == (False, said("✗ Not quite. {hint}", hint=hint)), (
                    f"the hint {hint!r} is not given to {mistake}, but {got_said}"
                )


def _given(lines: list[str], node: ast.stmt) -> bool:
    return lines[(node.end_lineno or node.lineno) - 1].rstrip().endswith("# given")


def stub(code: str) -> str:
    r"""Return what a learner gets instead of the solution `code`.

    Imports, and lines that end in `# given`, stay. A function keeps its signature and docstring, an assignment its
    name; what they do is left to the learner. Everything else goes.

    Raises:
        ValueError: if a function stands on one line.

    >>> print(stub('def twice(x):\n    "Return 2x."\n    return 2 * x\nlimit = twice(4)'))
    def twice(x):
        "Return 2x."
        ...  # your code here
    limit = ...  # your code here
    """
    lines, kept = code.splitlines(), []
    for node in ast.parse(code).body:
        source = lines[node.lineno - 1 : node.end_lineno]
        if isinstance(node, (ast.Import, ast.ImportFrom)) or _given(lines, node):
            kept += source
        elif isinstance(node, ast.FunctionDef):
            kept += ["", ""] if kept else []
            kept += _function_stub(lines, node)
        elif isinstance(node, ast.Assign):
            kept.append(" = ".join(ast.unparse(target) for target in node.targets) + f" = ...  # {said(_TODO)}")
    return "\n".join(kept)


def _function_stub(lines: list[str], node: ast.FunctionDef) -> list[str]:
    first, *rest = node.body
    if first.lineno == node.lineno:
        raise ValueError(f"a solution's function must have more than one line, got {lines[node.lineno - 1]!r}")
    has_doc = ast.get_docstring(node) is not None
    head_end = first.end_lineno if has_doc else first.lineno - 1
    body = rest if has_doc else node.body
    given = [line for part in body if _given(lines, part) for line in lines[part.lineno - 1 : part.end_lineno]]
    start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    return [*lines[start - 1 : head_end], *given, f"{' ' * first.col_offset}...  # {said(_TODO)}"]
