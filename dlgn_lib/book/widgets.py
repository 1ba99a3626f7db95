"""Figures for a page: `show` for a still one, `explore` for one with sliders that works with and without a kernel."""

import hashlib
import html
import inspect
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
from matplotlib.figure import Figure

from dlgn_lib.book.build import in_build
from dlgn_lib.book.panels import Box, Shared, grown, missing, panels
from dlgn_lib.book.picture import Picture, picture, united
from dlgn_lib.book.words import drawn as in_words
from dlgn_lib.book.words import for_script, noted, said
from dlgn_lib.numbers import show_number

MAX_FRAMES = 25
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
    return figure, in_words(_spoken(alt))


def _spoken(alt: str) -> str:
    r"""Return an alt text as a screen reader should say it: one line, the labels of a figure without their TeX marks.

    >>> _spoken("mode 1, $\\rho$ = 4, and $D_{LR}$")
    'mode 1, rho = 4, and D_LR'
    """
    return " ".join(re.sub(r"\\mathrm\b|[${}\\]", "", alt).split())


#: the widest panel in pixels: it stays readable on a phone of 390 pixels
_PANEL = 430


def _key(*texts: str) -> str:
    """Return a name that no other figure of a page has."""
    return "p" + hashlib.sha1("\0".join([str(next(_ids)), *texts]).encode()).hexdigest()[:8]


def _svg(first: Picture, every: Sequence[Picture], alt: str, key: str) -> str:
    """Return the picture that is seen first, with what all the others need, and its panels for a narrow screen."""
    view = Box(0, 0, *first.view)
    scale = first.size[0] / first.view[0]
    cut = panels([box for one in every for box in one.boxes], view, _PANEL / scale)
    size = f'width="{first.size[0]}" height="{first.size[1]}"'
    whole = (
        f'<svg class="dlgn-picture" role="img" aria-label="{html.escape(alt)}" {size} viewBox="0 0 {view.right:g} {view.bottom:g}">'
        f'<g id="{key}">{united(every)}{"".join(first.parts)}</g></svg>'
    )
    if len(cut) == 1:
        return whole.replace("KEY-", f"{key}-")
    shared = [one for drawn in every for one in drawn.shared]
    parts = "".join(_panel_svg(panel, missing(panel, shared), f"{key}-{n}", key, scale) for n, panel in enumerate(cut))
    return f'{whole}\n<div class="dlgn-panels" aria-hidden="true">{parts}</div>'.replace("KEY-", f"{key}-")


def _panel_svg(panel: Box, lent: Sequence[Shared], name: str, key: str, scale: float) -> str:
    """Return a part of the picture `key`; numbers of its axes that stand in another part are put beside it once more."""
    room = grown(panel, lent)
    width, height = room.right - room.left, room.bottom - room.top
    moved = [(panel, 0.0, 0.0)]
    moved += [(one.numbers, (at := one.place()).left - one.numbers.left, at.top - one.numbers.top) for one in lent]
    uses = "".join(
        f'<clipPath id="{name}-{n}"><rect x="{box.left:g}" y="{box.top:g}" width="{box.right - box.left:g}" '
        f'height="{box.bottom - box.top:g}"/></clipPath>'
        f'<use href="#{key}" clip-path="url(#{name}-{n})" transform="translate({right:g} {down:g})"/>'
        for n, (box, right, down) in enumerate(moved)
    )
    if not lent:
        uses = f'<use href="#{key}"/>'
    return (
        f'<svg viewBox="{room.left:g} {room.top:g} {width:g} {height:g}" width="{width * scale:.0f}" '
        f'height="{height * scale:.0f}">{uses}</svg>'
    )


def _figure_html(body: str, kind: str = "") -> str:
    return f'<figure class="dlgn-figure {kind}">\n<style>{_asset("player.css")}</style>\n{body}\n</figure>'


def _still(figure: Figure, alt: str) -> str:
    drawn = picture(figure)
    return _figure_html(_svg(drawn, [drawn], alt, _key(alt)))


