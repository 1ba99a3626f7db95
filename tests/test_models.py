"""The family of networks against textbook versions of its members."""

import copy
import math
import subprocess
import sys

import pytest
import torch
from cases import MEMBERS, SEPARATE_GATES, TOLERANCE, inputs, make, name, nets, seeded
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from dlgn_lib import ntk, overlap_kernel, path_activity, path_gates
from dlgn_lib.checks import check_count
from dlgn_lib.models import DLGN, DeepLinearNet, GaLUNet, GatedNet, ReLUNet
from dlgn_lib.paths import factorised_output

every_member = pytest.mark.parametrize("member", MEMBERS, ids=name)
every_separate = pytest.mark.parametrize("member", SEPARATE_GATES, ids=name)


def sequential(layers):
    """Return the usual ReLU network through the given linear layers."""
    modules = [layers[0]]
    for layer in layers[1:]:
        modules += [nn.ReLU(), layer]
    return nn.Sequential(*modules)


def close(a, b):
    return torch.allclose(a, b, rtol=TOLERANCE[a.dtype], atol=TOLERANCE[a.dtype])


# --- what each member computes ------------------------------------------------------------------------------------


@given(nets(members=[m for m in MEMBERS if m["kind"] is ReLUNet]), st.integers(0, 4))
def test_relu_net_is_the_usual_network(net, n):
    x = inputs(n, net.in_dim)
    usual = sequential(list(net.value_layers))
    assert close(net(x), usual(x))
    assert close(net.features(x), usual[:-1](x))
    for level, gate in enumerate(net.gates(x)):
        assert torch.equal(gate, (usual[: 2 * level + 1](x) >= 0).double())


def test_from_weights_by_hand():
    net = ReLUNet.from_weights([[[2, 0], [0, -1]], [[1, 1], [1, -1]], [[1, 10]]], [[1, 0], [0, -1], [0.5]])
    # x = (1, -3): h_1 = relu(3, 3), h_2 = relu(6, 0 - 1) = (6, 0), output 6 + 0.5
    assert net(torch.tensor([[1.0, -3.0]]).double()).item() == 6.5
    assert [g.tolist() for g in net.gates(torch.tensor([[1.0, -3.0]]).double())] == [[[1, 1]], [[1, 0]]]


def test_from_weights_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    ReLUNet.from_weights([[[1.0]], [[1.0]]], [[0.0], [0.0]])
    assert torch.equal(before, torch.get_rng_state())


@given(nets(members=[m for m in MEMBERS if m["kind"] is DeepLinearNet]))
def test_deep_linear_net_is_one_affine_map(net):
    x = inputs(5, net.in_dim)
    product, offset = torch.eye(net.in_dim).double(), torch.zeros(net.in_dim).double()
    for layer in net.value_layers:
        offset = layer.weight @ offset + (layer.bias if net.bias else 0)
        product = layer.weight @ product
    assert close(net(x), x @ product.T + offset)
    every = net.gates(x) + net.gates(x, hard=True)
    assert all(torch.equal(g, torch.ones(5, m).double()) for g, m in zip(every, net.widths * 2, strict=True))


@given(nets(members=[m for m in MEMBERS if m["kind"] is DLGN]))
def test_dlgn_gates_are_half_spaces(net):
    x = inputs(20, net.in_dim)
    for (normals, offsets), gate, hard in zip(net.half_spaces(), net.gates(x), net.gates(x, hard=True), strict=True):
        z = x @ normals.T + offsets
        clear = z.abs() > 1e-12
        assert torch.equal(hard[clear], (z > 0)[clear].double())
        own = torch.sigmoid(net.beta * z) if math.isfinite(net.beta) else hard
        assert torch.allclose(gate, own, rtol=0, atol=1e-10)
        assert not normals.requires_grad and not offsets.requires_grad


def test_half_spaces_by_hand():
    net = DLGN(2, 2, 2, bias=True).double()
    with torch.no_grad():
        for layer, weight, bias in zip(
            net.gate_layers, [[[1, 2], [0, 1]], [[1, 1], [2, 0]]], [[3, 0], [0, 1]], strict=True
        ):
            layer.weight.copy_(torch.tensor(weight))
            layer.bias.copy_(torch.tensor(bias))
    found = [(normals.tolist(), offsets.tolist()) for normals, offsets in net.half_spaces()]
    assert found == [([[1, 2], [0, 1]], [3, 0]), ([[1, 3], [2, 4]], [3, 7])]


