"""What the page experts/paths draws: paths, their number, their regions."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import seaborn as sns
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from dlgn_lib.models import GatedNet
from dlgn_lib.paths import path_experts, path_gates
from dlgn_lib.plots.looks import BLUE, FAINT, GREEN, GREY, INK, SERIES, SKY, Drawing, house_style
from dlgn_lib.plots.planes import check_net, check_path, corners, fill, input_plane
from dlgn_lib.plots.text import intervals, number
from dlgn_lib.regions import path_region, region_area

BROWN, DARK = "#b06a25", "#111111"  # the latter is dark on every page, for text on light patches


def _draw_network(ax: Axes, net: GatedNet, path: Sequence[int], x: Tensor, letters: bool) -> None:
    """Draw the net from left to right with its weights: units that are on are filled, the path's edges are thick.

    Of a net wider than two only the weights on the path are written.
    """
    sizes = [net.in_dim, *net.widths, net.out_dim]
    on = [gate[0].bool().tolist() for gate in net.gates(x[None], hard=True)]
    place = [[(layer, (size - 1) / 2 - unit) for unit in range(size)] for layer, size in enumerate(sizes)]
    stops = [place[layer + 1][unit] for layer, unit in enumerate(path)]
    walked = {edge for start in place[0] for end in place[-1] for edge in pairwise([start, *stops, end])}
    for matrix, lower, upper in zip(net.value_layers, place[:-1], place[1:], strict=True):
        for weights, end in zip(matrix.weight.tolist(), upper, strict=True):
            for weight, start in zip(weights, lower, strict=True):
                thick = (start, end) in walked
                ax.plot(
                    *zip(start, end, strict=True),
                    color=BLUE if thick else GREY,
                    lw=2.6 if thick else 0.8,
                    zorder=1 + thick,
                )
                if thick or max(sizes) == 2:
                    at = [a + 0.36 * (b - a) for a, b in zip(start, end, strict=True)]
                    box = {"facecolor": "white", "lw": 0, "pad": 1}
                    ax.text(*at, number(weight), ha="center", va="center", fontsize=8.5, bbox=box, zorder=3)
    for layer, units in enumerate(place):
        for unit, at in enumerate(units):
            hidden = 0 < layer < len(sizes) - 1
            active = not hidden or on[layer - 1][unit]
            edge = BLUE if hidden and path[layer - 1] == unit else INK
            ax.scatter(
                *at,
                s=640,
                facecolor=SKY if hidden and active else "white",
                edgecolor=edge,
                zorder=4,
                linewidth=2.2 if edge == BLUE else 1,
                linestyle="-" if active else (0, (2, 1.5)),
            )
            end = f"$x_{unit + 1}$" if layer == 0 else r"$\hat{y}$"
            text = end if not hidden else f"{unit}\n{'on' if active else 'off'}"
            colour = DARK if hidden and active else INK
            ax.text(*at, text, color=colour, ha="center", va="center", fontsize=8.5, linespacing=0.95, zorder=5)
            if not hidden:
                value = x[unit].item() if layer == 0 else net(x[None])[0, unit].item()
                shown, beside = f"{value:.2f}".replace("-", "−"), (0, -26) if layer else (-7, 18)
                ax.annotate(shown, at, beside, textcoords="offset points", ha="center", fontsize=8.5)
    ax.set(xlim=(-0.4, len(sizes) - 0.6), xticks=[], yticks=[], title=f"path {tuple(int(u) for u in path)}")
    ax.margins(y=0.34)
    below = {"xycoords": ("data", "axes fraction"), "ha": "center", "fontsize": 8.5}
    for layer in range(1, net.depth + 1):
        name = f"$z_{layer},\\,d_{layer},\\,h_{layer}$" if letters else f"layer {layer}"
        ax.annotate(name, (layer, 0.0), va="bottom", **below)
    for layer in range(1, len(sizes) if letters else 0):
        ax.annotate(f"$W_{layer}$", (layer - 0.5, 0.97), va="top", **below)
    sns.despine(ax=ax, left=True, bottom=True)


@house_style
def path_walk(
    net: GatedNet, path: Sequence[int], x: Tensor, bounds: Sequence[Sequence[float]], letters: bool = False
) -> Drawing:
    """Draw one path of a small net at the input x (2,): the net with its active units, and the plane with the path's region.

    With `letters` the layers bear the letters of the notation, not their numbers.
    """
    check_net(net, in_dim=2, out_dim=1)
    path = check_path(net, path)
    gate = path_gates(net, x[None], torch.tensor([path]), hard=True).item()
    value = path_experts(net, x[None], torch.tensor([path])).item()
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.6), width_ratios=[1.15, 1])
    with torch.no_grad():
        _draw_network(left, net, path, x, letters)
    pieces = path_region(net, path, bounds)
    fill(right, pieces, facecolor=SKY, alpha=0.45, lw=0, zorder=0)
    right.plot(*x.tolist(), "o", color=INK, ms=8, zorder=3)
    state = "on" if gate else "off"
    input_plane(right, bounds, f"gate $f_\\pi$ = {gate:.0f} ({state}), expert $g_\\pi$ = {value:.2f}".replace("-", "−"))
    share = float(region_area(pieces) / region_area([corners(bounds)]))
    point = f"({number(x[0].item())}, {number(x[1].item())})"
    units = " and ".join(map(str, dict.fromkeys(net.widths)))
    alt = (
        f"Left: a net with {net.depth} hidden layers of {units} units; path {tuple(path)} is drawn thick and at the "
        f"input {point} its gate is {state}. Right: the input plane; the path is active on the shaded {share:.0%} of it, "
        f"and the input is {'inside' if gate else 'outside'}."
    )
    return figure, alt


@house_style
def path_counts(widths: Sequence[int], depths: Sequence[int], limit: float) -> Drawing:
    """Draw the number of paths, width**depth, against depth, with the number that fits in memory."""
    figure, ax = plt.subplots(figsize=(5.2, 3.4))
    for width, (colour, line, _) in zip(widths, SERIES, strict=False):
        ax.semilogy(depths, [float(width) ** depth for depth in depths], color=colour, ls=line, marker="o", ms=3.5)
        ax.annotate(
            f"M = {width}",
            (depths[-1], float(width) ** depths[-1]),
            (6, 0),
            textcoords="offset points",
            va="center",
            color=colour,
        )
    ax.axhline(limit, color=INK, lw=1)
    ax.annotate(
        "8 terabytes",
        (depths[-1], limit),
        (0, -5),
        textcoords="offset points",
        fontsize=9,
        ha="right",
        va="top",
    )
    ax.set(xlabel="hidden layers, $L - 1$", ylabel="paths, $M^{L-1}$", xticks=list(depths))
    ax.margins(x=0.02)
    alt = (
        "Number of paths against the number of hidden layers on a logarithmic axis, straight lines for widths "
        f"{', '.join(map(str, widths))}; all but the narrowest soon pass the line of what a computer can store."
    )
    return figure, alt


@house_style
def region_1d(net: GatedNet, path: Sequence[int], bounds: tuple[float, float], names: Sequence[str] = ()) -> Drawing:
    """Draw the pre-activations along a path of a net with one input, and the exact region where all of them are ≥ 0.

    `names` are labels of the path's units, layer by layer; without them they are numbered.

    Raises:
        TypeError: if `net` is no net of the family.
        ValueError: if it has more than one input, or `path` or `names` do not fit its depth.
    """
    check_net(net, in_dim=1)
    path = check_path(net, path)
    names = list(names) or [f"unit {unit} of layer {layer}" for layer, unit in enumerate(path, start=1)]
    if len(names) != net.depth:
        raise ValueError(f"names must be {net.depth} labels, one per hidden layer, got {names}")
    x = torch.linspace(float(bounds[0]), float(bounds[1]), 801, dtype=net.value_layers[0].weight.dtype)
    region = path_region(net, path, bounds, exact=True)
    figure, ax = plt.subplots(figsize=(5.2, 3.4))
    with torch.no_grad():
        heights = [z[:, unit] for z, unit in zip(net.preactivations(x[:, None]), path, strict=True)]
    styles = [("#d62728", "--"), (GREEN, "-"), *((s.colour, s.line) for s in SERIES)]
    for name, height, (colour, line) in zip(names, heights, styles, strict=False):
        ax.plot(x, height, color=colour, ls=line, lw=2, label=f"$z$, {name}")
    ax.axhline(0, color=FAINT, lw=0.8)
    for low, high in region:
        ax.axvspan(float(low), float(high), color=SKY, alpha=0.4, lw=0)
        ax.plot([float(low), float(high)], [0, 0], color=BLUE, lw=5, solid_capstyle="butt", marker="|", ms=14, mew=2.5)
    low, high = (heights[-1].min().item(), heights[-1].max().item())  # the other layers may leave the frame
    scale = (min(-2.4, 1.1 * low), max(1.7, 1.1 * high))  # the same for all but large weights
    ax.set(xlabel="$x$", ylabel="pre-activation $z$", ylim=scale, xlim=tuple(map(float, bounds)))
    ax.set_title(f"active path region: {intervals(region)}", color=BLUE)
    figure.legend(loc="outside lower center", ncols=len(names), fontsize=9)
    pieces = f"{len(region)} piece{'s' if len(region) != 1 else ''}: {intervals(region)}" if region else "empty"
    alt = f"Pre-activations of the units on the path against the input. The region where all are at least zero is {pieces}."
    return figure, alt


def _arrow(ax: Axes, base: Sequence[float], normal: Tensor, text: str, colour: str) -> None:
    """Draw an arrow from `base` along the unit vector `normal`, and the text at its end."""
    base = torch.tensor(base, dtype=torch.float64)
    arrow = {"arrowstyle": "->", "color": colour, "lw": 1.6}
    ax.annotate("", (base + 0.45 * normal).tolist(), base.tolist(), arrowprops=arrow)
    across = ("left" if normal[0] > 0 else "right", "center")
    upright = ("center", "bottom" if normal[1] > 0 else "top")
    ha, va = across if abs(normal[0]) > abs(normal[1]) else upright
    ax.text(*(base + 0.5 * normal).tolist(), text, color=colour, fontsize=9, ha=ha, va=va)


def _second_boundary(ax: Axes, net: GatedNet, unit: int) -> str:
    """Draw where the gate of a unit of layer two switches, brown, if it does so on the x₁-axis, and return it in words."""
    sides = torch.tensor([[1.0, -1.0], [1.0, 1.0]], dtype=torch.float64)
    below, above = net.gates(sides, hard=True)[1][:, unit].bool().tolist()
    if below and above:
        ax.text(-1.9, 1.75, "brown on everywhere", color=BROWN, fontsize=9, va="center")
        return ", the brown unit is on everywhere"
    ax.plot([-3, 3], [0, 0], color=BROWN, lw=2, ls=(0, (4, 4)), zorder=3)
    _arrow(ax, (-0.5, 0.0), torch.tensor([0.0, 1.0 if above else -1.0]).double(), "brown on", BROWN)
    return f", the brown unit is on {'above' if above else 'below'} its line"


@house_style
def region_jump(
    nets: Mapping[str, GatedNet],
    path: Sequence[int],
    bounds: Sequence[Sequence[float]],
    note: str,
    units: Mapping[str, tuple[int, str]],
) -> Drawing:
    """Draw the exact active region of one path for each of several nets with two inputs, side by side.

    `units` labels the boundaries of first-layer units without bias: name -> (unit, colour); a tick points to the on side.
    A second unit of the path is brown: its gate switches on the x₁-axis, or is on everywhere.
    """
    figure, axes = plt.subplots(1, len(nets), figsize=(7.4, 3.9), squeeze=False, sharey=True, layout="compressed")
    told = []
    for ax, (name, net) in zip(axes[0], nets.items(), strict=True):
        check_net(net, in_dim=2)
        pieces = path_region(net, path, bounds, exact=True)
        share = float(region_area(pieces) / region_area([corners(bounds)]))
        fill(ax, pieces, facecolor="#e0a84a", alpha=0.3, lw=0, zorder=0)
        input_plane(ax, bounds, f"{name}: active on {share:.3g} of the square")
        first = net.gate_layers[0] if hasattr(net, "gate_layers") else net.value_layers[0]
        for text, (unit, colour) in units.items():
            normal = first.weight[unit].detach().double()
            normal = normal / normal.norm()
            along = torch.stack([normal[1], -normal[0]])
            ax.plot(*torch.stack([-3 * along, 3 * along]).T.tolist(), color=colour, lw=2, zorder=2)
            _arrow(ax, (1.45 * along).tolist(), normal, f"{text} on", colour)
        where = _second_boundary(ax, net, path[1]) if len(path) > 1 else ""
        told.append(f"{name}: active on a share of {share:.3g} of the square{where}")
    for ax in axes[0, 1:]:
        ax.set_ylabel("")
    figure.suptitle(note, fontsize=11)
    return figure, f"Active region of one path in the input plane, {note}. " + "; ".join(told) + "."
