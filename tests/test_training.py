"""Training: the ensemble against single runs and against the plain loop, snapshots, stops, divergence, the cache."""

import math

import pytest
import torch
from cases import MEMBERS, assert_same_run, make, name, seeded
from hypothesis import given, settings
from hypothesis import strategies as st

from dlgn_lib import training
from dlgn_lib.data import circle
from dlgn_lib.models import DLGN, DeepLinearNet, GaLUNet, ReLUNet
from dlgn_lib.training import DivergenceError, accuracy, train, train_ensemble

X, Y = (t.double() for t in circle(24, high=3))


def maker(member, **options):
    def make_net(seed):
        return make(member, width=5, depth=3, seed=seed, **options)

    return make_net


SETTINGS = {
    "adam": {"lr": 1e-2},
    "gradient descent": {"lr": 0.1, "optimizer": "sgd"},
    "momentum": {"lr": 0.02, "optimizer": "sgd", "momentum": 0.9},
    "mini-batches": {"lr": 1e-2, "batch": 7},
}


@pytest.mark.slow
@pytest.mark.parametrize("member", MEMBERS, ids=name)
@pytest.mark.parametrize("setting", SETTINGS)
def test_ensemble_equals_single_runs(member, setting):
    make_net = maker(member)
    seeds = [3, 0, 8, 5, 1]
    runs = train_ensemble(make_net, seeds, X, Y, steps=9, snapshots=[0, 4, 9], **SETTINGS[setting])
    for seed, run in zip(seeds, runs, strict=True):
        assert run.config["seed"] == seed
        single = train(make_net(seed), X, Y, steps=9, snapshots=[0, 4, 9], seed=seed, **SETTINGS[setting])
        assert_same_run(run, single)


@pytest.mark.slow
@given(
    st.integers(1, 5), st.integers(1, 6), st.integers(1, 3), st.integers(1, 3), st.integers(1, 6), st.integers(1, 24)
)
@settings(max_examples=25, deadline=None)
def test_ensemble_equals_single_runs_for_any_shape(in_dim, width, depth, outputs, count, batch):
    x, y = torch.randn(24, in_dim, generator=seeded(0)).double(), torch.randn(24, outputs, generator=seeded(1)).double()

    def make_net(seed):
        return DLGN(in_dim, width, depth, outputs, bias=True, generator=seeded(seed)).double()

    runs = train_ensemble(make_net, count, x, y, steps=3, lr=0.01, batch=batch)
    for seed, run in enumerate(runs):
        assert_same_run(run, train(make_net(seed), x, y, steps=3, lr=0.01, batch=batch, seed=seed))


@pytest.mark.parametrize("threads", [1, 2])
def test_ensemble_does_not_depend_on_threads_and_leaves_their_number_alone(threads):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        runs = train_ensemble(maker({"kind": ReLUNet}), 3, X, Y, steps=4, lr=0.01)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    single = train(maker({"kind": ReLUNet})(2), X, Y, steps=4, lr=0.01)
    assert_same_run(runs[2], single)


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["adam", "gradient descent", "momentum"])
def test_train_is_the_loop_that_everybody_writes(setting):
    options = SETTINGS[setting]
    net = make({"kind": DLGN}, width=5, depth=3)
    run = train(net, X, Y, steps=20, **options)
    plain = make({"kind": DLGN}, width=5, depth=3)
    if setting == "adam":
        optimizer = torch.optim.Adam(plain.parameters(), lr=options["lr"])
    else:
        optimizer = torch.optim.SGD(plain.parameters(), lr=options["lr"], momentum=options.get("momentum", 0))
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = (plain(X) - Y).square().mean()
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    assert torch.allclose(run.losses[:-1], torch.tensor(losses, dtype=torch.float64), rtol=1e-9)
    for a, b in zip(net.parameters(), plain.parameters(), strict=True):  # in place
        assert torch.allclose(a, b, rtol=1e-9)
    assert math.isclose(run.losses[-1], (plain(X) - Y).square().mean().item(), rel_tol=1e-9)


LABELS = torch.randint(3, (24,), generator=seeded(5))


@pytest.mark.slow
@pytest.mark.parametrize("batch", [None, 7])
@pytest.mark.parametrize("member", MEMBERS, ids=name)
def test_ensemble_equals_single_runs_on_class_numbers(member, batch):
    make_net = maker(member, out_dim=3)
    settings = {"steps": 6, "lr": 1e-2, "loss": "cross_entropy", "batch": batch, "snapshots": [0, 6]}
    for seed, run in enumerate(train_ensemble(make_net, 3, X, LABELS, **settings)):
        assert_same_run(run, train(make_net(seed), X, LABELS, seed=seed, **settings))


