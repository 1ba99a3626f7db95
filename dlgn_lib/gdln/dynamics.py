"""How fast pathways learn: the race of a wide GDLN, and the formula of a single mode. Page: neighbours/haste."""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from dlgn_lib.checks import check_count, check_positive, check_tensor
from dlgn_lib.gdln.descent import Descent, check_losses, check_run
from dlgn_lib.threads import one_thread


def race(
    x: Tensor,
    y: Tensor,
    gates: Tensor,
    gram: Tensor,
    *,
    steps: int,
    lr: float,
    snapshots: Iterable[int] = (),
) -> Descent[Tensor]:
    """Return gradient descent on a GDLN with one hidden layer, written without its weights: the race of its pathways.

    With K_p = [W_1ᵀ; W_2][W_1, W_2ᵀ] of pathway p, one step of `descend` is exactly K_p ← (1 + η G_p) K_p (1 + η G_p),
    G_p = [[0, Δ_pᵀ], [Δ_p, 0]], Δ_p = Σ_n gate_p,n error_n x_nᵀ. The lower left block of K_p is the pathway's map. Start
    from `wide_gram`, the expectation over random weights, and nothing random is left: the limit of wide nets.
    Source: the reduction of Saxe et al. (2022) [race], for any data and in discrete steps. Page: neighbours/haste.

    Args:
        x: inputs (N, D).
        y: targets (N, K).
        gates: (N, P).
        gram: the first K_p, (P, D + K, D + K).
        steps: number of updates.
        lr: learning rate η of ½ Σ (y - ŷ)².
        snapshots: steps to keep the maps (P, K, D) at; the last one is always kept.

    Raises:
        TypeError: if `x`, `y` and `gram` are not of one dtype.
        ValueError: if shapes do not fit, something is not finite, `lr` is not positive, or a snapshot lies beyond the last step.
        dlgn_lib.training.DivergenceError: if the loss becomes NaN or infinite.

    >>> x, y, gates = torch.eye(2).double(), torch.tensor([[1.0], [-1.0]]).double(), torch.ones(2, 1).double()
    >>> run = race(x, y, gates, wide_gram([50], torch.ones(1, 2), 1, std=0.1), steps=200, lr=0.05)
    >>> run.losses[0].item(), bool(run.losses[-1] < 1e-6)
    (1.0, True)
    """
    check_tensor("x", x, "N", "D")
    check_tensor("y", y, len(x), "K")
    check_tensor("gates", gates, len(x), "P", kind="real")
    if len({t.dtype for t in (x, y, gram)}) > 1:
        raise TypeError(f"x, y and gram must have one dtype, got {x.dtype}, {y.dtype}, {gram.dtype}")
    d, expected = x.shape[1], (gates.shape[1], *[x.shape[1] + y.shape[1]] * 2)
    if tuple(gram.shape) != expected:
        raise ValueError(f"gram must have shape {expected}, pathways x (D + K) x (D + K), got {tuple(gram.shape)}")
    check_tensor("gram", gram, *expected)
    kept = check_run(steps, lr, snapshots)
    losses: list[Tensor] = []
    at: dict[int, Tensor] = {}
    inputs = (gram.diagonal(dim1=1, dim2=2)[:, :d] > 0).to(x.dtype)  # a pathway reads what it has weights for
    gated = gates.T[..., None] * x * inputs[:, None]  # (P, N, D)
    with one_thread():
        for step in range(steps + 1):
            maps = gram[:, d:, :d]  # (P, K, D)
            error = y - (gated @ maps.mT).sum(dim=0)  # (N, K)
            losses.append(error.square().sum() / 2)
            if step in kept:
                at[step] = maps.clone()
            g = lr * error.T @ gated  # (P, K, D)
            gram = gram + torch.cat([g.mT @ gram[:, d:], g @ gram[:, :d]], dim=1)
            gram = gram + torch.cat([gram[:, :, d:] @ g, gram[:, :, :d] @ g.mT], dim=2)
    return Descent(check_losses(torch.stack(losses), lr), at)


def wide_gram(widths: Sequence[int], inputs: Tensor, out_dim: int, std: float) -> Tensor:
    """Return the expected first K_p of `race`, (P, D + K, D + K): h_p std² on the diagonal, for the inputs it reads (P, D).

    Source: this book. Page: neighbours/haste.

    Raises:
        ValueError: if there is not one row of `inputs` for each width, or a size or `std` is not positive.

    >>> wide_gram([4], torch.tensor([[1.0, 0.0]]), out_dim=1, std=0.5)[0].diagonal().tolist()
    [1.0, 0.0, 1.0]
    """
    widths = [check_count("widths", width) for width in widths]
    check_tensor("inputs", inputs, len(widths), "D", kind="real")
    check_count("out_dim", out_dim)
    check_positive("std", std, or_zero=True)
    reads = torch.cat([inputs.double(), inputs.new_ones(len(inputs), out_dim).double()], dim=1)
    return torch.diag_embed(reads * torch.tensor(widths, dtype=torch.float64)[:, None] * std**2)


def mode_dynamics(
    s: Tensor | float, d: Tensor | float, start: Tensor | float, t: Tensor | float, tau: float = 1.0
) -> Tensor:
    """Return the strength a(t) of a mode of a two-layer linear net: the logistic curve from `start` up to s/d.

    τ a' = 2a (s - d·a) has the solution a(t) = (s/d) / (1 + ((s/d)/a(0) - 1) e^{-2st/τ}). Arguments broadcast.
    Source: Saxe et al. (2014) [exact]. Page: neighbours/haste.

    Args:
        s: how strongly input and target of the mode go together, its singular value of Σ y xᵀ; positive.
        d: how strong its input is, its eigenvalue of Σ x xᵀ; positive.
        start: a(0), positive.
        t: time; with `tau` = 1/η in steps of gradient descent with learning rate η on ½ Σ (y - ŷ)².
        tau: time constant τ.

    Raises:
        TypeError: if `t` is complex.
        ValueError: if `s`, `d`, `start` or `tau` is not positive and finite.

    >>> mode_dynamics(3.0, 2.0, 1e-6, torch.tensor([0.0, 100.0], dtype=torch.float64)).tolist()
    [1e-06, 1.5]
    """
    if isinstance(t, Tensor) and t.is_complex():
        raise TypeError(f"t must hold real numbers, got dtype {t.dtype}")
    s, d, start, t = (torch.as_tensor(value, dtype=torch.float64) for value in (s, d, start, t))
    for name, value in (("s", s), ("d", d), ("start", start), ("tau", torch.as_tensor(tau))):
        if not ((value > 0) & value.isfinite()).all():
            raise ValueError(f"{name} must be positive and finite, got {value.tolist()}")
    return s / d / (1 + (s / d / start - 1) * torch.exp(-2 * s * t / tau))


def half_time(s: float, d: float, start: float, tau: float = 1.0) -> float:
    """Return the time at which `mode_dynamics` reaches half of s/d; negative if it begins beyond.

    Source: Saxe et al. (2014) [exact]. Page: neighbours/haste.

    Raises:
        ValueError: if `s`, `d` or `tau` is not positive, or `start` is not between 0 and s/d.

    >>> t = half_time(3.0, 2.0, 1e-6)
    >>> round(mode_dynamics(3.0, 2.0, 1e-6, t).item(), 9)
    0.75
    """
    for name, value in (("s", s), ("d", d), ("tau", tau)):
        check_positive(name, value)
    if not 0 < start < s / d:
        raise ValueError(f"start must lie between 0 and s/d = {s / d}, got {start}")
    return tau * math.log(s / d / start - 1) / (2 * s)
