"""What the page kernels/overlap draws."""

from collections.abc import Mapping, Sequence

from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.kernels import trace_normalize
from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.looks import ROLES, Drawing, house_style, looks, room_at_the_right
from dlgn_lib.plots.maps import kernel_image
from dlgn_lib.statistics import median


@house_style
def kernel_map(kernels: Mapping[str, Tensor], top: float = 1.45, label: str = "kernel, mean diagonal 1") -> Drawing:
    """Draw trace-normalised kernels (N, N) on the circle as images, side by side, on the colour scale 0 to `top`.

    Dashed lines mark the pairs of opposite points.
    """
    maps = {name: trace_normalize(kernel) for name, kernel in kernels.items()}
    figure, axes = plt.subplots(1, len(maps), figsize=(7.4, 3.5), sharey=True, squeeze=False, layout="compressed")
    told = []
    for ax, (name, kernel) in zip(axes[0], maps.items(), strict=True):
        image = kernel_image(ax, kernel, 0, top)
        for start in ((0, 180), (180, 0)):
            ax.plot(*((angle, angle + 180) for angle in start), color="white", lw=1.1, ls=(0, (4, 4)))
        ax.set(title=name, xlabel="angle of $x$ (degrees)")
        quarter = len(kernel) // 4
        near, far = (kernel.diagonal(offset).mean().item() for offset in (quarter, 2 * quarter))
        told.append(f"{name}: {near:.2g} at a quarter turn, {far:.2g} at half a turn")
    axes[0, 0].set_ylabel("angle of $x'$ (degrees)")
    figure.colorbar(image, ax=axes, label=label, shrink=0.9)
    room_at_the_right(figure)
    return figure, "Kernels as images over two angles, bright along the diagonal. Mean entries: " + "; ".join(
        told
    ) + "."


@house_style
def error_against_width(widths: Sequence[int], errors: Mapping[str, Tensor]) -> Drawing:
    """Draw relative errors (S, widths) of several networks against the width: median and range over seeds.

    The numbers are the last medians. A line of slope -1/2 starts at the first network's first median.
    """
    figure, ax = plt.subplots(figsize=(6.8, 3.7))
    told = []
    for (name, values), (colour, line, _) in zip(errors.items(), looks(errors).values(), strict=True):
        middle = seed_band(ax, widths, values, colour, ls=line, lw=1.5, marker="o", ms=4, label=name)
        told.append(f"{name} from {middle[0]:.2g} to {middle[-1]:.2g}")
        ax.annotate(
            f"{middle[-1]:.2f}", (widths[-1], middle[-1]), (8, 0), textcoords="offset points", color=colour, va="center"
        )
    first = median(next(iter(errors.values())), 0)[0].item()
    guide = [first * (width / widths[0]) ** -0.5 for width in widths]
    ax.plot(widths, guide, **ROLES["guide"], label="slope −1/2")
    ax.set(xscale="log", yscale="log", xlabel="width $M$", ylabel="relative error")
    ax.set_xticks(list(widths), [str(width) for width in widths])
    ax.set_yticks([0.1, 0.2, 0.5, 1], ["0.1", "0.2", "0.5", "1"])
    ax.minorticks_off()
    ax.legend(fontsize=9)
    return figure, f"Relative error against width on logarithmic axes, median over seeds: {'; '.join(told)}."
