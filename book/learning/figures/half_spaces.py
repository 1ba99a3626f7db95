"""What the page learning/half-spaces draws: all half-spaces of a DLGN and what they cut out."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.colors import PowerNorm
from matplotlib.patches import Circle, Wedge
from torch import Tensor

from dlgn_lib.normals import axial_resultant
from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.looks import BLUE, FAINT, GATES, GREEN, GREY, INK, ORANGE, RED, SERIES, Drawing, house_style, looks
from dlgn_lib.statistics import median

_BINS = 36  # of a rose, 10 degrees each

_EVEN = 0.38  # radius of a rose whose normals are spread evenly


def _axis(normals: Tensor) -> tuple[float, float]:
    """Return the axial resultant of normals (n, 2) and the angle of its axis in degrees, 0 to 180."""
    angle = torch.atan2(normals[:, 1], normals[:, 0]).double()
    cosine, sine = (2 * angle).cos().mean().item(), (2 * angle).sin().mean().item()
    return axial_resultant(normals), math.degrees(math.atan2(sine, cosine)) / 2 % 180


def _near(normals: Tensor, degrees: float) -> float:
    """Return the share of the normals within 30 degrees of a direction."""
    angle = torch.rad2deg(torch.atan2(normals[:, 1], normals[:, 0]))
    return (((angle - degrees + 180) % 360 - 180).abs() <= 30).double().mean().item()


def _disc(ax: Axes, target: Tensor | None) -> None:
    """Set up a panel: the unit circle and outside it the target, as a curve around the circle."""
    ax.add_patch(Circle((0, 0), 1, fc="none", ec=FAINT, lw=0.8))
    if target is not None:
        angle = 2 * math.pi * (np.arange(len(target) + 1) + 0.5) / len(target)
        radius = 1.2 + 0.13 * np.append(target.numpy(), target[0].item())
        ax.plot(radius * np.cos(angle), radius * np.sin(angle), color=INK, lw=0.8)
    size = 1.06 if target is None else 1.38
    ax.set(xlim=(-size, size), ylim=(-size, size), aspect="equal")
    ax.axis("off")


@house_style
def directions(
    panels: Mapping[str, Tensor],
    targets: Sequence[Tensor | None] | Tensor | None,
    heading: str,
    rose: bool = False,
) -> Drawing:
    """Draw the normals of half-spaces through the origin as directions, one disc per set.

    Args:
        panels: title -> normals (n, 2).
        targets: values (N,) at evenly spaced angles, drawn around the disc; one for all panels, one each, or None.
        heading: title of the figure.
        rose: False draws each normal as a short spoke at the rim; True counts them in sectors of 10 degrees whose area is their number.
    """
    height = 2.9 if any("\n" in name for name in panels) else 2.6
    figure, axes = plt.subplots(1, len(panels), figsize=(7.4, height), squeeze=False)
    targets = [targets] * len(panels) if targets is None or isinstance(targets, Tensor) else targets
    told = []
    for ax, (name, normals), target in zip(axes[0], panels.items(), targets, strict=True):
        _disc(ax, target)
        length, axis = _axis(normals)
        angle = torch.atan2(normals[:, 1], normals[:, 0]).double().numpy()
        if rose:
            counts, _ = np.histogram(angle % (2 * math.pi), bins=_BINS, range=(0, 2 * math.pi))
            radius = _EVEN * np.sqrt(counts * _BINS / len(angle))
            turn = 360 / _BINS
            sectors = [Wedge((0, 0), min(r, 1), at * turn, (at + 1) * turn) for at, r in enumerate(radius)]
            ax.add_collection(PatchCollection(sectors, fc=BLUE, ec="white", lw=0.4))
            ax.add_patch(Circle((0, 0), _EVEN, fc="none", ec=INK, lw=0.9, ls=":", zorder=3))
        else:
            tips = np.stack([np.cos(angle), np.sin(angle)], axis=1)
            ax.add_collection(LineCollection([[0.55 * tip, tip] for tip in tips], colors=BLUE, lw=0.7))
            ax.plot(*tips.T, "o", color=BLUE, ms=2.6, zorder=3)
        end = length * np.array([math.cos(math.radians(axis)), math.sin(math.radians(axis))])
        ax.plot(*np.stack([-end, end]).T, color="white", lw=4.4, solid_capstyle="butt", zorder=4)
        ax.plot(*np.stack([-end, end]).T, color=RED, lw=2.6, solid_capstyle="butt", zorder=5)
        ax.set_title(f"{name}\n$R$ = {length:.2f}", fontsize=10.5)
        up, down = _near(normals, 90), _near(normals, -90)
        told.append(
            f"{' '.join(name.split())} R {length:.2f}, axis at {axis:.0f} degrees, "
            f"{up:.0%} within 30 degrees of up and {down:.0%} of down"
        )
    figure.suptitle(heading, fontsize=11)
    figure.get_layout_engine().set(h_pad=0.08)
    heading = heading.replace("$", "").replace("_", "")  # for the alt text
    form = "roses of their directions" if rose else "one spoke per normal"
    return figure, f"{heading}. Normals of half-spaces on a disc, {form}: {'; '.join(told)}."


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
        _disc(ax, None)
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
    figure, (top, middle, low) = plt.subplots(3, 1, figsize=(7.2, 6.5), sharex=True, height_ratios=[1, 1.4, 1.9])
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
    low.set(xlim=(0, 360), xticks=range(0, 361, 45), yticks=range(0, 181, 45))
    low.set(
        xlabel="angle of the input; on the map: centre of the region (degrees)",
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


@house_style
def clustering(
    steps: Sequence[int],
    trained: Mapping[str, Tensor],
    fresh: Tensor,
    shuffled: Tensor,
    label: str = "axial resultant $R$",
) -> Drawing:
    """Draw a measure of clustering per layer over training, median and range over seeds, against what chance gives.

    Args:
        steps: the T steps.
        trained: name -> values (S, T, layers).
        fresh: values (n, layers) of nets as they were drawn, a band over all steps.
        shuffled: values (n, layers) of trained matrices with their entries permuted, a bar at the last step.
        label: of the vertical axis.
    """
    layers = fresh.shape[1]
    figure, axes = plt.subplots(1, layers, figsize=(7.6, 3.5), sharey=True)
    place = range(len(steps))
    for layer, ax in enumerate(axes):
        low, high = fresh[:, layer].min(), fresh[:, layer].max()
        ax.axhspan(low, high, color=GREY, alpha=0.35, lw=0, label=f"{len(fresh)} fresh nets")
        for (name, values), (colour, line, _) in zip(trained.items(), looks(trained).values(), strict=True):
            seed_band(ax, place, values[:, :, layer], colour, ls=line, lw=2, label=name)
        part = shuffled[:, layer]
        at = len(steps) - 0.2
        ax.plot([at, at], [part.min(), part.max()], color=GREEN, lw=2)
        ax.plot([at], [median(part)], "D", color=GREEN, ms=5, label="shuffled matrices")
        ax.set(title=f"layer {layer + 1}", ylim=(0, 1), xlim=(0, len(steps) + 0.3))
        labelled = {0, 2, 4, len(steps) - 1}
        ax.set_xticks(place, [str(s) if at in labelled else "" for at, s in enumerate(steps)], fontsize=9)
        ax.set_xlabel("step", fontsize=10)
    axes[0].set_ylabel(label)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=9)
    first = next(iter(trained))
    told = "; ".join(
        f"layer {layer + 1}: {first} from {median(trained[first][:, 0, layer]):.2f} to {median(trained[first][:, -1, layer]):.2f}, "
        f"fresh nets at most {fresh[:, layer].max():.2f}, shuffled matrices at most {shuffled[:, layer].max():.2f}"
        for layer in range(layers)
    )
    return figure, f"Axial resultant over training, one panel per layer, median and range over seeds. {told}."


@house_style
def moved_and_clustered(runs: Mapping[str, tuple[Tensor, Tensor]]) -> Drawing:
    """Draw one point per net: how far its gate matrices moved against how far the normals of its last layer cluster.

    `runs` maps a name to (relative change (S,), axial resultant (S,)).
    """
    figure, ax = plt.subplots(figsize=(6.8, 3.8))
    told = []
    for (name, (change, resultant)), (colour, _, mark) in zip(runs.items(), looks(runs).values(), strict=True):
        ax.plot(change, resultant, mark, color=colour, ms=6, alpha=0.75, mew=0, label=name)
        told.append(f"{name}: change {median(change):.2g}, R {median(resultant):.2f}")
    ax.set(
        xscale="log",
        ylim=(0, 1),
        xlim=(0.12, 5),
        xlabel="change of the gate matrices, relative to their start",
        ylabel="axial resultant $R$, layer 4",
    )
    ax.set_xticks([0.2, 0.5, 1, 2, 4], ["0.2", "0.5", "1", "2", "4"])
    ax.minorticks_off()
    ax.axvline(1, color=FAINT, lw=0.8, ls=":")
    ax.legend(fontsize=9, loc="upper left")
    change, resultant = (torch.cat(parts) for parts in zip(*runs.values(), strict=True))
    return figure, (
        "One point per trained net, R of the last layer against the relative change of its gate matrices; medians: "
        f"{'; '.join(told)}. Where the change is smaller than the start, R is at most {resultant[change < 1].max():.2f}; "
        f"where it is larger, at least {resultant[change >= 1].min():.2f}."
    )
