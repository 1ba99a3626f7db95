"""Drawings of kernels. Pages: kernels/overlap, kernels/tangent, learning/kernels-in-training."""

import math
from collections.abc import Mapping, Sequence

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from dlgn_lib.kernels import trace_normalize
from dlgn_lib.plots.style import BLUE, GREEN, INK, LINES, RED, Drawing, house_style
from dlgn_lib.statistics import median


@house_style
def kernel_map(kernels: Mapping[str, Tensor], degrees: Tensor, label: str = "kernel, mean diagonal 1") -> Drawing:
    """Draw trace-normalised kernels (N, N) on the circle as images, side by side, on one colour scale."""
    maps = {name: trace_normalize(kernel) for name, kernel in kernels.items()}
    top = max(kernel.max().item() for kernel in maps.values())
    low = min(0.0, *(kernel.min().item() for kernel in maps.values()))
    figure, axes = plt.subplots(1, len(maps), figsize=(7.4, 3.5), sharey=True, squeeze=False, layout="compressed")
    span = [degrees[0].item(), degrees[-1].item()]
    told = []
    for ax, (name, kernel) in zip(axes[0], maps.items(), strict=True):
        thin = math.ceil(len(kernel) / 100)
        image = ax.imshow(kernel[::thin, ::thin], extent=span * 2, origin="lower", cmap="cividis", vmin=low, vmax=top)
        ax.set(title=name, xlabel="angle of $x$ (degrees)", xticks=range(0, 361, 90), yticks=range(0, 361, 90))
        quarter = len(kernel) // 4
        near, far = (kernel.diagonal(offset).mean().item() for offset in (quarter, 2 * quarter))
        told.append(f"{name}: {near:.2g} at a quarter turn, {far:.2g} at half a turn")
    axes[0, 0].set_ylabel("angle of $x'$ (degrees)")
    figure.colorbar(image, ax=axes, label=label, shrink=0.9)
    figure.get_layout_engine().set(rect=(0, 0, 0.985, 1))
    return figure, "Kernels as images over two angles, bright along the diagonal. Mean entries: " + "; ".join(
        told
    ) + "."


@house_style
def error_against_width(widths: Sequence[int], errors: Mapping[str, Tensor], marked: int | None = None) -> Drawing:
    """Draw relative errors (S, widths) of several networks against the width: median and range over seeds.

    `marked` is a width to point out. A line of slope -1/2 starts at the first network's first median.
    """
    figure, ax = plt.subplots(figsize=(6.8, 3.7))
    told = []
    for (name, values), (colour, line) in zip(errors.items(), LINES, strict=False):
        middle = median(values, 0)
        ax.fill_between(widths, values.min(0).values, values.max(0).values, color=colour, alpha=0.2, lw=0)
        ax.plot(widths, middle, color=colour, ls=line, marker="o", ms=4, label=name)
        told.append(f"{name} from {middle[0]:.2g} to {middle[-1]:.2g}")
        if marked in widths:
            at = list(widths).index(marked)
            ax.plot(marked, middle[at], "o", ms=11, mfc="none", mec=colour, mew=2)
            text, below = f"{middle[at]:.2f}", not told[1:]  # the first network's number stands below its line
            ax.annotate(
                text,
                (marked, middle[at]),
                (0, -19 if below else 9),
                textcoords="offset points",
                color=colour,
                ha="center",
            )
    first = median(next(iter(errors.values())), 0)[0].item()
    guide = [first * (width / widths[0]) ** -0.5 for width in widths]
    ax.plot(widths, guide, color=INK, lw=0.9, ls=(0, (1, 3)), label="slope −1/2")
    ax.set(xscale="log", yscale="log", xlabel="width $M$", ylabel="relative error")
    ax.set_xticks(list(widths), [str(width) for width in widths])
    ax.set_yticks([0.1, 0.2, 0.5, 1], ["0.1", "0.2", "0.5", "1"])
    ax.minorticks_off()
    ax.legend(fontsize=9)
    at = f" Marked: width {marked}." if marked in widths else ""
    return figure, f"Relative error against width on logarithmic axes, median over seeds: {'; '.join(told)}.{at}"


