"""A matplotlib figure as SVG for a page: in the page's colours, small, and cut into panels for a narrow screen.

A `Picture` is a list of parts that are drawn one after another, so that pictures which share most of their parts, the
frames of a player, can be kept as one table. Lines and text are vectors; images and whatever has thousands of corners
are lossless WebP inside.
"""

import base64
import html
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection, PathCollection, QuadMesh
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from PIL import Image

from dlgn_lib.book.layout import POINTS, boxes, shared
from dlgn_lib.book.panels import Box, Shared
from dlgn_lib.book.words import translate_figure

PIXELS_PER_INCH = 100  # size on the page
_SHARPNESS = 160  # pixels an inch of what is no vector
_CORNERS = 1500  # an artist with more of them is drawn as an image, ...
_ALL_CORNERS = 6000  # ... and any with 300 in axes that have more in all
_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
#: colours that follow the page, by the name of their variable in player.css
_THEMED = {
    "#222222": "ink",
    "#262626": "ink",
    "#000000": "ink",
    "#555555": "line",
    "#777777": "faint",
    "#888888": "faint",
    "#ffffff": "paper",
    "#0072b2": "blue",
}
#: names (gid) of artists whose colours follow the page, or stay; a drawing may give the first to what lies on a map
PAGE, _OWN = "dlgn:page", "dlgn:own"


@dataclass(frozen=True)
class Picture:
    """A figure as parts: `size` on the page in pixels, `view` in the units of the parts.

    `boxes` hold what belongs together; `shared` tells which axes have their numbers elsewhere.
    """

    size: tuple[int, int]
    view: tuple[float, float]
    defs: dict[str, str]
    parts: list[str]
    boxes: list[Box]
    shared: list[Shared]


def picture(figure: Figure) -> Picture:
    """Return a figure as a picture, and close it."""
    translate_figure(figure)
    figure.canvas.draw()  # the layout is settled now
    together, lacking = boxes(figure), shared(figure)
    _name_colours(figure)
    _rasterize(figure)
    raw = io.BytesIO()
    settings: Any = {"svg.hashsalt": "dlgn", "svg.fonttype": "path", "svg.image_inline": True, "path.simplify": True}
    with matplotlib.rc_context(settings):
        figure.savefig(raw, format="svg", dpi=_SHARPNESS, metadata={"Date": None, "Creator": None})
    width, height = figure.get_size_inches()
    plt.close(figure)
    root = ET.fromstring(raw.getvalue())  # our own drawing, not a stranger's
    reader = _Reader()
    for child in root:
        reader.read(child, page=True)
    used = set(re.findall(r"KEY-[\w.-]+", "".join(reader.parts)))
    return Picture(
        (round(width * PIXELS_PER_INCH), round(height * PIXELS_PER_INCH)),
        (round(width * POINTS, 2), round(height * POINTS, 2)),
        {name: text for name, text in reader.defs.items() if name in used},
        reader.parts,
        together,
        lacking,
    )


def _is_light(colour: object) -> bool:
    red, green, blue, alpha = to_rgba(colour)  # type: ignore[arg-type]
    return alpha > 0.5 and 0.3 * red + 0.6 * green + 0.1 * blue > 0.5


def _is_covered(ax: Axes) -> bool:
    """Return whether what is drawn in the axes lies on an image, a map or large light patches, and not on the page."""
    if ax.images or any(isinstance(c, QuadMesh) for c in ax.collections):
        return True
    if not ax.patch.get_visible() or not ax.axison or to_rgba(ax.get_facecolor())[:3] == (1, 1, 1):
        light = [p for p in ax.patches if isinstance(p, Patch) and p.get_fill() and _is_light(p.get_facecolor())]
        area = sum(abs(b.width * b.height) for b in (p.get_window_extent() for p in light))
        return area > 0.5 * ax.bbox.width * ax.bbox.height
    return _is_light(ax.get_facecolor())