@pytest.mark.parametrize("member", [m for m in MEMBERS if m["kind"] is GaLUNet], ids=name)
def test_galu_gates_come_from_a_relu_net(member):
    net, x = make(member, 3, 4, 3, seed=1), inputs(7, 3)
    gating = sequential(list(net.gate_layers))
    for level, gate in enumerate(net.gates(x)):
        z = gating[: 2 * level + 1](x)
        assert close(gate, torch.sigmoid(net.beta * z) if math.isfinite(net.beta) else (z >= 0).double())


@every_separate
def test_output_is_the_gated_expert_network(member):
    net, x = make(member, 3, 4, 3, 2, seed=2), inputs(7, 3)
    expected = []
    for row, *gates in zip(x, *net.gates(x), strict=True):
        h = torch.ones(3).double() if net.value_input == "ones" else row
        for layer, gate in zip(net.value_layers[:-1], gates, strict=True):
            h = gate * (layer.weight @ h)
        expected.append(net.value_layers[-1].weight @ h)
    assert close(net(x), torch.stack(expected))


@every_member
def test_output_layer_combines_the_features(member):
    net, x = make(member, 3, 4, 2, 2), inputs(6, 3)
    last = net.value_layers[-1]
    assert net.features(x).shape == (6, 4)
    assert close(net(x), net.features(x) @ last.weight.T + (0 if last.bias is None else last.bias))


@every_member
def test_gates(member):
    net, x = make(member, 3, 5, 4), inputs(30, 3)
    own, hard = net.gates(x), net.gates(x, hard=True)
    assert [g.shape for g in own] == [g.shape for g in hard] == [(30, 5)] * 4
    assert all(((g == 0) | (g == 1)).all() for g in hard)
    assert all(torch.equal(h, (z >= 0).double()) for h, z in zip(hard, net.preactivations(x), strict=True))
    soft = member["kind"] in (DLGN, GaLUNet) and math.isfinite(net.beta)
    for a, b in zip(own, hard, strict=True):
        assert torch.equal(a, b) != soft
        assert torch.equal((a >= 0.5).double(), b)  # soft gates cross 1/2 where hard ones switch


@every_member
def test_a_gate_is_on_at_zero(member):
    net = make({**member, "bias": False}, 3, 4, 3)
    zero = torch.zeros(2, 3).double()
    soft = member["kind"] in (DLGN, GaLUNet) and math.isfinite(net.beta)
    assert all((gate == 1).all() for gate in net.gates(zero, hard=True))
    assert all((gate == (0.5 if soft else 1)).all() for gate in net.gates(zero))


def test_steep_soft_gates_approach_hard_ones():
    x = inputs(50, 2)
    for kind in (DLGN, GaLUNet):
        steep, hard = (make({"kind": kind}, 2, 4, 2, beta=beta) for beta in (1e7, math.inf))
        for gate, limit, z in zip(steep.gates(x), hard.gates(x), hard.preactivations(x), strict=True):
            clear = z.abs() > 1e-5
            assert clear.float().mean() > 0.5
            assert torch.allclose(gate[clear], limit[clear], rtol=0, atol=1e-40)


# --- initialisation -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("init", "variance"), [("torch", 1 / 3), ("he", 2), ("lecun", 1)])
@pytest.mark.parametrize("kind", [ReLUNet, DLGN, GaLUNet, DeepLinearNet])
def test_initial_weights(init, variance, kind):
    net = kind(100, 300, 2, 50, bias=True, init=init, generator=seeded(0)).double()
    for layer in [m for m in net.modules() if isinstance(m, nn.Linear)]:
        fan_in, w = layer.in_features, layer.weight
        assert w.mean().abs() < 5 * (variance / fan_in / w.numel()) ** 0.5
        assert w.var().item() == pytest.approx(variance / fan_in, rel=0.05)
        assert ((w.abs() <= fan_in**-0.5).all()) == (init == "torch")
        assert layer.bias is None or (layer.bias.abs() <= fan_in**-0.5).all()


def test_default_initialisation_is_torchs_own():
    torch.manual_seed(3)
    net = ReLUNet(3, 5, 2, bias=True)
    torch.manual_seed(3)
    for layer, usual in zip(net.value_layers, [nn.Linear(3, 5), nn.Linear(5, 5), nn.Linear(5, 1)], strict=True):
        assert torch.allclose(layer.weight, usual.weight)
        assert torch.allclose(layer.bias, usual.bias)


@every_member
def test_generator_decides_the_net_and_spares_the_global_one(member):
    before = torch.get_rng_state()
    a, b, c = (make(member, seed=seed).state_dict() for seed in (5, 5, 6))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(a[key], b[key]) for key in a)
    assert not any(torch.equal(a[key], c[key]) for key in a)


