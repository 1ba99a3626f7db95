"""Drawings on tiny data: the numbers of their alternative texts against a naive computation."""

import math
import re
import statistics

import pytest
import torch
from matplotlib import pyplot as plt

from dlgn_lib import plots
from dlgn_lib.plots import style


def numbers(text):
    return [float(found) for found in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)]


def test_outputs_around_the_circle_are_told_with_the_error_of_each_half():
    degrees = torch.tensor([30.0, 150.0, 210.0, 330.0])
    targets = torch.tensor([1.0, 0.5, -0.5, 0.25])
    rng = torch.Generator().manual_seed(1)
    outputs = {name: targets + torch.randn(4, 4, generator=rng) * size for name, size in (("ReLU", 0.1), ("DLGN", 0.5))}
    outputs["DLGN"][:, :2] *= 3  # the halves differ, so that swapped numbers show
    figure, alt = plots.circle_outputs(degrees, targets, outputs, step=20, ran={"ReLU": 20, "DLGN": 10})
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
    assert style.extent(bounds) == [left, right, low, high]
    figure, ax = plt.subplots()
    style.input_plane(ax, bounds)
    image = ax.imshow([[1.0, 2.0], [3.0, 4.0]], origin="lower", extent=style.extent(bounds))
    assert (ax.get_xlim(), ax.get_ylim()) == bounds and image.get_extent() == [left, right, low, high]
    plt.close(figure)


def test_loss_curves_are_told_with_their_median_at_the_step():
    x = torch.tensor([[math.cos(a), math.sin(a)] for a in (0.5, 2.0, 4.0, 5.5)])
    losses = {"ReLU": torch.tensor([[0.5, 0.2, 0.004], [0.5, 0.4, 0.3], [0.5, 0.1, 0.2], [0.5, 0.3, 0.006]])}
    outputs = {"ReLU": torch.zeros(4, 4)}
    figure, alt = plots.circle_training(x, torch.zeros(4), outputs, losses, step=1)
    plt.close(figure)
    assert "medians at step 1: ReLU 0.25." in alt  # the middle two are 0.2 and 0.3
    assert "ReLU in 2 of 4 runs, at step 2.0 in the median run" in alt
