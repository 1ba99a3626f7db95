"""Paths through a network, their gates f_π and their experts g_π, and sums over all paths with and without listing them.

A path picks one unit in every hidden layer. Page: experts/paths (the sum), experts/equivalence (Theorem 1).
"""

import math
from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor

from dlgn_lib.checks import MAX_ENTRIES, check_fits
from dlgn_lib.checks import TooManyPathsError as TooManyPathsError
from dlgn_lib.models.base import GatedNet
from dlgn_lib.models.initial import layer_widths
from dlgn_lib.models.routed import RoutedNet
from dlgn_lib.routes import Routes, count_routes, list_routes

MAX_PATHS = 1_000_000


def _block(widths: Sequence[int], start: int, stop: int) -> Tensor:
    """Return paths start, …, stop - 1 in counting order, (stop - start, depth): a digit per layer, the last one fastest."""
    number, digits = torch.arange(start, stop), []
    for width in reversed(widths):
        digits.append(number % width)
        number = number // width
    return torch.stack(digits[::-1], dim=1)


def _power(widths: Sequence[int]) -> str:
    """Return the number of paths as a product, 8**3 or 8 · 4 · 2."""
    same = len(set(widths)) == 1
    return f"{widths[0]}**{len(widths)}" if same else " · ".join(map(str, widths))


def enumerate_paths(width: int | Sequence[int], depth: int | None = None) -> Tensor:
    """Return every path as a row of unit numbers, a (width**depth, depth) tensor of integers in counting order.

    Source: this book. Page: experts/paths.

    Args:
        width: number of units in every hidden layer, or a list, one number for each.
        depth: number of hidden layers; with a list of widths it may be left out.

    Raises:
        TooManyPathsError: if there are more than `MAX_PATHS`.

    >>> enumerate_paths(2, 2).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    widths = layer_widths(width, depth)
    count = math.prod(widths)
    check_fits(count, MAX_PATHS, f"the number of paths, width**depth = {_power(widths)}")
    return _block(widths, 0, count)


def path_form(net: GatedNet, x: Tensor, hard: bool | None = None) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Return the net as (expert input (N, D'), gates [(N, M')] * depth, weights [(M', D'), (M', M'), …, (K, M')]).

    Biases of the expert network are absorbed: the input gets a constant 1 and every hidden layer one constant unit,
    always on, so D' = D + 1 and M' = M + 1. Without them D' = D and M' = M. Page: experts/equivalence.
    Source: this book.

    >>> from dlgn_lib import ReLUNet
    >>> v, gates, weights = path_form(ReLUNet(2, 3, 2, bias=True), torch.zeros(5, 2))
    >>> tuple(v.shape), [tuple(gate.shape) for gate in gates], [tuple(w.shape) for w in weights]
    ((5, 3), [(5, 4), (5, 4)], [(4, 3), (4, 4), (1, 4)])
    """
    if not isinstance(net, GatedNet):
        raise TypeError(f"net must be a stack of layers that are joined all to all, got a {type(net).__name__}")
    gates, v = net.gates(net.check_input(x), hard), net.expert_input(x)
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


def _check_paths(paths: Tensor | None, widths: Sequence[int]) -> Tensor:
    depth = len(widths)
    if paths is None:
        return enumerate_paths(widths)
    paths = torch.as_tensor(paths)
    if paths.ndim != 2 or paths.shape[1] != depth or paths.is_floating_point() or paths.is_complex():
        raise ValueError(
            f"paths must be whole numbers of shape (P, {depth}), one unit per hidden layer, "
            f"got shape {tuple(paths.shape)} and dtype {paths.dtype}"
        )
    if len(paths) and not ((paths >= 0) & (paths < paths.new_tensor(widths))).all():
        last = widths[0] - 1 if len(set(widths)) == 1 else f"{[width - 1 for width in widths]} in the layers"
        raise ValueError(f"paths must hold unit numbers from 0 to {last}, got {paths.min()} to {paths.max()}")
    return paths.long()


def _routes(net: RoutedNet, x: Tensor, hard: bool | None = None, paths: Tensor | None = None) -> Routes:
    """Return all routes of a net that is not joined all to all."""
    if paths is not None:
        raise TypeError(
            f"paths must be None, all of them, for a {type(net).__name__}: its routes have no unit in each layer"
        )
    return list_routes(net, net.check_input(x), net.gates(x, hard))


def _gate_products(gates: list[Tensor], paths: Tensor) -> Tensor:
    return reduce(torch.mul, [gate[:, unit] for gate, unit in zip(gates, paths.T, strict=True)])  # (N, P)


