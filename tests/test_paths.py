"""Sums over paths: listed, factorised, in floats and in fractions, against the forward pass and a textbook version."""

import itertools
import math
from fractions import Fraction

import pytest
import torch
from cases import MEMBERS, TOLERANCE, inputs, make, name, nets, seeded
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dlgn_lib import paths as paths_module
from dlgn_lib.exact import exact_mixture, exact_weights
from dlgn_lib.models import DLGN, DeepLinearNet, GaLUNet, ReLUNet
from dlgn_lib.paths import (
    TooManyPathsError,
    activity_share,
    enumerate_paths,
    factorised_output,
    mixture_output,
    path_activity,
    path_experts,
    path_form,
    path_gates,
)

every_member = pytest.mark.parametrize("member", MEMBERS, ids=name)


def naive_paths(net, x, hard=None):
    """Return ({path: f (N,)}, {path: g (N, K)}) one path at a time, as in the definition of a path."""
    v, gates, weights = path_form(net, x, hard)
    f, g = {}, {}
    for path in itertools.product(range(gates[0].shape[1]), repeat=net.depth):
        f[path] = torch.ones(len(x)).double()
        for layer, unit in enumerate(path):
            f[path] = f[path] * gates[layer][:, unit]
        value = v @ weights[0][path[0]]
        for layer in range(1, net.depth):
            value = value * weights[layer][path[layer], path[layer - 1]]
        g[path] = torch.stack([value * weights[-1][k, path[-1]] for k in range(net.out_dim)], dim=1)
    return f, g


def absolute_sum(net, x):
    """Return Σ_π |f_π g_π|, (N, K): the scale of rounding errors, without listing a path."""
    v, gates, weights = path_form(net, x)
    h = gates[0] * (v @ weights[0].T).abs()
    for weight, gate in zip(weights[1:-1], gates[1:], strict=True):
        h = gate * (h @ weight.abs().T)
    return h @ weights[-1].abs().T


def agree(a, b, scale):
    return a.shape == b.shape and bool(((a - b).abs() <= TOLERANCE[a.dtype] * scale).all())


# --- Theorem 1: the forward pass is the sum over all paths -----------------------------------------------------------


@settings(max_examples=250)
@given(nets(), st.integers(0, 5))
def test_mixture_and_factorised_sum_equal_the_forward_pass(net, n):
    x = inputs(n, net.in_dim)
    scale = absolute_sum(net, x)
    assert agree(mixture_output(net, x), net(x), scale)
    assert agree(factorised_output(net, x), net(x), scale)


@every_member
def test_largest_shape_of_every_member(member):
    net, x = make(member, 4, 6, 5, 3, seed=3, init="he"), inputs(5, 4)
    scale = absolute_sum(net, x)
    assert torch.allclose(
        scale, (path_gates(net, x)[..., None] * path_experts(net, x)).abs().sum(1), rtol=1e-10, atol=0
    )
    assert agree(mixture_output(net, x), net(x), scale)
    assert agree(factorised_output(net, x), net(x), scale)


@every_member
@pytest.mark.parametrize("hard", [None, True])
def test_gates_and_experts_against_the_definition(member, hard):
    net, x = make(member, 2, 3, 3, 2, seed=4), inputs(6, 2)
    f, g = naive_paths(net, x, hard)
    paths = torch.tensor(list(f))
    assert torch.allclose(path_gates(net, x, hard=hard), torch.stack(list(f.values()), dim=1), rtol=1e-13, atol=0)
    assert torch.allclose(path_experts(net, x), torch.stack(list(g.values()), dim=1), rtol=1e-13, atol=0)
    if hard is None:
        total = sum(f[path][:, None] * g[path] for path in f)
        assert agree(mixture_output(net, x), total, absolute_sum(net, x))
    few = paths[[5, 0, 5]]
    assert torch.equal(path_gates(net, x, few, hard=hard), path_gates(net, x, hard=hard)[:, [5, 0, 5]])
    assert torch.equal(path_experts(net, x, few.tolist()), path_experts(net, x)[:, [5, 0, 5]])


def test_one_net_by_hand():
    net = ReLUNet.from_weights([[[1, 0], [0, 2]], [[1, -1], [3, 1]], [[1, 1]]])
    x = torch.tensor([[2.0, 1.0]]).double()  # h_1 = (2, 2), z_2 = (0, 8): every gate is on, also at 0
    assert path_gates(net, x).tolist() == [[1, 1, 1, 1]]
    assert path_experts(net, x).flatten().tolist() == [2, 6, -2, 2]
    assert mixture_output(net, x).item() == net(x).item() == 8


