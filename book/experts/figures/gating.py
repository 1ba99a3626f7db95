"""What the page experts/gating draws: gates, half-spaces, regions."""

import math
from collections.abc import Callable, Mapping, Sequence

import seaborn as sns
import torch
from matplotlib import pyplot as plt
from matplotlib.colors import ListedColormap

from dlgn_lib.models import DLGN, GatedNet
from dlgn_lib.paths import path_gates
from dlgn_lib.plots.looks import GATES, INK, SERIES, Drawing, house_style, room_at_the_right
from dlgn_lib.plots.planes import check_net, corners, extent, fill, grid_points, half_space_lines, input_plane
from dlgn_lib.regions import activation_regions, path_region, region_area


@house_style
def gate_maps(net: GatedNet, units: Sequence[int], bounds: Sequence[Sequence[float]], title: str) -> Drawing:
    """Draw the gate of one unit in each hidden layer over the plane, and the gate of the path through them."""
    check_net(net, in_dim=2)
    n = 121
    with torch.no_grad():
        points = grid_points(bounds, n, net)
        maps = [gate[:, unit] for gate, unit in zip(net.gates(points), units, strict=True)]
        maps.append(path_gates(net, points, torch.tensor([list(units)]))[:, 0])
    figure, axes = plt.subplots(1, len(maps), figsize=(7.6, 2.5), sharey=True, layout="compressed")
    for layer, (ax, values) in enumerate(zip(axes, maps, strict=True), start=1):
        image = ax.imshow(
            values.reshape(n, n).numpy(), extent=extent(bounds), origin="lower", cmap=GATES, vmin=0, vmax=1
        )
        name = f"layer {layer}, unit {units[layer - 1]}" if layer <= net.depth else "the path: product"
        ax.set(title=name, xlabel="$x_1$")
    axes[0].set_ylabel("$x_2$")
    figure.colorbar(image, ax=axes, label="gate", shrink=0.85, ticks=[0, 0.5, 1])
    room_at_the_right(figure)
    figure.suptitle(title, fontsize=11)
    edges = (
        "half-planes with straight edges"
        if isinstance(net, DLGN)
        else "the whole plane"
        if maps[0].min() == 1
        else "regions that bend in later layers"
    )
    share = float((maps[-1] > 0.5).double().mean())
    alt = (
        f"{title}: gates of one unit per layer over the input plane ({edges}), and their product, "
        f"above one half on {share:.0%} of the square."
    )
    return figure, alt


@house_style
def half_spaces(net: DLGN, bounds: Sequence[Sequence[float]], title: str = "") -> Drawing:
    """Draw every half-space of every layer of a DLGN with two inputs: one line per unit, a tick towards the side where it is on.

    Raises:
        TypeError: if `net` is no DLGN.
        ValueError: if it has not two inputs.
    """
    check_net(net, in_dim=2, kind=DLGN)
    figure, axes = plt.subplots(1, net.depth, figsize=(7.6, 3.3), sharey=True, squeeze=False, layout="compressed")
    for layer, (ax, (normals, offsets)) in enumerate(zip(axes[0], net.half_spaces(), strict=True), start=1):
        input_plane(ax, bounds, f"layer {layer}")
        half_space_lines(ax, normals, offsets, bounds, SERIES[(layer - 1) % len(SERIES)].colour)
    for ax in axes[0, 1:]:
        ax.set_ylabel("")
    figure.suptitle(title or f"all half-spaces, {net.width} per layer", fontsize=11)
    return figure, (
        f"{'Shallow' if net.shallow else 'Deep'} DLGN: one panel per hidden layer, one straight line per unit with a tick "
        f"to the side where the gate is on: {net.width} half-planes in each of {net.depth} layers, the same kind of object "
        "in every layer."
    )


@house_style
def pieces(nets: Mapping[str, GatedNet], path: Sequence[int], bounds: Sequence[Sequence[float]]) -> Drawing:
    """Draw the activation-pattern regions of each net in pale colours, and on them, hatched, the active region of one path."""
    figure, axes = plt.subplots(1, len(nets), figsize=(7.6, 4.1), sharey=True, squeeze=False, layout="compressed")
    palette = ListedColormap(sns.color_palette("pastel", 10))
    told = []
    for ax, (name, net) in zip(axes[0], nets.items(), strict=True):
        regions = activation_regions(net, bounds)
        for number_, (polygon, _) in enumerate(regions):
            fill(ax, [polygon], facecolor=palette(number_ % 10), edgecolor="white", lw=0.6, zorder=0)
        region = path_region(net, path, bounds)
        fill(ax, region, facecolor="none", edgecolor=INK, lw=0, hatch="////", zorder=2)
        input_plane(ax, bounds, f"{name}: {len(regions)} pattern regions")
        share = float(region_area(region) / region_area([corners(bounds)]))
        ax.annotate(
            f"path active on {share:.0%}",
            (0.03, 0.03),
            xycoords="axes fraction",
            fontsize=9,
            bbox={"facecolor": "white", "lw": 0, "pad": 2},
        )
        told.append(
            f"{name} has {len(regions)} activation-pattern regions and path {tuple(path)} is active on {share:.0%} of the square"
        )
    return figure, "Pattern regions in pale colours, the active region of one path hatched. " + "; ".join(told) + "."


@house_style
def softness(net_of: Callable[[float], GatedNet], betas: Sequence[float], unit: int) -> Drawing:
    """Draw the gate of one unit along its normal for several slopes β; the hard gate is the limit."""
    x = torch.linspace(-1, 1, 401)[:, None]
    figure, ax = plt.subplots(figsize=(6.4, 3.0))
    for beta, (colour, line, _) in zip(betas, SERIES, strict=False):
        net = net_of(beta)
        with torch.no_grad():
            gate = net.gates(x.to(net.value_layers[0].weight.dtype))[0][:, unit]
        ax.plot(
            x, gate, color=colour, ls=line, lw=2, label=f"β = {beta:g}" if math.isfinite(beta) else "hard gate, β → ∞"
        )
    ax.set(xlabel="$z$, the input of the gate", ylabel="gate", yticks=[0, 0.5, 1])
    ax.legend(fontsize=9)
    return (
        figure,
        "Gate against its input z: a flat S for small slopes, steeper with growing β, and a step from 0 to 1 at z = 0 for the hard gate.",
    )
