"""The drawings of this book in one house style; each returns (matplotlib figure, alt text).

A drawing computes nothing that a page could want to know: it calls the library and puts the result on paper.
"""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import seaborn as sns
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from torch import Tensor

from dlgn_lib.models import DLGN, GatedNet
from dlgn_lib.paths import path_experts, path_gates
from dlgn_lib.regions import activation_regions, path_region, region_area

# Okabe-Ito colours, told apart by colour-blind readers; never the only code.
INK, BLUE, ORANGE, GREEN, RED, SKY, PINK, GREY = (
    "#222222", "#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#b3b3b3",
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


def _house(draw: Callable[..., Drawing]) -> Callable[..., Drawing]:
    @functools.wraps(draw)
    def styled(*args: object, **kwargs: object) -> Drawing:
        with plt.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return styled


def _grid(bounds: Sequence[Sequence[float]], n: int, net: GatedNet) -> Tensor:
    """Return n x n points of a rectangle, row by row from below, as (n * n, 2) in the net's dtype."""
    x, y = (torch.linspace(float(low), float(high), n) for low, high in bounds)
    y, x = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1).to(net.value_layers[0].weight.dtype)


def _extent(bounds: Sequence[Sequence[float]]) -> list[float]:
    return [float(value) for pair in bounds for value in pair]


def _plane(ax: Axes, bounds: Sequence[Sequence[float]], title: str = "") -> None:
    left, right, low, high = _extent(bounds)
    ax.set(xlim=(left, right), ylim=(low, high), aspect="equal", xlabel="$x_1$", ylabel="$x_2$", title=title)
    ax.axhline(0, color="#888888", lw=0.6, zorder=1)
    ax.axvline(0, color="#888888", lw=0.6, zorder=1)


def number(value: object) -> str:
    """Return a coordinate as prose writes it: 1.5, and 1/3 for a fraction that decimals do not reach."""
    text = f"{float(value):.6g}"
    return text.replace("-", "−") if float(text) == float(value) or isinstance(value, float) else str(value).replace("-", "−")


def intervals(region: Sequence[tuple]) -> str:
    """Return a union of intervals as text.

    >>> intervals([(0.5, 1.5), (2.5, 3.5)])
    '[0.5, 1.5] ∪ [2.5, 3.5]'
    """
    return " ∪ ".join(f"{{{number(a)}}}" if a == b else f"[{number(a)}, {number(b)}]" for a, b in region) or "∅"


def _draw_network(ax: Axes, net: GatedNet, path: Sequence[int], on: Sequence[Sequence[bool]], names: Mapping[tuple, str]) -> None:
    """Draw the net from left to right: units that are on are filled, the path's edges are thick."""
    sizes = [net.in_dim, *[net.width] * net.depth, net.out_dim]
    place = [[(layer, (size - 1) / 2 - unit) for unit in range(size)] for layer, size in enumerate(sizes)]
    for lower, upper in pairwise(place):
        for a in lower:
            for b in upper:
                ax.plot(*zip(a, b, strict=True), color=GREY, lw=0.7, zorder=1)
    stops = [place[layer + 1][unit] for layer, unit in enumerate(path)]
    for start in place[0]:
        for end in place[-1]:
            ax.plot(*zip(start, *stops, end, strict=True), color=BLUE, lw=2.6, zorder=2)
    for layer, units in enumerate(place):
        for unit, at in enumerate(units):
            hidden = 0 < layer < len(sizes) - 1
            active = not hidden or on[layer - 1][unit]
            edge = BLUE if hidden and path[layer - 1] == unit else INK
            ax.scatter(*at, s=420, facecolor=SKY if hidden and active else "white", edgecolor=edge, zorder=3,
                       linewidth=2.2 if edge == BLUE else 1, linestyle="-" if active else (0, (2, 1.5)))
            text = names.get((layer, unit), (f"$x_{unit + 1}$" if layer == 0 else r"$\hat{y}$" if layer == len(sizes) - 1 else ""))
            ax.text(*at, text or ("on" if active else "off"), ha="center", va="center", fontsize=8.5, zorder=4)
    ax.set(xlim=(-0.4, len(sizes) - 0.6), xticks=[], yticks=[], title=f"path {tuple(int(u) for u in path)}")
    ax.margins(y=0.22)
    for layer in range(1, net.depth + 1):
        ax.annotate(f"layer {layer}", (layer, 0.0), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=8.5)
    sns.despine(ax=ax, left=True, bottom=True)


