"""Drawings of the forward feature map. Pages: neighbours/feature-map, neighbours/collapse."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from dlgn_lib.features import FeatureSpectrum
from dlgn_lib.plots.style import BLUE, GREEN, INK, LINES, RED, Drawing, house_style
from dlgn_lib.statistics import median

_TICKS = [1, 2, 5, 10, 20, 50, 100]


def _stack(curves: Sequence[Tensor]) -> Tensor:
    """Return curves of nearly one length as (S, shortest)."""
    return torch.stack([curve[: min(map(len, curves))] for curve in curves])


def _band(
    ax: Axes, at: Sequence[float], values: Tensor, label: str | None, colour: str, line: object, **more: object
) -> Tensor:
    """Draw median and range over the rows of values (S, T); return the median."""
    middle = median(values, 0)
    ax.fill_between(at, values.min(0).values, values.max(0).values, color=colour, alpha=0.18, lw=0)
    ax.plot(at, middle, **{"color": colour, "ls": line, "lw": 1.8, "label": label, **more})
    return middle


def _range(values: Sequence[float], form: str = "{:.2g}") -> str:
    low, high = form.format(min(values)), form.format(max(values))
    return low if low == high else f"{low} to {high}"


def _count_axis(ax: Axes, last: int, classes: int | None, **labels: object) -> None:
    ax.set(xscale="log", xlim=(0.93, last * 1.05), **labels)
    ax.set_xticks([tick for tick in _TICKS if tick <= last], [str(tick) for tick in _TICKS if tick <= last])
    ax.minorticks_off()
    if classes:
        ax.axvline(classes, color="#777777", lw=0.9, ls=(0, (1, 2)), zorder=0)


@house_style
def feature_curves(
    train: Sequence[FeatureSpectrum], test: Sequence[FeatureSpectrum], classes: int, title: str
) -> Drawing:
    """Draw eigenvalues, and how much of targets and outputs the first k eigenfunctions hold, one spectrum per seed.

    Lines are medians and bands ranges over seeds. A dotted line marks the number of classes. Curves that a spectrum
    does not have (no output yet) are left out.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.6))
    decay = _stack([s.eigenvalues / s.eigenvalues[0] for s in train])
    k = range(1, decay.shape[1] + 1)
    _band(left, k, decay, None, BLUE, "-", marker="o", ms=2)
    _count_axis(
        left, 100, classes, yscale="log", ylim=(1e-4, 1.6), xlabel="number $k$", ylabel=r"eigenvalue $\rho_k/\rho_1$"
    )
    told = []
    for name, key, colour, spot in (("used: Π", "utility", BLUE, "in use"), ("target: Π*", "quality", RED, "")):
        for part, spectra, line in (("train", train, "-"), ("test", test, (0, (4, 2)))):
            if getattr(spectra[0], key) is None:
                continue
            curves = _stack([getattr(s, f"cumulative_{key}") for s in spectra])
            k, thick = range(1, curves.shape[1] + 1), 3.2 if spot and part == "train" else 1.6
            _band(right, k, curves, f"{name}, {part}", colour, line, lw=thick)
            if part == "train" and spot:
                counts = [s.k95 for s in spectra]
                middle = median(torch.tensor(counts)).item()
                right.plot(middle, 0.95, "o", ms=8, mfc="white", mec=INK, mew=1.6, zorder=5)
                right.annotate(f"$k_{{95}}={middle:g}$", (middle, 1.05), ha="center")
                told.append(f"{_range(counts, '{:d}')} features in use")
            elif part == "train":
                share = _range(curves[:, classes - 1].tolist())
                told.append(f"the first {classes} hold {share} of the target")
    _count_axis(
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
    told.append(f"eigenvalue {classes} is {_range(gap, '{:.1f}')} times the next")
    return (
        figure,
        f"{title}: {'; '.join(told)} (range over {len(train)} seeds). Left the eigenvalues, right the cumulative curves.",
    )


@house_style
def over_training(
    epochs: Sequence[int],
    panels: Mapping[str, Mapping[str, Tensor]],
    logarithmic: Sequence[str] = (),
    reference: Mapping[str, tuple[float, str]] | None = None,
    limits: Mapping[str, tuple[float, float]] | None = None,
) -> Drawing:
    """Draw measures (S, epochs) against the epoch: one panel per measure, one line per setting, median and range over seeds.

    `logarithmic` names panels with a logarithmic axis, `reference` gives a panel a level (value, label) to compare with.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(7.4, 3.6), squeeze=False)
    told = []
    for ax, (measure, lines) in zip(axes[0], panels.items(), strict=True):
        ends = []
        for (name, values), (colour, line) in zip(lines.items(), LINES, strict=False):
            middle = _band(ax, epochs, values, name, colour, line, marker="o", ms=3.5)
            ends.append(f"{name} from {middle[0]:.2g} to {middle[-1]:.2g}")
        told.append(f"{measure}: {', '.join(ends)}")
        if reference and measure in reference:
            level, text = reference[measure]
            ax.axhline(level, color=INK, lw=0.9, ls=(0, (1, 2)))
            ax.annotate(
                text, (epochs[-1], level), (0, -3), textcoords="offset points", ha="right", va="top", fontsize=9
            )
        ax.set(xscale="log", xlabel="epoch", title=measure, yscale="log" if measure in logarithmic else "linear")
        if limits and measure in limits:
            ax.set_ylim(*limits[measure])
        elif measure not in logarithmic:
            ax.set_ylim(bottom=0)
        ax.set_xticks(list(epochs), [str(epoch) for epoch in epochs])
        ax.tick_params(axis="x", which="minor", length=0)
        ax.legend(fontsize=9)
    span = f"epoch {epochs[0]} to {epochs[-1]}"
    return figure, f"Median and range over seeds, {span}. {'. '.join(told)}."


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
    """Draw a read-out that learns mode by mode: the share of each mode learnt over time, and the function at time `now`.

    `shares` gives the share learnt (T,) per mode, `points` the function (N,) now, `limit` where it ends.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4), width_ratios=[1.25, 1])
    told = []
    at = (times - now).abs().argmin()
    for (name, values), (colour, line) in zip(shares.items(), LINES, strict=False):
        left.plot(times, values, color=colour, ls=line, lw=2, label=name)
        left.plot(now, values[at], "o", color=colour, ms=7)
        told.append(f"{name} {values[at]:.0%}")
    left.axvline(now, color="#888888", lw=0.8)
    left.set(xlabel="time $t$", ylabel="share learnt", ylim=(-0.03, 1.05), xlim=(times[0] - 0.1, times[-1] + 0.1))
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
        f"At time {now:g} the read-out has learnt of {' and of '.join(told)}; its values at the points are {values}.",
    )


