"""What the page learning/half-spaces draws: all half-spaces of a DLGN, and how they cluster."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.patches import Circle, Wedge
from torch import Tensor

from dlgn_lib.normals import axial_resultant
from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.looks import BLUE, FAINT, GREEN, GREY, INK, RED, Drawing, house_style, looks
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


def disc(ax: Axes, target: Tensor | None) -> None:
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
        disc(ax, target)
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
    figure, ax = plt.subplots(figsize=(5.2, 3.8))
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
