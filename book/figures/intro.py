"""What the landing page draws."""

import math

import torch
from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.plots.bands import angle_axis, seed_band
from dlgn_lib.plots.looks import BLUE, FAINT, RED, ROLES, Drawing, house_style
from dlgn_lib.statistics import median


@house_style
def allocation(
    angles: Tensor, targets: Tensor, outputs: Tensor, activities: Tensor, step: int, network: str
) -> Drawing:
    """Draw where a net's paths are, and what it says, around the circle: share of path activity and output against the angle.

    `outputs` and `activities` are (S, N), one row per seed; the line is the median, the band the range over seeds.
    """
    degrees = torch.rad2deg(angles)
    figure, (top, low) = plt.subplots(2, 1, figsize=(7, 4.6), sharex=True, height_ratios=[1, 1.25])
    share = activities / activities.mean(dim=1, keepdim=True)
    for ax, values, colour in ((top, share, BLUE), (low, outputs, RED)):
        seed_band(ax, degrees, values, colour, lw=2, label="median and range over seeds")
        ax.axvline(180, color=FAINT, lw=0.8)
    low.plot(degrees, targets, **ROLES["target"], label="target")
    top.set(ylabel="active paths\n(1 = average)", ylim=(0, 4.2))
    for place, text in (("left", "  smooth half"), ("center", f"{network}, step {step}"), ("right", "fast half  ")):
        top.set_title(text, loc=place, fontsize=11 if place == "center" else 9.5)
    low.set(
        ylabel="output",
        ylim=(-1.5, 1.5),
    )
    angle_axis(low, every=45)
    top.legend(loc="upper right", fontsize=9)
    low.legend(loc="upper right", fontsize=9, ncols=2)
    smooth = median(activities[:, angles < math.pi].sum(1) / activities.sum(1)).item()
    alt = (
        f"{network} after {step} steps of gradient descent: {smooth:.0%} of the path activity (median over seeds) lies on the smooth "
        "half of the circle, left, and the output, below, is compared with the target, which is fast on the right half."
    )
    return figure, alt
