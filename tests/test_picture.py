"""Figures as SVG: the same bytes every time, in the colours of the page, light, and cut into panels that lose nothing."""

import base64
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from PIL import Image

from dlgn_lib.book.panels import Box, Shared, grown, missing, panels
from dlgn_lib.book.picture import picture, united


def drawn(paint, columns=1, **options):
    figure, axes = plt.subplots(1, columns, figsize=(3 * columns, 2), **options)
    paint(axes)
    return picture(figure)


def whole(one):
    """Return a picture as one well-formed document."""
    return ET.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg">{united([one])}{"".join(one.parts)}</svg>')


def busy(axes):
    axes[0].plot([0, 1], [1, 0], color="#0072b2", label="line")
    axes[0].scatter([0, 1], [0, 1], color="k")
    axes[0].bar(0.5, 0.5, hatch="//")
    axes[0].set_title("$x^2$ & more")
    axes[0].legend()
    axes[1].imshow(np.arange(9).reshape(3, 3))
    axes[1].text(1, 1, "on a map", color="#222222")


def test_the_same_drawing_gives_the_same_bytes():
    first, second = (drawn(busy, 2) for _ in range(2))
    assert first == second and not plt.get_fignums()


def test_everything_that_is_referred_to_is_defined_once():
    one = drawn(busy, 2)
    names = [element.get("id") for element in whole(one).iter() if element.get("id")]
    referred = set(re.findall(r'(?:href="#|url\(#)([^")]+)', "".join([*one.parts, *one.defs.values()])))
    assert referred == set(names) and len(set(names)) == len(names)


def colours(one):
    return set(re.findall(r"var\(--dlgn-\w+,#\w{6}\)|#[0-9a-f]{6}(?=[;\"])", "".join([*one.parts, *one.defs.values()])))


def test_lines_and_text_take_the_colours_of_the_page():
    one = drawn(lambda ax: (ax.plot([0, 1], color="#0072b2"), ax.scatter([0], [1], color="k"), ax.set_title("title")))
    assert colours(one) == {f"var(--dlgn-{name})" for name in ("ink,#000000", "paper,#ffffff", "blue,#0072b2")}


def test_a_marker_has_the_fill_of_its_points():
    """A fill in the definition of a marker would win over the one of each point."""
    figure, ax = plt.subplots()
    for colour in ("white", "#0072b2", "black"):
        ax.plot([0, 1], [0, 1], "o", mfc=colour, mec="#d55e00")
    one = picture(figure)
    markers = [text for name, text in one.defs.items() if name.startswith("KEY-m") and "d55e00" in text]
    assert markers and not [text for text in markers if "fill:" in text]
    points = [use for use in re.findall(r"<use [^>]*>", "".join(one.parts)) if "d55e00" in use]
    fills = [re.search(r"fill:([^;\"]*)", use)[1] for use in points]
    assert len(points) == 6 and len(set(fills)) == 3, fills


def test_ink_on_a_map_stays_dark_and_its_labels_do_not():
    def paint(ax):
        ax.imshow(np.ones((2, 2)))
        ax.text(0.5, 0.5, "on it", color="#222222")
        ax.set_title("above it", color="#222222")

    parts = "".join(drawn(paint).parts)
    assert len(re.findall(r'style="fill:#222222"', parts)) == 1
    assert len(re.findall(r'style="fill:var\(--dlgn-ink,#222222\)"', parts)) == 1


def test_images_are_lossless():
    values = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    one = drawn(lambda ax: (ax.imshow(values, interpolation="none"), ax.set_axis_off()))
    data = re.search(r"base64,([^\"]+)", "".join(one.parts))[1]
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))
    assert {tuple(c) for c in image.reshape(-1, 3)} == {tuple(c) for c in values.reshape(-1, 3)}


def test_a_crowd_of_points_is_an_image_and_a_few_are_not():
    few, many = (drawn(lambda ax, n=n: ax.scatter(range(n), range(n))) for n in (20, 2000))
    assert "<image" not in "".join(few.parts) and "".join(many.parts).count("<image") == 1
    assert len("".join(many.parts)) < 30_000


def test_a_colour_bar_stays_with_its_axes():
    def paint(axes):
        for ax in axes:
            ax.figure.colorbar(ax.imshow(np.eye(3)), ax=ax)

    assert len(drawn(paint, 2, layout="constrained").boxes) == 2


boxes = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), *[st.integers(0, 90)] * 2, *[st.integers(1, 60)] * 2)


@given(st.lists(boxes, min_size=1, max_size=8), st.integers(20, 200))
def test_every_box_lies_in_exactly_one_panel(given, most):
    found = panels(given, Box(0, 0, 150, 150), most)
    for box in given:
        holding = [
            p
            for p in found
            if p.left <= box.left and p.top <= box.top and box.right <= p.right and box.bottom <= p.bottom
        ]
        assert len(holding) == 1
    for p in found:
        for q in found:
            assert p is q or p.right <= q.left or q.right <= p.left or p.bottom <= q.top or q.bottom <= p.top


@pytest.mark.parametrize(("columns", "most", "count"), [(2, 150, 2), (4, 210, 2), (4, 1000, 1), (4, 50, 4)])
def test_as_few_panels_as_there_is_room_for(columns, most, count):
    row = [Box(100 * i, 0, 100 * i + 90, 80) for i in range(columns)]
    assert len(panels(row, Box(0, 0, 100 * columns, 80), most)) == count


def test_axes_without_numbers_know_where_theirs_stand():
    left, right = (box for box in drawn(lambda axes: axes[0].set_ylabel("loss"), 2).boxes)
    assert drawn(lambda axes: None, 2).shared == []
    (one,) = drawn(lambda axes: axes[0].set_ylabel("loss"), 2, sharey=True).shared
    assert not one.below and one.numbers.left <= left.left < one.numbers.right < one.axes.left < right.right
    assert one.place().right == one.axes.left and one.place().top == one.numbers.top


def test_numbers_below_serve_the_whole_column():
    figure, _ = plt.subplots(3, 1, sharex=True)
    shared = picture(figure).shared
    assert [one.below for one in shared] == [True, True] and shared[0].numbers == shared[1].numbers
    assert all(one.place().top == one.axes.bottom for one in shared)


def test_other_ticks_are_other_numbers():
    def paint(axes):
        axes[0].set_yticks([0, 0.5, 1])
        axes[1].set_yticks([0, 0.4, 1], [])

    assert drawn(paint, 2).shared == []


def lacking(left, top, right=90):
    return Shared(Box(left, top, right, top + 30), numbers=Box(0, top, 10, top + 30), below=False)


def test_each_row_of_a_panel_gets_its_numbers_once():
    rows = [lacking(80, 0, 110), lacking(50, 0, 75), lacking(50, 40)]
    assert missing(Box(45, 0, 120, 80), rows) == rows[1:]
    assert missing(Box(0, 0, 120, 80), rows) == []
    assert grown(Box(45, 0, 120, 80), rows[1:]) == Box(40, 0, 120, 80)


def test_numbers_have_room_in_every_frame():
    one = lacking(50, 0)
    wider = one._replace(numbers=Box(-5, 0, 10, 30))
    assert missing(Box(45, 0, 90, 40), [one, wider]) == [wider]


def test_entries_of_a_legend_may_stand_below_each_other():
    figure, ax = plt.subplots(figsize=(7, 2))
    lines = [*ax.plot([0, 1]), *ax.plot([1, 0])]
    figure.legend(lines, ["falling", "rising"], loc="lower center", ncols=2)
    _, first, second = picture(figure).boxes
    assert first.right < second.left and abs(first.top - second.top) < 1
