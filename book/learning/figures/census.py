"""What the page learning/census draws: the regions of paths on the circle."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from dlgn_lib.pages.learning.half_spaces import disc
from matplotlib import pyplot as plt
from matplotlib.colors import PowerNorm
from matplotlib.patches import Wedge
from torch import Tensor

from dlgn_lib.plots.looks import BLUE, FAINT, GATES, INK, ORANGE, SERIES, Drawing, house_style


@house_style
def wedges(paths: Mapping[str, Sequence[float]]) -> Drawing:
    """Draw the region of some paths: the normals of a path's half-planes (degrees, one per layer) and what all of them share."""
    figure, axes = plt.subplots(1, len(paths), figsize=(7.4, 2.75), squeeze=False)
    told = []
    for ax, (name, angles) in zip(axes[0], paths.items(), strict=True):
        first = angles[0]
        turned = [(angle - first + 180) % 360 - 180 for angle in angles]
        width = 180 - (max(turned) - min(turned))
        for (colour, _, _), angle in zip(SERIES, angles, strict=False):
            ax.add_patch(Wedge((0, 0), 1, angle - 90, angle + 90, fc=colour, alpha=0.09, lw=0))
        if width > 0:
            low = first + max(turned) - 90
            ax.add_patch(Wedge((0, 0), 1, low, low + width, fc="none", ec=INK, lw=1.2, hatch="////"))
        disc(ax, None)
        taken: list[float] = []
        for layer, ((colour, line, _), angle) in enumerate(zip(SERIES, angles, strict=False), start=1):
            tip = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
            ax.annotate("", tip, (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.8, "ls": line})
            far = 1.13 + 0.17 * sum(abs((angle - other + 180) % 360 - 180) < 13 for other in taken)
            taken.append(angle)
            ax.text(*(far * tip), str(layer), color=colour, ha="center", va="center", fontsize=10.5, weight="bold")
        ax.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5))
        ax.set_title(f"{name}, opening {width:.0f}°" if width > 0 else name, fontsize=10.5)
        where = f"a wedge of {width:.0f} degrees" if width > 0 else "no point at all"
        told.append(f"{name}: normals at {', '.join(f'{a % 360:.0f}' for a in angles)} degrees share {where}")
    return (
        figure,
        "Four arrows per disc, the normals of one path, and hatched what their half-planes share. "
        + "; ".join(told)
        + ".",
    )


@house_style
def region_census(
    profile: tuple[Tensor, Tensor],
    table: tuple[Tensor, Tensor, Tensor],
    sample: tuple[Tensor, Tensor],
    target: Tensor,
    heading: str,
) -> Drawing:
    """Draw all path regions of a DLGN on the circle: how much is on at each angle, some regions as bars, and all of them as a map.

    Args:
        profile: (edges (A,), weight (A,)) of the arcs on which no gate changes, angles in degrees.
        table: (centre, width, share) of all regions, tensors of one shape, in degrees; shares add up to 1.
        sample: (start (n,), width (n,)) in degrees of the regions that are drawn as bars and marked on the map.
        target: values (N,) at evenly spaced angles.
        heading: title of the figure.
    """
    figure, (top, middle, low) = plt.subplots(3, 1, figsize=(5.4, 6.5), sharex=True, height_ratios=[1, 1.4, 1.9])
    edges, weight = profile[0].numpy(), profile[1].numpy()
    lengths = np.diff(np.append(edges, edges[0] + 360))
    relative = weight / (weight @ lengths / 360)
    top.stairs(
        np.concatenate([relative[-1:], relative]),
        np.concatenate([[0], edges, [360]]),
        color=BLUE,
        lw=1.4,
        baseline=None,
    )
    angle = 360 * (np.arange(len(target)) + 0.5) / len(target)
    top.plot(angle, 0.55 * target.numpy() - 1, color=INK, lw=0.8)
    top.axhline(0, color=FAINT, lw=0.6)
    top.text(4, 3.9, "weight of the paths that are on (1 = average)", color=BLUE, fontsize=9, va="center")
    top.text(90, -1.42, "target", color=INK, fontsize=9, va="center", ha="center")
    top.set(ylim=(-1.8, 4.5), yticks=[0, 1, 2, 3], ylabel="weight")

    start, width = (part.numpy() for part in sample)
    order = np.argsort((start + width / 2) % 360)
    rows = np.arange(len(order))
    for shift in (0, -360):
        ends = start[order] + shift, start[order] + width[order] + shift
        middle.hlines(rows, *ends, color=BLUE, lw=2.2)
    middle.plot((start + width / 2)[order] % 360, rows, "|", color=ORANGE, ms=6, mew=1.6)
    middle.set(ylim=(-1, len(order)), yticks=[], ylabel=f"{len(order)} regions")

    centre, widths, share = (part.flatten().numpy() for part in table)
    cells, _, _ = np.histogram2d(centre % 360, widths, bins=[48, 24], range=[[0, 360], [0, 180]], weights=share)
    image = low.imshow(
        100 * cells.T.clip(0),
        origin="lower",
        extent=(0, 360, 0, 180),
        aspect="auto",
        cmap=GATES,
        norm=PowerNorm(0.6, 0, 0.8, clip=True),
    )
    low.plot((start + width / 2) % 360, width, "o", mfc="none", mec="white", ms=4.5, mew=1)
    low.set(xlim=(0, 360), xticks=range(0, 361, 90), yticks=range(0, 181, 45))
    low.set(
        xlabel="angle of the input;\non the map: centre of the region (degrees)",
        ylabel="opening of the\nregion (degrees)",
    )
    for ax in (top, middle, low):
        ax.axvline(180, color="white" if ax is low else FAINT, lw=0.8, zorder=1.5 if ax is low else 0)
    figure.colorbar(
        image,
        ax=low,
        location="bottom",
        aspect=45,
        pad=0.04,
        extend="max",
        label="share of all weight in a cell of 7.5° × 7.5° (%)",
    )
    top.set_title("smooth half", loc="left", fontsize=9.5)
    top.set_title("fast half", loc="right", fontsize=9.5)
    top.set_title(heading, fontsize=10.5)
    middles = (edges + lengths / 2) % 360
    above = (weight * lengths)[middles < 180].sum() / (weight * lengths).sum()
    wide = share[widths > 90].sum() / share.sum()
    alt = (
        f"{heading}. {above:.0%} of the weight of the path regions lies on the smooth half of the circle. "
        f"Below, {len(order)} sampled regions as bars over the angle, and a map of all regions by centre and "
        f"opening: {wide:.0%} of the weight belongs to regions wider than 90 degrees, and the weighted mean "
        f"opening is {(share * widths).sum() / share.sum():.0f} degrees."
    )
    return figure, alt
