"""What the page neighbours/selectivity draws: units that mix items and contexts."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.looks import BLUE, FAINT, GREEN, INK, ORANGE, PINK, RED, Drawing, house_style, looks
from dlgn_lib.plots.maps import activity_image, mark_contexts
from dlgn_lib.statistics import median


@house_style
def gate_raster(activity: Tensor, contexts: int, step: int) -> Drawing:
    """Draw the activity of units (N, M), each in parts of its own peak, as an image: one row per unit, one column per sample."""
    figure, ax = plt.subplots(figsize=(5.4, 3.9))
    image = activity_image(ax, activity.T)
    mark_contexts(ax, contexts, len(activity) // contexts)
    ax.set(ylabel="unit", title=f"step {step}", yticks=[])
    ax.spines[:].set_visible(False)
    figure.colorbar(image, ax=ax, label="activity (1 = the unit's peak)", ticks=[0, 0.5, 1])
    on = activity > 0.01
    patterns = len({tuple(row) for row in on.T.tolist()})
    everywhere = on.all(dim=0).double().mean().item()
    kinds = f"there are {patterns} different patterns" if patterns > 1 else "all have one pattern"
    return figure, (
        f"Step {step}: activity of {activity.shape[1]} units in rows on {len(activity)} samples in columns, grouped by context. "
        f"{everywhere:.0%} of the units are on everywhere, units are on for "
        f"{on.double().mean().item():.0%} of the samples, and {kinds}."
    )


def _unit_map(ax: Axes, values: Tensor, title: str) -> None:
    """Draw the activity of one unit (C, I) as a small table."""
    activity_image(ax, values, high=values.max().clamp_min(1e-12).item())
    ax.set(xticks=[0, values.shape[1] - 1], yticks=range(len(values)))
    ax.set_xticklabels(["1", str(values.shape[1])])
    ax.set_yticklabels([str(c + 1) for c in range(len(values))])
    ax.set_title(title, fontsize=10.5)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


@house_style
def unit_maps(units: Mapping[str, Tensor], shares: Mapping[str, Mapping[str, float]], title: str = "") -> Drawing:
    """Draw units as tables of activity (C, I), and under each how its variance divides into item, context and interaction."""
    figure, axes = plt.subplots(2, len(units), figsize=(7.4, 2.8), height_ratios=[1, 1], squeeze=False)
    told = []
    for number, (name, values) in enumerate(units.items()):
        top, low = axes[:, number]
        _unit_map(top, values, name)
        top.set_xlabel("item", labelpad=-6)
        parts = [shares[name][part] for part in ("item", "context", "interaction")]
        low.bar(range(3), parts, color=[BLUE, ORANGE, PINK], edgecolor=INK, width=0.7)
        for place, part in enumerate(parts):
            low.annotate(f"{part:.2f}", (place, part), (0, 2), textcoords="offset points", ha="center", fontsize=8.5)
        low.set(ylim=(0, 1.18), xlim=(-0.6, 2.6), yticks=[0, 0.5, 1])
        low.set_xticks(range(3), ["item", "cont.", "inter."], fontsize=8.5)
        if number:
            low.set_yticklabels([])
        told.append(f"{name}: item {parts[0]:.2f}, context {parts[1]:.2f}, interaction {parts[2]:.2f}")
    axes[0, 0].set_ylabel("context")
    axes[1, 0].set_ylabel("share of\nvariance")
    if title:
        figure.suptitle(title, fontsize=11)
    return (
        figure,
        f"{title + '. ' if title else ''}Units as tables of contexts by items, with shares of variance. {'; '.join(told)}.",
    )


@house_style
def variance_shares(
    item: Tensor, interaction: Tensor, strength: Tensor, some: Mapping[str, tuple[Tensor, Sequence[float]]], step: int
) -> Drawing:
    """Draw units (M,) as points: share of variance by item across, by interaction up; the distance to the diagonal is context.

    `some` names units with their tables (C, I) and their shares by item, context and interaction: they are drawn as images,
    and named among the points. Units that are the product of a gate "all contexts but one" and a function of the items
    lie on the dashed line.
    """
    figure = plt.figure(figsize=(7.4, 3.7))
    grid = figure.add_gridspec(len(some), 2, width_ratios=[2.2, 1])
    ax = figure.add_subplot(grid[:, 0])
    contexts = len(next(iter(some.values()))[0])
    ax.fill([0, 1, 1, 0], [1, 0, 1, 1], color=FAINT, alpha=0.15, lw=0)
    ax.plot([0, 1], [1, 0], color=FAINT, lw=0.9)
    end = (contexts - 1) / contexts  # where the line meets the diagonal
    ax.plot([0, end], [0, 1 - end], color=RED, lw=1.2, ls="--", label="gate “all but one”\ntimes function of items")
    ax.scatter(item, interaction, s=60 * (strength / strength.max()) + 3, color=BLUE, alpha=0.35, lw=0)
    mean = [((strength * value).sum() / strength.sum()).item() for value in (item, interaction)]
    ax.plot(*mean, "X", ms=12, color=INK, mec="white", label="mean")
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel="share of variance by item", ylabel="share by interaction")
    ax.set_title(f"step {step}", fontsize=11)
    for place, text, align in (
        ((0.99, 0.23), "pure item ↓", "right"),
        ((0.015, 0.1), "pure\ncontext", "left"),
        ((0.13, 0.94), "pure interaction", "left"),
    ):
        ax.text(*place, text, ha=align, fontsize=9, color=INK)
    ax.legend(loc="upper right", fontsize=9)
    told = []
    for row, (name, (table, parts)) in enumerate(some.items()):
        ax.annotate(name, (parts[0], parts[2]), (0, 7), textcoords="offset points", ha="center", fontsize=11)
        beside = figure.add_subplot(grid[row, 1])
        _unit_map(beside, table, f"unit {name}")
        beside.set_ylabel("context", fontsize=9)
        told.append(f"{name} {parts[2]:.2f}")
    beside.set_xlabel("item", labelpad=-6)
    return figure, (
        f"Step {step}: one point per unit, share of variance by item across and by interaction up. The mean unit has {mean[0]:.2f} item, "
        f"{mean[1]:.3f} interaction and {1 - sum(mean):.2f} context. Interaction of units shown as tables: {', '.join(told)}."
    )


@house_style
def measures_by_contexts(
    contexts: Sequence[int], panels: Mapping[str, tuple[tuple[float, float], Tensor, Tensor]]
) -> Drawing:
    """Draw measures of selectivity, a panel each: limits, and (S, contexts) of trained and of untrained nets."""
    figure, axes = plt.subplots(2, 3, figsize=(7.4, 3.9), sharex=True)
    told = []
    for ax, (name, (limits, *values)) in zip(axes.flat, panels.items(), strict=False):
        words = []
        nets = dict(zip(("trained", "untrained"), values, strict=True))
        for (net, rows), (colour, line, marker) in zip(nets.items(), looks(nets).values(), strict=True):
            middle = median(rows, 0)
            ax.plot(contexts, middle, color=colour, ls=line, lw=1.8)
            for row in rows:
                ax.plot(contexts, row, marker, ms=4.5, mfc="none", mec=colour, mew=1)
            ax.plot([], [], marker=marker, color=colour, ls=line, mfc="none", label=net)
            words.append(f"{net} " + ", ".join(f"{c}: {m:.2g}" for c, m in zip(contexts, middle.tolist(), strict=True)))
        ax.set(xticks=list(contexts), xlim=(min(contexts) - 0.3, max(contexts) + 0.3), ylim=limits)
        ax.set_title(name, fontsize=9.5)
        told.append(f"{name}: {'; '.join(words)}")
    for ax in axes[1]:
        ax.set_xlabel("number of contexts")
    axes[0, 0].legend(fontsize=9)
    return figure, f"Measures by number of contexts, medians over seeds. {'. '.join(told)}."


@house_style
def interaction_course(
    steps: Tensor,
    interaction: Tensor,
    levels: Mapping[int, Tensor],
    random: Mapping[int, float],
    theory: Mapping[int, float],
    contexts: int,
) -> Drawing:
    """Draw the interaction's share of variance (S, T) over steps, and how it divides among the levels of the tree.

    Dotted lines mark what a table without structure gives, and arrows on the right a prediction for the end. Shares of an
    interaction below 0.002 are left out.
    """
    figure, (top, low) = plt.subplots(2, 1, figsize=(5.4, 3.7), sharex=True, height_ratios=[1, 1.7])
    seed_band(top, steps, interaction, INK, lw=1.8)
    top.set(ylabel="interaction", ylim=(0, 0.22))
    top.set_title(f"{contexts} contexts", fontsize=11)
    told, there = [], median(interaction, 0) > 0.002
    for (square, values), colour, line in zip(levels.items(), (BLUE, GREEN, ORANGE), ("-", "--", "-."), strict=False):
        seed_band(
            low, steps, torch.where(there, values, torch.nan), colour, lw=1.8, ls=line, label=f"$\\sigma^2={square}$"
        )
        low.axhline(random[square], color=colour, lw=1.2, ls=":")
        low.plot(steps[-1] * 1.012, theory[square], "<", color=colour, ms=9, clip_on=False)
        told.append(
            f"level {square} {median(values[:, -1]).item():.2f} (predicted {theory[square]:.2f}, random {random[square]:.2f})"
        )
    low.set(xlabel="step", ylabel="its levels", ylim=(0, 1), xlim=(0, steps[-1].item()))
    low.legend(loc="upper right", fontsize=9.5, ncols=3)
    least = median(interaction, 0).min().item()
    return figure, (
        f"{contexts} contexts: the interaction's share of variance falls to {least:.3f} early in training and comes back to "
        f"{median(interaction[:, -1]).item():.3f}. Its shares by level of the tree end at {'; '.join(told)}."
    )


@house_style
def measures_by_layer(panels: Mapping[str, tuple[tuple[float, float], Mapping[str, Tensor]]]) -> Drawing:
    """Draw measures of selectivity, a panel each: limits, and (contexts, S) by layer; seeds as rings, three to five contexts."""
    figure, axes = plt.subplots(1, len(panels), figsize=(7.4, 2.9), squeeze=False)
    told = []
    for ax, (name, (limits, layers)) in zip(axes[0], panels.items(), strict=True):
        words, low = [], limits[0] - 0.08 * (limits[1] - limits[0])  # room for the counts below the rings
        for place, ((layer, values), colour) in enumerate(zip(layers.items(), (BLUE, ORANGE, RED), strict=False)):
            for contexts, offset, row in zip((3, 4, 5), (-0.25, 0, 0.25), values, strict=False):
                ax.plot([place + offset] * len(row), row, "o", ms=5, mfc="none", mec=colour, mew=1.2)
                ax.annotate(
                    str(contexts),
                    (place + offset, low),
                    (0, 3),
                    textcoords="offset points",
                    ha="center",
                    fontsize=8,
                )
            words.append(f"{layer} {median(values).item():.2g}")
        ax.set_xticks(range(len(layers)), [layer.replace(" of ", "\nof ") for layer in layers], fontsize=8.5)
        ax.set(ylim=(low, limits[1]), xlim=(-0.5, len(layers) - 0.5))
        ax.set_title(name, fontsize=10)
        told.append(f"{name}: {', '.join(words)}")
    return figure, f"Measures by layer, median over contexts and seeds. {'; '.join(told)}."
