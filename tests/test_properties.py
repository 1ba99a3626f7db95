"""Every public function of the mathematics, on random arguments and on hostile ones: the right answer or the documented error.

A law is a function that draws arguments that fit and gives the truth: the same thing computed plainly, in float64. Then one
argument is made hostile (NaN, inf, empty, another dtype, another shape, not contiguous, …). The function may raise TypeError,
ValueError or what its docstring lists, with a message that names the argument; else it must agree with the truth, NaN where
the truth has NaN.
"""

import builtins
import copy
import dataclasses
import inspect
import itertools
import math
import re
import statistics
import types
from fractions import Fraction

import numpy as np
import pytest
import torch
from cases import MEMBERS, inputs, nets, seeded
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from dlgn_lib import (
    adapt,
    data,
    exact,
    features,
    gdln,
    kernels,
    models,
    normals,
    paths,
    regions,
    selectivity,
    slices,
    training,
)
from dlgn_lib import statistics as library_statistics
from dlgn_lib.checks import check_count

MODULES = (
    adapt, data, exact, features, gdln, kernels, library_statistics, models, normals, paths, regions, selectivity, slices, training,
)  # fmt: skip
LAWS = {}
SEEDS = st.integers(0, 999)


def law(function, call=None):
    """Register how to draw arguments of a public function, and the truth; `call` is how it is called if not by keywords."""

    def register(draw_arguments):
        assert function.__name__ not in LAWS
        LAWS[function.__name__] = function, draw_arguments, call or (lambda **arguments: function(**arguments))
        return draw_arguments

    return register


def doubles(values):
    """Return nested numbers as a float64 tensor."""
    return torch.tensor(values, dtype=torch.float64)


def flat(value):
    """Return a list of all numbers in a result, as complex arrays."""
    if isinstance(value, Tensor):
        return [value.detach().to(torch.complex128).numpy()]
    if isinstance(value, nn.Module):
        return [array for parameter in value.parameters() for array in flat(parameter)]
    if dataclasses.is_dataclass(value):
        return [array for f in dataclasses.fields(value) for array in flat(getattr(value, f.name))]
    if isinstance(value, dict):
        return [array for key in value for array in flat(value[key])]
    if isinstance(value, list | tuple):
        return [array for entry in value for array in flat(entry)]
    return [] if value is None or isinstance(value, str) else [np.array(complex(value))]


def tensors(value):
    """Return the tensors in a result."""
    if isinstance(value, nn.Module):
        return list(value.parameters())
    return [t for entry in value for t in tensors(entry)] if isinstance(value, list | tuple) else [value]


def same(answer, truth, tolerance=1e-8):
    """Return whether two results hold the same numbers; the tolerance is relative to the largest of each array."""
    one, other, least = flat(answer), flat(truth), 1e-12
    if any(isinstance(entry, Tensor) and entry.dtype == torch.float32 for entry in tensors(answer)):
        tolerance, least = max(tolerance, 1e-5), 1e-5
    if [array.shape for array in one] != [array.shape for array in other]:
        return False
    for a, b in zip(one, other, strict=True):
        scale = np.abs(b[np.isfinite(b)]).max(initial=0)
        if not np.allclose(a, b, rtol=tolerance, atol=tolerance * scale + least, equal_nan=True):
            return False
    return True


def plain(value):
    """Return an argument as the truth reads it: contiguous, and real numbers in float64."""
    if isinstance(value, Tensor):
        return (
            value.detach()
            .clone(memory_format=torch.contiguous_format)
            .to(value.dtype if value.is_complex() else torch.float64)
        )
    if isinstance(value, nn.Module):
        return copy.deepcopy(value).double()
    if isinstance(value, list | tuple) and value and all(isinstance(entry, Tensor) for entry in value):
        return [plain(entry) for entry in value]
    return value


def whole(values):
    """Return a tensor of whole numbers as int64; others are no labels."""
    assert torch.equal(values.double(), values.double().round())
    return values.long()


def documented(function):
    """Return the exceptions that a function may raise: two that the package documents for all, and its own list."""
    raised = re.search(r"^Raises:\n((?: .*\n?|\n)*)", inspect.getdoc(function) or "", re.MULTILINE)
    names = re.findall(r"^ {4}([\w.]+): ", raised[1], re.MULTILINE) if raised else []
    return TypeError, ValueError, *(vars(builtins).get(name) or find(name) for name in names)


def signature(function):
    return inspect.signature(function).parameters


def find(name):
    """Return a name of the library, wherever it is."""
    found = [getattr(module, name.split(".")[-1]) for module in MODULES if hasattr(module, name.split(".")[-1])]
    return found[0] if found else pytest.fail(f"a docstring names {name}, which is nowhere")


# ---- what is drawn ---------------------------------------------------------------------------------------------------


def matrix(draw, rows, columns):
    return inputs(rows, columns, draw(SEEDS))


def count(draw, low=1, high=5):
    return draw(st.integers(low, high))


def positive(draw):
    return draw(st.floats(0.1, 3.0))


def gram(draw, n):
    a = matrix(draw, n, n)
    return a @ a.T + 0.1 * torch.eye(n, dtype=a.dtype)


def labels(draw, n, classes):
    """Return class numbers in which every class and one of them twice occurs."""
    each = [*range(classes), *(draw(st.integers(0, classes - 1)) for _ in range(n - classes))]
    return torch.tensor(draw(st.permutations(each)))


def net_and_points(draw, **sizes):
    net = draw(nets(**{"in_dim": 3, "width": 3, "depth": 3, **sizes}))
    return {"net": net, "x": matrix(draw, count(draw), net.in_dim)}


def layer_sizes(draw, hidden=1):
    return [count(draw) for _ in range(hidden + 2)]


def weight_matrices(draw, sizes):
    return [matrix(draw, b, a) for a, b in itertools.pairwise(sizes)]


# ---- models ----------------------------------------------------------------------------------------------------------


def by_hand(net, x, hard=None):
    """Return (gates, output) of a net, unit by unit as the notation page says."""

    def own(z, always_hard):
        if always_hard or hard or not math.isfinite(net.beta):
            return float(z >= 0)
        return 1 / (1 + math.exp(-net.beta * z))

    gates, outputs = [], []
    for point in x.tolist():
        h = [1.0] * len(point) if net.value_input == "ones" else point
        reads, rows = point, []
        for number in range(net.depth):
            values = affine(net.value_layers[number], h)
            if isinstance(net, models.DeepLinearNet):
                row = [1.0] * net.widths[number]
            elif isinstance(net, models.ReLUNet):
                row = [own(z, True) for z in values]
            else:
                z = affine(net.gate_layers[number], point if getattr(net, "shallow", False) else reads)
                row = [own(value, False) for value in z]
                reads = [max(value, 0.0) for value in z] if isinstance(net, models.GaLUNet) else z
            rows.append(row)
            h = [gate * value for gate, value in zip(row, values, strict=True)]
        gates.append(rows)
        outputs.append(affine(net.value_layers[-1], h))
    layers = [doubles([rows[number] for rows in gates]).reshape(len(x), m) for number, m in enumerate(net.widths)]
    return layers, doubles(outputs).reshape(len(x), net.out_dim)  # depth times (N, M), (N, K)


def affine(layer, values):
    rows = layer.weight.tolist()
    offsets = [0.0] * len(rows) if layer.bias is None else layer.bias.tolist()
    return [sum(a * b for a, b in zip(row, values, strict=True)) + c for row, c in zip(rows, offsets, strict=True)]


def network_law(kind):
    @law(kind, call=lambda net, x: (torch.cat(net.gates(net.check_input(x)), 1), net(x)))
    def _(draw):
        arguments = net_and_points(draw, members=[member for member in MEMBERS if member["kind"] is kind])

        def truth(net, x):
            gates, output = by_hand(net, x)
            return torch.cat(gates, 1), output

        return arguments, truth


for member in (models.ReLUNet, models.DeepLinearNet, models.DLGN, models.GaLUNet):
    network_law(member)


@law(models.GatedNet, call=lambda net, x: net.features(net.check_input(x)))
def _(draw):
    return net_and_points(draw, out_dim=1), lambda net, x: features_by_read_out(net, x)


def features_by_read_out(net, x):
    """Return the last hidden layer as outputs of nets whose last layer reads one unit."""
    columns = []
    units = net.widths[-1]
    for unit in range(units):
        with torch.no_grad():
            net.value_layers[-1].weight.copy_(torch.eye(units, dtype=x.dtype)[unit : unit + 1])
            if net.value_layers[-1].bias is not None:
                net.value_layers[-1].bias.zero_()
        columns.append(by_hand(net, x)[1][:, 0])
    return torch.stack(columns, dim=1)


