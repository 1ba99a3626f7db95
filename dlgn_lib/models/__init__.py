"""The family of networks: a gating model switches paths on and off, an expert model gives their values. Page: experts/gating."""

from dlgn_lib.models.base import GatedNet
from dlgn_lib.models.relu import DeepLinearNet, ReLUNet
from dlgn_lib.models.routed import ConvDLGN, GatedModule, RoutedNet
from dlgn_lib.models.separate import DLGN, GaLUNet

__all__ = [
    "DLGN",
    "ConvDLGN",
    "DeepLinearNet",
    "GaLUNet",
    "GatedModule",
    "GatedNet",
    "ReLUNet",
    "RoutedNet",
]
