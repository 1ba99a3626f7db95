"""Gated deep linear networks and the multi-context task, against autograd, paths written out, and formulas by hand."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlgn_lib.data import (
    context_blocks,
    learned_shares,
    multi_context_task,
    ring_properties,
    target_parts,
    tree_properties,
    xor_task,
)
from dlgn_lib.gdln import (
    GDLN,
    context_gates,
    context_gdln,
    context_subsets,
    context_theory,
    descend,
    gated_layers,
    half_time,
    mode_dynamics,
    normal_weights,
    own_modes,
    race,
    race_score,
    wide_gram,
)
from dlgn_lib.selectivity import interaction_levels, open_contexts, product_units, selectivity
from dlgn_lib.training import DivergenceError

sizes = st.integers(1, 5)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def random_task(n, d, k, seed=0):
    rng = seeded(seed)
    return torch.randn(n, d, generator=rng).double(), torch.randn(n, k, generator=rng).double()


def plain_relu_training(weights, x, y, steps, lr):
    """The textbook loop in PyTorch: modules, autograd, SGD. Returns losses, weights and the gates before each step."""
    layers = []
    for w in weights:
        layer = torch.nn.Linear(w.shape[1], w.shape[0], bias=False).double()
        layer.weight.data.copy_(w)
        layers += [layer, torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses, gates = [], []
    for _ in range(steps + 1):
        loss = (y - net(x)).square().sum() / 2
        losses.append(loss.item())
        gates.append([(net[: 2 * n + 1](x) >= 0).detach() for n in range(len(weights) - 1)])
        optimizer.zero_grad()
        loss.backward()
        if len(losses) <= steps:
            optimizer.step()
    return torch.tensor(losses, dtype=torch.float64), [layer.weight.detach() for layer in net[::2]], gates


def pathway_by_pathway(net, x):
    """The definition: a sum over pathways of gate times a product of the pathway's own small matrices."""
    output, gates = 0, net.gate(x)
    for p in range(gates.shape[1]):
        mine = net.pathway == p
        first, *middle, last = [w.detach() for w in net.weights]
        h = x @ (net.masks[0][mine] * first[mine]).T
        for w in middle:
            h = h @ w[mine][:, mine].T
        output = output + gates[:, p : p + 1] * (h @ last[:, mine].T)
    return output


# --- tasks


def test_the_tree_has_the_singular_values_of_its_levels():
    h = tree_properties(8)
    assert h.shape == (15, 8) and h.sum(dim=0).eq(4).all()
    assert torch.allclose(torch.linalg.svdvals(h) ** 2, torch.tensor([15, 7, 3, 3, 1, 1, 1, 1.0]).double())


@pytest.mark.parametrize("contexts", [1, 2, 3, 5])
def test_the_task_holds_what_it_says(contexts):
    x, y = multi_context_task(contexts)
    h = tree_properties(8).T
    assert x.sum(dim=1).eq(2).all() and len(x.unique(dim=0)) == len(x) == 8 * contexts
    for n in range(len(x)):
        item, context = x[n, :8].argmax(), x[n, 8:].argmax()
        blocks = y[n].view(contexts + 1, 15)
        assert torch.equal(blocks[0], h[item]) and torch.equal(blocks[1 + context], h[item])
        assert blocks.count_nonzero() == 2 * h[item].count_nonzero()
    assert y.square().sum() / 2 == 32 * contexts


def test_blocks_of_their_own_stand_in_their_own_context():
    h, ring = tree_properties(8), ring_properties(8)
    crossed = h[:, [0, 2, 1, 3, 4, 6, 5, 7]]
    x, y = multi_context_task(3, blocks=[h, ring, crossed])
    assert torch.equal(x, multi_context_task(3)[0]) and torch.equal(y[:, :15], multi_context_task(3)[1][:, :15])
    for context, block in enumerate((h, ring, crossed)):
        table = y[:, 15 * (context + 1) : 15 * (context + 2)].view(3, 8, 15)
        assert torch.equal(table[context], block.T) and not table.count_nonzero() - block.count_nonzero()
    assert torch.equal(multi_context_task(2, blocks=[h, h])[1], multi_context_task(2)[1])