@law(check_count, call=lambda value: check_count("value", value, 2))
def _(draw):
    def truth(value):
        assert isinstance(value, int) and value >= 2
        return value

    return {"value": count(draw, 2)}, truth


# ---- paths -----------------------------------------------------------------------------------------------------------


def all_paths(net):
    constant = net.value_layers[0].bias is not None
    return list(itertools.product(*(range(units + constant) for units in net.widths)))


def listed(net, x, chosen, hard=None):
    """Return (gates (N, P), values (N, P, K)) of the chosen paths, one product after the other."""
    gates, weights, v = (
        by_hand(net, x, hard)[0],
        [layer.weight.detach() for layer in net.value_layers],
        net.expert_input(x),
    )
    if net.value_layers[0].bias is not None:  # one constant unit more in every layer, and a constant input
        one = v.new_ones(len(v), 1)
        gates, v = [torch.cat([gate, one], dim=1) for gate in gates], torch.cat([v, one], dim=1)
        blocks = [torch.cat([layer.weight, layer.bias[:, None]], dim=1).detach() for layer in net.value_layers]
        unit = [torch.eye(b.shape[1], dtype=b.dtype)[-1:] for b in blocks]
        weights = [torch.cat([b, u]) for b, u in zip(blocks[:-1], unit, strict=False)] + blocks[-1:]
    f = x.new_zeros(len(x), len(chosen))
    g = x.new_zeros(len(x), len(chosen), net.out_dim)
    for n, (p, path), k in itertools.product(range(len(x)), enumerate(chosen), range(net.out_dim)):
        f[n, p] = math.prod(float(gates[layer][n, unit]) for layer, unit in enumerate(path))
        value = float(weights[0][path[0]] @ v[n])
        for layer in range(1, net.depth):
            value *= float(weights[layer][path[layer], path[layer - 1]])
        g[n, p, k] = value * float(weights[-1][k, path[-1]])
    return f, g


@law(paths.enumerate_paths)
def _(draw):
    def truth(width, depth):
        widths = [width] * depth if depth is not None else width
        assert widths and all(isinstance(units, int) and units > 0 for units in widths)
        return torch.tensor(list(itertools.product(*map(range, widths))))

    if draw(st.booleans()):
        return {"width": count(draw), "depth": count(draw, 1, 4)}, truth
    return {"width": [count(draw, 1, 3) for _ in range(count(draw, 1, 4))], "depth": None}, truth


def some_paths(draw, net):
    return torch.tensor(draw(st.lists(st.sampled_from(all_paths(net)), min_size=1, max_size=4)))


@law(paths.path_gates)
def _(draw):
    arguments = net_and_points(draw)
    chosen, hard = some_paths(draw, arguments["net"]), draw(st.sampled_from([None, True]))

    def truth(net, x, paths, hard):
        return listed(net, x, numbered(net, paths), hard)[0]

    return {**arguments, "paths": chosen, "hard": hard}, truth


def numbered(net, chosen):
    chosen = whole(chosen).tolist()
    assert all(tuple(path) in all_paths(net) for path in chosen)
    return chosen


@law(paths.path_experts)
def _(draw):
    arguments = net_and_points(draw)

    def truth(net, x, paths):
        return listed(net, x, numbered(net, paths))[1]

    return {**arguments, "paths": some_paths(draw, arguments["net"])}, truth


@law(paths.path_form)
def _(draw):
    def truth(net, x):
        gates = by_hand(net, x)[0]
        v, weights = net.expert_input(x), [layer.weight for layer in net.value_layers]
        if net.value_layers[0].bias is None:
            return v, gates, weights
        one = torch.ones(len(x), 1, dtype=x.dtype)
        rows = []
        for layer in net.value_layers:
            rows.append(torch.cat([layer.weight, layer.bias[:, None]], dim=1))
            if layer is not net.value_layers[-1]:
                rows[-1] = torch.cat([rows[-1], doubles([[0.0] * (rows[-1].shape[1] - 1) + [1.0]])])
        return torch.cat([v, one], 1), [torch.cat([gate, one], 1) for gate in gates], rows

    return net_and_points(draw), truth


def sum_law(function):
    @law(function)
    def _(draw):
        def truth(net, x):
            f, g = listed(net, x, all_paths(net))
            return torch.einsum("np,npk->nk", f, g)

        return net_and_points(draw, width=2), truth


sum_law(paths.mixture_output)
sum_law(paths.factorised_output)


@law(paths.path_activity)
def _(draw):
    def truth(net, x):
        return listed(net, x, all_paths(net))[0].sum(1)

    return net_and_points(draw, width=2), truth


@law(paths.path_count)
def _(draw):
    def truth(net, x):
        assert x.ndim == 2 and x.shape[1] == net.in_dim and torch.isfinite(x).all()
        return len(all_paths(net))

    return net_and_points(draw, width=2), truth


@law(paths.activity_share)
def _(draw):
    arguments = net_and_points(draw, width=2)
    n = len(arguments["x"])

    def truth(net, x, subset):
        active = listed(net, x, all_paths(net), hard=True)[0].sum(1)
        assert set(subset.tolist()) <= {0.0, 1.0} and subset.shape == active.shape and active.sum() > 0
        return float((active * subset).sum() / active.sum())

    return {**arguments, "subset": torch.tensor([draw(st.booleans()) for _ in range(n)])}, truth


@law(exact.exact_weights)
def _(draw):
    net = draw(nets(members=MEMBERS[:2], in_dim=2, width=2, depth=2))
    return {"net": net}, lambda net: (
        [layer.weight.tolist() for layer in net.value_layers],
        [layer.bias.tolist() for layer in net.value_layers] if net.bias else None,
    )


@law(exact.exact_mixture, call=lambda weights, x, biases: exact.exact_mixture(weights, x, biases))
def _(draw):
    sizes = layer_sizes(draw, hidden=2)
    fractions = st.fractions(-3, 3, max_denominator=9)
    weights = [[[draw(fractions) for _ in range(a)] for _ in range(b)] for a, b in itertools.pairwise(sizes)]
    biases = [[draw(fractions) for _ in matrix] for matrix in weights] if draw(st.booleans()) else None

    def truth(weights, x, biases):
        assert len(weights) >= 2
        h = [Fraction(a) for a in x]
        for number, rows in enumerate(weights):
            offsets = biases[number] if biases is not None else [0] * len(rows)
            h = [
                sum(Fraction(a) * b for a, b in zip(row, h, strict=True)) + c
                for row, c in zip(rows, offsets, strict=True)
            ]
            h = h if number == len(weights) - 1 else [max(a, Fraction(0)) for a in h]
        return h, h

    return {"weights": weights, "x": [draw(fractions) for _ in range(sizes[0])], "biases": biases}, truth


# ---- kernels ---------------------------------------------------------------------------------------------------------


def two_sets(draw, **sizes):
    arguments = net_and_points(draw, **sizes)
    other = matrix(draw, count(draw), arguments["net"].in_dim) if draw(st.booleans()) else None
    return {**arguments, "y": other, "hard": draw(st.sampled_from([None, True]))}


@law(kernels.overlap_kernel)
def _(draw):
    def truth(net, x, y, hard):
        left = listed(net, x, all_paths(net), hard)[0]
        return left @ (left if y is None else listed(net, y, all_paths(net), hard)[0]).T

    return two_sets(draw, width=2), truth


@law(kernels.path_kernel)
def _(draw):
    def truth(net, x, y, hard):
        v, w = (paths.path_form(net, points)[0] for points in (x, x if y is None else y))
        left = listed(net, x, all_paths(net), hard)[0]
        return (v @ w.T) * (left @ (left if y is None else listed(net, y, all_paths(net), hard)[0]).T)

    return two_sets(draw, width=2), truth


