"""What the page neighbours/feature-map draws: spectra of the forward feature map."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.features import FeatureSpectrum
from dlgn_lib.plots.bands import count_axis, seed_band, shortest
from dlgn_lib.plots.looks import BLUE, FAINT, GREEN, INK, RED, Drawing, house_style, looks
from dlgn_lib.plots.text import span
from dlgn_lib.statistics import median


@house_style
def feature_curves(
    train: Sequence[FeatureSpectrum], test: Sequence[FeatureSpectrum], classes: int, title: str
) -> Drawing:
    """Draw eigenvalues, and how much of targets and outputs the first k eigenfunctions hold, one spectrum per seed.

    Lines are medians and bands ranges over seeds. A dotted line marks the number of classes. Curves that a spectrum
    does not have (no output yet) are left out.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.6))
    decay = shortest([s.eigenvalues / s.eigenvalues[0] for s in train])
    k = range(1, decay.shape[1] + 1)
    seed_band(left, k, decay, BLUE, marker="o", ms=2)
    count_axis(
        left, 100, classes, yscale="log", ylim=(1e-4, 1.6), xlabel="number $k$", ylabel=r"eigenvalue $\rho_k/\rho_1$"
    )
    told = []
    for name, key, colour, spot in (("used: Π", "utility", BLUE, "in use"), ("target: Π*", "quality", RED, "")):
        for part, spectra, line in (("train", train, "-"), ("test", test, (0, (4, 2)))):
            if getattr(spectra[0], key) is None:
                continue
            curves = shortest([getattr(s, f"cumulative_{key}") for s in spectra])
            k, thick = range(1, curves.shape[1] + 1), 3.2 if spot and part == "train" else 1.6
            seed_band(right, k, curves, colour, label=f"{name}, {part}", ls=line, lw=thick)
            if part == "train" and spot:
                counts = [s.k95 for s in spectra]
                middle = median(torch.tensor(counts)).item()
                right.plot(middle, 0.95, "o", ms=8, mfc="white", mec=INK, mew=1.6, zorder=5)
                right.annotate(f"$k_{{95}}={middle:g}$", (middle, 1.05), ha="center")
                told.append(f"{span(counts, '{:d}')} features in use")
            elif part == "train":
                share = span(curves[:, classes - 1].tolist())
                told.append(f"the first {classes} hold {share} of the target")
    count_axis(
        right,
        100,
        classes,
        ylim=(0, 1.16),
        yticks=[0, 0.25, 0.5, 0.75, 1],
        xlabel="first $k$ features",
        ylabel="cumulative share",
    )
    figure.legend(loc="outside lower center", ncols=4, fontsize=8.5, handlelength=2.2, columnspacing=1.4)
    left.annotate(f"$k={classes}$", (classes, 1.1e-4), (-4, 3), textcoords="offset points", ha="right", fontsize=9)
    figure.suptitle(title, fontsize=11.5)
    gap = (decay[:, classes - 1] / decay[:, classes]).tolist()
    told.append(f"eigenvalue {classes} is {span(gap, '{:.1f}')} times the next")
    return (
        figure,
        f"{title}: {'; '.join(told)} (range over {len(train)} seeds). Left the eigenvalues, right the cumulative curves.",
    )


@house_style
def sorted_eigenfunctions(panels: Mapping[str, Tensor], labels: Tensor, k: int) -> Drawing:
    """Draw eigenfunction k at inputs sorted by class, a dot per input and a bar per class mean; one panel per network.

    Signs are chosen so that the largest class mean is positive. `panels` gives values (N,) per title.
    """
    figure, axes = plt.subplots(len(panels), 1, figsize=(7.2, 4.4), sharex=True)
    order = labels.argsort(stable=True)
    sorted_labels = labels[order]
    edges = [0, *(sorted_labels.diff().nonzero().flatten() + 1).tolist(), len(labels)]
    told = []
    for ax, (title, values) in zip(axes, panels.items(), strict=True):
        values = values[order]
        means = torch.stack([values[a:b].mean() for a, b in pairwise(edges)])
        sign = -1 if means[means.abs().argmax()] < 0 else 1
        values, means = values * sign, means * sign
        for number, (a, b) in enumerate(pairwise(edges)):
            ax.plot(range(a, b), values[a:b], ".", ms=3.2, color=BLUE if number % 2 == 0 else GREEN)
            ax.plot([a, b - 1], [means[number]] * 2, color=INK, lw=2.2)
        sizes = torch.tensor([b - a for a, b in pairwise(edges)])
        between = ((sizes * means.square()).sum() / values.square().sum()).item()
        ax.set_title(f"{title}: class means make up {between:.0%}", fontsize=10.5)
        ax.set(ylim=(-6, 6), ylabel=f"$e_{{{k}}}$", yticks=[-5, 0, 5])
        ax.axhline(0, color="#999999", lw=0.6, zorder=0)
        told.append(f"{title}, {between:.0%}")
    middles = [(a + b) / 2 for a, b in pairwise(edges)]
    axes[-1].set_xticks(middles, [str(c.item()) for c in labels.unique()])
    axes[-1].set_xlabel("test inputs, sorted by digit")
    return (
        figure,
        f"Eigenfunction {k} at the test inputs sorted by class. Share of it that is constant on classes: {'; '.join(told)}.",
    )


@house_style
def mode_race(
    times: Tensor, shares: Mapping[str, Tensor], points: Tensor, target: Tensor, limit: Tensor, now: float
) -> Drawing:
    """Draw a read-out that learns mode by mode: the share of each mode learned over time, and the function at time `now`.

    `shares` gives the share learned (T,) per mode, `points` the function (N,) now, `limit` where it ends.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4), width_ratios=[1.25, 1])
    told = []
    at = (times - now).abs().argmin()
    for (name, values), (colour, line, _) in zip(shares.items(), looks(shares).values(), strict=True):
        left.plot(times, values, color=colour, ls=line, lw=2, label=name)
        left.plot(now, values[at], "o", color=colour, ms=7)
        told.append(f"{name} {values[at]:.0%}")
    left.axvline(now, color=FAINT, lw=0.8)
    left.set(
        xlabel="time $t$",
        ylabel="share learned",
        ylim=(-0.03, 1.05),
        xlim=(times[0].item() - 0.1, times[-1].item() + 0.1),
    )
    left.legend(loc="lower right", fontsize=9)
    where = range(1, len(points) + 1)
    right.plot(where, target, "s", ms=11, mfc="none", mec=INK, mew=1.4, label="target $f^*$")
    right.plot(where, limit, "_", ms=20, mew=2, color=RED, label="reached at last")
    right.plot(where, points, "o", ms=7, color=BLUE, label="$f$ now")
    right.set(
        xticks=list(where), xlabel="point", ylim=(-0.55, 1.75), xlim=(0.5, len(points) + 0.5), title=f"$t = {now:g}$"
    )
    right.axhline(0, color="#999999", lw=0.6, zorder=0)
    right.legend(fontsize=9, loc="upper right")
    values = ", ".join(f"{value:.2f}" for value in points.tolist())
    return (
        figure,
        f"At time {now:g} the read-out has learned of {' and of '.join(told)}; its values at the points are {values}.",
    )
