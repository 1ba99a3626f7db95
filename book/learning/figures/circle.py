"""What the page learning/circle draws: the circle task, outputs and losses."""

import math
from collections.abc import Mapping

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator
from torch import Tensor

from dlgn_lib.plots.bands import angle_axis, seed_band, step_axis
from dlgn_lib.plots.looks import FAINT, GREY, INK, ROLES, Drawing, house_style, look
from dlgn_lib.statistics import median


def _spaced(last: int) -> list[int]:
    """Return steps from 0 to `last`, evenly spaced on the axis of `_step_axis`: one for each pixel or two."""
    return sorted({*range(11), *(round(10 * (last / 10) ** (i / 90)) for i in range(91)), last} & set(range(last + 1)))


def _losses(ax: Axes, losses: Mapping[str, Tensor], threshold: float) -> dict[str, Tensor]:
    """Draw losses (S, T), one per step and model; return each seed's first step below the threshold (-1: none)."""
    last, first = 0, {}
    for name, values in losses.items():
        colour, line, _ = look(name)
        shown = _spaced(values.shape[1] - 1)
        seed_band(ax, shown, values[:, shown], colour, ls=line, lw=1.8, label=name)
        below = values < threshold
        first[name] = torch.where(below.any(1), below.int().argmax(1), -1)
        last = max(last, values.shape[1] - 1)
    ax.axhline(threshold, **ROLES["guide"])
    ax.set(yscale="log", ylabel="training loss", ylim=(1e-4, 2))
    ax.yaxis.set_minor_locator(NullLocator())
    step_axis(ax, last, "step of training", linear=10)
    return first


def _told(first: Mapping[str, Tensor]) -> str:
    parts = []
    for name, steps in first.items():
        hit = steps[steps >= 0]
        after = f", at step {median(hit).item()} in the median run" if len(hit) else ""
        parts.append(f"{name} in {len(hit)} of {len(steps)} runs{after}")
    return "; ".join(parts)