def test_a_ring_has_one_neighbourhood_for_all_items():
    ring = ring_properties(8)
    assert ring[0].eq(1).all() and ring[1].mul(3).round().tolist() == [0, 1, 2, 3, 3, 2, 1, 0]
    whole = ring[1:9].T @ ring[1:9]  # each arc once
    assert torch.allclose(whole.roll((1, 1), (0, 1)), whole)


@pytest.mark.parametrize("kind", ["equal", "permuted", "turned"])
def test_other_trees_are_as_strong_as_the_first(kind):
    blocks = context_blocks(kind, 4, angle=0.7, generator=torch.Generator().manual_seed(1))
    first = tree_properties(8)
    for block in blocks:
        assert torch.allclose(torch.linalg.svdvals(block), torch.linalg.svdvals(first))
        assert torch.allclose(block.sum(dim=1).norm(), first.sum(dim=1).norm())
    assert (kind == "equal") == torch.allclose(blocks[1].T @ blocks[1], first.T @ first)


def test_trees_turned_by_nothing_are_the_tree_and_more_turn_is_farther():
    def far(angle):
        block = context_blocks("turned", 1, angle=angle, generator=torch.Generator().manual_seed(0))[0]
        return (block - tree_properties(8)).norm().item()

    assert far(0.0) < 1e-12 < far(0.1) < far(0.3) < far(0.8)


@pytest.mark.parametrize("contexts", [2, 3, 4])
def test_input_and_input_output_correlations_share_vectors(contexts):
    x, y = multi_context_task(contexts)
    s_x, s_yx = x.T @ x, y.T @ x
    u, s, v = torch.linalg.svd(s_yx, full_matrices=False)
    rotated = v @ s_x @ v.T
    assert (rotated - torch.diag(rotated.diagonal())).abs().max() < 1e-12 * s_x.abs().max() * 100
    eigenvalues = torch.linalg.eigvalsh(s_x)
    expected = [0.0, *[contexts] * 7, *[8] * (contexts - 1), contexts + 8]
    assert torch.allclose(eigenvalues, torch.tensor(sorted(expected)).double(), atol=1e-12)
    theory = [(m.s, m.d) for m in context_theory(contexts) if not m.name.startswith("context ")]
    for strength, d in theory:
        at = (s - strength).abs() < 1e-9
        assert at.any() and torch.allclose(rotated.diagonal()[at], torch.tensor(float(d)).double())
    assert u.shape[1] == len(s)


def test_parts_of_the_targets_are_orthogonal_and_shares_are_read_off():
    y = multi_context_task(3)[1]
    parts = torch.stack(list(target_parts(y, 3).values())).flatten(1)
    products = parts @ parts.T
    assert (products - torch.diag(products.diagonal())).abs().max() < 1e-12
    modes = {mode.name: mode.loss(torch.tensor(0.0), 1e-3).item() for mode in context_theory(3, std=1e-9)}
    for name, norm in zip(target_parts(y, 3), products.diagonal(), strict=True):
        assert modes[name] == pytest.approx(norm.item() / 2, rel=1e-4)
    shares = learned_shares(torch.stack([y, 0 * y, -2 * y]), y, 3)
    assert set(shares) == {"mean", "contexts", *(f"{k} {s}" for k in ("common", "context") for s in (7, 3, 1))}
    for value in shares.values():
        assert torch.allclose(value, torch.tensor([1.0, 0, -2]).double())
    assert set(learned_shares(multi_context_task(1)[1], multi_context_task(1)[1], 1)) == {
        "mean",
        "common 7",
        "common 3",
        "common 1",
    }


def test_the_best_linear_map_learns_the_common_parts_and_leaves_a_known_loss():
    for contexts in (2, 3, 5):
        x, y = multi_context_task(contexts)
        output = x @ torch.linalg.lstsq(x, y, driver="gelsd").solution
        assert (y - output).square().sum() / 2 == pytest.approx(8.5 * (contexts - 1))
        for name, share in learned_shares(output, y, contexts).items():
            assert share == pytest.approx(float(not name.startswith("context ")), abs=1e-9)