def _band(ax: Axes, x: Sequence, values: Tensor, style: tuple, **line: object) -> Tensor:
    """Draw median and range over seeds of values (S, len(x)); return the median."""
    colour, dashes = style
    middle = median(values.double(), 0)
    ax.fill_between(x, values.min(0).values, values.max(0).values, color=colour, alpha=0.18, lw=0)
    ax.plot(x, middle, color=colour, ls=dashes, lw=1.8, **line)
    return middle


def _spoken(name: str) -> str:
    """Return the name of a panel without the signs of its typesetting, for an alt text."""
    return name.replace("\\mathrm", "").replace("\n", ", ").translate(str.maketrans("", "", "${}"))


def _halves(kernel: Tensor) -> tuple[float, float, float]:
    """Return the mean entries of a kernel within the first half of its points, within the second, and across."""
    half = len(kernel) // 2
    blocks = kernel[:half, :half], kernel[half:, half:], kernel[:half, half:]
    return tuple(block.mean().item() for block in blocks)


@house_style
def kernel_blocks(
    kernels: Mapping[str, Tensor],
    title: str = "",
    *,
    columns: int | None = None,
    top: float = 3.0,
    label: str = "kernel, mean diagonal 1",
) -> Drawing:
    """Draw kernels (N, N) on the points of `data.circle` as they are, on the colour scale 0 to `top`.

    The two halves of the circle are parted by lines. The numbers are the mean entries within the first half (lower left
    block), within the second (upper right) and across. Of more than 100 points every second (third, …) is drawn.
    """
    columns = columns or len(kernels)
    rows = math.ceil(len(kernels) / columns)
    size = (7.4, {(1, 2): 3.8, (1, 3): 2.75}.get((rows, columns), 2.3 * rows + 0.5))
    figure, axes = plt.subplots(
        rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False, layout="compressed"
    )
    span = [0.0, 360.0]
    boxed = {"fontsize": 9, "color": INK, "bbox": {"facecolor": "white", "alpha": 0.85, "lw": 0, "pad": 1.5}}
    told = []
    for ax, (name, kernel) in zip(axes.flat, kernels.items(), strict=True):
        thin = math.ceil(len(kernel) / 100)
        image = ax.imshow(
            kernel[::thin, ::thin],
            extent=span * 2,
            origin="lower",
            cmap="cividis",
            vmin=0,
            vmax=top,
            interpolation="nearest",
        )
        ax.axhline(180, color="white", lw=0.8)
        ax.axvline(180, color="white", lw=0.8)
        first, second, across = (f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−") for value in _halves(kernel))
        ax.text(6, 172, first, va="top", ha="left", **boxed)
        ax.text(354, 188, second, va="bottom", ha="right", **boxed)
        ax.text(6, 354, across, va="top", ha="left", **boxed)
        ax.set_title(name, fontsize=10.5)
        ax.set(xticks=range(0, 361, 90), yticks=range(0, 361, 90))
        ax.tick_params(labelsize=9)
        told.append(f"{_spoken(name)}: {first} within the first half, {second} within the second, {across} across")
    for ax in axes[-1]:
        ax.set_xlabel("angle of $x$ (degrees)", fontsize=9.5)
    for ax in axes[:, 0]:
        ax.set_ylabel("angle of $x'$ (degrees)", fontsize=9.5)
    bar = figure.colorbar(image, ax=axes, shrink=0.85, extend="both", aspect=25)
    bar.set_label(label, fontsize=9.5)
    figure.get_layout_engine().set(rect=(0, 0, 0.985, 1))
    if title:
        figure.suptitle(title, fontsize=11)
    heading = f"{title}. " if title else ""
    return (
        figure,
        f"{heading}Kernels as images over two angles with the mean entries of their blocks. {'; '.join(told)}.",
    )


@house_style
def seed_bands(
    x: Sequence[float],
    panels: Mapping[str, Mapping[str, Tensor]],
    title: str = "",
    *,
    xlabel: str = "step",
    limits: Mapping[str, tuple[float, float]] | None = None,
    logarithmic: Sequence[str] = (),
    ticks: Sequence[float] | None = None,
) -> Drawing:
    """Draw curves with bands, median and range over seeds: one panel per y label, in it name -> values (S, len(x)).

    The x axis is logarithmic, with a place for 0 if `x` starts there. `limits` and `logarithmic` go by y label.
    """
    columns = min(2, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(7.2, 2.55 * rows + 0.5 + 0.3 * (rows == 1)), sharex=True, squeeze=False
    )
    told = []
    for ax, (ylabel, curves) in zip(axes.flat, panels.items(), strict=False):
        for (name, values), style in zip(curves.items(), LINES, strict=False):
            middle = _band(ax, x, values, style, label=name, marker="o", ms=2.5)
            told.append(f"{_spoken(ylabel)}, {name}: {middle[0]:.2g} to {middle[-1]:.2g}")
        if x[0] == 0:
            ax.set_xscale("symlog", linthresh=x[1], linscale=0.6)
        else:
            ax.set_xscale("log")
        if ylabel in logarithmic:
            ax.set_yscale("log")
        ax.set_ylim((limits or {}).get(ylabel))
        marks = ticks or x
        ax.set_xticks(
            list(marks), [f"{mark:g}" if mark < 1e4 else f"$10^{{{math.log10(mark):.0f}}}$" for mark in marks]
        )
        ax.minorticks_off()
        ax.tick_params(labelsize=9)
        ax.set_title(ylabel, fontsize=10)
        if len(curves) > 1:
            ax.legend(fontsize=8.5)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    for ax in axes[-1]:
        ax.set_xlabel(xlabel)
    if title:
        figure.suptitle(title, fontsize=11)
    heading = f"{title}. " if title else ""
    ends = f"{x[0]:g} and {x[-1]:g}"
    return figure, f"{heading}Curves over {xlabel}, medians over seeds at {ends}: {'; '.join(told)}."


@house_style
def kernel_change(
    widths: Sequence[int],
    by_width: Mapping[str, Tensor],
    scales: Sequence[float],
    by_scale: Mapping[str, Tensor],
) -> Drawing:
    """Draw the relative change of a kernel in training (S, ·) against the width, left, and the output scale, right."""
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.4), sharey=True)
    told = []
    cases = ((axes[0], widths, by_width, "width $M$"), (axes[1], scales, by_scale, "output scale $\\alpha$"))
    for ax, x, changes, xlabel in cases:
        for (name, values), style in zip(changes.items(), LINES, strict=False):
            middle = _band(ax, x, values, style, label=name, marker="o", ms=3.5)
            what = "width" if ax is axes[0] else "scale"
            told.append(f"{name} from {middle[0]:.2g} at {what} {x[0]:g} to {middle[-1]:.2g} at {what} {x[-1]:g}")
        ax.set(xscale="log", yscale="log", xlabel=xlabel)
        ax.set_xticks(list(x), [f"{value:g}" for value in x])
        ax.minorticks_off()
    axes[0].set_ylabel("relative change of $K$")
    axes[0].legend(fontsize=9)
    return figure, f"Relative change of the tangent kernel in training, median over seeds: {'; '.join(told)}."


