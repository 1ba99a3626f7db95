"""The register of claims, `book/claims.yml`: every number in the prose of the book, with its bound and how it is printed.

Page: claims.
"""

import difflib
import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import yaml

from dlgn_lib.book.files import register_path
from dlgn_lib.book.words import noted, said
from dlgn_lib.numbers import last_place, plain, show_number, typeset

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_NEEDS = re.compile(
    rf"(?P<op><=|>=|<|>|==) *(?P<bound>{NUMBER})|(?P<low>{NUMBER}) *\.\. *(?P<high>{NUMBER})|= (?P<text>.+)"
)
_COMPARE = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__, "==": float.__eq__}
PRINTED: dict[str, Callable] = {"median": statistics.median, "min": min, "max": max}


@dataclass(frozen=True)
class Claim:
    """One entry of `book/claims.yml`."""

    id: str
    statement: str  # what is claimed, a sentence without the number
    source: str  # where the claim comes from: paper and theorem/figure, or "this book"
    page: str  # the page whose build measures it, e.g. "experts/paths"
    needs: str  # "<= 1e-12", "> 0.65", "0.4 .. 0.6" for every value, or "= text"
    value: float | str  # the registered value: what notebooks print, where nothing was measured yet
    show: str = "median"  # what prose prints: "median", "min", "max" or "range" of the values, or the "bound" they keep
    format: str = "{:.3g}"  # how a number is printed
    unit: str = noted("seeds")  # what the several values belong to: "seeds", "nets"
    spread: dict | list | None = (
        None  # from where to where the value goes on other machines (`make elsewhere`), if it moves
    )
    constant: bool = False  # whether it is what it is by a definition or a proof, so that no seed could change it


@cache
def registry() -> dict[str, Claim]:
    """Return all registered claims by id."""
    text = register_path().read_text(encoding="utf-8")
    ids = re.findall(r"^(\S+):$", text, re.M)
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise ValueError(f"book/claims.yml must register each claim once, but these stand twice: {', '.join(twice)}")
    entries = yaml.safe_load(text) or {}
    return {key: Claim(id=key, **entry) for key, entry in entries.items()}


def find(claim_id: str) -> Claim:
    """Return the claim with this id, or raise KeyError with the nearest ids."""
    try:
        return registry()[claim_id]
    except KeyError:
        near = difflib.get_close_matches(claim_id, registry(), n=3)
        raise KeyError(f"no claim {claim_id!r} in book/claims.yml; nearest: {', '.join(near) or 'none'}") from None


def printed_value(claim: Claim, values: Sequence) -> str:
    """Return what prose prints of the measured values."""
    if isinstance(values[0], str):
        return values[0]
    if claim.show == "bound":
        return typeset(re.sub(r"^[<>=]+ *", "", claim.needs).replace(" .. ", " to "))
    if claim.show == "range":
        low, high = (show_number(f(values), claim.format) for f in (min, max))
        return low if low == high else f"{low} to {high}"
    return show_number(PRINTED[claim.show](values), claim.format)


def agree(claim: Claim, shown: str) -> bool:
    """Return whether a build prints what is registered: the same words, numbers apart by no more than is known to move.

    That is one unit in the last printed digit, and the spread over machines.

    >>> share = Claim("share", "a share", "this book", "intro", "> 0", "0.97 to 1.00", "range", "{:.2f}")
    >>> agree(share, "0.96 to 1.00"), agree(share, "0.95 to 1.00"), agree(share, "about 1.00")
    (True, False, False)
    """
    one, other = (plain(text) for text in (_registered(claim), shown))
    if re.sub(NUMBER, "#", one) != re.sub(NUMBER, "#", other):
        return False
    slack = max((high - low for low, high in _printed(claim)), default=0)
    pairs = zip(*([float(n) for n in re.findall(NUMBER, text)] for text in (one, other)), strict=True)
    return all(
        abs(a - b) <= 1.001 * (max(last_place(a, claim.format), last_place(b, claim.format)) + slack) for a, b in pairs
    )