# --- training


@given(sizes, sizes, sizes, st.integers(1, 3), st.integers(0, 99))
@settings(max_examples=15)
def test_descent_is_that_of_autograd(d, width, k, depth, seed):
    x, y = random_task(6, d, k, seed)
    start = normal_weights([d, *[width] * depth, k], 0.5, seeded(seed))
    losses, weights, _ = plain_relu_training(start, x, y, 20, 0.01)
    run = descend(start, x, y, steps=20, lr=0.01, snapshots=[0])
    assert torch.allclose(run.losses, losses, rtol=1e-10)
    assert all(torch.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in zip(run.at(20), weights, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(run.at(0), start, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("depth", [1, 2])
def test_recorded_gates_replayed_in_a_gated_linear_net_give_the_same_training(depth):
    x, y = multi_context_task(3)
    start = normal_weights([11, *[60] * depth, 60], 1e-2 if depth == 1 else 0.1, seeded(0))
    losses, weights, gates = plain_relu_training(start, x, y, 300, 1e-3)
    again = descend(start, x, y, steps=300, lr=1e-3, gates=lambda step: gates[step])
    assert (again.losses - losses).abs().max() < 1e-9
    assert max((a - b).abs().max() for a, b in zip(again.at(300), weights, strict=True)) < 1e-9
    own = descend(start, x, y, steps=300, lr=1e-3, record=True)
    replay = descend(start, x, y, steps=300, lr=1e-3, gates=lambda step: own.gates[min(step, 299)])
    assert torch.equal(own.losses[:300], replay.losses[:300])
    assert all(torch.equal(a, b) for a, b in zip(own.at(300), replay.at(300), strict=True))
    wrong = descend(start, x, y, steps=300, lr=1e-3, gates=own.gates[0])  # frozen gates are another net
    assert (wrong.losses - losses).abs().max() > 1e-2


def test_a_stack_of_nets_is_trained_like_each_of_them():
    x, y = xor_task()
    starts = [normal_weights((2, 5, 1), 0.3, seeded(seed)) for seed in range(3)]
    stack = descend([torch.stack(w) for w in zip(*starts, strict=True)], x, y, steps=30, lr=0.02)
    for number, start in enumerate(starts):
        single = descend(start, x, y, steps=30, lr=0.02)
        assert torch.allclose(stack.losses[number], single.losses, rtol=1e-12)
        assert all(torch.allclose(a[number], b, rtol=1e-12) for a, b in zip(stack.at(30), single.at(30), strict=True))


def test_training_leaves_the_start_and_the_number_of_threads_alone():
    x, y = xor_task()
    start = normal_weights((2, 5, 1), 0.3, seeded(0))
    copies, threads = [w.clone() for w in start], torch.get_num_threads()
    descend(start, x, y, steps=3, lr=0.1)
    assert all(torch.equal(a, b) for a, b in zip(start, copies, strict=True)) and torch.get_num_threads() == threads
    with pytest.raises(DivergenceError, match="learning rate 50"):
        descend(start, x, y, steps=300, lr=50)
    assert torch.get_num_threads() == threads


# --- gated deep linear networks


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), sizes, sizes, st.integers(1, 3), st.integers(0, 99))
def test_a_gdln_is_the_sum_of_its_pathways(widths, d, k, depth, seed):
    rng = seeded(seed)
    x, _ = random_task(7, d, k, seed)
    gate = torch.randn(d, len(widths), generator=rng).double()
    inputs = torch.randint(2, (len(widths), d), generator=rng)
    net = GDLN(lambda x: torch.tanh(x @ gate), widths, d, k, std=0.7, inputs=inputs, depth=depth, generator=rng)
    assert torch.allclose(net(x), pathway_by_pathway(net, x), atol=1e-12)
    assert torch.allclose(torch.einsum("np,pkd,nd->nk", net.gate(x), net.maps(), x), net(x), atol=1e-12)
    assert not (net.maps() * (1 - inputs[:, None].double())).any()  # inputs that are not read


@pytest.mark.parametrize("depth", [1, 2])
def test_a_gdln_is_trained_by_its_gradient_and_keeps_its_pathways_apart(depth):
    x, y = multi_context_task(2)
    net = context_gdln(2, common=4, others=3, std=0.2, generator=seeded(0))
    if depth == 2:
        net = GDLN(net.gate, [4, 3, 3], 10, 45, std=0.3, inputs=net.masks[0][[0, 4, 7]], depth=2, generator=seeded(0))
    run = net.descend(x, y, steps=40, lr=1e-2)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-2)
    for _ in range(40):
        optimizer.zero_grad()
        ((y - net(x)).square().sum() / 2).backward()
        optimizer.step()
    for trained, plain, mask in zip(run.at(40), net.weights, net.masks, strict=True):
        assert torch.allclose(trained, plain, rtol=1e-9, atol=1e-12)
        assert not (trained * (1 - mask)).any() and trained.any()
    assert torch.allclose(net.maps(run.at(40)), net.maps(), atol=1e-10)


