"""The graph of prerequisites as an SVG: an arrow from each page down to the pages that need it.

Its rows are the longest chains of needs. Within a row, nodes are sorted by their neighbours and moved as close to them
as the boxes allow, so that few arrows cross and none runs through a box (the method of Sugiyama, Tagawa and Toda).
"""

from collections.abc import Callable, Mapping
from graphlib import TopologicalSorter
from html import escape
from itertools import pairwise

from course_data import PageData
from sklearn.isotonic import isotonic_regression

WIDTH, HEIGHT, ROW = 164, 46, 88  # of a box; from one row to the next
GAP, BEND = 14, 16  # beside a box; the width that an arrow takes where it passes a row
STRAIGHT = {2: 1, 4: 2, 6: 8}  # how much a step between two boxes, a box and a bend, two bends wants to be straight
SWEEPS = 12

Node = tuple  # (page,), or (from, to, row) where a long arrow passes a row


def reduced(needs: Mapping[str, tuple[str, ...]]) -> dict[str, set[str]]:
    """Return the needs without those that follow from others.

    >>> reduced({"a": (), "b": ("a",), "c": ("a", "b")})["c"]
    {'b'}
    """
    above = {}
    for page in TopologicalSorter(needs).static_order():
        above[page] = set(needs[page]).union(*(above[need] for need in needs[page]))
    return {page: {n for n in needs[page] if not any(n in above[m] for m in needs[page])} for page in needs}


def rows_and_lines(needs: Mapping[str, set[str]]) -> tuple[list[list[Node]], list[list[Node]]]:
    """Return the nodes of each row, and each arrow as the nodes that it passes, from the page needed to the other."""
    row, lines = {}, []
    for page in TopologicalSorter(needs).static_order():
        row[page] = max((row[need] + 1 for need in needs[page]), default=0)
    rows = [[(page,) for page in needs if row[page] == number] for number in range(max(row.values()) + 1)]
    for need in needs:
        for page in (page for page in needs if need in needs[page]):
            bends = [(need, page, number) for number in range(row[need] + 1, row[page])]
            lines.append([(need,), *bends, (page,)])
            for bend in bends:
                rows[bend[2]].append(bend)
    return rows, lines


def _crossings(rows: list[list[Node]], steps: list[tuple[Node, Node]]) -> int:
    at = {node: (number, place) for number, row in enumerate(rows) for place, node in enumerate(row)}
    ends = [(*at[a], at[b][1]) for a, b in steps]
    return sum(r == s and a < c and b > d for r, a, b in ends for s, c, d in ends)


def sort_rows(rows: list[list[Node]], steps: list[tuple[Node, Node]]) -> list[list[Node]]:
    """Return the rows in an order with few crossings: each sorted by the mean place of its neighbours, up and down."""
    best = rows
    for sweep in range(SWEEPS):
        rows = [list(row) for row in rows]
        down = sweep % 2 == 0
        for number in range(1, len(rows)) if down else range(len(rows) - 2, -1, -1):
            other = rows[number - 1 if down else number + 1]
            place = {node: (k + 0.5) / len(other) for k, node in enumerate(other)}
            wish = {}
            for k, node in enumerate(rows[number]):
                near = [place[a if down else b] for a, b in steps if node == (b if down else a)]
                wish[node] = sum(near) / len(near) if near else (k + 0.5) / len(rows[number])
            rows[number].sort(key=wish.get)
        best = min(best, rows, key=lambda order: _crossings(order, steps))
    return best


def centres(rows: list[list[Node]], steps: list[tuple[Node, Node]]) -> dict[Node, float]:
    """Return how far to the right each node has its centre: near the mean of its neighbours, without overlaps."""
    across = {}
    lefts = []  # the least distance of each node from the first of its row
    for row in rows:
        sizes = [WIDTH + GAP if len(node) == 1 else BEND + GAP for node in row]
        lefts.append([sum(sizes[:k]) + (sizes[k] - sizes[0]) / 2 for k in range(len(row))])
        across |= {node: left - lefts[-1][-1] / 2 for node, left in zip(row, lefts[-1], strict=True)}
    for _ in range(4 * SWEEPS):
        for row, left in zip(rows, lefts, strict=True):
            wish = []
            for node, shift in zip(row, left, strict=True):
                near = [(across[b if a == node else a], STRAIGHT[len(a) + len(b)]) for a, b in steps if node in (a, b)]
                near = near or [(across[node], 1)]
                wish.append(sum(x * weight for x, weight in near) / sum(weight for _, weight in near) - shift)
            across |= {n: w + s for n, w, s in zip(row, isotonic_regression(wish), left, strict=True)}
    edge = min(x - (WIDTH if len(node) == 1 else BEND) / 2 for node, x in across.items())
    return {node: float(x - edge) + 1 for node, x in across.items()}


def draw(pages: Mapping[str, PageData], address: Callable[[str], str]) -> str:
    """Return the graph of the pages' needs as an SVG with links; colours come from the style sheet.

    Args:
        pages: the pages to draw, in the order of the book, with all that they need.
        address: gives the link of a page.
    """
    needs = reduced({name: page.needs for name, page in pages.items()})
    rows, lines = rows_and_lines(needs)
    steps = [step for line in lines for step in pairwise(line)]
    rows = sort_rows(rows, steps)
    across = centres(rows, steps)
    down = {node: number * ROW + HEIGHT / 2 + 1 for number, row in enumerate(rows) for node in row}
    width = max(across[name,] for name in pages) + WIDTH / 2 + 1
    height = (len(rows) - 1) * ROW + HEIGHT + 2
    says = "; ".join(
        f"{page.short} needs {' and '.join(pages[need].short for need in page.needs)}" if page.needs
        else f"{page.short} needs no other page" for page in pages.values()
    )  # fmt: skip
    parts = [
        f'<svg class="dlgn-map" role="group" aria-labelledby="map-title map-says" viewBox="0 0 {width:.0f} {height}">',
        '<title id="map-title">Which page needs which</title>',
        f'<desc id="map-says">{escape(says)}.</desc>',
        '<defs><marker id="map-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
        '<path d="M0 0 8 4 0 8z"/></marker></defs>',
    ]
    for line in lines:
        path = f"M{across[line[0]]:.0f} {down[line[0]] + HEIGHT / 2:.0f}"
        for a, b in pairwise(line):
            start, end = down[a] + HEIGHT / 2, down[b] - HEIGHT / 2
            middle = (start + end) / 2
            path += f"C{across[a]:.0f} {middle:.0f} {across[b]:.0f} {middle:.0f} {across[b]:.0f} {end:.0f}"
            path += f"V{end + HEIGHT:.0f}" if len(b) > 1 else ""
        parts.append(f'<path class="arrow" d="{path}" marker-end="url(#map-tip)"/>')
    for name, page in pages.items():
        x, y = across[name,], down[name,]
        parts.append(
            f'<a href="{escape(address(name))}"><rect x="{x - WIDTH / 2:.0f}" y="{y - HEIGHT / 2:.0f}" rx="6" '
            f'width="{WIDTH}" height="{HEIGHT}"/><text x="{x:.0f}" y="{y - 4:.0f}">{escape(page.short)}</text>'
            f'<text class="small" x="{x:.0f}" y="{y + 14:.0f}">{escape(page.part)} · {page.minutes} min</text></a>'
        )
    return "\n".join([*parts, "</svg>"])
