"""What the drawings of single pages say in their alternative texts, on tiny data, against a naive computation."""

import math
import re
import statistics

import pytest
import torch
from cases import seeded
from dlgn_lib.pages import intro
from dlgn_lib.pages.experts import equivalence, gating
from dlgn_lib.pages.experts import paths as path_figures
from dlgn_lib.pages.kernels import computing, in_motion, overlap, tangent
from dlgn_lib.pages.learning import (
    allocation,
    census,
    circle,
    controls,
    gates_on_images,
    half_spaces,
    images,
    relu,
    sharpness,
    your_own_network,
)
from dlgn_lib.pages.neighbours import bridge, collapse, colour_images, contexts, feature_map, haste, race, selectivity
from matplotlib import pyplot as plt

from dlgn_lib import DLGN, ReLUNet, feature_spectrum, overlap_kernel, path_experts, path_gates, plots
from dlgn_lib.book.picture import PAGE
from dlgn_lib.regions import activation_regions


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def numbers(text):
    """Return all numbers of a text; 40% is 0.4, and a minus is a minus."""
    found = re.findall(r"(-?\d+\.?\d*(?:e-?\d+)?)(%?)", text.replace("−", "-"))
    return [float(number) / (100 if percent else 1) for number, percent in found]


def medians(values):
    """Return the median over the rows of (S, T), number by number."""
    return [statistics.median(column) for column in values.T.tolist()]


def random(*shape, seed=0):
    return torch.rand(*shape, generator=seeded(seed), dtype=torch.float64)


def net_1d():
    return ReLUNet.from_weights([[[1.0], [1.0]], [[1.0, -2.0]]], [[0.0, -1.0], [0.5]])


# Part I


def test_a_path_is_told_with_its_gate_and_the_share_of_the_plane_where_it_is_on():
    net = DLGN(2, [3, 2], generator=seeded(1)).double()
    x, path = torch.tensor([0.3, -0.2], dtype=torch.float64), (2, 1)
    _, alt = path_figures.path_walk(net, path, x, ((-1, 1), (-1, 1)))
    gate = path_gates(net, x[None], torch.tensor([path]), hard=True).item()
    points = 2 * random(20_000, 2) - 1
    share = path_gates(net, points, torch.tensor([path]), hard=True).mean().item()
    assert f"its gate is {'on' if gate else 'off'}" in alt and ("is inside." in alt) == bool(gate)
    assert numbers(re.search(r"shaded (.*?) of it", alt)[1])[0] == pytest.approx(share, abs=0.02)


def test_a_region_of_one_input_is_told_with_its_ends():
    net = net_1d()  # the path of unit 1: on from 1
    _, alt = path_figures.region_1d(net, (1,), (-1, 5))
    assert alt.endswith("The region where all are at least zero is 1 piece: [1, 5].")
    with pytest.raises(ValueError, match="names must be 1 labels"):
        path_figures.region_1d(net, (1,), (-1, 5), names=["a", "b"])


def test_the_running_sum_ends_at_the_forward_pass():
    net, x = net_1d(), torch.tensor([2.0], dtype=torch.float64)
    figure, alt = equivalence.running_sum(net, x)
    total = [p.get_ydata()[-1] for p in figure.axes[0].get_lines() if len(p.get_ydata()) > 2]
    terms = (path_gates(net, x[None]) * path_experts(net, x[None])[:, :, 0])[0]
    assert total[0] == pytest.approx((terms.sum() / terms.abs().sum()).item())
    assert terms.sum().item() == pytest.approx(net(x[None]).item())
    assert f"over {len(terms)} paths, {int((terms != 0).sum())} of them active" in alt
    assert numbers(alt)[-1] == pytest.approx(net(x[None]).item(), abs=5e-3)


def test_gaps_between_a_net_and_its_mixture_are_told_for_each_activation():
    x = torch.linspace(-1, 1, 5)
    forward = {"ReLU": x.clamp_min(0), "tanh": x.tanh()}
    mixture = {"ReLU": x.clamp_min(0), "tanh": x * (x >= 0)}
    _, alt = equivalence.activations(["ReLU", "tanh"], x, forward, mixture)
    gap = max(abs(math.tanh(v) - max(v, 0)) for v in x.tolist())
    assert "ReLU 0, " in alt and f"tanh {gap:.2g}" in alt


def test_all_half_spaces_are_counted():
    figure, alt = gating.half_spaces(DLGN(2, 5, 3, generator=seeded(0)), ((-1, 1), (-1, 1)))
    assert "5 half-planes in each of 3 layers" in alt
    assert [len(ax.get_lines()) for ax in figure.axes] == [
        2 + 2 * 5
    ] * 3  # two axes, and for each unit a line and a tick


def test_pattern_regions_are_counted():
    net = ReLUNet.from_weights([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]]])  # four quadrants
    _, alt = gating.pieces({"quadrants": net}, (0,), ((-1, 1), (-1, 1)))
    assert "quadrants has 4 activation-pattern regions and path (0,) is active on 50% of the square" in alt


