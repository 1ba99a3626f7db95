"""The library behind the book: networks as mixtures of experts, their paths, gates, regions and pictures.

Pure functions on tensors; `nn.Module` only for what is trained. N samples, D inputs, M width, K outputs. A tensor or number
of the wrong type raises TypeError, one of the wrong shape or value ValueError, and the message names the argument, what it
must be and what came. Everything else that a function may raise stands in its own list.

These are the names that a reader types most; the others come from their modules, e.g. `from dlgn_lib.gdln import race`.
"""

from importlib.metadata import version

from dlgn_lib import plots
from dlgn_lib.adapt import as_gated
from dlgn_lib.book import check, claim, explore, show
from dlgn_lib.data import circle, fashion_mnist
from dlgn_lib.features import feature_spectrum
from dlgn_lib.gdln import GDLN
from dlgn_lib.kernels import alignment, ntk, overlap_kernel, path_kernel
from dlgn_lib.models import DLGN, DeepLinearNet, GaLUNet, ReLUNet
from dlgn_lib.paths import enumerate_paths, mixture_output, path_activity, path_experts, path_gates
from dlgn_lib.regions import path_region
from dlgn_lib.runs import canon
from dlgn_lib.training import train, train_ensemble

__version__ = version("dlgn-lib")
__all__ = [
    "DLGN",
    "GDLN",
    "DeepLinearNet",
    "GaLUNet",
    "ReLUNet",
    "alignment",
    "as_gated",
    "canon",
    "check",
    "circle",
    "claim",
    "enumerate_paths",
    "explore",
    "fashion_mnist",
    "feature_spectrum",
    "mixture_output",
    "ntk",
    "overlap_kernel",
    "path_activity",
    "path_experts",
    "path_gates",
    "path_kernel",
    "path_region",
    "plots",
    "show",
    "train",
    "train_ensemble",
]