@house_style
def one_step(
    degrees: Tensor, at: int, full: Tensor, expert: Tensor, gate: Tensor, measured: Tensor, title: str = ""
) -> Drawing:
    """Draw what a small step on the output at point number `at` does to the outputs at all points (N,), in units of its own move.

    `full`, `expert` and `gate` are rows of the kernel and its parts, `measured` comes from a real step.
    """
    figure, ax = plt.subplots(figsize=(7, 3.5))
    ax.axhline(0, color="#888888", lw=0.7)
    ax.axvline(180, ymin=0.13, color="#888888", lw=0.8)
    ax.axvline(degrees[at], ymin=0.13, color=INK, lw=0.9, ls=":")
    ax.plot(degrees, full, color=BLUE, lw=3.2, alpha=0.55, label="kernel $K$")
    ax.plot(degrees, expert, color=GREEN, lw=1.5, ls="--", label="its expert part")
    ax.plot(degrees, gate, color=RED, lw=1.5, ls="-.", label="its gate part")
    some = slice(at % 4, None, 4)
    ax.plot(degrees[some], measured[some], "o", color=INK, ms=3.2, label="measured")
    ax.plot(degrees[at], 1, "o", ms=10, mfc="none", mec=INK, mew=1.5)
    ax.set(
        xlim=(0, 360),
        ylim=(-1.5, 2.1),
        xticks=range(0, 361, 45),
        xlabel="angle of the input (degrees)",
        ylabel="change of the output",
    )
    ax.set_title("  smooth half", loc="left", fontsize=9.5)
    ax.set_title("fast half  ", loc="right", fontsize=9.5)
    ax.set_title(title, fontsize=11)
    ax.legend(fontsize=8.5, ncols=4, loc="lower center", columnspacing=1.2, handlelength=2.2)
    near = (full.abs() > 0.5).double().mean().item()
    return figure, (
        f"{title}: a small step that moves the output at {degrees[at]:.0f} degrees by one unit moves it by more than half a unit on "
        f"{near:.0%} of the circle; the measured changes lie on the row of the kernel. The gate part's share at the "
        f"point itself is {gate[at] / full[at]:.0%}."
    )


