"""Nets compose with the rest of PyTorch: torch.func, torch.compile, torch.export, the meta device, leading dimensions."""

import copy
import warnings

import pytest
import torch
from cases import MEMBERS, inputs, make, name
from torch.func import functional_call, jacrev, stack_module_state, vmap

from dlgn_lib import ntk
from dlgn_lib.training import LinearNet

every_member = pytest.mark.parametrize("member", MEMBERS, ids=name)


def small(member, **options):
    return make(member, 2, [4, 3, 5], None, 2, **options)


@every_member
def test_many_nets_in_one_call(member):
    nets, x = [small(member, seed=seed) for seed in range(3)], inputs(6, 2)
    parameters, buffers = stack_module_state(nets)
    empty = copy.deepcopy(nets[0]).to("meta")
    outputs = vmap(lambda p, b: functional_call(empty, (p, b), (x,)))(parameters, buffers)
    assert torch.allclose(outputs, torch.stack([net(x) for net in nets]), rtol=0, atol=1e-14)


@every_member
def test_the_tangent_kernel_is_the_product_of_jacobians_by_torch_func(member):
    net, x = small(member), inputs(5, 2)
    parameters = {key: value.detach() for key, value in net.named_parameters()}
    jacobians = vmap(jacrev(lambda p, one: functional_call(net, p, (one,))), (None, 0))(parameters, x)
    expected = sum(torch.einsum("nkp,mkp->nm", j.flatten(2), j.flatten(2)) for j in jacobians.values())
    assert torch.allclose(ntk(net, x), expected, rtol=1e-10, atol=1e-10)


@every_member
def test_a_compiled_net_is_one_graph(member):
    net, x = small(member), inputs(5, 2)
    torch._dynamo.reset()
    compiled = torch.compile(net, backend="aot_eager", fullgraph=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the compiler's own parts
        assert torch.allclose(compiled(x), net(x), rtol=0, atol=1e-14)


@every_member
def test_a_net_can_be_exported(member):
    net, x = small(member), inputs(5, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(net, (x,))
    assert torch.allclose(program.module()(x), net(x), rtol=0, atol=1e-14)


@every_member
def test_a_net_on_the_meta_device_knows_its_shapes(member):
    net = small(member).to("meta")
    assert net(torch.empty(7, 2, dtype=torch.float64, device="meta")).shape == (7, 2)


@every_member
def test_dimensions_in_front_are_kept(member):
    net, x = small(member), inputs(24, 2)
    several = x.reshape(2, 3, 4, 2)
    assert torch.allclose(net(several), net(x).reshape(2, 3, 4, 2), rtol=0, atol=1e-14)
    assert torch.allclose(net.features(several), net.features(x).reshape(2, 3, 4, 5), rtol=0, atol=1e-14)
    for gate, flat in zip(net.gates(several, hard=True), net.gates(x, hard=True), strict=True):
        assert torch.equal(gate, flat.reshape(2, 3, 4, -1))
    assert net(x[0]).shape == (2,)


def test_the_linear_net_composes_too():
    nets, x = [LinearNet(2, 3).double() for _ in range(2)], inputs(4, 2)
    outputs = vmap(lambda p, b: functional_call(nets[0], (p, b), (x,)))(*stack_module_state(nets))
    assert torch.allclose(outputs, torch.stack([net(x) for net in nets]))
