"""The register of claims and the check of one."""

import re
from fractions import Fraction

import pytest
import torch

from dlgn_lib import numbers
from dlgn_lib.book import ClaimError, claim, files, register
from dlgn_lib.book.claims import check_claim
from dlgn_lib.book.register import Claim, registered, registry, satisfies


@pytest.fixture
def entry(monkeypatch):
    """Put one claim into an otherwise empty register."""

    def put(**changes):
        fields = {"statement": "share", "source": "this book", "page": "p", "needs": "> 0.5", "value": 0.6} | changes
        monkeypatch.setattr(register, "registry", lambda: {"c": Claim(id="c", **fields)})

    return put


@pytest.mark.parametrize(
    ("value", "needs", "expected"),
    [
        (0.5, "> 0.5", False), (0.5, ">= 0.5", True), (0.5, "< 0.5", False), (0.5, "<= 0.5", True), (0, "== 0", True),
        (1e-300, "== 0", False), (0.3, "0.3 .. 0.7", True), (0.71, "0.3 .. 0.7", False), (-2, "-3 .. -1", True),
        (float("nan"), "<= 1", False), (float("nan"), "0 .. 1", False), (float("inf"), "> 1", True),
        ("two", "= two", True), ("three", "= two", False), (1e-13, "<= 1e-12", True), (1e-11, "<= 1e-12", False),
    ],
)  # fmt: skip
def test_satisfies(value, needs, expected):
    assert satisfies(value, needs) is expected


@pytest.mark.parametrize("needs", ["about 3", "=> 2", "", "< x", "1 .. "])
def test_needs_that_cannot_be_read_are_refused(needs):
    with pytest.raises(ValueError, match="needs must read like"):
        satisfies(1.0, needs)


def test_a_text_where_a_number_is_needed_is_refused():
    with pytest.raises(TypeError, match="asks for a number"):
        satisfies("many", "> 1")


def test_every_value_must_keep_the_bound_and_the_message_says_by_how_much(entry):
    entry()
    verdict = check_claim("c", [0.7, 0.4, 0.9], seeds=3)
    assert not verdict.holds
    assert "2 of 3 seeds" in verdict.line and "seed 1: measured 0.4, off by 0.1" in verdict.line
    assert check_claim("c", [0.7, 0.6], seeds=[5, 9]).holds


def test_a_false_claim_raises_in_builds_only(entry, monkeypatch):
    entry()
    monkeypatch.setenv("DLGN_BUILD", "1")
    with pytest.raises(ClaimError, match=r"'c' \(page p\) is false.*needs > 0.5"):
        claim("c", 0.1)
    monkeypatch.delenv("DLGN_BUILD")
    claim("c", 0.1)


@pytest.mark.parametrize("measured", [torch.tensor([0.6, 0.8]), [0.6, torch.tensor(0.8)], (Fraction(3, 5), 0.8)])
def test_measurements_come_in_many_forms(entry, measured):
    entry(show="range", format="{:.2f}")
    assert check_claim("c", measured, seeds=2).shown == "0.60 to 0.80"


@pytest.mark.parametrize(("measured", "seeds"), [([], None), ([0.6, 0.7], 3), (0.6, [1, 2])])
def test_a_wrong_number_of_values_is_refused(entry, measured, seeds):
    entry()
    with pytest.raises(ValueError, match="one value per seed"):
        check_claim("c", measured, seeds)


def test_an_unknown_id_is_refused_with_the_nearest():
    with pytest.raises(KeyError, match="figure1-left"):
        check_claim("figure-1-left", 1.0)


def test_show(entry):
    for show, expected in (("median", "2"), ("min", "1"), ("max", "6"), ("range", "1 to 6")):
        entry(show=show, needs="> 0")
        assert check_claim("c", [1, 2, 6]).shown == expected


def test_a_reader_sees_the_verdict_as_text_and_escaped_html(entry):
    entry(statement='a < "b"', needs="< 1")
    verdict = check_claim("c", 0.25)
    assert repr(verdict) == '✓ a < "b": 0.25 (needs < 1)'
    assert "a &lt; &quot;b&quot;" in verdict._repr_html_()


def values_of(entry):
    """The values of a registered claim: its text, or the numbers in it (two for a range)."""
    if entry.needs.startswith("= "):
        return [entry.value]
    text = numbers.plain(registered(entry.id))
    return [float(number) for number in text.split(" to ")]


def test_every_registered_claim_is_complete_and_keeps_its_own_bound():
    assert len(registry()) > 20
    for entry in registry().values():
        if entry.show == "bound":  # prints what it needs, whatever was measured
            assert registered(entry.id) == check_claim(entry.id, 0).shown
        else:
            for value in values_of(entry):
                assert satisfies(value, entry.needs), f"{entry.id}: the registered value {value} breaks {entry.needs!r}"
        assert entry.show in ("median", "min", "max", "range", "bound")
        assert (files.register_path().parent / f"{entry.page}.md").exists(), f"{entry.id}: no page {entry.page}"
        assert registered(entry.id)


