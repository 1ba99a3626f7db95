"""What the page learning/sharpness draws."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from torch import Tensor

from dlgn_lib.book.picture import PAGE
from dlgn_lib.plots.bands import angle_axis, seed_band
from dlgn_lib.plots.looks import BLUE, FAINT, GREY, INK, RED, ROLES, SERIES, Drawing, house_style, room_at_the_right
from dlgn_lib.statistics import median


@house_style
def diagram(
    rms: Sequence[float], frequencies: Sequence[int], steps: Tensor, edge: Sequence[float], limit: int, title: str
) -> Drawing:
    """Draw the median steps (frequencies, rms) of a grid of settings as a map, and the line of the theory.

    `steps` (S, frequencies, rms) are infinite where a seed did not arrive; `edge` is the rms of the line for each frequency.
    """
    middle = median(steps, 0)
    figure, ax = plt.subplots(figsize=(5.8, 3.9), layout="compressed")
    colours = plt.get_cmap("cividis_r").with_extremes(bad=(0, 0, 0, 0))  # the page is seen there
    shown = middle.masked_fill(middle.isinf(), math.nan)
    ax.patch.set_visible(False)
    image = ax.imshow(shown.numpy(), cmap=colours, norm=LogNorm(30, limit), aspect="auto", origin="lower")
    for row, column in ((r, c) for r in range(len(frequencies)) for c in range(len(rms))):
        value, some = middle[row, column], steps[:, row, column].isfinite().sum().item()
        text = f"{value:.0f}" if value.isfinite() else f"{some} of {len(steps)}" if some else "never"
        dark = value.isfinite() and value > 250
        look = {"color": "white" if dark else INK, "gid": None if value.isfinite() else PAGE}
        ax.text(column, row, text, ha="center", va="center", fontsize=8.5, zorder=5, **look)
    marks = torch.tensor(rms).log()
    place = [_between(math.log(value), marks.tolist()) for value in edge]
    rows = [-0.5, *range(len(frequencies)), len(frequencies) - 0.5]
    ax.plot([place[0], *place, place[-1]], rows, color="white", lw=4.2, solid_capstyle="butt", gid=PAGE)
    ax.plot([place[0], *place, place[-1]], rows, color=RED, lw=2.2, ls="--", label="theory")
    ax.set_xticks(range(len(rms)), [f"{value:g}" for value in rms])
    ax.set_yticks(range(len(frequencies)), [str(k) for k in frequencies])
    ax.set(xlim=(-0.5, len(rms) - 0.5), xlabel="sharpness $b$ of the gates", ylabel="frequency $k$ of the fast half")
    bar = figure.colorbar(image, ax=ax, ticks=[30, 100, 300, 1000], format="%d")
    bar.minorticks_off()
    bar.set_label("steps to a loss of 0.01 (median)", fontsize=9.5)
    room_at_the_right(figure)
    ax.set_title(title, fontsize=11)
    reached = middle.isfinite()
    return figure, (
        f"{title}: a map of frequency over sharpness. In {reached.sum().item()} of {reached.numel()} fields the median run "
        f"reaches a loss of 0.01 in {limit} steps, sharp gates and low frequencies first; the theory's line runs along the border."
    )


def _between(value: float, marks: Sequence[float]) -> float:
    """Return the place of a value among rising marks that stand at 0, 1, 2, …, half a place beyond the ends at most."""
    for number, (low, high) in enumerate(pairwise(marks)):
        if value <= high:
            return max(number + (value - low) / (high - low), -0.5)
    return len(marks) - 0.5


@house_style
def kernel_and_spectrum(
    degrees: Tensor, curves: Mapping[str, Tensor], gate: Tensor, theory: Tensor, nets: Tensor, title: str
) -> Drawing:
    """Draw a gate's kernel (N,) against the angle between limits, and eigenvalues by frequency, of the theory and of nets (S, K)."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.5), width_ratios=[1, 1.25])
    for (name, curve), line in zip(curves.items(), (":", "-."), strict=True):
        left.plot(degrees, curve, color=FAINT, ls=line, lw=1.6, label=name)
    left.plot(degrees, gate, color=BLUE, lw=2.2, label="this sharpness")
    left.set(ylabel="kernel of one gate, $\\kappa_b(\\varphi)$", ylim=(-0.02, 0.66), yticks=[0, 0.25, 0.5])
    angle_axis(left, "angle $\\varphi$ between inputs (degrees)")
    left.set(xlim=(0, 180), xticks=range(0, 181, 60))
    left.legend(fontsize=8.5, loc="upper right")
    places = range(nets.shape[1])
    seed_band(right, places, nets.clamp_min(1e-13), BLUE, lw=0, marker="o", ms=3, label="nets, median and range")
    right.plot(places, theory[: len(places)].clamp_min(1e-13), **ROLES["formula"], label="theory")
    right.set(
        yscale="log", ylim=(1e-8, 3), xlabel="frequency $k$", ylabel="eigenvalue / the largest", xticks=range(0, 33, 8)
    )
    right.minorticks_off()
    right.legend(fontsize=8.5, loc="upper right")
    figure.suptitle(title, fontsize=11)
    return figure, (
        f"{title}. Left, the kernel of one gate falls with the angle, {gate[0]:.2f} at 0 degrees and {gate[len(gate) // 2]:.2f} at 180. "
        f"Right, eigenvalues against frequency on a logarithmic axis: at frequency 16 the theory has {theory[16]:.1g} of the largest."
    )


