"""The multi-context task: items at the leaves of a tree, with properties that hold everywhere and properties of one context.

Pages: neighbours/haste, neighbours/contexts, neighbours/selectivity.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from dlgn_lib.checks import check_count, check_tensor


def tree_properties(items: int = 8) -> Tensor:
    """Return H (2·items - 1, items): which item has which property, one property for each node of a binary tree.

    The root is shared by all items, its children by one half each, and so on down to one property of each item.
    Source: the hierarchical data of Saxe et al. (2019) [semantic]. Page: neighbours/haste.

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


def ring_properties(items: int = 8) -> Tensor:
    """Return (2·items - 1, items) properties of items on a ring: the first belongs to all, the others to one arc each.

    An arc rises in equal steps from 0 to 1, stays there for one step and falls again; each arc begins one item before the last
    one. There are as many properties as in `tree_properties`, so that most arcs come twice.
    Source: the configuration of the public code of Jarvis et al. (2025) [haste]. Page: neighbours/contexts.

    Raises:
        ValueError: if `items` is not an even number of at least 4.

    >>> ring_properties(4)[1:3].tolist()
    [[0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0]]
    """
    if check_count("items", items, least=4) % 2:
        raise ValueError(f"items must be an even number, half of it to rise and half to fall, got {items}")
    rise = torch.linspace(0, 1, items // 2, dtype=torch.float64)
    arc = torch.cat([rise, rise.flip(0)])
    return torch.stack([torch.ones_like(arc), *[arc.roll(-shift) for shift in range(2 * items - 2)]])


def multi_context_task(
    contexts: int = 3, items: int = 8, blocks: Sequence[Tensor] | None = None
) -> tuple[Tensor, Tensor]:
    """Return each item in each context: x (C·I, I + C) and its properties y (C·I, (C + 1)(2I - 1)), float64.

    x is a one-hot item beside a one-hot context; samples run through the items of context 0, then of context 1, ….
    The first 2I - 1 targets are the item's `tree_properties` in every context; after them comes one block per context
    that holds the properties of its own context there and zeros elsewhere: the same tree, or the `blocks` that are given,
    one table (2I - 1, I) for each context.
    Source: the task of Jarvis et al. (2025) [haste]. Pages: neighbours/haste (one tree), neighbours/contexts (blocks).

    Raises:
        ValueError: if `contexts` is below 1, `items` not a power of two, or there is not one fitting block for each context.

    >>> x, y = multi_context_task(contexts=3)
    >>> tuple(x.shape), tuple(y.shape), y.square().sum().item() / 2      # the loss of a net that says 0
    ((24, 11), (24, 60), 96.0)
    """
    h = tree_properties(items)
    own = torch.eye(check_count("contexts", contexts), dtype=torch.float64)
    blocks = [h] * contexts if blocks is None else list(blocks)
    if len(blocks) != contexts:
        raise ValueError(f"blocks must hold one table for each of the {contexts} contexts, got {len(blocks)}")
    for number, block in enumerate(blocks):
        check_tensor(f"blocks[{number}]", block, *h.shape, kind="real")
    x = torch.cat([torch.eye(items, dtype=torch.float64).repeat(contexts, 1), own.repeat_interleave(items, 0)], dim=1)
    tables = torch.block_diag(*[block.double().T for block in blocks])
    return x, torch.cat([h.T.repeat(contexts, 1), tables], dim=1)


def tree_levels(items: int) -> dict[int, Tensor]:
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
    Source: this book. Page: neighbours/haste.

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
    levels = tree_levels(grid.shape[1])
    parts = {"mean": both, "contexts": by_context - both}
    parts |= {f"common {s}": p @ (by_item - both) for s, p in levels.items()}
    parts |= {f"context {s}": p @ (grid - by_item - by_context + both) for s, p in levels.items()}
    left = {name: part for name, part in parts.items() if contexts > 1 or not name.startswith("context")}
    return {name: part.expand(grid.shape).reshape(y.shape) for name, part in left.items()}


def learned_shares(output: Tensor, y: Tensor, contexts: int) -> dict[str, Tensor]:
    """Return how much of each of the `target_parts` an output (…, N, K) holds, ⟨output, part⟩ / ⟨part, part⟩: 1 is all.

    Source: this book. Page: neighbours/haste.

    Raises:
        ValueError: if the shapes of `output` and `y` differ, or as in `target_parts`.

    >>> y = multi_context_task(3)[1]
    >>> learned = learned_shares(y / 2, y, contexts=3)
    >>> {round(share.item(), 9) for share in learned.values()}
    {0.5}
    """
    parts = target_parts(y, contexts)
    check_tensor("output", output, "…", *y.shape)
    return {name: (output * part).sum((-2, -1)) / part.square().sum() for name, part in parts.items()}