def show(figure: Figure, alt: str = "") -> HTML:
    """Return a still figure with its alt text, for the end of a cell: `show(*figures.path_counts(...))`.

    Raises:
        TypeError: if `figure` is not a matplotlib figure.
        ValueError: if the alt text is shorter than a sentence of four words.
    """
    if isinstance(figure, tuple):
        raise TypeError("show takes a figure and its alt text; put a star before a drawing: show(*figures.name(...))")
    figure, alt = _check_drawing((figure, alt), "show(figure, alt)")
    return HTML(_still(figure, alt))


def _table(shown: Sequence[str], frames: Sequence[Sequence[str]]) -> tuple[list[str], list[list[int]]]:
    """Return the parts that are not `shown`, each once, and each frame as runs [start, length, …] of part numbers.

    The parts that are shown have the first numbers, in their order. A part that a frame has twice is kept twice.

    >>> _table(["a", "b"], [["a", "b"], ["a", "c", "c"]])
    (['c', 'c'], [[0, 2], [0, 1, 2, 2]])
    """
    numbers: dict[tuple[str, int], int] = {}
    counted: list[list[tuple[str, int]]] = []
    for parts in (shown, *frames):
        seen: dict[str, int] = {}
        counted.append([])
        for part in parts:
            seen[part] = seen.get(part, 0) + 1
            counted[-1].append((part, seen[part]))
            numbers.setdefault(counted[-1][-1], len(numbers))
    runs: list[list[int]] = []
    for frame in counted[1:]:
        run: list[int] = []
        for number in (numbers[part] for part in frame):
            if run and number == run[-2] + run[-1]:
                run[-1] += 1
            else:
                run += [number, 1]
        runs.append(run)
    return [part for part, _ in list(numbers)[len(shown) :]], runs


def _text(value: object) -> str:
    return show_number(value, "{:g}") if isinstance(value, float) else in_words(str(value))


def _title(parameter: str) -> str:
    return in_words(parameter.replace("_", " "))


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
        self.frames: list[tuple[str, Picture]] = []  # (alt, picture) in the order of itertools.product
        for values in itertools.product(*self.grid.values()):
            at = dict(zip(self.grid, values, strict=True))
            figure, alt = _check_drawing(draw(**at), f"draw({', '.join(f'{k}={v!r}' for k, v in at.items())})")
            drawn = picture(figure)
            if self.frames and drawn.size != (first := self.frames[0][1].size):
                raise ValueError(f"all frames must have one size, but {at} gave {drawn.size} after {first} pixels")
            self.frames.append((alt, drawn))

    def _control(self, number: int, name: str, values: list, key: str) -> str:
        title, start = html.escape(_title(name)), self.start[number]
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
        alt, first = self.frames[default]
        key = _key(alt, *first.parts)
        pieces, frames = _table(first.parts, [drawn.parts for _, drawn in self.frames])
        data = {
            "parameters": [{"name": _title(n), "values": list(map(_text, v))} for n, v in self.grid.items()],
            "pieces": [piece.replace("KEY-", f"{key}-") for piece in pieces],
            "frames": [[a, frame] for (a, _), frame in zip(self.frames, frames, strict=True)],
            "start": self.start,
            **for_script((noted("Play"), noted("Pause"), noted("Next"))),
        }
        controls = "".join(self._control(i, n, v, key) for i, (n, v) in enumerate(self.grid.items()))
        packed = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
        body = (
            f"{_svg(first, [drawn for _, drawn in self.frames], alt, key)}\n"
            f'<div class="dlgn-controls" hidden><button type="button">▶</button>{controls}</div>\n'
            f'<script type="application/json" class="dlgn-frames">{packed}</script>\n'
            f"<script>(() => {{\n{_asset('player.js')}}})();</script>"
        )
        return _figure_html(body, "dlgn-player")

    def __repr__(self) -> str:
        return f"<player with {len(self.frames)} frames over {', '.join(self.grid)}>"


def _live_control(name: str, values: list, spec: object) -> Any:
    """Return an ipywidget for one parameter: free numbers within (low, high), or a choice of the grid's values."""
    import ipywidgets

    common = {"description": _title(name), "style": {"description_width": "initial"}}
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
        display(HTML(_still(figure, alt)))

    heading = ipywidgets.HTML(said("Live: give any value; the figure is computed anew."))
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
