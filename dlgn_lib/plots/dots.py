"""Single runs as marks: a dot per seed, a row per condition."""

import math
from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator
from torch import Tensor

from dlgn_lib.plots.looks import FAINT, SERIES, Drawing, house_style
from dlgn_lib.statistics import median


def apart(count: int, width: float) -> Tensor:
    """Return offsets (count,) from -width to width, for marks that would cover each other; one mark stays in the middle."""
    return torch.linspace(-width, width, count) if count > 1 else torch.zeros(1)


def heading_rows(ax: Axes, labels: Mapping[float, str], headings: Sequence[float]) -> None:
    """Label the rows of a table of marks, row 0 on top: grey bars with bold text at the `headings`."""
    for y in headings:
        ax.axhspan(y - 0.5, y + 0.5, color=FAINT, alpha=0.18, lw=0, zorder=0)
    ax.set_yticks(list(labels), list(labels.values()))
    for y, text in zip(labels, ax.get_yticklabels(), strict=True):
        if y in headings:
            text.set_fontweight("bold")
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(max(labels) + 0.5, min(labels) - 0.5)


@house_style
def seeds_to_threshold(
    steps: Mapping[str, Sequence[int | None]], limit: int, title: str, threshold: float = 0.01
) -> Drawing:
    """Draw for each condition how many steps each seed needed to reach a loss, one mark per seed; None is beyond the limit."""
    figure, ax = plt.subplots(figsize=(5.4, 0.9 + 0.46 * len(steps)))
    out, told = limit * 1.45, []
    for row, (name, values) in enumerate(steps.items()):
        colour, _, mark = SERIES[row % len(SERIES)]
        hit = sorted(value for value in values if value is not None)
        missed = len(values) - len(hit)
        lift = [0.13 * ((i % 3) - 1) for i in range(len(hit))]  # marks that would cover each other
        ax.plot(hit, [row + up for up in lift], mark, color=colour, ms=6, alpha=0.75)
        if missed:
            ax.text(out, row, f"{missed} of {len(values)} not", ha="center", va="center", fontsize=9.5)
        middle = f"median {median(torch.tensor([math.inf if v is None else v for v in values])).item():g}"
        told.append(
            f"{name}: {len(hit)} of {len(values)}" + (f" ({middle} steps)" if 2 * len(hit) > len(values) else "")
        )
    ax.axvline(limit, color=FAINT, lw=0.8)
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
