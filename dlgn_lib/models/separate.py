"""Nets whose gates come from a gating network beside the experts: DLGN and GaLU. Page: experts/gating."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from dlgn_lib.models.base import GatedNet
from dlgn_lib.models.initial import LinearLayers, linear_layers


class _SeparateGates(GatedNet):
    """A net whose gates come from a gating network of its own beside the experts."""

    gate_layers: LinearLayers

    def __init__(
        self,
        in_dim: int,
        width: int | Sequence[int],
        depth: int | None = None,
        out_dim: int = 1,
        *,
        beta: float = 10.0,
        bias: bool = False,
        init: str = "torch",
        value_input: str = "x",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(in_dim, width, depth, out_dim, beta=beta, bias=bias, init=init, generator=generator)
        if value_input not in ("x", "ones"):
            raise ValueError(
                f"value_input must be 'x' (the experts read the input) or 'ones' (a constant), got {value_input!r}"
            )
        self.value_input = value_input
        self.gate_layers = linear_layers(self._gate_sizes(), self.bias, init, generator)

    def _gate_sizes(self) -> list[tuple[int, int]]:
        return list(pairwise([self.in_dim, *self.widths]))

    def gate_parameters(self) -> Iterator[nn.Parameter]:
        """Yield the parameters of the gating network."""
        return self.gate_layers.parameters()


class DLGN(_SeparateGates):
    """Deep Linearly Gated Network: the gates come from a deep *linear* network, so every gate is a half-space of x.

    Gating model: z_1 = V_1 x, z_ℓ = V_ℓ z_{ℓ-1}, gate_ℓ = σ(β z_ℓ). With `shallow=True` every gate layer reads the
    input directly, z_ℓ = V_ℓ x. Source: proposed by Lakshminarayanan and Singh (2021) [dlgn]; the network of Yadav et al. (2024)
    [halfspace]. Page: experts/gating.

    Besides the arguments of `GatedNet`:

    Args:
        value_input: "x" or "ones", what the experts read.
        shallow: whether every gate layer reads x instead of the gate layer below.

    >>> net = DLGN(2, 8, 3, beta=float("inf"))
    >>> [tuple(normals.shape) for normals, offsets in net.half_spaces()]
    [(8, 2), (8, 2), (8, 2)]
    """

    def __init__(
        self,
        in_dim: int,
        width: int | Sequence[int],
        depth: int | None = None,
        out_dim: int = 1,
        *,
        beta: float = 10.0,
        bias: bool = False,
        init: str = "torch",
        value_input: str = "x",
        shallow: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        self.shallow = bool(shallow)
        super().__init__(
            in_dim, width, depth, out_dim, beta=beta, bias=bias, init=init, value_input=value_input, generator=generator
        )

    def _gate_sizes(self) -> list[tuple[int, int]]:
        return [(self.in_dim, units) for units in self.widths] if self.shallow else super()._gate_sizes()

    def _planes(self, slope: float = 1.0) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Yield (A_ℓ (M, D), c_ℓ (M,) or None) of each gate layer, with their gradients: slope · z_ℓ = A_ℓ x + c_ℓ."""
        normals: Tensor | None = None
        offsets: Tensor | None = None
        for layer in self.gate_layers:
            bias = None if layer.bias is None else slope * layer.bias
            if normals is None or self.shallow:
                normals, offsets = slope * layer.weight, bias
            else:
                normals = layer.weight @ normals
                offsets = (
                    None if offsets is None or bias is None else (layer.weight @ offsets[..., None])[..., 0] + bias
                )
            yield normals, offsets

    def preactivations(self, x: Tensor) -> list[Tensor]:
        """Return the gating network's z_ℓ, `depth` tensors (N, M), each an affine function of x."""
        if self.shallow:
            return [layer(x) for layer in self.gate_layers]
        z: list[Tensor] = []
        for layer in self.gate_layers:
            z.append(layer(z[-1] if z else x))
        return z

    def gates(self, x: Tensor, hard: bool | None = None) -> list[Tensor]:
        """Return the gates of each hidden layer, as `GatedNet.gates` does.

        Soft gates of few inputs come from the half-spaces, σ(βz_ℓ) = σ((βA_ℓ) x + βc_ℓ): one thin product for each layer.
        """
        if hard is None and math.isfinite(self.beta) and 4 * self.in_dim <= min(self.widths):
            planes = self._planes(self.beta)
            return [torch.sigmoid(x @ a.mT if c is None else x @ a.mT + c[..., None, :]) for a, c in planes]
        return super().gates(x, hard)

    def half_spaces(self) -> list[tuple[Tensor, Tensor]]:
        """Return for each hidden layer (normals (M, D), offsets (M,)): unit i is on where normals[i]·x + offsets[i] ≥ 0.

        In a deep gating network the normals of layer ℓ are the rows of V_ℓ ⋯ V_1.
        """
        with torch.no_grad():
            return [(a.clone(), a.new_zeros(len(a)) if c is None else c.clone()) for a, c in self._planes()]


class GaLUNet(_SeparateGates):
    """Gated linear unit network: the gates come from a separate ReLU network, z_ℓ = V_ℓ relu(z_{ℓ-1}), gate_ℓ = σ(β z_ℓ).

    The gates are as rich as those of a ReLU net, but free of the experts' weights. Source: gates and values
    in two networks, Lakshminarayanan and Singh (2020) [npk]; the name, Fiat et al. (2019) [galu]. Page: experts/gating.

    >>> net = GaLUNet(2, 4, 3, generator=torch.Generator().manual_seed(0))
    >>> [tuple(gate.shape) for gate in net.gates(torch.zeros(5, 2))], net.gates(torch.zeros(1, 2))[0].mean().item()
    ([(5, 4), (5, 4), (5, 4)], 0.5)
    """

    def preactivations(self, x: Tensor) -> list[Tensor]:
        """Return the pre-activations of the gating ReLU network, `depth` tensors (N, M)."""
        z, h = [], x
        for layer in self.gate_layers:
            z.append(layer(h))
            h = torch.relu(z[-1])
        return z
