"""Committed results: tables of runs that take too long for a page, made by a documented command. Page: neighbours/haste."""

from functools import cache

import pandas as pd
import torch
from torch import Tensor

from dlgn_lib.book.files import register_path


@cache
def _table(name: str) -> pd.DataFrame:
    files = {path.stem: path for path in register_path().parent.glob("*/results/*.csv")}
    if name not in files:
        raise ValueError(f"name must be one of the committed tables {sorted(files)}, got {name!r}")
    return pd.read_csv(files[name], comment="#")


def committed_results(name: str, **where: object) -> Tensor:
    """Return the rows of a committed table that match, a float64 tensor (seeds, rows).

    The tables lie in `book/*/results/`. Lines that start with # say what made them: command, versions, seeds and date.

    Args:
        name: the file's name without .csv.
        where: column=value, for the columns that do not hold a seed.

    Raises:
        ValueError: if there is no such table or column, or no row matches.

    >>> committed_results("haste-losses", contexts=3, model="ReLU", step=0).tolist()    # five seeds, at step 0
    [[96.0], [96.0], [96.0], [96.0], [96.0]]
    """
    rows = _table(name)
    for column, value in where.items():
        if column not in rows or column.startswith("seed"):
            columns = [c for c in rows if not c.startswith("seed")]
            raise ValueError(f"where names the column {column!r}, but {name} has {columns}")
        rows = rows[rows[column] == value]
    if rows.empty:
        raise ValueError(f"no row of {name} has {where}")
    return torch.tensor(rows.filter(regex="^seed").to_numpy().T, dtype=torch.float64)