def test_cross_entropy_is_the_mean_of_minus_log_of_the_class_share():
    run = train(
        make({"kind": ReLUNet}, out_dim=3), X, LABELS, steps=30, lr=0.05, loss="cross_entropy", snapshots=[0, 30]
    )
    for step in run.steps:
        with torch.no_grad():
            shares = run.at(step)(X).exp()
        expected = -(shares[range(24), LABELS] / shares.sum(1)).log().mean()
        assert math.isclose(run.losses[step], expected, rel_tol=1e-12)
    assert run.losses[-1] < run.losses[0] / 1.1
    assert accuracy(run.at(30), X, LABELS) > accuracy(run.at(0), X, LABELS)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (LABELS.double(), TypeError, "y must be a tensor of class numbers, torch.int64, got torch.float64"),
        (LABELS.tolist(), TypeError, "y must be a tensor of class numbers, torch.int64, got list"),
        (LABELS[:, None], ValueError, r"y must have one class number per input, shape \(24,\), got \(24, 1\)"),
        (LABELS[1:], ValueError, r"shape \(24,\), got \(23,\)"),
        (LABELS + 1, ValueError, "y must be class numbers from 0 to 2, one for each output of the net, got 1 to 3"),
        (LABELS - 1, ValueError, "got -1 to 1"),
    ],
)
def test_labels_that_do_not_fit(labels, error, message):
    net = make({"kind": DLGN}, out_dim=3)
    with pytest.raises(error, match=message):
        train(net, X, labels, steps=1, lr=0.1, loss="cross_entropy")
    with pytest.raises(error, match=message.replace("y must", "labels must")):
        accuracy(net, X, labels)


def test_an_epoch_of_mini_batches_sees_every_sample_once():
    batches = training.descent._batches(10, 4, seed=0)
    first, second = ([next(batches) for _ in range(3)] for _ in range(2))
    assert [len(b) for b in first] == [4, 4, 2]
    for epoch in (first, second):
        assert sorted(torch.cat(epoch).tolist()) == list(range(10))
    assert torch.cat(first).tolist() != torch.cat(second).tolist()


def test_one_batch_of_all_samples_is_a_full_batch():
    """Up to the order in which the samples are added."""
    full, one = (
        train(make({"kind": ReLUNet}, width=5), X, Y, steps=6, lr=0.01, batch=batch, snapshots=[6])
        for batch in (None, len(X))
    )
    assert one.every == 1
    assert_same_run(full, one)


def test_losses_of_mini_batches_are_those_of_all_data_after_each_epoch():
    run = train(make({"kind": ReLUNet}, width=5), X, Y, steps=9, lr=0.01, batch=7, snapshots=range(10))
    assert run.every == 4  # ⌈24 / 7⌉
    assert len(run.losses) == 3  # at steps 0, 4, 8
    for i, loss in enumerate(run.losses):
        with torch.no_grad():
            assert math.isclose(loss, (run.at(4 * i)(X) - Y).square().mean().item(), rel_tol=1e-12)


