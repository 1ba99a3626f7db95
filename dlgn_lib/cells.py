"""Convex cells of a line or a plane, cut along affine functions.

An affine map on a convex cell is known from its values at the corners. So a cell is an array with one row per corner,
(x, z(x)), and cutting it along z = 0 takes nothing but sums, products and quotients: the same lines work on floats and, in
arrays of `Fraction`, without any rounding.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from numbers import Rational

import numpy as np

from dlgn_lib.checks import MAX_ENTRIES

#: Floats only. A pre-activation Σ w h + b within TOLERANCE (Σ |w| max|h| + |b|) of zero counts as zero, max|h| taken over
#: the region reached so far. A piece narrower than TOLERANCE times the largest coordinate of the bounds is dropped: that is
#: some thousand times what floats can tell apart there, and far from what the bounds measure, so large bounds lose no region.
TOLERANCE = 1e-12


def as_array(values: Sequence | np.ndarray, exact: bool) -> np.ndarray:
    """Return nested numbers as an array of float64 or, if exact, of fractions."""
    array = np.array(values, dtype=object)
    convert = (lambda a: Fraction(a) if isinstance(a, Rational) else Fraction(float(a))) if exact else float
    return np.array([convert(a) for a in array.flat], dtype=object if exact else float).reshape(array.shape)


def box_corners(dim: int, bounds: Sequence, exact: bool = False) -> np.ndarray:
    """Return the corners of the bounds: (2, 1) or, counter-clockwise, (4, 2); raise TypeError or ValueError if they do not fit."""
    form = "(low, high)" if dim == 1 else "((x_low, x_high), (y_low, y_high))"
    problem = f"bounds must be {form} with finite low < high for a net with in_dim={dim}, got {bounds!r}"
    try:
        pairs = [tuple(pair) for pair in ([bounds] if dim == 1 else bounds)]
        finite = all(math.isfinite(a) for pair in pairs for a in pair)
    except TypeError:
        raise TypeError(problem) from None
    if not finite or [len(pair) for pair in pairs] != [2] * dim or not all(low < high for low, high in pairs):
        raise ValueError(problem)
    if dim == 1:
        return as_array(pairs, exact).T
    (left, right), (low, high) = pairs
    return as_array([(left, low), (right, low), (right, high), (left, high)], exact)


def size(points: np.ndarray) -> float | Fraction:
    """Return the length of an interval, corners (2, 1), or the area of a polygon, corners (V, 2), by the shoelace formula."""
    edges = points[1:] - points[:1]  # from the first corner, so that bounds far from the origin lose no digits
    if points.shape[1] == 1:
        return edges.sum()
    return (edges[:-1, 0] * edges[1:, 1] - edges[:-1, 1] * edges[1:, 0]).sum() / 2


def clip(cell: np.ndarray, column: int, sign: int, tolerance: float | Fraction) -> np.ndarray:
    """Return the part of a convex cell where `sign * cell[:, column] >= 0`; its corners keep their order."""
    z = (sign * cell[:, column]).tolist()
    rows = []
    for i, row in enumerate(cell):
        if z[i] >= -tolerance:
            rows.append(row)
        j = (i + 1) % len(cell)
        closes = j == 0 and len(cell) < 3  # an interval has one edge, not two
        if not closes and (min(z[i], z[j]) < -tolerance and max(z[i], z[j]) > tolerance):
            rows.append((z[i] * cell[j] - z[j] * row) / (z[i] - z[j]))  # its own column is exactly 0
    return np.stack(rows) if rows else cell[:0]


def split(cell: np.ndarray, first: int, tolerance: np.ndarray, keep: Callable) -> Iterator[np.ndarray]:
    """Yield the parts of a cell in which no column from `first` on changes sign."""
    waiting = [cell]
    while waiting:
        cell = waiting.pop()
        z = cell[:, first:]
        mixed = np.flatnonzero((z > tolerance).any(0) & (z < -tolerance).any(0))
        if len(mixed):
            parts = [clip(cell, first + mixed[0], sign, tolerance[mixed[0]]) for sign in (-1, 1)]
            waiting.extend(filter(keep, parts))
        else:
            yield cell


def check_room(pieces: int, numbers: int) -> None:
    """Raise ValueError if the pieces that a region was cut into so far hold more numbers than fit in memory."""
    if numbers > MAX_ENTRIES:
        raise ValueError(
            f"bounds must hold fewer regions: {pieces:,} pieces are found already, with {numbers // pieces:,} numbers each, "
            f"and that is over the limit of {MAX_ENTRIES:,} numbers; take smaller bounds or a smaller net"
        )


def wider_than(least: float | Fraction, dim: int) -> Callable[[np.ndarray], bool]:
    """Return what says whether a cell, corners in its first `dim` columns, is wider than `least`: its area over its length."""

    def keep(cell: np.ndarray) -> bool:
        if len(cell) == 0:
            return False
        x = cell[:, :dim]
        return bool(size(x) > least * (1 if dim == 1 else (x.max(axis=0) - x.min(axis=0)).max()))

    return keep
