"""The engine of live/ in a browser: it computes what the library computes, from the same weights and from the same seed."""

import json
import math
from functools import cache

import chromium
import pytest
import torch

from dlgn_lib import DLGN, DeepLinearNet, GaLUNet, ReLUNet, circle, ntk, overlap_kernel, path_activity
from dlgn_lib.data import multi_context_task
from dlgn_lib.features import feature_spectrum
from dlgn_lib.gdln import context_theory, descend, normal_weights
from dlgn_lib.paths import enumerate_paths, path_experts, path_gates
from dlgn_lib.regions import activation_regions, path_region, region_area
from dlgn_lib.threads import one_thread

EXPERIMENTS = json.loads((chromium.LIVE / "experiments.json").read_text(encoding="utf-8"))
FAMILY = {"DLGN": DLGN, "ReLU": ReLUNet, "deep linear": DeepLinearNet, "GaLU": GaLUNet}
#: what float32 leaves of an agreement, for one pass and for many steps
ONE_PASS, STEPS = 2e-5, 2e-4
#: for how many steps the losses are compared, and after how many the weights
LOSSES, WEIGHTS = 200, 50
MEMBERS = {
    **{kind: {"kind": kind} for kind in FAMILY},
    "shallow": {"shallow": True},
    "frozen": {"frozen": True},
    "shallow, frozen": {"shallow": True, "frozen": True},
    "GaLU, frozen": {"kind": "GaLU", "frozen": True},
}
OPTIONS = {
    "": {},
    "bias": {"bias": True},
    "ones": {"valueInput": "ones"},
    "hard": {"beta": math.inf},
    "bias, ones": {"bias": True, "valueInput": "ones"},
    "bias, hard": {"bias": True, "beta": math.inf},
    "ones, hard": {"valueInput": "ones", "beta": math.inf},
    "bias, ones, hard": {"bias": True, "valueInput": "ones", "beta": math.inf},
}
#: rates at which no descent is chaotic: near the largest that a net can take, two roundings of one net part in 200 steps
OPTIMIZERS = {
    "Adam": {"optimizer": "adam", "lr": 2e-3},
    "SGD": {"optimizer": "sgd", "lr": 0.02},
    "momentum": {"optimizer": "sgd", "momentum": 0.9, "lr": 5e-3},
}
#: every member with every option that it can have; widths are no multiples of four
CASES = {
    **{
        ", ".join(filter(None, (member, option))): MEMBERS[member] | OPTIONS[option]
        for member in MEMBERS
        for option in OPTIONS
        if option in ("", "bias") or member not in ("ReLU", "deep linear")
    },
    "sharp": {"beta": 40.0},
    "he": {"init": "he", "bias": True},
    "lecun, many weights": {"kind": "ReLU", "init": "lecun", "width": [16, 20]},
    "one output, one layer": {"width": [7], "outDim": 1},
    "two inputs": {"width": [8, 8], "inDim": 2, "outDim": 1},
}
#: Adam with every option; the others, which do to each weight the same whatever the net, with and without biases
DESCENTS = [
    (name, how) for name in CASES for how in OPTIMIZERS if how == "Adam" or name.removesuffix(", bias") in MEMBERS
]
PYTHON_NAMES = {"valueInput": "value_input"}


@pytest.fixture(scope="module")
def call():
    """Call a function of live/tests/driver.js in Chromium, under the policy of the site, with one argument."""
    with chromium.engine() as call:
        yield call


def net_of(kind="DLGN", inDim=3, width=(6, 5, 3), outDim=2, frozen=False, seed=3, **options):
    """Return the library's net for the options of the engine."""
    kept = {PYTHON_NAMES.get(name, name): value for name, value in options.items() if name != "kernels"}
    generator = torch.Generator().manual_seed(seed)
    net = FAMILY[kind](inDim, list(width), out_dim=outDim, generator=generator, **kept)
    return net.freeze_gates() if frozen else net


def parameters(net, gradients=False):
    layers = [*net.value_layers, *getattr(net, "gate_layers", [])]
    found = [p for layer in layers for p in (layer.weight, layer.bias) if p is not None]
    if gradients:
        found = [torch.zeros_like(p) if p.grad is None else p.grad for p in found]
    return [p.detach().flatten().tolist() for p in found]


def apart(ours, theirs):
    """Return the largest relative distance of corresponding lists of numbers."""
    pairs = [(torch.tensor(a), torch.tensor(b)) for a, b in zip(ours, theirs, strict=True)]
    return max((a - b).norm().item() / max(b.norm().item(), 1e-30) for a, b in pairs)


def flat(tensors):
    return [tensor.detach().flatten().tolist() for tensor in tensors]


