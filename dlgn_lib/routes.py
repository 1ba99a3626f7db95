"""Paths of nets whose units are not all joined to all: the routes through convolutions, pooling and skips that exist.

A route starts at the input or at a bias, picks one unit of every layer that it passes, and ends in the output layer. Units that
are pooled, normalised or added are always on. f is the product of the gates on the route, g the product of its weights,
times the affine map of the first layer. Page: learning/your-own-network.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # as everybody writes it

from dlgn_lib.checks import MAX_ENTRIES, check_fits
from dlgn_lib.models.routed import RoutedNet

MAX_ROUTES = 100_000
_SUMS = "give fewer inputs, a smaller net, or use path_activity or overlap_kernel, which sum over all routes without listing them"
_PAIRS = 20_000_000  # units of pairs of inputs that are counted at a time


@dataclass(frozen=True)
class _Pairs:
    """The products of the gates (N, C, …) and (N', C, …) of two inputs, for all pairs in a row."""

    left: Tensor
    right: Tensor

    def each(self) -> Tensor:
        """Return the products (N N', C, …), float64."""
        return (self.left[:, None].double() * self.right[None].double()).flatten(0, 1)

    def summed(self) -> Tensor:
        """Return their sums over the channels (N N', 1, …), float64: a Gram matrix at each place."""
        places = self.left.shape[2:]
        a, b = (gates.double().flatten(2).permute(2, 0, 1) for gates in (self.left[..., None], self.right[..., None]))
        grams = (a @ b.mT).flatten(1)  # (places, N N'): the pairs lie side by side in memory, which `_windows` likes
        return grams.T.unflatten(1, (1, *places))


@dataclass(frozen=True)
class _Value:
    """How many routes reach the units of one step: `count` (B, C, …), or (B, 1, …) if all C channels have the same, times a gate.

    `raw` if it is the input still, up to fixed maps, so that no unit is picked; `flat` if its places stand in one row.
    """

    count: Tensor
    channels: int
    raw: bool = False
    flat: bool = False
    gate: Tensor | _Pairs | None = None

    def each(self) -> Tensor:
        """Return one number for each unit, (B, C, …) or (B, units)."""
        count = self.count.expand(-1, self.channels, *self.count.shape[2:])
        if self.gate is not None:
            count = count * (self.gate.each() if isinstance(self.gate, _Pairs) else self.gate)
        return count.flatten(1) if self.flat else count

    def summed(self, groups: int = 1) -> Tensor:
        """Return the sums over the channels of each group, (B, groups, …)."""
        if groups == 1 and isinstance(self.gate, _Pairs) and self.count.shape[1] == 1:
            return self.count * self.gate.summed()
        if groups == 1 and self.gate is None and self.count.shape[1] == 1:
            return self.count * float(self.channels)
        return _Value(self.count, self.channels, gate=self.gate).each().unflatten(1, (groups, -1)).sum(2)


def _is_biased(module: nn.Module) -> bool:
    return isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) or getattr(module, "bias", None) is not None


def _pool(count: Tensor, side: Any, stride: Any, padding: Any) -> Tensor:
    """Return the sums of `count` (B, C, H, W) over windows; a single channel trades places with the batch, which is faster."""
    if count.shape[1] == 1:
        return F.avg_pool2d(count.transpose(0, 1), side, stride, padding, divisor_override=1).transpose(0, 1)
    return F.avg_pool2d(count, side, stride, padding, divisor_override=1)


def _windows(layer: nn.Conv2d | nn.AvgPool2d, count: Tensor) -> Tensor:
    """Return for each place of a layer the sum of `count` (B, groups, H, W) over its window."""
    if isinstance(layer, nn.AvgPool2d):
        return _pool(count, layer.kernel_size, layer.stride, layer.padding)
    padding, sides = layer.padding, layer.kernel_size
    if (
        isinstance(padding, tuple)
        and layer.dilation == (1, 1)
        and all(2 * p <= k for p, k in zip(padding, sides, strict=True))
    ):
        return _pool(count, sides, layer.stride, padding)  # far faster in float64
    ones = count.new_ones(count.shape[1], 1, *sides)
    return F.conv2d(count, ones, None, layer.stride, padding, layer.dilation, count.shape[1])


