"""Drawings of networks on the circle task. Pages: learning/circle, learning/relu."""

import math
from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator
from torch import Tensor

from dlgn_lib.models import GatedNet
from dlgn_lib.paths import path_gates
from dlgn_lib.plots.style import INK, LINES, Drawing, fill, house_style, input_plane
from dlgn_lib.regions import path_region
from dlgn_lib.statistics import median

_MARKS = "osD^vP"
_MODELS = ("ReLU", "DLGN", "frozen DLGN")  # their place in LINES and _MARKS, the same in every drawing


def _look(name: str) -> tuple[str, object, str]:
    """Return (colour, line style, marker) of a model."""
    place = _MODELS.index(name) if name in _MODELS else len(_MODELS)
    return *LINES[place], _MARKS[place]


def _step_axis(ax: Axes, last: int) -> None:
    """Set up the x axis for steps of training: linear up to 10, logarithmic beyond."""
    ax.set_xscale("symlog", linthresh=10)
    ticks = [tick for tick in (0, 10, 100, 1000) if tick <= last]
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set(xlim=(0, last), xlabel="step of training")


def _angle_axis(ax: Axes, label: str = "angle of the input (degrees)") -> None:
    ax.set(xlim=(0, 360), xticks=range(0, 361, 90), xlabel=label)


def _band(ax: Axes, x: Sequence | Tensor, values: Tensor, colour: str, **style: object) -> None:
    """Draw the median over seeds of values (S, T) as a line and their range as a band."""
    ax.fill_between(x, values.min(0).values, values.max(0).values, color=colour, alpha=0.2, lw=0)
    ax.plot(x, median(values, 0), color=colour, **style)


def _spaced(last: int) -> list[int]:
    """Return steps from 0 to `last`, evenly spaced on the axis of `_step_axis`: one for each pixel or two."""
    return sorted({*range(11), *(round(10 * (last / 10) ** (i / 90)) for i in range(91)), last} & set(range(last + 1)))


