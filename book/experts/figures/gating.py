"""What the page experts/gating draws: gates, half-spaces, regions."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import seaborn as sns
import torch
from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.models import DLGN, GatedNet
from dlgn_lib.paths import path_gates
from dlgn_lib.plots.looks import BLUE, GATES, GREY, INK, SERIES, Drawing, house_style, room_at_the_right
from dlgn_lib.plots.planes import check_net, corners, extent, fill, grid_points, half_space_lines, input_plane
from dlgn_lib.regions import activation_regions, path_region, region_area

_TILES = sns.color_palette("Dark2", 7)


def _smooth(values: Tensor, n: int) -> Tensor:
    """Return a map (2n * 2n) with the mean of each two by two points: (n, n), without jagged edges."""
    return values.reshape(n, 2, n, 2).mean(dim=(1, 3))


@house_style
def gate_maps(net: GatedNet, units: Sequence[int], bounds: Sequence[Sequence[float]], title: str) -> Drawing:
    """Draw the gate of one unit in each hidden layer over the plane, and the gate of the path through them."""
    check_net(net, in_dim=2)
    n = 180
    with torch.no_grad():
        points = grid_points(bounds, 2 * n, net)
        maps = [gate[:, unit] for gate, unit in zip(net.gates(points), units, strict=True)]
        maps.append(path_gates(net, points, torch.tensor([list(units)]))[:, 0])
    columns = math.ceil(len(maps) / 2)
    figure, axes = plt.subplots(
        2, columns, figsize=(2.7 * columns + 1, 5.5), sharex=True, sharey=True, layout="compressed"
    )
    for ax in axes.T.flat[len(maps) :]:
        ax.remove()
    for layer, (ax, values) in enumerate(zip(axes.T.flat, maps, strict=False), start=1):
        levels = (_smooth(values.float(), n) * 40).round() / 40  # few levels make a small image
        image = ax.imshow(levels.numpy(), extent=extent(bounds), origin="lower", cmap=GATES, vmin=0, vmax=1)
        ax.set_title(f"layer {layer}, unit {units[layer - 1]}" if layer <= net.depth else "the path: their product")
    for ax in axes[-1]:
        ax.set_xlabel("$x_1$")
    for ax in axes[:, 0]:
        ax.set_ylabel("$x_2$")
    figure.colorbar(image, ax=list(axes.T.flat[: len(maps)]), label="gate", shrink=0.7, ticks=[0, 0.5, 1])
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
    kind = "shallow" if net.shallow else "deep"
    figure.suptitle(title or f"{kind} DLGN: all half-spaces, {net.width} per layer", fontsize=11)
    return figure, (
        f"{kind.capitalize()} DLGN: one panel per hidden layer, one straight line per unit with a tick "
        f"to the side where the gate is on: {net.width} half-planes in each of {net.depth} layers, the same kind of object "
        "in every layer."
    )


def _colouring(regions: Sequence[tuple[Tensor, object]]) -> tuple[list[int], list[list[frozenset]]]:
    """Return a number for each tile, unlike those of its neighbours, and the edges of each tile as pairs of corners."""
    corner = [[tuple(round(float(value), 5) for value in point) for point in polygon] for polygon, _ in regions]
    edges = [[frozenset(pair) for pair in zip(points, [*points[1:], points[0]], strict=True)] for points in corner]
    colours: list[int] = []
    for tile in edges:
        taken = {colours[other] for other in range(len(colours)) if set(tile) & set(edges[other])}
        free = [colour for colour in range(len(_TILES)) if colour not in taken]
        colours.append(min(free, key=colours.count) if free else 0)
    return colours, edges


@house_style
def pieces(nets: Mapping[str, GatedNet], path: Sequence[int], bounds: Sequence[Sequence[float]]) -> Drawing:
    """Draw the activation-pattern regions of each net as tiles: strong and outlined where the path is active, pale elsewhere."""
    figure, axes = plt.subplots(1, len(nets), figsize=(7.6, 4.1), sharey=True, squeeze=False, layout="compressed")
    told = []
    for ax, (name, net) in zip(axes[0], nets.items(), strict=True):
        regions = activation_regions(net, bounds)
        colours, edges = _colouring(regions)
        outline: Counter = Counter()
        for (polygon, pattern), colour, around in zip(regions, colours, edges, strict=True):
            active = all(pattern[layer][unit] for layer, unit in enumerate(path))
            fill(ax, [polygon], facecolor=_TILES[colour], alpha=0.5 if active else 0.15, lw=0, zorder=0)
            outline.update(around if active else ())
        for edge in {edge for around in edges for edge in around if len(edge) == 2}:
            inside = outline[edge] == 1  # on one side the path is active, on the other it is not
            ax.plot(
                *zip(*edge, strict=True), color=INK if inside else "white", lw=2.2 if inside else 0.7, zorder=2 + inside
            )
        input_plane(ax, bounds, f"{name}: {len(regions)} pattern regions")
        share = float(region_area(path_region(net, path, bounds)) / region_area([corners(bounds)]))
        ax.annotate(
            f"path active on {share:.0%}",
            (0.03, 0.03),
            xycoords="axes fraction",
            fontsize=9,
            bbox={"facecolor": "white", "lw": 0, "pad": 2},
            zorder=4,
        )
        told.append(
            f"{name} has {len(regions)} activation-pattern regions and path {tuple(path)} is active on {share:.0%} of the square"
        )
    for ax in axes[0, 1:]:
        ax.set_ylabel("")
    return figure, "Pattern regions as tiles, strong and outlined where one path is active. " + "; ".join(told) + "."


@house_style
def softness(net_of: Callable[[float], GatedNet], betas: Sequence[float], unit: int, shown: float) -> Drawing:
    """Draw the gate of one unit along its normal at the slope `shown`, and thin those at the other slopes β."""
    x = torch.linspace(-1, 1, 401)[:, None]
    figure, ax = plt.subplots(figsize=(5, 2.8))
    for beta in sorted(betas, key=lambda beta: beta == shown):
        net = net_of(beta)
        with torch.no_grad():
            gate = net.gates(x.to(net.value_layers[0].weight.dtype))[0][:, unit]
        ax.plot(x, gate, **({"color": BLUE, "lw": 2.6} if beta == shown else {"color": GREY, "lw": 1}))
    name = f"soft gate, β = {shown:g}" if math.isfinite(shown) else "hard gate, the limit of large β"
    ax.set(
        xlabel="$z$, the input of the gate", ylabel="gate", xticks=[-1, -0.5, 0, 0.5, 1], yticks=[0, 0.5, 1], title=name
    )
    return figure, (
        f"Gate against its input z, a {name}, bold among other slopes: a flat S for small slopes, steeper with growing β, "
        "and a step from 0 to 1 at z = 0 for the hard gate."
    )
