"""Claims: every number in the prose of the book is registered, measured on a page and checked.

A build stops at a false claim; a learner who changes a seed sees a cross and goes on. Page: claims.
"""

import html
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dlgn_lib.book.build import in_build
from dlgn_lib.book.register import NUMBER, find, needs_text, printed_value, satisfies
from dlgn_lib.book.words import said


class ClaimError(AssertionError):
    """A claim of the book does not hold (only raised in builds and tests)."""


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


def flat(measured: Any) -> list:
    """Return a measurement as a flat list of numbers or texts; whole numbers become `int`."""
    if isinstance(measured, str):
        return [measured]
    if hasattr(measured, "tolist"):
        measured = measured.tolist()
    if isinstance(measured, Iterable):
        return [value for part in measured for value in flat(part)]
    whole = math.isfinite(measured) and measured == int(measured)
    return [int(measured) if whole else float(measured)]


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
    shown = printed_value(claim, values)
    needs, unit = needs_text(claim.needs), said(claim.unit)
    if names:
        needs = said("{needs} in all {unit}", needs=needs, unit=unit)
    line = said("{statement}: {shown} (needs {needs})", statement=said(claim.statement), shown=shown, needs=needs)
    if names:
        line = said("{good} of {count} {unit}: {line}", good=sum(good), count=len(values), unit=unit, line=line)
    if not all(good):
        wrong = [(n, v) for n, v, g in zip(names or values, values, good, strict=True) if not g]
        line += "; " + _by_how_much(wrong, claim.needs, bool(names))
    return Verdict(claim_id, all(good), shown, line, f"{len(values)} {unit}" if names else "–")


def _by_how_much(wrong: list[tuple], needs: str, named: bool) -> str:
    bounds = [float(b) for b in re.findall(NUMBER, needs)] if not needs.startswith("= ") else []
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
        dlgn_lib.book.ClaimError: if the claim is false and this is a build or a test. A learner only sees the ✗.
        KeyError: if the id is not registered.
    """
    from IPython.display import display

    verdict = check_claim(claim_id, measured, seeds)
    display(verdict)
    if not verdict.holds and in_build():
        raise ClaimError(f"claim {claim_id!r} (page {find(claim_id).page}) is false: {verdict.line}")