@law(kernels.ntk)
def _(draw):
    def gradients(net, x, part):
        chosen = [
            p for name, p in net.named_parameters() if part == "full" or (part == "gate") == name.startswith("gate")
        ]
        if not chosen:
            return [[x.new_zeros(1)] for _ in x]
        rows = [
            [torch.autograd.grad(net(point[None])[0, k], chosen, allow_unused=True) for k in range(net.out_dim)]
            for point in x
        ]
        return [
            [torch.cat([(torch.zeros_like(p) if g is None else g).flatten() for g, p in zip(gs, chosen, strict=True)]) for gs in row]
            for row in rows
        ]  # fmt: skip

    def truth(net, x, y, part):
        left, right = gradients(net, x, part), gradients(net, x if y is None else y, part)
        rows = [[sum(float(a @ b) for a, b in zip(p, q, strict=True)) for q in right] for p in left]
        return torch.tensor(rows, dtype=torch.float64).reshape(len(left), len(right))

    arguments = two_sets(draw)
    del arguments["hard"]
    return {**arguments, "part": draw(st.sampled_from(["full", "expert", "gate"]))}, truth


@law(kernels.trace_normalize)
def _(draw):
    def truth(kernel):
        assert kernel.shape[0] == kernel.shape[1]
        trace = sum(kernel[i, i].item() for i in range(len(kernel)))
        assert not trace <= 0
        return kernel * len(kernel) / trace

    return {"kernel": gram(draw, count(draw))}, truth


@law(kernels.alignment)
def _(draw):
    def truth(kernel, target):
        n = len(kernel)
        h = torch.eye(n, dtype=torch.float64) - 1 / n
        a, b = h @ kernel @ h, h @ target @ h
        assert kernel.shape == target.shape == (n, n) and a.norm() > 1e-9 and b.norm() > 1e-9
        return float((a * b).sum() / (a.norm() * b.norm()))

    n = count(draw, 2)
    return {"kernel": gram(draw, n), "target": gram(draw, n)}, truth


@law(kernels.class_contrast)
def _(draw):
    def truth(kernel, labels):
        n = len(kernel)
        assert kernel.shape == (n, n) and labels.shape == (n,)
        pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
        within = [kernel[i, j].item() for i, j in pairs if labels[i] == labels[j]]
        between = [kernel[i, j].item() for i, j in pairs if labels[i] != labels[j]]
        ratio = statistics.fmean(within) / statistics.fmean(between)
        assert not statistics.fmean(between) <= 0
        return ratio

    n = count(draw, 3)
    return {"kernel": gram(draw, n) + 5 * n, "labels": labels(draw, n, 2)}, truth


@law(kernels.effective_rank)
def _(draw):
    def truth(kernel):
        values = np.linalg.eigvalsh(kernel.numpy()).clip(0)
        assert kernel.shape[0] == kernel.shape[1] and not values.sum() <= 0
        shares = [value / values.sum() for value in values]
        return math.exp(-sum(p * math.log(p) for p in shares if p))

    return {"kernel": gram(draw, count(draw))}, truth


# ---- regions ---------------------------------------------------------------------------------------------------------


def box(draw, dim):
    pairs = [(-draw(st.floats(0.1, 2)), draw(st.floats(0.1, 2))) for _ in range(dim)]
    return pairs[0] if dim == 1 else tuple(pairs)


def in_box(net, bounds, n=40):
    pairs = [bounds] if net.in_dim == 1 else list(bounds)
    assert len(pairs) == net.in_dim and all(low < high and math.isfinite(high - low) for low, high in pairs)
    low, high = torch.tensor(pairs, dtype=torch.float64).T
    return low + (high - low) * torch.rand(n, net.in_dim, generator=seeded(0), dtype=torch.float64)


def inside(piece, x):
    """Return whether a point lies in an interval or in a convex polygon, counter-clockwise."""
    if isinstance(piece, tuple):
        return piece[0] <= x[0] <= piece[1]
    corners = [tuple(corner) for corner in (piece.tolist() if isinstance(piece, Tensor) else piece)]
    turns = [
        (b[0] - a[0]) * (x[1] - a[1]) - (b[1] - a[1]) * (x[0] - a[0])
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True)
    ]
    return len(corners) > 2 and all(turn >= 0 for turn in turns)


@law(
    regions.path_region,
    call=lambda net, path, bounds, exact: member_of(regions.path_region(net, path, bounds, exact), net, bounds),
)
def _(draw):
    net = draw(nets(in_dim=2, width=3, depth=2, out_dim=1))
    exact = draw(st.booleans())

    def truth(net, path, bounds, exact):
        x = in_box(net, bounds)
        assert tuple(path) in all_paths(net)
        return listed(net, x, [path], hard=True)[0][:, 0]

    return {
        "net": net,
        "path": draw(st.sampled_from(all_paths(net))),
        "bounds": box(draw, net.in_dim),
        "exact": exact,
    }, truth


def member_of(pieces, net, bounds):
    """Return for random points of the bounds whether a piece holds them."""
    pieces = [pieces] if isinstance(pieces, Tensor) else pieces
    return torch.tensor([any(inside(piece, x) for piece in pieces) for x in in_box(net, bounds).tolist()])


def patterns_at(found, net, bounds):
    """Return the area, and for random points of the bounds the pattern of the region in which they lie."""
    area = regions.region_area([piece for piece, _ in found])
    return float(area), [
        next((pattern for piece, pattern in found if inside(piece, x)), None) for x in in_box(net, bounds).tolist()
    ]


@law(
    regions.activation_regions,
    call=lambda net, bounds, exact: patterns_at(regions.activation_regions(net, bounds, exact), net, bounds),
)
def _(draw):
    net = draw(nets(in_dim=2, width=3, depth=2, out_dim=1))

    def truth(net, bounds, exact):
        pairs = [bounds] if net.in_dim == 1 else bounds
        x = in_box(net, bounds)
        return math.prod(high - low for low, high in pairs), [
            [gate[n].tolist() for gate in net.gates(x, hard=True)] for n in range(len(x))
        ]

    return {"net": net, "bounds": box(draw, net.in_dim), "exact": draw(st.booleans())}, truth


PLANE = types.SimpleNamespace(in_dim=2)


@law(
    slices.slice_regions,
    call=lambda net, origin, directions, bounds: patterns_at(
        slices.slice_regions(net, origin, directions, bounds), PLANE, bounds
    ),
)
def _(draw):
    rng = seeded(draw(SEEDS))
    net = models.ConvDLGN((1, 2, 3), [2, 1], 2, generator=rng).double()
    origin, *directions = torch.randn(3, 1, 2, 3, generator=rng, dtype=torch.float64)

    def truth(net, origin, directions, bounds):
        assert origin.shape == (1, 2, 3) and directions.shape == (2, 1, 2, 3)
        assert torch.isfinite(origin).all() and torch.isfinite(directions).all()
        points = in_box(PLANE, bounds)
        gates = net.gates(torch.stack([origin + s * directions[0] + t * directions[1] for s, t in points]), hard=True)
        return math.prod(high - low for low, high in bounds), [
            [gate[n].flatten().tolist() for gate in gates] for n in range(len(points))
        ]

    arguments = {"net": net, "origin": origin, "directions": torch.stack(directions), "bounds": box(draw, 2)}
    return arguments, truth


@law(regions.region_area)
def _(draw):
    angles = sorted(draw(st.lists(st.floats(0, 6), min_size=3, max_size=6, unique=True)))
    polygon = torch.tensor([[math.cos(a), math.sin(a)] for a in angles], dtype=torch.float64)

    def truth(pieces):
        assert pieces.ndim == 2 and pieces.shape[1] == 2
        corners = pieces.tolist()
        return sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(corners, corners[1:] + corners[:1], strict=True)) / 2

    return {"pieces": polygon}, truth


def lines(normals, least=1):
    """Return the directions of the normals that are not zero."""
    assert normals.ndim == 2 and torch.isfinite(normals).all()
    rows = [[value / math.hypot(*row) for value in row] for row in normals.tolist() if any(row)]
    assert len(rows) >= least
    return rows


@law(normals.axial_resultant)
def _(draw):
    def truth(normals):
        assert normals.shape[1] == 2
        angles = [2 * math.atan2(y, x) for x, y in lines(normals)]
        return math.hypot(statistics.fmean(map(math.cos, angles)), statistics.fmean(map(math.sin, angles)))

    return {"normals": matrix(draw, count(draw), 2)}, truth


@law(normals.participation_ratio)
def _(draw):
    def truth(normals):
        rows = np.array(lines(normals))
        values = np.linalg.eigvalsh(rows.T @ rows)
        return float(values.sum() ** 2 / (values**2).sum())

    return {"normals": matrix(draw, count(draw), count(draw))}, truth


@law(normals.mean_cosine)
def _(draw):
    def truth(normals):
        return statistics.fmean(abs(np.dot(a, b)) for a, b in itertools.combinations(lines(normals, 2), 2))

    return {"normals": matrix(draw, count(draw, 2), count(draw))}, truth


