"""Layers of bias-free nets behind gates, as plain weights. Page: neighbours/haste."""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from dlgn_lib.checks import check_count, check_points, check_positive, check_tensor

Gates = Sequence[Tensor | None]


def normal_weights(sizes: Sequence[int], std: float, generator: torch.Generator | None = None) -> list[Tensor]:
    """Return float64 weights [(M, D), …, (K, M)] with entries N(0, std²) for the layer sizes (D, M, …, K).

    Source: this book. Page: neighbours/haste.

    Raises:
        TypeError: if a size is not a whole number.
        ValueError: if there are fewer than two sizes, one is below 1, or `std` is negative or not finite.

    >>> [tuple(w.shape) for w in normal_weights((2, 100, 1), std=1e-3)]
    [(100, 2), (1, 100)]
    """
    sizes = [check_count("sizes", size) for size in sizes]
    if len(sizes) < 2:
        raise ValueError(f"sizes must name at least inputs and outputs, got {sizes}")
    pairs, std = itertools.pairwise(sizes), check_positive("std", std, or_zero=True)
    return [torch.randn(b, a, generator=generator, dtype=torch.float64) * std for a, b in pairs]


def gated_layers(weights: Sequence[Tensor], x: Tensor, gates: Gates | None = None) -> tuple[list[Tensor], list[Tensor]]:
    """Return (layers, gates) of a bias-free net: layers [x, h_1, …, ŷ], and the gates of each hidden layer (N, M).

    h_ℓ = gate_ℓ ⊙ W_ℓ h_{ℓ-1}; the last layer has no gate. Weights may carry a stack of S nets in front, (S, M, D).
    Source: this book. Page: neighbours/haste.

    Args:
        weights: [(M, D), …, (K, M)].
        x: inputs (N, D).
        gates: one entry for each hidden layer: a tensor that broadcasts with (N, M), or None for the layer's own ReLU
            gates 1[z ≥ 0]. None instead of a list for ReLU gates everywhere.

    Raises:
        TypeError: if `weights` and `x` are not of one dtype.
        ValueError: if `weights` or `x` do not fit or are not finite, or there is not one fitting gate for each hidden layer.

    >>> (x, h, output), (gate,) = gated_layers([torch.tensor([[1.0], [-1.0]]), torch.ones(1, 2)], torch.tensor([[-3.0]]))
    >>> output.item(), gate.tolist()
    (3.0, [[0.0, 1.0]])
    """
    check_weights(weights, x)
    return forward_layers(weights, x, gates)


def check_weights(weights: Sequence[Tensor], x: Tensor) -> None:
    """Raise TypeError or ValueError unless the weights fit together and to the inputs."""
    for number, w in enumerate(weights):
        check_tensor(f"weights[{number}]", w, "…", "J", weights[number - 1].shape[-2] if number else "I")
    if len(weights) < 2:
        raise ValueError(f"weights must be at least two matrices, one per layer, got {len(weights)}")
    if len({w.dtype for w in weights}) > 1:
        raise TypeError(f"weights must have one dtype, got {[w.dtype for w in weights]}")
    check_points("x", x, weights[0].shape[-1], weights[0].dtype)


def forward_layers(weights: Sequence[Tensor], x: Tensor, gates: Gates | None) -> tuple[list[Tensor], list[Tensor]]:
    """Return what `gated_layers` returns, for arguments that were checked."""
    given = [None] * (len(weights) - 1) if gates is None else list(gates)
    if len(given) != len(weights) - 1:
        raise ValueError(
            f"gates must have one entry for each hidden layer, {len(weights) - 1} of them, got {len(given)}"
        )
    layers, used = [x], []
    for w, gate in zip(weights, given, strict=False):
        z = layers[-1] @ w.mT  # (N, M)
        if gate is not None and not (
            gate.ndim <= z.ndim and all(a in (1, b) for a, b in zip(gate.shape[::-1], z.shape[::-1], strict=False))
        ):
            raise ValueError(
                f"gates must fit the hidden layer, {tuple(z.shape[-2:])}, inputs x units, got {tuple(gate.shape)}"
            )
        used.append((z >= 0).to(z.dtype) if gate is None else gate.to(z.dtype).expand_as(z))
        layers.append(used[-1] * z)
    return [*layers, layers[-1] @ weights[-1].mT], used