@_house
def path_walk(net: GatedNet, path: Sequence[int], x: Tensor, bounds: Sequence[Sequence[float]]) -> Drawing:
    """Draw one path of a small net at the input x (2,): the net with its active units, and the plane with the path's region."""
    path = [int(unit) for unit in path]
    gates = [gate[0].bool().tolist() for gate in net.gates(x[None], hard=True)]
    gate = path_gates(net, x[None], torch.tensor([path]), hard=True).item()
    value = path_experts(net, x[None], torch.tensor([path])).item()
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.6), width_ratios=[1.15, 1])
    _draw_network(left, net, path, gates, {})
    pieces = path_region(net, path, bounds)
    for piece in pieces if isinstance(pieces, list) else [pieces]:
        right.add_patch(Polygon(np.asarray(piece), facecolor=SKY, edgecolor=SKY, lw=0.5, alpha=0.75, zorder=0))
    right.plot(*x.tolist(), "o", color=INK, ms=8, zorder=3)
    state = "on" if gate else "off"
    _plane(right, bounds, f"gate $f_\\pi$ = {gate:.0f} ({state}), expert $g_\\pi$ = {value:.2f}".replace("-", "−"))
    share = float(region_area(pieces) / region_area([_corners(bounds)]))
    alt = (
        f"Left: a net with {net.depth} hidden layers of {net.width} units; path {tuple(path)} is drawn thick and at the marked "
        f"input its gate is {state}. Right: the input plane; the path is active on the shaded {share:.0%} of it, and the "
        f"input is {'inside' if gate else 'outside'}."
    )
    return figure, alt


def _corners(bounds: Sequence[Sequence[float]]) -> list[tuple]:
    (a, b), (c, d) = bounds
    return [(a, c), (b, c), (b, d), (a, d)]


@_house
def path_counts(widths: Sequence[int], depths: Sequence[int], limit: float) -> Drawing:
    """Draw the number of paths, width**depth, against depth, with the number that fits in memory."""
    figure, ax = plt.subplots(figsize=(6.6, 3.6))
    for width, (colour, line) in zip(widths, LINES, strict=False):
        ax.semilogy(depths, [float(width) ** depth for depth in depths], color=colour, ls=line, marker="o", ms=3.5)
        ax.annotate(f"M = {width}", (depths[-1], float(width) ** depths[-1]), (6, 0), textcoords="offset points", va="center", color=colour)
    ax.axhline(limit, color=INK, lw=1)
    ax.annotate("one number per path fills 8 terabytes", (depths[0], limit), (0, 5), textcoords="offset points", fontsize=9,
                bbox={"facecolor": "white", "lw": 0, "pad": 1})
    ax.set(xlabel="hidden layers, $L - 1$", ylabel="paths, $M^{L-1}$", xticks=list(depths))
    ax.margins(x=0.02)
    alt = (
        f"Number of paths against the number of hidden layers on a logarithmic axis, straight lines for widths {', '.join(map(str, widths))}; "
        "all but the narrowest soon pass the line of what a computer can store."
    )
    return figure, alt


@_house
def region_1d(net: GatedNet, path: Sequence[int], bounds: tuple[float, float], names: Sequence[str] = ()) -> Drawing:
    """Draw the pre-activations along a path of a net with one input, and the exact region where all of them are ≥ 0."""
    x = torch.linspace(float(bounds[0]), float(bounds[1]), 801, dtype=net.value_layers[0].weight.dtype)
    region = path_region(net, path, bounds, exact=True)
    figure, ax = plt.subplots(figsize=(7, 3.4))
    with torch.no_grad():
        heights = [z[:, unit] for z, unit in zip(net.preactivations(x[:, None]), path, strict=True)]
    for layer, (height, (colour, line)) in enumerate(zip(heights, [(RED, "--"), (GREEN, "-")], strict=False)):
        name = names[layer] if names else f"unit {path[layer]} of layer {layer + 1}"
        ax.plot(x, height, color=colour, ls=line, lw=2, label=f"$z$ of the {name} unit")
    ax.axhline(0, color="#888888", lw=0.8)
    for low, high in region:
        ax.axvspan(float(low), float(high), color=SKY, alpha=0.4, lw=0)
        ax.plot([float(low), float(high)], [0, 0], color=BLUE, lw=5, solid_capstyle="butt", marker="|", ms=14, mew=2.5)
    ax.set(xlabel="$x$", ylabel="pre-activation $z$", ylim=(-2.3, 2.1), xlim=tuple(map(float, bounds)))
    ax.set_title(f"active path region: {intervals(region)}", color=BLUE)
    ax.legend(loc="lower left", ncols=2, fontsize=9)
    pieces = f"{len(region)} piece{'s' if len(region) != 1 else ''}: {intervals(region)}" if region else "empty"
    alt = f"Pre-activations of the units on the path against the input. The region where all are at least zero is {pieces}."
    return figure, alt


