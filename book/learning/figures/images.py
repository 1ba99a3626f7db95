"""What the page learning/images draws."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.normals import mean_cosine, participation_ratio
from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.dots import apart
from dlgn_lib.plots.looks import BLUE, FAINT, GATES, GREY, RED, ROLES, WEIGHTS, Drawing, house_style, looks
from dlgn_lib.plots.maps import weight_image
from dlgn_lib.statistics import median


@house_style
def image_samples(images: Tensor, labels: Tensor, classes: Sequence[str]) -> Drawing:
    """Draw the first two images (C, H, W), uint8, of each class; C is 1 or 3."""
    figure, axes = plt.subplots(2, len(classes), figsize=(7.4, 1.9))
    for c, name in enumerate(classes):
        for ax, image in zip(axes[:, c], images[labels == c], strict=False):
            ax.imshow(image.permute(1, 2, 0).squeeze(-1).numpy(), cmap="gray")
            ax.axis("off")
        axes[0, c].set_title(name.replace("/", "/\n").replace(" ", "\n"), fontsize=8.5)
    return figure, f"Two images of each of {len(classes)} classes: {', '.join(classes)}."


@house_style
def normal_images(layers: Mapping[str, Tensor], shape: Sequence[int], heading: str, columns: int = 8) -> Drawing:
    """Draw the normals of half-spaces as images: a row per layer, its first units from left to right.

    `layers` gives all normals (M, D) of a layer by name; `shape` is that of an image, D pixels. Each image has a scale
    of its own: red where the normal is positive, blue where it is negative. Beside each row stands the participation
    ratio of the whole layer.
    """
    high, wide = shape
    sheet = torch.full((len(layers) * (high + 4), columns * (wide + 3)), torch.nan)
    names, told = [], []
    for row, (name, normals) in enumerate(layers.items()):
        for column, normal in enumerate(normals[:columns]):
            image = normal.reshape(high, wide) / normal.abs().max()
            sheet[row * (high + 4) :, column * (wide + 3) :][:high, :wide] = image
        ratio, cosine = participation_ratio(normals), mean_cosine(normals)
        names.append(f"{name}\nfills {ratio:.0f}")
        told.append(f"{name} {ratio:.1f} dimensions, mean |cos| {cosine:.2f}")
    figure, ax = plt.subplots(figsize=(7.4, 0.86 * len(layers) + 0.5))
    image = ax.imshow(sheet.numpy(), cmap=WEIGHTS, vmin=-1, vmax=1, interpolation="none")
    ax.set_yticks([row * (high + 4) + high / 2 for row in range(len(layers))], names)
    ax.set_xticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=ax, shrink=0.8, aspect=25, pad=0.015, ticks=[-1, 0, 1])
    bar.set_label("weight of a pixel, largest = 1", fontsize=9.5)
    figure.suptitle(heading, fontsize=11.5)
    return figure, f"{heading}. Normals of half-spaces as images, a row per layer. They fill: {'; '.join(told)}."


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
def courses(
    moments: Sequence[str],
    panels: Mapping[str, Mapping[str, Tensor]],
    xlabel: str,
    levels: Mapping[str, tuple[float, str]] | None = None,
    logarithmic: Sequence[str] = (),
) -> Drawing:
    """Draw measures (S, T) at named moments of training: a panel per measure, a line per setting, median and range over seeds.

    `levels` gives a panel a level (value, label) to compare with; `logarithmic` names panels with a logarithmic axis. If
    all have one, it is the same for all.
    """
    one_scale = len(panels) == len(logarithmic)
    figure, axes = plt.subplots(1, len(panels), figsize=(7.4, 3.7), squeeze=False, sharey=one_scale)
    told, handles = [], {}
    for ax, (measure, lines) in zip(axes[0], panels.items(), strict=True):
        ends = []
        for (name, values), (colour, line, mark) in zip(lines.items(), looks(lines).values(), strict=True):
            at = range(len(moments))
            middle = seed_band(ax, at, values, colour, ls=line, marker=mark, ms=5)
            handles[name] = ax.get_lines()[-1]
            ends.append(f"{name} {middle[0]:.2g} to {middle[-1]:.2g}")
        told.append(f"{measure}: {', '.join(ends)}")
        if levels and measure in levels:
            level, text = levels[measure]
            ax.axhline(level, **ROLES["level"])
            ax.annotate(text, (len(moments) - 1, level), (0, 3), textcoords="offset points", ha="right", fontsize=9)
        ax.set_xticks(range(len(moments)), moments)
        ax.set(title=measure.replace(", ", ",\n"), xlabel=xlabel)
        ax.title.set_fontsize(10.5)
        if measure in logarithmic:
            ax.set_yscale("log")
            low, high = ax.get_ylim()
            ticks = [t for t in (1, 2, 5, 10, 20, 50, 100, 200) if low <= t <= high]
            ax.set_yticks(ticks, [str(t) for t in ticks])
            ax.minorticks_off()
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4, fontsize=9.5, handlelength=2.8)
    return figure, f"Median and range over seeds, from {xlabel} {moments[0]} to {moments[-1]}. {'. '.join(told)}."


@house_style
def class_activity(moments: Mapping[str, Tensor], classes: Sequence[str], right: Tensor, heading: str) -> Drawing:
    """Draw the mean path activity of each class, relative to the mean over all inputs, at some moments: median and range over seeds.

    `moments` gives (S, C) by name; `right` (S, C) is the share of each class that the trained nets classify correctly;
    classes are sorted by it.
    """
    figure, ax = plt.subplots(figsize=(7.2, 4))
    order = right.mean(0).argsort(descending=True)
    last = len(moments) - 1
    for place, ((name, values), (colour, _, mark)) in enumerate(
        zip(moments.items(), looks(moments).values(), strict=True)
    ):
        y = torch.arange(len(classes)) + 0.24 * (place - last / 2)
        picked = values[:, order]
        ax.hlines(y, picked.min(0).values, picked.max(0).values, color=colour, lw=2.5, alpha=0.45)
        ax.plot(median(picked, 0), y, mark, color=colour, ms=5.5, ls="", label=name)
    ax.axvline(1, **ROLES["middle"])
    ax.set_yticks(range(len(classes)), [f"{classes[c]} ({right.mean(0)[c]:.0%} right)" for c in order.tolist()])
    ax.set(xlabel="path activity of the class, mean over all = 1", xlim=(0, None), title=heading)
    ax.title.set_fontsize(11.5)
    ax.invert_yaxis()
    ax.legend(fontsize=9.5, loc="upper left")
    end = median(next(reversed(moments.values())), 0)
    least, most = int(end.argmin()), int(end.argmax())
    return figure, (
        f"{heading}: path activity by class, classes sorted by accuracy. At the end it is largest for {classes[most]}, {end[most]:.2f} "
        f"times the mean, and smallest for {classes[least]}, {end[least]:.2f} times."
    )


@house_style
def accuracies(tables: Mapping[str, Mapping[str, Tensor]]) -> Drawing:
    """Draw test accuracies: a panel per data set, a row per model, a small mark per seed, mean and standard deviation in bold."""
    figure, axes = plt.subplots(1, len(tables), figsize=(7.4, 4.4), sharey=True, squeeze=False)
    told = []
    models = list(next(iter(tables.values())))
    for ax, (data, rows) in zip(axes[0], tables.items(), strict=True):
        for y, model in enumerate(models):
            values = 100 * rows[model]
            ax.plot(values, y + apart(len(values), 0.18), ".", color=GREY, ms=5, zorder=1)
            ax.errorbar(values.mean(), y, xerr=values.std(), fmt="o", color=BLUE, ms=5, lw=2, capsize=3)
        if "ReLU" in rows:
            ax.axvline(100 * rows["ReLU"].mean(), color=RED, lw=0.9, ls=(0, (4, 2)), zorder=0)
        ax.set_title(data, fontsize=10)
        ax.set_xlabel("test accuracy, %")
        ax.grid(axis="x", color="#e4e4e4", lw=0.6)
        each = ", ".join(f"{m} {100 * rows[m].mean():.1f} ± {100 * rows[m].std():.1f}" for m in models)
        told.append(f"{' '.join(data.split())}: {each}")
    axes[0, 0].set_yticks(range(len(models)), models)
    axes[0, 0].invert_yaxis()
    return figure, f"Test accuracy in percent, mean ± standard deviation over seeds. {'; '.join(told)}."


@house_style
def differences(rows: Mapping[str, Tensor], factor: float, xlabel: str) -> Drawing:
    """Draw paired differences (S,): a row each, a mark per seed, and the mean with `factor` standard errors to either side."""
    figure, ax = plt.subplots(figsize=(7.2, 0.44 * len(rows) + 1.1))
    told = []
    for y, (name, values) in enumerate(rows.items()):
        mean, reach = values.mean().item(), factor * values.std().item() / len(values) ** 0.5
        ax.plot(values, y + apart(len(values), 0.16), ".", color=GREY, ms=6)
        sure = abs(mean) > reach
        ax.errorbar(
            mean,
            y,
            xerr=reach,
            fmt="o",
            color=BLUE if sure else RED,
            mfc=BLUE if sure else "white",
            ms=6,
            lw=2,
            capsize=3,
        )
        told.append(f"{name} {mean:+.2f} ± {reach:.2f}{'' if sure else ', within noise'}".replace("-", "−"))
    ax.axvline(0, **ROLES["middle"])
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel=xlabel, ylim=(len(rows) - 0.5, -0.5))
    ax.grid(axis="x", color="#e4e4e4", lw=0.6)
    return figure, f"Paired differences over seeds, {xlabel}, mean and interval: {'; '.join(told)}."
