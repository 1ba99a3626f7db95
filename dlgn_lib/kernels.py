"""Kernels of a network: the overlap of active paths, the path kernel, the neural tangent kernel, and measures of them.

All of them are products over layers, so paths and parameters are never listed. Pages: kernels/overlap, kernels/tangent.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from dlgn_lib.checks import check_tensor
from dlgn_lib.models.base import GatedNet
from dlgn_lib.models.relu import DeepLinearNet, ReLUNet
from dlgn_lib.paths import path_form

_BLOCK = 512  # rows of a kernel computed at a time: small enough to stay in a processor's cache


def overlap_kernel(net: GatedNet, x: Tensor, y: Tensor | None = None, hard: bool | None = None) -> Tensor:
    """Return Λ(x, y) = Σ_π f_π(x) f_π(y) = Π_ℓ ⟨gate_ℓ(x), gate_ℓ(y)⟩, (N, N') or (N, N).

    With hard gates an entry counts the paths that are active at both inputs. Absorbed biases add the constant unit of
    each layer. float32 nets give float32 unless the number of paths passes its range; then float64 is used.
    Source: Yadav et al. (2024), overlap kernel [halfspace]. Page: kernels/overlap.

    Args:
        net: any net of the family.
        x: inputs (N, D).
        y: a second set of inputs (N', D); `x` itself if None, when only one half of the symmetric kernel is computed.
        hard: None for the net's own gates, True for thresholded ones.

    >>> net = ReLUNet.from_weights([[[1.0], [-1.0]], [[1.0, 1.0]]])     # units that are on right and left of 0
    >>> overlap_kernel(net, torch.tensor([[1.0], [2.0], [-1.0]], dtype=torch.float64)).tolist()
    [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
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
                kernel[rows, columns] = block if begin > start else _mirrored(block)
                if begin > start:
                    kernel[columns, rows] = block.T
        return kernel


def _mirrored(kernel: Tensor) -> Tensor:
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
        inner = _mirrored(v @ v.T) if y is None else v @ path_form(net, y, hard)[0].T
        return inner * overlap_kernel(net, x, y, hard)


def _forward(net: GatedNet, x: Tensor, hard: bool | None) -> Tensor:
    """Return the output (N, K), with thresholded gates if `hard`."""
    if not hard:
        return net(x)
    h = net.expert_input(x)
    for layer, gate in zip(net.value_layers, net.gates(x, hard=True), strict=False):
        h = gate * layer(h)
    return net.value_layers[-1](h)


def _signals(
    net: GatedNet, layers: list[nn.Linear], x: Tensor, hard: bool | None
) -> Iterator[tuple[Tensor, list[Tensor]]]:
    """Return for each layer (its input (N, I) with a 1 for a bias, [∂f_k/∂(its output) (N, J) for each output k])."""
    inputs, outputs, handles = {}, {}, []
    for layer in layers:

        def keep(module: nn.Linear, args: tuple, result: Tensor) -> None:
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
    deltas: dict[nn.Linear, list[Tensor]] = {layer: [] for layer in reached}
    for k in range(len(sums)):
        gradients = torch.autograd.grad(
            sums[k], [outputs[layer] for layer in reached], retain_graph=k + 1 < len(sums), allow_unused=True
        )
        for layer, gradient in zip(reached, gradients, strict=True):
            if gradient is not None:
                deltas[layer].append(gradient)
    for layer in reached:
        a = inputs[layer]
        yield (a if layer.bias is None else torch.cat([a, a.new_ones(len(a), 1)], dim=1)), deltas[layer]


def ntk(net: GatedNet, x: Tensor, y: Tensor | None = None, part: str = "full", hard: bool | None = None) -> Tensor:
    """Return the empirical neural tangent kernel Σ_k ⟨∂f_k(x)/∂w, ∂f_k(y)/∂w⟩, (N, N') or (N, N).

    For a weight matrix the gradient at one input is an outer product, δ aᵀ, of what comes back and what goes in. So the
    kernel is a sum over layers of (δ·δ')(a·a'), and no Jacobian with its N x parameters entries is ever formed.
    Memory: O(N² + N·M·depth). Source: the split into parts follows Yadav et al. (2024) [halfspace].
    Page: kernels/tangent.

    Args:
        net: any net of the family; parameters that are frozen do not count.
        x: inputs (N, D).
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
    chosen = [layer for layer in chosen if layer.weight.requires_grad]
    n = len(net.check_input(x))
    m = n if y is None else len(net.check_input(y, "y"))
    kernel = x.new_zeros(n, m)
    if not chosen:
        return kernel
    left = list(_signals(net, chosen, x, hard))
    right = left if y is None else list(_signals(net, chosen, y, hard))
    for (a, deltas), (b, others) in zip(left, right, strict=True):
        backward = sum((d @ e.T for d, e in zip(deltas, others, strict=True)), kernel.new_zeros(n, m))
        kernel += backward * (a @ b.T)
    return _mirrored(kernel) if y is None else kernel


def trace_normalize(kernel: Tensor) -> Tensor:
    """Return N·K / tr K, so that the mean of the diagonal is 1.

    Source: the figures of Yadav et al. (2024) [halfspace]. Page: learning/kernels-in-training.

    Raises:
        ValueError: if the kernel is not square or its trace is not positive.

    >>> trace_normalize(torch.tensor([[1.0, 1.0], [1.0, 3.0]])).tolist()
    [[0.5, 0.5], [0.5, 1.5]]
    """
    check_tensor("kernel", kernel, "N", "N")
    trace = kernel.trace()
    if not trace > 0:
        raise ValueError(f"kernel must have a positive trace to be normalised, got {trace.item()}")
    return kernel * (len(kernel) / trace)


def alignment(kernel: Tensor, target: Tensor) -> float:
    """Return the centred alignment ⟨HKH, HTH⟩ / (‖HKH‖ ‖HTH‖) of two kernels (N, N), H = 1 - 11ᵀ/N; at most 1.

    Pass `y @ y.T` as `target` to see how far a kernel is turned towards the targets y.
    Source: centred kernel alignment, Cortes et al. (2012). Page: learning/kernels-in-training.

    Raises:
        ValueError: if the kernels are not square, differ in size, or are constant.

    >>> kernel = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> round(alignment(kernel, 3 * kernel + 5), 6)     # neither a factor nor a constant counts
    1.0
    """
    check_tensor("target", target, *check_tensor("kernel", kernel, "N", "N").shape)
    a, b = (k - k.mean(0) - k.mean(1, keepdim=True) + k.mean() for k in (kernel.double(), target.double()))
    norms = a.norm() * b.norm()
    if not norms > 0:
        raise ValueError("alignment is not defined: kernel or target is constant, nothing is left when it is centred")
    return ((a * b).sum() / norms).item()


def class_contrast(kernel: Tensor, labels: Tensor) -> float:
    """Return the mean entry of a kernel (N, N) between different inputs of one class, divided by that between classes.

    It is 1 if the kernel knows nothing of the classes, and does not change when the kernel is scaled. The diagonal does
    not count. Page: learning/images. Source: this book.

    Args:
        kernel: kernel of N inputs.
        labels: their classes (N,).

    Raises:
        ValueError: if the kernel is not square, there is not one label per input, all inputs are of one class or no two
            are, or the mean between classes is not positive.

    >>> kernel = torch.tensor([[9.0, 4.0, 1.0], [4.0, 9.0, 3.0], [1.0, 3.0, 9.0]])
    >>> class_contrast(kernel, torch.tensor([0, 0, 1]))     # 4 within, (1 + 3) / 2 between
    2.0
    """
    check_tensor("labels", labels, len(check_tensor("kernel", kernel, "N", "N")), kind="whole")
    same = labels[:, None] == labels
    different = ~same
    same.fill_diagonal_(False)
    if not (same.any() and different.any()):
        raise ValueError("labels must name two classes or more, and one of them twice")
    between = kernel[different].double().mean()
    if not between > 0:
        raise ValueError(f"the mean of the kernel between classes must be positive, got {between.item()}")
    return (kernel[same].double().mean() / between).item()


def effective_rank(kernel: Tensor) -> float:
    """Return exp(-Σ p_i log p_i) of the eigenvalues' shares p_i: r for r equal eigenvalues, between 1 and N.

    Source: Roy and Vetterli (2007). Page: learning/kernels-in-training.

    Raises:
        ValueError: if the kernel is not square, or has no positive eigenvalue.

    >>> round(effective_rank(torch.eye(5)), 6), round(effective_rank(torch.ones(5, 5)), 6)
    (5.0, 1.0)
    """
    check_tensor("kernel", kernel, "N", "N")
    values = torch.linalg.eigvalsh(kernel.double()).clamp_min(0)
    if not values.sum() > 0:
        raise ValueError("kernel must have a positive eigenvalue")
    shares = values / values.sum()
    return torch.exp(torch.special.entr(shares).sum()).item()
