"""Committed tables: what they say of themselves, and what a wrong question gets for an answer."""

import re
from datetime import date
from pathlib import Path

import pytest
import torch

from dlgn_lib.book import committed_results

TABLES = sorted((Path(__file__).resolve().parents[1] / "book").glob("*/results/*.csv"))


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_a_table_says_what_made_it(table):
    lines = table.read_text(encoding="utf-8").splitlines()
    head = "\n".join(line for line in lines if line.startswith("#"))
    command = re.search(r"^# made by: python (\S+\.py)$", head, re.M)[1]
    assert (table.parents[3] / command).is_file(), f"{table.name} names the command {command}"
    first, last = map(int, re.search(r"^# seeds (\d+) to (\d+), one column each", head, re.M).groups())
    columns = next(line for line in lines if not line.startswith("#")).split(",")
    assert [c for c in columns if c.startswith("seed")] == [f"seed{seed}" for seed in range(first, last + 1)]
    assert re.search(r"\btorch \d+\.\d+\.\d+\S*, Python 3\.\d+\.\d+", head)
    dates = [date.fromisoformat(found) for found in re.findall(r"\b\d{4}-\d\d-\d\d\b", head)]
    assert dates and all(date(2026, 1, 1) <= day <= date.today() for day in dates)


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_a_table_is_read_whole(table):
    values = committed_results(table.stem)
    lines = [line for line in table.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert values.shape == (lines[0].count("seed"), len(lines) - 1) and values.shape[0] >= 3
    assert values.dtype == torch.float64


def test_rows_are_chosen_by_column():
    all_of_them = committed_results("haste-losses", contexts=3, model="ReLU")
    assert committed_results("haste-losses", contexts=3, model="ReLU", step=50).shape == (len(all_of_them), 1)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (("no-such-table", {}), "name must be one of the committed tables"),
        (("haste-losses", {"colour": 3}), "where names the column 'colour', but haste-losses has"),
        (("haste-losses", {"seed0": 3}), "where names the column 'seed0'"),
        (("haste-losses", {"contexts": 99}), "no row of haste-losses has {'contexts': 99}"),
    ],
)
def test_wrong_questions(question, message):
    name, where = question
    with pytest.raises(ValueError) as caught:
        committed_results(name, **where)
    assert message in str(caught.value)
