"""How a drawing is cut into panels that stand one below the other on a narrow screen."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle, from the upper left to the lower right corner."""

    left: float
    top: float
    right: float
    bottom: float


class Shared(NamedTuple):
    """Axes whose numbers stand at other axes: left of those in the same row, or below those in the same column."""

    axes: Box
    numbers: Box  # numbers and name of the axis, up to the side at which they touch the axes they stand at
    below: bool

    def place(self) -> Box:
        """Return where the numbers would stand if the axes had them."""
        axes, box = self.axes, self.numbers
        if self.below:
            return Box(box.left, axes.bottom, box.right, axes.bottom + box.bottom - box.top)
        return Box(axes.left - (box.right - box.left), box.top, axes.left, box.bottom)


def _runs(intervals: Sequence[tuple[float, float]], tolerance: float = 0.5) -> list[tuple[float, float]]:
    """Return the intervals that overlapping ones make together, in order."""
    found: list[tuple[float, float]] = []
    for low, high in sorted(intervals):
        if found and low < found[-1][1] - tolerance:
            found[-1] = found[-1][0], max(found[-1][1], high)
        else:
            found.append((low, high))
    return found


def _slices(runs: Sequence[tuple[float, float]], low: float, high: float, most: float) -> list[tuple[float, float]]:
    """Return slices from `low` to `high`, cut in the middle between runs, each with as many runs as `most` has room for."""
    cuts, start = [low], low
    for (_, end), (begin, after) in pairwise(runs):
        if after - start > most:
            start = (end + begin) / 2
            cuts.append(start)
    return list(zip(cuts, [*cuts[1:], high], strict=True))


def panels(boxes: Sequence[Box], whole: Box, most: float, margin: float = 4) -> list[Box]:
    """Return panels that hold every box whole, none wider than `most` if that can be done without cutting a box.

    Rows come first, then columns: boxes are read as lines of text are. A part of the drawing that no straight cut
    divides stays whole. Each panel is as large as its boxes need, with a margin.

    >>> panels([Box(0, 0, 40, 10), Box(50, 0, 90, 10)], Box(0, 0, 90, 10), 60, margin=0)
    [Box(left=0, top=0, right=40, bottom=10), Box(left=50, top=0, right=90, bottom=10)]
    """
    if whole.right - whole.left <= most or len(boxes) < 2:
        return [whole]
    parts = _cut(boxes, whole, most)
    return (
        [_cropped(held, part, margin) for part in parts if (held := _within(boxes, part))]
        if len(parts) > 1
        else [whole]
    )


def _cut(boxes: Sequence[Box], whole: Box, most: float) -> list[Box]:
    if whole.right - whole.left <= most or len(boxes) < 2:
        return [whole]
    rows = _slices(_runs([(b.top, b.bottom) for b in boxes]), whole.top, whole.bottom, 0)
    if len(rows) > 1:
        parts = [Box(whole.left, top, whole.right, bottom) for top, bottom in rows]
    else:
        columns = _slices(_runs([(b.left, b.right) for b in boxes]), whole.left, whole.right, most)
        if len(columns) == 1:
            return [whole]
        parts = [Box(left, whole.top, right, whole.bottom) for left, right in columns]
    return [piece for part in parts for piece in _cut(_within(boxes, part), part, most)]


def _within(boxes: Sequence[Box], part: Box) -> list[Box]:
    middle = [((b.left + b.right) / 2, (b.top + b.bottom) / 2, b) for b in boxes]
    return [b for x, y, b in middle if part.left <= x <= part.right and part.top <= y <= part.bottom]


def _cropped(held: Sequence[Box], part: Box, margin: float) -> Box:
    return Box(
        max(part.left, min(b.left for b in held) - margin),
        max(part.top, min(b.top for b in held) - margin),
        min(part.right, max(b.right for b in held) + margin),
        min(part.bottom, max(b.bottom for b in held) + margin),
    )


def missing(panel: Box, shared: Sequence[Shared]) -> list[Shared]:
    """Return the axes of a panel that have lost their numbers to another panel, one in each row and column.

    >>> right = Shared(Box(50, 0, 90, 40), numbers=Box(0, 0, 10, 40), below=False)
    >>> missing(Box(45, 0, 90, 40), [right]) == [right], missing(Box(0, 0, 90, 40), [right])
    (True, [])
    """
    found: list[Shared] = []
    for one in sorted(shared, key=lambda s: (s.below, -s.axes.bottom if s.below else s.axes.left)):
        if not _within([one.axes], panel) or _within([one.numbers], panel):
            continue
        same = [n for n, other in enumerate(found) if other.below == one.below and _aligned(one, other)]
        if not same:
            found.append(one)
        elif _overlap(found[same[0]].axes, one.axes):  # another frame's
            found[same[0]] = found[same[0]]._replace(numbers=_united([found[same[0]].numbers, one.numbers]))
    return found


def _aligned(one: Shared, other: Shared) -> bool:
    a, b = one.axes, other.axes
    return min(a.right, b.right) > max(a.left, b.left) if one.below else min(a.bottom, b.bottom) > max(a.top, b.top)


def _overlap(a: Box, b: Box) -> bool:
    return min(a.right, b.right) > max(a.left, b.left) and min(a.bottom, b.bottom) > max(a.top, b.top)


def _united(boxes: Sequence[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return Box(min(left), min(top), max(right), max(bottom))


def grown(panel: Box, lent: Sequence[Shared]) -> Box:
    """Return a panel with room for the numbers that are lent to it."""
    return _united([panel, *(one.place() for one in lent)])