@one_thread()
def descent(net, x, y, steps, lr, optimizer, momentum=0.0):
    """Train the net; return the loss before each step, and the parameters after WEIGHTS steps."""
    trained = [p for p in net.parameters() if p.requires_grad]
    kinds = {
        "adam": torch.optim.Adam(trained, lr),
        "sgd": torch.optim.SGD(trained, lr, momentum),
    }
    losses, at = [], None
    for step in range(steps):
        if step == WEIGHTS:
            at = parameters(net)
        kinds[optimizer].zero_grad()
        loss = (net(x) - y).square().mean()
        loss.backward()
        kinds[optimizer].step()
        losses.append(loss.item())
    return losses, at


@cache
def descended(name, optimizer):
    """Return what `descent` does with a case, once for both kinds of kernels."""
    _, net, x, y = given(CASES[name])
    return descent(net, x, y, LOSSES, **OPTIMIZERS[optimizer])


def given(case):
    """Return (options of the engine, net, inputs, targets) of a case."""
    options = {"kind": "DLGN", "inDim": 3, "width": [6, 5, 3], "outDim": 2, "seed": 3, "beta": 4.0} | case
    net = net_of(**options)
    rng = torch.Generator().manual_seed(5)
    x, y = torch.randn(11, net.in_dim, generator=rng), torch.randn(11, net.out_dim, generator=rng)
    options["beta"] = options["beta"] if math.isfinite(options["beta"]) else None  # JSON has no infinity
    return options, net, x, y


def asked(call, name, options, net, x, y, **more):
    """Call a function of the driver with a net, its weights and its data."""
    lists = {"x": x.flatten().tolist(), "y": y.flatten().tolist(), "parameters": parameters(net)}
    return call(name, options=options, **lists, **more)


@pytest.mark.parametrize("kernels", ["wasm", "js"])
@pytest.mark.parametrize("name", CASES)
def test_the_engine_agrees_with_the_library(call, name, kernels):
    options, net, x, y = given(CASES[name])
    theirs = asked(call, "compare", options | {"kernels": kernels}, net, x, y)
    assert theirs["kernels"] == kernels
    assert apart(theirs["drawn"], parameters(net)) < 1e-6  # to the last bits: processors round uniform_ in two ways

    loss = (net(x) - y).square().mean()
    loss.backward()
    assert theirs["loss"] == pytest.approx(loss.item(), rel=ONE_PASS)
    gradients = parameters(net, gradients=True)
    assert apart(theirs["gradients"], gradients) < ONE_PASS
    for number in range(len(gradients)):  # a part that is off by a thousandth is noticed; frozen gates have none
        bent = [[1.001 * g for g in part] if i == number else part for i, part in enumerate(theirs["gradients"])]
        assert not any(gradients[number]) or apart(bent, gradients) > ONE_PASS
    with torch.no_grad():
        assert apart([theirs["out"], theirs["features"]], flat([net(x), net.features(x)])) < ONE_PASS
        assert apart(theirs["gates"], flat(net.gates(x))) < ONE_PASS
        both = (None, True)
        assert apart(theirs["activity"], flat(path_activity(net, x, hard=hard) for hard in both)) < ONE_PASS
        assert apart(theirs["overlap"], flat(overlap_kernel(net, x, hard=hard) for hard in both)) < ONE_PASS
        kinds = ("full", "expert", "gate")
        assert apart(theirs["tangent"], flat(ntk(net, x, part=part) for part in kinds)) < ONE_PASS
        planes = flat(part for pair in net.half_spaces() for part in pair) if isinstance(net, DLGN) else []
        assert not planes or apart(theirs["planes"], planes) < ONE_PASS


@pytest.mark.parametrize("kernels", ["wasm", "js"])
@pytest.mark.parametrize(("name", "optimizer"), DESCENTS)
def test_a_descent_agrees_step_by_step(call, name, optimizer, kernels):
    """Weights and losses, also where gates of a ReLU or GaLU net switch: the loss does not jump there, its gradient does."""
    options, net, x, y = given(CASES[name])
    how = {"momentum": 0.0} | OPTIMIZERS[optimizer]
    lr = how.pop("lr")
    theirs = asked(
        call, "descend", options | how | {"kernels": kernels}, net, x, y, steps=LOSSES, weights=WEIGHTS, lr=lr
    )
    losses, weights = descended(name, optimizer)
    assert apart([theirs["losses"]], [losses]) < STEPS
    assert apart(theirs["trained"], weights) < STEPS
    assert theirs["again"] == theirs["losses"]  # from a copy of weights and moments


def test_the_scale_is_a_factor_of_all_initial_weights(call):
    options, net, x, y = given({"bias": True, "init": "he"})
    drawn = asked(call, "compare", options | {"scale": 0.3}, net, x, y)["drawn"]
    assert apart(drawn, [[0.3 * value for value in part] for part in parameters(net)]) < 1e-6