@pytest.mark.parametrize(
    "member", [{"kind": DLGN, "bias": True}, {"kind": DLGN, "shallow": True}, {"kind": GaLUNet}], ids=name
)
def test_biases_and_sizes_of_the_gating_network(member):
    net = make(member, 3, 5, 4, 2)
    sizes = [tuple(layer.weight.shape) for layer in net.gate_layers]
    assert sizes == [(5, 3), *[(5, 3) if "shallow" in member else (5, 5)] * 3]
    assert all((layer.bias is not None) == net.bias for layer in net.gate_layers)
    assert all(layer.bias is None for layer in net.value_layers)


# --- life of a module ---------------------------------------------------------------------------------------------


@every_member
def test_freeze_gates(member):
    net, x = make(member, 3, 4, 2, beta=2.0), inputs(6, 3)
    if member["kind"] not in (DLGN, GaLUNet):
        with pytest.raises(TypeError, match=f"{member['kind'].__name__} has no gate parameters"):
            net.freeze_gates()
        return
    net(x).sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in net.gate_parameters())
    net.zero_grad()
    before = [gate.clone() for gate in net.gates(x)]
    assert net.freeze_gates() is net
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net(x).sum().backward()
    optimizer.step()
    assert all(p.grad is None for p in net.gate_layers.parameters())
    assert all(p.grad is not None for p in net.value_layers.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, net.gates(x), strict=True))


@every_member
def test_state_dict_and_deepcopy(member):
    net, other, x = make(member, seed=1), make(member, seed=2), inputs(5, 2)
    assert not torch.equal(net(x), other(x))
    other.load_state_dict(net.state_dict())
    twin = copy.deepcopy(net)
    assert torch.equal(net(x), other(x)) and torch.equal(net(x), twin(x))
    with torch.no_grad():
        twin.value_layers[0].weight.zero_()
    assert torch.equal(net(x), other(x)) and not torch.equal(net(x), twin(x))


@every_member
def test_float32_agrees_with_float64(member):
    net, x = make(member, 3, 4, 2, dtype=torch.float32), inputs(8, 3, dtype=torch.float32)
    out = net(x)
    assert out.dtype == net.features(x).dtype == net.gates(x)[0].dtype == torch.float32
    assert close(out, copy.deepcopy(net).double()(x.double()).float())


@every_member
def test_empty_batch(member):
    net, x = make(member, 3, 4, 2, 5), torch.zeros(0, 3).double()
    assert net(x).shape == (0, 5)
    assert [g.shape for g in net.gates(x)] == [(0, 4)] * 2


def test_repr_names_the_sizes():
    assert "in_dim=2, width=8, depth=3, out_dim=1" in repr(DLGN(2, 8, 3))
    assert "in_dim=2, width=(8, 4), depth=2, out_dim=3" in repr(DLGN(2, [8, 4], out_dim=3))


@every_member
def test_a_list_of_equal_widths_is_one_width(member):
    one, other = make(member, 3, 4, 2, seed=5), make(member, 3, [4, 4], None, seed=5)
    assert one.widths == other.widths == (4, 4) and one.width == other.width == 4
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    with pytest.raises(ValueError, match=r"different widths, \(4, 3\); use net.widths"):
        _ = make(member, 3, [4, 3]).width


# --- bad input ----------------------------------------------------------------------------------------------------

nan_row = torch.zeros(4, 2)
nan_row[2, 1] = math.nan
inf_row = torch.zeros(4, 2)
inf_row[1, 0] = math.inf

