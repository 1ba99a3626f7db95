"""What the page neighbours/haste draws: gated pathways and how fast they learn."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.looks import BLUE, FAINT, GREEN, GREY, INK, ORANGE, PINK, RED, ROLES, SKY, Drawing, house_style
from dlgn_lib.plots.maps import activity_image, mark_contexts
from dlgn_lib.statistics import median

_PARTS = {  # part of the targets -> (colour, marker)
    "mean": (GREY, "o"),
    "contexts": (INK, "s"),
    "common 7": (BLUE, "^"),
    "common 3": (GREEN, "D"),
    "common 1": (ORANGE, "v"),
    "context 7": (BLUE, "^"),
    "context 3": (GREEN, "D"),
    "context 1": (ORANGE, "v"),
}


def _tree(ax: Axes, items: int) -> None:
    """Draw the binary tree over the items 1 … I, root on top."""
    levels = items.bit_length()
    for level in range(levels):
        nodes = 2**level
        for node in range(nodes):
            x, y = (node + 0.5) * items / nodes + 0.5, levels - 1 - level
            for child in (2 * node, 2 * node + 1) if level < levels - 1 else ():
                below = (child + 0.5) * items / (2 * nodes) + 0.5
                ax.plot([x, x, below, below], [y, y - 0.5, y - 0.5, y - 1], color=FAINT, lw=1, zorder=1)
            ax.plot(x, y, "o", ms=6, color=BLUE, zorder=2)
    ax.set(xticks=range(1, items + 1), yticks=[], ylim=(-0.4, levels - 0.6), title="tree of the items", xlabel="item")
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)


@house_style
def context_task(x: Tensor, y: Tensor, contexts: int) -> Drawing:
    """Draw the multi-context task: the tree of the items, the inputs and the targets, one column per sample."""
    items, properties = x.shape[1] - contexts, y.shape[1] // (contexts + 1)
    figure = plt.figure(figsize=(7.4, 4.6))
    grid = figure.add_gridspec(2, 2, width_ratios=[1, 1.5], height_ratios=[1, 1.15])
    tree, left, right = (figure.add_subplot(place) for place in (grid[0, 0], grid[1, 0], grid[:, 1]))
    _tree(tree, items)
    for ax, values, title in ((left, x, "inputs"), (right, y, "targets: properties")):
        activity_image(ax, values.T)
        ax.set(title=title)
        mark_contexts(ax, contexts, items)
    left.axhline(items - 0.5, color="white", lw=1.2)
    left.set_yticks([items / 2 - 0.5, items + contexts / 2 - 0.5], ["item", "context"])
    for block in range(1, contexts + 1):
        right.axhline(block * properties - 0.5, color="white", lw=1.2)
    names = ["hold\neverywhere", *(f"hold in\ncontext {c + 1}" for c in range(contexts))]
    right.set_yticks([(b + 0.5) * properties - 0.5 for b in range(contexts + 1)], names)
    for ax in (left, right):
        ax.tick_params(axis="y", length=0)
        ax.spines[:].set_visible(False)
    alt = (
        f"The task for {contexts} contexts. A binary tree over {items} items; below it the inputs, one bright square for the item "
        f"and one for the context in each of {len(x)} columns; right, {y.shape[1]} target properties: the top block repeats in "
        f"every context, each of the {contexts} blocks below it is bright in its own context only."
    )
    return figure, alt


@house_style
def race_snapshot(
    steps: Tensor, losses: Tensor, theory: Tensor, maps: Mapping[str, Tensor], contexts: int, step: int
) -> Drawing:
    """Draw where training stands: losses (S, T) of nets and a formula's (T,) above, outputs (N, K) as images below."""
    figure = plt.figure(figsize=(7.0, 5.6))
    grid = figure.add_gridspec(2, len(maps), height_ratios=[1, 1.35])
    top = figure.add_subplot(grid[0, :])
    seed_band(top, steps, losses, BLUE, lw=1.8, label=f"ReLU nets, {len(losses)} seeds")
    top.plot(steps, theory, **ROLES["formula"], label="formula, nothing fitted")
    at = int((steps == step).nonzero()[0])
    middle = median(losses[:, at]).item()
    top.axvline(step, color=GREY, lw=1, zorder=0)
    top.plot(step, middle, "o", ms=9, mfc="none", mec=INK, mew=1.8)
    top.set(xlabel="step", ylabel="loss", xlim=(0, steps[-1].item()), ylim=(0, losses.max().item() * 1.05))
    top.set_title(f"step {step}", fontsize=11)
    top.legend(loc="upper right")
    axes = [figure.add_subplot(grid[1, n]) for n in range(len(maps))]
    for ax, (name, values) in zip(axes, maps.items(), strict=True):
        image = activity_image(ax, values.T, -0.1, 1.1)
        ax.set(title=name, yticks=[])
        mark_contexts(ax, contexts)
        ax.spines[:].set_visible(False)
    axes[0].set_ylabel("property")
    figure.colorbar(image, ax=axes, label="output", shrink=0.85, ticks=[0, 0.5, 1])
    first, *others = maps.values()
    missing = (others[0] - first).abs().mean().item()
    gap = (others[0] - others[1]).abs().mean().item() if len(others) > 1 else 0.0
    alt = (
        f"Step {step}: the loss of the ReLU nets is {middle:.1f}, the formula says {theory[at].item():.1f}. Below, targets and "
        f"outputs as images over samples and properties: the net's output differs from the targets by "
        f"{missing:.3f} and from the formula by {gap:.3f} on average."
    )
    return figure, alt


