"""The gated deep linear networks that belong to the multi-context task, and their theory in closed form. Page: neighbours/haste."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dlgn_lib.checks import check_count, check_positive, check_tensor
from dlgn_lib.data.contexts import tree_levels
from dlgn_lib.gdln.dynamics import half_time, mode_dynamics
from dlgn_lib.gdln.nets import GDLN


def context_gates(x: Tensor, subsets: Sequence[Sequence[int]], contexts: int) -> Tensor:
    """Return gates (N, P) of `multi_context_task` inputs: 1 where the sample's context is in the pathway's subset.

    Source: Jarvis et al. (2025) [haste]. Page: neighbours/haste.

    >>> from dlgn_lib.data import multi_context_task
    >>> context_gates(multi_context_task(3)[0], [(0, 1, 2), (1, 2)], 3).sum(dim=0).tolist()
    [24.0, 16.0]
    """
    check_tensor("x", x, "N", "D", empty=True)
    if x.shape[1] < check_count("contexts", contexts):
        raise ValueError(f"x must have a column for each of the {contexts} contexts, got shape {tuple(x.shape)}")
    if any(c not in range(contexts) for subset in subsets for c in subset):
        raise ValueError(f"subsets must name contexts from 0 to {contexts - 1}, got {subsets!r}")
    member = x.new_tensor([[float(c in subset) for subset in subsets] for c in range(contexts)])  # (C, P)
    return x[:, -contexts:] @ member


def context_subsets(contexts: int, sizes: Iterable[int]) -> list[tuple[int, ...]]:
    """Return the pathways of one family: all contexts (the common pathway), then every subset of each of the `sizes`.

    Source: this book. Page: neighbours/haste.

    >>> context_subsets(3, [2])
    [(0, 1, 2), (0, 1), (0, 2), (1, 2)]
    """
    sizes = [check_count("sizes", size) for size in sizes]
    if max(sizes, default=0) > check_count("contexts", contexts):
        raise ValueError(f"sizes must be at most contexts = {contexts}, got {sizes}")
    return [tuple(range(contexts)), *(s for m in sizes for s in itertools.combinations(range(contexts), m))]


def context_gdln(
    contexts: int,
    sizes: Iterable[int] | None = None,
    *,
    common: int = 350,
    others: int | None = None,
    std: float = 7.1e-6,
    items: int = 8,
    generator: torch.Generator | None = None,
) -> GDLN:
    """Return a GDLN for `multi_context_task`: one pathway for all contexts and all inputs, and others for some contexts.

    Each of the others is open in a subset of the contexts and reads the item only. The default is "all contexts but one".
    Source: after the rectified linear network that Jarvis et al. (2025) give for this task [haste].
    Page: neighbours/haste.

    Args:
        contexts: number of contexts C.
        sizes: sizes of the subsets, each subset of such a size being one pathway; (C - 1,) if None.
        common: width of the common pathway.
        others: width of each of the others; `common` shared out among C of them if None.
        std: standard deviation of the initial weights.
        items: number of items.
        generator: random generator of the initial weights.

    >>> net = context_gdln(3, generator=torch.Generator().manual_seed(0))     # all contexts, and each pair of them
    >>> tuple(net.maps().shape)
    (4, 60, 11)
    """
    check_count("contexts", contexts)
    check_count("items", items)
    check_count("common", common)
    if others is not None:
        check_count("others", others)
    subsets = context_subsets(contexts, (contexts - 1,) if sizes is None else sizes)
    inputs = torch.ones(len(subsets), items + contexts)
    inputs[1:, items:] = 0
    widths = [common] + [common // contexts if others is None else others] * (len(subsets) - 1)
    return GDLN(
        lambda x: context_gates(x, subsets, contexts),
        widths,
        items + contexts,
        (contexts + 1) * (2 * items - 1),
        std=std,
        inputs=inputs,
        generator=generator,
    )


@dataclass(frozen=True)
class Mode:
    """One mode of the multi-context task: `copies` of it follow `mode_dynamics(s, d, start, t - begin, 1 / lr)`.

    Source: this book. Page: neighbours/haste.

    >>> mode = Mode("mean", copies=1, s=3.0, d=2.0, start=1e-6)
    >>> mode.strength(torch.tensor([0.0, 1e6]), lr=1e-3).tolist()
    [1e-06, 1.5]
    """

    name: str  # as in `learned_shares`
    copies: int
    s: float
    d: float
    start: float
    begin: float = 0.0

    def strength(self, t: Tensor, lr: float) -> Tensor:
        """Return a(t) after t steps (T,)."""
        t = check_tensor("t", torch.as_tensor(t), "…", kind="real").double()
        return mode_dynamics(self.s, self.d, self.start, t - self.begin, 1 / check_positive("lr", lr))

    def loss(self, t: Tensor, lr: float) -> Tensor:
        """Return the part ½ copies · d (s/d - a(t))² of the loss after t steps (T,)."""
        return self.copies * self.d * (self.s / self.d - self.strength(t, lr)) ** 2 / 2


def context_theory(
    contexts: int,
    *,
    lr: float = 1e-3,
    std: float = 7.1e-6,
    common: int = 350,
    others: int | None = None,
    items: int = 8,
    head_start: bool = True,
) -> list[Mode]:
    """Return the modes of the default `context_gdln`, from which its whole training follows in closed form, with nothing fitted.

    The loss after t steps is the sum of their `loss(t, lr)`. The modes of the common pathway learn what is additive in item
    and context. Those of the pathways "all contexts but one" learn the rest, with s = σ √(1 - 1/C) and d = 1. A mode
    of width h begins at h std²/2. With a head start the latter have grown at the rate λ = σ √(m² + m), m = C - 1, until the
    time t* at which the common mode of their level is half learned, and go on from (h std²/2) e^{2λ η t*} ((1 + s/λ)/2)².
    Derivation: neighbours/haste. Source: this book. Page: neighbours/haste.

    Args:
        contexts: number of contexts C, at least 2.
        lr: learning rate η of ½ Σ (y - ŷ)².
        std: standard deviation of the initial weights.
        common: width of the common pathway.
        others: width of each other pathway; `common` shared out among C of them if None.
        items: number of items.
        head_start: whether to count the growth before t*; else context modes begin at step 0.

    >>> modes = context_theory(3)
    >>> round(sum(mode.loss(torch.tensor(0.0), lr=1e-3) for mode in modes).item(), 3)     # before training
    96.0
    """
    c, n, m = check_count("contexts", contexts, least=2), items, contexts - 1
    check_positive("lr", lr)
    check_positive("std", std)
    check_count("items", items)
    check_count("common", common)
    starts = [h * std**2 / 2 for h in (common, common // c if others is None else others)]
    top = 2 * n - 1  # σ² of the mode that all items share
    modes = [
        Mode("mean", 1, math.sqrt(top * (c + n) * (c + 1)), c + n, starts[0]),
        Mode("contexts", c - 1, math.sqrt(top * n), n, starts[0]),
    ]
    late = []
    for square, projection in tree_levels(n).items():
        copies, sigma = round(projection.trace().item()), math.sqrt(square)
        modes.append(Mode(f"common {square}", copies, sigma * math.sqrt(c * (c + 1)), c, starts[0]))
        s, grows, begin, start = sigma * math.sqrt(1 - 1 / c), sigma * math.sqrt(m * m + m), 0.0, starts[1]
        if head_start:
            begin = half_time(modes[-1].s, modes[-1].d, starts[0], 1 / lr)
            start *= math.exp(2 * grows * lr * begin) * ((1 + s / grows) / 2) ** 2
        late.append(Mode(f"context {square}", c * copies, s, 1.0, start, begin))
    return modes + late


def race_score(contexts: int, size: int) -> float:
    """Return how long after the common pathway one that is open in `size` contexts learns its modes, as the start goes to 0.

    T_m = (1 - √((m² + m)/(C² + C))) / √(m (1 - m/C)), in units of log(1/start)/(2ησ); the pathway with the smallest wins.
    The numerator is what growth is left when the common pathway is done, the denominator the rate from there on.
    Source: after the reduction of Saxe et al. (2022) [race]. Page: neighbours/haste.

    Raises:
        ValueError: if `size` is not between 1 and C - 1.

    >>> [round(race_score(4, m), 3) for m in (1, 2, 3)]
    [0.79, 0.452, 0.26]
    """
    c, m = check_count("contexts", contexts), check_count("size", size)
    if m >= c:
        raise ValueError(f"size must be between 1 and contexts - 1 = {c - 1}, got {m}")
    return (1 - math.sqrt((m * m + m) / (c * c + c))) / math.sqrt(m * (1 - m / c))
