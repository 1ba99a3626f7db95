"""Small nets of every kind, shared by the tests, and the tolerances, one per dtype."""

import math

import torch
from hypothesis import strategies as st

from dlgn_lib.models import DLGN, DeepLinearNet, GaLUNet, ReLUNet

#: largest error of a sum over paths, relative to the sum of the absolute values of its terms
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5}

#: one row per member of the family: its class and the keywords that make it special
MEMBERS = [
    {"kind": ReLUNet},
    {"kind": ReLUNet, "bias": True},
    {"kind": DeepLinearNet},
    {"kind": DeepLinearNet, "bias": True},
    {"kind": DLGN},
    {"kind": DLGN, "bias": True, "value_input": "ones"},
    {"kind": DLGN, "beta": math.inf},
    {"kind": DLGN, "shallow": True, "bias": True},
    {"kind": DLGN, "shallow": True, "beta": math.inf, "value_input": "ones"},
    {"kind": GaLUNet},
    {"kind": GaLUNet, "bias": True, "value_input": "ones"},
    {"kind": GaLUNet, "bias": True, "beta": math.inf},
]
SEPARATE_GATES = [member for member in MEMBERS if member["kind"] in (DLGN, GaLUNet)]


def name(member):
    """Return a readable test id, e.g. DLGN-bias-value_input=ones."""
    options = [key if value is True else f"{key}={value}" for key, value in member.items() if key != "kind"]
    return "-".join([member["kind"].__name__, *options])


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def make(member, in_dim=2, width=3, depth=2, out_dim=1, *, seed=0, coarse=False, dtype=torch.float64, **options):
    """Return a net; with `coarse` every weight is one of 0, ±1/2, ±1, so that gates tie and boundaries coincide."""
    options = {**member, **options}
    net = options.pop("kind")(in_dim, width, depth, out_dim, generator=seeded(seed), **options).to(dtype)
    if coarse:
        with torch.no_grad():
            for number, parameter in enumerate(net.parameters()):
                steps = torch.randint(-2, 3, parameter.shape, generator=seeded(1000 * seed + number))
                parameter.copy_(steps / 2)
    return net


def inputs(n, in_dim, seed=0, dtype=torch.float64):
    return torch.randn(n, in_dim, generator=seeded(seed), dtype=dtype)


def assert_same_run(one, other, tolerance=1e-9):
    """Assert that two trajectories hold the same losses and the same nets."""
    assert one.steps == other.steps
    assert one.every == other.every
    assert torch.allclose(one.losses, other.losses, rtol=tolerance, atol=tolerance)
    for step in one.steps:
        for a, b in zip(one.at(step).parameters(), other.at(step).parameters(), strict=True):
            assert torch.allclose(a, b, rtol=tolerance, atol=tolerance)
            assert a.requires_grad == b.requires_grad


@st.composite
def nets(draw, members=MEMBERS, in_dim=4, width=6, depth=5, out_dim=3, coarse=False):
    """Draw a net; the numbers are the largest sizes, `coarse=None` draws both kinds of weights."""
    whole = st.integers
    layers = draw(whole(1, depth))
    units = whole(1, width)
    return make(
        draw(st.sampled_from(members)),
        draw(whole(1, in_dim)),
        draw(units | st.lists(units, min_size=layers, max_size=layers)),
        layers,
        draw(whole(1, out_dim)),
        seed=draw(whole(0, 999)),
        coarse=draw(st.booleans()) if coarse is None else coarse,
        init=draw(st.sampled_from(["torch", "he", "lecun"])),
    )
