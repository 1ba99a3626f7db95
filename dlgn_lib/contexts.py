"""The multi-context task, the gated deep linear networks that belong to it, and how they divide its contexts.

Items at the leaves of a tree have properties that hold everywhere and properties that hold in one context only.
Pages: neighbours/haste, neighbours/selectivity.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dlgn_lib.checks import check_count, check_positive, check_tensor
from dlgn_lib.gdln import GDLN, half_time, mode_dynamics


def tree_properties(items: int = 8) -> Tensor:
    """Return H (2·items - 1, items): which item has which property, one property for each node of a binary tree.

    The root is shared by all items, its children by one half each, and so on down to one property of each item.
    Source: the hierarchical data of Saxe et al. (2019) [semantic].

    Raises:
        ValueError: if `items` is not a power of two of at least 2.

    >>> tree_properties(2).tolist()
    [[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
    """
    if check_count("items", items, least=2) & (items - 1):
        raise ValueError(f"items must be a power of two, the leaves of a binary tree, got {items}")
    eye = torch.eye(items, dtype=torch.float64)
    levels = [eye.view(2**level, -1, items).sum(dim=1) for level in range(items.bit_length())]
    return torch.cat(levels)


def multi_context_task(contexts: int = 3, items: int = 8) -> tuple[Tensor, Tensor]:
    """Return each item in each context: x (C·I, I + C) and its properties y (C·I, (C + 1)(2I - 1)), float64.

    x is a one-hot item beside a one-hot context; samples run through the items of context 0, then of context 1, ….
    The first 2I - 1 targets are the item's `tree_properties` in every context; after them comes one block per context
    that holds the same properties in its own context and zeros elsewhere.
    Source: the task of Jarvis et al. (2025) [haste], with one tree for all blocks.

    Raises:
        ValueError: if `contexts` is below 1 or `items` not a power of two.

    >>> x, y = multi_context_task(contexts=3)
    >>> tuple(x.shape), tuple(y.shape), y.square().sum().item() / 2      # the loss of a net that says 0
    ((24, 11), (24, 60), 96.0)
    """
    h = tree_properties(items).T.contiguous()  # (I, 2I - 1)
    own = torch.eye(check_count("contexts", contexts), dtype=torch.float64)
    x = torch.cat([torch.eye(items, dtype=torch.float64).repeat(contexts, 1), own.repeat_interleave(items, 0)], dim=1)
    return x, torch.cat([h.repeat(contexts, 1), torch.kron(own, h)], dim=1)


def _levels(items: int) -> dict[int, Tensor]:
    """Return {σ²: orthogonal projection (I, I)} of HᵀH without its first mode, from coarse to fine."""
    h, levels = tree_properties(items), items.bit_length() - 1
    values, vectors = torch.linalg.eigh(h.T @ h)
    squares = [2 ** (levels - depth) - 1 for depth in range(levels)]  # 7, 3, 1 for eight items
    return {s: vectors[:, at] @ vectors[:, at].T for s in squares for at in [(values - s).abs() < 1e-6]}


def target_parts(y: Tensor, contexts: int) -> dict[str, Tensor]:
    """Return the orthogonal parts (N, K) whose sum is y (N, K), the targets of `multi_context_task`.

    They are its mean over everything ("mean"), the differences between contexts ("contexts"), and for each level of the
    tree what its items differ in, on average over contexts ("common 7", "common 3", …) and beyond that average
    ("context 7", …). The number is σ² of the level, largest at the top. With one context there is nothing beyond.

    Raises:
        ValueError: if the number of samples is not `contexts` times a power of two.

    >>> y = multi_context_task(3)[1]
    >>> parts = target_parts(y, 3)
    >>> torch.allclose(sum(parts.values()), y), [round(p.square().sum().item() / 2, 9) for p in parts.values()]
    (True, [30.0, 15.0, 14.0, 12.0, 8.0, 7.0, 6.0, 4.0])
    """
    items, rest = divmod(len(check_tensor("y", y, "N", "K")), check_count("contexts", contexts))
    if rest or items < 2 or items & (items - 1):
        raise ValueError(f"y must have {contexts}·I rows, I a power of two of at least 2, got shape {tuple(y.shape)}")
    grid = y.double().reshape(contexts, -1, y.shape[1])  # (C, I, K)
    by_item, by_context = grid.mean(0, keepdim=True), grid.mean(1, keepdim=True)
    both = grid.mean((0, 1), keepdim=True)
    levels = _levels(grid.shape[1])
    parts = {"mean": both, "contexts": by_context - both}
    parts |= {f"common {s}": p @ (by_item - both) for s, p in levels.items()}
    parts |= {f"context {s}": p @ (grid - by_item - by_context + both) for s, p in levels.items()}
    left = {name: part for name, part in parts.items() if contexts > 1 or not name.startswith("context")}
    return {name: part.expand(grid.shape).reshape(y.shape) for name, part in left.items()}


def learned_shares(output: Tensor, y: Tensor, contexts: int) -> dict[str, Tensor]:
    """Return how much of each of the `target_parts` an output (…, N, K) holds, ⟨output, part⟩ / ⟨part, part⟩: 1 is all.

    Raises:
        ValueError: if the shapes of `output` and `y` differ, or as in `target_parts`.
    """
    parts = target_parts(y, contexts)
    check_tensor("output", output, "…", *y.shape)
    return {name: (output * part).sum((-2, -1)) / part.square().sum() for name, part in parts.items()}


def context_gates(x: Tensor, subsets: Sequence[Sequence[int]], contexts: int) -> Tensor:
    """Return gates (N, P) of `multi_context_task` inputs: 1 where the sample's context is in the pathway's subset.

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

    Args:
        contexts: number of contexts C.
        sizes: sizes of the subsets, each subset of such a size being one pathway; (C - 1,) if None.
        common: width of the common pathway.
        others: width of each of the others; `common` shared out among C of them if None.
        std: standard deviation of the initial weights.
        items: number of items.
        generator: random generator of the initial weights.
    """
    check_count("contexts", contexts), check_count("items", items), check_count("common", common)
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
    """One mode of the multi-context task: `copies` of it follow `mode_dynamics(s, d, start, t - begin, 1 / lr)`."""

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
    Derivation: neighbours/haste.

    Args:
        contexts: number of contexts C, at least 2.
        lr: learning rate η of ½ Σ (y - ŷ)².
        std: standard deviation of the initial weights.
        common: width of the common pathway.
        others: width of each other pathway; `common` shared out among C of them if None.
        items: number of items.
        head_start: whether to count the growth before t*; else context modes begin at step 0.
    """
    c, n, m = check_count("contexts", contexts, least=2), items, contexts - 1
    check_positive("lr", lr), check_positive("std", std), check_count("items", items), check_count("common", common)
    starts = [h * std**2 / 2 for h in (common, common // c if others is None else others)]
    top = 2 * n - 1  # σ² of the mode that all items share
    modes = [
        Mode("mean", 1, math.sqrt(top * (c + n) * (c + 1)), c + n, starts[0]),
        Mode("contexts", c - 1, math.sqrt(top * n), n, starts[0]),
    ]
    late = []
    for square, projection in _levels(n).items():
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

    Raises:
        ValueError: if `size` is not between 1 and C - 1.

    >>> [round(race_score(4, m), 3) for m in (1, 2, 3)]
    [0.79, 0.452, 0.26]
    """
    c, m = check_count("contexts", contexts), check_count("size", size)
    if m >= c:
        raise ValueError(f"size must be between 1 and contexts - 1 = {c - 1}, got {m}")
    return (1 - math.sqrt((m * m + m) / (c * c + c))) / math.sqrt(m * (1 - m / c))


def open_contexts(hidden: Tensor, contexts: int, strength: Tensor | None = None, threshold: float = 0.01) -> Tensor:
    """Return how often a unit is active on an item in 0, 1, …, C of the contexts: shares (C + 1,) of all pairs (unit, item).

    A unit that is open everywhere counts under C. One that is open in all contexts but one, for every item, counts under
    C - 1; so does one that is closed for half of the items in one context and for the other half in another.
    Arguments and errors are those of `selectivity`.

    >>> open_contexts(torch.tensor([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]), contexts=2).tolist()
    [0.25, 0.25, 0.5]
    """
    a, peak, weight = _units(hidden, contexts, strength)
    count = (a > threshold * peak).sum(dim=0)  # (I, M)
    return torch.stack([((count == number).double().mean(0) * weight).sum() for number in range(contexts + 1)])


def _units(hidden: Tensor, contexts: int, strength: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Return activities (C, I, M), the largest of each unit (M,), and the units' weights, which add up to 1 (M,)."""
    if len(check_tensor("hidden", hidden, "N", "M")) % check_count("contexts", contexts) or (hidden < 0).any():
        raise ValueError(f"hidden must be ({contexts}·I, M) and not negative, got shape {tuple(hidden.shape)}")
    if strength is not None:
        check_tensor("strength", strength, hidden.shape[1])
    a = hidden.detach().double().reshape(contexts, -1, hidden.shape[1])
    peak = a.amax((0, 1))
    weight = torch.where(peak > 0, torch.ones_like(peak) if strength is None else strength, 0)
    if not weight.sum() > 0:
        raise ValueError("hidden must hold at least one unit that is not silent")
    return a, peak, weight / weight.sum()


def selectivity(
    hidden: Tensor, contexts: int, strength: Tensor | None = None, threshold: float = 0.01
) -> dict[str, float]:
    """Return how the units of a hidden layer (C·I, M) divide the contexts among themselves, as means over units.

    A unit is active on a sample if it passes `threshold` times its own largest activity, and in a context if it is active
    on one of its items. By the two-way analysis of variance a unit's activity a(context, item) varies with the item, with
    the context, and in a way that is not the sum of both (interaction); the three shares add up to 1.

    Args:
        hidden: activity of each unit, not negative, samples as in `multi_context_task`.
        contexts: number of contexts C.
        strength: weight of each unit in the means (M,); None for equal ones. Silent units do not count.
        threshold: what counts as active.

    Returns:
        "modular", the share of units active in exactly one context; "contexts", the mean number a unit is active in;
        "most contexts", the share active in C - 1 or more; "item", "context", "interaction", the mean shares of variance;
        "mixed", the share of units with more than 0.1 of item and more than 0.1 of context and interaction together;
        "participation", (Σ e)²/Σ e² of the sums e of squares in each context, between 1 and C.

    Raises:
        ValueError: if the number of samples is not a multiple of `contexts`, activities are negative, or all units silent.
    """
    a, peak, weight = _units(hidden, contexts, strength)
    active = (a > threshold * peak).any(dim=1).sum(dim=0)  # contexts of each unit (M,)
    mean, item, context = a.mean((0, 1)), a.mean(0), a.mean(1)
    total = (a - mean).square().mean((0, 1))
    scale = torch.where(total > 0, total, torch.inf)  # a constant unit has no shares
    by_item, by_context = ((part - mean).square().mean(0) / scale for part in (item, context))
    rest = total / scale - by_item - by_context
    energy = a.square().sum(dim=1)  # (C, M)
    spread = energy.sum(0) ** 2 / energy.square().sum(0).clamp_min(torch.finfo(a.dtype).tiny)
    measures = {
        "modular": active == 1,
        "contexts": active,
        "most contexts": active >= contexts - 1,
        "item": by_item,
        "context": by_context,
        "interaction": rest,
        "mixed": (by_item > 0.1) & (by_context + rest > 0.1),
        "participation": spread,
    }
    return {name: (weight * value).sum().item() for name, value in measures.items()}


def product_units(
    hidden: Tensor, contexts: int, strength: Tensor | None = None, threshold: float = 0.01, tolerance: float = 0.01
) -> Tensor:
    """Return which share of the units is a product g(context) f(item), g 0 or 1, by the number of open contexts (C + 1,).

    A unit is open in a context if it passes `threshold` times its peak there. It is a product if replacing its activity by
    the mean row f over its open contexts changes less than `tolerance` of its energy. The rest, up to 1, are no products.
    Other arguments and errors are those of `selectivity`. Page: neighbours/selectivity.

    >>> a = torch.tensor([[0.0, 0.0, 1.0, 3.0, 1.0, 3.0], [0.0, 0.0, 1.0, 3.0, 3.0, 1.0]])     # 3 contexts, 2 items
    >>> product_units(a.T, contexts=3).tolist()
    [0.0, 0.0, 0.5, 0.0]
    """
    a, peak, weight = _units(hidden, contexts, strength)
    gate = (a > threshold * peak).any(dim=1)  # (C, M)
    row = (a * gate[:, None]).sum(dim=0) / gate.sum(dim=0).clamp_min(1)  # (I, M)
    rest = (a - gate[:, None] * row).square().sum(dim=(0, 1))
    product = rest < tolerance * a.square().sum(dim=(0, 1))
    return torch.stack([(weight * product * (gate.sum(dim=0) == m)).sum() for m in range(contexts + 1)])


def interaction_levels(hidden: Tensor, contexts: int, strength: Tensor | None = None) -> dict[int, float]:
    """Return how the interaction of item and context in hidden units divides among the levels of the tree, {σ²: share}.

    For eight items a table without structure gives 1/7, 2/7, 4/7 from coarse to fine, the number of modes of each level;
    one in which every mode has the energy σ gives σ times that number. Units without interaction do not count.
    Arguments and errors are those of `selectivity`, with a power of two as the number of items. Page: neighbours/selectivity.

    >>> one = torch.tensor([1.0, 1, 0, 0, 0, 0, 1, 1])     # the first half of four items in context 0, the second in context 1
    >>> {square: round(share, 6) for square, share in interaction_levels(one[:, None].double(), 2).items()}
    {3: 1.0, 1: 0.0}
    """
    _, peak, weight = _units(hidden, contexts, strength)
    parts = target_parts(hidden.detach(), contexts)
    energy = {int(name[8:]): part.square().sum(0) for name, part in parts.items() if name.startswith("context ")}
    total = sum(energy.values())
    weight = torch.where(total > 1e-24 * peak**2, weight, 0)
    if not weight.sum() > 0:
        raise ValueError("hidden must hold at least one unit with an interaction of item and context")
    shares = weight / weight.sum() / torch.where(total > 0, total, 1)
    return {square: (shares * part).sum().item() for square, part in energy.items()}
