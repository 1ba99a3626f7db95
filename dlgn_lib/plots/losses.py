"""Losses of several models over training, and how far each is from one of them."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.plots.bands import seed_band
from dlgn_lib.plots.looks import FAINT, Drawing, house_style, looks
from dlgn_lib.statistics import median


@house_style
def race_losses(
    steps: Tensor,
    curves: Mapping[str, Tensor],
    reference: str,
    title: str = "",
    *,
    top: float | None = None,
    shade: bool = False,
    levels: Sequence[float] = (),
) -> Drawing:
    """Draw losses (S, T) or (T,) of several models, and how far each is from the reference, in parts of its first value.

    Models with several seeds have a band. Distances are between medians; they get a panel of their own that ends at `top`
    per cent, if given, or the area between the curves is shaded. `levels` are losses to mark.
    """
    tall = {"figsize": (5.4, 4.6), "sharex": True, "height_ratios": [2, 1]}
    figure, axes = plt.subplots(
        1 if top is None else 2, 1, squeeze=False, **({"figsize": (5.4, 3.4)} if top is None else tall)
    )
    upper, lower = axes[0, 0], axes[-1, 0]
    rows = {name: torch.atleast_2d(values) for name, values in curves.items()}
    middle = {name: median(values, 0) for name, values in rows.items()}
    start, told = middle[reference][0].item(), []
    for (name, values), (colour, line, _) in zip(rows.items(), looks(rows).values(), strict=True):
        thick = 3.2 if name == reference else 1.6
        seed_band(upper, steps, values, colour, ls=line, lw=thick, alpha=0.55 if name == reference else 1, label=name)
        if name != reference:
            away = (middle[name] - middle[reference]).abs() / start
            if shade:
                upper.fill_between(steps, middle[name], middle[reference], color=colour, alpha=0.15, lw=0)
            if top is not None:
                lower.plot(steps, 100 * away, color=colour, ls=line, lw=1.6)
            told.append(
                f"{name} {100 * away.mean().item():.2g} % on average and {100 * away.max().item():.2g} % at most"
            )
    for level in levels:
        upper.axhline(level, color=FAINT, lw=0.8, ls=":", zorder=0)
        upper.annotate(
            f"{level:g}",
            (1, level),
            (4, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    upper.set(ylabel="loss", ylim=(0, start * 1.05))
    upper.set_title(title, fontsize=11)
    if top is not None:
        lower.set(ylabel="distance\n(% of first loss)", ylim=(0, top))
    lower.set(xlabel="step", xlim=(0, steps[-1].item()))
    upper.legend(loc="upper right", fontsize=9.5)
    alt = f"{title + ': ' if title else ''}loss against step, from {start:.0f} down."
    alt += "".join(
        f" {value:g} is first reached at step {steps[first]:.0f}."
        for value, first in _reached(middle[reference], levels)
    )
    return figure, alt + (f" Distance from the {reference}: {'; '.join(told)}." if told else "")


def _reached(values: Tensor, levels: Sequence[float]) -> list[tuple[float, int]]:
    """Return each level that values (T,) fall below, with the first place where they do."""
    return [(level, int((values < level).nonzero()[0])) for level in levels if (values < level).any()]