def test_neighbouring_tiles_have_different_colours():
    for seed in range(5):
        net = DLGN(2, 4, 2, bias=True, beta=math.inf, generator=seeded(seed)).double()
        tiles = activation_regions(net, ((-2, 2), (-2, 2)))
        colours, _ = gating._colouring(tiles)
        signs = torch.stack([torch.cat([torch.as_tensor(layer).double() for layer in on]) for _, on in tiles])
        neighbours = (signs[:, None] != signs).sum(dim=2) == 1  # one line between them, so they share an edge
        same = torch.tensor(colours)[:, None] == torch.tensor(colours)
        assert neighbours.any() and not (neighbours & same).any()


# Part II


def test_kernels_on_the_circle_are_told_at_a_quarter_and_at_half_a_turn():
    angle = 2 * math.pi * (torch.arange(40) + 0.5) / 40
    x = torch.stack([angle.cos(), angle.sin()], dim=1)
    kernel = overlap_kernel(DLGN(2, 8, 2, generator=seeded(0)), x, hard=True).double()
    _, alt = overlap.kernel_map({"DLGN": kernel})
    mean = statistics.mean(kernel[i, i].item() for i in range(40))
    means = [statistics.mean(kernel[i, i + far].item() / mean for i in range(40 - far)) for far in (10, 20)]
    assert numbers(alt) == pytest.approx(means, rel=0.06)


def test_errors_against_width_are_told_with_their_medians_at_both_ends():
    errors = {"DLGN": random(4, 3), "ReLU": 1 + random(4, 3, seed=1)}
    _, alt = overlap.error_against_width([8, 16, 32], errors)
    expected = [end for values in errors.values() for end in (medians(values)[0], medians(values)[-1])]
    assert numbers(alt) == pytest.approx(expected, rel=0.06)


def test_changes_of_the_kernel_are_told_against_width_and_scale():
    widths, scales = [4, 8], [1.0, 2.0, 4.0]
    by_width, by_scale = {"full": random(3, 2)}, {"full": random(3, 3, seed=1)}
    _, alt = in_motion.kernel_change(widths, by_width, scales, by_scale)
    w, s = medians(by_width["full"]), medians(by_scale["full"])
    assert numbers(alt) == pytest.approx([w[0], 4, w[1], 8, s[0], 1, s[2], 4], rel=0.06)


def test_what_a_step_does_elsewhere_is_told_as_a_share_of_the_circle():
    degrees = torch.arange(8) * 45.0
    full = torch.tensor([1.0, 0.6, 0.2, -0.7, 0.0, 0.1, -0.2, 0.4])
    _, alt = tangent.one_step(degrees, 0, full, 0.7 * full, 0.3 * full, full, "DLGN")
    assert "at 0 degrees" in alt and "on 38% of the circle" in alt and alt.endswith("at the point itself is 30%.")


# Part III


def test_allocation_is_told_as_the_share_of_the_first_half():
    angles = 2 * math.pi * (torch.arange(10) + 0.5) / 10
    activities = 1 + random(5, 10)
    _, alt = intro.allocation(angles, angles.sin(), random(5, 10), activities, 20, "DLGN")
    shares = [sum(row[:5]) / sum(row) for row in activities.tolist()]
    assert numbers(alt)[1] == pytest.approx(statistics.median(shares), abs=0.005) and "after 20 steps" in alt


def test_shares_and_errors_are_told_at_the_marked_steps():
    runs = {"DLGN": (random(3, 4), random(3, 4, seed=1)), "ReLU": (random(3, 4, seed=2), random(3, 4, seed=3))}
    _, alt = allocation.share_against_error(runs, [0, 5, 10, 20], marked=[5, 20])
    expected = [
        value
        for errors, shares in runs.values()
        for place, step in ((1, 5), (3, 20))
        for value in (step, medians(shares)[place], medians(errors)[place])
    ]
    assert numbers(alt) == pytest.approx(expected, abs=0.0051)


def test_cases_are_told_with_their_medians_and_counted():
    start, now = random(5), random(5, seed=1)
    figure, alt = controls.case_shares({"He": (start, now), "none": None}, 50, "DLGN", {"Weights": 2})
    assert numbers(alt) == pytest.approx([50, statistics.median(now.tolist())], abs=0.0051)
    texts = [text.get_text() for text in figure.axes[0].texts]
    up = sum(b > a for a, b in zip(start.tolist(), now.tolist(), strict=True))
    assert f"{up} of 5" in texts and "does not apply" in texts


def test_steps_after_a_transplant_are_counted_and_have_a_median():
    hits = torch.tensor([[50.0, 80.0, math.inf], [20.0, 30.0, 25.0]])
    _, alt = allocation.transplants([10, 100], hits, [random(40)], 10, 0.01, 200)
    assert "2 of 3 runs reach a loss of 0.01, with a median of 65 steps" in alt
    _, alt = allocation.transplants([10, 100], torch.full((2, 3), math.inf), [random(40)], 10, 0.01, 200)
    assert "0 of 3 runs reach a loss of 0.01." in alt


def test_directions_are_told_with_their_resultant_and_axis():
    normals = torch.tensor([[0.0, 1.0], [0.1, 2.0], [0.0, -1.0], [1.0, 0.0]])
    _, alt = half_spaces.directions({"layer 1": normals}, None, "normals")
    twice = [2 * math.atan2(y, x) for x, y in normals.tolist()]
    c, s = (statistics.mean(map(f, twice)) for f in (math.cos, math.sin))
    assert (
        f"R {math.hypot(c, s):.2f}" in alt and f"axis at {math.degrees(math.atan2(s, c)) / 2 % 180:.0f} degrees" in alt
    )
    assert "50% within 30 degrees of up and 25% of down" in alt


