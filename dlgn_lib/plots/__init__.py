"""The drawings of this book in one house style; each returns (matplotlib figure, alt text).

A drawing computes nothing that a page could want to know: it calls the library and puts the result on paper.
"""

from dlgn_lib.plots.experts import activations, errors, path_counts, path_walk, region_1d, region_jump, running_sum
from dlgn_lib.plots.gating import gate_maps, half_spaces, pieces, softness
from dlgn_lib.plots.kernels import error_against_width, kernel_map
from dlgn_lib.plots.learning import allocation
from dlgn_lib.plots.style import BLUE, GREEN, RED, intervals, number

__all__ = [
    "BLUE",
    "GREEN",
    "RED",
    "activations",
    "allocation",
    "error_against_width",
    "errors",
    "gate_maps",
    "half_spaces",
    "intervals",
    "kernel_map",
    "number",
    "path_counts",
    "path_walk",
    "pieces",
    "region_1d",
    "region_jump",
    "running_sum",
    "softness",
]
