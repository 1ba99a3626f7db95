"""Exercises that are answered in the page: what the answer is, and what the likeliest mistakes are told, without a kernel.

The self-check of an exercise is a call of `check`. Where its answer is a number, a few numbers or a word, the page has a form
that `answers.js` checks as `check` would, from a key in the page. An exercise that asks for code has a link to Colab instead.
"""

import ast
import html
import json
import math
from dataclasses import dataclass, field

from dlgn_lib.book import Between
from dlgn_lib.book.words import for_script, noted, said

_NAMES = {"Between": Between, "math": math, "round": round, "range": range, "sum": sum, "set": set}

#: what `answers.js` says, with places in braces
_SAID = (
    noted("Not yet: give your answer."),
    noted("Not yet: write numbers like 0.25, −3 or 1/4."),
    noted("Not yet: {count} numbers are asked for, you gave {given}."),
    noted("✓ Right."),
    noted("✗ Not quite. {hint}"),
    noted("✗ Not quite: {got} is not it. Go through it once more, step by step."),
)


@dataclass(frozen=True)
class Key:
    """What a form is checked against.

    Args:
        kind: "choice", "number" or "numbers".
        right: the answer, as `_plain` gives it.
        hints: pairs (hint, wrong answers).
        choices: what can be chosen, in the order of the alphabet.
    """

    kind: str
    right: object
    hints: list[tuple[str, list]]
    choices: list[str] = field(default_factory=list)


def _plain(value: object) -> object:
    """Return a value of a check as JSON can hold it: a range of numbers as {"low": …, "high": …}."""
    if isinstance(value, Between):
        return {"low": value.low, "high": value.high}
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def _wrong(value: object) -> list:
    return [_plain(one) for part in value for one in _wrong(part)] if isinstance(value, set) else [_plain(value)]


def _kind(value: object) -> str | None:
    if isinstance(value, str):
        return "choice"
    if isinstance(value, (int, float, Between)) and not isinstance(value, bool):
        return "number"
    if isinstance(value, (list, tuple)) and value and all(isinstance(one, (int, float)) for one in value):
        return "numbers"
    return None


def key(code: str) -> Key | None:
    """Return the key of a self-check; None if it asks for a function, or for what only a kernel knows.

    >>> key('check(factor, 3, hints={"Too low.": {1, 2}, "All?": Between(80, 82)})').hints
    [('Too low.', [1, 2]), ('All?', [{'low': 80, 'high': 82}])]
    >>> key('check(where, "up", hints={"No.": "down", "Why?": "neither"})').choices
    ['down', 'neither', 'up']
    >>> key("check(double, [((2,), 4)], hints={})") is None
    True
    """
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    call = next(node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "check")
    given = dict(zip(("answer", "cases"), call.args, strict=False)) | {word.arg: word.value for word in call.keywords}
    given.setdefault("hints", ast.Dict([], []))
    try:
        right, hints = (
            eval(compile(ast.Expression(given[name]), "check", "eval"), dict(_NAMES)) for name in ("cases", "hints")
        )
    except (NameError, TypeError):  # made by other cells
        return None
    kind = _kind(right)
    if kind is None:
        return None
    wrong = [
        (hint, [one for one in _wrong(value) if isinstance(one, str) == (kind == "choice")])
        for hint, value in hints.items()
    ]
    choices = sorted({right, *(one for _, values in wrong for one in values)}) if isinstance(right, str) else []
    return Key(kind, _plain(right), wrong, choices)


def form(key: Key, name: str, text: str = "") -> str:
    """Return the form of an exercise as HTML; it shows itself where scripts run.

    Args:
        key: what it is checked against.
        name: of its input, another one for each exercise of a page.
        text: of the exercise; only words that stand in it in quotation marks can be chosen, if there are such.
    """
    if key.kind == "choice":
        options = "".join(
            f'<label><input type="radio" name="{name}" value="{html.escape(word)}"> {html.escape(word)}</label>'
            for word in [word for word in key.choices if f'"{word}"' in text] or key.choices
        )
        asked = f"<fieldset><legend>{said('Your answer')}</legend>{options}</fieldset>"
    else:
        what = said("Your answer")
        if key.kind != "number":
            what = said("Your {count} numbers, with commas between them", count=len(key.right))
        asked = f'<label>{what} <input type="text" inputmode="text" autocomplete="off" name="{name}" size="14"></label>'
    facts = {"kind": key.kind, "right": key.right, "hints": key.hints} | for_script(_SAID)
    data = json.dumps(facts, ensure_ascii=False).replace("</", "<\\/")
    return (
        f'<form class="dlgn-answer" hidden>{asked} <button type="submit">{said("Check")}</button>'
        f'<p role="status"></p>'
        f'<script type="application/json">{data}</script></form>'
    )
