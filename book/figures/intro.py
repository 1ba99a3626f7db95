"""What the landing page draws."""

import math
from itertools import pairwise

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from torch import Tensor

from dlgn_lib.plots.bands import angle_axis, seed_band
from dlgn_lib.plots.looks import BLUE, FAINT, GREY, INK, ROLES, SKY, Drawing, house_style, look
from dlgn_lib.statistics import median

_INNER, _UNIT = 1.14, 0.3  # where the band of path activity starts, and how wide it is where the activity is average


def _round(angles: Tensor, radius: Tensor | float) -> Tensor:
    """Return points (N + 1, 2) around the circle, the first one again at the end."""
    points = radius * torch.stack([angles.cos(), angles.sin()])
    return torch.cat([points, points[:, :1]], dim=1).T


def _small_net(ax: Axes) -> None:
    """Draw a net in the middle of the circle: all of its paths thin, one of them thick."""
    places = [
        [(0.34 * (layer - 2), 0.3 * (unit - (size - 1) / 2)) for unit in range(size)]
        for layer, size in enumerate((2, 4, 4, 4, 1))
    ]
    edges = [(a, b) for lower, upper in pairwise(places) for a in lower for b in upper]
    ax.add_collection(LineCollection(edges, colors=GREY, linewidths=0.5))
    stops = [units[one] for units, one in zip(places[1:], (2, 1, 3, 0), strict=True)]
    ax.add_collection(LineCollection([[start, *stops] for start in places[0]], colors=BLUE, linewidths=2.2))
    for units in places:
        for at in units:
            ax.plot(*at, "o", ms=7, mfc=SKY if at in stops[:-1] else "white", mec=BLUE if at in stops else INK, mew=1)
    ax.text(0, -0.7, "one path", ha="center", fontsize=8.5, color=BLUE)


@house_style
def allocation(
    angles: Tensor, targets: Tensor, outputs: Tensor, activities: Tensor, step: int, network: str
) -> Drawing:
    """Draw where a net's paths are, and what it says: the circle of inputs with its path activity, and the output by angle.

    `outputs` and `activities` are (S, N), one row per seed; the line is the median, the band the range over seeds.
    """
    degrees = torch.rad2deg(angles)
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.6), width_ratios=[0.95, 1.1])
    share = median(activities / activities.mean(dim=1, keepdim=True), 0)
    ring, inner, outer = (_round(angles, radius) for radius in (1.0, _INNER, _INNER + _UNIT * share))
    colour = look(network).colour
    colours = plt.get_cmap("coolwarm")(((targets + 1) / 2).numpy())
    left.add_collection(LineCollection(torch.stack([ring[:-1], ring[1:]], 1).tolist(), colors=colours, linewidths=6))
    left.fill(*torch.cat([outer, inner.flip(0)]).T, facecolor=colour, alpha=0.35, lw=0)
    left.plot(*outer.T, color=colour, lw=1.8)
    left.plot(*_round(angles, _INNER + _UNIT).T, color=INK, lw=0.8, ls=(0, (2, 2)))
    _small_net(left)
    for height, text in ((1.88, "smooth half"), (-1.88, "fast half")):
        left.text(0, height, text, ha="center", va="center", fontsize=10)
    left.set(xlim=(-1.75, 1.75), ylim=(-2, 2), aspect="equal", title="where the paths are active")
    left.axis("off")
    seed_band(right, degrees, outputs, colour, lw=2, shade=0.15, label="output")
    right.axvline(180, color=FAINT, lw=0.8)
    right.plot(degrees, targets, **ROLES["target"], label="target")
    for x, text in ((90, "smooth half"), (270, "fast half")):
        right.text(x, -1.42, text, ha="center", fontsize=9.5)
    right.set(ylim=(-1.6, 1.6), title=f"{network}, step {step}")
    angle_axis(right)
    right.legend(loc="upper right", fontsize=9, ncols=2)
    smooth = median(activities[:, angles < math.pi].sum(1) / activities.sum(1)).item()
    alt = (
        f"{network} after {step} steps of gradient descent. Left, the circle of inputs, coloured by the target: {smooth:.0%} of the "
        "path activity (median over seeds), a band around it, lies on the smooth upper half. Right, the output by angle, "
        "beside the target, which is one slow wave on the smooth half and many fast ones on the other."
    )
    return figure, alt
