"""What the page neighbours/bridge draws: one network seen three ways."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from dlgn_lib.plots.looks import BLUE, FAINT, GREEN, INK, RED, ROLES, Drawing, house_style, look
from dlgn_lib.plots.maps import activity_image
from dlgn_lib.statistics import median

_HALVES = {"xlim": (0, 360), "xticks": (0, 180, 360)}


def _image(ax: Axes, values: Tensor, top: float, height: float) -> object:
    """Show a map over the angle (degrees) with a line between the two halves."""
    ax.axvline(180, color="white", lw=0.8)
    return activity_image(ax, values[:, ::2], high=top, extent=(0, 360, 0, height), origin="lower")


@house_style
def three_views(
    kernel: Tensor,
    activity: Tensor,
    shares: Tensor,
    dimensions: tuple[float, float],
    captured: Mapping[str, Tensor],
    gates: Tensor,
    pathways: Sequence[float],
    before: Sequence[float],
    title: str = "",
) -> Drawing:
    """Draw one net on the points of `data.circle` in three columns: its paths, its features, its gates.

    `kernel` (N, N) is the trace-normalised overlap kernel and `activity` (N,) its diagonal, `shares` (R,) the shares of
    the eigenvalues of the feature map and `dimensions` their effective number, raw and centred, `captured` how much of
    each wave the first k eigenfunctions hold, `gates` (N, M) the hard gates of the last hidden layer, `pathways` the effective
    number of pathways in each layer and `before` the same at the start of training.
    """
    figure, axes = plt.subplots(2, 3, figsize=(7.4, 4.9), height_ratios=[1.1, 1])
    (overlap, spectrum, open_), (ring, quality, counts) = axes
    degrees = (torch.arange(len(activity)) + 0.5) * 360 / len(activity)
    bright = _image(overlap, kernel[::2], 2.5, 360)
    overlap.axhline(180, color="white", lw=0.8)
    overlap.set(title="1  paths\noverlap kernel", ylabel="angle (degrees)", yticks=(0, 180, 360), **_HALVES)
    bar = figure.colorbar(bright, ax=overlap, location="right", aspect=18, pad=0.02, extend="max")
    bar.set_ticks([0, 1, 2])
    bar.set_label("kernel, mean diagonal 1", fontsize=8.5, labelpad=1)
    ring.fill_between(degrees, activity, color=BLUE, alpha=0.3, lw=0)
    ring.plot(degrees, activity, color=BLUE, lw=1.6)
    ring.axhline(1, **ROLES["level"])
    ring.axvline(180, color=FAINT, lw=0.8)
    ring.set(ylim=(0, 3), yticks=(0, 1, 2, 3), ylabel="active paths (mean 1)", xlabel="angle (degrees)", **_HALVES)

    k = torch.arange(1, 21)
    spectrum.plot(k, shares[:20], color=INK, marker="o", ms=3.5, lw=1)
    spectrum.set(yscale="log", ylim=(1e-7, 1.6), xlim=(0.2, 20.5), xticks=(1, 5, 10, 15, 20), ylabel="share of trace")
    spectrum.set_yticks([1, 1e-2, 1e-4, 1e-6])
    spectrum.minorticks_off()
    spectrum.set_title("2  features\neigenvalues")
    spectrum.text(
        0.05,
        0.06,
        f"dimension\nraw {dimensions[0]:.1f}\ncentred {dimensions[1]:.1f}",
        transform=spectrum.transAxes,
        ha="left",
        va="bottom",
        fontsize=9.5,
    )
    for (name, values), (colour, line, mark) in zip(
        captured.items(), [(BLUE, "-", "o"), (RED, "--", "s")], strict=True
    ):
        quality.plot(k, values[:20], color=colour, ls=line, marker=mark, ms=3, lw=1.6, label=name)
    quality.set(ylim=(-0.04, 1.32), xlim=(0.2, 20.5), xticks=(1, 5, 10, 15, 20), yticks=(0, 0.5, 1))
    quality.set(ylabel="part held", xlabel="first $k$ eigenfunctions")
    quality.legend(fontsize=8.5, loc="upper center", ncols=2, handlelength=1.5, columnspacing=0.9, handletextpad=0.4)

    angle = torch.deg2rad(degrees)[:, None]
    gate = gates.double()
    middle = torch.atan2((gate * angle.sin()).sum(0), (gate * angle.cos()).sum(0)).remainder(2 * torch.pi)
    width = gates.shape[1]
    _image(open_, gate[:, middle.argsort()].T, 1.0, width)
    open_.set(ylabel="unit (sorted)", yticks=(0, width // 2, width), **_HALVES)
    open_.set_title("3  gates, last layer\nyellow = open")
    layers = range(1, len(pathways) + 1)
    counts.bar(layers, pathways, color=GREEN, width=0.62)
    for layer, value in zip(layers, pathways, strict=True):
        counts.text(layer, 3, f"{value:.0f}", ha="center", fontsize=9, color="white", fontweight="bold")
    counts.plot(layers, before, ls="", marker="_", ms=17, mew=2, color=INK, label="at the start")
    counts.set(ylim=(0, 76), xticks=list(layers), xlabel="hidden layer", ylabel="effective pathways")
    counts.legend(fontsize=8.5, loc="upper center", handletextpad=0.3)
    for ax in axes.flat:
        ax.tick_params(labelsize=8.5)
        ax.title.set_fontsize(10)
        ax.xaxis.label.set_size(9)
        ax.yaxis.label.set_size(9)
    bar.ax.tick_params(labelsize=8.5)
    figure.suptitle(title, fontsize=11)
    smooth = (activity[: len(activity) // 2].sum() / activity.sum()).item()
    told = ", ".join(
        f"{values[0]:.2f} of the {name} in the first and {values[19]:.2f} in the first twenty"
        for name, values in captured.items()
    )
    alt = (
        f"{title}. Paths: {smooth:.0%} of the path activity is on the smooth half. Features: effective dimension "
        f"{dimensions[0]:.1f}, centred {dimensions[1]:.1f}; eigenfunctions hold {told}. "
        f"Gates: {pathways[-1]:.0f} effective pathways in the last hidden "
        f"layer, {before[-1]:.0f} at the start."
    )
    return figure, alt


@house_style
def timeline(
    phases: Mapping[str, Mapping[str, Mapping[str, tuple[Tensor, int]]]], labels: Sequence[str], titles: Sequence[str]
) -> Drawing:
    """Draw when each quantity is half way, relative to the error: a panel per phase, a row per quantity, a line per network.

    `phases` gives by phase, network and quantity (half-way steps over those of the error (S,), runs in which it rises).
    A dot a run, a bar from the sixth to the fifteenth of twenty runs (as far from both ends for other numbers), a tick
    at the median, and at the right the number of runs in which it is earlier. A quantity that goes one way in fewer than
    nine tenths of the runs gets words in place of dots.
    """
    figure, axes = plt.subplots(1, len(phases), figsize=(7.4, 0.62 * len(labels) + 1.3), sharey=True)
    told = []
    for ax, title, (phase, networks) in zip(axes, titles, phases.items(), strict=True):
        for line, (network, rows) in enumerate(networks.items()):
            colour, _, mark = look(network)
            for row, (label, (ratio, up)) in enumerate(zip(labels, rows.values(), strict=True)):
                y, count = row + 0.4 * line - 0.2, len(ratio)
                if 0.1 * count < up < 0.9 * count:
                    text = f"up in {up} runs, down in {count - up}"
                    ax.text(0.5, y, text, va="center", ha="center", fontsize=8, bbox={"fc": "white", "lw": 0, "pad": 1})
                    told.append(f"{phase}, {network}, {label}: no common direction")
                    continue
                ordered, left = ratio.sort().values.clamp(0.07, 3.2), count // 4
                ends = ordered[left].item(), ordered[-1 - left].item()
                ax.plot(ordered, [y] * count, mark, color=colour, ms=3.5, alpha=0.4, mew=0)
                ax.plot(ends, [y, y], color=colour, lw=4.5, alpha=0.75, solid_capstyle="butt")
                ax.plot(median(ordered), y, "|", color=INK, ms=9, mew=1.8)
                earlier = int((ratio < 1).sum())
                ax.text(4.6, y, f"{earlier}", va="center", ha="center", fontsize=9, color=colour)
                told.append(f"{phase}, {network}, {label}: {median(ratio):.2f}, earlier in {earlier}".replace("$", ""))
        for edge in range(len(labels) - 1):
            ax.axhline(edge + 0.5, color=FAINT, alpha=0.3, lw=0.8, zorder=0)
        ax.axvline(1, **ROLES["level"], zorder=0)
        ax.set(xscale="log", xlim=(0.06, 6.5), ylim=(len(labels) - 0.5, -0.5))
        ax.set_title(title, loc="left", fontsize=10)
        ax.set_xticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
        ax.minorticks_off()
        ax.text(4.6, -0.55, "earlier", va="bottom", ha="center", fontsize=8.5)
        ax.tick_params(labelsize=9)
    axes[0].set_yticks(range(len(labels)), labels)
    marks = [plt.Line2D([], [], color=look(n).colour, marker=look(n).mark, lw=4.5, ms=5, label=n) for n in networks]
    figure.legend(handles=marks, loc="outside upper center", ncols=2, fontsize=9)
    figure.supxlabel("half-way step of the quantity / half-way step of the error", fontsize=10)
    return figure, f"Half-way steps over those of the error, medians of {count} runs. {'; '.join(told)}."
