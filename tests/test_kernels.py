"""Kernels against their definitions: enumeration of paths, and the Jacobian written out."""

import copy
import math

import pytest
import torch
from torch.func import functional_call, jacrev

from dlgn_lib import kernels
from dlgn_lib.kernels import (
    alignment,
    class_contrast,
    effective_rank,
    ntk,
    overlap_kernel,
    path_kernel,
    trace_normalize,
)
from dlgn_lib.models import DLGN, DeepLinearNet, GaLUNet, ReLUNet
from dlgn_lib.paths import path_form, path_gates

KINDS = {
    "ReLU": (ReLUNet, {}),
    "deep linear": (DeepLinearNet, {}),
    "DLGN": (DLGN, {}),
    "DLGN ones": (DLGN, {"value_input": "ones"}),
    "DLGN shallow": (DLGN, {"shallow": True}),
    "DLGN hard": (DLGN, {"beta": math.inf}),
    "GaLU": (GaLUNet, {"beta": 4.0}),
}
every_net = pytest.mark.parametrize(
    ("kind", "bias", "outputs"), [(kind, bias, k) for kind in KINDS for bias in (False, True) for k in (1, 3)]
)


def make(kind, bias=False, outputs=1, width=4, depth=3, seed=0):
    """Return a net and two sets of inputs, all float64."""
    rng = torch.Generator().manual_seed(seed)
    cls, options = KINDS[kind]
    net = cls(3, width, depth, outputs, bias=bias, init="he", generator=rng, **options).double()
    return net, torch.randn(7, 3, generator=rng).double(), torch.randn(5, 3, generator=rng).double()


def close(a, b):
    return (a - b).abs().max() <= 1e-10 * b.abs().max().clamp_min(1e-300)


def jacobian_kernel(net, x, y, names):
    """Σ_k ⟨∂f_k(x), ∂f_k(y)⟩ from Jacobians, parameter by parameter."""
    chosen = {name: p for name, p in net.named_parameters() if name in names}

    def f(parameters, points):
        return functional_call(net, parameters, (points,))

    kernel = x.new_zeros(len(x), len(y))
    left, right = jacrev(f)(chosen, x), jacrev(f)(chosen, y)
    for name in chosen:
        kernel += torch.einsum("nkp,mkp->nm", left[name].flatten(2), right[name].flatten(2))
    return kernel


@every_net
@pytest.mark.parametrize("hard", [None, True])
def test_overlap_and_path_kernel_equal_enumeration(kind, bias, outputs, hard):
    net, x, y = make(kind, bias, outputs)
    f, g = path_gates(net, x, hard=hard), path_gates(net, y, hard=hard)
    assert close(overlap_kernel(net, x, hard=hard), f @ f.T)
    assert close(overlap_kernel(net, x, y, hard=hard), f @ g.T)
    v, w = path_form(net, x)[0], path_form(net, y)[0]
    features, others = ((q[:, :, None] * u[:, None, :]).flatten(1) for q, u in ((f, v), (g, w)))
    assert close(path_kernel(net, x, y, hard=hard), features @ others.T)


@every_net
def test_ntk_equals_the_jacobian_product_and_its_parts_add_up(kind, bias, outputs):
    net, x, y = make(kind, bias, outputs)
    names = [name for name, _ in net.named_parameters()]
    gate = [name for name in names if name.startswith("gate_layers")]
    expert = [name for name in names if name not in gate]
    for points in (None, y):
        other = x if points is None else points
        full = ntk(net, x, points)
        assert close(full, jacobian_kernel(net, x, other, names))
        assert close(ntk(net, x, points, part="expert"), jacobian_kernel(net, x, other, expert))
        if gate and math.isfinite(net.beta):
            assert close(ntk(net, x, points, part="gate"), jacobian_kernel(net, x, other, gate))
            assert ntk(net, x, points, part="gate").abs().max() > 0
        else:
            assert not ntk(net, x, points, part="gate").any()
        assert close(ntk(net, x, points, part="expert") + ntk(net, x, points, part="gate"), full)


