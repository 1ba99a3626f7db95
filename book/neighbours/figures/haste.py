"""What the page neighbours/haste draws: gated pathways and how fast they learn."""

from collections.abc import Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from dlgn_lib.plots.looks import BLUE, FAINT, GREEN, GREY, INK, ORANGE, PINK, RED, ROLES, SKY, Drawing, house_style
from dlgn_lib.plots.maps import activity_image, mark_contexts


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


def unit_sizes(weights: Sequence[Tensor]) -> Tensor:
    """Return the root of |w_in| |w_out| of each unit (M,) of a two-layer net with one output."""
    return (weights[0].norm(dim=1) * weights[1][0].abs()).sqrt()


@house_style
def xor_units(
    x: Tensor, y: Tensor, weights: Sequence[Tensor], losses: Tensor, theory: Tensor, begin: int, step: int, end: float
) -> Drawing:
    """Draw the units of a two-layer net on the four corners as lines, and its loss (T,) beside a formula's from `begin` on.

    A line is as long as the logarithm of its unit's size says: 1 at the size `end`, a third less for each factor of ten.
    """
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
    size = unit_sizes(weights)
    length = (1 + (size / end).log10() / 3).clamp(min=0)
    ends = first / first.norm(dim=1, keepdim=True) * length[:, None]
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
        f"XOR at step {step}: weight vectors of the units as lines from the centre, the longest {length.max().item():.2f}; "
        f"{near:.0%} of their strength points within ten degrees of a corner. "
        f"Right, the loss against step, here {losses[step].item():.2f}{formula}."
    )
    return figure, alt


@house_style
def open_gates(steps: Tensor, shares: Tensor, contexts: int) -> Drawing:
    """Draw as stacked areas how often a unit is open on an item in 0, 1, …, C contexts, shares (C + 1, T)."""
    figure, ax = plt.subplots(figsize=(5.4, 3.8))
    colours = [*[GREY, PINK, ORANGE, SKY, GREEN, "#e8d35a"][: contexts - 1], BLUE, "#1b2a49"]
    low = torch.zeros(len(steps))
    for m in range(contexts + 1):
        high = low + shares[m]
        ax.fill_between(steps, low, high, facecolor=colours[m], edgecolor="white", lw=0.8)
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
