"""How the gates of a layer lie to each other: directions of their normals, and gates that change together.

Pages: learning/half-spaces, learning/images, learning/relu.
"""

import math

import torch
from torch import Tensor

from dlgn_lib.checks import check_tensor
from dlgn_lib.models.base import GatedNet


def axial_resultant(normals: Tensor) -> float:
    """Return the axial resultant length `|mean exp(2iφ)|` of normals (M, 2) with angles φ: 0 spread evenly, 1 on one axis.

    A normal and its opposite count as one axis: they are two sides of one boundary. Lengths do not count; zero
    normals are left out. Source: directional statistics, e.g. Mardia and Jupp (2000). Page: learning/half-spaces.

    Raises:
        ValueError: if `normals` is not (M, 2) or holds no direction at all.

    >>> axial_resultant(torch.tensor([[1.0, 0.0], [-2.0, 0.0]])), axial_resultant(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    (1.0, 0.0)
    """
    normals = _directions(normals)
    if normals.shape[1] != 2:
        raise ValueError(f"normals must have shape (M, 2) to have an angle, got {tuple(normals.shape)}")
    cosine, sine = normals.T
    return math.hypot((cosine**2 - sine**2).mean().item(), (2 * cosine * sine).mean().item())


def participation_ratio(normals: Tensor) -> float:
    """Return (Σ λ_i)² / Σ λ_i² of the eigenvalues λ of Σ_i n_i n_iᵀ over unit normals n_i (M, D): how many dimensions they fill.

    Between 1 (all on one axis) and min(M, D). Zero normals are left out. Page: learning/half-spaces.
    Source: this book.

    Raises:
        ValueError: if `normals` is not (M, D) or holds no direction at all.

    >>> participation_ratio(torch.eye(3)), participation_ratio(torch.tensor([[0.0, 2.0], [0.0, -3.0]]))
    (3.0, 1.0)
    """
    squares = torch.linalg.svdvals(_directions(normals)) ** 2
    return (squares.sum() ** 2 / (squares**2).sum()).item()


def mean_cosine(normals: Tensor) -> float:
    """Return the mean absolute cosine of the angle between two different normals (M, D): 1 if all lie on one axis.

    Random directions have about √(2 / (π D)). Zero normals are left out. Page: learning/images. Source: this book.

    Raises:
        ValueError: if `normals` is not (M, D) or holds fewer than two directions.

    >>> mean_cosine(torch.tensor([[1.0, 0.0], [-2.0, 0.0], [0.0, 3.0]]))    # of three pairs one lies on one axis
    0.3333333333333333
    """
    directions = _directions(normals)
    if len(directions) < 2:
        raise ValueError("normals must hold at least two that are not zero")
    pairs = torch.triu_indices(len(directions), len(directions), offset=1)
    return (directions @ directions.T)[*pairs].abs().mean().item()


def _directions(normals: Tensor) -> Tensor:
    """Return the normals that are not zero, scaled to length one, in float64."""
    check_tensor("normals", normals, "M", "D", kind="real")
    lengths = normals.double().norm(dim=1, keepdim=True)
    kept = lengths.flatten() > 0
    if not kept.any():
        raise ValueError("normals must hold at least one that is not zero")
    return (normals.double() / lengths)[kept]


def gate_correlation(net: GatedNet, x: Tensor) -> list[float]:
    """Return for each hidden layer the mean absolute correlation over x (N, D) of two units' hard gates: 1 if all cut alike.

    It is defined for every net of the family, unlike normals. Units that never change on x are left out; a layer with
    fewer than two others gives NaN. Page: learning/relu. Source: this book.

    Raises:
        ValueError: if `x` holds no input.

    >>> from dlgn_lib import DLGN
    >>> net = DLGN(1, 2, 1).double()
    >>> [round(c, 9) for c in gate_correlation(net, torch.tensor([[-1.0], [1.0]]).double())]    # one boundary, at 0
    [1.0]
    """
    if not len(net.check_input(x)):
        raise ValueError("x must hold at least one input, got none: nothing varies")
    result = []
    for gate in net.gates(x, hard=True):
        varied = gate[:, gate.double().var(dim=0, correction=0) > 0].double()
        if varied.shape[1] < 2:
            result.append(math.nan)
            continue
        matrix = torch.corrcoef(varied.T).abs()
        count = len(matrix)
        result.append(((matrix.sum() - count) / (count * (count - 1))).item())
    return result