def _fill(ax: Axes, pieces: Sequence, **style: object) -> None:
    for piece in pieces:
        corners = np.asarray([[float(a), float(b)] for a, b in piece])
        if len(corners):
            ax.add_patch(Polygon(corners, **style))


@_house
def region_jump(nets: Mapping[str, GatedNet], paths: Mapping[str, Sequence[int]], bounds: Sequence[Sequence[float]], note: str) -> Drawing:
    """Draw the exact active region of one path for each of several nets with two inputs, side by side."""
    figure, axes = plt.subplots(1, len(nets), figsize=(7.4, 3.9), squeeze=False, sharey=True, layout="compressed")
    told = []
    for ax, (name, net) in zip(axes[0], nets.items(), strict=True):
        pieces = path_region(net, paths[name], bounds, exact=True)
        pieces = pieces if isinstance(pieces, list) else [pieces]
        share = float(region_area(pieces) / region_area([_corners(bounds)]))
        _fill(ax, pieces, facecolor=SKY, edgecolor=SKY, lw=0.3, zorder=0)
        _plane(ax, bounds, name)
        ax.annotate(f"active on {share:.3g} of the square", (0.03, 0.03), xycoords="axes fraction", fontsize=9)
        told.append(f"{name}: active on a share of {share:.3g} of the square")
    figure.suptitle(note, fontsize=11)
    return figure, f"Active region of one path in the input plane, {note.replace('$', '')}. " + "; ".join(told) + "."


@_house
def running_sum(net: GatedNet, x: Tensor) -> Drawing:
    """Draw Σ f_π g_π at one input as it grows path by path, against the forward pass: Theorem 1 as a picture."""
    with torch.no_grad():
        terms = (path_gates(net, x[None]) * path_experts(net, x[None])[:, :, 0])[0]
        target = net(x[None])[0, 0].item()
    total = torch.cumsum(terms, 0)
    count, active = len(terms), int((path_gates(net, x[None], hard=True) > 0).sum())
    figure, ax = plt.subplots(figsize=(6.8, 3.4))
    ax.step([0, *range(1, count + 1)], [0, *total.tolist()], where="post", color=BLUE, lw=1.6, label=r"sum of $f_\pi g_\pi$ so far")
    ax.axhline(target, color=RED, ls="--", lw=1.6, label=r"forward pass $\hat{y}(x)$")
    ax.plot(count, total[-1].item(), "o", color=BLUE, ms=8)
    ax.set(xlabel="paths counted", ylabel="sum", xlim=(0, count * 1.02))
    ax.set_title(f"{count:,} path{'s' if count != 1 else ''}, {active:,} active; difference at the end {abs(total[-1].item() - target):.1e}")
    ax.legend(fontsize=9, loc="best")
    alt = (
        f"The sum of gate times expert over {count} paths, {active} of them active, as a staircase that ends on the dashed line "
        f"of the forward pass at {target:.3g}."
    )
    return figure, alt


@_house
def errors(counts: Sequence[int], relative: Sequence[float], bound: float) -> Drawing:
    """Draw the relative error of the mixture of many random nets against their number of paths."""
    figure, ax = plt.subplots(figsize=(6.6, 3.3))
    floor = 1e-17  # zeros are drawn here
    ax.scatter(counts, np.maximum(relative, floor), s=26, color=BLUE, alpha=0.7, linewidth=0)
    ax.axhline(bound, color=RED, ls="--", label="bound of the claim")
    ax.set(xscale="log", yscale="log", ylim=(floor / 3, bound * 10), xlabel="number of paths", ylabel="relative difference")
    ax.legend(loc="upper left", fontsize=9)
    alt = (
        f"Relative difference between mixture and forward pass of {len(counts)} random ReLU nets against their number of paths: "
        f"all points lie between zero and {max(relative):.1e}, far below the dashed bound."
    )
    return figure, alt


