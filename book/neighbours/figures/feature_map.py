"""What the page neighbours/feature-map draws: spectra of the forward feature map."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from dlgn_lib.features import FeatureSpectrum
from dlgn_lib.plots.bands import count_axis, seed_band, shortest
from dlgn_lib.plots.looks import BLUE, FAINT, GREY, INK, RED, ROLES, Drawing, house_style, looks
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
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.3))
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


def _staircase(ax: Axes, values: Tensor, edges: Sequence[int]) -> float:
    """Draw values sorted by class, a dot each and a bar per class mean; return the share that is constant on classes."""
    means = torch.stack([values[a:b].mean() for a, b in pairwise(edges)])
    sign = -1 if means[means.abs().argmax()] < 0 else 1
    for number, (a, b) in enumerate(pairwise(edges)):
        ax.plot(range(a, b), sign * values[a:b], ".", ms=2.4, color=(GREY, FAINT)[number % 2])
        ax.plot([a, b - 1], [sign * means[number]] * 2, color=BLUE, lw=2.4)
    sizes = torch.tensor([b - a for a, b in pairwise(edges)])
    return ((sizes * means.square()).sum() / values.square().sum()).item()


@house_style
def sorted_eigenfunctions(panels: Mapping[str, Tensor], labels: Tensor, ks: Sequence[int]) -> Drawing:
    """Draw eigenfunctions at inputs sorted by class, a dot per input and a bar per class mean: a column per net, a row per k.

    Signs are chosen so that the largest class mean is positive. `panels` gives all eigenfunctions (N, R) per title.
    """
    figure, axes = plt.subplots(
        len(ks), len(panels), figsize=(7.4, 0.9 * len(ks) + 0.7), sharex=True, sharey=True, squeeze=False
    )
    order = labels.argsort(stable=True)
    edges = [0, *(labels[order].diff().nonzero().flatten() + 1).tolist(), len(labels)]
    told = []
    for column, (title, functions) in enumerate(panels.items()):
        for ax, k in zip(axes[:, column], ks, strict=True):
            between = _staircase(ax, functions[order, k - 1], edges)
            ax.set(ylim=(-6, 6), yticks=[-5, 0, 5])
            ax.axhline(0, color="#999999", lw=0.6, zorder=0)
            ax.annotate(
                f"{between:.0%}",
                (1, 1),
                (-2, -2),
                xycoords="axes fraction",
                textcoords="offset points",
                ha="right",
                va="top",
                fontsize=9,
            )
            told.append(f"{title}, k = {k}: {between:.0%}")
        axes[0, column].set_title(title, fontsize=10.5)
        axes[-1, column].set_xlabel("test inputs, sorted by digit")
    for ax, k in zip(axes[:, 0], ks, strict=True):
        ax.set_ylabel(f"$e_{{{k}}}$")
    middles = [(a + b) / 2 for a, b in pairwise(edges)]
    axes[-1, 0].set_xticks(middles, [str(c.item()) for c in labels.unique()])
    return (
        figure,
        f"Eigenfunctions at the test inputs sorted by class. Share that is constant on classes: {'; '.join(told)}.",
    )


@house_style
def measures_over_epochs(
    epochs: Sequence[int], panels: Mapping[str, tuple[tuple[float, float], Mapping[str, Tensor]]], classes: int
) -> Drawing:
    """Draw measures over training, a panel each: limits, and (S, epochs) by setting; medians and ranges over seeds.

    Panels that reach beyond 1 have a dotted line at the number of classes.
    """
    figure, axes = plt.subplots(2, 3, figsize=(7.4, 3.9), sharex=True)
    told = []
    for ax, (name, (limits, lines)) in zip(axes.flat, panels.items(), strict=False):
        words = []
        for (setting, values), (colour, line, mark) in zip(lines.items(), looks(lines).values(), strict=True):
            middle = seed_band(ax, epochs, values, colour, ls=line, marker=mark, ms=4, label=setting)
            words.append(f"{setting} {middle[-1].item():.2g}")
        if limits[1] > 2:
            ax.axhline(classes, **ROLES["level"])
        ax.set(xscale="log", ylim=limits, xlim=(epochs[0], epochs[-1]))
        ax.set_xticks(epochs, [str(epoch) for epoch in epochs], fontsize=8)
        ax.minorticks_off()
        ax.set_title(name, fontsize=9.5)
        told.append(f"{name}: {', '.join(words)}")
    for ax in axes.flat[len(panels) :]:
        ax.axis("off")
        ax.legend(
            *axes[0, 0].get_legend_handles_labels(), loc="center", title=f"dotted: {classes} classes", fontsize=10
        )
    for ax in (*axes[1, :2], axes[0, 2]):
        ax.set_xlabel("epoch")
    axes[0, 2].tick_params(labelbottom=True)
    return figure, f"Measures over epochs {epochs[0]} to {epochs[-1]}, medians at the end. {'; '.join(told)}."
