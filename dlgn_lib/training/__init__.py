"""Gradient descent with snapshots: one net, or many seeds at once. Pages: learning/circle, learning/images."""

from dlgn_lib.training.classifiers import BATCH, CLASSIFIERS, LinearNet, accuracy, classifier, train_classifier
from dlgn_lib.training.descent import train
from dlgn_lib.training.ensemble import train_ensemble
from dlgn_lib.training.trajectory import DivergenceError, Trajectory

__all__ = [
    "BATCH",
    "CLASSIFIERS",
    "DivergenceError",
    "LinearNet",
    "Trajectory",
    "accuracy",
    "classifier",
    "train",
    "train_classifier",
    "train_ensemble",
]
