"""Runs that are made once and kept: those that the learning pages share, and sweeps over many settings."""

from dlgn_lib.runs.shared import CANON_LR, CANON_MODELS, CANON_SNAPSHOTS, CANON_STEPS, canon, canon_net
from dlgn_lib.runs.sweeps import sweep

__all__ = [
    "CANON_LR",
    "CANON_MODELS",
    "CANON_SNAPSHOTS",
    "CANON_STEPS",
    "canon",
    "canon_net",
    "sweep",
]
