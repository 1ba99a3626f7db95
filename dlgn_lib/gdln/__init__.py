"""Gated deep linear networks: pathways that gates switch on and off, and how fast each of them learns.

A two-layer ReLU net is followed by three things of growing simplicity: a gated deep linear network (`GDLN`) trained the
same way, the wide limit of its training (`race`), and a formula (`mode_dynamics`). The loss of this package is half the
sum of squares over samples and outputs. Pages: neighbours/haste, neighbours/contexts, neighbours/selectivity.
"""

from dlgn_lib.gdln.contexts import Mode, context_gates, context_gdln, context_subsets, context_theory, race_score
from dlgn_lib.gdln.descent import Descent, descend
from dlgn_lib.gdln.dynamics import half_time, mode_dynamics, race, wide_gram
from dlgn_lib.gdln.layers import gated_layers, normal_weights
from dlgn_lib.gdln.nets import GDLN
from dlgn_lib.gdln.own import own_modes

__all__ = [
    "GDLN",
    "Descent",
    "Mode",
    "context_gates",
    "context_gdln",
    "context_subsets",
    "context_theory",
    "descend",
    "gated_layers",
    "half_time",
    "mode_dynamics",
    "normal_weights",
    "own_modes",
    "race",
    "race_score",
    "wide_gram",
]
