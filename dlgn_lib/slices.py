"""Regions of nets with many inputs, in a plane through their input space. Page: learning/your-own-network."""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from dlgn_lib.cells import TOLERANCE, box_corners, check_room, split, wider_than
from dlgn_lib.checks import check_tensor
from dlgn_lib.models.relu import ReLUNet
from dlgn_lib.models.routed import RoutedNet
from dlgn_lib.regions import activation_regions

Pattern = tuple[tuple[int, ...], ...]
_CELLS = 500  # that are cut at a time


def slice_regions(
    net: ReLUNet | RoutedNet, origin: Tensor, directions: Tensor, bounds: Sequence
) -> list[tuple[Tensor, Pattern]]:
    """Return the regions of constant activation pattern in the plane origin + s·directions[0] + t·directions[1].

    On each region the net is affine, for a ConvDLGN its hard gates are constant. Computed in float64, up to
    `dlgn_lib.cells.TOLERANCE`. Source: this book. Page: learning/your-own-network.

    Args:
        net: what `as_gated` returns, or a ConvDLGN.
        origin: one input, without the dimension of samples.
        directions: two inputs (2, …).
        bounds: ((s_low, s_high), (t_low, t_high)).

    Returns:
        (polygon (V, 2) of the corners (s, t), counter-clockwise; pattern, for each hidden layer its hard gates in a row)
        for each region.

    Raises:
        TypeError: if `net` is another net, or the bounds hold no numbers.
        ValueError: if `origin` is no input of the net, `directions` are not two, the bounds do not fit, or hold more regions
            than memory does.

    >>> net = ReLUNet.from_weights([[[1.0, 0, 0], [0, 1.0, 0]], [[1.0, 1.0]]])     # two planes in space
    >>> quarters = slice_regions(net, torch.zeros(3).double(), torch.eye(3)[:2].double(), ((-1, 1), (-1, 1)))
    >>> sorted(pattern for polygon, pattern in quarters)
    [((0, 0),), ((0, 1),), ((1, 0),), ((1, 1),)]
    """
    if not isinstance(net, ReLUNet | RoutedNet):
        raise TypeError(f"net must be what as_gated returns, or a ConvDLGN, got {type(net).__name__}")
    check_tensor("origin", origin, *getattr(origin, "shape", ()))
    check_tensor("directions", directions, 2, *origin.shape)
    net.check_input(origin[None], "origin")
    corners = box_corners(2, bounds)
    net = copy.deepcopy(net).double().cpu()
    origin, directions = origin.double().cpu(), directions.double().cpu()
    if isinstance(net, ReLUNet):
        return _restricted(net, origin, directions, bounds)  # one net with two inputs
    return _cut(net, origin, directions, corners)


def _restricted(net: ReLUNet, origin: Tensor, directions: Tensor, bounds: Sequence) -> list:
    layers = list(net.value_layers)
    weights = [layer.weight.detach() for layer in layers]
    biases = [
        w.new_zeros(len(w)) if layer.bias is None else layer.bias.detach()
        for w, layer in zip(weights, layers, strict=True)
    ]
    biases[0] = biases[0] + weights[0] @ origin
    weights[0] = weights[0] @ directions.T
    plane = ReLUNet.from_weights([w.tolist() for w in weights], [b.tolist() for b in biases])
    return activation_regions(plane, bounds)


def _cut(net: RoutedNet, origin: Tensor, directions: Tensor, corners: np.ndarray) -> list[tuple[Tensor, Pattern]]:
    """Go up layer by layer: in each cell the gates below are constant, so z of the next layer is affine there."""
    slopes = [step.slope for step in net.steps if step.kind == "gate"]
    keep = wider_than(TOLERANCE * abs(corners).max(), 2)
    cells: list[tuple[np.ndarray, list[Tensor]]] = [(corners, [])]  # corners (V, 2), the gates (units, …) of each layer
    for layer in range(net.depth):
        cut: list[tuple[np.ndarray, list[Tensor]]] = []
        numbers = 0
        for start in range(0, len(cells), _CELLS):
            some = cells[start : start + _CELLS]
            sizes = [len(cell) for cell, _ in some]
            points = torch.from_numpy(np.concatenate([cell for cell, _ in some]))
            x = origin + torch.einsum("ps,s...->p...", points, directions)
            below = [torch.stack([on[level] for _, on in some]).double() for level in range(layer)]
            gates = [on + slope * (1 - on) for on, slope in zip(below, slopes, strict=False)]
            with torch.no_grad():
                z = net.preactivation_above(x, [gate.repeat_interleave(torch.tensor(sizes), 0) for gate in gates])
            tolerance = TOLERANCE * z.abs().amax(dim=0).flatten().numpy()
            for (cell, on), part in zip(some, z.split(sizes), strict=True):
                for piece in split(np.concatenate([cell, part.flatten(1).numpy()], axis=1), 2, tolerance, keep):
                    pattern = torch.from_numpy((piece[:, 2:] >= -tolerance).all(0)).view(z.shape[1:])
                    cut.append((piece[:, :2].copy(), [*on, pattern]))
                    numbers += sum(gate.numel() for gate in cut[-1][1])
                    check_room(len(cut), numbers)
        cells = cut
    return [(torch.from_numpy(cell), tuple(tuple(gate.flatten().int().tolist()) for gate in on)) for cell, on in cells]
