"""What the page neighbours/collapse draws."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.features import FeatureSpectrum
from dlgn_lib.plots.bands import count_axis, seed_band, shortest
from dlgn_lib.plots.looks import BLUE, GATES, RED, ROLES, Drawing, house_style, looks
from dlgn_lib.plots.text import span


@house_style
def class_kernels(kernel: Tensor, labels: Tensor, cosines: Tensor, title: str) -> Drawing:
    """Draw the features' kernel (N, N) of inputs sorted by class, and the cosines (C, C) between centred class means.

    The kernel is divided by its mean diagonal. A simplex has cosines -1/(C - 1) off the diagonal.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.3), layout="compressed")
    kernel = kernel / kernel.diagonal().mean()
    c, n = len(cosines), len(kernel)
    image = left.imshow(kernel.numpy(), cmap=GATES, vmin=0, vmax=1.5)
    figure.colorbar(image, ax=left, shrink=0.82, label="kernel, mean diagonal 1", extend="both")
    starts = [0, *(labels.diff().nonzero().flatten() + 1).tolist(), n]
    middles = [(a + b) / 2 - 0.5 for a, b in pairwise(starts)]
    names = [str(v) for v in labels.unique().tolist()]
    left.set(xticks=middles, yticks=middles, xticklabels=names, yticklabels=names, title="inputs sorted by digit")
    left.tick_params(length=0)
    image = right.imshow(cosines.numpy(), cmap="RdBu_r", vmin=-1, vmax=1)
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
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.0), width_ratios=[1.5, 1])
    told = []
    for (name, group), (colour, line, mark) in zip(spectra.items(), looks(spectra).values(), strict=True):
        curves = shortest([s.eigenvalues / s.eigenvalues[0] for s in group])[:, :50]
        seed_band(
            left,
            range(1, curves.shape[1] + 1),
            curves,
            colour,
            label=f"{name}, $k_{{95}}$ = {span([s.k95 for s in group], '{:d}')}",
            ls=line,
            marker=mark,
            ms=3,
        )
        for place, (_part, values) in enumerate(accuracy[name].items()):
            spread, shift = torch.linspace(-0.1, 0.1, len(values)), 0.16 * (-1 if mark == "o" else 1)
            right.plot(place + shift + spread, values, mark, color=colour, ms=5.5, label=name if place == 0 else None)
        ends = ", ".join(f"{part} {span(list(v))}" for part, v in accuracy[name].items())
        told.append(f"{name}: {span([s.k95 for s in group], '{:d}')} features in use, accuracy {ends}")
    count_axis(
        left, 50, classes, yscale="log", ylim=(1e-4, 1.6), xlabel="number $k$", ylabel=r"eigenvalue $\rho_k/\rho_1$"
    )
    left.legend(fontsize=9, loc="lower left")
    parts = list(next(iter(accuracy.values())))
    right.axhline(1 / classes, **ROLES["level"])
    right.annotate("chance", (-0.35, 1 / classes), (0, 3), textcoords="offset points", fontsize=9)
    right.set(xticks=range(len(parts)), xlim=(-0.4, len(parts) - 0.6), ylim=(0, 1.06), ylabel="accuracy")
    right.set_xticklabels([f"{part} inputs" for part in parts])
    return figure, f"Eigenvalues and accuracy by labelling, a dot per seed. {'; '.join(told)}."


@house_style
def features_in_use(dims: Sequence[int], counts: Mapping[str, Tensor], ratios: Mapping[str, Tensor]) -> Drawing:
    """Draw regression: features in use (S, dims) left and within/between ratios (S, dims) right, against the number of targets d."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.0))
    told = []
    for place, (name, values) in enumerate(counts.items()):
        colour, mark = (BLUE, RED)[place], "oD"[place]
        for ax, numbers in ((left, values.double()), (right, ratios[name])):
            spread = torch.linspace(-0.14, 0.14, len(numbers))
            for column, d in enumerate(dims):
                ax.plot(d + spread, numbers[:, column], mark, color=colour, ms=5, label=name if column == 0 else None)
        each = ", ".join(f"{span(values[:, i].tolist(), '{:.0f}')} for d = {d}" for i, d in enumerate(dims))
        told.append(f"{name}: {each}")
    for number, d in enumerate(dims):
        left.plot([d - 0.32, d + 0.32], [d + 1] * 2, **ROLES["level"], label="$d + 1$" if number == 0 else None)
    left.set(yscale="log", ylabel="features in use $k_{95}$", ylim=(1.4, 90))
    left.set_yticks([2, 5, 10, 20, 50], ["2", "5", "10", "20", "50"])
    right.set(yscale="log", ylabel="within / between", ylim=(0.2, 40))
    right.set_yticks([0.3, 1, 3, 10, 30], ["0.3", "1", "3", "10", "30"])
    for ax in (left, right):
        ax.minorticks_off()
        ax.set(xlabel="number of target functions $d$", xticks=list(dims))
    left.legend(fontsize=9, loc="center", bbox_to_anchor=(0.5, 0.49), ncols=3, columnspacing=1)
    return figure, f"Features in use against the number d of target functions, a dot per seed. {'; '.join(told)}."
