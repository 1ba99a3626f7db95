"""What the page neighbours/bridge draws: one network seen three ways."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from dlgn_lib.plots.dots import heading_rows
from dlgn_lib.plots.looks import BLUE, FAINT, GREEN, INK, RED, ROLES, Drawing, house_style
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
        0.96,
        0.93,
        f"dimension\nraw {dimensions[0]:.1f}\ncentred {dimensions[1]:.1f}",
        transform=spectrum.transAxes,
        ha="right",
        va="top",
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
def timing(
    views: Mapping[str, Mapping[str, tuple[Tensor, int, float]]], error: Tensor, half: str, title: str = ""
) -> Drawing:
    """Draw when each quantity is half way, relative to the error of a half: one dot a seed, a bar at the median.

    `views` gives by view and quantity (half-way steps (S,), runs in which it rises, rank correlation with `error` (S,)).
    A quantity that goes one way in fewer than 18 of 20 runs (nine tenths) gets words in place of dots.
    """
    count = len(error)
    rows = sum(map(len, views.values())) + len(views)
    figure, ax = plt.subplots(figsize=(7.2, 0.34 * rows + 1.35))
    labels, told, y = {}, [], 0
    style = {"va": "center", "ha": "center", "fontsize": 9.5}
    for (view, quantities), (colour, mark) in zip(views.items(), [(BLUE, "o"), (RED, "s"), (GREEN, "^")], strict=True):
        labels[y] = view
        for name, (times, up, rank) in quantities.items():
            y += 1
            labels[y] = name
            if 0.1 * count < up < 0.9 * count:
                text = f"no common direction (up in {up} of {count} runs)"
                ax.text(1, y, text, color="#555555", bbox={"fc": "white", "lw": 0, "pad": 1}, **style)
                told.append(f"{name} has no common direction")
                continue
            ratio = times / error
            jitter = y + torch.linspace(-0.22, 0.22, count)
            ax.plot(ratio.clamp(0.09, 3.4), jitter, mark, color=colour, ms=4, alpha=0.55, mew=0)
            ax.plot([median(ratio)] * 2, [y - 0.36, y + 0.36], color=INK, lw=2)
            earlier = int((times < error).sum())
            ax.text(4.6, y, f"{median(times):.3g}", **style)
            ax.text(7.0, y, f"{earlier}", **style)
            ax.text(10.6, y, f"{rank:.2f}".replace("-", "−"), **style)
            told.append(f"{name} step {median(times):.3g}, first in {earlier}, rank correlation {rank:.2f}")
        y += 1
    for place, text in zip((4.6, 7.0, 10.6), ("step", "earlier", "rank\ncorr."), strict=True):
        ax.text(place, -0.75, text, va="bottom", ha="center", fontsize=9)
    ax.axvline(1, **ROLES["level"], zorder=0)
    ax.set(xscale="log", xlim=(0.08, 13.5))
    ax.set_xticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
    ax.minorticks_off()
    ax.set_xlabel(f"half-way step / half-way step of the error, {half}", loc="left")
    heading_rows(ax, labels, [place for place, text in labels.items() if text in views])
    ax.tick_params(axis="y", labelsize=9.5)
    figure.suptitle(f"{title}: the error is half way at step {median(error):.3g}", fontsize=11)
    alt = f"{title}, error half way at step {median(error):.3g} (medians of {count} runs). "
    return figure, alt + "; ".join(told) + "."
