"""Tasks and data sets of the book. Pages: learning/circle, learning/images, neighbours/haste, neighbours/contexts."""

from dlgn_lib.data.archives import DataError
from dlgn_lib.data.blocks import context_blocks
from dlgn_lib.data.contexts import (
    learned_shares,
    multi_context_task,
    ring_properties,
    target_parts,
    tree_properties,
)
from dlgn_lib.data.images import ImageSet, cifar10, cifar100, fashion_mnist
from dlgn_lib.data.tasks import circle, xor_task

__all__ = [
    "DataError",
    "ImageSet",
    "cifar10",
    "cifar100",
    "circle",
    "context_blocks",
    "fashion_mnist",
    "learned_shares",
    "multi_context_task",
    "ring_properties",
    "target_parts",
    "tree_properties",
    "xor_task",
]