def test_clustering_is_told_from_the_first_step_to_the_last():
    trained, fresh, shuffled = {"DLGN": random(4, 3, 2)}, random(6, 2, seed=1), random(6, 2, seed=2)
    _, alt = half_spaces.clustering([0, 10, 100], trained, fresh, shuffled)
    for layer in range(2):
        first, last = (statistics.median(trained["DLGN"][:, at, layer].tolist()) for at in (0, 2))
        words = (
            f"layer {layer + 1}: DLGN from {first:.2f} to {last:.2f}, fresh nets at most {fresh[:, layer].max():.2f}"
        )
        assert f"{words}, shuffled matrices at most {shuffled[:, layer].max():.2f}" in alt


def test_accuracies_are_told_with_mean_and_standard_deviation():
    values = [0.8, 0.82, 0.9]
    _, alt = images.accuracies({"clothes": {"ReLU": torch.tensor(values)}})
    assert f"clothes: ReLU {100 * statistics.mean(values):.1f} ± {100 * statistics.stdev(values):.1f}." in alt


def test_a_difference_within_noise_is_called_so():
    rows = {"large": torch.tensor([3.0, 3.2, 3.1]), "small": torch.tensor([-0.5, 0.4, 0.3])}
    _, alt = images.differences(rows, 2.0, "points")
    reach = 2 * statistics.stdev([3.0, 3.2, 3.1]) / math.sqrt(3)
    assert f"large +3.10 ± {reach:.2f};" in alt and "small +0.07 ±" in alt and alt.endswith("within noise.")


def test_a_kernel_by_class_is_told_within_and_between():
    kernel = torch.eye(6) + 0.5
    kernel[:3, :3] += 0.23
    labels = torch.tensor([0, 0, 0, 1, 1, 1])
    _, alt = gates_on_images.kernel_by_class(kernel, labels, ["shirt", "bag"], "one net", shown=2)
    scaled = (kernel / kernel.diagonal().mean()).tolist()
    pairs = [(i, j) for i in range(6) for j in range(6) if i != j]
    within = statistics.mean(scaled[i][j] for i, j in pairs if labels[i] == labels[j])
    between = statistics.mean(scaled[i][j] for i, j in pairs if labels[i] != labels[j])
    assert f"{within:.2f} within classes and {between:.2f} between" in alt and f"{within / between:.2f} times" in alt


def test_half_circles_are_counted_in_gate_patterns():
    on = torch.zeros(80, 3, dtype=torch.bool)
    on[:40, 0] = True  # a half circle
    on[::2, 1] = True  # half of the points, in forty pieces
    on[:20, 2] = True  # a quarter
    _, alt = relu.gate_patterns({"one": [on], "two": [~on]}, 10)
    assert "one: 1 of 3; two: 1 of 3." in alt


# Part IV


def test_an_eigenfunction_is_told_with_the_part_that_is_constant_on_classes():
    values, labels = torch.tensor([1.0, 1.2, -0.9, -1.1]), torch.tensor([1, 1, 0, 0])
    nets = {"a": values, "b": torch.tensor([1.0, -1.0, 1.0, -1.0])}
    nets = {name: torch.stack([torch.ones(4), e], dim=1) for name, e in nets.items()}
    _, alt = feature_map.sorted_eigenfunctions(nets, labels, [1, 2])
    between = (2 * 1.1**2 + 2 * 1.0**2) / sum(v**2 for v in values.tolist())
    assert alt.endswith(f"a, k = 1: 100%; a, k = 2: {between:.0%}; b, k = 1: 100%; b, k = 2: 0%.")


def test_measures_of_features_are_told_at_their_end():
    values = random(5, 3)
    figure, alt = feature_map.measures_over_epochs([1, 10, 50], {"share": ((0, 1), {"α = 1": values})}, 10)
    within(alt, [1, 50, 1, medians(values)[-1]], abs=0.01)
    assert not any(line.get_linestyle() == ":" for line in figure.axes[0].get_lines())


def test_class_means_are_told_beside_a_simplex():
    kernel = torch.tensor([[1.0, 0.9, 0.1], [0.9, 1.0, 0.2], [0.1, 0.2, 1.0]])
    cosines = torch.tensor([[1.0, -0.4, -0.6], [-0.4, 1.0, -0.5], [-0.6, -0.5, 1.0]])
    _, alt = collapse.class_kernels(kernel, torch.tensor([0, 0, 1]), cosines, "epoch 5")
    assert "between classes its mean is 0.15" in alt and "-0.60 to -0.40, where a simplex has -0.50" in alt


def test_the_race_is_told_with_the_best_size_and_what_was_learned():
    norms = {1: torch.tensor([[0.1, 0.3]]), 2: torch.tensor([[2.0, 4.0]]), 3: torch.tensor([[5.0]])}
    _, alt = race.race_bars({1: 0.8, 2: 0.3}, norms, 3)
    assert "smallest, 0.30, for pathways open in 2 of them" in alt
    assert "size 1: 0.2; size 2: 3; size 3: 5." in alt


def test_units_that_are_on_are_counted():
    activity = torch.tensor(
        [[1.0, 0.0], [0.5, 1.0], [0.2, 0.0], [0.9, 0.0]]
    )  # one unit on everywhere, one on one sample
    _, alt = selectivity.gate_raster(activity, 2, 100)
    assert (
        "50% of the units are on everywhere" in alt
        and "on for 62% of the samples" in alt
        and "2 different patterns" in alt
    )


