"""Drawings on tiny data: the numbers of their alternative texts against a naive computation."""

import math
import re
import statistics

import pytest
import torch
from dlgn_lib.pages.learning import circle as figures
from matplotlib import pyplot as plt

from dlgn_lib import plots
from dlgn_lib.plots import extent, input_plane


def numbers(text):
    return [float(found) for found in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)]


def test_outputs_around_the_circle_are_told_with_the_error_of_each_half():
    degrees = torch.tensor([30.0, 150.0, 210.0, 330.0])
    targets = torch.tensor([1.0, 0.5, -0.5, 0.25])
    rng = torch.Generator().manual_seed(1)
    outputs = {name: targets + torch.randn(4, 4, generator=rng) * size for name, size in (("ReLU", 0.1), ("DLGN", 0.5))}
    outputs["DLGN"][:, :2] *= 3  # the halves differ, so that swapped numbers show
    figure, alt = figures.circle_outputs(degrees, targets, outputs, step=20, ran={"ReLU": 20, "DLGN": 10})
    titles = [text for ax in figure.axes for text in (ax.get_title("left"), ax.get_title("right"))]
    plt.close(figure)
    expected = []
    for values in outputs.values():
        for half in ((0, 1), (2, 3)):
            runs = [sum((row[i] - targets[i]).item() ** 2 for i in half) / 2 for row in values]
            expected.append(statistics.median(runs))
    told = [found for name in outputs for found in numbers(re.search(rf"{name} (.*?) half", alt)[1])]
    assert alt.startswith("Outputs against the angle after 20 steps")
    assert told == pytest.approx(expected, rel=0.05)
    assert [numbers(title)[0] for title in titles] == pytest.approx(expected, abs=5.1e-4)
    for title, half in zip(titles, ("smooth", "fast") * 2, strict=True):
        assert title.startswith(f"{half} half")


@pytest.mark.parametrize("bounds", [((-1, 2), (3, 5)), ((-0.5, 0.25), (-4, 0))])
def test_the_frame_of_an_image_is_that_of_its_bounds(bounds):
    """An image drawn with `extent` puts the value of a place at that place."""
    (left, right), (low, high) = bounds
    assert extent(bounds) == [left, right, low, high]
    figure, ax = plt.subplots()
    input_plane(ax, bounds)
    image = ax.imshow([[1.0, 2.0], [3.0, 4.0]], origin="lower", extent=extent(bounds))
    assert (ax.get_xlim(), ax.get_ylim()) == bounds and image.get_extent() == [left, right, low, high]
    plt.close(figure)


def test_loss_curves_are_told_with_their_median_at_the_step():
    x = torch.tensor([[math.cos(a), math.sin(a)] for a in (0.5, 2.0, 4.0, 5.5)])
    losses = {"ReLU": torch.tensor([[0.5, 0.2, 0.004], [0.5, 0.4, 0.3], [0.5, 0.1, 0.2], [0.5, 0.3, 0.006]])}
    outputs = {"ReLU": torch.zeros(4, 4)}
    figure, alt = figures.circle_training(x, torch.zeros(4), outputs, losses, step=1)
    plt.close(figure)
    assert "medians at step 1: ReLU 0.25." in alt  # the middle two are 0.2 and 0.3
    assert "ReLU in 2 of 4 runs, at step 2.0 in the median run" in alt


# The parts that drawings are made of


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_a_band_goes_from_the_least_to_the_most_with_the_median_in_it(ax):
    values = torch.tensor([[1.0, 5.0], [3.0, 1.0], [2.0, 9.0], [8.0, 2.0]])
    middle = plots.seed_band(ax, [0, 1], values, "#000000", label="runs", ls="--")
    assert middle.tolist() == [2.5, 3.5]  # the mean of the middle two
    (line,), (band,) = ax.get_lines(), ax.collections
    assert line.get_ydata().tolist() == [2.5, 3.5] and line.get_linestyle() == "--" and line.get_label() == "runs"
    edges = {tuple(point) for point in band.get_paths()[0].vertices.tolist()}
    assert {(0.0, 1.0), (0.0, 8.0), (1.0, 1.0), (1.0, 9.0)} <= edges


def test_panels_tell_the_medians_at_both_ends():
    curves = {"ReLU": torch.tensor([[1.0, 4.0], [2.0, 8.0]]), "DLGN": torch.tensor([[3.0, 0.5], [3.0, 0.7]])}
    figure, alt = plots.seed_panels([0, 10], {"$K_{\\mathrm{gate}}$": curves}, "both", limits={"$x$": (0, 1)})
    colours = [line.get_color() for line in figure.axes[0].get_lines()]
    plt.close(figure)
    assert (
        alt == "both. Curves over step, medians over seeds at 0 and 10: K_gate, ReLU: 1.5 to 6; K_gate, DLGN: 3 to 0.6."
    )
    assert colours == [plots.look("ReLU").colour, plots.look("DLGN").colour]


def test_every_network_has_one_look_and_no_two_have_the_same():
    looks = list(plots.NETWORKS.values())
    for part in zip(*looks, strict=True):
        assert len(set(map(str, part))) == len(looks)
    assert plots.look("ReLU nets") == plots.look("ReLU net") == plots.NETWORKS["ReLU"]
    assert (
        plots.look("deep DLGN") == plots.NETWORKS["DLGN"] and plots.look("deep linear") == plots.NETWORKS["deep linear"]
    )
    mixed = plots.looks(["a curve", "ReLU net", "another", "DLGN"])
    assert len(set(map(str, mixed.values()))) == 4 and mixed["DLGN"] == plots.look("DLGN")
    with pytest.raises(KeyError):
        plots.look("a curve")


