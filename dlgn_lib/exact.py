"""The sum over paths of a ReLU net in fractions: nothing is rounded, so Theorem 1 holds to the last digit. Page: experts/equivalence."""

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import product

from dlgn_lib.checks import check_fits
from dlgn_lib.models.relu import ReLUNet
from dlgn_lib.paths import MAX_PATHS


def exact_weights(net: ReLUNet) -> tuple[list[list[list[Fraction]]], list[list[Fraction]] | None]:
    """Return (weights, biases or None) of a ReLU net as fractions. A float is a fraction, so nothing is rounded.

    Source: this book. Page: experts/equivalence.

    Raises:
        TypeError: if `net` is no ReLU net; other nets are not given by these weights alone.

    >>> from dlgn_lib import ReLUNet
    >>> exact_weights(ReLUNet.from_weights([[[0.5]], [[3.0]]]))
    ([[[Fraction(1, 2)]], [[Fraction(3, 1)]]], None)
    """
    if not isinstance(net, ReLUNet):
        raise TypeError(f"net must be a ReLUNet, got {type(net).__name__}; its gates need weights of their own")
    weights = [[[Fraction(a) for a in row] for row in layer.weight.tolist()] for layer in net.value_layers]
    biases = [[Fraction(b) for b in layer.bias.tolist()] for layer in net.value_layers] if net.bias else None
    return weights, biases


def _dot(row: list[Fraction], h: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(row, h, strict=True)), Fraction(0))


def exact_mixture(
    weights: Sequence, x: Sequence, biases: Sequence | None = None
) -> tuple[list[Fraction], list[Fraction]]:
    """Return (mixture, forward) of a ReLU net at one point, two lists of K fractions; Theorem 1 says they are equal.

    Source: Theorem 1 of Yadav et al. (2024) [halfspace]. Page: experts/equivalence.

    Args:
        weights: nested lists, one matrix (rows of numbers) per layer; whatever `Fraction` takes.
        x: the input, D numbers.
        biases: one list per layer, or None.

    Raises:
        ValueError: if there are fewer than two matrices, a matrix does not fit the layer below it, or `biases` do not fit.
        TooManyPathsError: if there are more than `MAX_PATHS` paths.

    >>> exact_mixture([[["1/3"], [-1]], [[1, 1]]], [3])
    ([Fraction(1, 1)], [Fraction(1, 1)])
    """
    layers = [[[Fraction(a) for a in row] for row in matrix] for matrix in weights]
    v = [Fraction(a) for a in x]
    if not v:
        raise ValueError("x must hold at least one number, got none")
    if len(layers) < 2:
        raise ValueError(f"weights must be at least two matrices, one per layer, got {len(layers)}")
    rows = [len(matrix) for matrix in layers]
    if biases is not None and [len(vector) for vector in biases] != rows:
        raise ValueError(
            f"biases must be one list per layer, of lengths {rows}, got {[len(vector) for vector in biases]}"
        )
    if biases is not None:  # absorbed: a constant input, and a constant unit in every hidden layer
        v = [*v, Fraction(1)]
        layers = [
            [[*row, Fraction(b)] for row, b in zip(m, bs, strict=True)] for m, bs in zip(layers, biases, strict=True)
        ]
        layers[:-1] = [[*m, [Fraction(0)] * (len(m[0]) - 1) + [Fraction(1)]] for m in layers[:-1]]
    for number, matrix in enumerate(layers, start=1):
        below = len(v) if number == 1 else len(layers[number - 2])
        if any(len(row) != below for row in matrix):
            raise ValueError(
                f"rows of weights[{number - 1}] must have {below} entries, one for each number below it, got {[len(row) for row in matrix]}"
            )

    hidden: list[list[Fraction]] = []
    h = v  # forward pass, keeping the pre-activations for the gates
    for matrix in layers[:-1]:
        hidden.append([_dot(row, h) for row in matrix])
        h = [max(z, Fraction(0)) for z in hidden[-1]]
    forward = [_dot(row, h) for row in layers[-1]]

    check_fits(math.prod(map(len, hidden)), MAX_PATHS, "the number of paths")
    mixture = [Fraction(0)] * len(layers[-1])
    for path in product(*(range(len(z)) for z in hidden)):
        if all(z[unit] >= 0 for z, unit in zip(hidden, path, strict=True)):  # the gate f_π
            expert = _dot(layers[0][path[0]], v)
            for matrix, lower, upper in zip(layers[1:-1], path, path[1:], strict=False):
                expert *= matrix[upper][lower]
            mixture = [m + row[path[-1]] * expert for m, row in zip(mixture, layers[-1], strict=True)]
    return mixture, forward