@given(sizes, sizes, sizes, st.integers(0, 99))
def test_the_rectified_linear_network_is_the_relu_net_while_its_gates_stay(d, width, k, seed):
    x, y = random_task(6, d, k, seed)
    weights = normal_weights((d, width, k), 0.5, seeded(seed))
    net = GDLN.from_relu(weights)
    assert torch.equal(net(x), gated_layers(weights, x)[0][-1])
    one = net.descend(x, y, steps=1, lr=0.01).at(1), descend(weights, x, y, steps=1, lr=0.01).at(1)
    assert all(torch.allclose(a, b, rtol=1e-12) for a, b in zip(*one, strict=True))
    assert torch.linalg.matrix_rank(net.maps()).le(1).all()


def test_the_families_of_contexts():
    x = multi_context_task(4)[0]
    subsets = context_subsets(4, [3, 1])
    assert len(subsets) == 9 and subsets[0] == (0, 1, 2, 3)
    gates = context_gates(x, subsets, 4)
    for n, p in itertools.product(range(32), range(9)):
        assert gates[n, p] == float(n // 8 in subsets[p])
    net = context_gdln(4, [3, 1], common=10, others=2, generator=seeded(0))
    assert torch.equal(net.gate(x), gates) and len(net.pathway) == 26
    assert not net.maps()[1:, :, 8:].any() and net.maps()[0].all()


# --- the race


@pytest.mark.parametrize("task", ["contexts", "random"])
def test_a_step_of_the_race_is_a_step_of_gradient_descent(task):
    if task == "contexts":
        x, y = multi_context_task(3)
        net = context_gdln(3, [2, 1], common=20, others=7, std=0.02, generator=seeded(1))
    else:
        x, y = random_task(9, 4, 2, seed=3)
        net = GDLN(lambda x: (x[:, :3] > 0).double(), [3, 1, 6], 4, 2, std=0.4, generator=seeded(1))
    first, last = (w.detach() for w in net.weights)
    both = torch.cat([first.T, last])  # (D + K, M)
    gram = torch.stack([both[:, net.pathway == p] @ both[:, net.pathway == p].T for p in range(net.gate(x).shape[1])])
    run = net.descend(x, y, steps=400, lr=2e-3, snapshots=[100])
    reduced = race(x, y, net.gate(x), gram, steps=400, lr=2e-3, snapshots=[100])
    assert (run.losses - reduced.losses).abs().max() < 1e-8
    for step in (100, 400):
        assert (net.maps(run.at(step)) - reduced.at(step)).abs().max() < 1e-8


def test_the_wide_limit_is_the_mean_over_random_weights():
    inputs = torch.tensor([[1, 1, 0], [0, 1, 1]])
    grams = []
    for seed in range(400):
        net = GDLN(lambda x: x[:, :2], [4, 2], 3, 2, std=0.5, inputs=inputs, generator=seeded(seed))
        first, last = (w.detach() for w in net.weights)
        both = torch.cat([first.T, last])
        grams.append(torch.stack([both[:, net.pathway == p] @ both[:, net.pathway == p].T for p in range(2)]))
    expected = wide_gram([4, 2], inputs, 2, 0.5)
    assert (torch.stack(grams).mean(0) - expected).abs().max() < 0.15 * expected.max()


def test_wide_nets_follow_the_race_and_the_formulas():
    x, y = multi_context_task(3)
    t = torch.arange(8001).double()
    theory = sum(mode.loss(t, 1e-3) for mode in context_theory(3))
    late = sum(mode.loss(t, 1e-3) for mode in context_theory(3, head_start=False))
    subsets = context_subsets(3, [2])
    inputs = torch.ones(4, 11)
    inputs[1:, 8:] = 0
    limit = race(
        x, y, context_gates(x, subsets, 3), wide_gram([350] + [116] * 3, inputs, 60, 7.1e-6), steps=8000, lr=1e-3
    )
    away = (theory - limit.losses).abs() / 96
    assert away.mean() < 0.003 and away.max() < 0.03
    assert ((late - limit.losses).abs() / 96).mean() > 0.03  # without the head start it is another curve
    run = context_gdln(3, generator=seeded(0)).descend(x, y, steps=3000, lr=1e-3)
    assert ((run.losses - limit.losses[:3001]).abs() / 96).max() < 0.03


# --- closed forms


@given(st.floats(0.1, 9), st.floats(0.1, 9), st.floats(1e-9, 1e-3), st.floats(0.1, 5))
def test_mode_dynamics_solves_its_equation(s, d, start, tau):
    t = torch.linspace(0, 30 * tau / s, 301, dtype=torch.float64, requires_grad=True)
    strength = mode_dynamics(s, d, start, t, tau)
    slope = torch.autograd.grad(strength.sum(), t)[0]
    assert torch.allclose(tau * slope, 2 * strength * (s - d * strength), atol=1e-9 * s * s / d)
    assert strength[0].item() == pytest.approx(start) and strength.max() <= s / d * (1 + 1e-12)
    half = half_time(s, d, start, tau)
    assert mode_dynamics(s, d, start, half, tau).item() == pytest.approx(s / d / 2)


def test_one_mode_of_a_linear_net_follows_the_formula():
    x, y = torch.tensor([[1.0]]).double(), torch.tensor([[3.0]]).double()
    net = GDLN(torch.ones_like, [1], 1, 1, std=0.0)
    for w in net.weights:
        torch.nn.init.constant_(w, 1e-2)  # balanced
    run = net.descend(x, y, steps=4000, lr=1e-3)
    theory = mode_dynamics(3.0, 1.0, 1e-4, torch.arange(4001), 1e3)
    assert ((3 - theory) ** 2 / 2 - run.losses).abs().max() < 0.02


def test_the_theory_begins_and_ends_where_the_net_does():
    for contexts in (2, 3, 4, 6):
        modes = context_theory(contexts, std=1e-9)
        ends = [sum(m.loss(torch.tensor(t), 1e-3).item() for m in modes) for t in (0.0, 1e6)]
        assert ends == [pytest.approx(32 * contexts), pytest.approx(0, abs=1e-9)]
        late = [m.loss(torch.tensor(0.0), 1e-3).item() for m in modes if m.name.startswith("context ")]
        assert sum(late) == pytest.approx(8.5 * (contexts - 1), rel=1e-4)


def test_all_contexts_but_one_has_the_best_score():
    for contexts in (3, 4, 5, 6, 8):
        scores = [race_score(contexts, m) for m in range(1, contexts)]
        assert min(scores) == scores[-1]
    assert race_score(3, 1) == pytest.approx((1 - math.sqrt(2 / 12)) / math.sqrt(2 / 3))


def fires(weights, x):
    """Return which units are active on which samples, at more than a hundredth of their own peak."""
    h = gated_layers(weights, x)[0][1]
    return h > 0.01 * h.amax(0)


def test_xor_ends_as_four_pathways_and_follows_the_formula():
    x, y = xor_task()
    start = normal_weights((2, 100, 1), 1e-3, seeded(0))
    run = descend(start, x, y, steps=10000, lr=2e-3)
    half = int((run.losses < 1).nonzero()[0]) // 2
    weights = descend(start, x, y, steps=half, lr=2e-3).at(half)
    active = fires(weights, x)
    t = torch.arange(10001 - half).double()
    theory = 0
    for n in range(4):  # the pathway open on sample n alone, with s = √2 and d = 2
        v, u, mine = x[n] / math.sqrt(2), y[n, 0], active[n] & (active.sum(0) == 1)
        start = ((weights[0][mine] @ v + weights[1][0, mine] * u) ** 2).sum() / 4
        theory = theory + (1 - math.sqrt(2) * mode_dynamics(math.sqrt(2), 2.0, start, t, 500)) ** 2 / 2
    assert (theory - run.losses[half:]).abs().max() / 2 < 0.01
    strength = run.at(10000)[0].norm(dim=1) * run.at(10000)[1].norm(dim=0)
    active = fires(run.at(10000), x)
    for n in range(4):
        alone = active[n] & (active.sum(0) == 1)
        assert strength[alone].sum() / strength.sum() == pytest.approx(0.25, abs=0.03)


# --- selectivity


def units(*rows):
    """Return hidden activities of units given as rows (contexts x 2 items)."""
    return torch.tensor(rows).double().T


def test_selectivity_of_units_known_by_hand():
    pure_item = [1, 0, 1, 0, 1, 0]
    one_context = [1, 1, 0, 0, 0, 0]
    mixed = [1, 0, 0, 0, 0, 0]
    for row, want in (
        (pure_item, {"modular": 0, "contexts": 3, "item": 1, "context": 0, "interaction": 0, "mixed": 0}),
        (one_context, {"modular": 1, "contexts": 1, "item": 0, "context": 1, "mixed": 0, "participation": 1}),
        (mixed, {"modular": 1, "item": 0.2, "context": 0.4, "interaction": 0.4, "mixed": 1, "most contexts": 0}),
    ):
        measured = selectivity(units(row), 3)
        assert {name: measured[name] for name in want} == pytest.approx(want)
    both = selectivity(units(pure_item, one_context, [0] * 6), 3, torch.tensor([1.0, 3.0, 5.0]).double())
    assert both["modular"] == 0.75 and both["contexts"] == 1.5


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 6), st.integers(0, 99))
def test_shares_of_variance_add_up_and_participation_has_its_bounds(contexts, items, count, seed):
    hidden = torch.rand(contexts * items, count, generator=seeded(seed)).double()
    measured = selectivity(hidden, contexts)
    parts = measured["item"] + measured["context"] + measured["interaction"]
    assert parts == pytest.approx(float(contexts * items > 1)) and min(measured.values()) >= -1e-12
    assert 1 - 1e-12 <= measured["participation"] <= contexts + 1e-12
    assert measured == pytest.approx(selectivity(3 * hidden, contexts))
    assert open_contexts(hidden, contexts).sum() == pytest.approx(1)


