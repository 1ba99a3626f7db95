"""A reader's own PyTorch net through the tools of the library."""

import copy
from itertools import pairwise

import pytest
import torch
from cases import inputs, seeded
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call, jacrev, vmap

from dlgn_lib import as_gated, mixture_output, ntk, overlap_kernel, path_region


@st.composite
def modules(draw, plain=False):
    """Draw an nn.Sequential in eval mode, float64, with weights and statistics of some size; `plain` has one kind of layer."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=3, max_size=5))
    rng, layers = seeded(draw(st.integers(0, 999))), []
    extra = st.just("") if plain else st.sampled_from(["", "norm", "dropout", "identity", "linear", "again"])
    biased = draw(st.booleans())
    for number, (a, b) in enumerate(pairwise(sizes)):
        what = draw(extra)
        if what == "norm" and draw(st.booleans()):
            layers.append(nn.BatchNorm1d(a, affine=draw(st.booleans())))
        if what == "linear":
            layers.append(nn.Linear(a, a, bias=draw(st.booleans())))
        layers.append(nn.Linear(a, b, bias=biased if plain else draw(st.booleans())))
        if what == "norm":
            layers.append(nn.BatchNorm1d(b))
        if number < len(sizes) - 2:
            layers.append(nn.ReLU())
            layers += {"dropout": [nn.Dropout(0.5)], "identity": [nn.Identity()], "again": [nn.ReLU()]}.get(what, [])
    module = nn.Sequential(nn.Sequential(*layers[:2]), *layers[2:]).double().eval()
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(0.5 + torch.rand(tensor.shape, generator=rng, dtype=torch.float64))
        for parameter in module.parameters():
            parameter.sub_(1)  # of both signs; variances stay positive
    return module, sizes[0]


@settings(max_examples=80)
@given(modules())
def test_outputs_are_those_of_the_module_and_of_the_mixture(drawn):
    module, in_dim = drawn
    before, x = copy.deepcopy(module.state_dict()), inputs(6, in_dim, seed=1)
    net = as_gated(module)
    expected = module(x)
    scale = 1 + expected.abs().max()
    assert (net(x) - expected).abs().max() <= 1e-12 * scale
    assert (mixture_output(net, x) - expected).abs().max() <= 1e-12 * scale
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())


@given(modules(plain=True))
def test_the_tangent_kernel_is_that_of_the_module(drawn):
    module, in_dim = drawn
    net, x = as_gated(module), inputs(4, in_dim, seed=2)
    parameters = {key: value.detach() for key, value in module.named_parameters()}
    jacobians = vmap(jacrev(lambda p, one: functional_call(module, p, (one[None],))[0]), (None, 0))(parameters, x)
    expected = sum(torch.einsum("nkp,mkp->nm", j.flatten(2), j.flatten(2)) for j in jacobians.values())
    assert torch.allclose(ntk(net, x), expected, rtol=1e-10, atol=1e-10)


def test_every_tool_takes_it():
    module = nn.Sequential(nn.Flatten(), nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 3), nn.ReLU(), nn.Linear(3, 1))
    net, x = as_gated(module), torch.randn(7, 2, 1, generator=seeded(0))
    assert net.widths == (5, 3) and net.value_layers[0].weight.dtype == torch.float32
    assert torch.allclose(net(x.flatten(1)), module(x), atol=1e-6)
    assert overlap_kernel(net, x.flatten(1), hard=True).shape == (7, 7)
    assert isinstance(path_region(net, (0, 0), ((-1, 1), (-1, 1))), list)


REFUSED = {
    "no hidden layer": (nn.Linear(2, 2), ValueError, "module must have a hidden layer"),
    "nested": (
        nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.Tanh()), nn.Linear(2, 1)),
        TypeError,
        r"module\[0\]\[1\] is a Tanh, .*: it is not piecewise linear",
    ),
    "softmax": (nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2), nn.Softmax(1)), TypeError, "leave it out"),
    "unknown": (nn.Sequential(nn.Linear(2, 2), nn.Hardtanh()), TypeError, r"module\[1\] is a Hardtanh.*not known here"),
    "training": (
        nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.ReLU(), nn.Linear(2, 1)),
        ValueError,
        r"module\[1\] uses the statistics of the batch .* call module.eval\(\) first",
    ),
    "dropout": (nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Dropout(), nn.Linear(2, 1)), ValueError, "at random"),
    "no gates": (nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1)), ValueError, "must have a hidden layer"),
    "relu at the end": (nn.Sequential(nn.Linear(2, 2), nn.ReLU()), ValueError, "must end with a linear layer"),
    "flatten late": (
        nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Flatten()),
        ValueError,
        "module must end with a linear layer",
    ),
    "no fit": (
        nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(3, 1)),
        ValueError,
        "must fit together, but 1 units read 3 of 2",
    ),
    "no fit inside": (
        nn.Sequential(nn.Linear(2, 2), nn.Linear(3, 1), nn.ReLU(), nn.Linear(1, 1)),
        ValueError,
        r"module\[1\] must read the 2 numbers",
    ),
}


@pytest.mark.parametrize(("module", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused_with_its_name_and_the_reason(module, error, message):
    with pytest.raises(error, match=message):
        as_gated(module)