def test_a_quantity_without_direction_gets_words_and_the_others_their_medians():
    early, late = torch.tensor([0.5, 0.4, 0.6, 2.0]), torch.tensor([1.5, 2.0, 1.5, 1.0])
    phases = {
        "first": {"DLGN": {"share": (early, 4), "rank": (late, 2)}},
        "second": {"DLGN": {"share": (late, 0), "rank": (early, 1)}},
    }
    _, alt = bridge.timeline(phases, ["share", "rank"], ["one", "two"])
    assert alt.startswith("Half-way steps over those of the error, medians of 4 runs.")
    assert "first, DLGN, share: 0.55, earlier in 3; first, DLGN, rank: no common direction" in alt
    assert "second, DLGN, share: 1.50, earlier in 0; second, DLGN, rank: no common direction" in alt


# and the rest of the drawings, by part


def within(alt, expected, **tolerance):
    """Assert that the first numbers of a text are these, in their order."""
    assert numbers(alt)[: len(expected)] == pytest.approx(expected, **(tolerance or {"rel": 0.06, "abs": 0.006}))


def test_a_gate_is_told_with_its_share_of_the_square_and_the_form_of_its_edges():
    net = DLGN(2, 3, 2, generator=seeded(3)).double()
    _, alt = gating.gate_maps(net, (1, 2), ((-1, 1), (-1, 1)), "a DLGN")
    points = 2 * random(20_000, 2) - 1
    share = (path_gates(net, points, torch.tensor([[1, 2]])) > 0.5).double().mean().item()
    assert "half-planes with straight edges" in alt
    assert numbers(alt)[-1] == pytest.approx(share, abs=0.02)
    _, alt = gating.gate_maps(ReLUNet(2, 3, 2, generator=seeded(3)), (1, 2), ((-1, 1), (-1, 1)), "a ReLU net")
    assert "regions that bend" in alt


def test_shares_of_the_square_are_told_for_each_net():
    half = ReLUNet.from_weights([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]]])
    _, alt = path_figures.region_jump({"a": half, "b": half}, (0,), ((-1, 1), (-1, 1)), "note", {"unit": (0, "red")})
    assert alt.count("active on a share of 0.5 of the square") == 2


def test_the_error_of_a_step_is_told_at_the_marked_rate():
    errors = {"DLGN": random(5, 3)}
    _, alt = tangent.step_size(torch.arange(8) * 45.0, random(8), random(8), [0.01, 0.1, 1.0], errors, marked=1)
    assert numbers(alt)[0] == 0.1
    assert numbers(alt)[-1] == pytest.approx(medians(errors["DLGN"])[1], rel=0.6)  # one digit is told


def test_activity_is_told_with_its_share_and_the_errors_of_both_halves():
    shares, errors = random(5, 3), {"smooth half": random(5, 3, seed=1), "fast half": random(5, 3, seed=2)}
    angles = (torch.arange(8) + 0.5) * math.pi / 4
    activities = 0.1 + random(5, 8, seed=3)
    _, alt = allocation.activity_ring(angles, angles.sin(), activities, [0, 5, 10], shares, errors, 5, "DLGN")
    column = shares[:, 1].tolist()
    told = [5, statistics.median(column), min(column), max(column)]
    told += [statistics.median(values[:, 1].tolist()) for values in errors.values()]
    within(alt, told)


def test_pulls_are_told_with_their_length():
    pulls = {"smooth half": random(6, 2), "fast half": random(6, 2, seed=1) / 9}
    sizes = {half: 20 * random(5, 3, seed=place) for place, half in enumerate(pulls)}
    _, alt = allocation.pull_cloud(pulls, sizes, shares := random(5, 3, seed=2), 2, "DLGN")
    lengths = [statistics.mean(math.hypot(*row) for row in values.tolist()) for values in pulls.values()]
    lifts = [medians(values)[2] for values in sizes.values()]
    within(alt, [2, lengths[0], lifts[0], lengths[1], lifts[1], 10, medians(shares)[2]])  # 10 is that of the unit


def test_an_echo_is_told_with_peak_end_and_lowest_residual():
    runs = {name: random(2, 5, 4, seed=place) for place, name in enumerate(["Adam", "plain gradient descent"])}
    _, alt = controls.echo(runs)
    told = []
    for shares, residuals in runs.values():
        told += [max(medians(shares)), medians(shares)[-1], min(medians(residuals))]
    within(alt, told)


def test_shares_against_frequency_are_told_at_the_marked_one():
    shares, traces = {"DLGN": random(5, 3)}, {"DLGN": random(5, 4, seed=1)}
    pulls = random(3, seed=2)
    _, alt = controls.dose_response([1, 4, 16], shares, pulls, traces, [0, 1, 2, 3], frequency=4, step=2)
    within(alt, [1, 4, 2, medians(shares["DLGN"])[1], pulls[1].item()])