def _part_label(name: str) -> str:
    """Return the name of a part of the targets as a legend shows it."""
    kind, _, square = name.partition(" ")
    return (
        f"{'common' if kind == 'common' else 'in context'}, $\\sigma^2={square}$"
        if square
        else {"contexts": "between contexts"}.get(name, name)
    )


@house_style
def part_shares(
    steps: Tensor, nets: Mapping[str, Tensor], pathways: Mapping[str, Tensor], theory: Mapping[str, Tensor], title: str
) -> Drawing:
    """Draw how much of each part of the targets is learned: ReLU nets (S, T) as bands, GDLNs as markers, formula as lines."""
    figure, axes = plt.subplots(2, 1, figsize=(7.0, 4.8), sharex=True, sharey=True)
    told = []
    for name, values in nets.items():
        colour, marker = _PARTS[name]
        ax = axes[int(name.startswith("context "))]
        seed_band(ax, steps, values, colour, shade=0.35, lw=1.2)
        at = slice(list(nets).index(name) % 4, None, 4)
        middle = median(pathways[name], 0)
        ax.plot(steps[at], middle[at], marker, color=colour, ms=4.5, mfc="white", mew=1.1)
        ax.plot(steps, theory[name], color=INK, ls=(0, (1.2, 1.2)), lw=1.3)
        half = [
            f"{steps[(curve > 0.5).nonzero()[0]].item():.0f}" if (curve > 0.5).any() else "never"
            for curve in (median(values, 0), theory[name])
        ]
        ax.plot([], [], marker + "-", color=colour, mfc="white", label=_part_label(name))
        told.append(f"{name} {half[0]} ({half[1]})")
    axes[0].plot([], [], color=INK, ls=(0, (1.2, 1.2)), label="formula")
    for ax, text in zip(axes, ("common pathway", "pathways “all but one”"), strict=True):
        ax.set_title(text, loc="left", fontsize=10.5)
        ax.set(ylabel="share learned", ylim=(-0.08, 1.15), yticks=[0, 0.5, 1])
    axes[0].legend(loc="lower right", fontsize=8.8, ncols=2)
    axes[1].legend(loc="upper left", fontsize=8.8)
    axes[0].set_title(title, fontsize=11)
    axes[1].set(xlabel="step", xlim=(0, steps[-1].item()))
    return figure, (
        f"{title}: share of each part of the targets learned against step, rising from 0 to 1 one after the other. "
        f"Step at half, ReLU nets and in brackets formula: {'; '.join(told)}."
    )