def _printed(claim: Claim) -> list[tuple[float, float]]:
    """Return from where to where each printed number goes on other machines; nothing for texts and bounds."""
    if claim.spread is None or claim.show == "bound":
        return []
    if isinstance(claim.spread, list):
        return [] if isinstance(claim.spread[0], str) else [tuple(claim.spread)]
    return [tuple(claim.spread[name]) for name in {"range": ("min", "max")}.get(claim.show, (claim.show,))]


def moves(claim: Claim) -> str | None:
    """Return what is wrong with a claim's words or bound, given how far it moves from machine to machine, or None.

    A printed digit must be worth at least the spread (a whole number must not move at all), and the bound must be
    further from the values than these move.
    """
    spread = claim.spread
    if spread is None:
        return None
    if isinstance(spread, list):
        if isinstance(spread[0], str):
            return f"its text differs: {spread}"
        spread = dict.fromkeys(("min", "median", "max"), spread)
    for low, high in _printed(claim):
        place = last_place(max(abs(low), abs(high)), claim.format)
        whole = all(end == int(end) for end in (low, high)) and place <= 1
        if high - low > (0 if whole else 1.001 * place):
            return f"{claim.format} prints digits that do not survive: it goes from {low} to {high}"
    (low, least), (most, high) = spread["min"], spread["max"]
    worst = (low - (least - low), high + (high - most))
    if not all(satisfies(end, claim.needs) for end in worst):
        return f"the bound {claim.needs} lies within the spread: values go from {low} to {high}"
    return None


def registered(claim_id: str) -> str:
    """Return the registered value of a claim as text: what notebooks print."""
    return _registered(find(claim_id))


def _registered(claim: Claim) -> str:
    return claim.value if isinstance(claim.value, str) else show_number(claim.value, claim.format)


def satisfies(value: float | str, needs: str) -> bool:
    """Return whether one value is what `needs` asks for; NaN never is.

    >>> satisfies(0.7, "> 0.65"), satisfies(float("nan"), "<= 1"), satisfies("two pieces", "= two pieces")
    (True, False, True)
    """
    rule = _NEEDS.fullmatch(needs.strip())
    if rule is None:
        raise ValueError(f"needs must read like '<= 1e-12', '0.4 .. 0.6' or '= text', got {needs!r}")
    if rule["text"] is not None:
        return value == rule["text"].strip()
    if isinstance(value, str):
        raise TypeError(f"needs {needs!r} asks for a number, got the text {value!r}")
    if rule["op"]:
        return bool(_COMPARE[rule["op"]](float(value), float(rule["bound"])))
    return float(rule["low"]) <= float(value) <= float(rule["high"])


def needs_text(needs: str) -> str:
    """Return what a claim needs in words and signs.

    >>> needs_text("<= 1e-12"), needs_text("0.3 .. 0.7"), needs_text("== 0"), needs_text("= two pieces")
    ('≤ 10⁻¹²', '0.3 to 0.7', 'exactly 0', 'exactly two pieces')
    """
    for sign, text in (("<=", "≤"), (">=", "≥"), ("==", said("exactly")), ("=", said("exactly"))):
        if needs.startswith(sign):
            needs = text + needs.removeprefix(sign)
    return typeset(needs.replace(" .. ", said(" to ")))


def elsewhere_text(claim: Claim) -> str:
    """Return from where to where the printed value goes on other machines, as the ledger says it."""
    if claim.spread is None:
        return "the same"
    ends: list = claim.spread if isinstance(claim.spread, list) else [end for pair in _printed(claim) for end in pair]
    if not ends:
        return "within the bound"
    if isinstance(ends[0], str):
        return " or ".join(ends)
    low, high = (show_number(end, claim.format) for end in (min(ends), max(ends)))
    return low if low == high else f"{low} to {high}"