@law(normals.gate_correlation)
def _(draw):
    def truth(net, x):
        result = []
        for layer in by_hand(net, x, hard=True)[0]:
            columns = [column for column in layer.T.tolist() if len(set(column)) > 1]
            pairs = [abs(statistics.correlation(a, b)) for a, b in itertools.combinations(columns, 2)]
            result.append(statistics.fmean(pairs) if pairs else math.nan)
        return result

    return net_and_points(draw), truth


# ---- features --------------------------------------------------------------------------------------------------------


@law(features.feature_spectrum, call=lambda **arguments: spectrum_numbers(features.feature_spectrum(**arguments)))
def _(draw):
    def truth(features, target):
        n = len(features)
        target = target[:, None] if target.ndim == 1 else target
        features = features[:, None] if features.ndim == 1 else features
        assert torch.isfinite(features).all() and torch.isfinite(target).all() and len(target) == n
        assert features.ndim == target.ndim == 2 and features.any() and target.any()
        rho = torch.linalg.eigvalsh(features @ features.T / n).flip(0)
        rho = rho[rho > 1e-12 * rho[0]]
        middle = features - features.mean(0)
        centred = torch.linalg.eigvalsh(middle @ middle.T).clamp_min(0)
        projector = features @ torch.linalg.pinv(features, rtol=1e-6)
        basis = torch.linalg.qr(target).Q if target.shape[1] == 1 else target @ torch.linalg.pinv(target, rtol=1e-6)
        basis = basis @ basis.T if target.shape[1] == 1 else basis
        return rho, entropy_number(rho), entropy_number(centred), float((projector * basis).sum())

    n = count(draw, 2)
    return {"features": matrix(draw, n, count(draw)), "target": matrix(draw, n, count(draw, 1, 2))}, truth


def spectrum_numbers(spectrum):
    """Return what does not depend on the choice of eigenfunctions."""
    return (
        spectrum.eigenvalues,
        spectrum.effective_dimension,
        spectrum.centred_effective_dimension,
        float(spectrum.quality.sum()),
    )


def entropy_number(values):
    shares = [v / float(values.sum()) for v in values.tolist()] if values.sum() > 1e-18 else [math.nan]
    return math.exp(-sum(p * math.log(p) for p in shares if not p <= 0)) if shares != [math.nan] else math.nan


@law(features.d_lr)
def _(draw):
    def truth(features, output):
        features, output = (t[:, None] if t.ndim == 1 else t for t in (features, output))
        n = len(features)
        assert features.ndim == output.ndim == 2 and torch.isfinite(features).all() and torch.isfinite(output).all()
        h = torch.eye(n, dtype=torch.float64) - 1 / n
        a, out = h @ features @ features.T @ h, h @ output
        assert a.abs().max() > 1e-20 and out.abs().max() > 1e-10
        b = out @ torch.linalg.pinv(out, rtol=1e-6)
        return 1 - float((a * b).sum() / (a.norm() * b.norm()))

    n = count(draw, 3)
    return {"features": matrix(draw, n, count(draw)), "output": matrix(draw, n, count(draw, 1, 2))}, truth


@law(features.collapse)
def _(draw):
    def truth(features, labels):
        features = features[:, None] if features.ndim == 1 else features
        assert torch.isfinite(features).all() and features.any() and labels.shape == features.shape[:1]
        classes = sorted(set(whole(labels).tolist()))
        assert len(classes) > 1
        n, mean = len(features), features.mean(0)
        within = between = torch.zeros(features.shape[1], features.shape[1], dtype=torch.float64)
        for c in classes:
            group = features[labels == c]
            middle = group.mean(0)
            between = between + len(group) / n * torch.outer(middle - mean, middle - mean)
            within = within + sum(torch.outer(row - middle, row - middle) for row in group) / n
        values = torch.linalg.eigvalsh(between).flip(0)[: len(classes) - 1]
        nc1 = (torch.linalg.pinv(between, rtol=1e-10, hermitian=True) @ within).trace() / len(classes)
        # a value that is zero but for rounding has a ratio that is nothing but rounding
        clear = values[-1] > 1e-10 * values[0] and len(values) == len(classes) - 1
        return (
            float(within.trace()),
            float(between.trace()),
            float(nc1),
            float(values[0] / values[-1] - 1) if clear else math.inf,
        )

    n, classes = count(draw, 3), count(draw, 2, 3)
    return {"features": matrix(draw, n, count(draw, 2)), "labels": labels(draw, n, classes)}, truth


@law(features.FeatureSpectrum, call=lambda _phi, features: at_other_inputs(_phi, features))
def _(draw):
    def truth(_phi, features):
        assert features.ndim == 2 and features.shape[1] == _phi.shape[1] and torch.isfinite(features).all()
        # the sum over eigenfunctions of ρ e(x) e(x') is the kernel ⟨Φ(x), Φ(x')⟩ of the features' span
        return features @ torch.linalg.pinv(_phi) @ _phi @ _phi.T

    n, p = count(draw), count(draw)
    return {"_phi": matrix(draw, n, p), "features": matrix(draw, count(draw), p)}, truth


def at_other_inputs(phi, other):
    spectrum = features.feature_spectrum(phi)
    return (spectrum.at(other) * spectrum.eigenvalues) @ spectrum.eigenfunctions.T


# ---- tasks, the median, training -------------------------------------------------------------------------------------


@law(data.circle)
def _(draw):
    def truth(n, low, high):
        assert n >= 1 and math.isfinite(low + high)
        angles = (2 * math.pi * (torch.arange(n) + 0.5) / n).tolist()  # in float32: near π that decides the half
        x = doubles([[math.cos(a), math.sin(a)] for a in angles])
        return x, doubles([[math.sin((low if a < math.pi else high) * a)] for a in angles])

    return {"n": count(draw, 1, 30), "low": float(count(draw)), "high": positive(draw)}, truth


@law(library_statistics.median)
def _(draw):
    def truth(values, dim):
        values, dim = (values.flatten(), 0) if dim is None else (values, dim)
        rows = values.movedim(dim, -1)
        found = [
            math.nan if any(map(math.isnan, row)) else statistics.median(row)
            for row in rows.reshape(-1, rows.shape[-1]).tolist()
        ]
        return torch.tensor(found, dtype=torch.float64).reshape(rows.shape[:-1])

    return {"values": matrix(draw, count(draw), count(draw)), "dim": draw(st.sampled_from([None, 0, 1]))}, truth


def plain_training(net, x, y, steps, lr):
    """Return losses and the net of gradient descent on the mean of squares, written out."""
    losses, parameters = [], [p for p in net.parameters() if p.requires_grad]
    assert y.shape == (len(x), net.out_dim) and steps >= 1 and 0 < lr < math.inf
    for step in range(steps + 1):
        loss = ((net(x) - y) ** 2).mean()
        losses.append(float(loss.detach()))
        if step < steps:
            found = torch.autograd.grad(loss, parameters, allow_unused=True)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, found, strict=True):
                    parameter -= 0 if gradient is None else lr * gradient
    assert all(map(math.isfinite, losses))
    return doubles(losses), net


def training_arguments(draw):
    arguments = net_and_points(draw)
    arguments["y"] = matrix(draw, len(arguments["x"]), arguments["net"].out_dim)
    return {**arguments, "steps": count(draw, 1, 4), "lr": draw(st.floats(1e-3, 1e-2))}, plain_training


def last(run):
    return run.losses, run.at(run.steps[-1])


training_law = law(
    training.train,
    call=lambda net, **rest: last(training.train(copy.deepcopy(net), **rest, optimizer="sgd", progress=False)),
)(training_arguments)


@law(
    training.train_ensemble,
    call=lambda net, **rest: [
        last(run)
        for run in training.train_ensemble(lambda seed: copy.deepcopy(net), 2, **rest, optimizer="sgd", progress=False)
    ],
)
def _(draw):
    arguments, truth = training_arguments(draw)
    return arguments, lambda net, **rest: [truth(copy.deepcopy(net), **rest) for _ in range(2)]


@law(training.Trajectory, call=lambda losses, loss: trajectory(torch.tensor(losses)).first_below(loss))
def _(draw):
    def truth(losses, loss):
        return next((3 * i for i, value in enumerate(losses) if value < loss), None)

    return {"losses": [positive(draw) for _ in range(count(draw))], "loss": positive(draw)}, truth


def trajectory(losses):
    return training.Trajectory((0,), losses, 3, {}, None, {})