def test_the_path_through_the_constant_units_carries_the_last_bias():
    net, x = make({"kind": ReLUNet, "bias": True}, 2, 3, 2, 2), inputs(4, 2)
    constant = torch.tensor([[3, 3]])
    assert path_gates(net, x, constant).tolist() == [[1]] * 4
    assert torch.equal(path_experts(net, x, constant)[:, 0], net.value_layers[-1].bias.expand(4, 2))


def test_blocks_of_paths_do_not_change_the_sum(monkeypatch):
    net, x = make({"kind": DLGN}, 2, 4, 3, 2), inputs(3, 2)
    whole = mixture_output(net, x)
    monkeypatch.setattr(paths_module, "MAX_ENTRIES", 100 * 3 * 2 * 7)  # blocks of 7 of the 64 paths
    assert agree(mixture_output(net, x), whole, absolute_sum(net, x))
    monkeypatch.setattr(paths_module, "MAX_ENTRIES", 0)  # never less than one path at a time
    assert agree(mixture_output(net, x), whole, absolute_sum(net, x))


@every_member
def test_float32(member):
    net, x = make(member, 3, 4, 3, 2, dtype=torch.float32), inputs(5, 3, dtype=torch.float32)
    scale = absolute_sum(net, x)
    assert mixture_output(net, x).dtype == torch.float32
    assert agree(mixture_output(net, x), net(x), scale)
    assert agree(factorised_output(net, x), net(x), scale)
    assert path_activity(net, x).dtype == torch.float64


@every_member
def test_the_sum_can_be_trained(member):
    net, x = make(member, 2, 3, 2, 1, beta=2.0), inputs(5, 2)
    for f in (mixture_output, factorised_output):
        expected = torch.autograd.grad((net(x) ** 2).sum(), list(net.parameters()), allow_unused=True)
        found = torch.autograd.grad((f(net, x) ** 2).sum(), list(net.parameters()), allow_unused=True)
        for a, b in zip(found, expected, strict=True):
            assert (a is None and b is None) or torch.allclose(a, b, rtol=1e-9, atol=1e-12)


@every_member
def test_empty_batch(member):
    net, x = make(member, 2, 3, 2, 4), torch.zeros(0, 2).double()
    units = path_form(net, x)[1][0].shape[1]
    assert mixture_output(net, x).shape == factorised_output(net, x).shape == (0, 4)
    assert path_gates(net, x).shape == (0, units**2)
    assert path_experts(net, x).shape == (0, units**2, 4)
    assert path_activity(net, x).shape == (0,)


# --- in fractions ----------------------------------------------------------------------------------------------------

fractions = st.fractions(-3, 3, max_denominator=7)


@st.composite
def rational_nets(draw):
    depth, bias = draw(st.integers(1, 3)), draw(st.booleans())
    sizes = [draw(st.integers(1, 4)) for _ in range(depth + 2)]  # hidden layers may differ in width

    def vector(n):
        return st.lists(fractions, min_size=n, max_size=n)

    weights = [draw(st.lists(vector(n), min_size=m, max_size=m)) for n, m in itertools.pairwise(sizes)]
    return weights, draw(vector(sizes[0])), [draw(vector(m)) for m in sizes[1:]] if bias else None


def naive_forward(weights, x, biases=None):
    """Return the output of a ReLU net in the arithmetic of its numbers."""
    h = list(x)
    for number, matrix in enumerate(weights):
        h = [sum((w * a for w, a in zip(row, h, strict=True)), Fraction(0)) for row in matrix]
        if biases is not None:
            h = [z + b for z, b in zip(h, biases[number], strict=True)]
        if number + 1 < len(weights):
            h = [max(z, Fraction(0)) for z in h]
    return h


@settings(max_examples=100)
@given(rational_nets())
def test_exact_difference_is_zero(case):
    weights, x, biases = case
    mixture, forward = exact_mixture(weights, x, biases)
    assert mixture == forward == naive_forward(weights, x, biases)
    assert all(isinstance(a, Fraction) for a in mixture + forward)