# Other machines


def test_no_printed_digit_and_no_bound_depends_on_the_machine():
    """`make elsewhere` has written into the register how far every claim moves."""
    wrong = {entry.id: problem for entry in registry().values() if (problem := register.moves(entry))}
    assert not wrong, "\n".join(f"{name}: {problem}" for name, problem in wrong.items())


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"spread": None}, None),
        ({"spread": [0.471, 0.478], "format": "{:.2f}"}, None),
        ({"spread": [0.471, 0.478], "format": "{:.3f}"}, "prints digits that do not survive"),
        ({"spread": [0.471, 0.478], "format": "{:.2f}", "needs": "> 0.47"}, "lies within the spread"),
        ({"spread": [0.471, 0.478], "format": "{:.2f}", "needs": "> 0.46"}, None),
        ({"spread": [7, 8], "format": "{:.0f}"}, "prints digits that do not survive"),  # a count
        ({"spread": [156.5, 157.5], "format": "{:.2g}"}, None),
        ({"spread": {"min": [1, 1.4], "median": [2, 2], "max": [3, 3]}, "format": "{:.0f}"}, None),
        ({"spread": {"min": [1, 1.4], "median": [2, 2], "max": [3, 3]}, "needs": "> 0.7"}, "lies within the spread"),
        ({"spread": {"min": [1, 3], "median": [2, 2], "max": [3, 3]}, "show": "range"}, "prints digits"),
        ({"spread": [1e-16, 9e-16], "show": "bound", "needs": "< 1e-12"}, None),
        ({"spread": ["one piece", "two pieces"], "needs": "= one piece"}, "its text differs"),
    ],
)
def test_digits_and_bounds_are_held_against_the_spread(options, problem):
    entry = Claim(**({"id": "c", "statement": "s", "source": "s", "page": "p", "needs": "> -9", "value": 1} | options))
    found = register.moves(entry)
    assert found is None if problem is None else problem in found


def test_a_bound_is_printed_in_place_of_rounding(entry):
    entry(needs="<= 1e-12", show="bound")
    assert check_claim("c", 3e-16).shown == "10⁻¹²" and check_claim("c", 0.0).shown == "10⁻¹²"
    assert not check_claim("c", 3e-11).holds


@pytest.mark.parametrize(
    ("value", "form", "place", "text"),
    [
        (157, "{:.2g}", 10, "160"),
        (1234.5, "{:.2g}", 100, "1,200"),
        (3.4e7, "{:.2g}", 1e6, "3.4·10⁷"),
        (-0.123, "{:+.2f}", 0.01, "−0.12"),
        (12, "{:d}", 1, "12"),
        (0.0021, "{:.1g}", 0.001, "0.002"),
    ],
)
def test_the_last_printed_digit_has_a_worth(value, form, place, text):
    assert numbers.last_place(value, form) == pytest.approx(place)
    assert numbers.show_number(value, form) == text


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"spread": [0.471, 0.4749], "format": "{:.2f}"}, "0.47"),
        ({"spread": [0.471, 0.478], "format": "{:.2f}"}, "0.47 to 0.48"),
        ({"spread": {"min": [1, 1.4], "median": [2, 3], "max": [4, 5]}, "format": "{:.0f}"}, "2 to 3"),
        ({"spread": {"min": [1, 1.4], "median": [2, 3], "max": [4, 5]}, "format": "{:.0f}", "show": "range"}, "1 to 5"),
        ({"spread": None}, "the same"),
    ],
)
def test_the_ledger_says_how_far_a_printed_value_goes(options, text):
    entry = Claim(**({"id": "c", "statement": "s", "source": "s", "page": "p", "needs": "> -9", "value": 1} | options))
    assert register.elsewhere_text(entry) == text


def test_a_claim_is_registered_once(monkeypatch, tmp_path):
    path = tmp_path / "claims.yml"
    path.write_text("share:\n  needs: '> 0'\nloss:\n  needs: '< 1'\nshare:\n  needs: '> 1'\n", encoding="utf-8")
    monkeypatch.setattr(register, "register_path", lambda: path)
    with pytest.raises(ValueError, match="these stand twice: share"):
        registry.__wrapped__()


def test_the_three_papers_are_cited_for_what_was_at_hand():
    """An abstract, Theorem 1, a caption; the page `sources` lists them."""
    at_hand = re.compile(r"abstract|caption of Figure [1-5]|Theorem 1")
    papers = re.compile(r"`(halfspace|featuremap|haste)`")
    wrong = {c.id: c.source for c in registry().values() if papers.search(c.source) and not at_hand.search(c.source)}
    assert not wrong