def _through(module: nn.Module, value: _Value) -> _Value:
    """Return for each unit of a layer the sum over the units that it is joined to."""
    if isinstance(module, nn.Linear) and (value.flat or value.count.ndim == 2):
        return _Value(value.summed().flatten(1).sum(1, keepdim=True), module.out_features)
    if isinstance(module, nn.Conv2d):
        sums = _windows(module, value.summed(module.groups))
        if module.groups > 1:
            sums = sums.repeat_interleave(module.out_channels // module.groups, dim=1)
        return _Value(sums, module.out_channels)
    if isinstance(module, nn.Flatten) and not value.flat:
        return replace(value, flat=True)
    count = value.count if value.gate is None and not value.flat else value.each()
    if isinstance(module, nn.Linear):  # at many places, (B, …, I)
        count = value.each().sum(-1, keepdim=True)
        return _Value(count.expand(*count.shape[:-1], module.out_features), value.channels)
    channels = count.shape[1] if value.flat else value.channels
    if isinstance(module, nn.AvgPool2d):
        return _Value(_windows(module, count), channels)
    if isinstance(module, nn.AdaptiveAvgPool2d):
        return _Value(count.sum((-2, -1), keepdim=True), channels)
    return _Value(count, channels)  # a normalisation joins a unit to itself


def _count(net: RoutedNet, gates: Sequence[Tensor] | Sequence[_Pairs], count: int, like: Tensor) -> Tensor:
    given: Iterator[Tensor | _Pairs] = iter(gates)
    with torch.no_grad():
        ones = torch.ones_like(like, dtype=torch.float64)  # one row stands for all until there are gates
        values = [_Value(ones, ones.shape[1], raw=True)]
        for step in net.steps[:-1]:
            value = values[step.reads[0]]
            if step.kind == "gate":
                if value.gate is not None or value.flat:
                    below = value.each()
                    value = _Value(below, below.shape[1])
                value = replace(value, raw=False, gate=next(given))
            elif step.kind == "sum":
                other = values[step.reads[1]]
                first, second = value.each(), other.each()
                if first.shape[1:] != second.shape[1:]:
                    shapes = [tuple(part.shape[1:]) for part in (first, second)]
                    raise ValueError(
                        f"net must add values of one shape, but {step.name} adds {shapes[0]} and {shapes[1]}"
                    )
                raw = value.raw and other.raw
                value = _Value(first if raw else first + second, first.shape[1], raw)
            elif step.module is not None:
                reached = _through(step.module, value)
                if value.raw:  # raw counts are ones: a unit that reads them starts one route
                    value = replace(reached, count=torch.ones_like(reached.count), raw=step.kind == "fixed")
                else:
                    value = replace(reached, count=reached.count + 1.0) if _is_biased(step.module) else reached
            values.append(value)
        last = net.steps[-1]
        ends = values[last.reads[0]].summed().flatten(1).sum(1)
        return ends.expand(count) + float(last.module is not None and _is_biased(last.module))


def count_routes(net: RoutedNet, gates: list[Tensor], like: Tensor) -> Tensor:
    """Return Σ f over all routes (B,), float64, without listing one. Source: this book.

    Args:
        net: the net.
        gates: what the gates of its layers are, (B, …).
        like: one input (1, …), for its shape alone.

    >>> from torch import nn
    >>> from dlgn_lib.models import GatedModule
    >>> net = GatedModule(nn.Sequential(nn.Conv2d(1, 2, 2, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(8, 1, bias=False)))
    >>> count_routes(net, [torch.ones(1, 2, 2, 2)], torch.zeros(1, 1, 3, 3)).item()     # two channels at four places
    8.0
    """
    return _count(net, gates, len(gates[0]), like)


def route_overlap(net: RoutedNet, left: list[Tensor], right: list[Tensor], like: Tensor) -> Tensor:
    """Return Σ f(x) f(y) over all routes (N, N'), float64, given the gates (N, …) and (N', …) of the inputs.

    Where all routes into a layer's place are as many for each channel, the sum over channels is a Gram matrix.
    Source: the overlap kernel of Yadav et al. (2024) [halfspace], for the routes that exist.

    >>> from torch import nn
    >>> from dlgn_lib.models import GatedModule
    >>> net = GatedModule(nn.Sequential(nn.Linear(1, 3, bias=False), nn.ReLU(), nn.Linear(3, 1, bias=False)))
    >>> route_overlap(net, [torch.ones(1, 3)], [torch.tensor([[1.0, 0, 1]])], torch.zeros(1, 1)).item()
    2.0
    """
    rows, columns = len(left[0]), len(right[0])
    kernel = torch.empty(rows, columns, dtype=torch.float64, device=like.device)
    units = sum(gate[0].numel() for gate in left)
    step = max(1, _PAIRS // max(1, units * columns))
    for start in range(0, rows, step):
        pairs = [_Pairs(a[start : start + step], b) for a, b in zip(left, right, strict=True)]
        count = len(pairs[0].left) * columns
        kernel[start : start + step] = _count(net, pairs, count, like).view(-1, columns)
    return kernel


@dataclass(frozen=True)
class Routes:
    """Routes that are listed: the unit (R,) that each has reached, its gates f (N, R) and its value g (N, R) or (N, R, K).

    Source: this book.

    >>> Routes(torch.tensor([0]), torch.ones(1, 1), torch.ones(1, 1)).gate.shape
    torch.Size([1, 1])
    """

    unit: Tensor
    gate: Tensor
    value: Tensor


def _begin(raw: Tensor) -> Routes:
    """Return one route for each number of a layer (N, …) that is affine in the input."""
    value = raw.flatten(1)
    return Routes(torch.arange(value.shape[1], device=raw.device), torch.ones_like(value), value)


def _extend(module: nn.Module, routes: Routes, shape: tuple[int, ...]) -> Routes:
    """Return the routes (longer by one unit) through a layer that reads units of this shape, and those from its biases."""
    units = torch.eye(math.prod(shape), dtype=routes.value.dtype, device=routes.value.device).view(-1, *shape)
    offset = module(torch.zeros_like(units[:1])).flatten(1)  # (1, U')
    weight = module(units).flatten(1) - offset  # (U, U')
    joined = _through(module, _Value(units, units.shape[1])).each().flatten(1) > 0
    route, unit = joined[routes.unit].nonzero(as_tuple=True)
    gate = routes.gate[:, route]
    value = routes.value[:, route] * weight[routes.unit[route], unit]
    if _is_biased(module):
        unit = torch.cat([unit, torch.arange(offset.shape[1], device=unit.device)])
        rows = offset.expand(len(gate), -1)
        gate, value = torch.cat([gate, torch.ones_like(rows)], dim=1), torch.cat([value, rows], dim=1)
    return Routes(unit, gate, value)


def list_routes(net: RoutedNet, x: Tensor, gates: list[Tensor]) -> Routes:
    """Return every route that exists, with its f (N, R) and g (N, R, K) at inputs (N, …), given the gates there.

    Source: Theorem 1 of Yadav et al. (2024) [halfspace], for the routes that exist.

    Raises:
        TooManyPathsError: if there are more than `MAX_ROUTES`, or the table N x R x K does not fit.

    >>> from torch import nn
    >>> from dlgn_lib.models import GatedModule
    >>> net = GatedModule(nn.Sequential(nn.Linear(1, 3), nn.ReLU(), nn.Linear(3, 1)))     # 3, and one from the last bias
    >>> list_routes(net, torch.zeros(5, 1), net.gates(torch.zeros(5, 1))).value.shape
    torch.Size([5, 4, 1])
    """
    all_on = [torch.ones_like(gate[:1]).double() for gate in gates]
    count = int(count_routes(net, all_on, x[:1]).item())
    check_fits(count, MAX_ROUTES, "the number of routes", _SUMS)
    table = f"the table of N x R x K = {len(x)} x {count} x {net.out_dim} values"
    check_fits(len(x) * count * net.out_dim, MAX_ENTRIES, table, _SUMS)
    given = iter(gates)
    values: list[Tensor | Routes] = [net.expert_input(x)]  # a tensor is affine in the input: no unit is picked yet
    shapes = [value.shape[1:] for value in net.expert_values(x[:1], [gate[:1] for gate in gates])]
    for step in net.steps[:-1]:
        read = values[step.reads[0]]
        if step.kind == "gate":
            routes, gate = read if isinstance(read, Routes) else _begin(read), next(given).flatten(1)
            values.append(Routes(routes.unit, routes.gate * gate[:, routes.unit], routes.value))
        elif step.kind == "sum":
            other = values[step.reads[1]]
            if isinstance(read, Tensor) and isinstance(other, Tensor):
                values.append(read + other)
            else:
                both = [part if isinstance(part, Routes) else _begin(part) for part in (read, other)]
                values.append(
                    Routes(
                        torch.cat([part.unit for part in both]),
                        torch.cat([part.gate for part in both], dim=1),
                        torch.cat([part.value for part in both], dim=1),
                    )
                )
        elif step.module is not None and isinstance(read, Tensor):
            mapped = step.module(read)
            values.append(_begin(mapped) if step.kind == "units" else mapped)
        elif step.module is not None and isinstance(read, Routes):
            values.append(_extend(step.module, read, tuple(shapes[step.reads[0]])))
    last = net.steps[-1]
    read, layer = values[last.reads[0]], last.module
    assert isinstance(layer, nn.Linear)
    routes = read if isinstance(read, Routes) else _begin(read)
    gate, value = routes.gate, routes.value[..., None] * layer.weight.T[routes.unit]  # (N, R, K)
    if layer.bias is not None:
        gate = torch.cat([gate, gate.new_ones(len(gate), 1)], dim=1)
        value = torch.cat([value, layer.bias.expand(len(gate), 1, -1)], dim=1)
    return Routes(routes.unit, gate, value)
