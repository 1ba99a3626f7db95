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
    activity_share,
    enumerate_paths,
    exact_mixture,
    exact_weights,
    factorised_output,
    mixture_output,
    path_activity,
    path_experts,
    path_gates,
)
from dlgn_lib.regions import (
    activation_regions,
    axial_resultant,
    gate_correlation,
    participation_ratio,
    path_region,
    region_area,
)
from dlgn_lib.training import DivergenceError, Trajectory, canon, canon_net, train, train_ensemble
from dlgn_lib.widgets import explore, show

__version__ = version("dlgn-lib")
__all__ = [
    "DLGN",
    "DeepLinearNet",
    "DivergenceError",
    "GaLUNet",
    "GatedNet",
    "ReLUNet",
    "TooManyPathsError",
    "Trajectory",
    "activation_regions",
    "activity_share",
    "alignment",
    "axial_resultant",
    "canon",
    "canon_net",
    "check",
    "circle",
    "claim",
    "effective_rank",
    "enumerate_paths",
    "exact_mixture",
    "exact_weights",
    "explore",
    "factorised_output",
    "gate_correlation",
    "mixture_output",
    "ntk",
    "overlap_kernel",
    "participation_ratio",
    "path_activity",
    "path_experts",
    "path_gates",
    "path_kernel",
    "path_region",
    "plots",
    "region_area",
    "show",
    "trace_normalize",
    "train",
    "train_ensemble",
]