@_house
def activations(names: Sequence[str], x: Tensor, forward: Mapping[str, Tensor], mixture: Mapping[str, Tensor]) -> Drawing:
    """Draw, for each activation, a net's output and the mixture that a 0/1 gate would give."""
    figure, axes = plt.subplots(1, len(names), figsize=(7.6, 2.7), sharey=True)
    for ax, name in zip(axes, names, strict=True):
        ax.plot(x, forward[name], color=BLUE, lw=2.4, label="forward pass")
        ax.plot(x, mixture[name], color=RED, lw=1.6, ls="--", label="mixture")
        gap = (forward[name] - mixture[name]).abs().max().item()
        ax.set(title=f"{name}\ngap {gap:.2g}" if gap > 1e-9 else f"{name}\ngap 0", xlabel="$x$")
    axes[0].legend(fontsize=8)
    gaps = ", ".join(f"{n} {(forward[n] - mixture[n]).abs().max().item():.2g}" for n in names)
    return figure, f"Output of one net with different activations and the mixture with on/off gates. Largest gaps: {gaps}; only ReLU has none."


@_house
def gate_maps(net: GatedNet, units: Sequence[int], bounds: Sequence[Sequence[float]], title: str) -> Drawing:
    """Draw the gate of one unit in each hidden layer over the plane, and the gate of the path through them."""
    n = 121
    with torch.no_grad():
        points = _grid(bounds, n, net)
        maps = [gate[:, unit] for gate, unit in zip(net.gates(points), units, strict=True)]
        maps.append(path_gates(net, points, torch.tensor([list(units)]))[:, 0])
    figure, axes = plt.subplots(1, len(maps), figsize=(7.6, 2.5), sharey=True, layout="compressed")
    for layer, (ax, values) in enumerate(zip(axes, maps, strict=True), start=1):
        image = ax.imshow(values.reshape(n, n), extent=_extent(bounds), origin="lower", cmap="cividis", vmin=0, vmax=1)
        name = f"layer {layer}, unit {units[layer - 1]}" if layer <= net.depth else "the path: product"
        ax.set(title=name, xlabel="$x_1$")
    axes[0].set_ylabel("$x_2$")
    figure.colorbar(image, ax=axes, label="gate", shrink=0.85, ticks=[0, 0.5, 1])
    figure.get_layout_engine().set(rect=(0, 0, 0.985, 1))
    figure.suptitle(title, fontsize=11)
    edges = "half-planes with straight edges" if isinstance(net, DLGN) else "the whole plane" if maps[0].min() == 1 else "regions that bend in later layers"
    share = float((maps[-1] > 0.5).double().mean())
    alt = f"{title}: gates of one unit per layer over the input plane ({edges}), and their product, above one half on {share:.0%} of the square."
    return figure, alt


@_house
def half_spaces(net: DLGN, bounds: Sequence[Sequence[float]], title: str = "") -> Drawing:
    """Draw every half-space of every layer of a DLGN with two inputs: one line per unit, a tick towards the side where it is on."""
    left, right, low, high = _extent(bounds)
    figure, axes = plt.subplots(1, net.depth, figsize=(7.6, 3.3), sharey=True, squeeze=False, layout="compressed")
    for layer, (ax, (normals, offsets)) in enumerate(zip(axes[0], net.half_spaces(), strict=True), start=1):
        colour = LINES[(layer - 1) % len(LINES)][0]
        for normal, offset in zip(normals.double(), offsets.double(), strict=True):
            length = normal.norm()
            foot = -offset * normal / length**2  # the point of the line nearest to the origin
            along = torch.stack([-normal[1], normal[0]]) / length * 2 * (right - left)
            ax.plot(*torch.stack([foot - along, foot + along]).T.tolist(), color=colour, lw=0.9, alpha=0.8)
            ax.plot(*torch.stack([foot, foot + 0.12 * (right - left) * normal / length]).T.tolist(), color=colour, lw=1.6)
        _plane(ax, bounds, f"layer {layer}")
        ax.set(xlim=(left, right), ylim=(low, high))
    for ax in axes[0, 1:]:
        ax.set_ylabel("")
    figure.suptitle(title or f"every half-space of the net: {net.width} per layer", fontsize=11)
    return figure, (
        f"One panel per hidden layer, one straight line per unit with a tick to the side where the gate is on: {net.width} half-planes "
        f"in each of {net.depth} layers, the same kind of object in every layer."
    )


