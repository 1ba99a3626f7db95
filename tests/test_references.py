"""The library against other people's code for the same thing: the comparisons of the page book/checked.md."""

import pytest
from references import COMPARISONS, END, PAGE, START, table


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda comparison: comparison.name)
def test_ours_is_theirs(comparison):
    gaps = [comparison.measure(seed) for seed in range(comparison.seeds)]
    assert max(gaps) <= comparison.bound


def test_the_page_shows_what_is_compared():
    text = PAGE.read_text(encoding="utf-8")
    assert text.split(START)[1].split(END)[0] == table(), "run: python tests/references.py"
