"""A formula for contexts that differ: every pathway learns along modes of its own. Page: neighbours/contexts."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from dlgn_lib.checks import check_count, check_positive, check_tensor
from dlgn_lib.data.contexts import multi_context_task
from dlgn_lib.gdln.contexts import Mode
from dlgn_lib.gdln.dynamics import half_time


def own_modes(
    blocks: Sequence[Tensor],
    *,
    lr: float = 1e-3,
    std: float = 7.1e-6,
    common: int = 350,
    others: int | None = None,
) -> list[Mode]:
    """Return modes of the default `context_gdln` for any blocks, as if its pathways "all contexts but one" did not disturb each other.

    The common pathway has a mode for each singular vector of Σ_yx; what Σ_x mixes of them is left out. Pathway j learns
    -R_j, the negative of what the best linear map leaves in context j, along the singular vectors (u, s, v) of that; its modes
    have d = 1. Before t*, the mean of the common modes' half times with weights (v · v_k)², it grows at the rate λ = ‖A_j v‖,
    where A_j is what it sees of the whole targets, and then goes on from (h std²/2) e^{2λ η t*} ((1 + u · A_j v/λ)/2)².
    With equal blocks this is `context_theory`. With others it is an approximation. Source: this book. Page: neighbours/contexts.

    Args:
        blocks: one table (2I - 1, I) for each context, as for `multi_context_task`.
        lr: learning rate η of ½ Σ (y - ŷ)².
        std: standard deviation of the initial weights.
        common: width of the common pathway.
        others: width of each other pathway; `common` shared out among C of them if None.

    Raises:
        ValueError: if the blocks do not fit, or a size or rate is not positive.

    >>> from dlgn_lib.data import context_blocks
    >>> modes = own_modes(context_blocks("mixed", 3))
    >>> len(modes), round(sum(mode.loss(torch.tensor(0.0), lr=1e-3) for mode in modes).item())
    (31, 106)
    """
    contexts = len(blocks)
    if contexts < 2:
        raise ValueError(f"blocks must hold one table for each of at least 2 contexts, got {contexts}")
    items = check_tensor("blocks[0]", blocks[0], "Q", "I", kind="real").shape[1]
    x, y = multi_context_task(contexts, items, blocks)
    check_positive("lr", lr)
    start = check_count("common", common) * check_positive("std", std) ** 2 / 2
    size = common // contexts if others is None else check_count("others", others)
    _, strengths, vectors = torch.linalg.svd(y.T @ x, full_matrices=False)
    there = strengths > 1e-9 * strengths[0]
    strengths, vectors = strengths[there], vectors[there]
    squares = (vectors @ x.T).square().sum(dim=1)
    modes = [Mode("common", 1, s, d, start) for s, d in zip(strengths.tolist(), squares.tolist(), strict=True)]
    halves = vectors.new_tensor([half_time(m.s, m.d, start, 1 / lr) for m in modes])
    rest = y - x @ torch.linalg.lstsq(x, y, driver="gelsd").solution
    for number in range(contexts):
        opens = x[:, items + number] == 0
        sees = y[opens].T @ x[opens, :items]  # A_j
        u, s, v = torch.linalg.svd(rest[opens].T @ x[opens, :items], full_matrices=False)
        for out, strength, into in zip(u.T, s.tolist(), v, strict=True):
            if strength < 1e-9 * strengths[0]:
                continue
            weights = (vectors[:, :items] @ into).square()
            begin = ((weights @ halves) / weights.sum()).item()
            early = sees @ into
            rate = early.norm().item()
            grown = math.exp(2 * rate * lr * begin) * ((1 + (out @ early).item() / rate) / 2) ** 2
            modes.append(Mode("context", 1, strength, 1.0, size * std**2 / 2 * grown, begin))
    return modes
