"""What the page kernels/overlap draws."""

import math
from collections.abc import Mapping, Sequence

import seaborn as sns
import torch
from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.kernels import trace_normalize
from dlgn_lib.models import GatedNet
from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.looks import (
    BLUE,
    FAINT,
    GREY,
    INK,
    ORANGE,
    ROLES,
    Drawing,
    house_style,
    looks,
    room_at_the_right,
)
from dlgn_lib.plots.maps import kernel_image
from dlgn_lib.plots.planes import check_net
from dlgn_lib.statistics import median


@house_style
def shared_units(net: GatedNet, pair: Tensor) -> Drawing:
    """Draw a small net at two inputs at once, `pair` (2, 2): the units that each switches on, and the paths that they share.

    Every unit is a disc; its left half is lit if the unit is on at the first input, its right half if at the second.
    """
    check_net(net, in_dim=2)
    lit = [gate.bool() for gate in net.gates(pair, hard=True)]  # (2, M) for each layer
    both = [on.all(dim=0) for on in lit]
    counts = [int(on.sum()) for on in both]
    figure, (plane, ax) = plt.subplots(1, 2, figsize=(7.4, 3.5), width_ratios=[1, 2.1])
    turns = torch.linspace(0, 2 * math.pi, 181)
    plane.plot(turns.cos(), turns.sin(), color=FAINT, lw=0.8)
    for point, colour, name in zip(pair.tolist(), (BLUE, ORANGE), ("$x$", "$x'$"), strict=True):
        plane.plot([0, point[0]], [0, point[1]], color=colour, lw=1)
        plane.plot(*point, "o", color=colour, ms=9)
        plane.text(*(1.28 * value for value in point), name, ha="center", va="center", fontsize=12)
    plane.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal", xticks=[], yticks=[], title="two inputs")
    place = [[(layer, (width - 1) / 2 - unit) for unit in range(width)] for layer, width in enumerate(net.widths)]
    for shared, nodes, above, others in zip(both, place, both[1:], place[1:], strict=False):
        for one, start in zip(shared.tolist(), nodes, strict=True):
            for other, end in zip(above.tolist(), others, strict=True):
                thick = one and other
                ax.plot(*zip(start, end, strict=True), color=INK if thick else GREY, lw=1.8 if thick else 0.5, zorder=1)
    for on, shared, nodes in zip(lit, both, place, strict=True):
        for unit, at in enumerate(nodes):
            edge = {"mec": INK, "mew": 2 if shared[unit] else 0.8, "ms": 27, "ls": "none", "marker": "o"}
            ax.plot(*at, mfc="white", zorder=3, **edge)
            for side, colour, own in zip(("left", "right"), (BLUE, ORANGE), on[:, unit].tolist(), strict=True):
                if own:
                    ax.plot(*at, fillstyle=side, mfc=colour, markerfacecoloralt="none", zorder=4, **edge)
    for layer, count in enumerate(counts):
        ax.annotate(
            f"layer {layer + 1}\n{count} shared",
            (layer, 0.0),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
        )
    paths = math.prod(counts)
    product = " · ".join(map(str, counts))
    ax.set(xlim=(-0.4, len(place) - 0.6), xticks=[], yticks=[])
    ax.set_title(f"{product} = {paths} of {math.prod(net.widths)} paths are active at both")
    ax.margins(y=0.32)
    for one in (plane, ax):
        sns.despine(ax=one, left=True, bottom=True)
    each = [", ".join(str(int(gate[row].sum())) for gate in lit) for row in (0, 1)]
    turn = math.degrees(math.acos(max(-1.0, min(1.0, float(torch.cosine_similarity(*pair, dim=0))))))
    alt = (
        f"Left: two inputs on the circle, {turn:.0f} degrees apart. Right: a net of {len(place)} hidden layers of "
        f"{net.widths[0]} units. The first input switches on {each[0]} units of its layers, the second {each[1]}; "
        f"both {', '.join(map(str, counts))}, which makes {paths} shared paths."
    )
    return figure, alt


@house_style
def kernel_map(kernels: Mapping[str, Tensor], top: float = 1.45, label: str = "kernel, mean diagonal 1") -> Drawing:
    """Draw trace-normalised kernels (N, N) on the circle as images, side by side, on the colour scale 0 to `top`.

    Dashed lines mark the pairs of opposite points.
    """
    maps = {name: trace_normalize(kernel) for name, kernel in kernels.items()}
    figure, axes = plt.subplots(1, len(maps), figsize=(7.4, 3.5), sharey=True, squeeze=False, layout="compressed")
    told = []
    for ax, (name, kernel) in zip(axes[0], maps.items(), strict=True):
        image = kernel_image(ax, kernel, 0, top)
        for start in ((0, 180), (180, 0)):
            ax.plot(*((angle, angle + 180) for angle in start), color="white", lw=1.1, ls=(0, (4, 4)))
        ax.set(title=name, xlabel="angle of $x$ (degrees)")
        quarter = len(kernel) // 4
        near, far = (kernel.diagonal(offset).mean().item() for offset in (quarter, 2 * quarter))
        told.append(f"{name}: {near:.2g} at a quarter turn, {far:.2g} at half a turn")
    axes[0, 0].set_ylabel("angle of $x'$ (degrees)")
    figure.colorbar(image, ax=axes, label=label, shrink=0.9)
    room_at_the_right(figure)
    return figure, "Kernels as images over two angles, bright along the diagonal. Mean entries: " + "; ".join(
        told
    ) + "."


@house_style
def error_against_width(widths: Sequence[int], errors: Mapping[str, Tensor]) -> Drawing:
    """Draw relative errors (S, widths) of several networks against the width: median and range over seeds.

    The numbers are the last medians. A line of slope -1/2 starts at the first network's first median.
    """
    figure, ax = plt.subplots(figsize=(5.2, 3.5))
    told = []
    for (name, values), (colour, line, _) in zip(errors.items(), looks(errors).values(), strict=True):
        middle = seed_band(ax, widths, values, colour, ls=line, lw=1.5, marker="o", ms=4, label=name)
        told.append(f"{name} from {middle[0]:.2g} to {middle[-1]:.2g}")
        ax.annotate(
            f"{middle[-1]:.2f}", (widths[-1], middle[-1]), (8, 0), textcoords="offset points", color=colour, va="center"
        )
    first = median(next(iter(errors.values())), 0)[0].item()
    guide = [first * (width / widths[0]) ** -0.5 for width in widths]
    ax.plot(widths, guide, **ROLES["guide"], label="slope −1/2")
    ax.set(xscale="log", yscale="log", xlabel="width $M$", ylabel="relative error")
    ax.set_xticks(list(widths), [str(width) for width in widths])
    ax.set_yticks([0.1, 0.2, 0.5, 1], ["0.1", "0.2", "0.5", "1"])
    ax.minorticks_off()
    ax.legend(fontsize=9)
    return figure, f"Relative error against width on logarithmic axes, median over seeds: {'; '.join(told)}."
