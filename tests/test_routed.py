"""Nets of any shape: convolutions, leaky gates, pooling, normalisation, skips; and the convolutional DLGN."""

import copy
import math
import warnings

import pytest
import torch
from cases import inputs, seeded
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call, jacrev, stack_module_state, vmap
from torch.nn import functional as F

from dlgn_lib import (
    as_gated,
    cells,
    mixture_output,
    ntk,
    overlap_kernel,
    path_activity,
    path_experts,
    path_gates,
    train,
    train_ensemble,
)
from dlgn_lib.checks import TooManyPathsError
from dlgn_lib.models import DLGN, ConvDLGN, GatedModule, ReLUNet
from dlgn_lib.paths import activity_share, factorised_output
from dlgn_lib.regions import activation_regions
from dlgn_lib.slices import slice_regions


class Block(nn.Module):
    """A residual block as everybody writes it, with a shortcut that is the input or a layer of its own."""

    def __init__(self, channels, shortcut, slope):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, (1, 3), padding="same")
        self.shortcut = nn.Conv2d(channels, channels, 1) if shortcut else nn.Identity()
        self.slope = slope

    def forward(self, x):
        h = F.relu(self.norm(self.first(x)))
        h = self.second(h)
        h += self.shortcut(x)
        return F.leaky_relu(h, self.slope) if self.slope else h.relu()


class Flat(nn.Module):
    """A residual net of linear layers, with a skip from the input itself."""

    def __init__(self, features, out):
        super().__init__()
        self.one, self.two = nn.Linear(features, features), nn.Linear(features, features, bias=False)
        self.act = nn.ReLU(inplace=True)
        self.last = nn.Linear(features, out)

    def forward(self, x):
        x = torch.flatten(x, 1)
        h = x + self.two(self.act(self.one(x)))
        return self.last(F.relu(h) + h)