@law(training.accuracy)
def _(draw):
    arguments = net_and_points(draw)

    def truth(net, x, labels):
        scores = by_hand(net, x)[1]
        chosen = whole(labels).tolist()
        assert len(chosen) == len(x) and labels.ndim == 1 and all(0 <= c < net.out_dim for c in chosen)
        right = [scores[n].argmax().item() == c for n, c in enumerate(chosen)]
        return sum(right) / len(right)

    classes = st.integers(0, arguments["net"].out_dim - 1)
    return {**arguments, "labels": torch.tensor([draw(classes) for _ in arguments["x"]])}, truth


@law(training.settings.check_labels)
def _(draw):
    def truth(name, labels, n, classes):
        chosen = whole(labels)
        assert chosen.shape == (n,) and all(0 <= c < classes for c in chosen.tolist())
        return labels

    n, classes = count(draw), count(draw)
    chosen = torch.tensor([draw(st.integers(0, classes - 1)) for _ in range(n)])
    return {"name": "labels", "labels": chosen, "n": n, "classes": classes}, truth


@law(training.settings.seed_names)
def _(draw):
    def truth(seeds):
        names = list(range(seeds)) if isinstance(seeds, int) else list(seeds)
        assert names and all(isinstance(name, int) for name in names)
        return names

    return {"seeds": draw(st.integers(1, 5) | st.lists(st.integers(0, 9), min_size=1))}, truth


@law(training.classifier)
def _(draw):
    def truth(model, in_dim, classes, seed, width, depth, beta):
        torch_sizes = [in_dim, *[width] * depth, classes]
        assert min(torch_sizes) >= 1 and depth >= 1 and beta > 0
        rng = seeded(seed)
        pairs = [(in_dim, classes)] if model == "linear" else list(itertools.pairwise(torch_sizes))
        weights = [torch.empty(b, a).uniform_(-1 / math.sqrt(a), 1 / math.sqrt(a), generator=rng) for a, b in pairs]
        if model not in ("linear", "deep linear", "ReLU"):
            gates = [(in_dim, width)] * depth if "shallow" in model else pairs[:-1]
            weights += [
                torch.empty(b, a).uniform_(-1 / math.sqrt(a), 1 / math.sqrt(a), generator=rng) for a, b in gates
            ]
        return weights

    sizes = {name: count(draw) for name in ("in_dim", "classes", "width", "depth")}
    model = draw(st.sampled_from(training.CLASSIFIERS))
    return {"model": model, "seed": draw(SEEDS), "beta": positive(draw), **sizes}, truth


@law(training.LinearNet, call=lambda net, x: net(net.check_input(x)))
def _(draw):
    net = training.LinearNet(count(draw), count(draw), generator=seeded(draw(SEEDS))).double()
    x = matrix(draw, count(draw), net.value_layers[0].in_features)
    return {"net": net, "x": x}, lambda net, x: torch.tensor(
        [affine(net.value_layers[0], row) for row in x.tolist()], dtype=torch.float64
    ).reshape(len(x), net.value_layers[0].out_features)


# ---- gated deep linear networks and their task -----------------------------------------------------------------------


def layered(weights, x, gates):
    """Return the layers and gates of a bias-free net, by loops."""
    layers, used = [x], []
    for number, w in enumerate(weights):
        z = doubles([affine_plain(w, h) for h in layers[-1].tolist()]).reshape(len(x), len(w))
        if number < len(weights) - 1:
            used.append((z >= 0).double() if gates is None else gates[number].expand(z.shape).double())
            z = z * used[-1]
        layers.append(z)
    return layers, used


def affine_plain(w, h):
    return [sum(a * b for a, b in zip(row, h, strict=True)) for row in w.tolist()]


@law(gdln.gated_layers)
def _(draw):
    sizes = layer_sizes(draw, hidden=draw(st.integers(1, 2)))
    x = matrix(draw, count(draw), sizes[0])
    gates = [matrix(draw, len(x), size) for size in sizes[1:-1]] if draw(st.booleans()) else None
    return {"weights": weight_matrices(draw, sizes), "x": x, "gates": gates}, layered


@law(gdln.normal_weights, call=lambda sizes, std, _seed: gdln.normal_weights(sizes, std, seeded(_seed)))
def _(draw):
    def truth(sizes, std, _seed):
        assert len(sizes) > 1 and min(sizes) >= 1 and 0 <= std < math.inf
        rng = seeded(_seed)
        pairs = itertools.pairwise(sizes)
        return [std * torch.empty(b, a, dtype=torch.float64).normal_(generator=rng) for a, b in pairs]

    return {"sizes": layer_sizes(draw), "std": positive(draw), "_seed": draw(SEEDS)}, truth


@law(data.xor_task)
def _(draw):
    corners = [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]
    return {}, lambda: (doubles(corners), doubles([[1.0 if a != b else -1.0] for a, b in corners]))


@law(gdln.descend, call=lambda **arguments: descent_numbers(gdln.descend(**arguments)))
def _(draw):
    def truth(weights, x, y, steps, lr):
        assert y.shape == (len(x), len(weights[-1])) and steps >= 1 and 0 < lr < math.inf
        weights, losses = [w.clone().requires_grad_() for w in weights], []
        for step in range(steps + 1):
            h = x
            for w in weights[:-1]:
                z = h @ w.T
                h = z * (z >= 0)
            loss = ((y - h @ weights[-1].T) ** 2).sum() / 2
            losses.append(float(loss.detach()))
            if step < steps:
                gradients = torch.autograd.grad(loss, weights)
                weights = [(w - lr * g).detach().requires_grad_() for w, g in zip(weights, gradients, strict=True)]
        assert all(map(math.isfinite, losses))
        return doubles(losses), weights

    sizes = layer_sizes(draw)
    x = matrix(draw, count(draw), sizes[0])
    return {
        "weights": weight_matrices(draw, sizes),
        "x": x,
        "y": matrix(draw, len(x), sizes[-1]),
        "steps": count(draw, 1, 4),
        "lr": draw(st.floats(1e-4, 1e-3)),
    }, truth


def descent_numbers(run):
    return run.losses, run.at(max(run.steps))


@law(gdln.Descent, call=lambda losses: gdln.Descent(losses, {}).losses)
def _(draw):
    return {"losses": matrix(draw, 1, count(draw))[0]}, lambda losses: losses


@law(gdln.race, call=lambda **arguments: descent_numbers(gdln.race(**arguments)))
def _(draw):
    def truth(x, y, gates, gram, steps, lr):
        d, k = x.shape[1], y.shape[1]
        assert gram.shape == (gates.shape[1], d + k, d + k) and len(x) == len(y) == len(gates)
        assert steps >= 1 and 0 < lr < math.inf
        losses, reads = [], [g.diagonal()[:d] > 0 for g in gram]
        for step in range(steps + 1):
            said = sum(gates[:, p, None] * (x * reads[p]) @ gram[p, d:, :d].T for p in range(len(gram)))
            losses.append(float(((y - said) ** 2).sum() / 2))
            if step < steps:
                moved = []
                for p, old in enumerate(gram):
                    delta = (y - said).T @ (gates[:, p, None] * x * reads[p])
                    g = torch.zeros(d + k, d + k, dtype=torch.float64)
                    g[d:, :d], g[:d, d:] = delta, delta.T
                    step_by = torch.eye(d + k, dtype=torch.float64) + lr * g
                    moved.append(step_by @ old @ step_by)
                gram = torch.stack(moved)
        assert all(map(math.isfinite, losses))
        return doubles(losses), gram[:, d:, :d]

    n, d, k, p = count(draw), count(draw, 1, 3), count(draw, 1, 3), count(draw, 1, 3)
    return {
        "x": matrix(draw, n, d),
        "y": matrix(draw, n, k),
        "gates": matrix(draw, n, p),
        "gram": torch.stack([gram(draw, d + k) for _ in range(p)]),
        "steps": count(draw, 1, 4),
        "lr": draw(st.floats(1e-4, 1e-3)),
    }, truth


@law(gdln.wide_gram)
def _(draw):
    def truth(widths, inputs, out_dim, std):
        assert len(widths) == len(inputs) and min(widths) >= 1 and out_dim >= 1 and 0 <= std < math.inf
        assert set(inputs.flatten().tolist()) <= {0.0, 1.0}
        rows = [
            torch.diag(doubles([*row, *[1.0] * out_dim]) * width * std**2)
            for row, width in zip(inputs.tolist(), widths, strict=True)
        ]
        return torch.stack(rows)

    widths = [count(draw) for _ in range(count(draw, 1, 3))]
    reads = (matrix(draw, len(widths), count(draw)) > 0).double()
    return {"widths": widths, "inputs": reads, "out_dim": count(draw), "std": positive(draw)}, truth


