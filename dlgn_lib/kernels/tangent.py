"""The neural tangent kernel, layer by layer: no Jacobian of N x parameters entries is ever formed. Page: kernels/tangent."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # as everybody writes it

from dlgn_lib.kernels.overlap import mirrored
from dlgn_lib.models.base import GatedNet
from dlgn_lib.models.relu import DeepLinearNet, ReLUNet
from dlgn_lib.models.routed import RoutedNet
from dlgn_lib.models.separate import DLGN

_ENTRIES = 50_000_000  # numbers of gradients that are held at a time


def _forward(net: GatedNet | RoutedNet, x: Tensor, hard: bool | None) -> Tensor:
    """Return the output (N, K), with thresholded gates if `hard`, from a walk that calls every layer."""
    if isinstance(net, DLGN):
        gates = GatedNet.gates(net, x, hard)  # its own may multiply the gating network's matrices without calling them
    elif hard:
        gates = net.gates(x, hard=True)
    else:
        return net(x)
    return net.value_layers[-1](net.gated_features(x, gates))


def _signals(
    net: GatedNet | RoutedNet, layers: list[nn.Module], x: Tensor, hard: bool | None
) -> Iterator[tuple[nn.Module, Tensor, list[Tensor]]]:
    """Return (layer, its input (N, …), [∂f_k/∂(its output) (N, …) for each output k]) for each layer that f reaches."""
    inputs, outputs, handles = {}, {}, []
    for layer in layers:

        def keep(module: nn.Module, args: tuple, result: Tensor) -> None:
            inputs[module], outputs[module] = args[0].detach(), result

        handles.append(layer.register_forward_hook(keep))
    try:
        with torch.enable_grad():
            f = _forward(net, x, hard)
            sums = f.sum(dim=0).unbind()  # K numbers; row n of a signal depends on input n only
    finally:
        for handle in handles:
            handle.remove()
    reached = [layer for layer in layers if outputs[layer].requires_grad]
    deltas: dict[nn.Module, list[Tensor]] = {layer: [] for layer in reached}
    for k in range(len(sums)):
        gradients = torch.autograd.grad(
            sums[k], [outputs[layer] for layer in reached], retain_graph=k + 1 < len(sums), allow_unused=True
        )
        for layer, gradient in zip(reached, gradients, strict=True):
            if gradient is not None:
                deltas[layer].append(gradient)
    for layer in reached:
        yield layer, inputs[layer], deltas[layer]


def _windows(layer: nn.Conv2d, a: Tensor) -> Tensor:
    """Return what the filters of each group read at each place, (N, groups, window, places)."""
    if isinstance(layer.padding, str):
        reach = [
            d * (k - 1) if layer.padding == "same" else 0
            for d, k in zip(layer.dilation, layer.kernel_size, strict=True)
        ]
        a = F.pad(a, (reach[1] // 2, reach[1] - reach[1] // 2, reach[0] // 2, reach[0] - reach[0] // 2))
    padding = 0 if isinstance(layer.padding, str) else layer.padding
    return F.unfold(a, layer.kernel_size, layer.dilation, padding, layer.stride).unflatten(1, (layer.groups, -1))


def _gradients(layer: nn.Module, a: Tensor, delta: Tensor) -> Tensor:
    """Return the gradient of each input with respect to the layer's parameters, (N, parameters)."""
    if isinstance(layer, nn.Conv2d):
        delta = delta.flatten(2)  # (N, J, places)
        weight = delta.unflatten(1, (layer.groups, -1)) @ a.mT  # a: (N, groups, window, places)
        bias = delta.sum(2)
    elif isinstance(layer, nn.Linear):  # at many places: (N, …, I), (N, …, J)
        weight = delta.flatten(1, -2).mT @ a.flatten(1, -2)
        bias = delta.flatten(1, -2).sum(1)
    else:  # a normalisation in eval mode: one factor and one shift for each channel
        shape = (1, -1, *[1] * (a.ndim - 2))
        assert isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) and layer.running_mean is not None
        assert layer.running_var is not None
        scale = (layer.running_var + layer.eps).rsqrt()
        weight = delta * (a - layer.running_mean.view(shape)) * scale.view(shape)
        weight, bias = (
            weight.flatten(2).sum(2) if a.ndim > 2 else weight,
            delta.flatten(2).sum(2) if a.ndim > 2 else delta,
        )
    parts = [weight.flatten(1)] if layer.weight.requires_grad else []
    if layer.bias is not None and layer.bias.requires_grad:
        parts.append(bias)
    return torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]


