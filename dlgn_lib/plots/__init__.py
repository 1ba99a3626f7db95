"""The parts that the drawings of this book are made of, in one house style.

Parts draw on axes; a drawing returns (matplotlib figure, alt text). What only one page draws lies beside that page,
`book/<part>/figures/<page>.py`, and is imported as `dlgn_lib.pages.<part>.<page>`.
"""

from dlgn_lib.plots.bands import angle_axis, count_axis, seed_band, seed_panels, shortest, step_axis
from dlgn_lib.plots.dots import apart, heading_rows, seeds_to_threshold
from dlgn_lib.plots.looks import (
    BLUE,
    FAINT,
    GATES,
    GREEN,
    GREY,
    INK,
    NETWORKS,
    ORANGE,
    PINK,
    RED,
    SERIES,
    SKY,
    WEIGHTS,
    Drawing,
    Look,
    house_style,
    look,
    looks,
)
from dlgn_lib.plots.losses import race_losses
from dlgn_lib.plots.maps import activity_image, kernel_blocks, kernel_image, mark_contexts, weight_image
from dlgn_lib.plots.planes import (
    check_net,
    check_path,
    corners,
    extent,
    fill,
    grid_points,
    half_space_lines,
    input_plane,
)
from dlgn_lib.plots.text import intervals, number, span, spoken

__all__ = [
    "BLUE",
    "FAINT",
    "GATES",
    "GREEN",
    "GREY",
    "INK",
    "NETWORKS",
    "ORANGE",
    "PINK",
    "RED",
    "SERIES",
    "SKY",
    "WEIGHTS",
    "Drawing",
    "Look",
    "activity_image",
    "angle_axis",
    "apart",
    "check_net",
    "check_path",
    "corners",
    "count_axis",
    "extent",
    "fill",
    "grid_points",
    "half_space_lines",
    "heading_rows",
    "house_style",
    "input_plane",
    "intervals",
    "kernel_blocks",
    "kernel_image",
    "look",
    "looks",
    "mark_contexts",
    "number",
    "race_losses",
    "seed_band",
    "seed_panels",
    "seeds_to_threshold",
    "shortest",
    "span",
    "spoken",
    "step_axis",
    "weight_image",
]
