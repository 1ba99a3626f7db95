"""How the units of a hidden layer divide items and contexts among themselves. Page: neighbours/selectivity."""

import torch
from torch import Tensor

from dlgn_lib.checks import check_count, check_tensor
from dlgn_lib.data.contexts import target_parts


def open_contexts(hidden: Tensor, contexts: int, strength: Tensor | None = None, threshold: float = 0.01) -> Tensor:
    """Return how often a unit is active on an item in 0, 1, …, C of the contexts: shares (C + 1,) of all pairs (unit, item).

    A unit that is open everywhere counts under C. One that is open in all contexts but one, for every item, counts under
    C - 1; so does one that is closed for half of the items in one context and for the other half in another.
    Arguments and errors are those of `selectivity`. Source: this book. Page: neighbours/haste.

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
    Source: the two-way analysis of variance; measures of this book. Page: neighbours/selectivity.

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

    >>> one = torch.tensor([1.0, 2.0, 0.0, 0.0])     # active in the first of two contexts of two items
    >>> found = selectivity(one[:, None], contexts=2)
    >>> found["modular"], round(found["item"], 3), round(found["context"], 3), round(found["interaction"], 3)
    (1.0, 0.091, 0.818, 0.091)
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
    Other arguments and errors are those of `selectivity`. Page: neighbours/selectivity. Source: this book.

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
    Source: this book.

    >>> one = torch.tensor([1.0, 1, 0, 0, 0, 0, 1, 1])     # the first half of four items in context 0, the second in context 1
    >>> {square: round(share, 6) for square, share in interaction_levels(one[:, None].double(), 2).items()}
    {3: 1.0, 1: 0.0}
    """
    _, peak, weight = _units(hidden, contexts, strength)
    parts = target_parts(hidden.detach(), contexts)
    energy = {int(name[8:]): part.square().sum(0) for name, part in parts.items() if name.startswith("context ")}
    total = torch.stack(list(energy.values())).sum(0)
    weight = torch.where(total > 1e-24 * peak**2, weight, 0)
    if not weight.sum() > 0:
        raise ValueError("hidden must hold at least one unit with an interaction of item and context")
    shares = weight / weight.sum() / torch.where(total > 0, total, 1)
    return {square: (shares * part).sum().item() for square, part in energy.items()}
