"""Figures for a page: `show` for a still one, `explore` for one with sliders that works with and without a kernel."""

import base64
import hashlib
import html
import inspect
import io
import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from IPython import get_ipython
from IPython.display import HTML, display
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from dlgn_lib.book.build import in_build
from dlgn_lib.numbers import show_number

MAX_FRAMES = 25
_PIXELS_PER_INCH = 100  # size on the page
_SHARPNESS = 1.6  # image pixels per page pixel
_ids = itertools.count(1)


@cache
def _asset(name: str) -> str:
    return resources.files("dlgn_lib.book").joinpath(name).read_text(encoding="utf-8")


def _check_drawing(drawing: object, what: str) -> tuple[Figure, str]:
    if not (isinstance(drawing, tuple) and len(drawing) == 2 and isinstance(drawing[0], Figure)):
        raise TypeError(f"{what} must be a pair (matplotlib figure, alt text), got {type(drawing).__name__}")
    figure, alt = drawing
    if not isinstance(alt, str) or len(alt.split()) < 4:
        raise ValueError(
            f"{what} needs an alt text that says what is seen, a sentence of four words or more; got {alt!r}"
        )
    return figure, _spoken(alt)


def _spoken(alt: str) -> str:
    r"""Return an alt text as a screen reader should say it: one line, the labels of a figure without their TeX marks.

    >>> _spoken("mode 1, $\\rho$ = 4, and $D_{LR}$")
    'mode 1, rho = 4, and D_LR'
    """
    return " ".join(re.sub(r"\\mathrm\b|[${}\\]", "", alt).split())


def _encode(figure: Figure) -> tuple[str, int, int]:
    """Return (data URI of a lossless WebP, width, height on the page) and close the figure."""
    raw, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(raw, format="png", dpi=_PIXELS_PER_INCH * _SHARPNESS, facecolor="white")
    plt.close(figure)
    image = Image.open(raw).convert("RGB")
    image.save(packed, "WEBP", lossless=True, method=4)
    width, height = (round(size / _SHARPNESS) for size in image.size)
    return "data:image/webp;base64," + base64.b64encode(packed.getvalue()).decode(), width, height


def _img(source: str, width: int, height: int, alt: str) -> str:
    return f'<div class="dlgn-scroll"><img src="{source}" width="{width}" height="{height}" alt="{html.escape(alt)}"></div>'


def _figure_html(body: str, kind: str = "") -> str:
    return f'<figure class="dlgn-figure {kind}">\n<style>{_asset("player.css")}</style>\n{body}\n</figure>'


def show(figure: Figure, alt: str = "") -> HTML:
    """Return a still figure with its alt text, for the end of a cell: `show(*figures.path_counts(...))`.

    Raises:
        TypeError: if `figure` is not a matplotlib figure.
        ValueError: if the alt text is shorter than a sentence of four words.
    """
    if isinstance(figure, tuple):
        raise TypeError("show takes a figure and its alt text; put a star before a drawing: show(*figures.name(...))")
    figure, alt = _check_drawing((figure, alt), "show(figure, alt)")
    return HTML(_figure_html(_img(*_encode(figure), alt)))


def _text(value: object) -> str:
    return show_number(value, "{:g}").replace("-", "−") if isinstance(value, float) else str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class Player:
    """Rendered frames behind native inputs: a slider for numbers, a switch for names, a play button for the first of them.

    Made by `explore`. Works on a static page, in Jupyter and on Colab; without JavaScript and in print the default
    frame is there.
    """

    def __init__(self, draw: Callable, grid: Mapping[str, Sequence], start: Mapping[str, object]) -> None:
        self.grid = {name: list(values) for name, values in grid.items()}
        self.start = [self.grid[name].index(start[name]) if name in start else 0 for name in self.grid]
        self.size: list[int] = []
        self.frames: list[tuple[str, str]] = []  # (alt, data URI) in the order of itertools.product
        for values in itertools.product(*self.grid.values()):
            at = dict(zip(self.grid, values, strict=True))
            figure, alt = _check_drawing(draw(**at), f"draw({', '.join(f'{k}={v!r}' for k, v in at.items())})")
            source, *size = _encode(figure)
            if self.frames and size != self.size:
                raise ValueError(f"all frames must have one size, but {at} gave {size} after {self.size} pixels")
            self.size = size
            self.frames.append((alt, source))

    def _control(self, number: int, name: str, values: list, key: str) -> str:
        title, start = html.escape(name.replace("_", " ")), self.start[number]
        if all(map(_is_number, values)):
            return (
                f'<label>{title} <input type="range" data-parameter="{number}" min="0" max="{len(values) - 1}" '
                f'value="{start}"> <output>{html.escape(_text(values[start]))}</output></label>'
            )
        radios = "".join(
            f'<label><input type="radio" name="{key}-{number}" data-parameter="{number}" value="{i}"'
            f"{' checked' if i == start else ''}> {html.escape(_text(value))}</label>"
            for i, value in enumerate(values)
        )
        return f"<fieldset><legend>{title}</legend>{radios}</fieldset>"

    def _repr_html_(self) -> str:
        sizes = [len(values) for values in self.grid.values()]
        default = sum(i * math.prod(sizes[n + 1 :]) for n, i in enumerate(self.start))
        alt, source = self.frames[default]
        key = "p" + hashlib.sha1(f"{next(_ids)}:{alt}:{source}".encode()).hexdigest()[:8]
        data = {
            "parameters": [{"name": n.replace("_", " "), "values": list(map(_text, v))} for n, v in self.grid.items()],
            "frames": [[a, None if i == default else s] for i, (a, s) in enumerate(self.frames)],
            "start": self.start,
        }
        controls = "".join(self._control(i, n, v, key) for i, (n, v) in enumerate(self.grid.items()))
        frames = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
        body = (
            f"{_img(source, self.size[0], self.size[1], alt)}\n"
            f'<div class="dlgn-controls" hidden><button type="button">▶</button>{controls}</div>\n'
            f'<script type="application/json" class="dlgn-frames">{frames}</script>\n'
            f"<script>(() => {{\n{_asset('player.js')}}})();</script>"
        )
        return _figure_html(body, "dlgn-player")

    def __repr__(self) -> str:
        return f"<player with {len(self.frames)} frames over {', '.join(self.grid)}>"


