"""What the page learning/relu draws: gates of both nets over training."""

import math
from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.models import GatedNet
from dlgn_lib.paths import path_gates
from dlgn_lib.plots.bands import seed_band, step_axis
from dlgn_lib.plots.looks import FAINT, Drawing, house_style, look
from dlgn_lib.plots.maps import activity_image
from dlgn_lib.plots.planes import fill, input_plane
from dlgn_lib.regions import path_region
from dlgn_lib.statistics import median


@house_style
def measures_over_steps(
    panels: Mapping[str, tuple[Mapping[str, Tensor], tuple[float, float], float | None]], steps: Sequence[int]
) -> Drawing:
    """Draw measures of each model over the steps, a panel each: median and range over seeds.

    `panels` gives by name the values (S, T) by model, the limits of the axis, and a level to compare with or None.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(7.4, 3.0 if len(panels) > 1 else 2.6), squeeze=False)
    told = []
    for ax, (label, (values, limits, chance)) in zip(axes[0], panels.items(), strict=True):
        for name, each in values.items():
            colour, line, mark = look(name)
            seed_band(ax, steps, each, colour, ls=line, lw=1.8, marker=mark, ms=4, label=name)
            middle = median(each, 0)
            some = ", ".join(f"{middle[i]:.2f} at step {steps[i]}" for i in (0, len(steps) // 2, len(steps) - 1))
            told.append(f"{' '.join(label.split())}, {name}: {some}")
        if chance is not None:
            ax.axhline(chance, color=FAINT, lw=0.8, ls=":")
        ax.set(ylim=limits)
        ax.set_title(label, fontsize=10)
        step_axis(ax, steps[-1], "step of training", linear=10)
    axes[0, 0].legend(fontsize=9, loc="best")
    return figure, f"Medians over seeds during training. {'; '.join(told)}."


@house_style
def correlation_by_layer(values: Mapping[str, Tensor], start: Mapping[str, Tensor], step: int) -> Drawing:
    """Draw how alike the gates of each layer are, (S, layers), at one step, with the values of the untrained nets in grey."""
    figure, axes = plt.subplots(1, len(values), figsize=(7.2, 3.0), sharey=True)
    told = []
    for ax, (name, each) in zip(axes, values.items(), strict=True):
        colour, _, mark = look(name)
        layers = range(1, each.shape[1] + 1)
        seed_band(ax, layers, start[name], "#777777", ls=":", lw=1.6, label="untrained")
        if step:
            seed_band(ax, layers, each, colour, marker=mark, ms=6, lw=1.8, label=f"step {step}")
        ax.axhline(0.5, color=FAINT, lw=0.6)
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
    figure, axes = plt.subplots(len(gates), depth, figsize=(7.4, 4.4), sharex=True, sharey=True, squeeze=False)
    told = []
    for row, (name, layers) in zip(axes, gates.items(), strict=True):
        shares = []
        for layer, (ax, gate) in enumerate(zip(row, layers, strict=True), start=1):
            activity_image(ax, gate[:, _order(gate)].T, extent=[0, 360, gate.shape[1], 0])
            ax.axvline(180, color="white", lw=1)
            ax.set_title(f"{name}, layer {layer}", fontsize=9)
            ax.set(xticks=[0, 180, 360], yticks=[])
            half = (gate.double().mean(0) - 0.5).abs() <= 2 / len(gate)
            single = (gate != gate.roll(1, 0)).sum(0) == 2
            shares.append(f"{(half & single).sum().item()} of {gate.shape[1]}")
        row[0].set_ylabel("units")
        told.append(f"{name}: {', '.join(shares)}")
    figure.supxlabel("angle of the input (degrees); yellow: the gate is on", fontsize=10)
    return figure, (
        f"Gates at step {step} around the circle, one row per unit, sorted by the middle of where it is on. Units per layer "
        f"that are on in exactly one half circle: {'; '.join(told)}."
    )


@house_style
def path_cones(paths: Mapping[str, tuple[GatedNet, Sequence[int]]], bounds: Sequence[Sequence[float]]) -> Drawing:
    """Draw the active region of one path of each net over the plane, exactly, and the edges of its units' gates."""
    figure, axes = plt.subplots(1, len(paths), figsize=(7.2, 3.4), sharey=True, squeeze=False, layout="compressed")
    told = []
    angle = torch.arange(3600) * (2 * math.pi / 3600)
    for ax, (name, (net, path)) in zip(axes[0], paths.items(), strict=True):
        colour = look(name)[0]
        pieces = path_region(net, path, bounds)
        fill(ax, pieces, facecolor=colour, alpha=0.35, lw=0, zorder=1)
        circle = torch.stack([angle.cos(), angle.sin()], dim=1).to(net.value_layers[0].weight.dtype)
        on = path_gates(net, circle, torch.tensor([list(path)]), hard=True)[:, 0] > 0
        ax.plot(*circle.T, color=FAINT, lw=0.8)
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
