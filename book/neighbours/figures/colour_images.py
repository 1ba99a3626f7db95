"""What the page neighbours/colour-images draws: features in use by data, by net, by threshold, and what they are worth."""

from collections.abc import Mapping, Sequence

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.dots import apart
from dlgn_lib.plots.looks import ROLES, SERIES, Drawing, house_style
from dlgn_lib.plots.text import span
from dlgn_lib.statistics import median


def _counts(ax: Axes, classes: int = 10) -> None:
    """Show numbers of features from 7 to 100 on a logarithmic axis, with a line at the number of classes."""
    ax.set(yscale="log", ylim=(7, 105))
    ax.set_yticks([10, 20, 50, 100], ["10", "20", "50", "100"])
    ax.axhline(classes, **ROLES["level"])
    ax.minorticks_off()


@house_style
def thresholds(alphas: Mapping[str, Sequence[float]], counts: Mapping[str, Mapping[int, Tensor]]) -> Drawing:
    """Draw features in use against α: a panel per data set, a line per threshold in percent, counts (S, alphas)."""
    figure, axes = plt.subplots(1, len(counts), figsize=(7.6, 3.6), sharey=True)
    told = []
    for ax, (data, lines) in zip(axes, counts.items(), strict=True):
        for look, (threshold, values) in zip(SERIES, lines.items(), strict=False):
            label = f"{threshold} %" if ax is axes[0] else None
            seed_band(ax, alphas[data], values, look.colour, ls=look.line, marker=look.mark, ms=4, label=label)
        ends = [f"{t} %: {span(v[:, 0].tolist(), '{:.0f}')}" for t, v in lines.items()]
        told.append(f"{data}, smallest α: {', '.join(ends)}")
        _counts(ax)
        ax.set(xscale="log", xlabel=r"output scale $\alpha$", title=data)
        ax.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
        ax.minorticks_off()
    axes[0].set_ylabel("features in use")
    figure.legend(loc="outside lower center", ncols=4, title="share of the outputs that the features must hold")
    return figure, f"Features in use against α for each threshold, range over seeds. {'; '.join(told)}."


@house_style
def accuracy_and_features(panels: Mapping[str, Mapping[tuple[float, float], tuple[Tensor, Tensor]]]) -> Drawing:
    """Draw test accuracy against features in use: a panel per data set, a mark per (α, learning rate), medians and ranges over seeds.

    Colours tell α apart and marks the learning rates.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(7.6, 4.2))
    alphas = sorted({alpha for found in panels.values() for alpha, _ in found})
    rates = sorted({rate for found in panels.values() for _, rate in found})
    colour = {alpha: SERIES[i].colour for i, alpha in enumerate(alphas)}
    mark = {rate: "v^oD"[i % 4] for i, rate in enumerate(rates)}
    told = []
    for ax, (data, found) in zip(axes, panels.items(), strict=True):
        middles = {}
        for (alpha, rate), (counts, accuracy) in found.items():
            middles[alpha, rate] = x, y = median(counts).item(), median(accuracy).item()
            ax.plot([counts.min(), counts.max()], [y, y], color=colour[alpha], lw=1)
            ax.plot([x, x], [accuracy.min(), accuracy.max()], color=colour[alpha], lw=1)
            ax.plot(x, y, mark[rate], color=colour[alpha], ms=6.5)
        (alpha, rate), (x, y) = max(middles.items(), key=lambda item: item[1][1])
        ax.set(xscale="log", xlim=(8, 105), xlabel="features in use on test inputs", title=data)
        ax.set_xticks([10, 20, 50, 100], ["10", "20", "50", "100"])
        ax.axvline(10, **ROLES["level"])
        ax.minorticks_off()
        told.append(f"{data}: best {y:.3g} with {x:g} features (α = {alpha:g}, rate {rate:g}), {len(found)} settings")
    axes[0].set_ylabel("test accuracy")
    keys = [axes[0].plot([], [], "o", color=colour[a], label=f"$\\alpha$ = {a:g}")[0] for a in alphas]
    keys += [axes[0].plot([], [], mark[r], color="#555555", label=f"rate {r:g}")[0] for r in rates]
    figure.legend(handles=keys, loc="outside lower center", ncols=5, fontsize=8.5)
    return figure, f"Test accuracy against features in use, medians and ranges over seeds. {'; '.join(told)}."


@house_style
def kinds_of_nets(panels: Mapping[str, Mapping[str, Mapping[str, Tensor]]]) -> Drawing:
    """Draw one value per seed for each kind of net: a panel per (data set, measure), a mark per setting, values (S,)."""
    figure, axes = plt.subplots(1, len(panels), figsize=(7.6, 3.5), squeeze=False)
    told = []
    for ax, (title, kinds) in zip(axes[0], panels.items(), strict=True):
        for place, (kind, settings) in enumerate(kinds.items()):
            for number, (name, values) in enumerate(settings.items()):
                look, shift = SERIES[number], 0.24 * (number - (len(settings) - 1) / 2)
                label = name if place == 0 and ax is axes[0, 0] else None
                ax.plot(
                    place + shift + apart(len(values), 0.08), values, look.mark, color=look.colour, ms=5, label=label
                )
                told.append(f"{title}, {kind}, {name}: {span(values.tolist(), '{:.3g}')}")
        _counts(ax)
        ax.set(title=title, xlim=(-0.5, len(kinds) - 0.5))
        ax.set_xticks(range(len(kinds)), [kind.replace(" ", "\n", 1) for kind in kinds])
    axes[0, 0].set_ylabel("features in use")
    figure.legend(loc="outside lower center", ncols=4)
    return figure, f"Features in use by kind of net, a mark per seed. {'; '.join(told)}."