@law(gdln.mode_dynamics)
def _(draw):
    def truth(s, d, start, t, tau):
        assert min(s, d, start, tau) > 0 and not math.isinf(s + d + start + tau)
        rows = []
        for time in t.flatten().tolist():
            growth = math.inf if -2 * s * time / tau > 700 else math.exp(-2 * s * time / tau)
            rows.append((s / d) / (1 + (s / d / start - 1) * growth))
        return doubles(rows).reshape(t.shape)

    numbers = {name: positive(draw) for name in ("s", "d", "start", "tau")}
    return {**numbers, "t": matrix(draw, 1, count(draw))[0].abs()}, truth


@law(gdln.half_time)
def _(draw):
    def truth(s, d, start, tau):
        assert s > 0 and d > 0 and tau > 0 and 0 < start < s / d and math.isfinite(s + d + tau)
        return tau / (2 * s) * (math.log(s - d * start) - math.log(d * start))

    s, d = positive(draw), positive(draw)
    return {"s": s, "d": d, "start": s / d * draw(st.floats(0.01, 0.9)), "tau": positive(draw)}, truth


def checked(net, x):
    return net(net.check_input(x))


@law(gdln.GDLN, call=lambda x, **rest: checked(build(rest), x))
def _(draw):
    def truth(x, widths, in_dim, out_dim, std, depth, _seed):
        assert std >= 0
        net = build(
            {"widths": widths, "in_dim": in_dim, "out_dim": out_dim, "std": std, "depth": depth, "_seed": _seed}
        )
        total = torch.zeros(len(x), out_dim, dtype=torch.float64)
        for n, p in itertools.product(range(len(x)), range(len(widths))):
            h = x[n]
            for number, w in enumerate(net.weights):
                rows = net.pathway == p if number < depth else torch.ones(out_dim, dtype=torch.bool)
                columns = net.pathway == p if number else torch.ones(in_dim, dtype=torch.bool)
                h = w[rows][:, columns].detach() @ h
            total[n] += float(open_where(x, len(widths))[n, p]) * h
        return total

    in_dim = count(draw)
    sizes = {"out_dim": count(draw), "std": positive(draw), "depth": count(draw, 1, 3), "_seed": draw(SEEDS)}
    widths = [count(draw, 1, 3) for _ in range(count(draw, 1, 3))]
    return {"x": matrix(draw, count(draw), in_dim), "widths": widths, "in_dim": in_dim, **sizes}, truth


def open_where(x, pathways):
    return torch.stack([(x.sum(1) * (-1) ** p > -p).to(x.dtype) for p in range(pathways)], dim=1)


def build(arguments):
    arguments = dict(arguments)
    generator, widths = seeded(arguments.pop("_seed")), arguments["widths"]
    return gdln.GDLN(lambda x: open_where(x, len(widths)), **arguments, generator=generator)


KINDS = ("equal", "mixed", "permuted", "turned")


def tree(items):
    """Return the rows of `tree_properties`, node by node."""
    assert items > 1 and items.bit_count() == 1
    rows, size = [], items
    while size:
        rows += [[float(first <= item < first + size) for item in range(items)] for first in range(0, items, size)]
        size //= 2
    return rows


@law(data.tree_properties)
def _(draw):
    return {"items": 2 ** count(draw, 1, 4)}, lambda items: doubles(tree(items))


@law(data.ring_properties)
def _(draw):
    def truth(items):
        assert items >= 4 and items % 2 == 0
        top = items // 2 - 1
        arc = [min(place, items - 1 - place) / top for place in range(items)]
        return doubles([[1.0] * items, *([arc[(n + k) % items] for n in range(items)] for k in range(2 * items - 2))])

    return {"items": 2 * count(draw, 2, 5)}, truth


