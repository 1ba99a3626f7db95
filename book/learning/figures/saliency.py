"""What the page learning/saliency draws."""

from collections.abc import Mapping, Sequence

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from torch import Tensor

from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.dots import apart
from dlgn_lib.plots.looks import FAINT, WEIGHTS, Drawing, house_style, looks
from dlgn_lib.statistics import median


def _pixels(ax: Axes, values: Tensor, scale: float) -> AxesImage:
    """Draw one signed number per pixel (784,), from blue over white to red, `scale` being full red."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="#999999", lw=0.5)
    return ax.imshow((values / scale).reshape(28, 28).numpy(), cmap=WEIGHTS, vmin=-1, vmax=1)


def _grey(ax: Axes, image: Tensor) -> None:
    ax.set(xticks=[], yticks=[])
    ax.imshow(image.reshape(28, 28).numpy(), cmap="gray")


@house_style
def beside(
    image: Tensor, local: Mapping[str, Tensor], mean: Tensor, half_spaces: Mapping[str, Tensor], heading: str
) -> Drawing:
    """Draw an image (784,) and its local maps above, the mean image of its class and normals of half-spaces below.

    Each map has a scale of its own. Both rows have equally many maps.
    """
    figure, axes = plt.subplots(2, len(local) + 1, figsize=(7.4, 3.9), layout="compressed")
    for line, grey, name, maps in zip(
        axes, (image, mean), ("this image", "its class, mean"), (local, half_spaces), strict=True
    ):
        _grey(line[0], grey)
        line[0].set_title(name, fontsize=9.5)
        for ax, (title, values) in zip(line[1:], maps.items(), strict=True):
            drawn = _pixels(ax, values, values.abs().max().item())
            ax.set_title(title, fontsize=9.5)
    axes[0, 0].set_ylabel("local:\none image", fontsize=10)
    axes[1, 0].set_ylabel("global:\nhalf-spaces", fontsize=10)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.8, aspect=25, pad=0.015, ticks=[-1, 0, 1])
    bar.set_label("weight of a pixel, largest = 1", fontsize=9.5)
    figure.suptitle(heading, fontsize=11.5)
    names = [" ".join(title.split()) for title in (*local, *half_spaces)]
    return figure, f"{heading}. Maps of pixel weights. Above, of one image, below, of its class: {'; '.join(names)}."


@house_style
def split_maps(image: Tensor, rows: Mapping[str, Mapping[str, Tensor]], heading: str) -> Drawing:
    """Draw maps (784,) of one image (784,): a row per network, on one scale in each row, so that a blank map is blank."""
    columns = next(iter(rows.values()))
    figure, axes = plt.subplots(len(rows), len(columns) + 1, figsize=(7.4, 1.65 * len(rows) + 0.5), layout="compressed")
    told = []
    for line, (name, maps) in zip(axes, rows.items(), strict=True):
        scale = max(values.abs().max().item() for values in maps.values())
        for ax, values in zip(line[1:], maps.values(), strict=True):
            drawn = _pixels(ax, values, scale)
        whole = next(iter(maps.values())).norm()
        told.append(f"{name} " + ", ".join(f"{' '.join(k.split())} {v.norm() / whole:.2f}" for k, v in maps.items()))
        line[0].set_ylabel(name, fontsize=10)
        _grey(line[0], image)
    axes[0, 0].set_title("image", fontsize=9.5)
    for ax, title in zip(axes[0, 1:], columns, strict=True):
        ax.set_title(title, fontsize=9.5)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.8, aspect=25, pad=0.015, ticks=[-1, 0, 1])
    bar.set_label("weight of a pixel, largest of the row = 1", fontsize=9.5)
    figure.suptitle(heading, fontsize=11.5)
    return figure, f"{heading}: maps of one image. Their lengths, the first being 1: {'; '.join(told)}."


@house_style
def seed_rows(rows: Mapping[str, Mapping[str, Tensor]], xlabel: str, breaks: Sequence[int] = ()) -> Drawing:
    """Draw values (S,) of networks by row: a small mark per seed, a large one for the median; a line above rows in `breaks`."""
    names = list(dict.fromkeys(name for values in rows.values() for name in values))
    figure, ax = plt.subplots(figsize=(5.4, 0.42 * len(rows) + 1.2))
    styles = looks(names)
    told = []
    for y, (row, values) in enumerate(rows.items()):
        for name, each in values.items():
            at = y + 0.19 * (2 * names.index(name) / max(len(names) - 1, 1) - 1)
            colour, _, mark = styles[name]
            ax.plot(each, at + apart(len(each), 0.07), ".", color=colour, ms=6, alpha=0.6, mew=0)
            ax.plot(median(each), at, mark, color=colour, ms=6.5, label=name if y == 0 else None)
        told.append(f"{row} " + ", ".join(f"{name} {median(v):.2f}" for name, v in values.items()))
    for y in breaks:
        ax.axhline(y - 0.5, color="#bbbbbb", lw=0.8)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(ylim=(len(rows) - 0.5, -0.5))
    ax.set_xlabel(xlabel, loc="right")  # wider than the axes: it may begin under the names
    ax.grid(axis="x", color=FAINT, alpha=0.3, lw=0.6)
    ax.tick_params(axis="y", length=0)
    figure.legend(loc="outside upper right", ncols=len(names), fontsize=9.5)
    return figure, f"{xlabel}, medians over seeds: {'; '.join(told)}."


@house_style
def kept(counts: Sequence[int], curves: Mapping[str, Tensor], xlabel: str) -> Drawing:
    """Draw shares (S, T) over how many units are kept, 0 first: a line and a band for each way to choose them."""
    figure, ax = plt.subplots(figsize=(5.2, 3.5))
    told = []
    for (name, shares), (colour, line, mark) in zip(curves.items(), looks(curves).values(), strict=True):
        middle = seed_band(ax, range(len(counts)), shares, colour, ls=line, marker=mark, ms=5, label=name)
        told.append(f"{name} " + ", ".join(f"{m:.2f} at {k}" for k, m in zip(counts, middle, strict=True)))
    ax.set_xticks(range(len(counts)), list(map(str, counts)))
    ax.set(xlabel=xlabel, ylabel="share of answers that stay the same", ylim=(0, 1.02))
    ax.grid(axis="y", color=FAINT, alpha=0.3, lw=0.6)
    ax.legend(loc="upper left", fontsize=9.5, handlelength=2.8)
    return figure, f"Answers that stay the same over {xlabel}, medians over seeds: {'; '.join(told)}."