def _layer_kernel(layer: nn.Module, a: Tensor, deltas: list[Tensor], b: Tensor, others: list[Tensor]) -> Tensor:
    """Return Σ_k ⟨∂f_k(x)/∂w, ∂f_k(y)/∂w⟩ (N, N') over the parameters w of one layer."""
    if isinstance(layer, nn.Linear) and a.ndim == 2:  # the gradient is δ aᵀ, so the product is one of two small ones
        backward = sum((d @ e.T for d, e in zip(deltas, others, strict=True)), a.new_zeros(len(a), len(b)))
        forward = a @ b.T if layer.weight.requires_grad else torch.zeros_like(backward)
        return backward * (forward + float(layer.bias is not None and layer.bias.requires_grad))
    same = a is b
    if isinstance(layer, nn.Conv2d):
        a = _windows(layer, a)
        b = a if same else _windows(layer, b)
    kernel = a.new_zeros(len(a), len(b))
    step = max(1, _ENTRIES // sum(p.numel() for p in layer.parameters()))
    for d, e in zip(deltas, others, strict=True):
        for start in range(0, len(b), step):
            columns = slice(start, start + step)
            right = _gradients(layer, b[columns], e[columns])
            for begin in range(0, len(a), step):
                rows = slice(begin, begin + step)
                left = right if same and begin == start else _gradients(layer, a[rows], d[rows])
                kernel[rows, columns] += left @ right.T
    return kernel


def ntk(
    net: GatedNet | RoutedNet, x: Tensor, y: Tensor | None = None, part: str = "full", hard: bool | None = None
) -> Tensor:
    """Return the empirical neural tangent kernel Σ_k ⟨∂f_k(x)/∂w, ∂f_k(y)/∂w⟩, (N, N') or (N, N).

    For a weight matrix the gradient at one input is an outer product, δ aᵀ, of what comes back and what goes in. So the
    kernel is a sum over layers of (δ·δ')(a·a'), and no Jacobian with its N x parameters entries is ever formed.
    Memory: O(N² + N·M·depth). A filter that is used at many places has a sum of such products as its gradient; then one
    layer's gradients are held, for one output at a time. Source: Jacot et al. (2018) [jacot]; the split into parts: this book.
    Page: kernels/tangent.

    Args:
        net: any net of the family, or one of any shape; parameters that are frozen do not count.
        x: inputs (N, D), or whatever the net reads.
        y: a second set of inputs (N', D), or None for `x` itself.
        part: "full", or the share of the "expert" (weights of the experts) or the "gate" (weights that only gates read).
            Hard gates, and those of ReLU and deep linear nets, have a zero gate part.
        hard: None for the net's own gates, True for thresholded ones.

    Raises:
        ValueError: if `part` is none of the three.

    >>> net = DeepLinearNet(1, 1, 1, generator=torch.Generator().manual_seed(0)).double()    # f = w₂ w₁ x
    >>> w1, w2 = (layer.weight.item() for layer in net.value_layers)
    >>> math.isclose(ntk(net, torch.tensor([[2.0]], dtype=torch.float64)).item(), 4 * (w1**2 + w2**2))
    True
    """
    if part not in ("full", "expert", "gate"):
        raise ValueError(f"part must be 'full', 'expert' or 'gate', got {part!r}")
    experts, gates = list(net.value_layers), list(getattr(net, "gate_layers", []))
    if hard or not math.isfinite(net.beta) or isinstance(net, ReLUNet | DeepLinearNet):
        gates = []
    chosen = {"full": experts + gates, "expert": experts, "gate": gates}[part]
    chosen = [layer for layer in chosen if any(p.requires_grad for p in layer.parameters())]
    n = len(net.check_input(x))
    m = n if y is None else len(net.check_input(y, "y"))
    kernel = x.new_zeros(n, m)
    if not chosen:
        return kernel
    left = list(_signals(net, chosen, x, hard))
    right = left if y is None else list(_signals(net, chosen, y, hard))
    for (layer, a, deltas), (_, b, others) in zip(left, right, strict=True):
        kernel += _layer_kernel(layer, a, deltas, b, others)
    return mirrored(kernel) if y is None else kernel
