"""The plane of two inputs: half-spaces and regions in it."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Polygon
from torch import Tensor

from dlgn_lib.models import GatedNet
from dlgn_lib.plots.looks import FAINT

Bounds = Sequence[Sequence[float]]  # ((left, right), (low, high))


def grid_points(bounds: Bounds, n: int, net: GatedNet) -> Tensor:
    """Return n x n points of a rectangle, row by row from below, as (n * n, 2) in the net's dtype."""
    x, y = (torch.linspace(float(low), float(high), n) for low, high in bounds)
    y, x = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1).to(net.value_layers[0].weight.dtype)


def extent(bounds: Bounds) -> list[float]:
    """Return ((a, b), (c, d)) as [a, b, c, d], the order of `imshow`."""
    return [float(value) for pair in bounds for value in pair]


def corners(bounds: Bounds) -> list[tuple]:
    """Return the corners of a rectangle, counter-clockwise."""
    (a, b), (c, d) = bounds
    return [(a, c), (b, c), (b, d), (a, d)]


def input_plane(ax: Axes, bounds: Bounds, title: str = "") -> None:
    """Set the axes up as the plane of two inputs, with thin lines through the origin."""
    left, right, low, high = extent(bounds)
    ax.set(xlim=(left, right), ylim=(low, high), aspect="equal", xlabel="$x_1$", ylabel="$x_2$", title=title)
    ax.axhline(0, color=FAINT, lw=0.6, zorder=1)
    ax.axvline(0, color=FAINT, lw=0.6, zorder=1)


def fill(ax: Axes, pieces: Tensor | Iterable, **style: Any) -> None:
    """Draw what `path_region` gives for two inputs, one polygon or several; the style is that of a matplotlib patch."""
    for piece in [pieces] if isinstance(pieces, Tensor) else pieces:
        points = np.asarray([[float(a), float(b)] for a, b in piece])
        if len(points):
            ax.add_patch(Polygon(points, **style))


def half_space_lines(ax: Axes, normals: Tensor, offsets: Tensor, bounds: Bounds, colour: str) -> None:
    """Draw the half-spaces normals[i]·x + offsets[i] ≥ 0, (M, 2) and (M,): a line each, a tick to the side where it holds.

    A zero normal has no line and is left out.
    """
    left, right, low, high = extent(bounds)
    for normal, offset in zip(normals.double(), offsets.double(), strict=True):
        length = normal.norm()
        if length == 0:
            continue
        foot = -offset * normal / length**2  # the point of the line nearest to the origin
        along = torch.stack([-normal[1], normal[0]]) / length * 2 * (right - left)
        ax.plot(*torch.stack([foot - along, foot + along]).T.tolist(), color=colour, lw=0.9, alpha=0.8)
        tick = foot + 0.12 * (right - left) * normal / length
        ax.plot(*torch.stack([foot, tick]).T.tolist(), color=colour, lw=1.6)
    ax.set(xlim=(left, right), ylim=(low, high))


def check_net(net: GatedNet, in_dim: int, kind: type[GatedNet] = GatedNet, out_dim: int | None = None) -> None:
    """Raise TypeError or ValueError unless `net` is of this kind and has this many inputs (and outputs, if given)."""
    if not isinstance(net, kind):
        raise TypeError(f"net must be a {kind.__name__}, got {type(net).__name__}")
    if net.in_dim != in_dim or out_dim not in (None, net.out_dim):
        wanted = f"in_dim={in_dim}" + (f" and out_dim={out_dim}" if out_dim else "")
        raise ValueError(f"this drawing needs a net with {wanted}, got in_dim={net.in_dim}, out_dim={net.out_dim}")


def check_path(net: GatedNet, path: Sequence[int]) -> list[int]:
    """Return the path as a list if it names one unit of each hidden layer, else raise ValueError."""
    units = [int(unit) for unit in path]
    if len(units) != net.depth or not all(0 <= unit < width for unit, width in zip(units, net.widths, strict=False)):
        raise ValueError(
            f"path must name {net.depth} units, each below the width of its layer {net.widths}, one per hidden layer, got {units}"
        )
    return units