@pytest.mark.parametrize("size", [60, 250])
def test_a_kernel_lies_with_its_first_point_lower_left(ax, size):
    kernel = torch.arange(size * size, dtype=torch.float64).reshape(size, size)
    image = plots.kernel_image(ax, kernel, 0, 1)
    shown = image.get_array()
    assert len(shown) <= 100 and image.origin == "lower" and tuple(image.get_extent()) == (0, 360, 0, 360)
    assert shown[0, 0] == 0 and shown[0, 1] == math.ceil(size / 100)


def test_blocks_of_a_kernel_are_told_with_their_means():
    kernel = torch.ones(4, 4)
    kernel[:2, :2], kernel[2:, 2:] = 3, 0.5
    figure, alt = plots.kernel_blocks({"one": kernel})
    plt.close(figure)
    assert "one: 3.00 within the first half, 0.50 within the second, 1.00 across." in alt


def test_kernels_share_a_scale_or_have_one_each():
    kernels = {name: torch.eye(8) for name in ("one", "two")}
    shared, own = (plots.kernel_blocks(kernels, top=top)[0] for top in (4.0, {"one": 2.0, "two": 3.0}))
    tops = [[ax.images[0].get_clim()[1] for ax in figure.axes if ax.images] for figure in (shared, own)]
    assert tops == [[4.0, 4.0], [2.0, 3.0]] and [len(figure.axes) for figure in (shared, own)] == [3, 4]
    for figure in (shared, own):
        plt.close(figure)


def test_a_half_space_is_drawn_with_a_tick_to_the_side_where_it_holds(ax):
    rng = torch.Generator().manual_seed(0)
    normals, offsets = torch.randn(20, 2, generator=rng), 0.3 * torch.randn(20, generator=rng)
    normals[7] = 0  # no line
    plots.half_space_lines(ax, normals, offsets, ((-1, 1), (-1, 1)), "#000000")
    lines = [torch.tensor(line.get_xydata()) for line in ax.get_lines()]
    assert len(lines) == 2 * 19
    kept = [number for number in range(20) if number != 7]
    for number, boundary, tick in zip(kept, lines[::2], lines[1::2], strict=True):
        z = [points @ normals[number].double() + offsets[number].double() for points in (boundary, tick)]
        assert z[0].abs().max() < 1e-5 and abs(z[1][0]) < 1e-5 and z[1][1] > 0
    assert ax.get_xlim() == (-1, 1)


def test_regions_are_filled_one_patch_for_each_piece(ax):
    square = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    plots.fill(ax, square, facecolor="red")
    plots.fill(ax, [square, torch.zeros(0, 2), [(0, 0), (2, 0), (0, 2)]])
    assert [len(patch.get_xy()) - 1 for patch in ax.patches] == [4, 4, 3]  # a patch repeats its first corner


@pytest.mark.parametrize(("last", "linear", "ticks"), [(300, 1, [0, 1, 3, 10, 30, 100, 300]), (500, 10, [0, 10, 100])])
def test_steps_are_marked_up_to_the_last(ax, last, linear, ticks):
    plots.step_axis(ax, last, linear=linear)
    assert ax.get_xticks().tolist() == ticks and ax.get_xlim() == (0, last)
    assert [text.get_text() for text in ax.get_xticklabels()] == [str(tick) for tick in ticks]


def test_rows_of_marks_have_bold_headings_and_the_first_on_top(ax):
    plots.heading_rows(ax, {0: "group", 1: "one", 2: "two"}, [0])
    texts = ax.get_yticklabels()
    assert [text.get_text() for text in texts] == ["group", "one", "two"]
    assert [text.get_fontweight() for text in texts] == ["bold", "normal", "normal"]
    assert ax.get_ylim() == (2.5, -0.5)


def test_steps_to_a_threshold_are_told_with_the_median_where_most_arrive():
    steps = {"some": [10, 30, None, 20, 25], "few": [40, None, None]}
    figure, alt = plots.seeds_to_threshold(steps, 100, "experts")
    plt.close(figure)
    assert "some: 4 of 5 (median 25 steps); few: 1 of 3." in alt


def test_distances_between_losses_are_told_in_parts_of_the_first():
    steps = torch.tensor([0, 1, 2])
    curves = {"nets": torch.tensor([[8.0, 4.0, 1.0], [8.0, 6.0, 3.0]]), "theory": torch.tensor([8.0, 4.0, 2.0])}
    figure, alt = plots.race_losses(steps, curves, "nets", "race", levels=[4.5])
    plt.close(figure)
    assert "4.5 is first reached at step 2" in alt  # medians 8, 5, 2
    assert "theory 4.2 % on average and 12 % at most" in alt


def test_weights_are_scaled_by_the_largest(ax):
    image = plots.weight_image(ax, torch.tensor([1.0, -4.0, 2.0, 0.0]), (2, 2))
    assert image.get_array().tolist() == [[0.25, -1.0], [0.5, 0.0]] and image.get_clim() == (-1, 1)


def test_names_and_numbers_are_written_as_prose_does():
    from fractions import Fraction

    assert plots.number(Fraction(-1, 3)) == "−1/3" and plots.number(1.5) == "1.5"
    assert plots.intervals([(0, 0), (Fraction(1, 3), 2.0)]) == "{0} ∪ [1/3, 2]" and plots.intervals([]) == "∅"
    assert plots.span([3.0, 1.0]) == "1 to 3"
