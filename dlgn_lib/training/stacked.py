"""Several nets of one shape as one: their weights in stacks."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dlgn_lib.models.base import GatedNet


class StackedLinear(nn.Module):
    """S linear layers as one: weight (S, J, I), inputs (N, I) or (S, N, I), outputs (S, N, J)."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        for name in ("weight", "bias"):
            parts = [getattr(layer, name) for layer in layers]
            stacked = None if parts[0] is None else torch.stack([part.detach() for part in parts])
            if stacked is not None:
                stacked = nn.Parameter(stacked, requires_grad=parts[0].requires_grad)
            self.register_parameter(name, stacked)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs of all layers (S, N, J)."""
        y = x @ self.weight.mT
        return y if self.bias is None else y + self.bias[:, None]


def stack_nets(nets: Sequence[GatedNet]) -> GatedNet:
    """Return one net that is all of `nets` at once: outputs (S, N, K). The state of net s is entry s of every tensor.

    Raises:
        TypeError: if a layer is not linear, but convolutional, say.
    """
    layers = [layer for _, stack in nets[0].named_children() for layer in stack.children()]
    if not all(isinstance(layer, nn.Linear) for layer in layers):
        raise TypeError(f"nets trained in one run must have linear layers, got a {type(nets[0]).__name__}; use train")
    stacked = copy.deepcopy(nets[0])
    for name, _ in stacked.named_children():
        columns = zip(*(getattr(net, name) for net in nets), strict=True)
        setattr(stacked, name, nn.ModuleList(StackedLinear(column) for column in columns))
    return stacked