def _losses(ax: Axes, losses: Mapping[str, Tensor], threshold: float) -> dict[str, Tensor]:
    """Draw losses (S, T), one per step and model; return each seed's first step below the threshold (-1: none)."""
    last, first = 0, {}
    for name, values in losses.items():
        colour, line, _ = _look(name)
        shown = _spaced(values.shape[1] - 1)
        _band(ax, shown, values[:, shown], colour, ls=line, lw=1.8, label=name)
        below = values < threshold
        first[name] = torch.where(below.any(1), below.int().argmax(1), -1)
        last = max(last, values.shape[1] - 1)
    ax.axhline(threshold, color=INK, lw=0.9, ls=(0, (1, 3)))
    ax.set(yscale="log", ylabel="training loss", ylim=(1e-4, 2))
    ax.yaxis.set_minor_locator(NullLocator())
    _step_axis(ax, last)
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
    """Draw Figure 2 of Yadav et al. (2024): the data on the circle, the target against the angle, the training losses.

    Beside the data stand the outputs (S, N) of each model at one step, the median over seeds as colour. `losses` are (S, T), one
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
    low.plot(degrees, targets, color=INK, lw=1)
    low.axvline(180, color="#888888", lw=0.8)
    low.set(ylabel="target", ylim=(-1.15, 1.15), yticks=[-1, 0, 1])
    low.set_title("smooth half | fast half", fontsize=10)
    _angle_axis(low)
    first = _losses(high, losses, threshold)
    told = []
    for name, values in losses.items():
        colour, _, mark = _look(name)
        at = min(step, values.shape[1] - 1)
        middle = median(values[:, at]).item()
        high.plot(at, middle, mark, ms=6, color=colour, mec="white", zorder=5, clip_on=False)
        told.append(f"{name} {middle:.2g}")
    high.axvline(step, color="#888888", lw=0.8)
    high.set_title(f"step {step}", fontsize=10)
    high.legend(fontsize=8.5, loc="lower left")
    alt = (
        f"Training losses on logarithmic axes, medians at step {step}: {', '.join(told)}. Below {threshold:g} come: "
        f"{_told(first)}. Four circles show the target, slow on the upper and fast on the lower half, and the outputs at this step."
    )
    return figure, alt


@house_style
def circle_outputs(
    degrees: Tensor, targets: Tensor, outputs: Mapping[str, Tensor], step: int, ran: Mapping[str, int]
) -> Drawing:
    """Draw Figure 5 of Yadav et al. (2024): outputs (S, N) of each model against the angle at one step, the target behind.

    `ran` says how many steps each model was trained; beyond them its last outputs are shown and named so.
    """
    figure, axes = plt.subplots(len(outputs), 1, figsize=(7.2, 5.3), sharex=True)
    smooth, told = degrees < 180, []
    for ax, (name, values) in zip(axes, outputs.items(), strict=True):
        colour = _look(name)[0]
        ax.plot(degrees, targets, color=INK, lw=0.9, ls=":", label="target")
        _band(ax, degrees, values, colour, lw=1.6, label="output, median and range over seeds")
        ax.axvline(180, color="#888888", lw=0.8)
        error = (values - targets).square()
        halves = [median(error[:, half].mean(1)).item() for half in (smooth, ~smooth)]
        for place, text, half in (("left", "smooth half", halves[0]), ("right", "fast half", halves[1])):
            ax.set_title(f"{text}: error {half:.3f}", loc=place, fontsize=9)
        ended = f", ended at step {ran[name]}" if step > ran[name] else f", step {step}"
        ax.set_title(name + ended, fontsize=10)
        ax.set(ylabel="output", ylim=(-1.6, 1.6), yticks=[-1, 0, 1])
        told.append(f"{name} {halves[0]:.2g} on the smooth and {halves[1]:.2g} on the fast half")
    figure.legend(*axes[0].get_legend_handles_labels(), fontsize=9, loc="outside lower center", ncols=2)
    _angle_axis(axes[-1])
    axes[-1].set_xticks(range(0, 361, 45))
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
    left.axvline(180, color="#888888", lw=0.8)
    left.set(ylabel="target", ylim=(-1.15, 1.15), yticks=[-1, 0, 1])
    _angle_axis(left, "angle (degrees)")
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


@house_style
def seeds_to_threshold(
    steps: Mapping[str, Sequence[int | None]], limit: int, title: str, threshold: float = 0.01
) -> Drawing:
    """Draw for each condition how many steps each seed needed to reach a loss, one mark per seed; None is beyond the limit."""
    figure, ax = plt.subplots(figsize=(7.2, 0.9 + 0.46 * len(steps)))
    out, told = limit * 1.45, []
    for row, (name, values) in enumerate(steps.items()):
        colour = LINES[row % len(LINES)][0]
        hit = sorted(value for value in values if value is not None)
        missed = len(values) - len(hit)
        lift = [0.13 * ((i % 3) - 1) for i in range(len(hit))]  # marks that would cover each other
        ax.plot(hit, [row + up for up in lift], _MARKS[row % len(_MARKS)], color=colour, ms=6, alpha=0.75)
        if missed:
            ax.text(out, row, f"{missed} of {len(values)} not", ha="center", va="center", fontsize=9.5)
        middle = f"median {median(torch.tensor([math.inf if v is None else v for v in values])).item():g}"
        told.append(
            f"{name}: {len(hit)} of {len(values)}" + (f" ({middle} steps)" if 2 * len(hit) > len(values) else "")
        )
    ax.axvline(limit, color="#888888", lw=0.8)
    ax.set_xscale("log")
    ticks = [tick for tick in (20, 50, 100, 200, 500, 1000, 2000) if tick <= limit]
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set(
        xlim=(ticks[1] * 0.8, limit * 2),
        ylim=(len(steps) - 0.5, -0.5),
        xlabel=f"steps to a loss of {threshold:g}",
        title=title,
    )
    ax.set_yticks(range(len(steps)), list(steps))
    ax.tick_params(axis="y", length=0)
    return (
        figure,
        f"{title[0].upper()}{title[1:]}. Runs that reach a loss of {threshold:g} within {limit} steps: {'; '.join(told)}.",
    )


@house_style
def share_and_error(
    errors: Mapping[str, Tensor], shares: Mapping[str, Tensor], steps: Sequence[int], step: int
) -> Drawing:
    """Draw two quantities against each other over training: share of path activity and error, both on the smooth half, (S, T)."""
    figure, axes = plt.subplots(1, len(errors), figsize=(7.4, 3.9), sharey=True)
    now, told = list(steps).index(step), []
    for ax, name in zip(axes, errors, strict=True):
        colour, _, mark = _look(name)
        error, share = errors[name], shares[name]
        middle = [median(values, 0) for values in (error, share)]
        ax.plot(*middle, color="#888888", lw=1.2, zorder=1)
        for at in (0, 3, 5, 10, 15, 20):
            if at in steps:
                i = list(steps).index(at)
                ax.plot(middle[0][i], middle[1][i], ".", color="#888888", ms=5, zorder=1)
        ax.plot(error[:, now], share[:, now], mark, color=colour, alpha=0.6, ms=6, mec="white", clip_on=False)
        ax.axhline(0.5, color="#888888", lw=0.8, ls=":")
        ax.set(xlim=(0.55, -0.01), ylim=(0.3, 1), title=f"{name}, step {step}", xlabel="error on the smooth half")
        up = (share[:, now] > share[:, 0]).sum().item()
        count = f"share above its start:\n{up} of {len(share)} seeds" if now else "the start"
        ax.annotate(count, (0.03, 0.97), xycoords="axes fraction", va="top", fontsize=9.5)
        told.append(
            f"{name}: median error {median(error[:, now]):.2g}, median share {median(share[:, now]):.2f}"
            + (f", above its start in {up} of {len(share)} seeds" if now else "")
        )
    axes[0].set_ylabel("share of path activity\non the smooth half")
    return figure, (
        f"Step {step}, one mark per seed, error on the smooth half falling to the right, share of path activity upwards. "
        f"{'; '.join(told)}. The grey line is the median path of training."
    )


@house_style
def measure_over_steps(
    values: Mapping[str, Tensor],
    steps: Sequence[int],
    label: str,
    limits: tuple[float, float],
    chance: float | None = None,
) -> Drawing:
    """Draw one measure of each model (S, T) against the step: median and range over seeds; `chance` is a level to compare with."""
    figure, ax = plt.subplots(figsize=(7.0, 3.6))
    told = []
    for name, each in values.items():
        colour, line, mark = _look(name)
        _band(ax, steps, each, colour, ls=line, lw=1.8, marker=mark, ms=5, label=name)
        middle = median(each, 0)
        told.append(
            f"{name} " + ", ".join(f"{middle[i]:.2f} at step {steps[i]}" for i in (0, len(steps) // 2, len(steps) - 1))
        )
    if chance is not None:
        ax.axhline(chance, color="#888888", lw=0.8, ls=":")
    ax.set(ylabel=label, ylim=limits)
    _step_axis(ax, steps[-1])
    ax.legend(fontsize=9, loc="best")
    return (
        figure,
        f"{label[0].upper()}{label[1:]} against the step of training, medians over seeds: {'; '.join(told)}.".replace(
            "\n", " "
        ),
    )


@house_style
def correlation_by_layer(values: Mapping[str, Tensor], start: Mapping[str, Tensor], step: int) -> Drawing:
    """Draw how alike the gates of each layer are, (S, layers), at one step, with the values of the untrained nets in grey."""
    figure, axes = plt.subplots(1, len(values), figsize=(7.2, 3.5), sharey=True)
    told = []
    for ax, (name, each) in zip(axes, values.items(), strict=True):
        colour, _, mark = _look(name)
        layers = range(1, each.shape[1] + 1)
        _band(ax, layers, start[name], "#777777", ls=":", lw=1.6, label="untrained")
        if step:
            _band(ax, layers, each, colour, marker=mark, ms=6, lw=1.8, label=f"step {step}")
        ax.axhline(0.5, color="#888888", lw=0.6)
        ax.set(title=f"{name}, step {step}", xticks=layers, xlabel="hidden layer", ylim=(0.2, 0.85))
        ax.legend(fontsize=9, loc="upper left")
        told.append(f"{name} " + ", ".join(f"{value:.2f}" for value in median(each, 0)))
    axes[0].set_ylabel("mean |correlation| of two gates")
    return figure, (
        f"Mean absolute correlation of the gates of a layer at step {step}, layers 1 to {each.shape[1]}, medians over seeds: "
        f"{'; '.join(told)}."
    )


def _order(gates: Tensor) -> Tensor:
    """Return the units of a layer, gates (N, M) at N even angles, in the order of the middle of where they are on."""
    angle = 2 * math.pi * (torch.arange(len(gates)) + 0.5) / len(gates)
    wave = torch.stack([angle.cos(), angle.sin()])  # (2, N)
    x, y = wave @ gates.to(wave.dtype)
    middle = torch.atan2(y, x) % (2 * math.pi)
    middle[(gates == gates[0]).all(0)] = 100.0  # constant gates go to the end
    return middle.argsort()


@house_style
def gate_patterns(gates: Mapping[str, Sequence[Tensor]], step: int) -> Drawing:
    """Draw where every unit of every layer is on around the circle: gates (N, M) of each layer at N even angles, one row per unit."""
    depth = len(next(iter(gates.values())))
    figure, axes = plt.subplots(len(gates), depth, figsize=(7.4, 5.2), sharex=True, sharey=True)
    told = []
    for row, (name, layers) in zip(axes, gates.items(), strict=True):
        shares = []
        for layer, (ax, gate) in enumerate(zip(row, layers, strict=True), start=1):
            ax.imshow(
                gate[:, _order(gate)].T, aspect="auto", cmap="cividis_r", vmin=-0.35, vmax=1.15, interpolation="nearest",
                extent=[0, 360, gate.shape[1], 0],
            )  # fmt: skip
            ax.axvline(180, color="white", lw=1)
            ax.set_title(f"{name}, layer {layer}", fontsize=9)
            ax.set(xticks=[0, 180, 360], yticks=[])
            half = (gate.double().mean(0) - 0.5).abs() <= 2 / len(gate)
            single = (gate != gate.roll(1, 0)).sum(0) == 2
            shares.append(f"{(half & single).sum().item()} of {gate.shape[1]}")
        row[0].set_ylabel("units")
        told.append(f"{name}: {', '.join(shares)}")
    figure.supxlabel("angle of the input (degrees); dark: the gate is on", fontsize=10)
    return figure, (
        f"Gates at step {step} around the circle, one row per unit, sorted by the middle of where it is on. Units per layer "
        f"that are on in exactly one half circle: {'; '.join(told)}."
    )


@house_style
def path_cones(paths: Mapping[str, tuple[GatedNet, Sequence[int]]], bounds: Sequence[Sequence[float]]) -> Drawing:
    """Draw the active region of one path of each net over the plane, exactly, and the edges of its units' gates."""
    figure, axes = plt.subplots(1, len(paths), figsize=(7.2, 3.7), sharey=True, squeeze=False, layout="compressed")
    told = []
    angle = torch.arange(3600) * (2 * math.pi / 3600)
    for ax, (name, (net, path)) in zip(axes[0], paths.items(), strict=True):
        colour = _look(name)[0]
        pieces = path_region(net, path, bounds)
        fill(ax, pieces, facecolor=colour, alpha=0.35, lw=0, zorder=1)
        circle = torch.stack([angle.cos(), angle.sin()], dim=1).to(net.value_layers[0].weight.dtype)
        on = path_gates(net, circle, torch.tensor([list(path)]), hard=True)[:, 0] > 0
        ax.plot(*circle.T, color="#888888", lw=0.8)
        inside = circle.clone()
        inside[~on] = math.nan
        ax.plot(*inside.T, color=colour, lw=4)
        arcs = int((on != on.roll(1)).sum()) // 2
        input_plane(ax, bounds, f"{name}: {arcs} piece{'s' if arcs != 1 else ''}")
        told.append(f"{name}: {arcs} cone{'s' if arcs != 1 else ''}, {on.double().mean():.0%} of the circle")
    axes[0, -1].set_ylabel("")
    return (
        figure,
        f"Where one path is active in the plane, exactly. {'; '.join(told)}. All edges run through the origin.",
    )
