"""Where gates are on: the exact region of a path, and the activation-pattern regions, of inputs with one or two numbers.

Inside one cell of the input every gate layer is affine, so cells are cut as in `dlgn_lib.cells`. Page: experts/gating.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from numbers import Rational
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dlgn_lib.cells import TOLERANCE, as_array, box_corners, check_room, clip, size, split, wider_than
from dlgn_lib.checks import check_tensor
from dlgn_lib.models.base import GatedNet
from dlgn_lib.models.relu import DeepLinearNet, ReLUNet
from dlgn_lib.models.separate import DLGN, GaLUNet

Interval = tuple[float, float] | tuple[Fraction, Fraction]
Polygon = Tensor | list[tuple[Fraction, Fraction]]


def _corners(net: GatedNet, bounds: Sequence, exact: bool) -> np.ndarray:
    """Return the corners of the bounds: (2, 1) or, counter-clockwise, (4, 2)."""
    if not isinstance(net, ReLUNet | DLGN | GaLUNet | DeepLinearNet):
        raise TypeError(f"net must be a ReLUNet, DLGN, GaLUNet or DeepLinearNet, got {type(net).__name__}")
    if net.in_dim > 2:
        raise ValueError(
            f"regions are drawn for nets with 1 or 2 inputs, got a net with in_dim={net.in_dim}; "
            "use path_gates(net, x, hard=True) at points x of your choice, or slice_regions"
        )
    return box_corners(net.in_dim, bounds, exact)


def _gate_layers(net: GatedNet, exact: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (weights (M, M'), offsets (M,)) of every gate layer; for a deep linear net zeros, a gate that is on."""
    modules = list(net.gate_layers if isinstance(net, DLGN | GaLUNet) else net.value_layers)[: net.depth]
    if not all(torch.isfinite(parameter).all() for module in modules for parameter in module.parameters()):
        raise ValueError("net has weights that are NaN or inf; a region needs finite ones (did the training diverge?)")
    pairs: list[tuple[Tensor, Tensor]] = [
        (m.weight, m.weight.new_zeros(len(m.weight)) if m.bias is None else m.bias) for m in modules
    ]
    if isinstance(net, DeepLinearNet):
        pairs = [(torch.zeros_like(weight), torch.zeros_like(offset)) for weight, offset in pairs]
    return [(as_array(weight.tolist(), exact), as_array(offset.tolist(), exact)) for weight, offset in pairs]


def _cells(net: GatedNet, bounds: Sequence, exact: bool, path: Sequence[int] | None = None) -> list:
    """Return (corners (V, D), pattern) of every activation region, or of the cells that make up a path's region.

    Goes up layer by layer, in each cell with an affine z: clip by the path's unit; then, where the next layer
    needs it, cut along the sign changes of the other units too, which makes relu(z) affine on each part.
    """
    corners = _corners(net, bounds, exact)
    dim, relu = net.in_dim, isinstance(net, ReLUNet | GaLUNet)
    shallow = isinstance(net, DLGN) and net.shallow
    points = exact and dim == 1 and path is not None  # single points are kept
    keep: Callable[[np.ndarray], bool] = (
        (lambda cell: len(cell) > 0) if points else wider_than(0 if exact else TOLERANCE * abs(corners).max(), dim)
    )

    cells: list[tuple[np.ndarray, tuple]] = [
        (np.concatenate([corners, corners], axis=1), ())
    ]  # rows (x, what the next layer reads)
    for number, (weight, offset) in enumerate(_gate_layers(net, exact), start=1):
        reach = np.max([abs(cell[:, dim:]).max(axis=0) for cell, _ in cells], axis=0)  # (M',)
        tolerance = (abs(weight) @ reach + abs(offset)) * (0 if exact else TOLERANCE)  # (M,)
        parts: list[tuple[np.ndarray, tuple]] = []
        numbers = 0
        for cell, pattern in cells:
            part = np.concatenate([cell[:, :dim], cell[:, dim:] @ weight.T + offset], axis=1)  # (V, D + M)
            if path is not None and path[number - 1] < net.widths[number - 1]:
                part = clip(part, dim + path[number - 1], 1, tolerance[path[number - 1]])
            if keep(part):
                cut = path is None or (relu and number < net.depth)
                pieces = split(part, dim, tolerance, keep) if cut else [part]
                for piece in pieces:
                    parts.append((piece, pattern))
                    numbers += piece.size
                    check_room(len(parts), numbers)
        if not parts:
            return []
        cells = []
        for part, pattern in parts:
            x, z = part[:, :dim], part[:, dim:]
            on = (z >= -tolerance).all(0)  # (M,)
            cells.append(
                (np.concatenate([x, x if shallow else z * on if relu else z], axis=1), (*pattern, tuple(map(int, on))))
            )
    return [(cell[:, :dim], pattern) for cell, pattern in cells]


def _piece(points: np.ndarray, exact: bool) -> Any:
    points = points + 0  # turns -0.0 into 0.0
    if points.shape[1] == 1:
        return points[0].item(), points[-1].item()
    return [tuple(point) for point in points.tolist()] if exact else torch.from_numpy(points)


def _check_path(net: GatedNet, path: Sequence[int]) -> list[int]:
    constant = net.value_layers[0].bias is not None  # with absorbed biases unit M is the constant one
    last = [units - 1 + constant for units in net.widths]
    ends = last[0] if len(set(last)) == 1 else last
    problem = f"path must be {net.depth} unit numbers from 0 to {ends}, one per hidden layer, got {path!r}"
    try:
        path = [operator.index(unit) for unit in path]
    except TypeError:
        raise TypeError(problem) from None
    if len(path) != net.depth or not all(0 <= unit <= end for unit, end in zip(path, last, strict=True)):
        raise ValueError(problem)
    return path