@settings(max_examples=25)
@given(nets(members=[m for m in MEMBERS if m["kind"] is ReLUNet], width=4, depth=3))
def test_exact_difference_is_zero_for_float_nets(net):
    x = inputs(1, net.in_dim)
    weights, biases = exact_weights(net)
    assert (biases is None) == (not net.bias)
    mixture, forward = exact_mixture(weights, x[0].tolist(), biases)
    assert mixture == forward == naive_forward(weights, [Fraction(a) for a in x[0].tolist()], biases)
    assert agree(torch.tensor([list(map(float, forward))], dtype=torch.float64), net(x), absolute_sum(net, x))


def test_exact_mixture_reads_text_and_integers():
    assert exact_mixture([[["1/3"], ["-0.5"]], [[3, 1]]], [2], [[0, 2], ["1/7"]]) == (
        [Fraction(22, 7)],
        [Fraction(22, 7)],
    )


# --- path activity ----------------------------------------------------------------------------------------------------


@given(nets(width=4, depth=4), st.integers(0, 5), st.sampled_from([None, True]))
def test_path_activity_is_the_sum_of_path_gates(net, n, hard):
    x = inputs(n, net.in_dim)
    assert torch.allclose(path_activity(net, x, hard), path_gates(net, x, hard=hard).sum(1), rtol=1e-12, atol=0)


@pytest.mark.parametrize("member", [m for m in MEMBERS if not m.get("bias")], ids=name)
def test_ten_to_the_forty_paths(member):
    net, x = make(member, 3, 10, 40, 2, init="he"), inputs(4, 3)
    assert agree(factorised_output(net, x), net(x), absolute_sum(net, x))
    activity = path_activity(net, x, hard=True)
    count = [math.prod(int(g.sum()) for g in row) for row in zip(*net.gates(x, hard=True), strict=True)]
    assert activity.tolist() == pytest.approx([float(c) for c in count], rel=1e-12)
    assert path_activity(net, torch.zeros(1, 3).double(), hard=True).item() == pytest.approx(1e40, rel=1e-12)


def test_float32_net_counts_beyond_the_range_of_float32():
    net = ReLUNet(2, 10, 40, generator=seeded(0))
    assert path_activity(net, torch.zeros(1, 2)).item() == pytest.approx(1e40, rel=1e-12)


def test_activity_beyond_float64_overflows_loudly():
    x = torch.zeros(1, 1)
    assert path_activity(DeepLinearNet(1, 10, 308), x).item() == pytest.approx(1e308, rel=1e-9)
    with pytest.raises(OverflowError, match=r"10\*\*309 paths passes the range of float64"):
        path_activity(DeepLinearNet(1, 10, 309), x)


# --- invariances and limits -------------------------------------------------------------------------------------------


def permuted(net, x, seed):
    """Rename the units of every hidden layer, in place; return (gates, experts) before, and after on the renamed paths."""
    orders = [torch.randperm(m, generator=seeded(seed + layer)) for layer, m in enumerate(net.widths)]
    state = net.state_dict()
    for prefix in {key.split(".")[0] for key in state}:
        for layer, order in enumerate(orders):
            state[f"{prefix}.{layer}.weight"] = state[f"{prefix}.{layer}.weight"][order]
            if f"{prefix}.{layer}.bias" in state:
                state[f"{prefix}.{layer}.bias"] = state[f"{prefix}.{layer}.bias"][order]
            if f"{prefix}.{layer + 1}.weight" in state and not (
                prefix == "gate_layers" and getattr(net, "shallow", False)
            ):
                state[f"{prefix}.{layer + 1}.weight"] = state[f"{prefix}.{layer + 1}.weight"][:, order]
    paths = enumerate_paths(net.widths)
    renamed = torch.stack([order.argsort()[unit] for order, unit in zip(orders, paths.T, strict=True)], dim=1)
    before = path_gates(net, x, paths), path_experts(net, x, paths)
    net.load_state_dict(state)
    return before, (path_gates(net, x, renamed), path_experts(net, x, renamed))


@every_member
def test_renaming_hidden_units_renames_paths(member):
    net, x = make(member, 3, 4, 3, 2, seed=7), inputs(5, 3)
    output, scale = net(x), absolute_sum(net, x)
    (f, g), (f_renamed, g_renamed) = permuted(net, x, seed=8)
    assert torch.allclose(f, f_renamed, rtol=1e-9, atol=1e-12)
    assert torch.allclose(g, g_renamed, rtol=1e-9, atol=1e-12)
    assert not torch.allclose(f, path_gates(net, x, enumerate_paths(4, 3))) or member["kind"] is DeepLinearNet
    assert agree(mixture_output(net, x), output, scale)