@pytest.mark.parametrize("kind", ["ReLU", "DLGN", "GaLU", "deep linear"])
def test_the_paths_of_a_small_net_are_those_of_the_library_and_add_up(call, kind):
    options = {"kind": kind, "inDim": 2, "width": [3, 2, 2], "outDim": 1, "seed": 4, "beta": 6.0}
    net, point = net_of(**options), torch.tensor([[0.7, -0.4]])
    found = call("paths", options=options, input=point[0].tolist())
    terms = found["terms"]
    assert [term["units"] for term in terms] == enumerate_paths(options["width"]).tolist()
    ours = [path_gates(net, point)[0], path_experts(net, point).flatten()]
    assert apart([[term[part] for term in terms] for part in ("gate", "expert")], flat(ours)) < ONE_PASS
    assert sum(term["product"] for term in terms) == pytest.approx(found["out"], rel=1e-4)


@pytest.mark.parametrize("shallow", [False, True])
def test_the_pulls_are_gradients_of_the_loss_in_the_normals(call, shallow):
    options = {"inDim": 2, "width": [6, 5], "outDim": 1, "beta": 5.0, "shallow": shallow, "seed": 3}
    net, (x, y) = net_of(**options), circle(50, low=1, high=16)
    normals = [normal.detach().requires_grad_() for normal, _ in net.half_spaces()]
    h = x
    for layer, normal in zip(net.value_layers, normals, strict=False):
        h = torch.sigmoid(net.beta * x @ normal.T) * layer(h)
    each = (net.value_layers[-1](h) - y).square()[:, 0] / len(x)
    above = x[:, 1] > 0
    ours = [torch.autograd.grad(each[half].sum(), normals, retain_graph=True) for half in (above, ~above)]
    found = call("pull", options=options, n=50)
    for half, gradient in zip(("above", "below"), ours, strict=True):
        assert apart([found[half]], [(-torch.cat(gradient)).flatten().tolist()]) < ONE_PASS
    length = [torch.tensor(found[half]).reshape(-1, 2) for half in ("above", "below")]
    assert (sum(length).norm(dim=1) <= torch.tensor(found["most"]) * (1 + 1e-6)).all()


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("kind", FAMILY)
def test_regions_are_those_of_the_library(call, kind, bias):
    options = {"kind": kind, "inDim": 2, "width": [5, 4, 3], "outDim": 1, "bias": bias, "seed": 2}
    net, bounds, path = net_of(**options), [[-2.0, 1.0], [-1.0, 2.0]], [1, 2, 0]
    theirs = call("regions", options=options, bounds=bounds, path=path)
    ours = activation_regions(net, bounds)
    assert sum(area for _, area in theirs["found"]) == pytest.approx(9)
    assert len(theirs["found"]) == len(ours)
    pairs = zip(sorted(a for _, a in theirs["found"]), sorted(float(region_area(p)) for p, _ in ours), strict=True)
    assert all(a == pytest.approx(b, abs=1e-5) for a, b in pairs)
    assert sum(theirs["path"]) == pytest.approx(float(region_area(path_region(net, path, bounds))), abs=1e-5)


def test_the_spectrum_is_that_of_the_library(call):
    rng = torch.Generator().manual_seed(0)
    features, target = torch.randn(40, 6, generator=rng).double(), torch.randn(40, generator=rng).double()
    ours = feature_spectrum(features, target=target)
    theirs = call("spectrum", features=features.flatten().tolist(), n=40, target=target.tolist())
    assert theirs["eigenvalues"] == pytest.approx(ours.eigenvalues.tolist())
    assert theirs["effectiveDimension"] == pytest.approx(ours.effective_dimension)
    assert theirs["quality"] == pytest.approx(ours.quality.tolist(), abs=1e-9)


def test_threads_that_share_the_nets_do_what_one_does(call):
    one, three = (call("team", threads=threads, seeds=7, steps=30) for threads in (1, 3))
    assert one == three and one["where"] == "worker" and one["step"] == 30
    assert [len(run) for run in one["losses"]] == [90] * 7
    assert all(
        run[30:60] == run[60:] and run[0] == first for run, first in zip(one["losses"], one["before"], strict=True)
    )
    net = DLGN(2, 5, 2, generator=torch.Generator().manual_seed(6))
    x, y = circle(40, low=1, high=4)
    losses, _ = descent(net, x, y, 60, 2e-3, "adam")
    assert apart([one["losses"][6][:60]], [losses]) < STEPS
    with torch.no_grad():
        assert apart([one["out"]], [net(x).flatten().tolist()]) < STEPS
        assert one["last"][6] == pytest.approx((net(x) - y).square().mean().item(), rel=STEPS)


