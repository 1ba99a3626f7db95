"""Curves over training or around the circle: a line for the median over seeds, a band for their range."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator
from torch import Tensor

from dlgn_lib.plots.looks import ROLES, Drawing, house_style, looks
from dlgn_lib.plots.text import spoken
from dlgn_lib.statistics import median


def seed_band(ax: Axes, x: Sequence | Tensor, values: Tensor, colour: str, shade: float = 0.2, **line: Any) -> Tensor:
    """Draw the median over seeds of values (S, T) as a line and their range as a band; return the median (T,)."""
    middle = median(values, 0)
    ax.fill_between(x, values.min(0).values, values.max(0).values, color=colour, alpha=shade, lw=0)
    ax.plot(x, middle, color=colour, lw=line.pop("lw", 1.8), **line)
    return middle


def step_axis(ax: Axes, last: int, label: str = "step", linear: int = 1) -> None:
    """Show steps of training from 0 to `last`: linear up to the step `linear`, logarithmic beyond."""
    each = (1, 3) if linear == 1 else (1,)
    ticks = [0, *(t for p in range(9) for d in each if linear <= (t := d * 10**p) <= last)]
    ax.set_xscale("symlog", linthresh=linear, linscale=0.5 if linear == 1 else 1)
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set(xlim=(0, last), xlabel=label)


def angle_axis(ax: Axes, label: str = "angle of the input (degrees)", every: int = 90) -> None:
    """Show the angle of the input, once around the circle."""
    ax.set(xlim=(0, 360), xticks=range(0, 361, every), xlabel=label)


def count_axis(ax: Axes, last: int, marked: int | None, **labels: object) -> None:
    """Show how many features, from 1 to `last`, on a logarithmic axis; a dotted line at `marked`, e.g. the number of classes."""
    ax.set(xscale="log", xlim=(0.93, last * 1.05), **labels)
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100) if tick <= last]
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()
    if marked:
        ax.axvline(marked, **ROLES["middle"])


def shortest(curves: Sequence[Tensor]) -> Tensor:
    """Return curves of nearly one length as (S, length of the shortest)."""
    return torch.stack([curve[: min(map(len, curves))] for curve in curves])


@house_style
def seed_panels(
    x: Sequence[float],
    panels: Mapping[str, Mapping[str, Tensor]],
    title: str = "",
    *,
    xlabel: str = "step",
    limits: Mapping[str, tuple[float | None, float | None]] | None = None,
    logarithmic: Sequence[str] = (),
    ticks: Sequence[float] | None = None,
    levels: Mapping[str, tuple[float, str]] | None = None,
) -> Drawing:
    """Draw curves with bands, median and range over seeds: one panel per y label, in it name -> values (S, len(x)).

    The x axis is logarithmic, with a place for 0 if `x` starts there. `limits`, `logarithmic` and `levels`, a level to
    compare with and its name, go by y label.
    """
    columns = min(2, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(7.2, 2.55 * rows + 0.5 + 0.3 * (rows == 1)), sharex=True, squeeze=False
    )
    told = []
    for ax, (ylabel, curves) in zip(axes.flat, panels.items(), strict=False):
        for (name, values), (colour, line, _) in zip(curves.items(), looks(curves).values(), strict=True):
            middle = seed_band(ax, x, values, colour, ls=line, label=name, marker="o", ms=2.5)
            told.append(f"{spoken(ylabel)}, {name}: {middle[0]:.2g} to {middle[-1]:.2g}")
        if x[0] == 0:
            ax.set_xscale("symlog", linthresh=x[1], linscale=0.6)
        else:
            ax.set_xscale("log")
        if ylabel in logarithmic:
            ax.set_yscale("log")
        ax.set_ylim((limits or {}).get(ylabel))
        if levels and ylabel in levels:
            level, text = levels[ylabel]
            ax.axhline(level, **ROLES["level"])
            ax.annotate(text, (x[-1], level), (0, -3), textcoords="offset points", ha="right", va="top", fontsize=9)
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