def path_region(
    net: GatedNet, path: Sequence[int], bounds: Sequence, exact: bool = False
) -> list[Interval] | Polygon | list[Polygon]:
    """Return where a path is active inside `bounds`: where all its hard gates are on, z ≥ 0 (a closed set).

    The path of a DLGN is active on an intersection of half-spaces, one convex piece. The path of a ReLU net is active on a union of
    convex pieces: on each the layers below are affine.
    Source: the caption of Figure 1 of Yadav et al. (2024) [halfspace]. Page: experts/paths.

    Args:
        net: a net of the family with one or two inputs. The gates of a GaLUNet are those of its gating ReLU network.
        path: `depth` unit numbers; with absorbed biases unit number M is the constant one, always on.
        bounds: (low, high) for one input, ((x_low, x_high), (y_low, y_high)) for two.
        exact: compute in fractions. A float is a fraction, so nothing is rounded; meant for small nets.

    Returns:
        For one input the list of maximal disjoint intervals (low, high), at most one for a DLGN and a DeepLinearNet.
        For two inputs, of a DLGN and a DeepLinearNet one polygon, a (V, 2) float64 tensor, counter-clockwise, V = 0 if the path is never
        active; for the others the list of convex polygons whose union is the region; they overlap in edges only.
        With `exact` always a list: intervals of fractions, where single points [a, a] are kept, or polygons as lists of corners
        (x, y); pieces without area are dropped. Without `exact` see `dlgn_lib.cells.TOLERANCE`.

    Raises:
        TypeError: if `net` is no net of the family, or `path` or `bounds` hold no numbers.
        ValueError: if the net has more than two inputs or weights that are not finite, or `path` or `bounds` do not fit.

    >>> net = ReLUNet.from_weights(                     # Figure 1, left: red is unit 0, green is unit 0 above it
    ...     [[[1], [1], [1], [1]], [[1, -2, 2, -2], [0] * 4, [0] * 4, [0] * 4], [[1, 0, 0, 0]]],
    ...     [[0, -1, -2, -3], [-0.5, 0, 0, 0], [0]])
    >>> path_region(net, (0, 0), (-1, 5))
    [(0.5, 1.5), (2.5, 3.5)]
    >>> path_region(net, (0, 0), (-1, 5), exact=True)
    [(Fraction(1, 2), Fraction(3, 2)), (Fraction(5, 2), Fraction(7, 2))]
    """
    box = _corners(net, bounds, exact)
    cells = _cells(net, bounds, exact, _check_path(net, path))
    pieces = [_piece(points, exact) for points, _ in cells]
    if net.in_dim == 2:
        if exact or isinstance(net, ReLUNet | GaLUNet):
            return pieces
        return pieces[0] if pieces else torch.zeros(0, 2, dtype=torch.float64)
    gap = 0 if exact else TOLERANCE * abs(box).max()
    merged: list[Any] = []
    for low, high in sorted(pieces):
        if merged and low <= merged[-1][1] + gap:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return merged


def activation_regions(
    net: GatedNet, bounds: Sequence, exact: bool = False
) -> list[tuple[Interval | Polygon, tuple[tuple[int, ...], ...]]]:
    """Return the regions of constant activation pattern inside `bounds`: a list of (interval or polygon, pattern).

    A pattern is a tuple of `depth` tuples of M hard gates, 0 or 1. On each region a ReLU net is linear; the regions
    tile the bounds, and a path is active on the union of those whose pattern has a 1 at each of its units.
    Regions without length or area are left out. Arguments and errors: `path_region`. Page: experts/gating.
    Source: this book.

    >>> net = ReLUNet.from_weights([[[1.0], [-1.0]], [[1.0, 1.0]]])
    >>> activation_regions(net, (-1, 1), exact=True)[0]
    ((Fraction(0, 1), Fraction(1, 1)), ((1, 0),))
    """
    return [(_piece(points, exact), pattern) for points, pattern in _cells(net, bounds, exact)]


def region_area(pieces: Tensor | Iterable) -> float | Fraction:
    """Return the total length or area of what `path_region` returned: a list of pieces, or one polygon (V, 2).

    Fractions give a fraction. The pieces must overlap in their boundaries only.
    Source: this book. Page: experts/gating.

    Raises:
        ValueError: if a piece is neither an interval (low, high) nor a polygon (V, 2).

    >>> region_area([(0.5, 1.5), (2.5, 3.5)]), region_area([[(0, 0), (Fraction(1, 3), 0), (0, 2)]])
    (2.0, Fraction(1, 3))
    """
    total: float | Fraction = 0
    for piece in (
        [check_tensor("pieces", pieces, "V", 2, kind="real", empty=True)] if isinstance(pieces, Tensor) else pieces
    ):
        points = np.array(piece.tolist() if isinstance(piece, Tensor) else piece, dtype=object)  # (2,) or (V, 2)
        if points.size and (points.ndim not in (1, 2) or points.shape[-1] != 2):
            raise ValueError(f"a piece must be an interval (low, high) or a polygon of shape (V, 2), got {piece!r}")
        points = as_array(points, exact=all(isinstance(a, Rational) for a in points.flat))
        total = total + (size(points.reshape(2, 1) if points.ndim == 1 else points) if points.size else 0)
    return total if isinstance(total, Rational) else float(total)
