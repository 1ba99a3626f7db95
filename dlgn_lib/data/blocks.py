"""Blocks for the multi-context task whose contexts differ: other trees, rings, and one tree that turns away from itself.

Page: neighbours/contexts.
"""

import math

import torch
from torch import Tensor

from dlgn_lib.checks import check_count, check_positive
from dlgn_lib.data.contexts import ring_properties, tree_properties


def context_blocks(
    kind: str, contexts: int = 3, *, items: int = 8, angle: float = 1.0, generator: torch.Generator | None = None
) -> list[Tensor]:
    """Return one table (2I - 1, I) for each context, the `blocks` of `multi_context_task`.

    "equal" is the same tree in all contexts. "mixed" is a tree, a ring, a tree whose pairs are crossed, a tree of shuffled
    items, a ring of shuffled items; the first three are those of the authors' code. "permuted" has for each context a tree
    over its own random order of the items. "turned" has trees whose items are turned at random against each other, H Q_c with
    a rotation Q_c = exp(S_c) that leaves the mean over items alone; the root mean square of the angles of its planes is `angle`.
    Source: "mixed" after the public code of Jarvis et al. (2025) [haste], the rest this book. Page: neighbours/contexts.

    Args:
        kind: "equal", "mixed", "permuted" or "turned".
        contexts: number of contexts C, at most 5 for "mixed".
        items: number of items, a power of two of at least 4.
        angle: of "turned", in radians.
        generator: random generator of "permuted" and "turned".

    Raises:
        ValueError: if there is no such kind, or not so many contexts of it, or a size or angle does not fit.

    >>> tree, ring, crossed = context_blocks("mixed", 3)
    >>> crossed[3].tolist(), tree[3].tolist()      # a pair of items, in the third context and in the first
    ([1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    """
    kinds = ("equal", "mixed", "permuted", "turned")
    if kind not in kinds:
        raise ValueError(f"kind must be one of {kinds}, got {kind!r}")
    check_count("contexts", contexts)
    check_positive("angle", angle, or_zero=True)
    tree = tree_properties(check_count("items", items, least=4))
    if kind == "equal":
        return [tree] * contexts
    if kind == "permuted":
        return [tree[:, torch.randperm(items, generator=generator)] for _ in range(contexts)]
    if kind == "turned":
        return [tree @ _rotation(items, angle, generator) for _ in range(contexts)]
    ring, order = ring_properties(items), torch.arange(items)
    crossed, shuffled = order.view(-1, 2, 2).mT.flatten(), order.view(2, -1).T.flatten()
    mixed = [tree, ring, torch.cat([tree[:, crossed][: items - 1], tree[items - 1 :]]), tree[:, shuffled]]
    mixed.append(ring[:, shuffled])
    if contexts > len(mixed):
        raise ValueError(f"contexts must be at most {len(mixed)} for mixed blocks, got {contexts}")
    return mixed[:contexts]


def _rotation(items: int, angle: float, generator: torch.Generator | None) -> Tensor:
    """Return a random rotation (I, I) that keeps the constant vector, with this root mean square of its angles."""
    size = items - 1
    noise = torch.randn(size, size, generator=generator, dtype=torch.float64)
    skew = noise - noise.T
    skew = skew * (angle * math.sqrt(2 * (size // 2)) / skew.norm())
    normal = torch.full((items, 1), -1 / math.sqrt(items), dtype=torch.float64)
    normal[0] += 1
    outer = normal @ normal.T / normal.square().sum()
    basis = torch.eye(items, dtype=torch.float64) - 2 * outer  # its first column is the constant vector
    inner = torch.block_diag(torch.eye(1, dtype=torch.float64), torch.matrix_exp(skew))
    return basis @ inner @ basis.T