def test_outputs_on_the_circle_are_told_with_their_errors_on_both_halves():
    degrees, targets = torch.arange(8) * 45.0 + 1, random(8)
    outputs = {"DLGN": random(5, 8, seed=1), "ReLU": random(5, 8, seed=2)}
    _, alt = circle.circle_outputs(degrees, targets, outputs, 20, {"DLGN": 100, "ReLU": 10})
    squares = [[(a - b) ** 2 for a, b in zip(row, targets.tolist(), strict=True)] for row in outputs["DLGN"].tolist()]
    halves = [statistics.median(statistics.mean(row[part]) for row in squares) for part in (slice(4), slice(4, 8))]
    within(alt, [20, *halves])


def test_losses_on_the_circle_are_told_and_who_came_below():
    losses = {"DLGN": torch.tensor([[1.0, 0.5, 0.005], [1.0, 0.7, 0.1], [1.0, 0.9, 0.001]])}
    x, targets = torch.randn(8, 2, generator=seeded(0)), random(8)
    _, alt = circle.circle_training(x, targets, {"DLGN": random(3, 8)}, losses, 1)
    assert "DLGN 0.7" in alt and "2 of 3" in alt
    _, alt = circle.circle_losses(torch.arange(8) * 45.0, targets, losses, "the task")
    assert alt.startswith("The task: ") and "2 of 3" in alt


def test_wedges_are_told_with_their_opening():
    _, alt = census.wedges({"near": [0, 30, 60, 90], "far": [0, 90, 180, 270]})
    assert "share a wedge of 90 degrees" in alt and "normals at 0, 90, 180, 270 degrees share no point at all" in alt


def test_change_and_clustering_are_told_apart_at_the_size_of_the_start():
    runs = {"DLGN": (torch.tensor([0.5, 2.0, 3.0]), torch.tensor([0.1, 0.7, 0.8]))}
    runs["frozen DLGN"] = torch.tensor([0.2, 0.3, 0.9]), torch.tensor([0.2, 0.15, 0.3])
    _, alt = half_spaces.moved_and_clustered(runs)
    told = numbers(alt.replace("R", ""))
    assert told == pytest.approx([2.0, 0.7, 0.3, 0.2, 0.3, 0.7])


def test_a_measure_is_told_at_its_first_middle_and_last_step():
    values = {"DLGN": random(5, 3)}
    _, alt = relu.measures_over_steps({"share": (values, (0, 1), None)}, [0, 10, 100])
    first, middle, last = medians(values["DLGN"])
    within(alt, [first, 0, middle, 10, last, 100])


def test_correlations_are_told_by_layer():
    values, start = ({name: random(5, 3, seed=seed) for name in ("DLGN", "ReLU")} for seed in (0, 1))
    _, alt = relu.correlation_by_layer(values, start, 50)
    within(alt, [50, 1, 3, *medians(values["DLGN"])])


def test_cones_of_a_path_are_counted():
    net = ReLUNet.from_weights([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]]])
    _, alt = relu.path_cones({"ReLU": (net, (0,))}, ((-1, 1), (-1, 1)))
    assert "ReLU: 1 cone, 50% of the circle" in alt


def test_courses_are_told_from_first_to_last_moment():
    panels = {"rank": {"DLGN": random(5, 3), "ReLU": random(5, 3, seed=1)}}
    _, alt = images.courses(["0", "1", "2"], panels, "epoch")
    ends = [end for values in panels["rank"].values() for end in (medians(values)[0], medians(values)[-1])]
    within(alt, [0, 2, *ends])


def test_activity_by_class_is_told_at_its_ends_for_each_network():
    names = ["shirt", "bag", "boot"]
    networks = {
        name: ({"start": random(5, 3), "end": random(5, 3, seed=seed)}, random(5, 3, seed=seed + 1))
        for seed, name in ((1, "ReLU"), (3, "DLGN"))
    }
    figure, alt = gates_on_images.class_activity(networks, names)
    assert [ax.get_title() for ax in figure.axes] == list(networks)
    told = alt.partition(". ")[2].split("; ")
    for (name, (moments, _)), line in zip(networks.items(), told, strict=True):
        end = medians(moments["end"])
        largest, smallest = names[end.index(max(end))], names[end.index(min(end))]
        assert line.startswith(f"{name}: at the end largest for {largest}, ") and f"smallest for {smallest}, " in line
        within(line, [max(end), min(end)])
    accuracy = torch.stack([share.mean(0) for _, share in networks.values()]).mean(0)
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert [row.split(" (")[0] for row in rows] == [names[c] for c in accuracy.argsort(descending=True)]


def test_normals_are_told_with_the_dimensions_that_they_fill():
    layers = {"layer 1": torch.randn(8, 4, generator=seeded(0), dtype=torch.float64)}
    _, alt = images.normal_images(layers, (2, 2), "DLGN")
    n = layers["layer 1"].tolist()
    length = [math.sqrt(sum(v * v for v in row)) for row in n]
    cosines = [
        abs(sum(a * b for a, b in zip(n[i], n[j], strict=True))) / length[i] / length[j]
        for i in range(8)
        for j in range(i)
    ]
    assert numbers(alt)[-1] == pytest.approx(statistics.mean(cosines), abs=0.006)


def test_samples_name_their_classes():
    drawn = (255 * random(6, 1, 4, 4)).to(torch.uint8)
    _, alt = images.image_samples(drawn, torch.tensor([0, 0, 1, 1, 2, 2]), ["shirt", "bag", "boot"])
    assert alt == "Two images of each of 3 classes: shirt, bag, boot."


