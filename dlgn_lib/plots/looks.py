"""How this book looks: its style, its colours, and one table of looks for its networks."""

import functools
import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import seaborn as sns
from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

# Okabe-Ito colours, told apart by colour-blind readers; never the only code.
INK, BLUE, ORANGE, GREEN, RED, SKY, PINK, GREY = (
    "#222222",
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#d55e00",
    "#56b4e9",
    "#cc79a7",
    "#b3b3b3",
)
FAINT = "#888888"  # lines that help the eye
GATES = "cividis"  # gates, activities and kernels: dark is off, yellow is on
WEIGHTS = plt.get_cmap(
    "RdBu_r", 21
)  # weights: blue below zero, red above; few colours, so that noise does not make frames large


class Look(NamedTuple):
    """Colour, line style and marker of a network or a series."""

    colour: str
    line: object
    mark: str


#: What tells series apart that are no networks, in the order in which they come.
SERIES = (
    Look(BLUE, "-", "o"),
    Look(RED, "--", "s"),
    Look(GREEN, "-.", "D"),
    Look(ORANGE, ":", "^"),
    Look(PINK, (0, (5, 1)), "v"),
    Look(SKY, (0, (3, 1, 1, 1)), "P"),
)
#: Each network has one look in the whole book.
NETWORKS = {
    "ReLU": SERIES[0],
    "DLGN": SERIES[1],
    "frozen DLGN": SERIES[2],
    "deep linear": SERIES[3],
    "GaLU": SERIES[4],
    "shallow DLGN": SERIES[5],
}
#: What a line that is no network stands for, as keywords of matplotlib, one look for each role in the whole book.
ROLES: dict[str, dict[str, Any]] = {
    "target": {"color": INK, "lw": 0.9, "ls": ":"},  # what is to be learned
    "formula": {"color": RED, "lw": 1.6, "ls": "--"},  # what a theory says, with nothing fitted
    "level": {"color": INK, "lw": 0.9, "ls": (0, (1, 2))},  # a value to compare with
    "middle": {"color": FAINT, "lw": 0.8, "ls": (0, (1, 2)), "zorder": 0},  # neither the one nor the other
    "guide": {"color": INK, "lw": 0.9, "ls": (0, (1, 3))},  # a slope to compare with
}


def look(name: str) -> Look:
    """Return the look of a network, by its name alone, as "ReLU net" or "ReLU nets", or as "deep DLGN" beside a shallow one.

    Raises:
        KeyError: if `name` is no network of the table.

    >>> look("ReLU net") == look("ReLU")
    True
    """
    return NETWORKS[_network(name)]


def _network(name: str) -> str:
    plain = name.removesuffix("s").removesuffix(" net")
    return plain if plain in NETWORKS else plain.removeprefix("deep ")


def looks(names: Iterable[str]) -> dict[str, Look]:
    """Return a look for each name: networks have their own, other series those of `SERIES` that are left, in their order.

    >>> looks(["train", "DLGN", "test"])["train"] == SERIES[0], looks(["train", "ReLU"])["train"] == SERIES[1]
    (True, True)
    """
    names = list(names)
    found = {name: NETWORKS[_network(name)] for name in names if _network(name) in NETWORKS}
    free = itertools.cycle([one for one in SERIES if one not in found.values()] or SERIES)
    return {name: found[name] if name in found else next(free) for name in names}


for _font in sorted((Path(__file__).parent / "fonts").glob("*.ttf")):
    font_manager.fontManager.addfont(_font)
# Matplotlib asks for these when it writes a formula, not when it makes it, and only for formulas made as "custom".
_MATH: Any = {
    "mathtext.rm": "Book Figures",
    "mathtext.it": "Book Figures:italic",
    "mathtext.bf": "Book Figures:bold",
    "mathtext.cal": "Book Figures:italic",
}
matplotlib.rcParams.update(_MATH)
_STYLE = {
    **sns.axes_style("ticks"),
    **sns.plotting_context("notebook", font_scale=0.9),
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.family": ["Book Figures", "DejaVu Sans"],  # the second has the few signs that the first lacks
    "mathtext.fontset": "custom",
    "text.color": INK,
    "axes.edgecolor": "#555555",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
Drawing = tuple[Figure, str]


def house_style(draw: Callable[..., Drawing]) -> Callable[..., Drawing]:
    """Return the drawing function with this book's style switched on while it runs."""

    @functools.wraps(draw)
    def styled(*args: object, **kwargs: object) -> Drawing:
        with plt.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return styled


def room_at_the_right(figure: Figure) -> None:
    """Leave a little room beside a colour bar, whose last label the compressed layout would cut."""
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(rect=(0, 0, 0.985, 1))