def _live_control(name: str, values: list, spec: object) -> Any:
    """Return an ipywidget for one parameter: free numbers within (low, high), or a choice of the grid's values."""
    import ipywidgets

    common = {"description": name.replace("_", " "), "style": {"description_width": "initial"}}
    numbers = spec if isinstance(spec, tuple) else values if all(map(_is_number, values)) else None
    if numbers is None:
        return ipywidgets.Dropdown(options=list(spec) if isinstance(spec, list) else values, **common)
    whole = all(isinstance(value, int) for value in [*values, *numbers])
    kind = ipywidgets.BoundedIntText if whole else ipywidgets.BoundedFloatText
    step = {} if whole else {"step": (max(numbers) - min(numbers)) / 100 or 1.0}
    return kind(min=min(numbers), max=max(numbers), continuous_update=False, **step, **common)


def _panel(draw: Callable, player: Player, live: Mapping[str, object]) -> object:
    """Return the live panel: the same drawing for any value, redrawn when an input changes."""
    import ipywidgets

    controls = {name: _live_control(name, values, live.get(name)) for name, values in player.grid.items()}
    for (name, control), at in zip(controls.items(), player.start, strict=True):
        control.value = player.grid[name][at]

    def redraw(**values: object) -> None:
        figure, alt = _check_drawing(draw(**values), "draw(...)")
        display(HTML(_figure_html(_img(*_encode(figure), alt))))

    heading = ipywidgets.HTML("Live: give any value; the figure is computed anew.")
    return ipywidgets.VBox([heading, *controls.values(), ipywidgets.interactive_output(redraw, controls)])


def explore(
    draw: Callable[..., tuple[Figure, str]],
    *,
    live: bool | Mapping[str, object] | None = None,
    start: Mapping[str, object] | None = None,
    **grid: Sequence,
) -> None:
    """Show a figure with sliders: rendered frames that work everywhere and, with a live kernel, a panel for any value.

    Args:
        draw: called with one value for each parameter; returns (matplotlib figure, alt text).
        live: None for frames only; True for a live panel within the range of the grid; or a mapping that widens it,
            name -> (low, high) for numbers, a list for a choice. Left out in builds.
        start: the value of each parameter in the default frame (first of its values if not given).
        grid: parameter -> its values; at most `MAX_FRAMES` frames and three parameters. Numbers get a slider, anything
            else a switch.

    Raises:
        ValueError: if there is no parameter, one without values, more than three, too many frames, or a `start` or
            `live` that the grid does not have.
        TypeError: if `draw` does not return (figure, alt text), or does not take the parameters.
    """
    for name, values in grid.items():
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise TypeError(f"grid must give {name!r} a list of values, got {values!r}")
    grid = {name: list(values) for name, values in grid.items()}
    count = math.prod(map(len, grid.values()))
    if not 1 <= len(grid) <= 3 or count == 0:
        raise ValueError(f"grid must give values to one, two or three parameters, got {grid}")
    if count > MAX_FRAMES:
        raise ValueError(
            f"grid has {count} frames ({' x '.join(str(len(v)) for v in grid.values())}), the limit is {MAX_FRAMES}"
        )
    for what, given in (("start", start), ("live", live if isinstance(live, Mapping) else None)):
        if unknown := set(given or {}) - set(grid):
            raise ValueError(f"{what} names {sorted(unknown)}, the grid has {list(grid)}")
    for name, value in (start or {}).items():
        if value not in grid[name]:
            raise ValueError(f"start={value!r} of {name!r} is not one of its values {grid[name]}")
    try:
        inspect.signature(draw).bind(**dict.fromkeys(grid))
    except TypeError as error:
        raise TypeError(f"draw must take the parameters {list(grid)}: {error}") from None
    player = Player(draw, grid, start or {})
    display(player)
    if live and not in_build() and getattr(get_ipython(), "kernel", None) is not None:
        display(_panel(draw, player, live if isinstance(live, Mapping) else {}))