BAD_ARGUMENTS = [
    ({"depth": 0}, ValueError, "depth must be a whole number of at least 1, got 0"),
    ({"width": -3}, ValueError, "width must be a whole number of at least 1, got -3"),
    ({"in_dim": 0}, ValueError, "in_dim must be"),
    ({"out_dim": 0}, ValueError, "out_dim must be"),
    ({"depth": True}, ValueError, "depth must be a whole number of at least 1, got True"),
    ({"width": 2.5}, TypeError, "width must be a whole number, got 2.5 of type float"),
    ({"depth": "2"}, TypeError, "depth must be a whole number, got '2' of type str"),
    ({"beta": 0}, ValueError, "beta, the slope of the soft gates, must be positive, got 0"),
    ({"beta": -1.0}, ValueError, "must be positive, got -1.0"),
    ({"beta": math.nan}, ValueError, "must be positive, got nan"),
    ({"width": []}, ValueError, "width must name at least one hidden layer, got none"),
    ({"width": [3, 4, 5]}, ValueError, "depth must agree with the 3 widths [3, 4, 5], or be left out, got 2"),
    ({"width": [3, 0]}, ValueError, "width must be a whole number of at least 1, got 0"),
    ({"width": [3, 2.5]}, TypeError, "width must be a whole number, got 2.5"),
    ({"depth": None}, ValueError, "depth must say how many hidden layers have 3 units"),
    ({"init": "xavier"}, ValueError, "init must be one of 'torch', 'he', 'lecun', got 'xavier'"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD_ARGUMENTS, ids=str)
@pytest.mark.parametrize("kind", [ReLUNet, DeepLinearNet, DLGN, GaLUNet])
def test_bad_arguments(kind, arguments, error, message):
    with pytest.raises(error) as caught:
        kind(**{"in_dim": 2, "width": 3, "depth": 2, **arguments})
    assert message in str(caught.value)


@pytest.mark.parametrize("kind", [DLGN, GaLUNet])
def test_bad_value_input(kind):
    with pytest.raises(ValueError, match=r"value_input must be 'x' .* or 'ones' .*, got 'zeros'"):
        kind(2, 3, 2, value_input="zeros")


BAD_INPUTS = [
    ([[0.0, 0.0]], TypeError, "x must be a torch tensor of shape (N, 2), got list"),
    (torch.zeros(2), ValueError, "x must have shape (N, 2), one input per row, got (2,)"),
    (torch.zeros(4, 3), ValueError, "x must have shape (N, 2), one input per row, got (4, 3)"),
    (torch.zeros(4, 2).double(), TypeError, "x has dtype torch.float64, the net has torch.float32"),
    (torch.zeros(4, 2).long(), TypeError, "x has dtype torch.int64"),
    (nan_row, ValueError, "1 of its 4 rows hold NaN or inf (first: row 2)"),
    (inf_row, ValueError, "1 of its 4 rows hold NaN or inf (first: row 1)"),
]


@pytest.mark.parametrize(("x", "error", "message"), BAD_INPUTS, ids=[case[2][:40] for case in BAD_INPUTS])
@pytest.mark.parametrize(
    "door",
    ["check_input", path_gates, path_activity, overlap_kernel, ntk, factorised_output],
    ids=lambda door: door if isinstance(door, str) else door.__name__,
)
@every_member
def test_bad_inputs_are_refused_at_every_door(member, door, x, error, message):
    net = make(member, dtype=torch.float32)
    with pytest.raises(error) as caught:
        getattr(net, door)(x) if isinstance(door, str) else door(net, x)
    assert message in str(caught.value)


@every_member
def test_soft_gates_cannot_be_asked_for(member):
    with pytest.raises(ValueError, match=r"hard must be None .* or True .*, got False"):
        make(member).gates(torch.zeros(1, 2).double(), hard=False)


BAD_WEIGHTS = [
    ([[[1.0]]], None, "weights must be at least two matrices, one per layer, got shapes [(1, 1)]"),
    ([[1.0], [[1.0]]], None, "weights must be at least two matrices"),
    ([[[1.0]], [[1.0, 2.0]]], None, "weights must fit together, but 1 units read 2 of 1, in [(1, 1), (1, 2)]"),
    ([[[1.0], [1.0]], [[1.0, 1.0]], [[1.0, 0.0]]], None, "but 1 units read 2 of 1"),
    ([[[1.0]], [[1.0]]], [[0.0]], "biases must have shapes [(1,), (1,)], one vector per layer, got [(1,)]"),
    ([[[1.0]], [[1.0]]], [[0.0], [0.0, 1.0]], "one vector per layer, got [(1,), (2,)]"),
]


@pytest.mark.parametrize(("weights", "biases", "message"), BAD_WEIGHTS, ids=range(len(BAD_WEIGHTS)))
def test_bad_weights(weights, biases, message):
    with pytest.raises(ValueError) as caught:
        ReLUNet.from_weights(weights, biases)
    assert message in str(caught.value)


def test_check_count_takes_any_whole_number():
    assert check_count("n", torch.tensor(3)) == 3
    assert check_count("n", 0, least=0) == 0


def test_the_base_class_has_no_gates():
    with pytest.raises(NotImplementedError):
        GatedNet(2, 3, 2)(torch.zeros(1, 2))


def test_importing_is_silent():
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import dlgn_lib"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize("widths", [[8, 8, 8], [13, 8, 20]])
@pytest.mark.parametrize("shallow", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_gates_from_the_half_spaces_are_those_of_the_gating_network(widths, shallow, bias):
    """With few inputs, where `gates` multiplies the matrices first, and one input too many for that."""
    for in_dim in (2, 3):
        net = DLGN(in_dim, widths, out_dim=2, bias=bias, shallow=shallow, generator=seeded(3)).double()
        x = torch.randn(2, 5, in_dim, generator=seeded(4), dtype=torch.float64)
        for gate, z in zip(net.gates(x), net.preactivations(x), strict=True):
            torch.testing.assert_close(gate, torch.sigmoid(net.beta * z), rtol=1e-12, atol=1e-12)