@pytest.mark.parametrize("kind", ["DLGN", "DLGN ones", "DLGN shallow", "GaLU"])
@pytest.mark.parametrize("bias", [False, True])
def test_ntk_with_thresholded_gates(kind, bias):
    net, x, y = make(kind, bias, outputs=2)
    hard_net = copy.deepcopy(net)
    hard_net.beta = math.inf
    expert = [name for name, _ in net.named_parameters() if name.startswith("value_layers")]
    assert close(ntk(net, x, y, hard=True), jacobian_kernel(hard_net, x, y, expert))
    assert not ntk(net, x, y, part="gate", hard=True).any()


def test_frozen_gates_have_no_tangent():
    net, x, _ = make("DLGN")
    expert = ntk(net, x, part="expert")
    net.freeze_gates()
    assert not ntk(net, x, part="gate").any()
    assert torch.equal(ntk(net, x), expert)


def test_kernels_leave_no_trace_on_the_net():
    net, x, _ = make("DLGN")
    ntk(net, x)
    overlap_kernel(net, x)
    assert all(p.grad is None and p.requires_grad for p in net.parameters())
    assert not any(layer._forward_hooks for layer in net.modules())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_blocks_are_bitwise_the_plain_product(kind, dtype):
    net, _, _ = make(kind, width=16, depth=4)
    net = net.to(dtype)
    x = torch.randn(1100, 3, generator=torch.Generator().manual_seed(1)).to(dtype)
    plain = math.prod(gate @ gate.T for gate in path_form(net, x, True)[1])
    assert torch.equal(overlap_kernel(net, x, hard=True), plain)


@pytest.mark.parametrize("width", [256, 300])
def test_counting_in_bfloat16_is_exact(width, monkeypatch):
    monkeypatch.setattr(kernels.overlap, "_counts_in_bfloat16", lambda device: True)
    net = DLGN(2, width, 2, bias=True, beta=math.inf, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for layer in net.gate_layers:
            layer.bias.add_(3)  # most gates are on: counts near the width
    x = torch.randn(600, 2, generator=torch.Generator().manual_seed(1))
    gates = path_form(net, x, True)[1]
    assert gates[0].sum(dim=1).max() > width - 10
    assert torch.equal(overlap_kernel(net, x), math.prod(gate @ gate.T for gate in gates))


def test_soft_gates_are_not_counted_in_bfloat16(monkeypatch):
    monkeypatch.setattr(kernels.overlap, "_counts_in_bfloat16", lambda device: True)
    net = DLGN(2, 8, 2, generator=torch.Generator().manual_seed(0))
    x = torch.randn(600, 2, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(overlap_kernel(net, x), math.prod(gate @ gate.T for gate in net.gates(x)), rtol=1e-6)


def test_ten_to_the_forty_paths_are_counted():
    net = ReLUNet(2, 10, 40)
    kernel = overlap_kernel(net, torch.zeros(3, 2))
    assert kernel.dtype == torch.float64 and torch.allclose(kernel.log10(), torch.full((3, 3), 40.0).double())


@pytest.mark.parametrize("kernel_of", [overlap_kernel, path_kernel, ntk])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [40, 600])  # one block of rows, and two
def test_a_kernel_of_one_set_is_symmetric_to_the_bit_and_positive(kernel_of, dtype, size):
    """Whatever order a processor sums in: no product a aᵀ is trusted to be symmetric."""
    rng = torch.Generator().manual_seed(size)
    net = DLGN(5, 48, 3, generator=rng).to(dtype)
    x = torch.randn(size, 5, generator=rng, dtype=dtype)
    kernel = kernel_of(net, x)
    assert torch.equal(kernel, kernel.T)
    rounding = 100 * torch.finfo(dtype).eps
    assert torch.linalg.eigvalsh(kernel.double()).min() > -rounding * kernel.abs().max() * size
    assert torch.allclose(kernel, kernel_of(net, x, x.clone()), rtol=1e-4 if dtype == torch.float32 else 1e-10)


def test_empty_sets_of_inputs():
    net, x, _ = make("DLGN")
    nothing = x[:0]
    assert overlap_kernel(net, nothing).shape == (0, 0) and ntk(net, nothing).shape == (0, 0)
    assert overlap_kernel(net, x, nothing).shape == (7, 0) and ntk(net, nothing, x).shape == (0, 7)


def test_measures():
    assert trace_normalize(torch.diag(torch.tensor([1.0, 3.0]))).trace() == 2
    assert effective_rank(torch.eye(5)) == pytest.approx(5)
    assert effective_rank(torch.ones(4, 4)) == pytest.approx(1)
    y = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])
    assert alignment(y @ y.T, 3 * y @ y.T + 7) == pytest.approx(1)
    z = torch.tensor([[1.0], [1.0], [-1.0], [-1.0]])
    assert alignment(y @ y.T, z @ z.T) == pytest.approx(0, abs=1e-12)


