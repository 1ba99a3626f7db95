"""Kernels of active paths: products over layers, so that no path is ever listed. Page: kernels/overlap."""

import math

import torch
from torch import Tensor

from dlgn_lib.models.base import GatedNet
from dlgn_lib.models.routed import RoutedNet
from dlgn_lib.paths import path_form
from dlgn_lib.routes import route_overlap

_BLOCK = 512  # rows of a kernel computed at a time: small enough to stay in a processor's cache


def overlap_kernel(net: GatedNet | RoutedNet, x: Tensor, y: Tensor | None = None, hard: bool | None = None) -> Tensor:
    """Return Λ(x, y) = Σ_π f_π(x) f_π(y) = Π_ℓ ⟨gate_ℓ(x), gate_ℓ(y)⟩, (N, N') or (N, N).

    With hard gates an entry counts the paths that are active at both inputs. Absorbed biases add the constant unit of
    each layer. float32 nets give float32 unless the number of paths passes its range; then float64 is used.
    Source: Yadav et al. (2024), overlap kernel [halfspace]. Page: kernels/overlap.

    Args:
        net: any net of the family, or one of any shape: its routes are counted, see `dlgn_lib.routes`, in float64.
        x: inputs (N, D), or whatever the net reads.
        y: a second set of inputs (N', D); `x` itself if None, when only one half of the symmetric kernel is computed.
        hard: None for the net's own gates, True for thresholded ones.

    >>> from dlgn_lib import ReLUNet
    >>> net = ReLUNet.from_weights([[[1.0], [-1.0]], [[1.0, 1.0]]])     # units that are on right and left of 0
    >>> overlap_kernel(net, torch.tensor([[1.0], [2.0], [-1.0]], dtype=torch.float64)).tolist()
    [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    if isinstance(net, RoutedNet):
        return _routed_overlap(net, x, y, hard)
    with torch.no_grad():
        gates = _wide_enough(path_form(net, x, hard)[1])
        y = None if y is None else net.check_input(y, "y")
        dtype = gates[0].dtype
        if y is not None:
            return _gram_product(gates, _wide_enough(path_form(net, y, hard)[1]), dtype)
        if len(x) > _BLOCK and all(((g == 0) | (g == 1)).all() for g in gates) and _counts_in_bfloat16(x.device):
            gates = [gate.bfloat16() for gate in gates]
        kernel = x.new_empty(len(x), len(x), dtype=dtype)
        for start in range(0, len(x), _BLOCK):
            rows = slice(start, start + _BLOCK)
            for begin in range(start, len(x), _BLOCK):
                columns = slice(begin, begin + _BLOCK)
                block = _gram_product([g[rows] for g in gates], [g[columns] for g in gates], dtype)
                kernel[rows, columns] = block if begin > start else mirrored(block)
                if begin > start:
                    kernel[columns, rows] = block.T
        return kernel


def _routed_overlap(net: RoutedNet, x: Tensor, y: Tensor | None, hard: bool | None) -> Tensor:
    with torch.no_grad():
        gates = net.gates(net.check_input(x), hard)
        if y is not None:
            return route_overlap(net, gates, net.gates(net.check_input(y, "y"), hard), x[:1])
        kernel = x.new_empty(len(x), len(x), dtype=torch.float64)
        for start in range(0, len(x), _BLOCK):  # one half of it, and the blocks on the diagonal
            rows = [gate[start : start + _BLOCK] for gate in gates]
            block = route_overlap(net, rows, [gate[start:] for gate in gates], x[:1])
            kernel[start : start + _BLOCK, start:] = block
            kernel[start:, start : start + _BLOCK] = block.T
        return mirrored(kernel)


def mirrored(kernel: Tensor) -> Tensor:
    """Return the symmetric matrix with this upper triangle: a product a aᵀ is symmetric up to rounding only."""
    return kernel.triu() + kernel.triu(1).T


def _wide_enough(gates: list[Tensor]) -> list[Tensor]:
    """Return the gates in a type whose range holds the number of paths."""
    log_paths = sum(math.log(gate.shape[1]) for gate in gates)
    narrow = log_paths >= math.log(torch.finfo(gates[0].dtype).max)
    return [gate.double() for gate in gates] if narrow else gates


def _counts_in_bfloat16(device: torch.device) -> bool:
    """Return whether this device has matrix products of bfloat16 of its own, which are faster than those of float32."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    able: dict = getattr(torch.cpu, "get_capabilities", dict)()  # an older torch does not say
    return device.type == "cpu" and bool(able.get("amx_bf16") or able.get("avx512_bf16"))


def _gram(a: Tensor, b: Tensor, dtype: torch.dtype) -> Tensor:
    """Return a bᵀ in `dtype`. bfloat16 holds whole numbers up to 256 exactly, so it counts 256 units at a time."""
    if a.dtype != torch.bfloat16:
        return a @ b.T
    return sum((p @ q.T).to(dtype) for p, q in zip(a.split(256, dim=1), b.split(256, dim=1), strict=True))


def _gram_product(left: list[Tensor], right: list[Tensor], dtype: torch.dtype) -> Tensor:
    kernel = _gram(left[0], right[0], dtype)
    for a, b in zip(left[1:], right[1:], strict=True):
        kernel *= _gram(a, b, dtype)
    return kernel


def path_kernel(net: GatedNet, x: Tensor, y: Tensor | None = None, hard: bool | None = None) -> Tensor:
    """Return ⟨v(x), v(y)⟩ Λ(x, y), (N, N'): the kernel of the features f_π(x) v(x). Arguments: `overlap_kernel`.

    Source: the neural path kernel of Lakshminarayanan and Singh (2020) [npk]. Page: kernels/overlap.

    >>> from dlgn_lib import DLGN
    >>> net, x = DLGN(2, 4, 2), torch.eye(2)     # orthogonal inputs have nothing in common
    >>> path_kernel(net, x)[0, 1].item()
    0.0
    """
    with torch.no_grad():
        v = path_form(net, x, hard)[0]
        y = None if y is None else net.check_input(y, "y")
        inner = mirrored(v @ v.T) if y is None else v @ path_form(net, y, hard)[0].T
        return inner * overlap_kernel(net, x, y, hard)