@pytest.mark.parametrize("bias", [False, True])
def test_rescaling_neighbouring_layers_of_a_relu_net(bias):
    net, x = make({"kind": ReLUNet, "bias": bias}, 3, 4, 3, 2), inputs(5, 3)
    gates, output, scale = path_gates(net, x), net(x), absolute_sum(net, x)
    factor = torch.tensor([0.5, 3.0, 8.0, 0.1]).double()
    lower, upper = net.value_layers[1:3]
    with torch.no_grad():
        lower.weight.mul_(factor[:, None])
        upper.weight.div_(factor)
        if bias:
            lower.bias.mul_(factor)
    assert torch.equal(path_gates(net, x), gates)
    assert agree(mixture_output(net, x), output, scale)


@pytest.mark.parametrize("kind", [DLGN, GaLUNet])
def test_steep_soft_gates_give_the_sum_of_hard_ones(kind):
    soft, hard = (make({"kind": kind, "beta": beta}, 2, 4, 3) for beta in (1e9, math.inf))
    x = inputs(30, 2)
    x = x[torch.stack([z.abs().min(1).values for z in hard.preactivations(x)]).min(0).values > 1e-6]
    assert len(x) > 10
    assert torch.equal(path_gates(soft, x, hard=True), path_gates(hard, x))
    assert agree(mixture_output(soft, x), mixture_output(hard, x), absolute_sum(hard, x))
    assert path_activity(soft, x).tolist() == pytest.approx(path_activity(hard, x).tolist())


def test_one_layer_of_one_unit():
    net = ReLUNet.from_weights([[[-2.0]], [[3.0]]])
    x = torch.tensor([[-1.0], [1.0]]).double()
    assert (path_gates(net, x).tolist(), path_experts(net, x).tolist()) == ([[1], [0]], [[[6]], [[-6]]])
    assert mixture_output(net, x).tolist() == [[6], [0]]


# --- listing paths, and refusing to ------------------------------------------------------------------------------------


@given(st.integers(1, 6), st.integers(1, 5))
def test_enumeration_is_the_product_of_the_layers(width, depth):
    assert enumerate_paths(width, depth).tolist() == [list(p) for p in itertools.product(range(width), repeat=depth)]


TOO_MANY = {
    "enumerate": (lambda: enumerate_paths(10, 40), "10**40 (about 10**40), is more than the limit of 1,000,000"),
    "gates": (lambda: path_gates(ReLUNet(1, 10, 40), torch.zeros(1, 1)), "10**40 (about 10**40)"),
    "experts": (lambda: path_experts(ReLUNet(1, 10, 40), torch.zeros(1, 1)), "is more than the limit of 1,000,000"),
    "mixture": (
        lambda: mixture_output(ReLUNet(1, 1, 20, bias=True), torch.zeros(1, 1)),
        "2**20 (1,048,576), is more than the limit",
    ),
    "gate table": (
        lambda: path_gates(ReLUNet(1, 10, 4), torch.zeros(10_001, 1)),
        "N x P = 10001 x 10000 path gates (100,010,000), is more than the limit of 100,000,000",
    ),
    "expert table": (
        lambda: path_experts(ReLUNet(1, 10, 4, 100), torch.zeros(101, 1)),
        "N x P x K = 101 x 10000 x 100 path values (101,000,000), is more than",
    ),
    "exact": (
        lambda: exact_mixture([[[1]] * 20, *[[[1] * 20] * 20] * 4, [[1] * 20]], [1]),
        "paths (3,200,000), is more than",
    ),
    "a number too long to print": (lambda: enumerate_paths(10, 5000), "10**5000 (about 10**5000), is more than"),
}


@pytest.mark.parametrize("case", TOO_MANY)
def test_too_many_paths(case):
    call, message = TOO_MANY[case]
    with pytest.raises(TooManyPathsError) as caught:
        call()
    assert message in str(caught.value)
    assert "path_activity or factorised_output" in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_the_limit_itself_is_allowed():
    assert enumerate_paths(10, 6)[-1].tolist() == [9] * 6
    assert enumerate_paths(1, 400).tolist() == [[0] * 400]


# --- bad input ---------------------------------------------------------------------------------------------------------