@law(
    data.context_blocks,
    call=lambda _seed, **rest: torch.stack(data.context_blocks(**rest, generator=seeded(_seed))),
)
def _(draw):
    def truth(kind, contexts, items, angle, _seed):
        assert kind in KINDS and contexts >= 1 and items >= 4 and math.isfinite(angle) and angle >= 0
        plain, rng, tables = doubles(tree(items)), seeded(_seed), []
        arc = [min(place, items - 1 - place) / (items // 2 - 1) for place in range(items)]
        arcs = [[1.0] * items, *([arc[(n + k) % items] for n in range(items)] for k in range(2 * items - 2))]
        pairs = [k for q in range(0, items, 4) for k in (q, q + 2, q + 1, q + 3)]
        halves = [k for q in range(items // 2) for k in (q, q + items // 2)]
        crossed = [row if sum(row) != 2 else [row[k] for k in pairs] for row in tree(items)]
        mixed = [plain, doubles(arcs), doubles(crossed), plain[:, halves], doubles(arcs)[:, halves]]
        assert kind != "mixed" or contexts <= len(mixed)
        for context in range(contexts):
            if kind == "permuted":
                tables.append(plain[:, torch.randperm(items, generator=rng)])
            elif kind == "turned":
                noise = torch.randn(items - 1, items - 1, generator=rng, dtype=torch.float64)
                values, vectors = np.linalg.eigh(1j * (noise - noise.T).numpy())
                scale = angle * math.sqrt(items - 2) / np.linalg.norm(values)
                turn = np.eye(items)
                turn[1:, 1:] = (vectors * np.exp(-1j * scale * values) @ vectors.conj().T).real
                frame = np.eye(items) - 1 / (items - math.sqrt(items))  # a mirror that takes the first axis to the mean
                frame[0] = frame[:, 0] = 1 / math.sqrt(items)
                tables.append(plain @ torch.from_numpy(frame @ turn @ frame.T))
            else:
                tables.append(mixed[context] if kind == "mixed" else plain)
        return torch.stack(tables)

    sizes = {"contexts": count(draw), "items": 2 ** count(draw, 2, 4), "angle": positive(draw), "_seed": draw(SEEDS)}
    return {"kind": draw(st.sampled_from(KINDS)), **sizes}, truth


def task(contexts, items, blocks=None):
    common = tree(items)
    assert contexts >= 1
    tables = [common] * contexts if blocks is None else [block.tolist() for block in blocks]
    assert len(tables) == contexts and all((len(t), len(t[0])) == (len(common), items) for t in tables)
    assert all(math.isfinite(value) for table in tables for row in table for value in row)
    x, y = [], []
    for context, item in itertools.product(range(contexts), range(items)):
        x.append([float(i == item) for i in range(items)] + [float(c == context) for c in range(contexts)])
        own = [row[item] * (c == context) for c, table in enumerate(tables) for row in table]
        y.append([row[item] for row in common] + own)
    return doubles(x), doubles(y)


@law(data.multi_context_task)
def _(draw):
    contexts, items = count(draw), 2 ** count(draw, 1, 3)
    blocks = [matrix(draw, 2 * items - 1, items) for _ in range(contexts)] if draw(st.booleans()) else None
    return {"contexts": contexts, "items": items, "blocks": blocks}, task


def parts_of(y, contexts):
    """Return the parts of a table (C·I, K) by averages over the halves of the tree."""
    items = len(y) // contexts
    assert contexts >= 1 and y.ndim == 2 and items * contexts == len(y) and items > 1 and items.bit_count() == 1
    grid = y.view(contexts, items, -1)
    common = grid.mean(0).expand(grid.shape)
    parts = {"mean": grid.mean((0, 1)).expand(grid.shape)}
    if contexts > 1:
        parts["contexts"] = grid.mean(1, keepdim=True).expand(grid.shape) - parts["mean"]

    def level(table, size):  # what halves of a group of `size` items differ in
        halves, group = (table.unflatten(1, (-1, s)).mean(2).repeat_interleave(s, 1) for s in (size // 2, size))
        return halves - group

    sizes = [items >> depth for depth in range(items.bit_length() - 1)]
    for name, table in (("common", common), ("context", grid - common))[: 1 + (contexts > 1)]:
        parts |= {f"{name} {size - 1}": level(table, size) for size in sizes}
    return {name: part.reshape(y.shape) for name, part in parts.items()}


def context_table(draw):
    c = count(draw, 1, 3)
    return c, matrix(draw, c * 2 ** count(draw, 1, 3), count(draw))


@law(data.target_parts)
def _(draw):
    c, y = context_table(draw)
    return {"y": y, "contexts": c}, parts_of


@law(data.learned_shares)
def _(draw):
    def truth(output, y, contexts):
        assert output.shape[-2:] == y.shape
        return {
            name: (output * part).sum((-2, -1)) / float((part**2).sum()) for name, part in parts_of(y, contexts).items()
        }

    c, y = context_table(draw)
    return {"output": matrix(draw, *y.shape), "y": y, "contexts": c}, truth


@law(gdln.context_gates)
def _(draw):
    def truth(x, subsets, contexts):
        rows = x[:, x.shape[1] - contexts :].tolist()
        assert contexts >= 1 and x.shape[1] >= contexts
        assert all(isinstance(c, int) and 0 <= c < contexts for subset in subsets for c in subset)
        return doubles([[sum(row[c] for c in set(s)) for s in subsets] for row in rows]).reshape(len(x), len(subsets))

    c = count(draw)
    subset = st.lists(st.integers(0, c - 1), min_size=1, unique=True)
    subsets = draw(st.lists(subset, min_size=1, max_size=4))
    return {"x": data.multi_context_task(c, 2)[0], "subsets": subsets, "contexts": c}, truth


@law(gdln.context_subsets)
def _(draw):
    def truth(contexts, sizes):
        assert contexts >= 1 and all(isinstance(size, int) and 1 <= size <= contexts for size in sizes)
        masks = range(2**contexts)
        found = [tuple(range(contexts))]
        for size in sizes:
            found += sorted(
                tuple(c for c in range(contexts) if mask >> c & 1) for mask in masks if mask.bit_count() == size
            )
        return found

    c = count(draw)
    return {"contexts": c, "sizes": draw(st.lists(st.integers(1, c), max_size=3))}, truth


@law(gdln.context_gdln, call=lambda _seed, **rest: context_net(_seed, **rest).maps())
def _(draw):
    def truth(_seed, contexts, items, std, common, others):
        assert min(contexts - 1, common, others) >= 1 and 0 <= std < math.inf
        assert items > 1 and items.bit_count() == 1
        net = context_net(_seed, contexts=contexts, items=items, std=std, common=common, others=others)
        first, second = (w.detach() for w in net.weights)
        ends = list(itertools.accumulate([0, common, *[others] * contexts]))
        assert ends[-1] == len(first) and second.shape == ((contexts + 1) * (2 * items - 1), len(first))
        return torch.stack([second[:, a:b] @ first[a:b] for a, b in itertools.pairwise(ends)])

    sizes = {
        "contexts": count(draw, 2, 4),
        "items": 2 ** count(draw, 1, 2),
        "common": count(draw),
        "others": count(draw),
    }
    return {"_seed": draw(SEEDS), "std": positive(draw), **sizes}, truth


def context_net(seed, **sizes):
    return gdln.context_gdln(**sizes, generator=seeded(seed))


@law(gdln.context_theory, call=lambda **arguments: theory_numbers(**arguments))
def _(draw):
    def truth(contexts, items, lr, std, common):
        """The end of training: every mode is learned, and their energies are those of the parts of the task."""
        assert contexts >= 2 and common >= 1 and 0 < lr < math.inf and 0 < std < math.inf
        parts = parts_of(task(contexts, items)[1], contexts)
        return {name: float((part**2).sum() / 2) for name, part in parts.items()}

    sizes = {"contexts": count(draw, 2, 4), "items": 2 ** count(draw, 1, 3), "common": count(draw, 50, 60)}
    return {"lr": 1e-3, "std": draw(st.floats(1e-6, 1e-5)), **sizes}, truth


def theory_numbers(**arguments):
    """Return for each mode what it adds to the loss if it is not learned: ½ copies · s²/d."""
    modes = gdln.context_theory(**arguments, others=7)
    energies = {mode.name: mode.copies * mode.s**2 / mode.d / 2 for mode in modes}
    order = parts_of(task(arguments["contexts"], arguments["items"])[1], arguments["contexts"])
    return {name: energies[name] for name in order}


@law(gdln.own_modes, call=lambda **arguments: strengths(gdln.own_modes(**arguments)))
def _(draw):
    def truth(blocks, lr, std, common, others):
        """The strengths of all modes, squared: of the common ones, and of what no linear map can learn."""
        contexts, items = len(blocks), blocks[0].shape[1]
        assert contexts >= 2 and common >= 1 and others >= 1 and 0 < lr < math.inf and 0 < std < math.inf
        x, y = task(contexts, items, blocks)
        apart = sum(float(((b - b.double().mean(1, keepdim=True)) ** 2).sum()) for b in blocks)
        return {"common": float(((y.T @ x) ** 2).sum()), "context": (1 - 1 / contexts) * apart}

    contexts, items = count(draw, 2, 3), 2 ** count(draw, 1, 2)
    blocks = [matrix(draw, 2 * items - 1, items) for _ in range(contexts)]
    assume(all(float((b - b.mean(1, keepdim=True)).norm()) > 0.1 for b in blocks))
    sizes = {"common": count(draw, 50, 60), "others": count(draw, 5, 9)}
    return {"blocks": blocks, "lr": 1e-3, "std": draw(st.floats(1e-6, 1e-5)), **sizes}, truth


def strengths(modes):
    return {kind: sum(mode.s**2 for mode in modes if mode.name == kind) for kind in ("common", "context")}


@law(gdln.Mode, call=lambda mode, t, lr: (mode.strength(t, lr), mode.loss(t, lr)))
def _(draw):
    def truth(mode, t, lr):
        assert lr > 0 and torch.isfinite(t).all() and not t.is_complex()
        s, d, growth = mode.s, mode.d, torch.exp(-2 * mode.s * lr * (t - mode.begin))
        a = s / (d + (s / mode.start - d) * growth)
        return a, mode.copies * (s - d * a) ** 2 / d / 2

    mode = gdln.Mode("mean", count(draw), *(positive(draw) for _ in range(4)))
    return {"mode": mode, "lr": positive(draw), "t": matrix(draw, 1, count(draw))[0].abs()}, truth


@law(gdln.race_score)
def _(draw):
    def truth(contexts, size):
        assert isinstance(size, int) and isinstance(contexts, int) and 1 <= size < contexts
        c, m = contexts, size
        return (math.sqrt(c * c + c) - math.sqrt(m * m + m)) / math.sqrt(m * (c * c + c) * (c - m) / c)

    c = count(draw, 2)
    return {"contexts": c, "size": draw(st.integers(1, c - 1))}, truth


def hidden_units(draw):
    c = count(draw, 1, 3)
    return c, matrix(draw, c * 2 ** count(draw, 1, 2), count(draw)).relu() + 0.02


def unit_tables(hidden, contexts):
    """Return for each unit that is not silent its table (C, I)."""
    assert contexts >= 1 and hidden.ndim == 2 and len(hidden) % contexts == 0 and torch.isfinite(hidden).all()
    assert not (hidden < 0).any()
    tables = [column.reshape(contexts, -1).tolist() for column in hidden.T]
    tables = [table for table in tables if any(map(any, table))]
    assert tables
    return tables


def open_table(table, threshold=0.01):
    peak = max(map(max, table))
    return [[value > threshold * peak for value in row] for row in table]


@law(selectivity.open_contexts)
def _(draw):
    def truth(hidden, contexts):
        tables = [open_table(table) for table in unit_tables(hidden, contexts)]
        counts = [sum(column) for table in tables for column in zip(*table, strict=True)]
        return doubles([counts.count(number) / len(counts) for number in range(contexts + 1)])

    c, hidden = hidden_units(draw)
    return {"hidden": hidden, "contexts": c}, truth


@law(selectivity.selectivity)
def _(draw):
    def truth(hidden, contexts):
        rows = []
        for table in unit_tables(hidden, contexts):
            active = sum(map(any, open_table(table)))
            mean = statistics.fmean(itertools.chain(*table))
            total = statistics.fmean((value - mean) ** 2 for row in table for value in row)
            by_item = statistics.fmean((statistics.fmean(column) - mean) ** 2 for column in zip(*table, strict=True))
            by_context = statistics.fmean((statistics.fmean(row) - mean) ** 2 for row in table)
            shares = [by_item, by_context, total - by_item - by_context]
            item, context, rest = [share / total if total > 1e-30 else 0.0 for share in shares]
            energy = [sum(value**2 for value in row) for row in table]
            spread = sum(energy) ** 2 / sum(e**2 for e in energy)
            mixed = item > 0.1 and context + rest > 0.1
            rows.append([active == 1, active, active >= contexts - 1, item, context, rest, mixed, spread])
        return [statistics.fmean(map(float, column)) for column in zip(*rows, strict=True)]

    c, hidden = hidden_units(draw)
    return {"hidden": hidden, "contexts": c}, truth


@law(selectivity.product_units)
def _(draw):
    def truth(hidden, contexts):
        tables = unit_tables(hidden, contexts)
        shares = [0.0] * (contexts + 1)
        for table in tables:
            rows = [row for row, on in zip(table, open_table(table), strict=True) if any(on)]
            mean = [statistics.fmean(column) for column in zip(*rows, strict=True)]
            off = [[0.0] * len(mean)] * (contexts - len(rows))
            near = sum((a - b) ** 2 for row in rows for a, b in zip(row, mean, strict=True))
            near += sum(a**2 for row, on in zip(table, open_table(table), strict=True) if not any(on) for a in row)
            if near < 0.01 * sum(value**2 for row in table for value in row):
                shares[contexts - len(off)] += 1 / len(tables)
        return doubles(shares)

    c, hidden = hidden_units(draw)
    return {"hidden": hidden, "contexts": c}, truth


@law(selectivity.interaction_levels)
def _(draw):
    def truth(hidden, contexts):
        unit_tables(hidden, contexts)
        parts = {
            int(name[8:]): (part**2).sum(0)
            for name, part in parts_of(hidden, contexts).items()
            if name.startswith("context ")
        }
        assert parts
        total = sum(parts.values())
        chosen = total > 1e-24 * hidden.amax(0) ** 2
        assert chosen.any()
        return {square: float((part / total)[chosen].mean()) for square, part in parts.items()}

    c = count(draw, 2, 3)
    hidden = matrix(draw, c * 2 ** count(draw, 1, 2), count(draw)).relu() + 0.02
    return {"hidden": hidden, "contexts": c}, truth


# ---- what is thrown at them ------------------------------------------------------------------------------------------


def with_entry(value):
    def spoil(tensor):
        if not (tensor.is_floating_point() and tensor.numel()):
            return None
        spoiled = tensor.clone()
        spoiled.view(-1)[spoiled.numel() // 2] = value
        return spoiled

    return spoil


def strided(tensor):
    """Return the same numbers at every other place of the memory."""
    return torch.stack([tensor, tensor], dim=-1)[..., 0] if tensor.numel() > 1 else None


TENSORS = {
    "strided": strided,
    "transposed in memory": lambda t: t.mT.contiguous().mT if t.ndim > 1 and min(t.shape[-2:]) > 1 else None,
    "needs a gradient": lambda t: t.clone().requires_grad_() if t.is_floating_point() else None,
    "nan": with_entry(math.nan),
    "inf": with_entry(math.inf),
    "minus inf": with_entry(-math.inf),
    "empty": lambda t: t[:0],
    "no columns": lambda t: t[:, :0] if t.ndim > 1 else None,
    "one more dimension": lambda t: t[None],
    "one dimension less": lambda t: t[0] if t.ndim else None,
    "one more row": lambda t: torch.cat([t, t[:1]]),
    "one more column": lambda t: torch.cat([t, t[:, :1]], dim=1) if t.ndim > 1 else None,
    "zeros": torch.zeros_like,
    "float32": lambda t: t.float(),
    "float16": lambda t: t.half(),
    "bfloat16": lambda t: t.bfloat16(),
    "int64": lambda t: t.double().round().long(),
    "bool": lambda t: t > 0,
    "complex": lambda t: t.to(torch.complex128),
}
VALUES, DTYPES = ("nan", "inf", "minus inf"), ("float32", "float16", "bfloat16", "int64", "bool")
NUMBERS = {
    "nan": lambda v: math.nan,
    "inf": lambda v: math.inf,
    "minus inf": lambda v: -math.inf,
    "zero": lambda v: 0,
    "minus one": lambda v: -1,
}
LISTS = {
    "empty": lambda v: [],
}
TOLERANCES = {torch.float32: 1e-3, torch.float16: 0.1, torch.bfloat16: 0.3}


def kinds(value):
    if isinstance(value, Tensor):
        return TENSORS
    if isinstance(value, bool) or value is None:
        return {}
    if isinstance(value, int | float):
        return NUMBERS
    return LISTS if isinstance(value, list | tuple) else {}


def wide(tensor):
    """Return the numbers of a tensor as NumPy reads them, without rounding."""
    return tensor.detach().to(torch.complex128 if tensor.is_complex() else torch.float64).numpy()


def call(function, how, arguments):
    """Return what comes back, and assert that the arguments were left as they are."""
    before = {name: value.detach().clone() for name, value in arguments.items() if isinstance(value, Tensor)}
    answer = how(**arguments)
    for name, value in before.items():
        unchanged = np.array_equal(wide(arguments[name]), wide(value), equal_nan=True)
        assert unchanged, f"{function.__name__} changed its argument {name}"
    return answer


def defined(truth, arguments):
    """Return the truth; other arguments are drawn if there is none for these, e.g. if no path is active."""
    try:
        return truth(**{key: plain(value) for key, value in arguments.items()})
    except AssertionError:
        assume(False)


settings_here = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], phases=[Phase.generate, Phase.shrink]
)


@pytest.mark.parametrize("name", LAWS)
@settings_here
@given(drawn=st.data())
def test_it_gives_the_truth(name, drawn):
    function, draw_arguments, how = LAWS[name]
    arguments, truth = draw_arguments(drawn.draw)
    expected = defined(truth, arguments)
    assert same(call(function, how, arguments), expected)


def problem(name, arguments, truth, argument, kind):
    """Return what is wrong with the answer when this argument is made hostile in this way, or None."""
    function, _, how = LAWS[name]
    value = kinds(arguments[argument])[kind](arguments[argument])
    if value is None:
        return None
    arguments = {**arguments, argument: value}
    try:
        answer = call(function, how, arguments)
    except documented(function) as error:
        if kind in ("strided", "transposed in memory"):
            return f"is no reason for {error!r}"
        values = kind in (*VALUES, "complex") or kind in DTYPES  # else a shape, which may fail to fit several
        names = [argument] if values and isinstance(value, Tensor) else [*arguments, *signature(function)]
        named = isinstance(error, ArithmeticError) or re.search(rf"\b({'|'.join(names)})\b", str(error))
        return None if named else f"is not named by {error!r}"
    except Exception as error:
        return f"gives an error that is not documented, {error!r}"
    tolerance = TOLERANCES.get(getattr(value, "dtype", None), 1e-8)
    try:
        expected = truth(**{key: plain(entry) for key, entry in {**arguments, argument: value}.items()})
    except Exception as error:
        return f"gives {answer} where there is none: {error!r}"
    return None if same(answer, expected, tolerance) else f"gives {answer} and not {expected}"


@pytest.mark.parametrize("name", LAWS)
@settings(settings_here, max_examples=8)
@given(drawn=st.data())
def test_hostile_arguments_give_the_truth_or_the_documented_error(name, drawn):
    arguments, truth = LAWS[name][1](drawn.draw)
    defined(truth, arguments)
    found = {}
    for argument, value in arguments.items():
        for kind in kinds(value):
            if argument != "name" and not argument.startswith("_"):
                found[argument, kind] = problem(name, arguments, truth, argument, kind)
    found = {key: text for key, text in found.items() if text}
    assert not found, "\n".join(f"{argument}, {kind}: {text[:300]}" for (argument, kind), text in found.items())


def test_every_public_name_has_a_law():
    public = {
        name
        for module in MODULES
        for name, value in vars(module).items()
        if (name in module.__all__ if hasattr(module, "__all__") else not name.startswith("_"))
        and callable(value)
        and value.__module__.startswith(module.__name__)
        and value.__module__
        not in ("dlgn_lib.data.images", "dlgn_lib.data.archives")  # files: test_images, test_archives
    }
    others = {
        "TooManyPathsError", "DivergenceError",  # exceptions
        "Collapse",  # what `collapse` returns
        "check_fits",  # test_paths
        "ConvDLGN", "GatedModule", "RoutedNet",  # test_routed
        "as_gated",  # takes a module, no tensor: test_adapt
        "train_classifier",  # runs on images: test_classifiers
    }  # fmt: skip
    inner = {"check_count", "check_labels", "seed_names"}  # of settings, not of mathematics
    assert public - others == set(LAWS) - inner