def _inside(artist: Artist, ax: Axes) -> bool:
    box = artist.get_window_extent()
    return ax.bbox.contains((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)


def _name_colours(figure: Figure) -> None:
    """Mark which artists follow the colours of the page."""
    for ax in figure.axes:
        covered = _is_covered(ax)
        ax.set_gid(_OWN if covered else PAGE)
        around: list[Artist] = [*ax.spines.values(), ax.title, ax._left_title, ax._right_title]  # type: ignore[attr-defined]
        around += [getattr(ax, name) for name in ("xaxis", "yaxis") if hasattr(ax, name)]
        around += [text for text in ax.texts if not _inside(text, ax)]
        legend = ax.get_legend()
        if legend is not None and not _inside(legend, ax):
            around.append(legend)
        for artist in around:
            artist.set_gid(PAGE)


def _count(points: Any) -> int:
    return len(points)


def _corners(artist: Artist) -> int:
    if isinstance(artist, Line2D):
        return _count(artist.get_path().vertices) * (4 if artist.get_marker() not in ("None", "", " ", None) else 1)
    if isinstance(artist, PathCollection):
        return 4 * _count(artist.get_offsets())
    if isinstance(artist, Collection):
        return sum(_count(path.vertices) for path in artist.get_paths())
    return _count(artist.get_path().vertices) if isinstance(artist, Patch) else 0


def _rasterize(figure: Figure) -> None:
    """Let artists with very many corners be drawn as images."""
    for ax in figure.axes:
        counts = {artist: _corners(artist) for artist in [*ax.lines, *ax.collections, *ax.patches]}
        crowd = sum(counts.values()) > _ALL_CORNERS
        for artist, count in counts.items():
            if isinstance(artist, QuadMesh) or count > _CORNERS or (crowd and count > 300):
                artist.set_rasterized(True)


def _short(text: str) -> str:
    """Return numbers with the digits that the eye sees."""
    digits = 1 if len(text) > 1500 else 2

    def cut(match: re.Match) -> str:
        number = f"{float(match[0]):.{digits}f}".rstrip("0").rstrip(".")
        return "0" if number == "-0" else number

    return re.sub(r"-?\d+\.\d+", cut, text)


def _path(text: str) -> str:
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", _short(text)).strip()


def _transform(text: str) -> str:
    return re.sub(r"translate\([^)]*\)", lambda m: _short(m[0]), text)


def _webp(uri: str) -> str:
    """Return an image as lossless WebP if that is shorter than the PNG."""
    head, _, data = uri.partition("base64,")
    packed = io.BytesIO()
    Image.open(io.BytesIO(base64.b64decode(data))).save(packed, "WEBP", lossless=True, method=4, exact=True)
    text = base64.b64encode(packed.getvalue()).decode()
    return f"data:image/webp;base64,{text}" if len(text) < len(data) else head + "base64," + "".join(data.split())


class _Reader:
    """Reads the elements of matplotlib's SVG: groups without a look of their own go, the others are the parts."""

    def __init__(self) -> None:
        self.defs: dict[str, str] = {}
        self.parts: list[str] = []

    def read(self, element: ET.Element, page: bool) -> None:
        kind = element.tag.removeprefix(_SVG)
        if kind == "metadata" or (kind == "defs" and element.find(f"{_SVG}style") is not None):
            return
        if kind == "defs":
            self.define(element)
        elif kind == "g" and set(element.keys()) <= {"id"}:
            name = element.get("id")
            for child in element:
                self.read(child, {PAGE: True, _OWN: False}.get(name or "", page))
        elif text := self.text(element, page):
            self.parts.append(text)

    def define(self, element: ET.Element) -> None:
        for child in element:
            for page in (False, True):  # a marker may be met in both
                name = self.name(child.get("id") or "", page)
                if name not in self.defs:
                    self.defs[name] = self.text(child, page, name)

    @staticmethod
    def name(given: str, page: bool) -> str:
        """Return the name of what is defined: glyphs and clips have no colour, markers have the page's or their own."""
        return f"KEY-{given}{'-p' if page and given.startswith(('m', 'C')) else ''}"

    def text(self, element: ET.Element, page: bool, name: str = "") -> str:
        """Return an element as text, its definitions taken out."""
        kind = element.tag.removeprefix(_SVG)
        if kind == "defs":
            self.define(element)
            return ""
        given = {key.removeprefix(_SVG): value for key, value in element.items() if key != "id"}
        if _LINK in given:
            link = given.pop(_LINK)
            given["href"] = f"#{self.name(link[1:], page)}" if link.startswith("#") else _webp(link)
        if "clip-path" in given:
            given["clip-path"] = f"url(#{self.name(given['clip-path'][5:-1], False)})"
        shape = (kind == "g" and "scale(" in given.get("transform", "")) or (
            kind in ("use", "path") and "style" in given
        )
        marker = name.startswith("KEY-m")  # its definition must leave the fill to those that use it
        if shape and not marker and not re.search(r"\bfill:", given.get("style", "")):
            given["style"] = f"fill: #000000; {given.get('style', '')}".rstrip("; ")  # the default, which has no name
        if "style" in given:  # a hatch
            given["style"] = re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{self.name(m[1], False)})", given["style"])
        if page and "style" in given:
            given["style"] = re.sub(r"#[0-9a-f]{6}", self.themed, given["style"])
        for key, short in (
            ("d", _path),
            ("transform", _transform),
            *((k, _short) for k in ("x", "y", "width", "height")),
        ):
            if key in given:
                given[key] = short(given[key])
        if "style" in given:
            given["style"] = given["style"].replace(": ", ":").replace("; ", ";")
        if name:
            given["id"] = name
        head = "".join(f' {key}="{html.escape(value)}"' for key, value in given.items())
        inner = "".join(self.text(child, page) for child in element)
        if kind == "g" and not inner:
            return ""
        return f"<{kind}{head}>{inner}</{kind}>" if inner else f"<{kind}{head}/>"

    @staticmethod
    def themed(match: re.Match) -> str:
        colour = match[0]
        return f"var(--dlgn-{_THEMED[colour]},{colour})" if colour in _THEMED else colour


def united(pictures: Iterable[Picture]) -> str:
    """Return the definitions of several pictures as one element."""
    every: dict[str, str] = {}
    for one in pictures:
        every |= one.defs
    return f"<defs>{''.join(every.values())}</defs>"
