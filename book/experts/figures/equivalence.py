"""What the page experts/equivalence draws: the sum over paths against the forward pass."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from dlgn_lib.models import GatedNet
from dlgn_lib.numbers import show_number
from dlgn_lib.paths import path_experts, path_gates
from dlgn_lib.plots.looks import BLUE, FAINT, RED, Drawing, house_style


@house_style
def running_sum(net: GatedNet, x: Tensor) -> Drawing:
    """Draw Σ f_π g_π at one input as it grows path by path, against the forward pass: Theorem 1 as a picture.

    Both are divided by Σ |f_π g_π|, which gives all nets one scale, from −1 to 1.
    """
    with torch.no_grad():
        terms = (path_gates(net, x[None]) * path_experts(net, x[None])[:, :, 0])[0]
        target = net(x[None])[0, 0].item()
    total = torch.cumsum(terms, 0)
    gap = abs(total[-1].item() - target)
    size = terms.abs().sum().item() or 1.0
    total = total / size
    count, active = len(terms), int((path_gates(net, x[None], hard=True) > 0).sum())
    figure, ax = plt.subplots(figsize=(5.4, 3.6))
    ax.step(
        [0, *range(1, count + 1)],
        [0, *total.tolist()],
        where="post",
        color=BLUE,
        lw=1.6,
        label=r"sum of $f_\pi g_\pi$ so far",
    )
    ax.axhline(0, color=FAINT, lw=0.7)
    ax.axhline(target / size, color=RED, ls="--", lw=1.6, label=r"forward pass $\hat{y}(x)$")
    ax.plot(count, total[-1].item(), "o", color=BLUE, ms=8)
    ax.set(xlabel="paths counted", ylabel=r"sum / sum of all $|f_\pi g_\pi|$", xlim=(0, count * 1.02), ylim=(-1.1, 1.1))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    left = show_number(gap, "{:.0e}")
    output = show_number(target, "{:.2f}").replace("-", "−")
    ax.set_title(
        f"{count:,} paths, {active:,} active\n" rf"$\hat{{y}}$ = {output}, difference at the end {left}", fontsize=11
    )
    ax.legend(fontsize=9, loc="upper right" if target < 0 else "lower right", ncols=2)
    alt = (
        f"The sum of gate times expert over {count} paths, {active} of them active, as a staircase that ends on the dashed line "
        f"of the forward pass at {target:.3g}."
    )
    return figure, alt


@house_style
def activations(
    names: Sequence[str], x: Tensor, forward: Mapping[str, Tensor], mixture: Mapping[str, Tensor]
) -> Drawing:
    """Draw, for each activation, a net's output and the mixture that a 0/1 gate would give."""
    figure, axes = plt.subplots(1, len(names), figsize=(7.6, 2.7), sharey=True)
    for ax, name in zip(axes, names, strict=True):
        ax.plot(x, forward[name], color=BLUE, lw=2.4, label="forward pass")
        ax.plot(x, mixture[name], color=RED, lw=1.6, ls="--", label="mixture")
        gap = (forward[name] - mixture[name]).abs().max().item()
        ax.set(title=f"{name}\ngap {gap:.2g}" if gap > 1e-9 else f"{name}\ngap 0", xlabel="$x$")
    axes[0].set_ylabel("output")
    axes[0].legend(fontsize=8)
    gaps = ", ".join(f"{n} {(forward[n] - mixture[n]).abs().max().item():.2g}" for n in names)
    return (
        figure,
        f"Output of one net with different activations and the mixture with on/off gates. Largest gaps: {gaps}; only ReLU has none.",
    )