small = make({"kind": ReLUNet}, 2, 3, 2)
point = torch.zeros(1, 2).double()
BAD = {
    "width 0": (lambda: enumerate_paths(0, 2), ValueError, "width must be a whole number of at least 1, got 0"),
    "depth 1.5": (lambda: enumerate_paths(2, 1.5), TypeError, "depth must be a whole number, got 1.5"),
    "paths of the wrong depth": (
        lambda: path_gates(small, point, [[0, 1, 2]]),
        ValueError,
        "paths must be whole numbers of shape (P, 2)",
    ),
    "one path without its row": (lambda: path_experts(small, point, [0, 1]), ValueError, "got shape (2,)"),
    "fractional paths": (lambda: path_gates(small, point, [[0.0, 1.0]]), ValueError, "dtype torch.float32"),
    "unit too large": (lambda: path_gates(small, point, [[0, 3]]), ValueError, "unit numbers from 0 to 2, got 0 to 3"),
    "unit too large, different widths": (
        lambda: path_gates(make({"kind": ReLUNet}, 2, [4, 2], None), point, [[0, 2]]),
        ValueError,
        "unit numbers from 0 to [3, 1] in the layers, got 0 to 2",
    ),
    "unit below 0": (
        lambda: path_experts(small, point, [[-1, 0]]),
        ValueError,
        "unit numbers from 0 to 2, got -1 to 0",
    ),
    "exact, one matrix": (
        lambda: exact_mixture([[[1]]], [1]),
        ValueError,
        "weights must be at least two matrices, one per layer, got 1",
    ),
    "exact, input": (
        lambda: exact_mixture([[[1]], [[1]]], [1, 2]),
        ValueError,
        "weights[0] must have 2 entries, one for each number below it, got [1]",
    ),
    "exact, shapes": (
        lambda: exact_mixture([[[1]], [[1, 1]]], [1]),
        ValueError,
        "weights[1] must have 1 entries, one for each number below it, got [2]",
    ),
    "exact, few biases": (
        lambda: exact_mixture([[[1]], [[1]]], [1], [[1]]),
        ValueError,
        "biases must be one list per layer, of lengths [1, 1]",
    ),
    "exact, long bias": (lambda: exact_mixture([[[1]], [[1]]], [1], [[1], [1, 2]]), ValueError, "got [1, 2]"),
    "exact weights of a DLGN": (lambda: exact_weights(DLGN(2, 3, 2)), TypeError, "net must be a ReLUNet, got DLGN"),
    "share of no bools": (lambda: activity_share(small, point, torch.ones(1)), ValueError, "subset must be one bool"),
    "share, wrong size": (
        lambda: activity_share(small, point, torch.ones(2, dtype=torch.bool)),
        ValueError,
        "for each of the 1 points, got torch.bool, shape (2,)",
    ),
    "share of nothing": (
        lambda: activity_share(ReLUNet.from_weights([[[1.0]], [[1.0]]]), -point[:, :1].abs() - 1, torch.tensor([True])),
        ValueError,
        "no path of the net is active",
    ),
    "soft": (lambda: path_gates(small, point, hard=False), ValueError, "hard must be None"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case):
    call, error, message = BAD[case]
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)


@pytest.mark.parametrize("f", [path_gates, path_experts, mixture_output, factorised_output, path_activity])
@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (torch.zeros(3), ValueError, "x must have shape (N, 2)"),
        (torch.zeros(3, 2), TypeError, "x has dtype torch.float32, the net has torch.float64"),
        (torch.full((3, 2), math.nan).double(), ValueError, "3 of its 3 rows hold NaN or inf"),
    ],
)
def test_bad_x(f, x, error, message):
    with pytest.raises(error) as caught:
        f(small, x)
    assert message in str(caught.value)


@given(nets(), st.integers(1, 12), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_shares_of_a_subset_and_of_the_rest_add_up_to_one(net, n, seed):
    x = inputs(n, net.in_dim, seed)
    subset = torch.rand(n, generator=seeded(seed)) < 0.5
    activity = path_gates(net, x, hard=True).sum(dim=1)
    assume(activity.sum() > 0)
    share = activity_share(net, x, subset)
    assert math.isclose(share, activity[subset].sum() / activity.sum(), abs_tol=1e-12)
    assert math.isclose(share + activity_share(net, x, ~subset), 1, rel_tol=1e-12)
