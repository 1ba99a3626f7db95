"""Gated deep linear networks: pathways that gates switch on and off. Page: neighbours/haste."""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

from dlgn_lib.checks import check_count, check_points, check_positive
from dlgn_lib.gdln.descent import Descent, descend
from dlgn_lib.gdln.layers import forward_layers, normal_weights


class GDLN(nn.Module):
    """Gated deep linear network: ŷ(x) = Σ_p g_p(x) W_p,L … W_p,1 (m_p ⊙ x), a sum of linear pathways behind gates.

    The pathways stand side by side in one net: `weights` are [(M, D), …, (K, M)] with M = Σ widths, block-diagonal in
    between, so that one product serves all of them. Source: Saxe et al. (2022) [race]. Page: neighbours/haste.

    Args:
        gate: function of the inputs (N, D) that gives the pathways' gates (N, P), any numbers.
        widths: units of each pathway, P numbers.
        in_dim: number of inputs D.
        out_dim: number of outputs K.
        std: standard deviation of the initial weights.
        inputs: which inputs each pathway reads, ones and zeros (P, D); None for all.
        depth: number of hidden layers.
        generator: random generator of the initial weights.

    Raises:
        ValueError: if `inputs` does not have one row for each pathway.

    >>> net = GDLN(lambda x: (x > 0).double(), [2, 3], in_dim=2, out_dim=1, std=0.1)     # pathway p is on where x_p > 0
    >>> net(torch.tensor([[-1.0, -2.0]], dtype=torch.float64)).abs().item(), tuple(net.maps().shape)
    (0.0, (2, 1, 2))
    """

    pathway: Tensor

    def __init__(
        self,
        gate: Callable[[Tensor], Tensor],
        widths: Sequence[int],
        in_dim: int,
        out_dim: int,
        *,
        std: float,
        inputs: Tensor | None = None,
        depth: int = 1,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        widths = [check_count("widths", width) for width in widths]
        if not widths:
            raise ValueError("widths must name at least one pathway, got none")
        check_count("in_dim", in_dim)
        check_count("out_dim", out_dim)
        check_positive("std", std, or_zero=True)
        inputs = torch.ones(len(widths), in_dim) if inputs is None else torch.as_tensor(inputs)
        if inputs.shape != (len(widths), in_dim):
            raise ValueError(
                f"inputs must have shape {(len(widths), in_dim)}, pathways x inputs, got {tuple(inputs.shape)}"
            )
        self.gate = gate
        self.register_buffer("pathway", torch.arange(len(widths)).repeat_interleave(torch.tensor(widths)))  # (M,)
        masks = [inputs.double()[self.pathway]]
        if check_count("depth", depth) > 1:
            masks += [(self.pathway[:, None] == self.pathway).double()] * (depth - 1)  # (M, M)
        self.masks = [*masks, torch.ones(out_dim, len(self.pathway), dtype=torch.float64)]
        weights = normal_weights([in_dim, *[len(self.pathway)] * depth, out_dim], std, generator)
        self.weights = nn.ParameterList(w * m for w, m in zip(weights, self.masks, strict=True))

    @classmethod
    def from_relu(cls, weights: Sequence[Tensor]) -> "GDLN":
        """Return the rectified linear network of a two-layer ReLU net [(M, D), (K, M)]: each unit a pathway with its own gate.

        The gates are those of the ReLU net with these weights, 1[W_1 x ≥ 0], and do not move when the GDLN is trained. So
        outputs and gradients are the ReLU net's as long as its gates stay. Source: Jarvis et al. (2025) [haste].

        Raises:
            ValueError: if there are not two weight matrices that fit together.
        """
        shapes = [tuple(w.shape) for w in weights]
        if len(shapes) != 2 or len(shapes[0]) != 2 or shapes[1][1:] != shapes[0][:1]:
            raise ValueError(f"weights must be two matrices (M, D) and (K, M), got shapes {shapes}")
        first = weights[0].detach().clone()
        net = cls(lambda x: (x @ first.T >= 0).to(x.dtype), [1] * len(first), first.shape[1], len(weights[1]), std=0.0)
        net.weights = nn.ParameterList([w.detach().clone() for w in weights])
        return net

    def unit_gates(self, x: Tensor) -> list[Tensor]:
        """Return the gates of each hidden layer's units (N, M): the pathway's in the first, ones above.

        Raises:
            ValueError: if the gate function does not give (N, P).
        """
        gates, count = self.gate(x), int(self.pathway[-1]) + 1
        if tuple(gates.shape) != (len(x), count):
            raise ValueError(
                f"gate must give one number for each input and pathway, {(len(x), count)}, got {tuple(gates.shape)}"
            )
        first = gates[:, self.pathway]
        return [first, *[torch.ones_like(first)] * (len(self.weights) - 2)]

    def check_input(self, x: Tensor, name: str = "x") -> Tensor:
        """Return `x` if it is a finite (N, D) tensor of the net's own dtype, else raise TypeError or ValueError."""
        return check_points(name, x, self.weights[0].shape[1], self.weights[0].dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (N, K) for inputs (N, D)."""
        weights = [w * m for w, m in zip(self.weights, self.masks, strict=True)]  # no gradient where there is no weight
        return forward_layers(weights, x, self.unit_gates(x))[0][-1]

    def maps(self, weights: Sequence[Tensor] | None = None) -> Tensor:
        """Return the linear map of each pathway (P, K, D), of these weights or of the net's own."""
        first, *others = list(self.weights) if weights is None else weights
        member = torch.nn.functional.one_hot(self.pathway).to(first.dtype).T  # (P, M)
        product = member[..., None] * first.detach()  # (P, M, D)
        for w in others:
            product = w.detach() @ product
        return product

    def descend(
        self, x: Tensor, y: Tensor, *, steps: int, lr: float, snapshots: Iterable[int] = ()
    ) -> Descent[list[Tensor]]:
        """Return `descend` from the net's weights with its gates and masks; the net itself is left as it is."""
        gates = self.unit_gates(x)
        return descend(list(self.weights), x, y, steps=steps, lr=lr, gates=gates, masks=self.masks, snapshots=snapshots)