@st.composite
def modules(draw):
    """Draw a module in eval mode, float64, with weights and statistics of some size, and inputs for it."""
    pick, whole, flag = st.sampled_from, st.integers, st.booleans()
    rng, out, shape = seeded(draw(whole(0, 999))), draw(whole(1, 2)), (2, draw(whole(2, 3)), draw(whole(2, 3)))
    acts = {"relu": nn.ReLU, "leaky": lambda: nn.LeakyReLU(0.25)}
    kind = draw(pick(["conv", "block", "flat", "leaky stack", "pooled"]))
    if kind == "conv":
        front, shape = draw(pick(["", "pool", "norm"])), (2, 3, draw(whole(3, 4)))
        layers = {"": [], "pool": [nn.AvgPool2d(2, 1)], "norm": [nn.BatchNorm2d(2)]}[front]
        layers += [
            nn.Conv2d(2, 2, draw(pick([1, 2])), groups=draw(pick([1, 2])), padding=draw(whole(0, 1)), bias=draw(flag))
        ]
        layers += [nn.BatchNorm2d(2)] if draw(flag) else []
        layers += [
            acts[draw(pick(list(acts)))](),
            nn.Conv2d(2, 2, 2, stride=draw(whole(1, 2)), padding=1, bias=draw(flag)),
        ]
        layers += [nn.AvgPool2d(2, 1, 1)] if draw(flag) else []
        layers += [acts[draw(pick(list(acts)))](), nn.Dropout2d(), nn.Flatten(), nn.LazyLinear(out, bias=draw(flag))]
    elif kind == "block":
        shape = (1, 2, 2)
        layers = [Block(1, draw(flag), draw(pick([0, 0.1]))), nn.Flatten(), nn.Linear(4, out)]
    elif kind == "flat":
        shape = (1, 1, draw(whole(1, 3)))
        layers = [Flat(shape[2], out)]
    elif kind == "pooled":
        layers = [nn.Conv2d(2, 3, 2), nn.ReLU(), nn.Conv2d(3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        layers += [nn.Linear(2, out)]
    else:
        layers = [nn.Flatten(), nn.Linear(math.prod(shape), 3), nn.LeakyReLU(0.5), nn.Linear(3, 2, bias=draw(flag))]
        layers += [nn.BatchNorm1d(2), nn.LeakyReLU(), nn.Linear(2, out, bias=draw(flag))]
    module, x = nn.Sequential(*layers).eval(), torch.randn(4, *shape, generator=rng, dtype=torch.float64)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # lazy layers are called a new feature
        module(x.float())
        module.double()
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(0.5 + torch.rand(tensor.shape, generator=rng, dtype=torch.float64))
        for parameter in module.parameters():
            parameter.sub_(1)  # of both signs; variances stay positive
    return module, x


def jacobian_kernel(net, x):
    """Return the tangent kernel by torch.func, from the Jacobian of every parameter."""
    parameters = {key: value.detach() for key, value in net.named_parameters()}
    jacobians = vmap(jacrev(lambda p, one: functional_call(net, p, (one[None],))[0]), (None, 0))(parameters, x)
    return sum(torch.einsum("nkp,mkp->nm", j.flatten(2), j.flatten(2)) for j in jacobians.values())


@settings(max_examples=80, deadline=None)
@given(modules())
def test_a_module_of_any_shape_is_a_mixture(drawn):
    module, x = drawn
    before, net = copy.deepcopy(module.state_dict()), as_gated(module)
    expected = module(x)
    scale = 1 + expected.abs().max()
    assert isinstance(net, GatedModule) and net.depth >= 1 and net.out_dim == expected.shape[1]
    assert (net(x) - expected).abs().max() <= 1e-12 * scale
    f, g = path_gates(net, x), path_experts(net, x)
    assert (torch.einsum("np,npk->nk", f, g) - expected).abs().max() <= 1e-12 * scale
    assert torch.equal(mixture_output(net, x), torch.einsum("np,npk->nk", f, g))
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())


@settings(max_examples=80, deadline=None)
@given(modules())
def test_routes_are_counted_without_listing_them(drawn):
    module, x = drawn
    net = as_gated(module)
    for hard in (None, True):
        f = path_gates(net, x, hard=hard)
        assert torch.allclose(path_activity(net, x, hard=hard), f.sum(1), rtol=1e-12)
        assert torch.allclose(overlap_kernel(net, x, hard=hard), f @ f.T, rtol=1e-12)
        assert torch.allclose(overlap_kernel(net, x[:2], x[1:], hard=hard), f[:2] @ f[1:].T, rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(modules())
def test_the_tangent_kernel_is_that_of_the_module(drawn):
    module, x = drawn
    expected = jacobian_kernel(module, x)
    net = as_gated(module)
    assert torch.allclose(ntk(net, x), expected, rtol=1e-10, atol=1e-10 * float(expected.abs().max()))
    assert torch.allclose(
        ntk(net, x[:3], x[1:]), expected[:3, 1:], rtol=1e-10, atol=1e-10 * float(expected.abs().max())
    )
    assert not ntk(net, x, part="gate").any()


@settings(max_examples=30, deadline=None)
@given(modules())
def test_features_are_what_the_last_layer_reads(drawn):
    module, x = drawn
    net = as_gated(module)
    last = net.steps[-1].module
    assert torch.allclose(last(net.features(x)), module(x), rtol=1e-12, atol=1e-12)


def test_a_plain_stack_without_biases_has_the_paths_of_the_family():
    module = nn.Sequential(nn.Linear(3, 4, bias=False), nn.ReLU(), nn.Linear(4, 3, bias=False), nn.ReLU())
    module = module.append(nn.Linear(3, 2, bias=False)).double()
    plain, net, x = as_gated(module), GatedModule(module), inputs(6, 3)
    assert isinstance(plain, ReLUNet)
    assert torch.equal(path_activity(net, x), path_activity(plain, x))
    assert torch.equal(overlap_kernel(net, x), overlap_kernel(plain, x))
    assert torch.allclose(path_gates(net, x).sum(1), path_gates(plain, x).sum(1))
    assert torch.allclose(ntk(net, x), ntk(plain, x), rtol=1e-12)
    assert activity_share(net, x, x[:, 0] > 0) == activity_share(plain, x, x[:, 0] > 0)


def test_a_closed_leaky_gate_is_the_slope():
    module = nn.Sequential(
        nn.Linear(1, 1, bias=False), nn.LeakyReLU(0.25), nn.Linear(1, 1, bias=False), nn.LeakyReLU(0.5)
    )
    module = module.append(nn.Linear(1, 1, bias=False)).double()
    with torch.no_grad():
        for layer in module[::2]:
            layer.weight.fill_(1.0)
    f = path_gates(as_gated(module), torch.tensor([[2.0], [-2.0]]).double())
    assert f.tolist() == [[1.0], [0.125]]
    assert path_gates(as_gated(module), torch.tensor([[-2.0]]).double(), hard=True).tolist() == [[0.0]]


class Plain(nn.Module):
    """A stack that is written as a forward."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(2, 3), nn.Linear(3, 1)

    def forward(self, x):
        return self.two(F.relu(self.one(torch.flatten(x, 1))))


def test_a_stack_that_is_written_as_a_forward_becomes_a_relu_net():
    module, x = Plain().double(), inputs(5, 2)
    net = as_gated(module)
    assert isinstance(net, ReLUNet) and torch.allclose(net(x), module(x), rtol=0, atol=1e-14)


def test_a_relu_may_stand_in_front():
    module, x = nn.Sequential(nn.ReLU(), nn.Linear(2, 1)).double(), inputs(5, 2)
    assert torch.allclose(mixture_output(as_gated(module), x), module(x), rtol=0, atol=1e-14)


def test_thresholded_leaky_gates_are_those_of_the_relu_net_in_every_kernel():
    layers = [nn.Conv2d(1, 2, 2), nn.LeakyReLU(0.3), nn.Flatten(), nn.Linear(8, 3)]
    leaky, x = nn.Sequential(*layers).double(), torch.randn(4, 1, 3, 3, generator=seeded(0), dtype=torch.float64)
    relu = copy.deepcopy(leaky)
    relu[1] = nn.ReLU()
    hard = ntk(as_gated(leaky), x, hard=True)
    assert torch.allclose(hard, ntk(as_gated(relu), x), rtol=1e-12)
    assert not torch.allclose(hard, ntk(as_gated(leaky), x))
    assert torch.equal(overlap_kernel(as_gated(leaky), x, hard=True), overlap_kernel(as_gated(relu), x))


class Broadcast(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.pool, self.last = nn.Conv2d(1, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Linear(8, 1)

    def forward(self, x):
        h = self.conv(x).relu()
        return self.last(torch.flatten(h + self.pool(h), 1))


def test_layers_without_weights_may_be_used_twice():
    pool = nn.AvgPool2d(2, 1)
    layers = [nn.Conv2d(1, 2, 2), nn.ReLU(), pool, nn.Conv2d(2, 2, 1), nn.ReLU(), pool, nn.Flatten(), nn.Linear(2, 1)]
    module, x = nn.Sequential(*layers).double(), torch.randn(3, 1, 4, 4, generator=seeded(0), dtype=torch.float64)
    assert torch.allclose(mixture_output(as_gated(module), x), module(x), rtol=0, atol=1e-13)


def test_frozen_parameters_do_not_count():
    module = (
        nn.Sequential(nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(2, 1)).double().eval()
    )
    x = torch.randn(3, 1, 2, 2, generator=seeded(0), dtype=torch.float64)
    full = ntk(as_gated(module), x)
    module[0].weight.requires_grad_(False)
    module[1].bias.requires_grad_(False)
    trained = {key: value.detach() for key, value in module.named_parameters() if value.requires_grad}
    jacobians = vmap(jacrev(lambda p, one: functional_call(module, p, (one[None],))[0]), (None, 0))(trained, x)
    expected = sum(torch.einsum("nkp,mkp->nm", j.flatten(2), j.flatten(2)) for j in jacobians.values())
    assert torch.allclose(ntk(as_gated(module), x), expected, rtol=1e-10)
    assert not torch.allclose(full, expected)


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x):
        return self.layer(torch.relu(self.layer(x)))


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(2, 2), nn.Linear(2, 2)
        self.two.weight = self.one.weight

    def forward(self, x):
        return self.two(torch.relu(self.one(x)))


class Forward(nn.Module):
    """A module whose forward is the function that is given."""

    def __init__(self, function):
        super().__init__()
        self.layer, self.last, self.function = nn.Linear(2, 2), nn.Linear(2, 1), function

    def forward(self, x):
        return self.function(self, x)


def in_place(module, x):
    h = module.layer(x)
    view = torch.flatten(h, 1)
    return module.last(h.relu_() + view)


REFUSED = {
    "nested": (
        nn.Sequential(nn.Sequential(nn.Conv2d(1, 1, 1), nn.MaxPool2d(2)), nn.Linear(2, 1)),
        TypeError,
        r"module\[0\]\[1\] is a MaxPool2d, which cannot be taken: .* take nn.AvgPool2d",
    ),
    "multiplied": (
        Forward(lambda m, x: m.last(m.layer(x).relu() * 2)),
        TypeError,
        "the operation mul in module.forward is a mul",
    ),
    "maximum": (
        Forward(lambda m, x: m.last(torch.maximum(m.layer(x), x))),
        TypeError,
        "a forward may use layers as modules",
    ),
    "added number": (Forward(lambda m, x: m.last(m.layer(x).relu() + 1)), TypeError, "is a add"),
    "branching": (
        Forward(lambda m, x: m.last(x if x.sum() > 0 else m.layer(x))),
        TypeError,
        "same steps for every input",
    ),
    "tied": (Tied(), ValueError, "module.two has weights that another step has, too"),
    "twice": (Twice(), ValueError, "module.layer has weights that another step has, too"),
    "changed in place": (
        Forward(in_place),
        TypeError,
        "the operation add in module.forward reads a value that was changed in place",
    ),
    "no end": (Forward(lambda m, x: m.layer(x).relu()), ValueError, "must end with a linear layer"),
    "no gates": (Forward(lambda m, x: m.last(m.layer(x))), ValueError, "must have a hidden layer with a ReLU"),
    "by keyword": (
        Forward(lambda m, x: m.last(torch.flatten(input=m.layer(x).relu(), start_dim=1))),
        TypeError,
        "the operation flatten in module.forward must be given what it reads by place",
    ),
    "two outputs": (Forward(lambda m, x: (m.last(m.layer(x).relu()), x)), ValueError, "must end with a linear layer"),
    "not all flat": (Forward(lambda m, x: m.last(torch.flatten(m.layer(x).relu()))), TypeError, "must flatten all but"),
    "training": (
        nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1), nn.ReLU(), nn.Flatten(), nn.Linear(1, 1)),
        ValueError,
        r"module\[1\] uses the statistics of the batch .* call module.eval\(\) first",
    ),
    "dropout": (
        nn.Sequential(nn.Conv2d(1, 1, 1), nn.Dropout2d(), nn.ReLU()),
        ValueError,
        r"module\[1\] drops units at random",
    ),
    "padding": (
        nn.Sequential(nn.Conv2d(1, 1, 3, padding_mode="circular", padding=1)),
        TypeError,
        "must pad with zeros",
    ),
    "pool": (
        nn.Sequential(nn.AvgPool2d(2, ceil_mode=True)),
        TypeError,
        r"module\[0\] must divide by one number everywhere",
    ),
    "pool to two": (nn.Sequential(nn.AdaptiveAvgPool2d(2)), TypeError, "must pool to one number"),
    "no module": ([nn.Linear(2, 2)], TypeError, "module must be a torch.nn.Module, got list"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_with_its_name_and_the_reason(case):
    module, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        as_gated(module)


small = nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 1))
wide = nn.Sequential(
    nn.Linear(1, 300, False), nn.LeakyReLU(), nn.Linear(300, 300, False), nn.LeakyReLU(), nn.Linear(300, 1, False)
)
ONE, UNIT = torch.zeros(1, 3, 3), ((0, 1), (0, 1))
BAD_CALLS = {
    "dtype": (
        lambda: path_activity(as_gated(small), torch.zeros(1, 1, 3, 3).double()),
        TypeError,
        "x has dtype torch.float64",
    ),
    "shape": (
        lambda: path_activity(as_gated(small), torch.zeros(1, 1, 9, 9)),
        ValueError,
        r"x must fit the net, got shape \(1, 1, 9",
    ),
    "NaN": (lambda: ntk(as_gated(small), torch.full((1, 1, 3, 3), math.nan)), ValueError, "x must be finite"),
    "list": (lambda: ntk(as_gated(small), [[0.0]]), TypeError, "x must be a torch tensor"),
    "one row": (lambda: ntk(as_gated(small), torch.zeros(3)), ValueError, "one input per row"),
    "broadcast": (
        lambda: path_activity(as_gated(Broadcast()), torch.zeros(1, 1, 2, 2)),
        ValueError,
        r"the operation add in module.forward adds \(2, 2, 2\) and \(2, 1, 1\)",
    ),
    "rows of rows": (
        lambda: ntk(GatedModule(nn.Sequential(nn.Linear(2, 3), nn.LeakyReLU(), nn.Linear(3, 1))), torch.zeros(4, 5, 2)),
        ValueError,
        r"x must give outputs \(N, K\)",
    ),
    "large table": (
        lambda: path_gates(as_gated(wide), torch.zeros(1200, 1)),
        TooManyPathsError,
        "the table of N x R x K = 1200 x 90000 x 1 values",
    ),
    "channels": (lambda: ConvDLGN((1, 4, 4), 8), TypeError, "channels must be a list of numbers, got 8"),
    "stride": (lambda: ConvDLGN((1, 4, 4), [8], stride=1.5), TypeError, "stride must be a whole number, got 1.5"),
    "paths": (
        lambda: path_gates(as_gated(small), torch.zeros(1, 1, 3, 3), torch.zeros(1, 1)),
        TypeError,
        "paths must be None",
    ),
    "factorised": (lambda: factorised_output(as_gated(small), torch.zeros(1, 1, 3, 3)), TypeError, "got a GatedModule"),
    "hard": (lambda: as_gated(small).gates(torch.zeros(1, 1, 3, 3), hard=False), ValueError, "hard must be None"),
    "images": (
        lambda: ntk(ConvDLGN((1, 4, 4), [2]), torch.zeros(1, 16)),
        ValueError,
        r"x must have shape \(N, 1, 4, 4\)",
    ),
    "even": (lambda: ConvDLGN((1, 4, 4), [2], kernel=2), ValueError, "kernel must be odd"),
    "strides": (
        lambda: ConvDLGN((1, 4, 4), [2, 2], stride=[1]),
        ValueError,
        "channels and stride must name the same layers",
    ),
    "no layer": (lambda: ConvDLGN((1, 4, 4), []), ValueError, "one at least"),
    "flat": (lambda: ConvDLGN((4, 4), [2]), ValueError, "in_shape must be"),
    "experts": (lambda: ConvDLGN((1, 4, 4), [2], value_input="y"), ValueError, "value_input must be"),
    "beta": (lambda: ConvDLGN((1, 4, 4), [2], beta=0), ValueError, "beta, the slope"),
    "family": (lambda: slice_regions(DLGN(3, 2, 2), torch.zeros(3), torch.ones(2, 3), UNIT), TypeError, "got DLGN"),
    "origin": (
        lambda: slice_regions(as_gated(small), torch.zeros(3), torch.ones(2, 3), UNIT),
        ValueError,
        "origin must fit the net",
    ),
    "one direction": (
        lambda: slice_regions(as_gated(small), torch.zeros(1, 3, 3), torch.ones(1, 3, 3), UNIT),
        ValueError,
        "directions must have shape",
    ),
    "bounds": (
        lambda: slice_regions(as_gated(small), ONE, torch.ones(2, 1, 3, 3), ((1, 0), (0, 1))),
        ValueError,
        "low < high",
    ),
}


@pytest.mark.parametrize("case", BAD_CALLS)
def test_bad_calls_name_the_argument(case):
    call, error, message = BAD_CALLS[case]
    with pytest.raises(error, match=message):
        call()


def test_too_many_routes_are_not_listed_but_counted():
    wide = nn.Sequential(
        nn.Conv2d(1, 40, 3), nn.ReLU(), nn.Conv2d(40, 40, 3), nn.ReLU(), nn.Flatten(), nn.Linear(640, 1)
    )
    net, x = as_gated(wide), torch.randn(2, 1, 8, 8, generator=seeded(0))
    with pytest.raises(TooManyPathsError, match="the number of routes"):
        mixture_output(net, x)
    assert (path_activity(net, x) > 1000).all()


# ---- the convolutional DLGN -------------------------------------------------------------------------------------------

CONV = {
    "soft": {},
    "hard": {"beta": math.inf},
    "ones": {"value_input": "ones", "stride": 2},
    "large filters": {"kernel": 5, "stride": [2, 1]},
}
every_kind = pytest.mark.parametrize("kind", CONV)


def conv(kind, **options):
    return ConvDLGN((1, 4, 3), [2, 3], 2, generator=seeded(0), **CONV[kind], **options).double()


def images(n=5):
    return torch.randn(n, 1, 4, 3, generator=seeded(1), dtype=torch.float64)


@every_kind
def test_every_gate_of_a_convolutional_dlgn_is_a_half_space(kind):
    net, x = conv(kind), images()
    for normals, z, gate in zip(net.normals(), net.preactivations(x), net.gates(x, hard=True), strict=True):
        inner = torch.einsum("chwijk,nijk->nchw", normals, x)
        assert torch.allclose(inner, z, rtol=1e-12, atol=1e-12)
        assert torch.equal(gate, (z >= 0).double())


@every_kind
def test_its_mixture_counts_and_kernels(kind):
    net, x = conv(kind), images()
    assert torch.allclose(mixture_output(net, x), net(x), rtol=1e-12, atol=1e-12)
    for hard in (None, True):
        f = path_gates(net, x, hard=hard)
        assert torch.allclose(path_activity(net, x, hard=hard), f.sum(1), rtol=1e-12)
        assert torch.allclose(overlap_kernel(net, x, hard=hard), f @ f.T, rtol=1e-12)
    parts = {part: ntk(net, x, part=part) for part in ("full", "expert", "gate")}
    assert torch.allclose(parts["full"], jacobian_kernel(net, x), rtol=1e-10, atol=1e-12)
    assert torch.allclose(parts["full"], parts["expert"] + parts["gate"], rtol=1e-10)
    assert bool(parts["gate"].any()) == math.isfinite(net.beta)
    sharp = conv(kind, **({} if kind == "hard" else {"beta": math.inf}))
    assert torch.allclose(ntk(net, x, hard=True), ntk(sharp, x), rtol=1e-10)


@every_kind
def test_it_composes_with_torch(kind):
    nets, x = [conv(kind), conv(kind)], images()
    parameters, buffers = stack_module_state(nets)
    empty = copy.deepcopy(nets[0]).to("meta")
    outputs = vmap(lambda p, b: functional_call(empty, (p, b), (x,)))(parameters, buffers)
    assert torch.allclose(outputs[0], nets[0](x), rtol=0, atol=1e-13)
    assert empty(x.to("meta")).shape == (5, 2)
    torch._dynamo.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = torch.compile(nets[0], backend="aot_eager", fullgraph=True)
        assert torch.allclose(compiled(x), nets[0](x), rtol=0, atol=1e-13)
        program = torch.export.export(nets[0], (x,))
    assert torch.allclose(program.module()(x), nets[0](x), rtol=0, atol=1e-13)


def test_away_from_the_edges_the_normals_of_a_channel_are_one_image_that_moves():
    net = ConvDLGN((1, 9, 9), [2, 3], generator=seeded(0)).double()
    normals = net.normals()[1]  # of the second layer: it sees 5 x 5 pixels
    assert torch.allclose(normals[:, 4, 4].roll((1, -1), (-2, -1)), normals[:, 5, 3], rtol=0, atol=1e-14)
    assert not torch.allclose(normals[:, 4, 4], normals[:, 5, 3])


def test_many_are_not_trained_in_one_run():
    with pytest.raises(TypeError, match="must have linear layers, got a ConvDLGN; use train"):
        train_ensemble(lambda seed: conv("soft"), 2, images(), torch.zeros(5, 2).double(), steps=1, lr=0.1)


def test_it_trains():
    net, x = conv("soft").float(), images(20).float()
    y = torch.stack([x.mean((1, 2, 3)), x[:, 0, 0, 0]], dim=1)
    run = train(net, x, y, steps=200, lr=0.01)
    assert run.losses[-1] < 0.2 * run.losses[0]
    assert torch.equal(run.at(200)(x), net(x))


# ---- regions in a plane -----------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(modules(), st.integers(0, 99))
def test_regions_of_a_plane_against_points_of_it(drawn, seed):
    module, x = drawn
    net = as_gated(module)
    origin, directions = x[0], x[1:3]
    regions = slice_regions(net, origin, directions, ((-1, 1), (-1, 1)))
    area = sum(
        float(torch.linalg.det(torch.stack([p[i] - p[0], p[i + 1] - p[0]]))) / 2
        for p, _ in regions
        for i in range(1, len(p) - 1)
    )
    assert abs(area - 4) <= 1e-9
    points = 2 * torch.rand(30, 2, generator=seeded(seed), dtype=torch.float64) - 1
    gates = net.gates(origin + torch.einsum("ps,s...->p...", points, directions), hard=True)
    for number, point in enumerate(points):
        wanted = tuple(tuple(map(int, gate[number].flatten())) for gate in gates)
        inside = []
        for polygon, pattern in regions:
            edges = polygon.roll(-1, 0) - polygon
            away = point - polygon
            cross = edges[:, 0] * away[:, 1] - edges[:, 1] * away[:, 0]
            if (cross >= -1e-9).all():
                inside.append(pattern)
        assert wanted in inside


def test_a_plane_through_a_relu_net_has_the_regions_of_the_module():
    module = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 1)).double()
    origin, directions = inputs(1, 5, seed=3)[0], inputs(2, 5, seed=4)
    plain = slice_regions(as_gated(module), origin, directions, ((-2, 2), (-2, 2)))
    routed = slice_regions(GatedModule(module), origin, directions, ((-2, 2), (-2, 2)))
    assert len(plain) > 5
    assert {pattern for _, pattern in plain} == {pattern for _, pattern in routed}


@pytest.mark.parametrize("regions", ["plane", "slice"])
def test_too_many_regions_are_refused_before_memory_is_full(monkeypatch, regions):
    monkeypatch.setattr(cells, "MAX_ENTRIES", 2000)
    bounds = ((-3, 3), (-3, 3))
    with pytest.raises(
        ValueError, match=r"bounds must hold fewer regions: \d+ pieces are found already, with \d+ numbers each"
    ):
        if regions == "plane":
            activation_regions(ReLUNet(2, 100, 1, generator=seeded(0)), bounds)
        else:
            net = ConvDLGN((1, 6, 6), [4], generator=seeded(0))
            x = torch.randn(3, 1, 6, 6, generator=seeded(1))
            slice_regions(net, x[0], x[1:], bounds)
