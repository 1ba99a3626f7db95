"""One median in the whole project: the one that the claims print."""

import math
import re
import statistics
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dlgn_lib.statistics import median

ROOT = Path(__file__).resolve().parents[1]


@given(st.lists(st.floats(-1e6, 1e6) | st.just(math.inf), min_size=1, max_size=9))
def test_it_is_the_median_of_the_claims(values):
    assert median(torch.tensor(values, dtype=torch.float64)).item() == statistics.median(values)


def test_along_a_dimension_it_is_the_median_of_each_row():
    values = torch.randn(6, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert median(values, 0).tolist() == [statistics.median(column) for column in values.T.tolist()]
    assert median(values, 1).tolist() == [statistics.median(row) for row in values.tolist()]
    assert median(torch.tensor([[1, 2], [4, 3]]), 1).tolist() == [1.5, 3.5]  # whole numbers too


def test_not_a_number_is_not_hidden_and_nothing_has_no_median():
    assert math.isnan(median(torch.tensor([1.0, math.nan, 3.0])))
    with pytest.raises(ValueError, match=r"values must hold at least one number .* got shape \(0, 3\)"):
        median(torch.zeros(0, 3), 0)


def test_figures_and_pages_use_no_other_median():
    sources = [*(ROOT / "dlgn_lib").rglob("*.py"), *(ROOT / "book").rglob("*.md")]
    others = re.compile(r"\.(?:nan)?median\(|quantile\((?:q=)?0?\.5\b|\[\(?len\([^:\]]*// 2\]")
    found = {}
    for file in sources:
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if others.search(line)]
        if lines:
            found[file.relative_to(ROOT).as_posix()] = lines
    typical = {  # these pick the run in the middle, they print no median
        "book/kernels/tangent.md": 1,
        "book/learning/allocation.md": 1,
    }
    assert {name: len(lines) for name, lines in found.items()} == typical
