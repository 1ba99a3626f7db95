"""How prose writes numbers."""

import math
import re

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def show_number(value: float, form: str = "{:.3g}") -> str:
    """Return the number as prose prints it: powers of ten as such, a minus below zero, none before a zero.

    >>> show_number(4.1e-15, "{:.1e}"), show_number(16777216, "{:,}"), show_number(-0.5), show_number(-0.001, "{:.2f}")
    ('4.1·10⁻¹⁵', '16,777,216', '−0.5', '0.00')
    """
    if not value:
        return "0"
    text = re.sub(r"^-(0\.?0*)$", r"\1", form.format(value))
    if "e+" in text and abs(value) < 1e6:  # 160, not 1.6·10²
        text = f"{float(text):,.0f}"
    return typeset(text)


def last_place(value: float, form: str = "{:.3g}") -> float:
    """Return what one unit in the last printed digit of a number is worth.

    >>> last_place(0.4712, "{:.2f}"), last_place(157, "{:.2g}"), last_place(4.1e-15, "{:.0e}"), last_place(1440000, "{:,}")
    (0.01, 10.0, 1e-15, 1.0)
    """
    match = re.fullmatch(r"\{:[+,]*(?:\.(\d+))?([a-z]?)\}", form)
    if match is None:
        raise ValueError(f"form must read like '{{:.2f}}' or '{{:,}}', got {form!r}")
    digits, kind = match.groups()
    if kind == "f":
        return float(f"1e-{digits}")
    if kind not in "eg" or not kind:
        return 1.0
    exponent = math.floor(math.log10(abs(value))) if value else 0
    return float(f"1e{exponent - int(digits) + (kind == 'g')}")


def typeset(text: str) -> str:
    """Write the numbers of a text as prose does: 4.1e-15 as 4.1·10⁻¹⁵, 1e-12 as 10⁻¹², and -3 as −3."""
    text = re.sub(
        r"(?<![\d.])1e([-+]?)0*(\d+)", lambda m: "10" + (m[1].strip("+") + m[2]).translate(_SUPERSCRIPT), text
    )
    text = re.sub(r"(?<=\d)e([-+]?)0*(\d+)", lambda m: "·10" + (m[1].strip("+") + m[2]).translate(_SUPERSCRIPT), text)
    return re.sub(r"(?<![\w-])-(?=[\d.])", "−", text)


def plain(text: str) -> str:
    """Return a printed value in the plain notation that `float` reads.

    >>> plain("4.1·10⁻¹⁵"), plain("16,777,216"), plain("10⁻⁹ to 1"), plain("−3 to 1")
    ('4.1e-15', '16777216', '1e-9 to 1', '-3 to 1')
    """
    text = text.replace(",", "").replace("−", "-")
    text = re.sub(r"·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "e" + m[1].translate(_PLAIN), text)
    return re.sub(r"10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "1e" + m[1].translate(_PLAIN), text)
