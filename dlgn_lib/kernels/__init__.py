"""Kernels of a network: the overlap of active paths, the path kernel, the neural tangent kernel, and measures of them.

All of them are products over layers, so paths and parameters are never listed. Pages: kernels/overlap, kernels/tangent.
"""

from dlgn_lib.kernels.measures import alignment, class_contrast, effective_rank, trace_normalize
from dlgn_lib.kernels.overlap import overlap_kernel, path_kernel
from dlgn_lib.kernels.tangent import ntk

__all__ = [
    "alignment",
    "class_contrast",
    "effective_rank",
    "ntk",
    "overlap_kernel",
    "path_kernel",
    "trace_normalize",
]
