"""What the page neighbours/contexts draws: contexts that differ, and how far each description is from the nets."""

from collections.abc import Mapping, Sequence

from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.plots.dots import apart
from dlgn_lib.plots.looks import INK, SERIES, Drawing, house_style, room_at_the_right
from dlgn_lib.plots.maps import activity_image
from dlgn_lib.statistics import median


@house_style
def block_tables(blocks: Sequence[Tensor], title: str) -> Drawing:
    """Draw the blocks of the contexts (Q, I) side by side, each above how alike its items are, HᵀH."""
    figure, axes = plt.subplots(
        2,
        len(blocks),
        figsize=(1.55 * len(blocks) + 1.3, 3.9),
        height_ratios=[1.6, 1],
        squeeze=False,
        layout="compressed",
    )
    told = []
    for number, block in enumerate(blocks):
        top, low = axes[:, number]
        image = activity_image(top, block, -1, 1)
        alike = block.T @ block
        second = activity_image(low, alike, 0, 6)
        top.set_title(f"context {number + 1}", fontsize=10.5)
        low.set_xlabel("item")
        for ax in (top, low):
            ax.set(xticks=[0, block.shape[1] - 1], yticks=[])
            ax.set_xticklabels(["1", str(block.shape[1])])
            ax.tick_params(length=0)
            ax.spines[:].set_visible(False)
        far = (alike - blocks[0].T @ blocks[0]).norm() / alike.norm()
        told.append(f"context {number + 1}: {far.item():.2f}")
    axes[0, 0].set_ylabel("property")
    axes[1, 0].set_ylabel("item")
    figure.colorbar(image, ax=axes[0], label="has the property", ticks=[-1, 0, 1], shrink=0.9)
    figure.colorbar(second, ax=axes[1], label="likeness", ticks=[0, 2, 4, 6], shrink=0.9)
    room_at_the_right(figure)
    figure.suptitle(title, fontsize=11)
    return figure, (
        f"{title}: for each context its properties by items, and below how alike items are. Distance of this likeness from "
        f"the first context's, in parts of its size: {'; '.join(told)}."
    )


@house_style
def errors_by_kind(errors: Mapping[str, Mapping[str, Tensor]], title: str, how: str, top: float) -> Drawing:
    """Draw for each kind of blocks and each description its distances (S,) from ReLU nets in per cent, one mark per net.

    The axis ends at `top`.
    """
    figure, ax = plt.subplots(figsize=(5.4, 3.3))
    names = list(next(iter(errors.values())))
    told = []
    for column, (kind, of) in enumerate(errors.items()):
        words = []
        for row, name in enumerate(names):
            colour, _, mark = SERIES[row]
            values, place = of[name], column + 0.26 * (row - (len(names) - 1) / 2)
            ax.plot(place + apart(len(values), 0.07), values, mark, color=colour, ms=5, mfc="white", mew=1.1)
            ax.plot([place - 0.1, place + 0.1], [median(values).item()] * 2, color=INK, lw=1.8)
            words.append(f"{name} {median(values).item():.2f}")
        told.append(f"{kind}: {', '.join(words)}")
    for row, name in enumerate(names):
        ax.plot([], [], SERIES[row].mark, color=SERIES[row].colour, mfc="white", label=name)
    ax.set_xticks(range(len(errors)), list(errors))
    ax.set(ylabel=f"{how} distance from ReLU nets\n(% of first loss)", ylim=(0, top), xlim=(-0.6, len(errors) - 0.4))
    ax.set_title(title, fontsize=11)
    ax.legend(loc="upper left", fontsize=9, ncols=len(names))
    return figure, f"{title}: {how} distance from ReLU nets in per cent of the first loss, medians. {'; '.join(told)}."


@house_style
def subset_norms(norms: Mapping[str, Mapping[int, Tensor]], contexts: int) -> Drawing:
    """Draw for each kind of blocks the norms (S, subsets) of the pathways of one race, by the number of contexts they are open in."""
    figure, ax = plt.subplots(figsize=(5.2, 3.2))
    told = []
    for row, (kind, of) in enumerate(norms.items()):
        colour, line, mark = SERIES[row]
        shift = 0.2 * (row - (len(norms) - 1) / 2)
        middles = [median(of[m].flatten()).item() for m in of]
        for m, values in of.items():
            flat = values.flatten()
            ax.plot(m + shift + apart(len(flat), 0.06), flat, mark, color=colour, ms=4.5, mfc="white", mew=1, alpha=0.8)
        ax.plot([m + shift for m in of], middles, color=colour, ls=line, lw=1.4, label=kind)
        told.append(f"{kind}: {', '.join(f'{m} {value:.2f}' for m, value in zip(of, middles, strict=True))}")
    ax.set(
        xlabel="contexts in which the pathway is open",
        ylabel="norm of the pathway's map",
        xticks=range(1, contexts + 1),
        xlim=(0.5, contexts + 0.5),
        ylim=(-0.2, 7),
    )
    ax.set_title(f"{contexts} contexts, a pathway for every subset", fontsize=11)
    ax.legend(loc="upper left", fontsize=9.5)
    return figure, (
        f"{contexts} contexts, norms of all pathways after a race of every subset, median by the number of contexts. "
        f"{'; '.join(told)}."
    )


@house_style
def cancelling(steps: Tensor, sums: Mapping[str, Tensor], title: str) -> Drawing:
    """Draw the norm of the sum of the pathways' maps (T,), in parts of the sum of their norms."""
    figure, ax = plt.subplots(figsize=(5.2, 2.7))
    told = []
    for (name, values), (colour, line, _) in zip(sums.items(), SERIES, strict=False):
        ax.plot(steps, values, color=colour, ls=line, lw=1.8, label=name)
        peak = int(values.argmax())
        told.append(
            f"{name}: at most {values[peak].item():.2f}, at step {steps[peak].item():.0f}; {values[-1].item():.2f} at the end"
        )
    ax.set(xlabel="step", ylabel="size of the sum $F$", xlim=(0, steps[-1].item()), ylim=(0, 1.05))
    ax.set_title(title, fontsize=11)
    ax.legend(loc="upper right", fontsize=9.5)
    return figure, f"{title}. {'; '.join(told)}."