def test_open_contexts_counts_pairs_of_unit_and_item():
    closed_in_one = [0, 0, 1, 1, 1, 1]  # closed in context 0
    closed_here_and_there = [0, 1, 1, 0, 1, 1]  # item 0 closed in context 0, item 1 in context 1
    for row in (closed_in_one, closed_here_and_there):
        assert open_contexts(units(row), 3).tolist() == [0, 0, 1, 0]
    assert open_contexts(units([1] * 6), 3).tolist() == [0, 0, 0, 1]


@given(st.integers(2, 5), st.integers(2, 6), st.integers(0, 99))
def test_products_of_gates_and_items_are_found_and_have_the_interaction_of_their_gate(contexts, items, seed):
    rng = seeded(seed)
    count = torch.randint(1, contexts, (1,), generator=rng).item()
    gate = (torch.randperm(contexts, generator=rng) < count).double()
    hidden = torch.kron(gate, 1 + torch.rand(items, generator=rng).double())[:, None]
    assert product_units(hidden, contexts).tolist() == [float(m == count) for m in range(contexts + 1)]
    measured = selectivity(hidden, contexts)
    assert measured["interaction"] == pytest.approx(measured["item"] * (contexts - count) / count)
    noise = torch.rand(contexts * items, 50, generator=rng).double()
    assert product_units(noise, contexts).sum() < 0.3


