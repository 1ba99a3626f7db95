"""What the page kernels/in-motion draws."""

from collections.abc import Mapping, Sequence

from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.looks import Drawing, house_style, looks


@house_style
def kernel_change(
    widths: Sequence[int],
    by_width: Mapping[str, Tensor],
    scales: Sequence[float],
    by_scale: Mapping[str, Tensor],
) -> Drawing:
    """Draw the relative change of a kernel in training (S, ·) against the width, left, and the output scale, right."""
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.4), sharey=True)
    told = []
    cases = ((axes[0], widths, by_width, "width $M$"), (axes[1], scales, by_scale, "output scale $\\alpha$"))
    for ax, x, changes, xlabel in cases:
        for (name, values), (colour, line, _) in zip(changes.items(), looks(changes).values(), strict=True):
            middle = seed_band(ax, x, values, colour, ls=line, label=name, marker="o", ms=3.5)
            what = "width" if ax is axes[0] else "scale"
            told.append(f"{name} from {middle[0]:.2g} at {what} {x[0]:g} to {middle[-1]:.2g} at {what} {x[-1]:g}")
        ax.set(xscale="log", yscale="log", xlabel=xlabel)
        ax.set_xticks(list(x), [f"{value:g}" for value in x])
        ax.minorticks_off()
    axes[0].set_ylabel("relative change of $K$")
    axes[0].legend(fontsize=9)
    return figure, f"Relative change of the tangent kernel in training, median over seeds: {'; '.join(told)}."
