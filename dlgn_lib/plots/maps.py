"""Images: kernels of inputs on the circle, gates and activities, weights of pixels."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from torch import Tensor

from dlgn_lib.plots.looks import GATES, INK, WEIGHTS, Drawing, house_style, room_at_the_right
from dlgn_lib.plots.text import spoken


def kernel_image(ax: Axes, kernel: Tensor, low: float, high: float) -> AxesImage:
    """Draw a kernel (N, N) of N even angles over the two angles, the first lower left; of more than 100 points every second."""
    thin = math.ceil(len(kernel) / 100)
    image = ax.imshow(
        kernel[::thin, ::thin].numpy(),
        extent=(0, 360, 0, 360),
        origin="lower",
        cmap=GATES,
        vmin=low,
        vmax=high,
        interpolation="nearest",
    )
    ax.set(xticks=range(0, 361, 90), yticks=range(0, 361, 90))
    return image


def activity_image(ax: Axes, rows: Tensor, low: float = 0.0, high: float = 1.0, **place: Any) -> AxesImage:
    """Draw gates or activities (rows, columns), from dark (off) to yellow (on), filling the axes; `place` is imshow's."""
    return ax.imshow(rows.numpy(), aspect="auto", cmap=GATES, vmin=low, vmax=high, interpolation="nearest", **place)


def weight_image(ax: Axes, values: Tensor, shape: Sequence[int]) -> AxesImage:
    """Draw one weight per pixel on the pixel's place, from blue over white to red, scaled by the largest."""
    image = values.reshape(*shape)
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(visible=True, color="#999999", lw=0.5)
    return ax.imshow((image / image.abs().max()).numpy(), cmap=WEIGHTS, vmin=-1, vmax=1)


def mark_contexts(ax: Axes, contexts: int, items: int = 8) -> None:
    """Mark where one context ends and the next begins along the samples, and number them."""
    for c in range(1, contexts):
        ax.axvline(c * items - 0.5, color="white", lw=1.4)
    ax.set_xticks([c * items + (items - 1) / 2 for c in range(contexts)], [str(c + 1) for c in range(contexts)])
    ax.set_xlabel("context", labelpad=2)
    ax.tick_params(axis="x", length=0)


def _halves(kernel: Tensor) -> tuple[float, float, float]:
    """Return the mean entries of a kernel within the first half of its points, within the second, and across."""
    half = len(kernel) // 2
    first, second, across = kernel[:half, :half], kernel[half:, half:], kernel[:half, half:]
    return first.mean().item(), second.mean().item(), across.mean().item()


@house_style
def kernel_blocks(
    kernels: Mapping[str, Tensor],
    title: str = "",
    *,
    columns: int | None = None,
    top: float | Mapping[str, float] = 3.0,
    label: str = "kernel, mean diagonal 1",
) -> Drawing:
    """Draw kernels (N, N) on the points of `circle` as they are, on the colour scale 0 to `top`.

    One scale serves all kernels, with one bar; a mapping gives each name its own scale, with a bar beside it. The two
    halves of the circle are parted by lines. The numbers are the mean entries within the first half (lower left block),
    within the second (upper right) and across.
    """
    columns = columns or len(kernels)
    rows = math.ceil(len(kernels) / columns)
    size = (
        7.4,
        {(1, 2): 3.2 if isinstance(top, Mapping) else 3.8, (1, 3): 2.75}.get((rows, columns), 2.3 * rows + 0.5),
    )
    figure, axes = plt.subplots(
        rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False, layout="compressed"
    )
    boxed = {"fontsize": 9, "color": INK, "bbox": {"facecolor": "white", "alpha": 0.85, "lw": 0, "pad": 1.5}}
    told = []
    for ax, (name, kernel) in zip(axes.flat, kernels.items(), strict=True):
        image = kernel_image(ax, kernel, 0, top[name] if isinstance(top, Mapping) else top)
        if isinstance(top, Mapping):
            own = figure.colorbar(image, ax=ax, shrink=0.85, extend="both", aspect=25)
            own.ax.tick_params(labelsize=9)
            own.set_label(label, fontsize=9.5)
        ax.axhline(180, color="white", lw=0.8)
        ax.axvline(180, color="white", lw=0.8)
        first, second, across = (f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−") for value in _halves(kernel))
        ax.text(6, 172, first, va="top", ha="left", **boxed)
        ax.text(354, 188, second, va="bottom", ha="right", **boxed)
        ax.text(6, 354, across, va="top", ha="left", **boxed)
        ax.set_title(name, fontsize=10.5)
        ax.tick_params(labelsize=9)
        told.append(f"{spoken(name)}: {first} within the first half, {second} within the second, {across} across")
    for ax in axes[-1]:
        ax.set_xlabel("angle of $x$ (degrees)", fontsize=9.5)
    for ax in axes[:, 0]:
        ax.set_ylabel("angle of $x'$ (degrees)", fontsize=9.5)
    if not isinstance(top, Mapping):
        figure.colorbar(image, ax=axes, shrink=0.85, extend="both", aspect=25).set_label(label, fontsize=9.5)
    room_at_the_right(figure)
    if title:
        figure.suptitle(title, fontsize=11)
    heading = f"{title}. " if title else ""
    return (
        figure,
        f"{heading}Kernels as images over two angles with the mean entries of their blocks. {'; '.join(told)}.",
    )
