"""What the page kernels/tangent draws."""

from collections.abc import Mapping, Sequence

from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.looks import BLUE, FAINT, GREEN, INK, RED, ROLES, Drawing, house_style, looks


@house_style
def one_step(
    degrees: Tensor, at: int, full: Tensor, expert: Tensor, gate: Tensor, measured: Tensor, title: str = ""
) -> Drawing:
    """Draw what a small step on the output at point number `at` does to the outputs at all points (N,), in units of its own move.

    `full`, `expert` and `gate` are rows of the kernel and its parts, `measured` comes from a real step.
    """
    figure, ax = plt.subplots(figsize=(5.4, 3.5))
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
        ylim=(-1.5, 2.8),
        xticks=range(0, 361, 90),
        xlabel="angle of the input (degrees)",
        ylabel="change of the output",
    )
    ax.set_title("  smooth half", loc="left", fontsize=9.5)
    ax.set_title("fast half  ", loc="right", fontsize=9.5)
    ax.set_title(title, fontsize=11)
    ax.legend(fontsize=8.5, ncols=4, loc="lower center", columnspacing=0.9, handlelength=1.8, handletextpad=0.5)
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
