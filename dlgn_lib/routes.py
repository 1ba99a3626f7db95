"""Paths of nets whose units are not all joined to all: the routes through convolutions, pooling and skips that exist.

A route starts at the input or at a bias, picks one unit of every layer that it passes, and ends in the output layer. Units that
are pooled, normalised or added are always on. f is the product of the gates on the route, g the product of its weights,
times the affine map of the first layer. Page: experts/equivalence.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # as everybody writes it

from dlgn_lib.checks import MAX_ENTRIES, check_fits
from dlgn_lib.models.routed import RoutedNet

MAX_ROUTES = 100_000
_PAIRS = 20_000_000  # units of pairs of inputs that are counted at a time


@dataclass(frozen=True)
class _Value:
    """What is known of the units of one step: `raw` if it is the input still, up to fixed maps, so that no unit is picked."""

    data: Tensor
    raw: bool


def _is_biased(module: nn.Module) -> bool:
    return isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) or getattr(module, "bias", None) is not None


def _through(module: nn.Module, count: Tensor) -> Tensor:
    """Return for each unit of a layer the sum of `count` over the units that it is joined to."""
    if isinstance(module, nn.Linear):
        return count.sum(-1, keepdim=True).expand(*count.shape[:-1], module.out_features)
    if isinstance(module, nn.Conv2d):
        groups = module.groups
        sums = count.unflatten(1, (groups, -1)).sum(2)  # (B, groups, H, W)
        ones = count.new_ones(groups, 1, *module.kernel_size)
        sums = F.conv2d(sums, ones, None, module.stride, module.padding, module.dilation, groups)
        return sums.repeat_interleave(module.out_channels // groups, dim=1)
    if isinstance(module, nn.AvgPool2d):
        return F.avg_pool2d(count, module.kernel_size, module.stride, module.padding, divisor_override=1)
    if isinstance(module, nn.AdaptiveAvgPool2d):
        return count.sum((-2, -1), keepdim=True)
    return module(count) if isinstance(module, nn.Flatten) else count  # a normalisation joins a unit to itself


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
    given = iter(gates)
    with torch.no_grad():
        ones = torch.ones(len(gates[0]), *like.shape[1:], dtype=torch.float64, device=like.device)
        values = [_Value(ones, raw=True)]
        for step in net.steps[:-1]:
            value = values[step.reads[0]]
            data, raw = value.data, value.raw  # raw data are ones: a unit that reads them starts one route
            if step.kind == "gate":
                data, raw = data * next(given), False
            elif step.kind == "sum":
                other = values[step.reads[1]]
                if data.shape != other.data.shape:
                    shapes = [tuple(part.shape[1:]) for part in (data, other.data)]
                    raise ValueError(
                        f"net must add values of one shape, but {step.name} adds {shapes[0]} and {shapes[1]}"
                    )
                data, raw = (data, True) if raw and other.raw else (data + other.data, False)
            elif step.module is not None:
                data = _through(step.module, data)
                data = torch.ones_like(data) if raw else data + float(_is_biased(step.module))
                raw = raw and step.kind == "fixed"
            values.append(_Value(data, raw))
        last = net.steps[-1]
        ends = values[last.reads[0]].data.flatten(1).sum(1)
        return ends + float(last.module is not None and _is_biased(last.module))


def route_overlap(net: RoutedNet, left: list[Tensor], right: list[Tensor], like: Tensor) -> Tensor:
    """Return Σ f(x) f(y) over all routes (N, N'), float64, given the gates (N, …) and (N', …) of the inputs.

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
        block = slice(start, start + step)
        pairs = [(a[block, None] * b[None]).flatten(0, 1).double() for a, b in zip(left, right, strict=True)]
        kernel[block] = count_routes(net, pairs, like).view(-1, columns)
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
    joined = _through(module, units).flatten(1) > 0
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
    check_fits(count, MAX_ROUTES, "the number of routes")
    check_fits(
        len(x) * count * net.out_dim, MAX_ENTRIES, f"the table of N x R x K = {len(x)} x {count} x {net.out_dim} values"
    )
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