@house_style
def class_kernels(kernel: Tensor, labels: Tensor, cosines: Tensor, title: str) -> Drawing:
    """Draw the features' kernel (N, N) of inputs sorted by class, and the cosines (C, C) between centred class means.

    The kernel is divided by its mean diagonal. A simplex has cosines -1/(C - 1) off the diagonal.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.3), layout="compressed")
    kernel = kernel / kernel.diagonal().mean()
    c, n = len(cosines), len(kernel)
    image = left.imshow(kernel, cmap="cividis", vmin=0, vmax=1.5)
    figure.colorbar(image, ax=left, shrink=0.82, label="kernel, mean diagonal 1", extend="both")
    starts = [0, *(labels.diff().nonzero().flatten() + 1).tolist(), n]
    middles = [(a + b) / 2 - 0.5 for a, b in pairwise(starts)]
    names = [str(v) for v in labels.unique().tolist()]
    left.set(xticks=middles, yticks=middles, xticklabels=names, yticklabels=names, title="inputs sorted by digit")
    left.tick_params(length=0)
    image = right.imshow(cosines, cmap="RdBu_r", vmin=-1, vmax=1)
    figure.colorbar(image, ax=right, shrink=0.82, label="cosine of centred class means", ticks=[-1, -0.5, 0, 0.5, 1])
    right.set(xticks=range(c), yticks=range(c), title="class means")
    right.tick_params(length=0)
    off = cosines[~torch.eye(c, dtype=torch.bool)]
    same = labels[:, None] == labels[None]
    inside = kernel[same].std().item()
    figure.suptitle(title, fontsize=11.5)
    return figure, (
        f"{title}: the kernel within a class varies by {inside:.2f} (standard deviation; mean diagonal 1); between classes its mean is "
        f"{kernel[~same].mean():.2f}. Cosines of class means: {off.min():.2f} to {off.max():.2f}, where a simplex has {-1 / (c - 1):.2f}."
    )


@house_style
def two_labellings(
    spectra: Mapping[str, Sequence[FeatureSpectrum]],
    accuracy: Mapping[str, Mapping[str, Sequence[float]]],
    classes: int,
) -> Drawing:
    """Draw spectra and accuracies of nets trained on several labellings: eigenvalues left, a dot per seed right.

    `accuracy` gives per labelling and per part ("train", "test") one value per seed.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5), width_ratios=[1.5, 1])
    told = []
    marks = ["o", "D"]
    for (name, group), (colour, line), mark in zip(spectra.items(), LINES, marks, strict=False):
        curves = _stack([s.eigenvalues / s.eigenvalues[0] for s in group])[:, :50]
        _band(
            left,
            range(1, curves.shape[1] + 1),
            curves,
            f"{name}, $k_{{95}}$ = {_range([s.k95 for s in group], '{:d}')}",
            colour,
            line,
            marker=mark,
            ms=3,
        )
        for place, (_part, values) in enumerate(accuracy[name].items()):
            spread, shift = torch.linspace(-0.1, 0.1, len(values)), 0.16 * (-1 if mark == "o" else 1)
            right.plot(place + shift + spread, values, mark, color=colour, ms=5.5, label=name if place == 0 else None)
        ends = ", ".join(f"{part} {_range(list(v))}" for part, v in accuracy[name].items())
        told.append(f"{name}: {_range([s.k95 for s in group], '{:d}')} features in use, accuracy {ends}")
    _count_axis(
        left, 50, classes, yscale="log", ylim=(1e-4, 1.6), xlabel="number $k$", ylabel=r"eigenvalue $\rho_k/\rho_1$"
    )
    left.legend(fontsize=9, loc="lower left")
    parts = list(next(iter(accuracy.values())))
    right.axhline(1 / classes, color=INK, lw=0.9, ls=(0, (1, 2)))
    right.annotate("chance", (-0.35, 1 / classes), (0, 3), textcoords="offset points", fontsize=9)
    right.set(xticks=range(len(parts)), xlim=(-0.4, len(parts) - 0.6), ylim=(0, 1.06), ylabel="accuracy")
    right.set_xticklabels([f"{part} inputs" for part in parts])
    return figure, f"Eigenvalues and accuracy by labelling, a dot per seed. {'; '.join(told)}."