def test_levels_of_the_interaction():
    fine = units([1, 0, 0, 1])  # two items, each in its own context: one level
    assert interaction_levels(fine, 2) == pytest.approx({1: 1.0})
    hidden = torch.rand(3 * 8, 4000, generator=seeded(0)).double()
    levels = interaction_levels(hidden, 3)
    assert levels == pytest.approx({7: 1 / 7, 3: 2 / 7, 1: 4 / 7}, abs=0.01) and sum(levels.values()) == pytest.approx(
        1
    )
    y = multi_context_task(3)[1]  # energies of the parts of the targets themselves go with σ²
    whole = interaction_levels(y, 3, y.var(dim=0))
    assert whole[7] > 1 / 7
    additive = torch.arange(3.0)[:, None] + torch.arange(8.0)
    with pytest.raises(ValueError, match="with an interaction"):
        interaction_levels(additive.double().view(24, 1), 3)


@pytest.mark.parametrize("contexts", [2, 3, 5])
def test_own_modes_of_equal_blocks_are_the_theory_of_one_tree(contexts):
    t = torch.arange(0, 8001, 500)
    own = sum(mode.loss(t, 1e-3) for mode in own_modes([tree_properties(8)] * contexts))
    assert torch.allclose(own, sum(mode.loss(t, 1e-3) for mode in context_theory(contexts)), atol=1e-9)


