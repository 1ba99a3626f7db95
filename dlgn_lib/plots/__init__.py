"""The drawings of this book in one house style; each returns (matplotlib figure, alt text).

A drawing computes nothing that a page could want to know: it calls the library and puts the result on paper.
"""

from dlgn_lib.plots.circle import (
    circle_losses,
    circle_outputs,
    circle_training,
    correlation_by_layer,
    gate_patterns,
    measure_over_steps,
    path_cones,
    seeds_to_threshold,
    share_and_error,
)
from dlgn_lib.plots.experts import activations, errors, path_counts, path_walk, region_1d, region_jump, running_sum
from dlgn_lib.plots.gating import gate_maps, half_spaces, pieces, softness
from dlgn_lib.plots.kernels import (
    error_against_width,
    kernel_blocks,
    kernel_change,
    kernel_map,
    one_step,
    seed_bands,
    step_size,
)
from dlgn_lib.plots.learning import (
    activity_ring,
    allocation,
    case_shares,
    dose_response,
    pull_cloud,
    share_against_error,
    transplants,
)
from dlgn_lib.plots.normals import clustering, directions, moved_and_clustered, region_census, wedges
from dlgn_lib.plots.style import BLUE, GREEN, RED, intervals, number

__all__ = [
    "BLUE",
    "GREEN",
    "RED",
    "activations",
    "activity_ring",
    "allocation",
    "case_shares",
    "circle_losses",
    "circle_outputs",
    "circle_training",
    "clustering",
    "correlation_by_layer",
    "directions",
    "dose_response",
    "error_against_width",
    "errors",
    "gate_maps",
    "gate_patterns",
    "half_spaces",
    "intervals",
    "kernel_blocks",
    "kernel_change",
    "kernel_map",
    "measure_over_steps",
    "moved_and_clustered",
    "number",
    "one_step",
    "path_cones",
    "path_counts",
    "path_walk",
    "pieces",
    "pull_cloud",
    "region_1d",
    "region_census",
    "region_jump",
    "running_sum",
    "seed_bands",
    "seeds_to_threshold",
    "share_against_error",
    "share_and_error",
    "softness",
    "step_size",
    "transplants",
    "wedges",
]
