"""The library behind the book: networks as mixtures of experts, their paths, gates, regions and pictures.

Pure functions on tensors; `nn.Module` only for what is trained. N samples, D inputs, M width, K outputs.
"""

from importlib.metadata import version

from dlgn_lib import plots
from dlgn_lib.claims import claim
from dlgn_lib.data import circle
from dlgn_lib.exercises import check
from dlgn_lib.kernels import alignment, effective_rank, ntk, overlap_kernel, path_kernel, trace_normalize
from dlgn_lib.models import DLGN, DeepLinearNet, GaLUNet, GatedNet, ReLUNet
from dlgn_lib.paths import (
    TooManyPathsError,
    enumerate_paths,
    exact_mixture,
    exact_weights,
    factorised_output,
    mixture_output,
    path_activity,
    path_experts,
    path_gates,
)
from dlgn_lib.regions import activation_regions, path_region, region_area
from dlgn_lib.widgets import explore, show

__version__ = version("dlgn-lib")
__all__ = [
    "DLGN",
    "DeepLinearNet",
    "GaLUNet",
    "GatedNet",
    "ReLUNet",
    "TooManyPathsError",
    "activation_regions",
    "alignment",
    "check",
    "circle",
    "claim",
    "effective_rank",
    "enumerate_paths",
    "exact_mixture",
    "exact_weights",
    "explore",
    "factorised_output",
    "mixture_output",
    "ntk",
    "overlap_kernel",
    "path_activity",
    "path_experts",
    "path_gates",
    "path_kernel",
    "path_region",
    "plots",
    "region_area",
    "show",
    "trace_normalize",
]