def _scatter(ax: Axes, groups: Mapping[str, tuple[Tensor, Tensor]], top: float) -> None:
    """Draw points (x, y) by group, those with an infinite y as open marks at the top."""
    for (name, (x, y)), (colour, _, mark) in zip(groups.items(), SERIES, strict=False):
        never = y.isinf()
        ax.plot(x[~never], y[~never], mark, color=colour, ms=5, alpha=0.75, mew=0, label=name)
        ax.plot(x[never], torch.full_like(x[never], top), mark, color=colour, ms=5, mfc="none")


@house_style
def forecasts(
    times: Mapping[str, tuple[Tensor, Tensor]], ratios: Mapping[str, tuple[Tensor, Tensor]], limit: float, what: str
) -> Drawing:
    """Draw measured against predicted steps, left, and their ratio against the eigenvalue ratio, right; groups of settings by name.

    A setting whose median run does not arrive is infinite; it is drawn open, on the upper edge.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.7))
    _scatter(left, times, 1.45 * limit)
    low = min(float(x.min()) for x, _ in times.values()) / 1.3
    high = max(float(x.max()) for x, _ in times.values()) * 1.3
    left.plot([low, high], [low, high], **ROLES["formula"])
    left.axhline(limit, color=GREY, lw=0.8)
    left.set(xscale="log", yscale="log", xlabel="steps predicted", ylabel=f"steps measured ({what})", xlim=(low, high))
    left.set_ylim(low, 2 * limit)
    _scatter(right, ratios, 12)
    right.axhline(1, **ROLES["formula"])
    right.set(
        xscale="log",
        yscale="log",
        ylim=(0.5, 15),
        xlabel="$\\rho$, eigenvalue at $k$ / the largest",
        ylabel="measured / predicted",
    )
    right.set_yticks([0.5, 1, 2, 5, 10], ["0.5", "1", "2", "5", "10"])
    right.yaxis.minorticks_off()
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=len(times), fontsize=9)
    inside = torch.cat([y / x for x, y in times.values()])
    close = ((inside < 1.5) & (inside > 1 / 1.5)).sum().item()
    return figure, (
        f"Steps measured against steps predicted, on logarithmic axes with the diagonal: {close} of {len(inside)} settings lie within a "
        "factor 1.5. Right, the ratio against the ratio of eigenvalues: near one on the right, rising on the left."
    )