def test_snapshots_are_copies_that_later_training_leaves_alone():
    net = make({"kind": DLGN})
    before = [p.detach().clone() for p in net.parameters()]
    run = train(net, X, Y, steps=5, lr=0.1)
    for a, b in zip(run.at(0).parameters(), before, strict=True):
        assert torch.equal(a, b)
    first = run.at(5)
    train(first, X, Y, steps=5, lr=0.1)
    for a, b in zip(run.at(5).parameters(), net.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("ensemble", [False, True])
def test_frozen_gates_stay_and_experts_move(ensemble):
    def make_net(seed):
        return make({"kind": GaLUNet}, seed=seed).freeze_gates()

    run = (
        train_ensemble(make_net, 2, X, Y, steps=5, lr=0.1)[1] if ensemble else train(make_net(1), X, Y, steps=5, lr=0.1)
    )
    start, end = run.at(0), run.at(5)
    for a, b in zip(start.gate_parameters(), end.gate_parameters(), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(start.value_layers[0].weight, end.value_layers[0].weight)


@pytest.mark.slow
def test_each_seed_stops_at_its_own_step_as_a_single_run_does():
    make_net = maker({"kind": ReLUNet}, init="he")
    settings = {"steps": 200, "lr": 0.02, "stop_below": 0.2, "snapshots": [0, 10, 40, 200]}
    runs = train_ensemble(make_net, 5, X, Y, **settings)
    stops = [run.steps[-1] for run in runs]
    assert len(set(stops)) > 1  # else this tests nothing
    assert min(stops) < 200
    for seed, run in enumerate(runs):
        assert_same_run(run, train(make_net(seed), X, Y, **settings))
        if run.steps[-1] < 200:
            assert run.losses[-1] < 0.2 <= run.losses[:-1].min()
            assert run.first_below(0.2) == run.steps[-1] == len(run.losses) - 1


def test_first_below_counts_steps_and_is_none_if_never():
    run = train(make({"kind": ReLUNet}, width=5), X, Y, steps=8, lr=0.01, batch=12)
    assert run.every == math.ceil(len(X) / 12) > 1
    losses = run.losses.tolist()
    for loss in (*losses, losses[0] + 1):
        entries = [i * run.every for i, value in enumerate(losses) if value < loss + 1e-9]
        assert run.first_below(loss + 1e-9) == entries[0]
    assert run.first_below(min(losses) + 1e-9) > 0 and run.first_below(0.0) is None


@pytest.mark.parametrize("ensemble", [False, True])
@pytest.mark.parametrize("batch", [None, 8])
def test_divergence_names_step_seed_and_learning_rate(ensemble, batch):
    def make_net(seed):
        return DeepLinearNet(2, 8, 3, init="he", generator=seeded(seed))

    x, y = circle(24)
    with pytest.raises(
        DivergenceError, match=r"loss is (nan|inf) at step \d+ for seed 7 .*learning rate 50\.0 \(sgd\)"
    ):
        if ensemble:
            train_ensemble(make_net, [7], x, y, steps=100, lr=50.0, optimizer="sgd", batch=batch)
        else:
            train(make_net(7), x, y, steps=100, lr=50.0, optimizer="sgd", batch=batch, seed=7)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps must be a whole number of at least 1, got 0"),
        ({"steps": 2.5}, TypeError, "steps must be a whole number, got 2.5"),
        ({"lr": -1.0}, ValueError, "lr must be a positive number, got -1.0"),
        ({"loss": "hinge"}, ValueError, "loss must be 'mse' or 'cross_entropy', got 'hinge'"),
        ({"lr": math.nan}, ValueError, "lr must be a positive number, got nan"),
        ({"optimizer": "adamw"}, ValueError, "optimizer must be 'adam' or 'sgd', got 'adamw'"),
        ({"momentum": 0.9}, ValueError, "momentum must be in .* belongs to 'sgd', got 0.9 with 'adam'"),
        ({"optimizer": "sgd", "momentum": 1.0}, ValueError, "momentum must be in"),
        ({"batch": 25}, ValueError, "batch must be at most the number of samples, 24, got 25"),
        ({"batch": 0}, ValueError, "batch must be a whole number of at least 1, got 0"),
        ({"snapshots": [0, 6]}, ValueError, "snapshots must not go beyond the last step, 5, got 6"),
        ({"snapshots": [-1]}, ValueError, "snapshots must be a whole number of at least 0, got -1"),
        ({"epochs": 3}, TypeError, "epochs"),
    ],
)
def test_bad_settings_are_refused(change, error, message):
    for run in (
        lambda **s: train(make({"kind": DLGN}), X, Y, **s),
        lambda **s: train_ensemble(maker({"kind": DLGN}), 2, X, Y, **s),
    ):
        with pytest.raises(error, match=message):
            run(**{"steps": 5, "lr": 0.1, **change})


def test_bad_data_and_nets_are_refused():
    net = make({"kind": DLGN})
    with pytest.raises(ValueError, match=r"y must have the shape of the net's output, \(24, 1\), got \(24,\)"):
        train(net, X, Y[:, 0], steps=1, lr=0.1)
    with pytest.raises(ValueError, match="y must be finite"):
        train(net, X, Y * math.nan, steps=1, lr=0.1)
    with pytest.raises(ValueError, match="x must be finite"):
        train(net, X * math.nan, Y, steps=1, lr=0.1)
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    with pytest.raises(ValueError, match="nothing to train"):
        train(net, X, Y, steps=1, lr=0.1)
    with pytest.raises(ValueError, match="nets of one kind and shape"):
        train_ensemble(lambda s: make({"kind": ReLUNet}, width=3 + s), 2, X, Y, steps=1, lr=0.1)
    with pytest.raises(ValueError, match="seeds must name at least one"):
        train_ensemble(maker({"kind": ReLUNet}), [], X, Y, steps=1, lr=0.1)
    run = train(make({"kind": DLGN}), X, Y, steps=5, lr=0.1)
    with pytest.raises(ValueError, match=r"step must be one of the snapshots \[0, 1, 2, 5\], got 3"):
        run.at(3)


def test_denormals_are_flushed_while_training_only():
    tiny = torch.tensor(1e-40)
    with training.descent.no_denormals(torch.device("cpu")):
        assert (tiny * 1.0).item() == 0
    assert (tiny * 1.0).item() > 0
