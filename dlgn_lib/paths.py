"""Paths through a network, their gates f_π and their experts g_π, and sums over all paths with and without listing them.

A path picks one unit in every hidden layer. Page: experts/paths (the sum), experts/equivalence (Theorem 1).
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import torch
from torch import Tensor

from dlgn_lib.checks import check_count
from dlgn_lib.models import GatedNet, ReLUNet

MAX_PATHS = 1_000_000
MAX_ENTRIES = 100_000_000


class TooManyPathsError(ValueError):
    """More paths were to be listed than fit in memory; the message names the number and the limit."""


def _check_fits(count: int, limit: int, what: str) -> None:
    if count > limit:
        number = f"{count:,}" if count < 10**15 else f"about 10**{math.log10(count):.4g}"
        raise TooManyPathsError(
            f"{what} ({number}), is more than the limit of {limit:,}; give fewer `paths`, a smaller net, "
            "or use path_activity or factorised_output, which sum over all paths without listing them"
        )


def _block(width: int, depth: int, start: int, stop: int) -> Tensor:
    """Return paths start, …, stop - 1 in counting order, (stop - start, depth): the digits of their number in base `width`."""
    number = torch.arange(start, stop)
    return torch.stack([number // width ** (depth - 1 - layer) % width for layer in range(depth)], dim=1)


def enumerate_paths(width: int, depth: int) -> Tensor:
    """Return every path as a row of unit numbers, a (width**depth, depth) tensor of integers in counting order.

    Raises:
        TooManyPathsError: if there are more than `MAX_PATHS`.

    >>> enumerate_paths(2, 2).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    count = check_count("width", width) ** check_count("depth", depth)
    _check_fits(count, MAX_PATHS, f"the number of paths, width**depth = {width}**{depth}")
    return _block(width, depth, 0, count)