def test_with_two_contexts_any_blocks_follow_their_own_modes_once_the_common_part_is_learned():
    """The pathways do not disturb each other then: what they see has no term with the sum of their maps."""
    blocks = context_blocks("permuted", 2, generator=torch.Generator().manual_seed(3))
    x, y = multi_context_task(2, blocks=blocks)
    rest = y - x @ torch.linalg.lstsq(x, y, driver="gelsd").solution
    late = [mode for mode in own_modes(blocks) if mode.name == "context"]
    inputs = torch.ones(2, 10)
    inputs[:, 8:] = 0
    run = race(x, rest, 1 - x[:, 8:], wide_gram([100, 100], inputs, 45, std=1e-4), steps=4000, lr=1e-3)
    start = 100 * 1e-8 / 2
    formula = sum(mode_loss(m.s, start, torch.arange(4001)) for m in late)
    assert (run.losses - formula).abs().max() < 0.01 * formula[0]


def mode_loss(s, start, t):
    return (s - mode_dynamics(s, 1.0, start, t, tau=1000)) ** 2 / 2


# --- errors


@pytest.mark.parametrize(
    ("call", "fragment"),
    [
        (lambda: tree_properties(6), "power of two.*got 6"),
        (lambda: multi_context_task(0), "contexts must be a whole number of at least 1, got 0"),
        (
            lambda: multi_context_task(2, blocks=[tree_properties()]),
            "blocks must hold one table for each of the 2.*got 1",
        ),
        (
            lambda: multi_context_task(1, items=4, blocks=[torch.ones(6, 4)]),
            r"blocks\[0\] must have shape \(7, 4\), got \(6, 4\)",
        ),
        (lambda: context_blocks("rings"), "kind must be one of.*got 'rings'"),
        (lambda: context_blocks("mixed", 6), "contexts must be at most 5 for mixed blocks, got 6"),
        (lambda: ring_properties(5), "items must be an even number.*got 5"),
        (lambda: learned_shares(torch.zeros(5, 2), torch.zeros(5, 2), 2), "y must have 2·I rows"),
        (
            lambda: learned_shares(torch.zeros(4, 2), torch.zeros(4, 3), 2),
            r"output must have shape \(…, 4, 3\), got \(4, 2\)",
        ),
        (lambda: gated_layers(normal_weights((2, 3, 1), 1.0), torch.zeros(1, 2).double(), []), "1 of them, got 0"),
        (lambda: descend(normal_weights((2, 3, 1), 1.0), *xor_task(), steps=2, lr=0), "lr must be a positive number"),
        (lambda: descend(normal_weights((2, 3, 1), 1.0), *xor_task(), steps=2, lr=1, snapshots=[3]), "last step, 2"),
        (
            lambda: descend(normal_weights((2, 3, 2), 1.0), *xor_task(), steps=2, lr=1),
            r"y must have shape \(4, 2\), got \(4, 1\)",
        ),
        (lambda: GDLN(torch.sign, [1, 2], 3, 1, std=1, inputs=torch.ones(3, 3)), r"inputs must have shape \(2, 3\)"),
        (lambda: GDLN(torch.sign, [1, 2], 3, 1, std=1)(torch.zeros(4, 3).double()), r"\(4, 2\), got \(4, 3\)"),
        (lambda: GDLN.from_relu(normal_weights((2, 3, 3, 1), 1.0)), "two matrices"),
        (
            lambda: race(*xor_task(), torch.ones(4, 1), torch.eye(2).double()[None], steps=1, lr=1),
            r"gram must have shape \(1, 3",
        ),
        (lambda: mode_dynamics(1.0, -1.0, 1e-3, 0.0), "d must be positive"),
        (lambda: mode_dynamics(1.0, 1.0, 1e-3, 0.0, tau=0.0), "tau must be positive"),
        (lambda: half_time(1.0, 1.0, 2.0), "start must lie between 0 and s/d = 1.0"),
        (lambda: context_theory(1), "at least 2"),
        (lambda: race_score(3, 3), "between 1 and contexts - 1 = 2"),
        (lambda: selectivity(torch.zeros(4, 2), 2), "not silent"),
        (lambda: selectivity(-torch.ones(4, 2), 2), "not negative"),
        (lambda: selectivity(torch.ones(5, 2), 2), r"\(2·I, M\)"),
        (lambda: open_contexts(torch.ones(4, 2), 2, torch.ones(3)), r"strength must have shape \(2,\)"),
    ],
)
def test_bad_input(call, fragment):
    with pytest.raises(ValueError, match=fragment):
        call()


