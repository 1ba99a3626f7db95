"""What the page learning/gates-on-images draws."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.plots.looks import BLUE, FAINT, GATES, GREY, ROLES, Drawing, house_style, looks
from dlgn_lib.plots.maps import weight_image
from dlgn_lib.statistics import median


@house_style
def normal_axes(
    axes_of: Tensor,
    shares: Tensor,
    along: Tensor,
    labels: Tensor,
    classes: Sequence[str],
    shape: Sequence[int],
    heading: str,
) -> Drawing:
    """Draw the axes along which a layer's normals lie, as images, and where the inputs of each class lie along them.

    Args:
        axes_of: orthonormal axes (A, D).
        shares: the share of the squared normals along each of them (A,).
        along: projections of inputs on the axes (N, A); drawn in units of their standard deviation.
        labels: classes of these inputs (N,).
        classes: their names.
        shape: that of an image, D pixels.
        heading: title of the figure.
    """
    count = len(axes_of)
    figure, axes = plt.subplots(2, count, figsize=(7.4, 5.2), height_ratios=[1.25, 2], sharey="row")
    along = (along - along.mean(0)) / along.std(0)
    told = []
    for column, (axis, share) in enumerate(zip(axes_of, shares.tolist(), strict=True)):
        weight_image(axes[0, column], axis, shape)
        axes[0, column].set_title(f"axis {column + 1}: {share:.0%}", fontsize=10.5)
        ax, middles = axes[1, column], []
        for c in range(len(classes)):
            low, middle, high = along[labels == c, column].quantile(torch.tensor([0.1, 0.5, 0.9])).tolist()
            ax.plot([low, high], [c, c], color=GREY, lw=4, solid_capstyle="butt")
            ax.plot(middle, c, "o", color=BLUE, ms=5.5)
            middles.append(middle)
        ax.axvline(0, color=FAINT, lw=0.8)
        ax.set(xlim=(-3.2, 3.2), xticks=[-2, 0, 2], xlabel="along axis, in sd")
        order = sorted(range(len(classes)), key=middles.__getitem__)
        told.append(f"axis {column + 1} holds {share:.0%} and parts {classes[order[0]]} from {classes[order[-1]]}")
    axes[1, 0].set_yticks(range(len(classes)), classes)
    axes[1, 0].invert_yaxis()
    figure.suptitle(heading, fontsize=11.5)
    return figure, f"{heading}, as images, with each class's place along them. {'; '.join(told)}."


@house_style
def kernel_by_class(kernel: Tensor, labels: Tensor, classes: Sequence[str], heading: str, shown: int = 10) -> Drawing:
    """Draw a kernel (N, N) of inputs sorted by class: some of each class as an image, and the means over all of each two classes.

    The kernel is divided by its mean diagonal; the means leave the diagonal out. `shown` inputs of each class are drawn.
    """
    kernel = kernel.double() / kernel.diagonal().double().mean()
    groups = [(labels == c).nonzero()[:, 0] for c in range(len(classes))]
    rows = torch.cat([group[:shown] for group in groups])
    off = kernel.clone().fill_diagonal_(torch.nan)
    means = torch.stack([torch.stack([off[a][:, b].nanmean() for b in groups]) for a in groups])
    within = torch.cat([off[g][:, g].flatten() for g in groups]).nanmean()
    same = labels[:, None] == labels
    between = kernel[~same].mean()
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.9), layout="compressed", sharey=False)
    names = [name.split("/")[0] for name in classes]
    for ax, values, step in ((left, kernel[rows][:, rows], shown), (right, means, 1)):
        image = ax.imshow(values.numpy(), cmap=GATES, vmin=0, vmax=1, extent=(0, len(values), len(values), 0))
        places = [(c + 0.5) * step for c in range(len(classes))]
        ax.set_xticks(places, names, rotation=90, fontsize=9)
        ax.set_yticks(places, names if ax is left else [], fontsize=9)
        ax.tick_params(length=0)
    left.set_title(f"{shown} test images of each class", fontsize=10.5)
    right.set_title("means over classes", fontsize=10.5)
    figure.colorbar(image, ax=[left, right], shrink=0.8, label="overlap, mean diagonal 1", extend="max")
    figure.suptitle(heading, fontsize=11.5)
    far = means.clone().fill_diagonal_(-1)
    first, second = divmod(int(far.argmax()), len(classes))
    return figure, (
        f"{heading}: overlap kernel of inputs sorted by class. Mean entry {within:.2f} within classes and {between:.2f} between "
        f"them, {within / between:.2f} times as much; of different classes {names[first]} and {names[second]} overlap most."
    )


@house_style
def class_activity(networks: Mapping[str, tuple[Mapping[str, Tensor], Tensor]], classes: Sequence[str]) -> Drawing:
    """Draw the mean path activity of each class, relative to the mean over all inputs, at some moments: median and range over seeds.

    For each network, a panel: `moments` (S, C) by name, and (S, C) the share of each class that the trained nets classify
    correctly. Classes are sorted by its mean over all networks.
    """
    figure, axes = plt.subplots(1, len(networks), figsize=(7.2, 4.2), sharex=True, sharey=True, squeeze=False)
    figure.get_layout_engine().set(wspace=0.06)  # a panel on a phone holds nothing of the other
    right = torch.stack([share.mean(0) for _, share in networks.values()]).mean(0)
    order = right.argsort(descending=True)
    told = []
    for ax, (network, (moments, _)) in zip(axes[0], networks.items(), strict=True):
        for place, ((name, values), (colour, _, mark)) in enumerate(
            zip(moments.items(), looks(moments).values(), strict=True)
        ):
            y = torch.arange(len(classes)) + 0.24 * (place - (len(moments) - 1) / 2)
            picked = values[:, order]
            ax.hlines(y, picked.min(0).values, picked.max(0).values, color=colour, lw=2.5, alpha=0.45)
            ax.plot(median(picked, 0), y, mark, color=colour, ms=5.5, ls="", label=name)
        ax.axvline(1, **ROLES["middle"])
        ax.set(xlabel="path activity of the class", xlim=(0, None), xticks=[0.5, 1, 1.5], title=network)
        ax.tick_params(axis="y", length=0)
        end = median(next(reversed(moments.values())), 0)
        least, most = int(end.argmin()), int(end.argmax())
        told.append(
            f"{network}: at the end largest for {classes[most]}, {end[most]:.2f} times the mean, and smallest for "
            f"{classes[least]}, {end[least]:.2f} times"
        )
    axes[0, 0].set_yticks(range(len(classes)), [f"{classes[c]} ({right[c]:.0%} right)" for c in order.tolist()])
    axes[0, 0].invert_yaxis()
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=len(moments), fontsize=9.5)
    return figure, f"Path activity by class, classes sorted by accuracy. {'; '.join(told)}."