@_house
def pieces(nets: Mapping[str, GatedNet], path: Sequence[int], bounds: Sequence[Sequence[float]]) -> Drawing:
    """Draw the activation-pattern regions of each net in pale colours, and on them, hatched, the active region of one path."""
    figure, axes = plt.subplots(1, len(nets), figsize=(7.6, 4.1), sharey=True, squeeze=False, layout="compressed")
    palette = ListedColormap(sns.color_palette("pastel", 10))
    told = []
    for ax, (name, net) in zip(axes[0], nets.items(), strict=True):
        regions = activation_regions(net, bounds)
        for number_, (polygon, _) in enumerate(regions):
            _fill(ax, [polygon], facecolor=palette(number_ % 10), edgecolor="white", lw=0.6, zorder=0)
        region = path_region(net, path, bounds)
        region = region if isinstance(region, list) else [region] * bool(len(region))
        _fill(ax, region, facecolor="none", edgecolor=INK, lw=0, hatch="////", zorder=2)
        _plane(ax, bounds, f"{name}: {len(regions)} pattern regions")
        share = float(region_area(region) / region_area([_corners(bounds)])) if region else 0.0
        ax.annotate(f"path active on {share:.0%}", (0.03, 0.03), xycoords="axes fraction", fontsize=9, bbox={"facecolor": "white", "lw": 0, "pad": 2})
        told.append(f"{name} has {len(regions)} activation-pattern regions and path {tuple(path)} is active on {share:.0%} of the square")
    return figure, "Pattern regions in pale colours, the active region of one path hatched. " + "; ".join(told) + "."


@_house
def allocation(angles: Tensor, targets: Tensor, outputs: Tensor, activities: Tensor, step: int) -> Drawing:
    """Draw where a net's paths are, and what it says, around the circle: share of path activity and output against the angle.

    `outputs` and `activities` are (S, N), one row per seed; the line is the median, the band the range over seeds.
    """
    degrees = torch.rad2deg(angles)
    figure, (top, low) = plt.subplots(2, 1, figsize=(7, 4.6), sharex=True, height_ratios=[1, 1.25])
    share = activities / activities.mean(dim=1, keepdim=True)
    for ax, values, colour in ((top, share, BLUE), (low, outputs, RED)):
        ax.fill_between(degrees, values.min(0).values, values.max(0).values, color=colour, alpha=0.2, lw=0)
        ax.plot(degrees, values.median(0).values, color=colour, lw=2, label="median and range over seeds")
        ax.axvline(180, color="#888888", lw=0.8)
    low.plot(degrees, targets, color=INK, lw=0.9, ls=":", label="target")
    top.set(ylabel="active paths\n(1 = average)", ylim=(0, 4.2))
    for place, text in (("left", "  smooth half"), ("center", f"step {step}"), ("right", "fast half  ")):
        top.set_title(text, loc=place, fontsize=11 if place == "center" else 9.5)
    low.set(ylabel="output", xlabel="angle of the input (degrees)", xlim=(0, 360), xticks=range(0, 361, 45), ylim=(-1.5, 1.5))
    top.legend(loc="upper right", fontsize=9)
    low.legend(loc="upper right", fontsize=9, ncols=2)
    smooth = (activities[:, angles < math.pi].sum(1) / activities.sum(1)).median().item()
    alt = (
        f"After {step} steps of gradient descent: {smooth:.0%} of the path activity (median over seeds) lies on the smooth half of the "
        "circle, left, and the output, below, is compared with the target, which is fast on the right half."
    )
    return figure, alt


@_house
def softness(net_of: Callable[[float], GatedNet], betas: Sequence[float], unit: int) -> Drawing:
    """Draw the gate of one unit along its normal for several slopes β; the hard gate is the limit."""
    x = torch.linspace(-1, 1, 401)[:, None]
    figure, ax = plt.subplots(figsize=(6.4, 3.0))
    for beta, (colour, line) in zip(betas, LINES, strict=False):
        net = net_of(beta)
        with torch.no_grad():
            gate = net.gates(x.to(net.value_layers[0].weight.dtype))[0][:, unit]
        ax.plot(x, gate, color=colour, ls=line, lw=2, label=f"β = {beta:g}" if math.isfinite(beta) else "hard gate, β → ∞")
    ax.set(xlabel="$z$, the input of the gate", ylabel="gate", yticks=[0, 0.5, 1])
    ax.legend(fontsize=9)
    return figure, "Gate against its input z: a flat S for small slopes, steeper with growing β, and a step from 0 to 1 at z = 0 for the hard gate."