def test_alignment_is_the_cosine_of_centred_kernels():
    rng = torch.Generator().manual_seed(3)
    root, y = torch.randn(9, 4, generator=rng).double() + 2, torch.randn(9, 1, generator=rng).double() + 2
    centre = torch.eye(9).double() - 1 / 9
    a, b = centre @ (root @ root.T) @ centre, centre @ (y @ y.T) @ centre
    expected = ((a * b).sum() / (a.square().sum() * b.square().sum()).sqrt()).item()
    assert alignment(root @ root.T, y @ y.T) == pytest.approx(expected, rel=1e-12)
    plain = torch.nn.functional.cosine_similarity((root @ root.T).flatten(), (y @ y.T).flatten(), dim=0).item()
    assert abs(plain - expected) > 0.1  # else centring would not show


def test_class_contrast_is_a_ratio_of_means():
    rng = torch.Generator().manual_seed(0)
    labels = torch.tensor([2, 0, 2, 1, 0, 2, 2])
    root = torch.rand(7, 3, generator=rng).double()
    kernel = root @ root.T
    pairs = [(i, j) for i in range(7) for j in range(7) if i != j]
    within = [kernel[i, j] for i, j in pairs if labels[i] == labels[j]]
    between = [kernel[i, j] for i, j in pairs if labels[i] != labels[j]]
    expected = sum(within) / len(within) / (sum(between) / len(between))
    assert class_contrast(kernel, labels) == pytest.approx(expected.item())
    order = torch.randperm(7, generator=rng)
    assert class_contrast(9 * kernel[order][:, order], labels[order]) == pytest.approx(expected.item())
    assert class_contrast(torch.ones(7, 7), labels) == 1


@pytest.mark.parametrize(
    ("call", "fragment"),
    [
        (lambda: class_contrast(torch.ones(3, 3), torch.tensor([0, 1])), r"shape \(3,\), got \(2,\)"),
        (lambda: class_contrast(torch.ones(3, 3), torch.tensor([0, 0, 0])), "two classes or more"),
        (lambda: class_contrast(torch.ones(3, 3), torch.tensor([0, 1, 2])), "one of them twice"),
        (lambda: class_contrast(torch.eye(3), torch.tensor([0, 0, 1])), "between classes must be positive, got 0.0"),
        (lambda: class_contrast(torch.ones(2, 3), torch.tensor([0, 1])), r"shape \(N, N\)"),
        (lambda: ntk(*make("DLGN")[:2], part="gates"), "part must be 'full', 'expert' or 'gate', got 'gates'"),
        (lambda: trace_normalize(torch.zeros(2, 3)), r"shape \(N, N\)"),
        (lambda: trace_normalize(torch.zeros(2, 2)), "positive trace"),
        (lambda: alignment(torch.eye(2), torch.eye(3)), r"target must have shape \(2, 2\)"),
        (lambda: alignment(torch.ones(2, 2), torch.eye(2)), "constant"),
        (lambda: effective_rank(torch.zeros(2, 2)), "positive eigenvalue"),
        (lambda: overlap_kernel(make("DLGN")[0], torch.zeros(2, 5).double()), r"shape \(N, 3\)"),
    ],
)
def test_bad_input(call, fragment):
    with pytest.raises(ValueError, match=fragment):
        call()


def test_ntk_does_not_depend_on_the_gradient_mode():
    net, x, _ = make("DLGN", outputs=3)
    with torch.no_grad():
        kernel = ntk(net, x)
    assert torch.equal(kernel, ntk(net, x))