@pytest.mark.parametrize("contexts", [2, 3, 5])
def test_the_race_is_that_of_the_library(call, contexts):
    """Task, formula, and descent from the same weights, through the first stages."""
    x, y = multi_context_task(contexts)
    given = {"contexts": contexts, "width": 36, "std": 1e-3, "lr": 1e-3, "steps": list(range(0, 1501, 100))}
    start = normal_weights((x.shape[1], 36, y.shape[1]), 1e-3, torch.Generator().manual_seed(contexts))
    theirs = call("contexts", **given, parameters=flat(start))
    assert theirs["x"] == x.flatten().tolist() and theirs["y"] == y.flatten().tolist()
    at = torch.tensor(given["steps"])
    modes = context_theory(contexts, lr=1e-3, std=1e-3, common=18)
    assert theirs["formula"] == pytest.approx(sum(mode.loss(at, lr=1e-3) for mode in modes).tolist(), rel=1e-9)
    ours = descend(start, x, y, steps=1500, lr=1e-3).losses[at]
    assert ours[-1] < ours[0] / 3
    assert apart([theirs["losses"]], [ours.tolist()]) < 0.01  # a gate that flips a step later
    for drawn in theirs["drawn"]:
        assert torch.tensor(drawn).std() == pytest.approx(1e-3, rel=0.2)


def test_the_circle_is_that_of_the_library(call):
    x, y = circle(200, low=1, high=16)
    theirs = call("task", n=200, low=1, high=16)
    assert theirs["x"] == pytest.approx(x.flatten().tolist(), abs=1e-6)
    assert theirs["y"] == pytest.approx(y.flatten().tolist(), abs=1e-5)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"kind": "CNN"}, "kind must be one of ReLU, deep linear, DLGN, GaLU, got CNN"),
        ({"width": 0}, "width must be a whole number from 1 on, got 0"),
        ({"widht": 8}, "a net has no option widht"),
        ({"beta": 0}, "beta, the slope of the soft gates, must be positive, got 0"),
        ({"kind": "ReLU", "frozen": True}, "the gates of a ReLU net have no parameters of their own"),
        ({"kind": "ReLU", "shallow": True}, "shallow gates belong to a DLGN, got ReLU"),
        ({"momentum": 0.9}, "momentum must be in [0, 1) and belongs to sgd"),
        ({"inDim": 3}, "x must hold 3 numbers a sample, got 2 in all"),
        ({"outDim": 2}, "y must hold 2 numbers for each of 1 samples, got 1"),
        ({"std": -1}, "std, that of the initial weights, must be positive, got -1"),
        ({"scale": 0}, "scale, a factor of all initial weights, must be positive, got 0"),
        ({"depth": 1.5}, "depth must be a whole number from 1 on, got 1.5"),
    ],
)
def test_what_does_not_fit_is_named(call, options, part):
    assert part in call("refusal", options=options)


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment["address"] or "as at first")
def test_the_answers_of_the_playground_hold_for_five_seeds(call, experiment):
    losses = call("experiment", address=experiment["address"], steps=experiment["steps"], seeds=5)
    below = experiment["below"]
    assert all((min(run) < below) == experiment["reached"] for run in losses), [min(run) for run in losses]


def test_single_sentences_of_these_answers(call):
    def reached(address, steps, below=0.01):
        runs = call("experiment", address=address, steps=steps, seeds=5)
        return [next((t for t, loss in enumerate(run) if loss < below), None) for run in runs]

    dlgn, relu, shallow = (reached(f"model={name}", 500) for name in ("DLGN", "ReLU", "shallow+DLGN"))
    assert sum(a < b for a, b in zip(dlgn, relu, strict=True)) >= 4
    assert all(a < b for a, b in zip(dlgn, shallow, strict=True))
    sharp = reached("model=frozen+DLGN&beta=100", 500)
    assert all(a < b for a, b in zip(sharp, dlgn, strict=True))
    assert None not in reached("depth=2", 1000)
    assert None not in reached("task=xor", 500)
    assert None not in reached("task=checkerboard&bias=yes", 1000, below=0.05)
    assert set(reached("task=spiral&model=ReLU", 500, below=0.5)) == {None}
    assert None not in reached("task=spiral", 500, below=0.1)
    gated = ("DLGN", "DLGN&hard=hard", "frozen+DLGN", "shallow+DLGN", "ReLU", "GaLU")
    for name in (f"model={model}" for model in gated):
        assert None not in reached(f"task=spiral&bias=yes&{name}", 1000, below=0.1)


def test_the_papers_experiment(call):
    """The DLGN learns the circle, the one with frozen gates does not within 2000 steps."""
    settings = {"below": 0.01, "steps": 2000, "lr": 2e-3}
    assert call("race", options={"kind": "DLGN"}, **settings)["step"] < 500
    assert call("race", options={"kind": "DLGN", "frozen": True}, **settings)["step"] is None
