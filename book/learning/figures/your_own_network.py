"""What the page learning/your-own-network draws."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.collections import PolyCollection
from matplotlib.colors import ListedColormap
from torch import Tensor

from dlgn_lib.plots.dots import apart
from dlgn_lib.plots.looks import BLUE, FAINT, GREEN, INK, ORANGE, PINK, RED, SKY, Drawing, house_style, looks
from dlgn_lib.plots.maps import weight_image
from dlgn_lib.statistics import median


@house_style
def neighbours(image: Tensor, label: int, rows: Mapping[str, tuple[Tensor, Tensor]], classes: Sequence[str]) -> Drawing:
    """Draw an image (H, W) of class `label`, and in each row the images (R, H, W) that are nearest to it, with their labels (R,).

    The frame of a neighbour of the same class is solid green, that of another is dashed red.
    """
    count = len(next(iter(rows.values()))[0])
    figure, axes = plt.subplots(
        len(rows), count + 1, figsize=(7.4, 1.12 * len(rows) + 0.3), width_ratios=[1.5, *[1] * count]
    )
    told = []
    for line, (name, (others, labels)) in zip(axes, rows.items(), strict=True):
        line[0].axis("off")
        line[0].text(1, 0.5, name, ha="right", va="center", fontsize=10, transform=line[0].transAxes)
        for ax, other, own in zip(line[1:], others, labels.tolist(), strict=True):
            same = own == label
            ax.imshow(other.numpy(), cmap="gray")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=GREEN if same else RED, lw=2.4, ls="-" if same else (0, (2, 1.5)))
            ax.set_xlabel(classes[own].split("/")[0], fontsize=8.5, labelpad=2)
        told.append(f"{name.replace(chr(10), ' ')} {int((labels == label).sum())}")
    corner = axes[0, 0].inset_axes((-0.32, 0.0, 0.62, 1.0))
    corner.imshow(image.numpy(), cmap="gray")
    corner.set(xticks=[], yticks=[])
    figure.suptitle(f"{classes[label]}, upper left, and the training images that share most of its paths", fontsize=11)
    return figure, (
        f"A test image, {classes[label]}, and for each net the {count} training images that share most of its paths. "
        f"Of the same class are: {', '.join(told)}."
    )


@house_style
def before_after(rows: Mapping[str, Tensor], level: float, level_name: str, xlabel: str) -> Drawing:
    """Draw shares (S, 2) before and after training: a row per net, an arrow per seed, and a level to compare with."""
    figure, ax = plt.subplots(figsize=(5.4, 0.75 * len(rows) + 1.2))
    told = []
    for y, ((name, values), (colour, _, mark)) in enumerate(zip(rows.items(), looks(rows).values(), strict=True)):
        for (start, end), up in zip(values.tolist(), apart(len(values), 0.24).tolist(), strict=True):
            ax.annotate("", (end, y + up), (start, y + up), arrowprops={"arrowstyle": "-", "color": colour, "lw": 1.4})
            ax.plot(start, y + up, mark, color=colour, mfc="white", ms=6)
            ax.plot(end, y + up, mark, color=colour, ms=6)
        middle = median(values, 0)
        told.append(f"{name} {middle[0]:.2f} to {middle[1]:.2f}")
    ax.axvline(level, color=FAINT, lw=1, ls=(0, (4, 2)))
    ax.annotate(level_name, (level, -0.62), (4, 0), textcoords="offset points", fontsize=9.5, color=INK, va="center")
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel=xlabel, ylim=(len(rows) - 0.5, -0.8))
    ax.grid(axis="x", color=FAINT, alpha=0.3, lw=0.6)
    ax.tick_params(axis="y", length=0)
    return figure, (
        f"{xlabel}, before training (open marks) and after (filled), one line per seed, medians: {'; '.join(told)}. "
        f"{level_name}: {level:.2f}."
    )


@house_style
def plane_regions(
    panels: Mapping[str, tuple[Sequence[Tensor], Tensor]],
    bounds: Sequence,
    places: Sequence,
    images: Tensor,
    classes: Sequence[str],
) -> Drawing:
    """Draw the linear pieces of nets in a plane through three images: a panel per net.

    Args:
        panels: polygons (V, 2) of the pieces, and the class that the net says on a grid (G, G), the first row at the bottom.
        bounds: ((low, high), (low, high)) of the plane.
        places: coordinates of the three images in it.
        images: these images (3, H, W).
        classes: names of the classes.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(7.4, 4.8), layout="compressed", sharey=True, squeeze=False)
    seen = sorted({c for _, said in panels.values() for c in said.unique().tolist()})
    palette = [SKY, ORANGE, PINK, GREEN, RED, "#f0e442", BLUE, "#999999", "#c9b18e", "#5f4b8b"]
    colours = ListedColormap([palette[c] for c in seen])
    (left, right), (low, high) = bounds
    told = []
    for ax, (name, (polygons, said)) in zip(axes[0], panels.items(), strict=True):
        number = torch.bucketize(said, torch.tensor(seen))
        ax.imshow(
            number.numpy(),
            origin="lower",
            extent=(left, right, low, high),
            cmap=colours,
            vmin=-0.5,
            vmax=len(seen) - 0.5,
            alpha=0.75,
        )
        edges = PolyCollection([p.numpy() for p in polygons], facecolors="none", edgecolors="white", lw=0.35)
        ax.add_collection(edges)
        for place, image in zip(places, images, strict=True):
            inset = ax.inset_axes((place[0] - 0.13, place[1] - 0.13, 0.26, 0.26), transform=ax.transData)
            inset.imshow(image.numpy(), cmap="gray")
            inset.set(xticks=[], yticks=[])
            inset.spines[:].set(visible=True, color=INK, lw=1)
        ax.set(title=f"{name}: {len(polygons):,} pieces", xlim=(left, right), ylim=(low, high), xlabel="$s$")
        ax.title.set_fontsize(11)
        shares = [(said == c).double().mean().item() for c in seen]
        largest = max(range(len(seen)), key=shares.__getitem__)
        told.append(f"{name} {len(polygons):,} pieces, the largest share says {classes[seen[largest]]}")
    axes[0, 0].set_ylabel("$t$")
    marks = [plt.Rectangle((0, 0), 1, 1, color=palette[c], alpha=0.75) for c in seen]
    names = [classes[c].split("/")[0] for c in seen]
    figure.legend(
        marks, names, loc="outside lower center", ncols=5, fontsize=9.5, title="the net predicts", title_fontsize=9.5
    )
    return figure, f"A plane through three images, cut into the pieces on which a net is linear: {'; '.join(told)}."


@house_style
def filter_normals(rows: Mapping[str, Tensor], heading: str) -> Drawing:
    """Draw normals (R, H, W) of gates as images, a row per layer, each on a scale of its own: red is positive, blue negative."""
    count = max(len(normals) for normals in rows.values())
    figure, axes = plt.subplots(len(rows), count, figsize=(7.4, 0.95 * len(rows) + 0.6), squeeze=False)
    sides = []
    for line, (name, normals) in zip(axes, rows.items(), strict=True):
        for ax, normal in zip(line, normals, strict=True):
            drawn = weight_image(ax, normal, normal.shape)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9.5)
        used = (normals != 0).any(0).nonzero()
        high, wide = (used.max(0).values - used.min(0).values + 1).tolist()
        sides.append(f"{name} {high} by {wide} pixels")
    bar = figure.colorbar(drawn, ax=axes, shrink=0.8, aspect=25, pad=0.015, ticks=[-1, 0, 1])
    bar.set_label("weight, largest = 1", fontsize=9.5)
    figure.suptitle(heading, fontsize=11.5)
    return figure, f"{heading}. Normals of gates as images, a row per layer; they look at: {'; '.join(sides)}."
