"""What of a matplotlib figure belongs together, and which axes leave their numbers to others: read off a settled layout."""

import itertools

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox, BboxBase

from dlgn_lib.book.panels import Box, Shared

POINTS = 72  # an inch of the drawing


def boxes(figure: Figure) -> list[Box]:
    """Return what must not be cut: axes with all that belongs to them, with their colour bars; titles and legend entries of the figure."""
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    found: dict[object, list] = {}
    for ax in figure.axes:
        parents = (getattr(ax, "_colorbar_info", None) or {}).get("parents", [])
        owner = parents[0] if len(parents) == 1 else ax
        if ax.get_visible() and (box := ax.get_tightbbox(renderer)) is not None:
            found.setdefault(owner, []).append(box)
    for artist in [
        *figure.texts,
        getattr(figure, "_suptitle", None),
        *(legend.get_title() for legend in figure.legends),
    ]:
        if artist is not None and artist.get_visible() and artist.get_text():
            found.setdefault(artist, []).append(artist.get_window_extent(renderer))
    for legend in figure.legends:
        for entry in zip(legend.get_texts(), legend.legend_handles, strict=True):
            found[entry] = [artist.get_window_extent(renderer) for artist in entry if artist is not None]
    return [_box(figure, Bbox.union(group)) for group in found.values()]


def _box(figure: Figure, box: BboxBase) -> Box:
    scale, height = POINTS / figure.dpi, figure.bbox.height
    return Box(box.x0 * scale, (height - box.y1) * scale, box.x1 * scale, (height - box.y0) * scale)


def shared(figure: Figure) -> list[Shared]:
    """Return axes without numbers that stand in line with axes that have them, with ticks at the same places."""
    plain = [ax for ax in figure.axes if ax.get_visible() and ax.axison and not hasattr(ax, "_colorbar")]
    found = []
    for ax, below in itertools.product(plain, (False, True)):
        if not _has_numbers(ax, below):
            lenders = [o for o in plain if _has_numbers(o, below) and _in_line(ax, o, below)]
            if lenders:
                nearest = max(lenders, key=lambda o: o.bbox.y0 if below else o.bbox.x0)
                found.append(Shared(_box(figure, ax.bbox), _numbers(figure, nearest, below), below))
    return found


def _axis(ax: Axes, below: bool) -> Axis:
    return ax.xaxis if below else ax.yaxis


def _has_numbers(ax: Axes, below: bool) -> bool:
    """Return whether an axis shows numbers, names or what it measures."""
    axis = _axis(ax, below)
    return axis.get_visible() and any(t.get_visible() and t.get_text() for t in [axis.label, *axis.get_ticklabels()])


def _in_line(ax: Axes, other: Axes, below: bool) -> bool:
    """Return whether `other` is below `ax` (else: left of it), as wide (else: as high), with ticks at the same places."""
    a, b = ax.bbox, other.bbox
    ends = [(a.x0, b.x0), (a.x1, b.x1)] if below else [(a.y0, b.y0), (a.y1, b.y1)]
    ticks = [_ticks(ax, below), _ticks(other, below)]
    return (
        (b.y1 <= a.y0 if below else b.x1 <= a.x0)
        and all(abs(one - two) < 1 for one, two in [*ends, *zip(*ticks, strict=False)])
        and len(ticks[0]) == len(ticks[1])
    )


def _ticks(ax: Axes, below: bool) -> list[float]:
    """Return where the ticks of an axis within its limits stand on the canvas."""
    low, high = sorted(ax.get_xlim() if below else ax.get_ylim())
    at = [value for value in _axis(ax, below).get_ticklocs() if low <= value <= high]
    return (
        sorted(
            ax.transData.transform([(v, ax.get_ylim()[0]) if below else (ax.get_xlim()[0], v) for v in at])[
                :, 1 - below
            ]
        )
        if at
        else []
    )


def _numbers(figure: Figure, ax: Axes, below: bool, margin: float = 4) -> Box:
    """Return the box of the numbers and the name of an axis, up to the side of the axes."""
    box, own = _axis(ax, below).get_tightbbox(), _box(figure, ax.bbox)
    held = own if box is None else _box(figure, box)
    left, right, bottom = held.left - margin, held.right + margin, held.bottom + margin
    return Box(left, own.bottom, right, bottom) if below else Box(left, held.top - margin, own.left, bottom)