@house_style
def features_in_use(dims: Sequence[int], counts: Mapping[str, Tensor], ratios: Mapping[str, Tensor]) -> Drawing:
    """Draw regression: features in use (S, dims) left and within/between ratios (S, dims) right, against the number of targets d."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5))
    told = []
    for place, (name, values) in enumerate(counts.items()):
        colour, mark = (BLUE, RED)[place], "oD"[place]
        for ax, numbers in ((left, values.double()), (right, ratios[name])):
            spread = torch.linspace(-0.14, 0.14, len(numbers))
            for column, d in enumerate(dims):
                ax.plot(d + spread, numbers[:, column], mark, color=colour, ms=5, label=name if column == 0 else None)
        each = ", ".join(f"{_range(values[:, i].tolist(), '{:.0f}')} for d = {d}" for i, d in enumerate(dims))
        told.append(f"{name}: {each}")
    for number, d in enumerate(dims):
        left.plot(
            [d - 0.32, d + 0.32], [d + 1] * 2, color=INK, lw=1, ls=(0, (1, 2)), label="$d + 1$" if number == 0 else None
        )
    left.set(yscale="log", ylabel="features in use $k_{95}$", ylim=(1.4, 90))
    left.set_yticks([2, 5, 10, 20, 50], ["2", "5", "10", "20", "50"])
    right.set(yscale="log", ylabel="within / between", ylim=(0.2, 40))
    right.set_yticks([0.3, 1, 3, 10, 30], ["0.3", "1", "3", "10", "30"])
    for ax in (left, right):
        ax.minorticks_off()
        ax.set(xlabel="number of target functions $d$", xticks=list(dims))
    left.legend(fontsize=9, loc="center right", bbox_to_anchor=(1, 0.42))
    return figure, f"Features in use against the number d of target functions, a dot per seed. {'; '.join(told)}."
