"""Figures and players: what they hold, what they refuse, and the live panel."""

import json
import re

import ipywidgets
import pytest
from IPython.display import HTML
from matplotlib import pyplot as plt

from dlgn_lib.book import explore, show, widgets
from dlgn_lib.book.picture import picture
from dlgn_lib.book.widgets import MAX_FRAMES, Player

ALT = "a line at height {}"


def draw(height, name="x", flag=False):
    figure, ax = plt.subplots(figsize=(2, 1))
    ax.axhline(height, ls="--" if flag else "-")
    ax.set(ylim=(-1, 9), title=name)
    return figure, f"{ALT.format(height)} named {name}, flag {flag}"


@pytest.fixture
def shown(monkeypatch):
    """Collect what is displayed instead of displaying it."""
    collected = []
    monkeypatch.setattr(widgets, "display", collected.append)
    return collected


def test_show_is_an_image_with_its_alt_text_and_closes_the_figure():
    figure, _ = draw(1)
    html = show(figure, 'less than < and "quotes" are escaped').data
    assert 'role="img" aria-label="less than &lt; and &quot;quotes&quot; are escaped"' in html
    assert html.count("<svg") == 1 and "<path" in html and not plt.fignum_exists(figure.number)


def test_a_panel_on_a_phone_has_the_numbers_that_stand_at_its_neighbour():
    figure, axes = plt.subplots(1, 2, figsize=(8, 2), sharey=True)
    figure.canvas.draw()
    apart = (axes[1].bbox.x0 - axes[0].bbox.x0) / figure.dpi * 72  # in the units of the picture
    first, second = show(figure, "two panels with one axis").data.split("<svg viewBox")[1:]
    assert first.count("<use") == 1 and second.count("<use") == 2 and second.count("<clipPath") == 2
    assert float(re.findall(r"translate\(([-\d.]+) 0\)", second)[1]) == pytest.approx(apart, abs=0.01)


def test_a_player_holds_every_frame_once_in_order(shown):
    explore(draw, height=[0, 3, 6], name=["a", "b"], start={"height": 3, "name": "b"})
    html = shown[0]._repr_html_()
    data = json.loads(re.search(r'class="dlgn-frames">(.*?)</script>', html, re.S)[1])
    assert [p["values"] for p in data["parameters"]] == [["0", "3", "6"], ["a", "b"]]
    assert data["start"] == [1, 1] and len(data["frames"]) == 6
    alts, frames = zip(*data["frames"], strict=True)
    alts = list(alts)
    assert alts == [f"{ALT.format(h)} named {n}, flag False" for h in (0, 3, 6) for n in "ab"]
    assert f'aria-label="{alts[3]}"' in html
    (key,) = re.findall(r'<g id="(p\w+)">', html)
    known, *others = [
        [part.replace("KEY-", f"{key}-") for part in drawn]
        for drawn in (
            picture(draw(height, name)[0]).parts
            for height, name in [(3, "b"), *((h, n) for h in (0, 3, 6) for n in "ab")]
        )
    ]
    assert f"</defs>{''.join(known)}</g></svg>" in html and frames[3] == [0, len(known)]
    parts = known + data["pieces"]
    assert len(set(parts)) == len(parts)  # nothing is kept twice
    for drawn, runs in zip(others, frames, strict=True):
        there = [parts[start + i] for start, count in zip(runs[::2], runs[1::2], strict=True) for i in range(count)]
        assert there == drawn
    assert html.count('type="range"') == 1 and html.count('type="radio"') == 2 and "hidden" in html


def test_the_html_cannot_be_ended_by_an_alt_text(shown):
    def evil(k):
        figure, _ = draw(k)
        return figure, "</script><script>alert(1)</script> is not run"

    explore(evil, k=[0, 1])
    html = shown[0]._repr_html_()
    assert "</script><script>alert" not in html


def test_two_players_never_share_a_name(shown):
    for _ in range(2):
        explore(draw, height=[1, 2], flag=[False, True])
    names = [re.search(r'name="(\w+)-', player._repr_html_())[1] for player in shown]
    assert names[0] != names[1]


@pytest.mark.parametrize(
    ("arguments", "error", "fragment"),
    [
        ({}, ValueError, "one, two or three parameters"),
        ({"height": []}, ValueError, "one, two or three parameters"),
        ({"a": [1], "b": [1], "c": [1], "d": [1]}, ValueError, "one, two or three parameters"),
        ({"height": range(MAX_FRAMES + 1)}, ValueError, f"{MAX_FRAMES + 1} frames"),
        ({"height": [1], "start": {"heigth": 1}}, ValueError, "heigth"),
        ({"height": [1], "start": {"height": 2}}, ValueError, "is not one of its values"),
        ({"height": [1], "live": {"x": (0, 1)}}, ValueError, "live names"),
        ({"hight": [1]}, TypeError, "draw must take the parameters"),
    ],
)
def test_bad_grids_are_refused(arguments, error, fragment):
    with pytest.raises(error, match=re.escape(fragment)):
        explore(draw, **arguments)


def test_bad_drawings_are_refused():
    with pytest.raises(TypeError, match=r"draw\(k=1\) must be a pair"):
        explore(lambda k: None, k=[1])
    with pytest.raises(ValueError, match="four words"):
        explore(lambda k: (draw(k)[0], "a.png"), k=[1])
    with pytest.raises(ValueError, match="one size"):
        explore(lambda k: (plt.figure(figsize=(k, 1)), "a figure of some size"), k=[1, 2])
    with pytest.raises(ZeroDivisionError):
        explore(lambda k: 1 / k, k=[0])
    plt.close("all")


class _Kernel:
    kernel = object()


def test_the_panel_is_there_with_a_live_kernel_only(shown, monkeypatch):
    monkeypatch.delenv("DLGN_BUILD", raising=False)
    explore(draw, height=[1, 2], live=True)
    monkeypatch.setattr(widgets, "get_ipython", _Kernel)
    explore(draw, height=[1, 2], live=True)
    explore(draw, height=[1, 2])
    monkeypatch.setenv("DLGN_BUILD", "1")
    explore(draw, height=[1, 2], live=True)
    kinds = [type(item) for item in shown if not isinstance(item, HTML)]  # the panel's own picture is HTML
    assert kinds == [Player, Player, ipywidgets.VBox, Player, Player]


def test_the_panel_takes_any_value_and_redraws(shown, monkeypatch):
    monkeypatch.delenv("DLGN_BUILD", raising=False)
    monkeypatch.setattr(widgets, "get_ipython", _Kernel)
    seen = []

    def watched(height, name):
        seen.append((height, name))
        return draw(height, name)

    explore(watched, height=[0.5, 2.0], name=["a", "b"], live={"height": (-5.0, 5.0)}, start={"name": "b"})
    panel = shown[-1]
    number, choice = panel.children[1:3]
    assert (number.min, number.max, number.continuous_update, number.value, choice.value) == (
        -5.0,
        5.0,
        False,
        0.5,
        "b",
    )
    seen.clear()
    number.value = 4.25
    choice.value = "a"
    assert seen == [(4.25, "b"), (4.25, "a")]
