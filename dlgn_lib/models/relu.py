"""Nets without a gating network of their own: ReLU networks, and deep linear ones. Pages: experts/equivalence, experts/gating."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from dlgn_lib.models.base import GatedNet


def _tensors(name: str, values: Sequence) -> list[Tensor]:
    tensors = []
    for number, value in enumerate(values):
        try:
            tensors.append(torch.as_tensor(value, dtype=torch.float64))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name}[{number}] must hold numbers, in rows of one length: {error}") from None
    return tensors


class ReLUNet(GatedNet):
    """ReLU network: its gates are 1[z ≥ 0] of its own pre-activations, so gates and experts share every weight.

    Source: Theorem 1 of Yadav et al. (2024) [halfspace]. Page: experts/equivalence.

    >>> net = ReLUNet.from_weights([[[1.0], [-1.0]], [[1.0, 1.0]]])     # |x| = relu(x) + relu(-x)
    >>> net(torch.tensor([[-3.0], [2.0]], dtype=torch.float64)).flatten().tolist()
    [3.0, 2.0]
    """

    _value_bias = True

    def preactivations(self, x: Tensor) -> list[Tensor]:
        """Return the pre-activations z_ℓ = W_ℓ h_{ℓ-1} + b_ℓ of the hidden layers, `depth` tensors (N, M)."""
        z, h = [], x
        for layer in list(self.value_layers)[:-1]:
            z.append(layer(h))
            h = torch.relu(z[-1])
        return z

    def _own_gate(self, z: Tensor) -> Tensor:
        return (z >= 0).to(z.dtype)

    def features(self, x: Tensor) -> Tensor:
        """Return the last hidden layer (N, M), computed as everybody does: relu after every layer, no gate in sight."""
        return torch.relu(self.preactivations(x)[-1])

    @classmethod
    def from_weights(cls, weights: Sequence, biases: Sequence | None = None) -> "ReLUNet":
        """Return a float64 net with the given weights: matrices (M, D), (M, M), …, (K, M), and biases (M,), …, (K,) if any.

        Raises:
            ValueError: if the shapes do not fit together.
        """
        matrices = _tensors("weights", weights)
        shapes = [tuple(w.shape) for w in matrices]
        if len(matrices) < 2 or any(w.ndim != 2 for w in matrices):
            raise ValueError(f"weights must be at least two matrices, one per layer, got shapes {shapes}")
        for (units, _), (above, read) in pairwise(shapes):
            if read != units:
                raise ValueError(f"weights must fit together, but {above} units read {read} of {units}, in {shapes}")
        net = cls(
            shapes[0][1],
            [units for units, _ in shapes[:-1]],
            out_dim=shapes[-1][0],
            bias=biases is not None,
            generator=torch.Generator(),
        ).double()
        vectors = [] if biases is None else _tensors("biases", biases)
        if biases is not None and [tuple(b.shape) for b in vectors] != [s[:1] for s in shapes]:
            raise ValueError(
                f"biases must have shapes {[s[:1] for s in shapes]}, one vector per layer, got {[tuple(b.shape) for b in vectors]}"
            )
        with torch.no_grad():
            for layer, matrix in zip(net.value_layers, matrices, strict=True):
                layer.weight.copy_(matrix)
            for layer, vector in zip(net.value_layers, vectors, strict=False):
                layer.bias.copy_(vector)
        return net


class DeepLinearNet(GatedNet):
    """Deep linear network: every gate is 1 everywhere. All its paths are always on, and their sum is linear in x.

    Source: Saxe et al. (2014) [exact]. Page: experts/gating.

    >>> net = DeepLinearNet(2, 3, 2)
    >>> [gate.unique().tolist() for gate in net.gates(torch.randn(4, 2))]
    [[1.0], [1.0]]
    """

    _value_bias = True

    def preactivations(self, x: Tensor) -> list[Tensor]:
        """Return zeros, `depth` tensors (N, M): a gate is on at 0."""
        return [x.new_zeros(*x.shape[:-1], units) for units in self.widths]

    def _own_gate(self, z: Tensor) -> Tensor:
        return torch.ones_like(z)
