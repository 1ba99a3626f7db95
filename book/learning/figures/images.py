"""What the page learning/images draws."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.normals import mean_cosine, participation_ratio
from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.dots import apart
from dlgn_lib.plots.looks import FAINT, GREY, INK, NETWORKS, ROLES, WEIGHTS, Drawing, house_style, looks


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
    figure, ax = plt.subplots(figsize=(5.6, 0.62 * len(layers) + 0.6))
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
    figure, axes = plt.subplots(1, len(panels), figsize=(7.4, 3.4), squeeze=False, sharey=one_scale)
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
def accuracies(tables: Mapping[str, Mapping[str, Tensor]]) -> Drawing:
    """Draw test accuracies: a panel per data set, a row per model, a small mark per seed, mean and standard deviation in bold."""
    figure, axes = plt.subplots(1, len(tables), figsize=(7.4, 4.0), sharey=True, squeeze=False)
    told = []
    models = list(next(iter(tables.values())))
    for ax, (data, rows) in zip(axes[0], tables.items(), strict=True):
        for y, model in enumerate(models):
            values = 100 * rows[model]
            ax.plot(values, y + apart(len(values), 0.18), ".", color=GREY, ms=5, zorder=1)
            colour = NETWORKS[model].colour if model in NETWORKS else INK
            ax.errorbar(values.mean(), y, xerr=values.std(), fmt="o", color=colour, ms=5, lw=2, capsize=3)
        if "ReLU" in rows:
            ax.axvline(100 * rows["ReLU"].mean(), color=NETWORKS["ReLU"].colour, lw=0.9, ls=(0, (4, 2)), zorder=0)
        ax.set_title(data, fontsize=10)
        ax.set_xlabel("test accuracy, %")
        ax.grid(axis="x", color=FAINT, alpha=0.3, lw=0.6)
        each = ", ".join(f"{m} {100 * rows[m].mean():.1f} ± {100 * rows[m].std():.1f}" for m in models)
        told.append(f"{' '.join(data.split())}: {each}")
    axes[0, 0].set_yticks(range(len(models)), models)
    axes[0, 0].invert_yaxis()
    return figure, f"Test accuracy in percent, mean ± standard deviation over seeds. {'; '.join(told)}."


@house_style
def differences(rows: Mapping[str, Tensor], factor: float, xlabel: str) -> Drawing:
    """Draw paired differences (S,): a row each, a mark per seed, and the mean with `factor` standard errors to either side."""
    figure, ax = plt.subplots(figsize=(5.6, 0.4 * len(rows) + 1.0))
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
            color=INK,
            mfc=INK if sure else "white",
            ms=6,
            lw=2,
            capsize=3,
        )
        told.append(f"{name} {mean:+.2f} ± {reach:.2f}{'' if sure else ', within noise'}".replace("-", "−"))
    ax.axvline(0, **ROLES["middle"])
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel=xlabel, ylim=(len(rows) - 0.5, -0.5))
    ax.grid(axis="x", color=FAINT, alpha=0.3, lw=0.6)
    return figure, f"Paired differences over seeds, {xlabel}, mean and interval: {'; '.join(told)}."