@house_style
def circle_training(
    x: Tensor,
    targets: Tensor,
    outputs: Mapping[str, Tensor],
    losses: Mapping[str, Tensor],
    step: int,
    threshold: float = 0.01,
) -> Drawing:
    """Draw the data on the circle, the outputs against the angle and the training losses, after Figure 2 of Yadav et al. (2024).

    The outputs (S, N) of each model at one step are medians over seeds, as colour and as height. `losses` are (S, T), one
    value per step, drawn as median and range; the step is marked.
    """
    degrees = torch.rad2deg(torch.atan2(x[:, 1], x[:, 0]) % (2 * math.pi))
    figure = plt.figure(figsize=(7.4, 4.6))
    above, below = figure.subfigures(2, 1, height_ratios=[1, 1.5])
    circles = {"target": targets} | {name: median(values, 0) for name, values in outputs.items()}
    axes = above.subplots(1, len(circles))
    for ax, (name, values) in zip(axes, circles.items(), strict=True):
        image = ax.scatter(*x.T, c=values, cmap="coolwarm", vmin=-1, vmax=1, s=11, lw=0)
        ax.set(aspect="equal", xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        at = min(step, losses[name].shape[1] - 1) if name in losses else step
        text = "data and\ntarget" if ax is axes[0] else f"{name}\n" + (f"step {at}" if at == step else f"ended at {at}")
        ax.text(0, 0, text, ha="center", va="center", fontsize=9)
    above.colorbar(image, ax=axes, label="value", ticks=[-1, 0, 1], shrink=0.9, pad=0.01)
    low, high = below.subplots(1, 2)
    low.plot(degrees, targets, color=INK, lw=0.9, ls=":")
    for name in outputs:
        low.plot(degrees, circles[name], color=look(name).colour, ls=look(name).line, lw=1.3)
    low.axvline(180, color=FAINT, lw=0.8)
    low.set(ylabel="output", ylim=(-1.3, 1.3), yticks=[-1, 0, 1])
    low.set_title("smooth half | fast half", fontsize=10)
    angle_axis(low)
    first = _losses(high, losses, threshold)
    told = []
    for name, values in losses.items():
        colour, _, mark = look(name)
        at = min(step, values.shape[1] - 1)
        middle = median(values[:, at]).item()
        high.plot(at, middle, mark, ms=6, color=colour, mec="white", zorder=5, clip_on=False)
        told.append(f"{name} {middle:.2g}")
    high.axvline(step, color=FAINT, lw=0.8)
    high.set_title(f"step {step}", fontsize=10)
    high.legend(fontsize=8.5, loc="lower left")
    alt = (
        f"Training losses on logarithmic axes, medians at step {step}: {', '.join(told)}. Below {threshold:g} come: "
        f"{_told(first)}. Four circles show the target, slow on the upper and fast on the lower half, "
        "and the outputs at this step; below them "
        "outputs and target (dotted) stand against the angle."
    )
    return figure, alt


@house_style
def circle_outputs(
    degrees: Tensor, targets: Tensor, outputs: Mapping[str, Tensor], step: int, ran: Mapping[str, int]
) -> Drawing:
    """Draw Figure 5 of Yadav et al. (2024): outputs (S, N) of each model against the angle at one step, the target behind.

    `ran` says how many steps each model was trained; beyond them its last outputs are shown and named so.
    """
    figure, axes = plt.subplots(len(outputs), 1, figsize=(5.4, 5.3), sharex=True)
    smooth, told = degrees < 180, []
    for ax, (name, values) in zip(axes, outputs.items(), strict=True):
        colour = look(name)[0]
        ax.plot(degrees, targets, **ROLES["target"])
        seed_band(ax, degrees, values, colour, lw=1.6)
        ax.axvline(180, color=FAINT, lw=0.8)
        error = (values - targets).square()
        halves = [median(error[:, half].mean(1)).item() for half in (smooth, ~smooth)]
        for place, text, half in (("left", "smooth half", halves[0]), ("right", "fast half", halves[1])):
            ax.set_title(f"{text}: error {half:.3f}", loc=place, fontsize=9)
        ended = f", ended at step {ran[name]}" if step > ran[name] else f", step {step}"
        ax.set_title(name + ended, fontsize=10)
        ax.set(ylabel="output", ylim=(-1.6, 1.6), yticks=[-1, 0, 1])
        told.append(f"{name} {halves[0]:.2g} on the smooth and {halves[1]:.2g} on the fast half")
    handles = [
        Line2D([], [], **ROLES["target"]),
        (Patch(color=GREY, alpha=0.5, lw=0), Line2D([], [], color=INK, lw=1.6)),
    ]
    figure.legend(
        handles, ["target", "output, median and range over seeds"], fontsize=9, loc="outside lower center", ncols=2
    )
    angle_axis(axes[-1])
    return figure, (
        f"Outputs against the angle after {step} steps, the target dotted behind. Median squared errors: {'; '.join(told)}."
    )


@house_style
def circle_losses(
    degrees: Tensor, targets: Tensor, losses: Mapping[str, Tensor], title: str, threshold: float = 0.01
) -> Drawing:
    """Draw a circle task, target against angle, and beside it training losses (S, T): median, range, and runs below the threshold.

    A run that ended early keeps its last loss.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.5), width_ratios=[1, 1.5])
    left.plot(degrees, targets, color=INK, lw=1)
    left.axvline(180, color=FAINT, lw=0.8)
    left.set(ylabel="target", ylim=(-1.15, 1.15), yticks=[-1, 0, 1])
    angle_axis(left, "angle (degrees)")
    first = _losses(right, losses, threshold)
    names = {name: f"{name}: {(steps >= 0).sum()} of {len(steps)}" for name, steps in first.items()}
    for line in right.get_lines():
        line.set_label(names.get(line.get_label(), "_"))
    right.set_ylim(4e-3, 12)
    right.set_yticks([0.01, 0.1, 1])
    right.legend(fontsize=8.5, loc="upper right", title=f"runs below {threshold:g}", title_fontsize=8.5)
    figure.suptitle(title, fontsize=11)
    return (
        figure,
        f"{title[0].upper()}{title[1:]}: target against angle, and training losses. Below {threshold:g} come: {_told(first)}.",
    )