def test_units_are_told_with_their_shares():
    shares = {"one": {"item": 0.5, "context": 0.2, "interaction": 0.3}}
    _, alt = selectivity.unit_maps({"one": random(3, 4)}, shares)
    assert "one: item 0.50, context 0.20, interaction 0.30" in alt


def test_the_mean_unit_is_weighed_by_strength():
    item, interaction, strength = random(6), random(6, seed=1), random(6, seed=2)
    some = {"a": (random(3, 4), (0.5, 0.25, 0.25))}
    _, alt = selectivity.variance_shares(item / 2, interaction / 2, strength, some, 40)
    total = sum(strength.tolist())
    mean = [
        sum(s * v for s, v in zip(strength.tolist(), (values / 2).tolist(), strict=True)) / total
        for values in (item, interaction)
    ]
    within(alt, [40, *mean, 1 - sum(mean), 0.25])


def test_measures_are_told_by_contexts_and_by_layer():
    values = {"ReLU": random(5, 3)}
    panels = {"interaction": ((0, 1), values["ReLU"], values["ReLU"] / 2)}
    _, alt = selectivity.measures_by_contexts([3, 4, 5], panels)
    rows = medians(values["ReLU"]), medians(values["ReLU"] / 2)
    told = [number for row in rows for pair in zip([3, 4, 5], row, strict=True) for number in pair]
    within(alt, told)
    _, alt = selectivity.measures_by_layer({"interaction": ((0, 1), {"first": values["ReLU"].T})})
    within(alt, [statistics.median(values["ReLU"].flatten().tolist())])


def test_the_course_of_an_interaction_is_told_with_its_least_and_last():
    steps, interaction = torch.arange(4) * 10.0, 0.1 + random(5, 4) / 10
    levels, chance, theory = {1: random(5, 4, seed=1)}, {1: 0.25}, {1: 0.5}
    _, alt = selectivity.interaction_course(steps, interaction, levels, chance, theory, 3)
    course = medians(interaction)
    within(alt, [3, min(course), course[-1], 1, medians(levels[1])[-1], 0.5, 0.25])


@pytest.mark.parametrize("logarithmic", [False, True])
def test_pairs_of_losses_are_told_with_their_distances(logarithmic):
    steps, nets, other = torch.arange(6) * 10.0, 5 + random(5, 6), 5 + random(6, seed=1)
    figure, alt = race.loss_panels(
        steps, {"a": (nets, other), "b": (nets, nets)}, "formula", "t", 2, logarithmic=logarithmic
    )
    middle = medians(nets)
    gaps = [100 * abs(a - b) / middle[0] for a, b in zip(middle, other.tolist(), strict=True)]
    found = numbers(alt.replace(" %", ""))
    assert found == pytest.approx([statistics.mean(gaps), max(gaps), 0, 0], rel=0.06)
    assert {ax.get_xscale() for ax in figure.axes} == {"log" if logarithmic else "linear"}


def test_open_gates_are_told_at_their_peak_and_at_the_end():
    shares = random(4, 3)
    shares = shares / shares.sum(0)
    _, alt = haste.open_gates(torch.tensor([0.0, 10.0, 20.0]), shares, 3)
    most = max(shares[3].tolist())
    at = 10 * shares[3].tolist().index(most)
    told = [number for m in range(4) for number in (m, shares[m, -1].item())]
    within(alt, [3, at, most, *told])


def test_units_that_point_at_a_corner_are_told_by_strength():
    x = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    y = torch.tensor([[1.0], [-1], [-1], [1]])
    weights = [torch.tensor([[2.0, 2.0], [1.0, 0.0]]), torch.tensor([[1.0, -1.0]])]
    losses = torch.tensor([1.0, 0.5, 0.2])
    _, alt = haste.xor_units(x, y, weights, losses, torch.tensor([0.6, 0.3]), 1, 2, 100 * 8**0.25)
    strong = math.sqrt(8)
    within(alt, [2, 1 / 3, strong / (strong + 1), 0.2, 0.3])
    assert haste.unit_sizes(weights).tolist() == pytest.approx([8**0.25, 1.0])


def test_the_task_is_told_with_its_sizes():
    x, y = random(12, 4 + 3), random(12, 2 * 4)
    _, alt = haste.context_task(x, y, 3)
    assert (
        "The task for 3 contexts. A binary tree over 4 items" in alt and "12 columns; right, 8 target properties" in alt
    )


def spectrum(seed, classes=3):
    features = torch.randn(60, 110, generator=seeded(seed), dtype=torch.float64)
    target = torch.eye(classes).double()[torch.arange(60) % classes]
    return feature_spectrum(features, target=target, output=features[:, :classes])


def test_curves_of_features_are_told_over_seeds():
    found = [spectrum(seed) for seed in range(3)]
    _, alt = feature_map.feature_curves(found, found, 3, "a net")
    gaps = [(s.eigenvalues[2] / s.eigenvalues[3]).item() for s in found]
    low, high = (f"{value:.1f}" for value in (min(gaps), max(gaps)))
    assert f"eigenvalue 3 is {low if low == high else f'{low} to {high}'} times the next" in alt
    counts = [s.k95 for s in found]
    assert f"{min(counts)}{f' to {max(counts)}' if min(counts) < max(counts) else ''} features in use" in alt
    assert "range over 3 seeds" in alt