@house_style
def step_size(
    degrees: Tensor,
    predicted: Tensor,
    actual: Tensor,
    rates: Sequence[float],
    errors: Mapping[str, Tensor],
    marked: int,
) -> Drawing:
    """Draw the change of the outputs (N,) in one step, predicted and actual, and for all rates the error (S, rates) of the prediction.

    The changes are divided by the rate. `marked` is the number of the rate at which they were measured.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4), width_ratios=[1.35, 1])
    left.axhline(0, color="#888888", lw=0.7)
    left.plot(degrees, predicted, color=BLUE, lw=3.2, alpha=0.5, label="predicted")
    left.plot(degrees, actual, color=INK, lw=1.4, ls="--", label="actual")
    low, high = predicted.min().item(), predicted.max().item()
    left.set(
        xlim=(0, 360),
        xticks=range(0, 361, 90),
        ylim=(low - 0.35 * (high - low), high + 0.35 * (high - low)),
        xlabel="angle of the input (degrees)",
        ylabel="change of the output / rate",
    )
    left.set_title(f"rate {rates[marked]:g} / $\\lambda_{{\\max}}$", fontsize=10.5)
    left.legend(fontsize=9, ncols=2, loc="lower center")
    for (name, values), style in zip(errors.items(), LINES, strict=False):
        middle = _band(right, rates, values, style, label=name, marker="o", ms=3)
        if style is LINES[0]:
            guide = [middle[0].item() * (rate / rates[0]) ** 2 for rate in rates]
            right.plot(rates, guide, color=INK, lw=0.9, ls=(0, (1, 3)), label="slope 2")
            right.plot(rates[marked], middle[marked], "o", ms=11, mfc="none", mec=style[0], mew=2)
            error = middle[marked].item()
    right.set(
        xscale="log", yscale="log", xlabel="rate, in units of $1 / \\lambda_{\\max}$", ylabel="error of the prediction"
    )
    right.minorticks_off()
    right.legend(fontsize=8.5)
    return figure, (
        f"One step of gradient descent at the rate {rates[marked]:g} over the largest eigenvalue: actual and predicted "
        "change around the circle, left; right, the error of the prediction against the rate, median "
        f"{error:.1g} at this one, falls along a line of slope two."
    )
