"""The family of networks of this book: a gating model switches paths on and off, an expert model gives their values.

All members share one shape, `depth` hidden layers of `width` units, hence `width**depth` paths, or of any widths, hence
their product; they differ only in where the gates come from. `forward` checks nothing, so that nets work under
`torch.func`, `torch.compile` and `torch.export`; the functions of this library check their arguments before they use a net.
 Pages: experts/gating, notation.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from dlgn_lib.checks import check_count, check_points
from dlgn_lib.models.initial import GAINS, LinearLayers, layer_widths, linear_layers


def check_drawing(beta: float, init: str, generator: torch.Generator | None) -> float:
    """Return β as a float if a net can be made with it and drawn like this, else raise TypeError or ValueError."""
    if isinstance(beta, str) or not beta > 0:
        raise ValueError(
            f"beta, the slope of the soft gates, must be positive, got {beta!r}; math.inf gives hard gates"
        )
    if not isinstance(generator, torch.Generator | None):
        raise TypeError(
            f"generator must be a torch.Generator, e.g. torch.Generator().manual_seed(0), got {generator!r}"
        )
    if init not in ("torch", *GAINS):
        raise ValueError(f"init must be one of 'torch', 'he', 'lecun', got {init!r}")
    return float(beta)


def check_hard(hard: bool | None) -> None:
    """Raise ValueError if `hard` is not one of None and True; soft gates are a property of a net, not of a call."""
    if hard not in (None, True):
        raise ValueError(f"hard must be None (the net's own gates) or True (thresholded), got {hard!r}")


class GatedNet(nn.Module):
    """Base of the family: `ŷ(x) = W_L (gate_depth ⊙ W_depth (… gate_1 ⊙ W_1 v(x)))` with `L = depth + 1` weight layers.

    Sub-classes say where the gates come from (`preactivations`). `v(x)` is the input of the expert model.
    Source: the mixture of Yadav et al. (2024) [halfspace]. Page: experts/gating.

    Args:
        in_dim: number of inputs D.
        width: number of units M in every hidden layer, or a list, one number for each.
        depth: number of hidden (gated) layers, L - 1 in the paper; with a list of widths it may be left out.
        out_dim: number of outputs K.
        beta: slope of soft gates σ(βz); `math.inf` gives hard gates. Nets whose gates are always hard ignore it.
        bias: adds biases; in the gating network only where there is one of its own.
        init: "torch" (uniform ±1/√fan_in), "he" or "lecun" (normal).
        generator: random generator of the initial weights; `None` is torch's global one.

    Raises:
        TypeError: if a size is not a whole number.
        ValueError: if a size is below 1, β is not positive or `init` is unknown.

    >>> from dlgn_lib import DLGN
    >>> net = DLGN(2, [8, 4], out_dim=3)
    >>> net.widths, net.features(torch.zeros(5, 2)).shape, net(torch.zeros(5, 2)).shape
    ((8, 4), torch.Size([5, 4]), torch.Size([5, 3]))
    """

    value_layers: LinearLayers
    value_input = "x"
    _value_bias = False

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
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.in_dim = check_count("in_dim", in_dim)
        self.widths = layer_widths(width, depth)
        self.depth = len(self.widths)
        self.out_dim = check_count("out_dim", out_dim)
        self.beta = check_drawing(beta, init, generator)
        self.bias = bool(bias)
        sizes = [self.in_dim, *self.widths, self.out_dim]
        self.value_layers = linear_layers(pairwise(sizes), self.bias and self._value_bias, init, generator)

    @property
    def width(self) -> int:
        """The number of units in every hidden layer.

        Raises:
            ValueError: if layers differ in width; `widths` names all.
        """
        if len(set(self.widths)) > 1:
            raise ValueError(f"the hidden layers of this net have different widths, {self.widths}; use net.widths")
        return self.widths[0]

    def extra_repr(self) -> str:
        """Return the sizes for `print(net)`."""
        width = self.widths[0] if len(set(self.widths)) == 1 else self.widths
        return f"in_dim={self.in_dim}, width={width}, depth={self.depth}, out_dim={self.out_dim}"

    def check_input(self, x: Tensor, name: str = "x") -> Tensor:
        """Return `x` if it is a finite (N, in_dim) tensor of the net's own dtype, else raise TypeError or ValueError."""
        return check_points(name, x, self.in_dim, self.value_layers[0].weight.dtype)

    def preactivations(self, x: Tensor) -> list[Tensor]:
        """Return the `depth` tensors z_ℓ (N, M) whose sign decides the gates."""
        raise NotImplementedError

    def _own_gate(self, z: Tensor) -> Tensor:
        """Return the net's own gate of the pre-activation z: σ(βz), or 1[z ≥ 0] when β is infinite."""
        return torch.sigmoid(self.beta * z) if math.isfinite(self.beta) else (z >= 0).to(z.dtype)

    def gates(self, x: Tensor, hard: bool | None = None) -> list[Tensor]:
        """Return the gates of each hidden layer: a list of `depth` tensors (N, M) with entries in [0, 1].

        Any dimensions may stand in front of (N, D), and stand then in front of the gates, features and outputs too.

        Args:
            x: inputs (N, D).
            hard: None for the net's own gates, True for thresholded ones, 1[z ≥ 0] (a gate is on at 0).

        Raises:
            ValueError: if `hard` is False; soft gates are a property of the net (its β), not of the call.
        """
        check_hard(hard)
        z = self.preactivations(x)
        return [(t >= 0).to(t.dtype) for t in z] if hard else [self._own_gate(t) for t in z]

    def expert_input(self, x: Tensor) -> Tensor:
        """Return v(x), what the expert model reads: x itself, or as many ones (`value_input="ones"`)."""
        return torch.ones_like(x) if self.value_input == "ones" else x

    def gated_features(self, x: Tensor, gates: Sequence[Tensor]) -> Tensor:
        """Return the last hidden layer (N, M) of the expert model with these gates in place: linear in v(x)."""
        h = self.expert_input(x)
        for number, gate in enumerate(gates):
            h = gate * self.value_layers[number](h)  # (N, M)
        return h

    def features(self, x: Tensor) -> Tensor:
        """Return the last hidden layer (N, M): the features that the output layer combines linearly."""
        return self.gated_features(x, self.gates(x))

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (N, K) for inputs (N, D)."""
        return self.value_layers[-1](self.features(x))

    def gate_parameters(self) -> Iterator[nn.Parameter]:
        """Yield the parameters that only the gates read; nothing if the gates have none of their own."""
        return iter(())

    def freeze_gates(self) -> "GatedNet":
        """Stop the training of the gates, in place, and return the net.

        Raises:
            TypeError: if the gates have no parameters of their own (ReLU and deep linear nets).
        """
        parameters = list(self.gate_parameters())
        if not parameters:
            raise TypeError(
                f"a {type(self).__name__} has no gate parameters of its own to freeze; "
                "use a DLGN or a GaLUNet, whose gates come from a network beside the experts"
            )
        for parameter in parameters:
            parameter.requires_grad_(False)
        return self
