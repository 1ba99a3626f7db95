"""The library behind the book: networks as mixtures of experts, their paths, gates, regions and pictures.

Pure functions on tensors; `nn.Module` only for what is trained. N samples, D inputs, M width, K outputs. An argument of
the wrong type raises TypeError, one of the wrong shape or value ValueError, and the message names the argument, what it
must be and what came. Everything else that a function may raise stands in its own list.
"""

from importlib.metadata import version

from dlgn_lib import plots
from dlgn_lib.archives import DataError
from dlgn_lib.claims import claim
from dlgn_lib.classifiers import LinearNet, classifier, train_classifier
from dlgn_lib.contexts import (
    context_gates,
    context_gdln,
    context_subsets,
    context_theory,
    interaction_levels,
    learned_shares,
    multi_context_task,
    open_contexts,
    product_units,
    race_score,
    selectivity,
    target_parts,
    tree_properties,
)
from dlgn_lib.data import circle
from dlgn_lib.exercises import Between, check
from dlgn_lib.features import Collapse, FeatureSpectrum, collapse, d_lr, feature_spectrum
from dlgn_lib.gdln import (
    GDLN,
    descend,
    gated_layers,
    half_time,
    mode_dynamics,
    normal_weights,
    race,
    wide_gram,
    xor_task,
)
from dlgn_lib.images import ImageSet, cifar10, cifar100, fashion_mnist
from dlgn_lib.kernels import (
    alignment,
    class_contrast,
    effective_rank,
    ntk,
    overlap_kernel,
    path_kernel,
    trace_normalize,
)
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
    mean_cosine,
    participation_ratio,
    path_region,
    region_area,
)
from dlgn_lib.results import committed_results
from dlgn_lib.shared_runs import canon, canon_net
from dlgn_lib.sweeps import sweep
from dlgn_lib.training import DivergenceError, Trajectory, accuracy, train, train_ensemble
from dlgn_lib.widgets import explore, show

__version__ = version("dlgn-lib")
__all__ = [
    "DLGN",
    "GDLN",
    "Between",
    "Collapse",
    "DataError",
    "DeepLinearNet",
    "DivergenceError",
    "FeatureSpectrum",
    "GaLUNet",
    "GatedNet",
    "ImageSet",
    "LinearNet",
    "ReLUNet",
    "TooManyPathsError",
    "Trajectory",
    "accuracy",
    "activation_regions",
    "activity_share",
    "alignment",
    "axial_resultant",
    "canon",
    "canon_net",
    "check",
    "cifar10",
    "cifar100",
    "circle",
    "claim",
    "class_contrast",
    "classifier",
    "collapse",
    "committed_results",
    "context_gates",
    "context_gdln",
    "context_subsets",
    "context_theory",
    "d_lr",
    "descend",
    "effective_rank",
    "enumerate_paths",
    "exact_mixture",
    "exact_weights",
    "explore",
    "factorised_output",
    "fashion_mnist",
    "feature_spectrum",
    "gate_correlation",
    "gated_layers",
    "half_time",
    "interaction_levels",
    "learned_shares",
    "mean_cosine",
    "mixture_output",
    "mode_dynamics",
    "multi_context_task",
    "normal_weights",
    "ntk",
    "open_contexts",
    "overlap_kernel",
    "participation_ratio",
    "path_activity",
    "path_experts",
    "path_gates",
    "path_kernel",
    "path_region",
    "plots",
    "product_units",
    "race",
    "race_score",
    "region_area",
    "selectivity",
    "show",
    "sweep",
    "target_parts",
    "trace_normalize",
    "train",
    "train_classifier",
    "train_ensemble",
    "tree_properties",
    "wide_gram",
    "xor_task",
]
