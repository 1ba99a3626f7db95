"""What the page learning/hierarchy draws: test errors of kernels and nets, and where paths go in twenty dimensions."""

from collections.abc import Mapping, Sequence

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from dlgn_lib.plots.bands import seed_band, step_axis
from dlgn_lib.plots.dots import apart
from dlgn_lib.plots.looks import BLUE, GREEN, INK, RED, ROLES, SERIES, Drawing, Look, house_style, look
from dlgn_lib.statistics import median

#: Kernels are no networks of the book's table; they are grey here.
KERNELS = {
    "kernel of the ReLU": Look("#777777", (0, (1, 1)), "x"),
    "kernel of the DLGN": Look("#777777", (0, (5, 1)), "+"),
}
MOMENTS = {"start": (INK, ":", "o"), "step 20": (GREEN, "-.", "s"), "end": (RED, "-", "^")}


def _name(name: str) -> str:
    return f"{name} net" if name.endswith("ReLU") else name


def _power_axis(ax: Axes, values: Sequence[float]) -> None:
    ax.set_xscale("log", base=2)
    ax.set_xticks(list(values), [f"{value:,}" for value in values])
    ax.minorticks_off()


@house_style
def errors_by_samples(
    samples: Sequence[int], errors: Mapping[str, Tensor], title: str, level: tuple[float, str] | None = None
) -> Drawing:
    """Draw test errors (S, len(samples)) of kernels and nets over the number of training samples, median and range.

    `level` is an error to compare with, and its name.
    """
    figure, ax = plt.subplots(figsize=(5.4, 4.5))
    told = []
    for name, values in errors.items():
        colour, line, mark = KERNELS[name] if name in KERNELS else look(name)
        middle = seed_band(ax, samples, values, colour, 0.15, ls=line, marker=mark, ms=6, label=_name(name))
        told.append(f"{_name(name)} {middle[0]:.2g} to {middle[-1]:.2g}")
    ax.axhline(1, **ROLES["middle"])
    ax.annotate("zero for an answer", (samples[0], 1), (0, 3), textcoords="offset points", fontsize=9)
    if level:
        ax.axhline(level[0], **ROLES["level"])
        place = {"xy": (samples[0], level[0]), "xytext": (0, -4), "textcoords": "offset points"}
        ax.annotate(level[1], **place, va="top", fontsize=9)
    _power_axis(ax, samples)
    ax.set(yscale="log", ylim=(5e-4, 2.2), xlabel="training samples", ylabel="test error (squared)")
    ax.set_yticks([0.001, 0.01, 0.1, 1], ["0.001", "0.01", "0.1", "1"])
    ax.set_title(title, fontsize=11)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=9)
    ends = f"from {samples[0]:,} to {samples[-1]:,} samples"
    return figure, f"Target: {title}. Test error, medians over seeds, {ends}: {'; '.join(told)}."


@house_style
def kernel_regression(ridges: Sequence[float], errors: Mapping[str, Mapping[str, Tensor]]) -> Drawing:
    """Draw the error of kernel regression on the circle's fast half over the ridge, for kernels of several moments.

    `errors` gives (S, len(ridges)) by network, then by moment.
    """
    figure, axes = plt.subplots(1, len(errors), figsize=(7, 3.4), sharey=True)
    told = []
    for ax, (network, moments) in zip(axes, errors.items(), strict=True):
        for moment, values in moments.items():
            colour, line, mark = MOMENTS[moment]
            middle = seed_band(ax, ridges, values, colour, ls=line, marker=mark, ms=4, label=moment)
            told.append(f"{network} {moment} {middle.min():.2g}")
        ax.set(xscale="log", yscale="log", xlabel="ridge, relative to the mean diagonal")
        ax.axhline(0.5, **ROLES["middle"])
        ax.set_title(f"kernel of the {_name(network)}", fontsize=11)
    axes[0].set(ylim=(5e-5, 1), ylabel="error between the points, fast half")
    axes[0].legend(fontsize=9, title="kernel at", title_fontsize=9, loc="lower right")
    alt = "Kernel regression on the circle, error on the fast half between the training points at the best ridge, medians: "
    return figure, alt + "; ".join(told) + "."


@house_style
def two_parts(parts: Mapping[str, tuple[Tensor, Tensor]], names: tuple[str, str]) -> Drawing:
    """Draw how much of two parts of the target each net's output holds, a mark per seed; 0 is nothing, 1 all of it."""
    figure, ax = plt.subplots(figsize=(5.2, 0.55 * len(parts) + 1.5))
    told = []
    for row, (network, pair) in enumerate(parts.items()):
        for values, place, colour, mark in zip(pair, (-0.15, 0.15), (BLUE, RED), ("o", "^"), strict=True):
            ax.plot(values, row + place + apart(len(values), 0.06), mark, color=colour, ms=6, alpha=0.75)
        told.append(f"{_name(network)} {median(pair[0], 0):.2f} and {median(pair[1], 0):.2f}")
    for text, colour, mark in zip(names, (BLUE, RED), ("o", "^"), strict=True):
        ax.plot([], [], mark, color=colour, label=text)
    for value in (0, 1):
        ax.axvline(value, **ROLES["level"])
    ax.set_yticks(range(len(parts)), [_name(name) for name in parts])
    ax.tick_params(axis="y", length=0)
    ax.set(ylim=(len(parts) - 0.5, -0.5), xlim=(-0.25, 1.25), xlabel="how much of it the output holds")
    figure.legend(loc="outside upper center", ncols=2, fontsize=9.5)
    return figure, f"How much of two parts, {names[0]} and {names[1]}, outputs hold, medians: {'; '.join(told)}."


@house_style
def shares_of_halves(steps: Sequence[int], shares: Mapping[str, Mapping[str, Tensor]]) -> Drawing:
    """Draw the share of path activity on the half x₁ > 0 over training, (S, len(steps)) by network, then by task."""
    figure, axes = plt.subplots(1, len(shares), figsize=(7, 3.6), sharey=True)
    told = []
    for ax, (network, tasks) in zip(axes, shares.items(), strict=True):
        for (task, values), (colour, line, mark) in zip(tasks.items(), SERIES, strict=False):
            middle = seed_band(ax, steps, values, colour, ls=line, marker=mark, ms=4, label=task)
            told.append(f"{_name(network)}, {task}: {middle[0]:.2f} to {middle[-1]:.2f}")
        step_axis(ax, steps[-1])
        ax.axhline(0.5, **ROLES["middle"])
        ax.set_title(_name(network), fontsize=11)
    axes[0].set(ylim=(0, 1), ylabel="share of paths where $x_1 > 0$")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=9)
    ends = f"from step {steps[0]} to {steps[-1]}"
    return figure, f"Share of path activity on one half of twenty dimensions, medians {ends}: {'; '.join(told)}."