def test_labellings_are_told_with_their_features_and_accuracies():
    spectra = {"true": [spectrum(0), spectrum(1)], "shuffled": [spectrum(2), spectrum(3)]}
    accuracy = {name: {"train": [0.9, 1.0], "test": [0.5, 0.5]} for name in spectra}
    _, alt = collapse.two_labellings(spectra, accuracy, 3)
    assert alt.count("accuracy train 0.9 to 1, test 0.5") == 2


def test_features_in_use_are_told_for_each_number_of_targets():
    counts = {"net": torch.tensor([[2, 5], [3, 5]])}
    _, alt = collapse.features_in_use([1, 4], counts, {"net": 1 + random(2, 2)})
    assert "net: 2 to 3 for d = 1, 5 for d = 4" in alt


def test_thresholds_are_told_with_their_counts_at_the_smallest_scale():
    counts = {80: torch.tensor([[9.0, 12.0], [10.0, 14.0]]), 95: torch.tensor([[30.0, 60.0], [24.0, 66.0]])}
    _, alt = colour_images.thresholds({"a": [0.1, 1], "b": [0.5, 1]}, {"a": counts, "b": {80: counts[95]}})
    assert "a, smallest α: 80 %: 9 to 10, 95 %: 24 to 30; b, smallest α: 80 %: 24 to 30" in alt


def test_the_best_setting_is_told_with_its_features():
    found = {
        (0.1, 0.02): (torch.tensor([10.0, 12.0, 11.0]), torch.tensor([0.5, 0.7, 0.6])),
        (1.0, 0.05): (torch.tensor([30.0, 40.0, 50.0]), torch.tensor([0.8, 0.6, 0.75])),
    }
    _, alt = colour_images.accuracy_and_features({"a": found, "b": {(0.1, 0.02): found[0.1, 0.02]}})
    assert "a: best 0.75 with 40 features (α = 1, rate 0.05), 2 settings" in alt
    assert "b: best 0.6 with 11 features (α = 0.1, rate 0.02), 1 settings" in alt


def test_kinds_of_nets_are_told_by_data_and_setting():
    values = {"80 %": torch.tensor([9.0, 12.0]), "95 %": torch.tensor([40.0, 40.0])}
    _, alt = colour_images.kinds_of_nets({"a": {"ReLU CNN": values}, "b": {"ReLU CNN": values}})
    assert alt.count("ReLU CNN, 80 %: 9 to 12") == 2 and "b, ReLU CNN, 95 %: 40" in alt


def test_a_moment_of_the_race_is_told_with_its_losses_and_differences():
    steps, losses, theory = torch.arange(4) * 10.0, 5 * random(5, 4), 5 * random(4, seed=1)
    maps = {name: random(6, 8, seed=seed) for seed, name in enumerate(["targets", "a net", "formula"])}
    _, alt = race.race_snapshot(steps, losses, theory, maps, 3, 20)
    target, net, formula = (values.flatten().tolist() for values in maps.values())
    apart = [statistics.mean(abs(a - b) for a, b in zip(net, other, strict=True)) for other in (target, formula)]
    within(alt, [20, medians(losses)[2], theory[2].item(), *apart], abs=0.06)
    assert numbers(alt)[3:] == pytest.approx(apart, abs=6e-4)


def test_blocks_are_told_with_their_distance_from_the_first():
    _, alt = contexts.block_tables([torch.eye(2), 2 * torch.eye(2)], "two")
    assert "two: for each context" in alt and alt.endswith("context 1: 0.00; context 2: 0.75.")


def test_distances_are_told_by_kind_and_description():
    values = {"race": torch.tensor([1.0, 2.0, 4.0]), "formula": torch.tensor([3.0, 5.0, 7.0])}
    _, alt = contexts.errors_by_kind({"mixed": values}, "three", "mean", 9)
    assert "three: mean distance" in alt and alt.endswith("mixed: race 2.00, formula 5.00.")


def test_norms_are_told_by_the_number_of_contexts():
    _, alt = contexts.subset_norms({"equal": {1: torch.tensor([[0.5, 0.1, 0.2]]), 2: torch.tensor([[3.0]])}}, 2)
    assert "2 contexts" in alt and alt.endswith("equal: 1 0.20, 2 3.00.")


def test_a_sum_is_told_with_its_peak_and_its_end():
    _, alt = contexts.cancelling(torch.tensor([0, 10, 20]), {"equal": torch.tensor([0.2, 0.9, 0.1])}, "sum")
    assert alt == "sum. equal: at most 0.90, at step 10; 0.10 at the end."


def test_parts_are_told_with_the_step_at_which_half_is_learned():
    steps, rising = torch.arange(6) * 10.0, torch.tensor([0.0, 0.1, 0.3, 0.6, 0.9, 1.0])
    parts = {"context 1": rising.expand(3, 6)}
    _, alt = race.part_shares(steps, parts, parts, {"context 1": rising.square()}, "title")
    assert alt.endswith("context 1 30 (40).")
    _, alt = race.part_shares(steps, {"context 1": 0.4 * rising.expand(3, 6)}, parts, {"context 1": rising}, "title")
    assert alt.endswith("context 1 never (30).")


