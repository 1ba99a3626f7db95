"""Claims: every number in the prose of the book is registered in `book/claims.yml`, measured on a page and checked.

A build stops at a false claim; a learner who changes a seed sees a cross and goes on. Page: claims.
"""

import difflib
import html
import json
import math
import os
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import yaml

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_NEEDS = re.compile(
    rf"(?P<op><=|>=|<|>|==) *(?P<bound>{_NUMBER})|(?P<low>{_NUMBER}) *\.\. *(?P<high>{_NUMBER})|= (?P<text>.+)"
)
_COMPARE = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__, "==": float.__eq__}
_SHOW = {"median": statistics.median, "min": min, "max": max}
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


class ClaimError(AssertionError):
    """A claim of the book does not hold (only raised in builds and tests)."""


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
    unit: str = "seeds"  # what the several values belong to: "seeds", "nets"
    spread: dict | list | None = (
        None  # from where to where the value goes on other machines (`make elsewhere`), if it moves
    )


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check: what was measured, whether it holds, and the line a reader sees."""

    id: str
    holds: bool
    shown: str  # the measured value as printed in prose
    line: str
    over: str = "–"  # how many seeds or nets it was measured over

    def _repr_html_(self) -> str:
        kind, mark = ("holds", "✓") if self.holds else ("fails", "✗")
        data = html.escape(json.dumps(asdict(self), ensure_ascii=False))
        style = "font-size:.9em;padding:.1em .6em;border-left:3px solid currentColor"
        return f'<p class="dlgn-claim {kind}" data-claim="{data}" style="{style}">{mark} {html.escape(self.line)}</p>'

    def __repr__(self) -> str:
        return f"{'✓' if self.holds else '✗'} {self.line}"


def in_build() -> bool:
    """Return whether this is a build of the site or a test (environment variable `DLGN_BUILD`), not a reader's session."""
    return os.environ.get("DLGN_BUILD", "0") not in ("", "0")


def register_path() -> Path:
    """Return the path of claims.yml: beside a source checkout's pages, or inside the installed package."""
    here = Path(__file__).parent
    source = here.parent / "book" / "claims.yml"
    return source if source.exists() else here / "_book" / "claims.yml"


@cache
def registry() -> dict[str, Claim]:
    """Return all registered claims by id."""
    entries = yaml.safe_load(register_path().read_text(encoding="utf-8")) or {}
    return {key: Claim(id=key, **entry) for key, entry in entries.items()}


def find(claim_id: str) -> Claim:
    """Return the claim with this id, or raise KeyError with the nearest ids."""
    try:
        return registry()[claim_id]
    except KeyError:
        near = difflib.get_close_matches(claim_id, registry(), n=3)
        raise KeyError(f"no claim {claim_id!r} in book/claims.yml; nearest: {', '.join(near) or 'none'}") from None


def show_number(value: float, form: str = "{:.3g}") -> str:
    """Return the number as prose prints it, powers of ten as such.

    >>> show_number(4.1e-15, "{:.1e}"), show_number(16777216, "{:,}")
    ('4.1·10⁻¹⁵', '16,777,216')
    """
    if not value:
        return "0"
    text = form.format(value)
    if "e+" in text and abs(value) < 1e6:  # 160, not 1.6·10²
        text = f"{float(text):,.0f}"
    return _powers(text)


def last_place(value: float, form: str = "{:.3g}") -> float:
    """Return what one unit in the last printed digit of a number is worth.

    >>> last_place(0.4712, "{:.2f}"), last_place(157, "{:.2g}"), last_place(4.1e-15, "{:.0e}"), last_place(1440000, "{:,}")
    (0.01, 10.0, 1e-15, 1.0)
    """
    digits, kind = re.fullmatch(r"\{:[+,]*(?:\.(\d+))?([a-z]?)\}", form).groups()
    if kind == "f":
        return float(f"1e-{digits}")
    if kind not in "eg" or not kind:
        return 1.0
    exponent = math.floor(math.log10(abs(value))) if value else 0
    return float(f"1e{exponent - int(digits) + (kind == 'g')}")


def _powers(text: str) -> str:
    """Write 4.1e-15 as 4.1·10⁻¹⁵, and 1e-12 as 10⁻¹²."""
    text = re.sub(
        r"(?<![\d.])1e([-+]?)0*(\d+)", lambda m: "10" + (m[1].strip("+") + m[2]).translate(_SUPERSCRIPT), text
    )
    return re.sub(r"(?<=\d)e([-+]?)0*(\d+)", lambda m: "·10" + (m[1].strip("+") + m[2]).translate(_SUPERSCRIPT), text)


def _shown(claim: Claim, values: Sequence) -> str:
    if isinstance(values[0], str):
        return values[0]
    if claim.show == "bound":
        return _powers(re.sub(r"^[<>=]+ *", "", claim.needs).replace(" .. ", " to "))
    if claim.show == "range":
        low, high = (show_number(f(values), claim.format) for f in (min, max))
        return low if low == high else f"{low} to {high}"
    return show_number(_SHOW[claim.show](values), claim.format)


