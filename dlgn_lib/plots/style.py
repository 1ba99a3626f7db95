"""The house style of the drawings, and what several of them share."""

import functools
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

import numpy as np
import seaborn as sns
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from torch import Tensor

from dlgn_lib.claims import show_number
from dlgn_lib.models import GatedNet

# Okabe-Ito colours, told apart by colour-blind readers; never the only code.
INK, BLUE, ORANGE, GREEN, RED, SKY, PINK, GREY = (
    "#222222",
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#d55e00",
    "#56b4e9",
    "#cc79a7",
    "#b3b3b3",
)
LINES = [(BLUE, "-"), (RED, "--"), (GREEN, "-."), (ORANGE, ":"), (PINK, (0, (5, 1))), (SKY, (0, (3, 1, 1, 1)))]
_STYLE = {
    **sns.axes_style("ticks"),
    **sns.plotting_context("notebook", font_scale=0.9),
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "text.color": INK,
    "axes.edgecolor": "#555555",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
Drawing = tuple[Figure, str]


def house_style(draw: Callable[..., Drawing]) -> Callable[..., Drawing]:
    """Return the drawing function with this book's style switched on while it runs."""

    @functools.wraps(draw)
    def styled(*args: object, **kwargs: object) -> Drawing:
        with plt.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return styled


def grid_points(bounds: Sequence[Sequence[float]], n: int, net: GatedNet) -> Tensor:
    """Return n x n points of a rectangle, row by row from below, as (n * n, 2) in the net's dtype."""
    x, y = (torch.linspace(float(low), float(high), n) for low, high in bounds)
    y, x = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1).to(net.value_layers[0].weight.dtype)


def extent(bounds: Sequence[Sequence[float]]) -> list[float]:
    """Return ((a, b), (c, d)) as [a, b, c, d], the order of `imshow`."""
    return [float(value) for pair in bounds for value in pair]


def input_plane(ax: Axes, bounds: Sequence[Sequence[float]], title: str = "") -> None:
    """Set the axes up as the plane of two inputs, with thin lines through the origin."""
    left, right, low, high = extent(bounds)
    ax.set(xlim=(left, right), ylim=(low, high), aspect="equal", xlabel="$x_1$", ylabel="$x_2$", title=title)
    ax.axhline(0, color="#888888", lw=0.6, zorder=1)
    ax.axvline(0, color="#888888", lw=0.6, zorder=1)


def number(value: object) -> str:
    """Return a coordinate as prose writes it: 1.5, and 1/3 for a fraction that decimals do not reach."""
    text = f"{float(value):.4g}"
    if isinstance(value, Fraction) and value.denominator <= 100 and float(text) != value:
        return str(value).replace("-", "−")
    return show_number(float(value), "{:.4g}").replace("-", "−")


def check_net(net: object, in_dim: int, kind: type = GatedNet, out_dim: int | None = None) -> None:
    """Raise TypeError or ValueError unless `net` is of this kind and has this many inputs (and outputs, if given)."""
    if not isinstance(net, kind):
        raise TypeError(f"net must be a {kind.__name__}, got {type(net).__name__}")
    if net.in_dim != in_dim or out_dim not in (None, net.out_dim):
        wanted = f"in_dim={in_dim}" + (f" and out_dim={out_dim}" if out_dim else "")
        raise ValueError(f"this drawing needs a net with {wanted}, got in_dim={net.in_dim}, out_dim={net.out_dim}")


def check_path(net: GatedNet, path: Sequence[int]) -> list[int]:
    """Return the path as a list if it names one unit of each hidden layer, else raise ValueError."""
    units = [int(unit) for unit in path]
    if len(units) != net.depth or not all(0 <= unit < net.width for unit in units):
        raise ValueError(
            f"path must name {net.depth} units from 0 to {net.width - 1}, one per hidden layer, got {units}"
        )
    return units


def intervals(region: Sequence[tuple]) -> str:
    """Return a union of intervals as text.

    >>> intervals([(0.5, 1.5), (2.5, 3.5)])
    '[0.5, 1.5] ∪ [2.5, 3.5]'
    """
    return " ∪ ".join(f"{{{number(a)}}}" if a == b else f"[{number(a)}, {number(b)}]" for a, b in region) or "∅"


def corners(bounds: Sequence[Sequence[float]]) -> list[tuple]:
    """Return the corners of a rectangle, counter-clockwise."""
    (a, b), (c, d) = bounds
    return [(a, c), (b, c), (b, d), (a, d)]


def fill(ax: Axes, pieces: Tensor | Iterable, **style: object) -> None:
    """Draw what `path_region` gives for two inputs, one polygon or several; the style is that of a matplotlib patch."""
    for piece in [pieces] if isinstance(pieces, Tensor) else pieces:
        points = np.asarray([[float(a), float(b)] for a, b in piece])
        if len(points):
            ax.add_patch(Polygon(points, **style))