def test_a_census_is_told_by_weight():
    edges, weight = torch.tensor([0.0, 90, 180, 270]).double(), torch.tensor([4.0, 2, 1, 1]).double()
    centre, widths = torch.tensor([45.0, 135, 270]).double(), torch.tensor([120.0, 60, 30]).double()
    share = torch.tensor([0.5, 0.3, 0.2]).double()
    sample = torch.tensor([0.0, 100]).double(), torch.tensor([50.0, 80]).double()
    _, alt = census.region_census((edges, weight), (centre, widths, share), sample, random(8), "step 5")
    told = [number for number in numbers(alt) if number != 5]
    assert told == pytest.approx([0.75, 2, 0.5, 90, 0.5 * 120 + 0.3 * 60 + 0.2 * 30])


def test_axes_are_told_with_their_share_and_the_classes_at_their_ends():
    labels = torch.arange(30) % 3
    along = torch.stack([labels.double(), -labels.double()], dim=1) + 0.01 * random(30, 2)
    axes = torch.eye(4).double()[:2]
    _, alt = gates_on_images.normal_axes(
        axes.float(), torch.tensor([0.6, 0.25]), along.float(), labels, ["shirt", "bag", "boot"], (2, 2), "Axes"
    )
    assert "axis 1 holds 60% and parts shirt from boot; axis 2 holds 25% and parts boot from shirt" in alt


def test_three_views_of_one_net_are_told():
    activity, shares = random(40), random(24, seed=1)
    captured = {name: random(24, seed=seed) for seed, name in enumerate(["slow wave", "fast wave"])}
    gates = random(40, 6) > 0.5
    _, alt = bridge.three_views(
        random(40, 40), activity, shares, (3.2, 2.1), captured, gates, [30.0, 20.0], [50.0, 44.0], "DLGN"
    )
    smooth = sum(activity.tolist()[:20]) / sum(activity.tolist())
    held = [values[k].item() for values in captured.values() for k in (0, 19)]
    within(alt, [smooth, 3.2, 2.1, *held, 20, 44])


def test_looks_are_those_of_the_table():
    figure, _ = overlap.error_against_width([8, 16], {"ReLU": random(2, 2), "DLGN": random(2, 2)})
    drawn = {line.get_label(): line.get_color() for line in figure.axes[0].get_lines()}
    assert drawn["ReLU"] == plots.look("ReLU").colour and drawn["DLGN"] == plots.look("DLGN").colour


# A reader's own network


def test_neighbours_are_counted_by_class():
    rows = {
        "one net,\nbefore": (random(3, 4, 4), torch.tensor([1, 0, 1])),
        "after": (random(3, 4, 4), torch.tensor([0, 0, 0])),
    }
    _, alt = your_own_network.neighbours(random(4, 4), 1, rows, ["shirt", "bag"])
    assert "A test image, bag," in alt and "the 3 training images" in alt
    assert alt.endswith("Of the same class are: one net, before 2, after 0.")


def test_shares_before_and_after_are_told_with_their_medians():
    rows = {"MLP": random(5, 2), "CNN": random(5, 2, seed=1)}
    _, alt = your_own_network.before_after(rows, 0.25, "pixels", "share")
    told = [middle for values in rows.values() for middle in medians(values)]
    assert numbers(alt) == pytest.approx([*told, 0.25], abs=0.006)


def test_pieces_of_a_plane_are_counted_and_the_largest_share_named():
    square = torch.tensor([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    said = torch.tensor([[2, 2, 0], [2, 0, 2], [2, 2, 2]])
    panels = {"before": ([square, square], torch.zeros(3, 3).long()), "after": ([square], said)}
    places = [(0, 0), (1, 0), (0, 1)]
    drawn, alt = your_own_network.plane_regions(
        panels, ((0, 1), (0, 1)), places, random(3, 4, 4), ["shirt", "bag", "boot"]
    )
    assert alt.endswith("before 2 pieces, the largest share says shirt; after 1 pieces, the largest share says boot.")
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["shirt", "boot"]  # no bag is seen


def test_normals_of_filters_are_told_with_the_window_that_they_look_at():
    small = torch.zeros(2, 6, 6)
    small[0, 1:4, 2:4] = 1  # 3 high, 2 wide
    small[1, 2, 2] = -1
    _, alt = your_own_network.filter_normals({"layer 1": small, "layer 2": torch.ones(2, 6, 6)}, "one net")
    assert "layer 1 3 by 2 pixels; layer 2 6 by 6 pixels" in alt


def test_growth_is_told_in_milliseconds():
    seconds = {"plain": random(3, 2), "library": random(3, 2, seed=1)}
    panels = {what: ([10, 20], seconds) for what in ("inputs", "units", "layers", "nets")}
    _, alt = computing.growth(panels)
    told = [1000 * value for line in seconds.values() for value in medians(line)]
    assert numbers(alt) == pytest.approx([10, 20, *told] * 4, rel=0.06)


def test_fields_that_no_run_reached_are_left_to_the_page():
    steps = torch.tensor([[[40.0, 400], [math.inf, 80]], [[42.0, 410], [math.inf, 90]]])
    figure, _ = sharpness.diagram([2, 3], [4, 8], steps, [2.1, 2.5], 1000, "a title")
    ax = figure.axes[0]
    assert {text.get_text() for text in ax.texts if text.get_gid() == PAGE} == {"never"}
    colours = ax.images[0].to_rgba(ax.images[0].get_array())[..., 3]
    assert colours.tolist() == [[1, 1], [0, 1]] and not ax.patch.get_visible()
