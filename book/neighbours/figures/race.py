"""What the page neighbours/race draws: pathways that race."""

from collections.abc import Mapping

import torch
from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.looks import BLUE, GREEN, GREY, INK, ORANGE, RED, ROLES, SKY, Drawing, house_style
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


@house_style
def race_snapshot(
    steps: Tensor, losses: Tensor, theory: Tensor, maps: Mapping[str, Tensor], contexts: int, step: int
) -> Drawing:
    """Draw where training stands: losses (S, T) of nets and a formula's (T,) above, outputs (N, K) as images below."""
    figure = plt.figure(figsize=(5.8, 4.3))
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
    figure, axes = plt.subplots(2, 1, figsize=(5.4, 4.6), sharex=True, sharey=True)
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
def race_bars(scores: Mapping[int, float], norms: Mapping[int, Tensor], contexts: int) -> Drawing:
    """Draw, for each size of subset, the race score, and what pathways (S, subsets) of one joint race have learned."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.2))
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
        ax.set(xlabel="contexts in which the pathway is open", xlim=(0.4, 5.6), xticks=range(1, 6))
    return figure, (
        f"{contexts} contexts. Left, the score is smallest, {scores[best]:.2f}, for pathways open in {best} of them. Right, norms of all "
        f"pathways after training together, median by size: {'; '.join(told)}."
    )


@house_style
def loss_panels(
    steps: Tensor,
    pairs: Mapping[str, tuple[Tensor, Tensor]],
    other: str,
    title: str,
    columns: int,
    *,
    logarithmic: bool = False,
) -> Drawing:
    """Draw losses of ReLU nets (S, T) against others (S, T) or (T,), a panel per pair, with the area between them shaded.

    `logarithmic` puts the steps, without step 0, on a logarithmic axis.
    """
    rows = -(-len(pairs) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(7.4, 1.75 * rows + 0.6), sharex=True, sharey=True, squeeze=False
    )
    first, told = int(logarithmic), []
    for ax, (name, (nets, others)) in zip(axes.flat, pairs.items(), strict=True):
        others = torch.atleast_2d(others)
        at, middle, theirs = steps[first:], median(nets, 0), median(others, 0)
        seed_band(ax, at, nets[:, first:], BLUE, lw=2.6, alpha=0.6, label="ReLU nets")
        seed_band(ax, at, others[:, first:], INK, ls=(0, (4, 2)), lw=1.4, label=other)
        ax.fill_between(at, middle[first:], theirs[first:], color=ORANGE, alpha=0.3, lw=0)
        ax.set_title(name, fontsize=10.5)
        away = 100 * (middle - theirs).abs() / middle[0]
        told.append(f"{name}: {away.mean().item():.2g} % on average, {away.max().item():.2g} % at most")
        if logarithmic:
            ax.set_xscale("log")
        ax.set(xlim=(at[0].item(), at[-1].item()), ylim=(0, middle[0].item() * 1.05))
    for ax in axes[:, 0]:
        ax.set_ylabel("loss")
    for ax in axes[-1]:
        ax.set_xlabel("step")
    axes[0, 0].legend(loc="upper right", fontsize=9)
    figure.suptitle(title, fontsize=11)
    return figure, f"{title}. Loss of ReLU nets and of {other}; distance in parts of the first loss. {'; '.join(told)}."