def _expert_values(v: Tensor, weights: list[Tensor], paths: Tensor) -> Tensor:
    entry = (v @ weights[0].T)[:, paths[:, 0]]  # (N, P)
    middle = entry.new_ones(len(paths))
    for layer, w in enumerate(weights[1:-1], start=1):
        middle = middle * w[paths[:, layer], paths[:, layer - 1]]  # (P,)
    return torch.einsum("np,p,kp->npk", entry, middle, weights[-1][:, paths[:, -1]])


def path_gates(net: GatedNet | RoutedNet, x: Tensor, paths: Tensor | None = None, hard: bool | None = None) -> Tensor:
    """Return f_π(x) = Π_ℓ gate_ℓ[i_ℓ](x) for each path π = (i_1, …, i_depth), a tensor (N, P).

    Source: Yadav et al. (2024) [halfspace]. Page: experts/paths.

    Args:
        net: any net of the family, or one of any shape, whose paths are the routes that exist (`dlgn_lib.routes`).
        x: inputs (N, D), or whatever the net reads.
        paths: whole numbers (P, depth); all paths if None. With absorbed biases unit number M is the constant one.
        hard: None for the net's own gates, True for thresholded ones.

    Raises:
        TooManyPathsError: if all paths are asked for and they, or the N x P table, do not fit.
        ValueError: if `x` or `paths` has the wrong shape or values.

    >>> from dlgn_lib import ReLUNet
    >>> net = ReLUNet.from_weights([[[1.0], [-1.0]], [[1.0, 1.0]]])     # one path right of 0, one left of it
    >>> path_gates(net, torch.tensor([[2.0], [-3.0]]).double()).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if isinstance(net, RoutedNet):
        return _routes(net, x, hard, paths).gate
    _, gates, _ = path_form(net, x, hard)
    paths = _check_paths(paths, [gate.shape[1] for gate in gates])
    check_fits(len(x) * len(paths), MAX_ENTRIES, f"the table of N x P = {len(x)} x {len(paths)} path gates")
    return _gate_products(gates, paths)


def path_experts(net: GatedNet | RoutedNet, x: Tensor, paths: Tensor | None = None) -> Tensor:
    """Return g_π(x) = W_L[k, i_depth] ⋯ W_2[i_2, i_1] W_1[i_1]·v(x) for each path and output, a tensor (N, P, K).

    An expert is linear in its input (affine, on a route that starts at a bias): it knows the weights on the path and no
    gate. Arguments and errors: `path_gates`.
    Source: Yadav et al. (2024) [halfspace]. Page: experts/paths.

    >>> from dlgn_lib import ReLUNet
    >>> net = ReLUNet.from_weights([[[1.0], [-1.0]], [[1.0, 1.0]]])     # |x| = relu(x) + relu(-x)
    >>> path_experts(net, torch.tensor([[2.0], [-3.0]]).double())[:, :, 0].tolist()
    [[2.0, -2.0], [-3.0, 3.0]]
    """
    if isinstance(net, RoutedNet):
        return _routes(net, x, None, paths).value
    v, gates, weights = path_form(net, x)
    paths = _check_paths(paths, [gate.shape[1] for gate in gates])
    count = len(x) * len(paths) * net.out_dim
    check_fits(count, MAX_ENTRIES, f"the table of N x P x K = {len(x)} x {len(paths)} x {net.out_dim} path values")
    return _expert_values(v, weights, paths)


def mixture_output(net: GatedNet | RoutedNet, x: Tensor) -> Tensor:
    """Return Σ_π f_π(x) g_π(x), (N, K), by listing every path, with the net's own gates.

    Equals the forward pass of every net of the family (Theorem 1 of Yadav et al. (2024) [halfspace] for ReLU nets).
    Memory stays bounded: paths are visited in blocks. Page: experts/equivalence.
    Source: Yadav et al. (2024) [halfspace].

    Raises:
        TooManyPathsError: if there are more than `MAX_PATHS` paths.

    >>> from dlgn_lib import ReLUNet
    >>> net = ReLUNet(3, 4, 3, generator=torch.Generator().manual_seed(0)).double()
    >>> x = torch.eye(3, dtype=torch.float64)
    >>> torch.allclose(mixture_output(net, x), net(x), rtol=0, atol=1e-15)
    True
    """
    if isinstance(net, RoutedNet):
        routes = _routes(net, x)
        return torch.einsum("nr,nrk->nk", routes.gate, routes.value)
    v, gates, weights = path_form(net, x)
    widths = [gate.shape[1] for gate in gates]
    count = math.prod(widths)
    check_fits(count, MAX_PATHS, f"the number of paths, {_power(widths)}")
    step = max(1, MAX_ENTRIES // (100 * max(1, len(x)) * net.out_dim))
    total = v.new_zeros(len(x), net.out_dim)
    for start in range(0, count, step):
        paths = _block(widths, start, min(start + step, count))
        total = total + torch.einsum("np,npk->nk", _gate_products(gates, paths), _expert_values(v, weights, paths))
    return total


def factorised_output(net: GatedNet, x: Tensor) -> Tensor:
    """Return the same sum Σ_π f_π(x) g_π(x), (N, K), one layer at a time: `depth` matrix products for any number of paths.

    The sum over paths factorises because each factor of f_π g_π sees two neighbouring units only.
    Source: this book. Page: experts/paths.

    >>> from dlgn_lib import ReLUNet
    >>> net, x = ReLUNet(2, 8, 4, generator=torch.Generator().manual_seed(0)).double(), torch.eye(2).double()
    >>> torch.allclose(factorised_output(net, x), mixture_output(net, x))
    True
    """
    h, gates, weights = path_form(net, x)
    for w, gate in zip(weights, gates, strict=False):
        h = gate * (h @ w.T)  # (N, M')
    return h @ weights[-1].T


def path_activity(net: GatedNet | RoutedNet, x: Tensor, hard: bool | None = None) -> Tensor:
    """Return Σ_π f_π(x) = Π_ℓ Σ_i gate_ℓ[i](x), a float64 tensor (N,): with hard gates, how many paths are active at x.

    Never lists a path. float64 reaches 10**308 paths, float32 would overflow at 10**38.
    Source: Yadav et al. (2024) [halfspace]. Page: learning/allocation.

    Raises:
        OverflowError: if a value passes the range of float64.

    >>> from dlgn_lib import ReLUNet
    >>> float(path_activity(ReLUNet(2, 10, 40), torch.zeros(1, 2)).log10())     # every gate is on at 0: 10**40 paths
    40.0
    """
    if isinstance(net, RoutedNet):
        gates = [gate.double() for gate in net.gates(net.check_input(x), hard)]
        activity, number = count_routes(net, gates, x[:1]), "so many"
    else:
        _, gates, _ = path_form(net, x, hard)
        activity, number = reduce(torch.mul, [gate.double().sum(dim=1) for gate in gates]), _power(net.widths)
    if not torch.isfinite(activity).all():  # inf, or inf times a layer without an active unit
        raise OverflowError(f"path activity of {number} paths passes the range of float64; use a smaller net")
    return activity


def path_count(net: GatedNet | RoutedNet, x: Tensor) -> int:
    """Return the number of paths of a net, without listing one: the product of the widths, or how many routes exist.

    With biases a layer has one unit more, the constant one. Source: this book. Page: learning/your-own-network.

    Args:
        net: any net of the family, or one of any shape.
        x: inputs (N, …), for their shape alone.

    >>> from dlgn_lib import ReLUNet
    >>> path_count(ReLUNet(2, 10, 40), torch.zeros(1, 2)) == 10**40
    True
    """
    if isinstance(net, RoutedNet):
        gates = net.gates(net.check_input(x)[:1])
        return int(count_routes(net, [torch.ones_like(gate).double() for gate in gates], x[:1]).item())
    net.check_input(x)
    return math.prod(units + int(net.value_layers[0].bias is not None) for units in net.widths)


def activity_share(net: GatedNet | RoutedNet, x: Tensor, subset: Tensor) -> float:
    """Return the share of all path activity at x (N, D), gates thresholded, that falls on a `subset` of the points, bool (N,).

    Source: this book, for the smooth regions of Yadav et al. (2024) [halfspace]. Page: learning/allocation.

    Raises:
        TypeError: if `subset` is no tensor.
        ValueError: if `subset` is not one bool per point, or no path is active anywhere.

    >>> from dlgn_lib import ReLUNet
    >>> net = ReLUNet.from_weights([[[1.0], [-1.0]], [[1.0, 1.0]]])     # one path right of 0, one left of it
    >>> activity_share(net, torch.tensor([[1.0], [2.0], [-1.0], [3.0]]).double(), torch.tensor([True, True, False, False]))
    0.5
    """
    net.check_input(x)
    if not isinstance(subset, Tensor):
        raise TypeError(f"subset must be a bool tensor, got {type(subset).__name__}")
    if subset.dtype != torch.bool or subset.shape != x.shape[:1]:
        raise ValueError(
            f"subset must be one bool for each of the {len(x)} points, got {subset.dtype}, shape {tuple(subset.shape)}"
        )
    activity = path_activity(net, x, hard=True)
    if not activity.sum() > 0:
        raise ValueError("no path of the net is active at any point of x, so there is no share")
    return (activity[subset].sum() / activity.sum()).item()