def plain(text: str) -> str:
    """Return a printed value in the plain notation that `float` reads.

    >>> plain("4.1·10⁻¹⁵"), plain("16,777,216"), plain("10⁻⁹ to 1")
    ('4.1e-15', '16777216', '1e-9 to 1')
    """
    text = re.sub(r"·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "e" + m[1].translate(_PLAIN), text.replace(",", ""))
    return re.sub(r"10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "1e" + m[1].translate(_PLAIN), text)


def agree(claim: Claim, shown: str) -> bool:
    """Return whether a build prints what is registered: the same words, numbers apart by no more than is known to move.

    That is one unit in the last printed digit, and the spread over machines.

    >>> share = Claim("share", "a share", "this book", "intro", "> 0", "0.97 to 1.00", "range", "{:.2f}")
    >>> agree(share, "0.96 to 1.00"), agree(share, "0.95 to 1.00"), agree(share, "about 1.00")
    (True, False, False)
    """
    one, other = (plain(text) for text in (_registered(claim), shown))
    if re.sub(_NUMBER, "#", one) != re.sub(_NUMBER, "#", other):
        return False
    slack = max((high - low for low, high in _printed(claim)), default=0)
    pairs = zip(*([float(n) for n in re.findall(_NUMBER, text)] for text in (one, other)), strict=True)
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
    for sign, text in (("<=", "≤"), (">=", "≥"), ("==", "exactly"), ("=", "exactly")):
        if needs.startswith(sign):
            needs = text + needs.removeprefix(sign)
    return _powers(needs.replace(" .. ", " to "))


def elsewhere_text(claim: Claim) -> str:
    """Return from where to where the printed value goes on other machines, as the ledger says it."""
    if claim.spread is None:
        return "the same"
    ends = claim.spread if isinstance(claim.spread, list) else [end for pair in _printed(claim) for end in pair]
    if not ends:
        return "within the bound"
    if isinstance(ends[0], str):
        return " or ".join(ends)
    low, high = (show_number(end, claim.format) for end in (min(ends), max(ends)))
    return low if low == high else f"{low} to {high}"


def flat(measured: object) -> list:
    """Return a measurement as a flat list of numbers or texts; whole numbers become `int`."""
    if isinstance(measured, str):
        return [measured]
    if hasattr(measured, "tolist"):
        measured = measured.tolist()
    if isinstance(measured, Iterable):
        return [value for part in measured for value in flat(part)]
    return (
        [int(measured) if measured == int(measured) else float(measured)]
        if math.isfinite(measured)
        else [float(measured)]
    )


def check_claim(claim_id: str, measured: object, seeds: int | Sequence[int] | None = None) -> Verdict:
    """Return the verdict on a measurement; arguments as for `claim`.

    Raises:
        KeyError: if the id is not registered.
        ValueError: if nothing was measured, or the number of values is not the number of seeds.
    """
    claim, values = find(claim_id), flat(measured)
    names = list(range(seeds)) if isinstance(seeds, int) else seeds and list(seeds)
    if not values or (names and len(values) != len(names)):
        raise ValueError(
            f"measured of claim {claim_id!r} must hold one value per seed ({seeds}), got {len(values)} values"
        )
    good = [satisfies(value, claim.needs) for value in values]
    shown = _shown(claim, values)
    count = f"{sum(good)} of {len(values)} {claim.unit}: " if names else ""
    line = (
        f"{count}{claim.statement}: {shown} (needs {needs_text(claim.needs)}{f' in all {claim.unit}' if names else ''})"
    )
    if not all(good):
        wrong = [(n, v) for n, v, g in zip(names or values, values, good, strict=True) if not g]
        line += "; " + _by_how_much(wrong, claim.needs, bool(names))
    return Verdict(claim_id, all(good), shown, line, f"{len(values)} {claim.unit}" if names else "–")


def _by_how_much(wrong: list[tuple], needs: str, named: bool) -> str:
    bounds = [float(b) for b in re.findall(_NUMBER, needs)] if not needs.startswith("= ") else []
    parts = []
    for name, value in wrong[:5]:
        off = f", off by {min(abs(value - b) for b in bounds):.3g}" if bounds and math.isfinite(value) else ""
        parts.append((f"seed {name}: " if named else "") + f"measured {value}{off}")
    return "; ".join(parts)


def claim(claim_id: str, measured: object, seeds: int | Sequence[int] | None = None) -> None:
    """Check a measurement against the registered claim and show ✓ or ✗ with the number.

    Args:
        claim_id: its id in `book/claims.yml`.
        measured: a number, a text, or (as list, array or tensor) one number per seed; every one must satisfy the claim.
        seeds: how many seeds, or which, the values belong to; None if no seed is involved.

    Raises:
        dlgn_lib.claims.ClaimError: if the claim is false and this is a build or a test. A learner only sees the ✗.
        KeyError: if the id is not registered.
    """
    from IPython.display import display

    verdict = check_claim(claim_id, measured, seeds)
    display(verdict)
    if not verdict.holds and in_build():
        raise ClaimError(f"claim {claim_id!r} (page {find(claim_id).page}) is false: {verdict.line}")
