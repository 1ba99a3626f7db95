"""What the page kernels/tangent draws."""

from collections.abc import Mapping, Sequence

from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.looks import BLUE, FAINT, GREEN, INK, RED, ROLES, Drawing, house_style, looks


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
        for (name, values), (colour, line, _) in zip(changes.items(), looks(changes).values(), strict=True):
            middle = seed_band(ax, x, values, colour, ls=line, label=name, marker="o", ms=3.5)
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
    ax.axhline(0, color=FAINT, lw=0.7)
    ax.axvline(180, ymin=0.13, color=FAINT, lw=0.8)
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
    left.axhline(0, color=FAINT, lw=0.7)
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
    for place, (name, (colour, line, _)) in enumerate(looks(errors).items()):
        values = errors[name]
        middle = seed_band(right, rates, values, colour, ls=line, label=name, marker="o", ms=3)
        if place == 0:
            guide = [middle[0].item() * (rate / rates[0]) ** 2 for rate in rates]
            right.plot(rates, guide, **ROLES["guide"], label="slope 2")
            right.plot(rates[marked], middle[marked], "o", ms=11, mfc="none", mec=colour, mew=2)
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


@house_style
def growth(panels: Mapping[str, tuple[Sequence[int], Mapping[str, Tensor]]]) -> Drawing:
    """Draw how times grow: a panel for each thing that grows, with its values and, by name, seconds (S, values)."""
    figure, axes = plt.subplots(2, 2, figsize=(7.2, 5.2))
    told = []
    for ax, (what, (values, lines)) in zip(axes.flat, panels.items(), strict=True):
        ends = []
        for (name, seconds), (colour, line, mark) in zip(lines.items(), looks(lines).values(), strict=True):
            middle = seed_band(ax, values, 1000 * seconds, colour, ls=line, marker=mark, ms=4.5, label=name)
            first, last = (float(f"{value:.2g}") for value in (middle[0], middle[-1]))
            ends.append(f"{name} {first:g} to {last:g}")
        ax.set(xscale="log", yscale="log", xlabel=what, ylabel="milliseconds")
        ax.set_xticks(list(values), [f"{value:g}" for value in values])
        ax.minorticks_off()
        told.append(f"{what} from {values[0]} to {values[-1]}: {', '.join(ends)}")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9.5)
    return figure, f"Milliseconds, median and range over seeds, on logarithmic axes. {'; '.join(told)}."