def test_messages_and_limits_that_a_small_change_would_break():
    weights = [torch.eye(2).double()] * 4
    with pytest.raises(ValueError, match="for each hidden layer, 3 of them, got 1"):
        gated_layers(weights, torch.zeros(1, 2).double(), gates=[None])
    with pytest.raises(ValueError, match=r"gates must fit the hidden layer, \(5, 2\)"):
        gated_layers(weights, torch.zeros(5, 2).double(), gates=[torch.ones(0, 2), None, None])
    with pytest.raises(ValueError, match="weights must be two matrices"):
        GDLN.from_relu([torch.zeros(2, 3), torch.zeros(1, 9)])  # reads more units than there are
    x, y, gates = torch.eye(2).double(), torch.ones(2, 1).double(), torch.ones(2, 1).double()
    with pytest.raises(ValueError, match="gram must have shape"):
        race(x, y, gates, torch.zeros(1, 4, 4).double(), steps=1, lr=0.1)  # larger than it must be
    gram = wide_gram([50], torch.ones(1, 2), 1, std=0.1)
    assert race(x, y, gates, gram, steps=3, lr=0.1, snapshots=range(4)).steps == (0, 1, 2, 3)


def test_a_divergence_names_its_first_step():
    x, y, gates = torch.eye(2).double(), torch.ones(2, 1).double(), torch.ones(2, 1).double()
    gram = wide_gram([50], torch.ones(1, 2), 1, std=0.1)
    with pytest.raises(DivergenceError, match=r"diverged at step (?!0 )") as caught:
        race(x, y, gates, gram, steps=200, lr=1e3)
    step = int(str(caught.value).split("step ")[1].split()[0])
    assert torch.isfinite(race(x, y, gates, gram, steps=step - 1, lr=1e3).losses).all()
