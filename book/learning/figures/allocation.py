"""What the page learning/allocation draws: where the paths are, and what pulls them there."""

import math
from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from torch import Tensor

from dlgn_lib.plots.bands import seed_band, step_axis
from dlgn_lib.plots.looks import FAINT, GREEN, INK, NETWORKS, PINK, ROLES, Drawing, house_style
from dlgn_lib.statistics import median

_HALVES = [
    (GREEN, "o", "-"),
    (PINK, "x", "-."),
]  # the looks of the smooth half and the fast one, beside those of networks
_EDGE = 2.75  # where the target is drawn, in means of the activity


def _share_axis(ax: Axes, low: float = 0.0, high: float = 1.0) -> None:
    ax.axhline(0.5, **ROLES["middle"])
    ax.set(ylim=(low, high), ylabel="share of paths, smooth half")


@house_style
def activity_ring(
    angles: Tensor,
    targets: Tensor,
    activities: Tensor,
    steps: Sequence[int],
    shares: Tensor,
    errors: Mapping[str, Tensor],
    step: int,
    network: str,
) -> Drawing:
    """Draw path activity around the circle of inputs and, beside it, its share on the smooth half and the errors over steps.

    `activities` (S, N) are those at `step`; `shares` and each of the two `errors` (S, T) belong to `steps`. The
    distance from the centre is the activity relative to the mean over the circle, the thin outer line the target, around
    a dotted circle for zero.
    """
    own = NETWORKS[network].colour
    figure = plt.figure(figsize=(7.2, 3.9))
    grid = figure.add_gridspec(2, 2, width_ratios=[1.12, 1])
    ring = figure.add_subplot(grid[:, 0], projection="polar")
    turn = torch.cat([angles, angles[:1] + 2 * math.pi])
    values = activities / activities.mean(dim=1, keepdim=True)
    values = torch.cat([values, values[:, :1]], dim=1)
    seed_band(ring, turn, values, own, lw=2)
    ring.plot(turn, torch.ones(len(turn)), **ROLES["level"])
    ring.plot(turn, _EDGE + 0.25 * torch.cat([targets, targets[:1]]), color="#777777", lw=0.9)
    ring.plot(turn, torch.full_like(turn, _EDGE), color=FAINT, lw=0.6, ls=(0, (1, 3)))
    ring.plot([0, math.pi], [_EDGE + 0.3] * 2, color=FAINT, lw=0.8)
    ring.set(ylim=(0, _EDGE + 0.3), yticks=[1, 2], xticks=[])
    ring.set_yticklabels(["mean", "2 × mean"], fontsize=8, color=INK)
    ring.set_rlabel_position(-54)
    ring.grid(color="#dddddd", lw=0.6)
    ring.spines["polar"].set_visible(False)
    ring.set_title("smooth half", fontsize=10)
    ring.text(0.5, -0.02, "fast half", transform=ring.transAxes, ha="center", va="top", fontsize=10)

    share, loss = figure.add_subplot(grid[0, 1]), figure.add_subplot(grid[1, 1])
    at = list(steps).index(step)
    seed_band(share, steps, shares, own, lw=2)
    share.plot(step, median(shares[:, at], 0), "o", ms=8, mfc="white", mec=own, mew=2, clip_on=False, zorder=5)
    _share_axis(share, 0.3)
    share.set_title(f"{network}, step {step}", fontsize=11)
    told = []
    for (half, values), (colour, _, line), height in zip(errors.items(), _HALVES, (0.36, 0.54), strict=True):
        seed_band(loss, steps, values, colour, ls=line, lw=2)
        loss.plot(step, median(values[:, at], 0), "o", ms=8, mfc="white", mec=colour, mew=2, clip_on=False, zorder=5)
        told.append(f"{median(values[:, at], 0):.2f} on the {half}")
        loss.text(0.1, height, half, color=colour, fontsize=9.5)
    loss.set(ylim=(0, 0.64), ylabel="squared error")
    for ax in (share, loss):
        step_axis(ax, steps[-1])
        ax.axvline(step, color=FAINT, lw=0.8)
    share.set_xlabel("")
    share.set_ylabel("share of paths,\nsmooth half")
    middle, low, high = median(shares[:, at], 0), shares[:, at].min(), shares[:, at].max()
    lean = "balanced" if abs(middle - 0.5) < 0.05 else "swollen upward" if middle > 0.5 else "swollen downward"
    alt = (
        f"{network} after {step} steps: path activity around the circle is {lean}; the smooth upper half holds {middle:.0%} "
        f"of it (median, range {low:.0%} to {high:.0%} over seeds). Mean squared error: {' and '.join(told)}."
    )
    return figure, alt


@house_style
def share_against_error(
    runs: Mapping[str, tuple[Tensor, Tensor]], steps: Sequence[int], marked: Sequence[int] = ()
) -> Drawing:
    """Draw what moves first: share of paths against the error on the smooth half, one curve per seed and a bold one of medians.

    `runs` gives (errors, shares), both (S, T), by network; `marked` are steps written along the bold curve.
    """
    figure, axes = plt.subplots(1, len(runs), figsize=(7, 3.0), sharex=True, sharey=True, squeeze=False)
    told = []
    for ax, (name, (errors, shares)) in zip(axes[0], runs.items(), strict=True):
        colour, line, _ = NETWORKS[name]
        ax.plot(errors.T, shares.T, color=colour, alpha=0.25, lw=0.8)
        middle, height = median(errors, 0), median(shares, 0)
        ax.plot(middle, height, color=colour, ls=line, lw=2.4)
        for step in marked:
            at = list(steps).index(step)
            ax.plot(middle[at], height[at], "o", color=colour, ms=6, mec="white", zorder=5)
            ax.annotate(
                str(step),
                (middle[at], height[at]),
                (-5, 6),
                textcoords="offset points",
                ha="right",
                fontsize=9.5,
                fontweight="bold",
                path_effects=[withStroke(linewidth=2.5, foreground="white")],
            )
            told.append(f"{name} step {step}: share {height[at]:.2f}, error {middle[at]:.2f}")
        ax.set(title=name, xlabel="error on the smooth half →")
        _share_axis(ax, 0.3)
    axes[0, 0].set_xlim(0.54, -0.02)
    for ax in axes[0, 1:]:
        ax.set_ylabel("")
    alt = "Share of paths on the smooth half against the error there, training runs from left to right. Medians: "
    return figure, alt + "; ".join(told) + "."


