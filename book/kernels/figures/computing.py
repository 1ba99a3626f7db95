"""What the page appendix/computing draws."""

from collections.abc import Mapping, Sequence

from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.looks import Drawing, house_style, looks


@house_style
def growth(panels: Mapping[str, tuple[Sequence[int], Mapping[str, Tensor]]]) -> Drawing:
    """Draw how times grow: a panel for each thing that grows, with its values and, by name, seconds (S, values)."""
    figure, axes = plt.subplots(2, 2, figsize=(7.2, 5.2))
    told = []
    for ax, (what, (values, lines)) in zip(axes.flat, panels.items(), strict=True):
        ends = []
        for (name, seconds), (colour, line, mark) in zip(lines.items(), looks(lines).values(), strict=True):
            middle = seed_band(ax, values, 1000 * seconds, colour, ls=line, marker=mark, ms=4.5, label=name)
            first, last = (float(f"{value:.2g}") for value in (middle[0], middle[-1]))
            ends.append(f"{name} {first:g} to {last:g}")
        ax.set(xscale="log", yscale="log", xlabel=what, ylabel="milliseconds")
        ax.set_xticks(list(values), [f"{value:g}" for value in values])
        ax.minorticks_off()
        told.append(f"{what} from {values[0]} to {values[-1]}: {', '.join(ends)}")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9.5)
    return figure, f"Milliseconds, median and range over seeds, on logarithmic axes. {'; '.join(told)}."