@house_style
def xor_units(
    x: Tensor, y: Tensor, weights: Sequence[Tensor], losses: Tensor, theory: Tensor, begin: int, step: int
) -> Drawing:
    """Draw the units of a two-layer net on the four corners as lines, and its loss (T,) beside a formula's from `begin` on."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.7), width_ratios=[1, 1.15])
    for sign, colour, marker in ((1, BLUE, "o"), (-1, RED, "s")):
        corner = x[y[:, 0] == sign]
        left.plot(*corner.T, marker, ms=11, mfc="white", mec=colour, mew=2)
        for a, b in corner.tolist():
            left.annotate(
                f"{'+' if sign > 0 else '−'}1",
                (a, b),
                (0, 14 * b),
                textcoords="offset points",
                ha="center",
                va="center",
                color=colour,
            )
    first, out = weights[0], weights[1][0]
    size = (first.norm(dim=1) * out.abs()).sqrt()
    ends = first / first.norm(dim=1, keepdim=True) * (size / size.max())[:, None]
    for (a, b), o in zip(ends.tolist(), out.tolist(), strict=True):
        left.plot([0, a], [0, b], color=BLUE if o > 0 else RED, ls="-" if o > 0 else "--", lw=0.9, alpha=0.7)
    left.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
    left.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    left.set_title(f"units, step {step}", fontsize=11)
    right.plot(losses, color=BLUE, lw=3, alpha=0.5, label="ReLU net")
    right.plot(range(begin, len(losses)), theory, **ROLES["formula"], label=f"formula from step {begin}")
    right.plot(step, losses[step], "o", ms=9, mfc="none", mec=INK, mew=1.8)
    right.set(xlabel="step", ylabel="loss", xlim=(0, len(losses) - 1), ylim=(0, 2.1))
    right.legend(loc="upper right", fontsize=9)
    # share of the strength within 10 degrees of a corner
    cosine = (first / first.norm(dim=1, keepdim=True) @ (x.T / 2**0.5)).amax(dim=1)
    near = (size**2)[cosine > 0.985].sum().item() / (size**2).sum().item()
    formula = f"; the formula says {theory[step - begin].item():.2f}" if step >= begin else ""
    alt = (
        f"XOR at step {step}: weight vectors of the units as lines from the centre, scaled to the longest; {near:.0%} of their "
        f"strength points within ten degrees of a corner. Right, the loss against step, here {losses[step].item():.2f}{formula}."
    )
    return figure, alt


@house_style
def race_bars(scores: Mapping[int, float], norms: Mapping[int, Tensor], contexts: int) -> Drawing:
    """Draw, for each size of subset, the race score, and what pathways (S, subsets) of one joint race have learned."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5))
    sizes = sorted(scores)
    best = min(scores, key=scores.get)
    left.bar(
        sizes, [scores[m] for m in sizes], color=[BLUE if m == best else SKY for m in sizes], edgecolor=INK, width=0.6
    )
    for m in sizes:
        left.annotate(f"{scores[m]:.2f}", (m, scores[m]), (0, 3), textcoords="offset points", ha="center", fontsize=9)
    left.set_title("score: time to learn", fontsize=11)
    left.set(ylabel="$T_m$", ylim=(0, 1))
    every = sorted(norms)
    rng, told = torch.Generator().manual_seed(0), []
    for m in every:
        values = norms[m].flatten()
        spread = m + 0.32 * (torch.rand(len(values), generator=rng) - 0.5)
        right.plot(spread, values, "o", ms=4, color=RED if m == contexts else BLUE, mfc="white", mew=0.9, alpha=0.8)
        right.plot([m - 0.3, m + 0.3], [median(values)] * 2, color=INK, lw=2)
        told.append(f"size {m}: {median(values).item():.2g}")
    right.annotate(
        "common\npathway",
        (contexts, median(norms[contexts])),
        (0, -14),
        textcoords="offset points",
        ha="center",
        va="top",
        fontsize=9,
    )
    right.set_title("strength after the race", fontsize=11)
    right.set(ylabel="norm of the pathway's map", ylim=(-0.2, 6))
    for ax in (left, right):
        ax.set(
            xlabel="contexts in which the pathway is open", xlim=(0.4, contexts + 0.6), xticks=range(1, contexts + 1)
        )
    return figure, (
        f"{contexts} contexts. Left, the score is smallest, {scores[best]:.2f}, for pathways open in {best} of them. Right, norms of all "
        f"pathways after training together, median by size: {'; '.join(told)}."
    )


@house_style
def open_gates(steps: Tensor, shares: Tensor, contexts: int) -> Drawing:
    """Draw as stacked areas how often a unit is open on an item in 0, 1, …, C contexts, shares (C + 1, T)."""
    figure, ax = plt.subplots(figsize=(7.2, 3.8))
    colours = [*[GREY, PINK, ORANGE, SKY, GREEN, "#e8d35a"][: contexts - 1], BLUE, "#1b2a49"]
    hatches = [*["", "//", "..", "\\\\", "", "--"][: contexts - 1], "", "xx"]
    low = torch.zeros(len(steps))
    for m in range(contexts + 1):
        high = low + shares[m]
        ax.fill_between(steps, low, high, facecolor=colours[m], hatch=hatches[m], edgecolor="white", lw=0.6)
        if m == contexts:
            peak = int(shares[m].argmax())
            ax.annotate(
                f"{m} of {m}",
                (steps[peak], 0.5),
                ha="left",
                va="center",
                fontsize=10,
                bbox={"fc": "white", "ec": "none", "pad": 2},
            )
        elif shares[m, -1] > 0.04:
            ax.annotate(
                f"{m} of {contexts}",
                (steps[-1], (low[-1] + high[-1]).item() / 2),
                (5, 0),
                textcoords="offset points",
                va="center",
                fontsize=10,
            )
        low = high
    ax.set(xlabel="step", ylabel="share of (unit, item) pairs", xlim=(0, steps[-1].item()), ylim=(0, 1))
    ax.set_title(f"in how many of {contexts} contexts a unit is open on an item", fontsize=11)
    end = ", ".join(f"{m}: {shares[m, -1].item():.2f}" for m in range(contexts + 1))
    top = steps[shares[contexts].argmax()].item()
    return figure, (
        f"Stacked areas over steps for {contexts} contexts. At step {top:.0f} units are open in all contexts on "
        f"{shares[contexts].max().item():.0%} of the items; at the last step the shares by number of contexts are {end}."
    )