@house_style
def pull_cloud(
    pulls: Mapping[str, Tensor],
    sizes: Mapping[str, Tensor],
    shares: Tensor,
    step: int,
    title: str = "",
) -> Drawing:
    """Draw how each half of the data pulls at the normals of one net; beside it the mean pull upward, and the share of paths.

    `pulls` gives (units, 2) by half, as shares of the largest possible pull; `sizes` the mean pull upward (S, T) by half,
    in units of 10⁻⁴, and `shares` (S, T), both from step 0 on.
    """
    figure = plt.figure(figsize=(7, 3.9))
    grid = figure.add_gridspec(2, 2, width_ratios=[1.1, 1])
    ax, pull, share = (figure.add_subplot(place) for place in (grid[:, 0], grid[0, 1], grid[1, 1]))
    told = []
    for (half, vectors), (colour, mark, line) in zip(pulls.items(), _HALVES, strict=True):
        ax.scatter(
            *vectors.T, s=13, c=colour, marker=mark, lw=0.9, alpha=0.7, label=half, edgecolors=None, clip_on=False
        )
        values = sizes[half]
        middle = seed_band(pull, range(values.shape[1]), values, colour, ls=line, lw=2)
        told.append(f"{half} {vectors.norm(dim=1).mean():.2f} in length, pulling {middle[step]:.1f} upward")
    ax.axhline(0, color=FAINT, lw=0.8)
    ax.axvline(0, color=FAINT, lw=0.8)
    ax.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", xlabel="pull to the right", ylabel="pull upward")
    ax.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, fontsize=9.5, handletextpad=0.1)
    seed_band(share, range(shares.shape[1]), shares, INK, lw=2)
    pull.axhline(0, **ROLES["level"])
    pull.set(ylabel="mean pull\nupward, 10⁻⁴", xticklabels=[])
    _share_axis(share, 0.3)
    share.set(xlabel="step", ylabel="share of paths,\nsmooth half")
    for each, values in ((pull, sizes["smooth half"]), (share, shares)):
        each.axvline(step, color=FAINT, lw=0.8)
        each.plot(step, median(values[:, step], 0), "o", ms=8, mfc="white", mec=INK, mew=2, clip_on=False, zorder=5)
        each.set_xlim(0, values.shape[1] - 1)
    figure.suptitle(f"{title}, step {step}", fontsize=11)
    alt = (
        f"{title}, step {step}: each unit's pull as a point in the plane, on average {' and '.join(told)} (10⁻⁴, median over "
        f"seeds). The share of paths on the smooth half is {median(shares[:, step], 0):.2f}."
    )
    return figure, alt


@house_style
def transplants(
    times: Sequence[int], hits: Tensor, losses: Sequence[Tensor], time: int, target: float, longest: int
) -> Drawing:
    """Draw the losses of new experts on gates taken at step `time`, and for all times the steps to a loss of `target`.

    `hits` is (times, S), infinite where the target was not reached in `longest` steps; `losses` has one run (T,) per seed.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.1), width_ratios=[1.1, 1])
    never, own = 1.35 * longest, NETWORKS["DLGN"].colour
    for loss in losses:
        left.plot(loss, color=own, lw=1, alpha=0.7)
    left.axhline(target, **ROLES["level"])
    left.set(yscale="log", xlim=(0, longest), ylim=(target * 0.8, 0.7), xlabel="step of the new experts")
    left.set(ylabel="loss", title=f"gates of step {time}")
    left.set_yticks([0.01, 0.03, 0.1, 0.3], ["0.01", "0.03", "0.1", "0.3"])
    left.minorticks_off()
    places = range(len(times))
    for place, values in zip(places, hits, strict=True):
        reached = values[values.isfinite()]
        spread = place + torch.linspace(-0.2, 0.2, len(values))
        right.plot(spread[values.isfinite()], reached, "o", color=own, ms=5, alpha=0.8)
        right.plot(spread[~values.isfinite()], [never] * (len(values) - len(reached)), "^", color=own, ms=5, mfc="none")
    right.axvspan(list(times).index(time) - 0.4, list(times).index(time) + 0.4, color=FAINT, alpha=0.18, lw=0, zorder=0)
    right.set(yscale="log", ylim=(40, 1.3 * never), xlabel="gates taken at step", ylabel=f"steps to loss {target:g}")
    right.set_yticks([50, 100, 200, longest, never], ["50", "100", "200", str(longest), "later"])
    right.set_xticks(list(places), [str(t) for t in times])
    right.minorticks_off()
    chosen = hits[list(times).index(time)]
    count = int(chosen.isfinite().sum())
    speed = f", with a median of {median(chosen[chosen.isfinite()], 0):.0f} steps" if count else ""
    alt = f"Gates of step {time} with new experts: {count} of {len(chosen)} runs reach a loss of {target:g}{speed}."
    return figure, alt
