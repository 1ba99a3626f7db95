"""Networks that a reader brings: a trained PyTorch module as a gated net. Page: learning/your-own-network.

A stack of linear layers with ReLU in between is exactly a `ReLUNet`; what is affine when a net is only used, batch
normalisation in eval mode or two linear layers in a row, becomes part of the layer beside it. Other nets are read by `torch.fx`.
"""

import torch
from torch import Tensor, nn

from dlgn_lib.models.relu import ReLUNet
from dlgn_lib.models.routed import GatedModule
from dlgn_lib.models.steps import END, Step, steps_of


def as_gated(module: nn.Module) -> ReLUNet | GatedModule:
    """Return a trained PyTorch net as a gated net with the same outputs, so that the tools of this library take it.

    A stack of Linear and ReLU, one reading the other, with Flatten in front, and Identity, Dropout and BatchNorm1d in
    eval mode, becomes a `ReLUNet` that every tool takes. A Flatten is the reader's from then on: inputs are
    rows, `x.flatten(1)`. All else becomes a `GatedModule`, which reads what the module reads: also LeakyReLU, Conv2d,
    AvgPool2d, BatchNorm2d, and a `forward` of the reader's own with relu, flatten and sums, as in residual blocks.
    The new net has weights of its own and the module's dtype; the module is left as it is.
    Source: Theorem 1 of Yadav et al. (2024) [halfspace], with absorbed biases; the other layers: this book.
    Page: learning/your-own-network.

    Args:
        module: the net, with one hidden layer at least, and a linear layer at its end.

    Raises:
        TypeError: if `module` is no module, or has a layer or an operation of another kind; the message names it and says why.
        ValueError: if `module` is in training mode with a layer that then does something else, uses weights twice, ends with
            a ReLU, has no hidden layer, or its layers do not fit together.

    >>> from torch import nn
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> gated, x = as_gated(net), torch.randn(5, 2, 2)
    >>> gated, torch.allclose(gated(x.flatten(1)), net(x), atol=1e-6)
    (ReLUNet(
      in_dim=4, width=3, depth=1, out_dim=2
      (value_layers): ModuleList(
        (0): Linear(in_features=4, out_features=3, bias=True)
        (1): Linear(in_features=3, out_features=2, bias=True)
      )
    ), True)
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {type(module).__name__}")
    steps = steps_of(module)
    return _relu_net(steps) if _is_stack(steps) else GatedModule(module)


def _is_stack(steps: list[Step]) -> bool:
    """Return whether each step reads the one before, and all are linear layers, normalisations or ReLUs, with Flatten in front."""
    body = steps[1:] if isinstance(steps[0].module, nn.Flatten) else steps
    known = all(isinstance(step.module, nn.Linear | nn.BatchNorm1d | None) and step.slope == 0 for step in body)
    chain = all(step.reads == (number,) for number, step in enumerate(steps))
    return known and chain and body[0].kind != "gate"


def _relu_net(steps: list[Step]) -> ReLUNet:
    """Return the net of a stack of linear layers and ReLUs; what is affine becomes part of the layer beside it."""
    layers: list[tuple[Tensor, Tensor]] = []  # (weight, bias) of finished layers, in float64
    open_layer: tuple[Tensor, Tensor] | None = None  # an affine map that no ReLU has closed yet
    dtype = torch.get_default_dtype()
    for step in steps:
        if isinstance(step.module, nn.Linear):
            dtype = step.module.weight.dtype
            open_layer = _after(open_layer, _linear(step.module), step.name)
        elif isinstance(step.module, nn.BatchNorm1d):
            open_layer = _after(open_layer, _normalisation(step.module), step.name)
        elif step.kind == "gate" and open_layer is not None:  # a second ReLU changes nothing
            layers.append(open_layer)
            open_layer = None
    if open_layer is None:
        raise ValueError(END)
    layers.append(open_layer)
    biased = any(bool(bias.any()) for _, bias in layers)
    net = ReLUNet.from_weights([w.tolist() for w, _ in layers], [b.tolist() for _, b in layers] if biased else None)
    return net.to(dtype)


def _linear(layer: nn.Linear) -> tuple[Tensor, Tensor]:
    weight = layer.weight.detach().double()
    return weight, weight.new_zeros(len(weight)) if layer.bias is None else layer.bias.detach().double()


def _normalisation(layer: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    """Return the affine map that batch normalisation is in eval mode, as a diagonal matrix and a bias."""
    assert layer.running_mean is not None and layer.running_var is not None
    scale = (layer.running_var.double() + layer.eps).rsqrt()
    shift = -layer.running_mean.double() * scale
    if layer.affine:
        scale, shift = scale * layer.weight.detach().double(), shift * layer.weight.detach().double()
        shift = shift + layer.bias.detach().double()
    return torch.diag(scale), shift


def _after(first: tuple[Tensor, Tensor] | None, second: tuple[Tensor, Tensor], name: str) -> tuple[Tensor, Tensor]:
    """Return the affine map that does the first, then the second; the second alone if there is no first."""
    if first is None:
        return second
    (a, b), (c, d) = first, second
    if c.shape[1] != len(a):
        raise ValueError(f"{name} must read the {len(a)} numbers of the layer before it, got {c.shape[1]}")
    return c @ a, c @ b + d