def path_form(net: GatedNet, x: Tensor, hard: bool | None = None) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Return the net as (expert input (N, D'), gates [(N, M')] * depth, weights [(M', D'), (M', M'), …, (K, M')]).

    Biases of the expert network are absorbed: the input gets a constant 1 and every hidden layer one constant unit,
    always on, so D' = D + 1 and M' = M + 1. Without them D' = D and M' = M. Page: experts/equivalence.
    """
    gates, v = net.gates(x, hard), net.expert_input(x)
    weights = [layer.weight for layer in net.value_layers]
    biases = [layer.bias for layer in net.value_layers]
    if biases[0] is None:
        return v, gates, weights
    one = v.new_ones(len(v), 1)
    gates = [torch.cat([gate, one], dim=1) for gate in gates]
    weights = [torch.cat([w, b[:, None]], dim=1) for w, b in zip(weights, biases, strict=True)]
    constant = [torch.cat([w.new_zeros(w.shape[1] - 1), w.new_ones(1)])[None] for w in weights[:-1]]
    weights = [torch.cat([w, c]) for w, c in zip(weights, constant, strict=False)] + weights[-1:]
    return torch.cat([v, one], dim=1), gates, weights


def _check_paths(paths: Tensor | None, width: int, depth: int) -> Tensor:
    if paths is None:
        return enumerate_paths(width, depth)
    paths = torch.as_tensor(paths)
    if paths.ndim != 2 or paths.shape[1] != depth or paths.is_floating_point() or paths.is_complex():
        raise ValueError(
            f"paths must be whole numbers of shape (P, {depth}), one unit per hidden layer, "
            f"got shape {tuple(paths.shape)} and dtype {paths.dtype}"
        )
    if len(paths) and not (paths.min() >= 0 and paths.max() < width):
        raise ValueError(f"paths must hold unit numbers from 0 to {width - 1}, got {paths.min()} to {paths.max()}")
    return paths.long()


def _gate_products(gates: list[Tensor], paths: Tensor) -> Tensor:
    return math.prod(gate[:, unit] for gate, unit in zip(gates, paths.T, strict=True))  # (N, P)


def _expert_values(v: Tensor, weights: list[Tensor], paths: Tensor) -> Tensor:
    entry = (v @ weights[0].T)[:, paths[:, 0]]  # (N, P)
    middle = entry.new_ones(len(paths))
    for layer, w in enumerate(weights[1:-1], start=1):
        middle = middle * w[paths[:, layer], paths[:, layer - 1]]  # (P,)
    return torch.einsum("np,p,kp->npk", entry, middle, weights[-1][:, paths[:, -1]])


def path_gates(net: GatedNet, x: Tensor, paths: Tensor | None = None, hard: bool | None = None) -> Tensor:
    """Return f_π(x) = Π_ℓ gate_ℓ[i_ℓ](x) for each path π = (i_1, …, i_depth), a tensor (N, P).

    Args:
        net: any net of the family.
        x: inputs (N, D).
        paths: whole numbers (P, depth); all paths if None. With absorbed biases unit number M is the constant one.
        hard: None for the net's own gates, True for thresholded ones.

    Raises:
        TooManyPathsError: if all paths are asked for and they, or the N x P table, do not fit.
        ValueError: if `x` or `paths` has the wrong shape or values.
    """
    _, gates, _ = path_form(net, x, hard)
    paths = _check_paths(paths, gates[0].shape[1], net.depth)
    _check_fits(len(x) * len(paths), MAX_ENTRIES, f"the table of N x P = {len(x)} x {len(paths)} path gates")
    return _gate_products(gates, paths)


def path_experts(net: GatedNet, x: Tensor, paths: Tensor | None = None) -> Tensor:
    """Return g_π(x) = W_L[k, i_depth] ⋯ W_2[i_2, i_1] W_1[i_1]·v(x) for each path and output, a tensor (N, P, K).

    An expert is linear in its input: it knows the weights on the path and no gate. Arguments and errors: `path_gates`.
    """
    v, gates, weights = path_form(net, x)
    paths = _check_paths(paths, gates[0].shape[1], net.depth)
    count = len(x) * len(paths) * net.out_dim
    _check_fits(count, MAX_ENTRIES, f"the table of N x P x K = {len(x)} x {len(paths)} x {net.out_dim} path values")
    return _expert_values(v, weights, paths)


def mixture_output(net: GatedNet, x: Tensor) -> Tensor:
    """Return Σ_π f_π(x) g_π(x), (N, K), by listing every path, with the net's own gates.

    Equals the forward pass of every net of the family (Theorem 1 of Yadav et al. (2024) [halfspace] for ReLU nets).
    Memory stays bounded: paths are visited in blocks. Page: experts/equivalence.

    Raises:
        TooManyPathsError: if there are more than `MAX_PATHS` paths.

    >>> net = ReLUNet(3, 4, 3, generator=torch.Generator().manual_seed(0)).double()
    >>> x = torch.eye(3, dtype=torch.float64)
    >>> torch.allclose(mixture_output(net, x), net(x), rtol=0, atol=1e-15)
    True
    """
    v, gates, weights = path_form(net, x)
    width, count = gates[0].shape[1], gates[0].shape[1] ** net.depth
    _check_fits(count, MAX_PATHS, f"the number of paths, {width}**{net.depth}")
    step = max(1, MAX_ENTRIES // (100 * max(1, len(x)) * net.out_dim))
    total = v.new_zeros(len(x), net.out_dim)
    for start in range(0, count, step):
        paths = _block(width, net.depth, start, min(start + step, count))
        total = total + torch.einsum("np,npk->nk", _gate_products(gates, paths), _expert_values(v, weights, paths))
    return total


def factorised_output(net: GatedNet, x: Tensor) -> Tensor:
    """Return the same sum Σ_π f_π(x) g_π(x), (N, K), one layer at a time: `depth` matrix products for any number of paths.

    The sum over paths factorises because each factor of f_π g_π sees two neighbouring units only.
    """
    h, gates, weights = path_form(net, x)
    for w, gate in zip(weights, gates, strict=False):
        h = gate * (h @ w.T)  # (N, M')
    return h @ weights[-1].T


def path_activity(net: GatedNet, x: Tensor, hard: bool | None = None) -> Tensor:
    """Return Σ_π f_π(x) = Π_ℓ Σ_i gate_ℓ[i](x), a float64 tensor (N,): with hard gates, how many paths are active at x.

    Never lists a path. float64 reaches 10**308 paths, float32 would overflow at 10**38.

    Raises:
        OverflowError: if a value passes the range of float64.

    >>> float(path_activity(ReLUNet(2, 10, 40), torch.zeros(1, 2)).log10())     # every gate is on at 0: 10**40 paths
    40.0
    """
    _, gates, _ = path_form(net, x, hard)
    activity = math.prod(gate.double().sum(dim=1) for gate in gates)
    if not torch.isfinite(activity).all():  # inf, or inf times a layer without an active unit
        raise OverflowError(
            f"path activity of {net.width}**{net.depth} paths passes the range of float64; use a smaller net"
        )
    return activity


def activity_share(net: GatedNet, x: Tensor, subset: Tensor) -> float:
    """Return the share of all path activity at x (N, D), gates thresholded, that falls on a `subset` of the points, bool (N,).

    Source: the resource allocation of Yadav et al. (2024) [halfspace]. Page: learning/allocation.

    Raises:
        ValueError: if `subset` is not one bool per point, or no path is active anywhere.

    >>> net = ReLUNet.from_weights([[[1.0], [-1.0]], [[1.0, 1.0]]])     # one path right of 0, one left of it
    >>> activity_share(net, torch.tensor([[1.0], [2.0], [-1.0], [3.0]]).double(), torch.tensor([True, True, False, False]))
    0.5
    """
    net.check_input(x)
    if subset.dtype != torch.bool or subset.shape != x.shape[:1]:
        raise ValueError(
            f"subset must be one bool for each of the {len(x)} points, got {subset.dtype}, shape {tuple(subset.shape)}"
        )
    activity = path_activity(net, x, hard=True)
    if not activity.sum() > 0:
        raise ValueError("no path of the net is active at any point of x, so there is no share")
    return (activity[subset].sum() / activity.sum()).item()


def exact_weights(net: ReLUNet) -> tuple[list[list[list[Fraction]]], list[list[Fraction]] | None]:
    """Return (weights, biases or None) of a ReLU net as fractions. A float is a fraction, so nothing is rounded.

    Raises:
        TypeError: if `net` is no ReLU net; other nets are not given by these weights alone.
    """
    if not isinstance(net, ReLUNet):
        raise TypeError(f"net must be a ReLUNet, got {type(net).__name__}; its gates need weights of their own")
    weights = [[[Fraction(a) for a in row] for row in layer.weight.tolist()] for layer in net.value_layers]
    biases = [[Fraction(b) for b in layer.bias.tolist()] for layer in net.value_layers] if net.bias else None
    return weights, biases


def exact_mixture(
    weights: Sequence, x: Sequence, biases: Sequence | None = None
) -> tuple[list[Fraction], list[Fraction]]:
    """Return (mixture, forward) of a ReLU net at one point, two lists of K fractions; Theorem 1 says they are equal.

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

    hidden, h = [], v  # forward pass, keeping the pre-activations for the gates
    for matrix in layers[:-1]:
        hidden.append([sum(a * b for a, b in zip(row, h, strict=True)) for row in matrix])
        h = [max(z, Fraction(0)) for z in hidden[-1]]
    forward = [sum(a * b for a, b in zip(row, h, strict=True)) for row in layers[-1]]

    _check_fits(math.prod(map(len, hidden)), MAX_PATHS, "the number of paths")
    mixture = [Fraction(0)] * len(layers[-1])
    for path in product(*(range(len(z)) for z in hidden)):
        if all(z[unit] >= 0 for z, unit in zip(hidden, path, strict=True)):  # the gate f_π
            expert = sum(a * b for a, b in zip(layers[0][path[0]], v, strict=True))
            for matrix, lower, upper in zip(layers[1:-1], path, path[1:], strict=False):
                expert *= matrix[upper][lower]
            mixture = [m + row[path[-1]] * expert for m, row in zip(mixture, layers[-1], strict=True)]
    return mixture, forward
