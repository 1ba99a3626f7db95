"""Numbers and names as labels and alt texts say them."""

from collections.abc import Sequence
from fractions import Fraction

from dlgn_lib.numbers import show_number


def number(value: float | Fraction) -> str:
    """Return a coordinate as prose writes it: 1.5, and 1/3 for a fraction that decimals do not reach."""
    text = f"{float(value):.4g}"
    if isinstance(value, Fraction) and value.denominator <= 100 and float(text) != value:
        return str(value).replace("-", "−")
    return show_number(float(value), "{:.4g}")


def intervals(region: Sequence[tuple]) -> str:
    """Return a union of intervals as text.

    >>> intervals([(0.5, 1.5), (2.5, 3.5)])
    '[0.5, 1.5] ∪ [2.5, 3.5]'
    """
    return " ∪ ".join(f"{{{number(a)}}}" if a == b else f"[{number(a)}, {number(b)}]" for a, b in region) or "∅"


def spoken(name: str) -> str:
    r"""Return the name of a panel without the signs of its typesetting, for an alt text.

    >>> spoken("$K_{\\mathrm{gate}}$")
    'K_gate'
    """
    return name.replace("\\mathrm", "").replace("\n", ", ").translate(str.maketrans("", "", "${}"))


def span(values: Sequence[float], form: str = "{:.2g}") -> str:
    """Return from where to where values go, as one number if they are all printed alike.

    >>> span([0.25, 0.5]), span([3, 3], "{:d}")
    ('0.25 to 0.5', '3')
    """
    low, high = form.format(min(values)), form.format(max(values))
    return low if low == high else f"{low} to {high}"
