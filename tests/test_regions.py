"""Regions of paths and of activation patterns, against exact gates computed as in the textbook."""

import itertools
import math
from fractions import Fraction

import pytest
import torch
from cases import MEMBERS, make, name, nets, seeded
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from dlgn_lib.models import DLGN, DeepLinearNet, GaLUNet, GatedNet, ReLUNet
from dlgn_lib.normals import axial_resultant, gate_correlation, mean_cosine, participation_ratio
from dlgn_lib.paths import path_gates
from dlgn_lib.regions import activation_regions, path_region, region_area

AREA = 1e-9  # largest difference of a float area from the exact one, relative to the area of the bounds
HALF = Fraction(1, 2)

every_member = pytest.mark.parametrize("member", MEMBERS, ids=name)
flat_nets = nets(in_dim=2, width=4, depth=3, out_dim=1, coarse=None)


def bounds_of(net):
    """Return bounds that hold the origin off their centre."""
    return (-2, 1.5) if net.in_dim == 1 else ((-2, 1.5), (-1, 2))


def total(net):
    return Fraction(7, 2) if net.in_dim == 1 else Fraction(21, 2)


def exact_z(net, point):
    """Return the pre-activations of every layer at one point in fractions, one unit at a time."""
    if isinstance(net, DeepLinearNet):
        return [[Fraction(0)] * units for units in net.widths]
    layers = net.value_layers[:-1] if isinstance(net, ReLUNet) else net.gate_layers
    z = []
    for layer in layers:
        below = list(point)
        if z and not (isinstance(net, DLGN) and net.shallow):
            below = z[-1] if isinstance(net, DLGN) else [max(a, 0) for a in z[-1]]
        bias = [0.0] * len(layer.weight) if layer.bias is None else layer.bias.tolist()
        z.append(
            [
                sum(Fraction(w) * a for w, a in zip(row, below, strict=True)) + Fraction(b)
                for row, b in zip(layer.weight.tolist(), bias, strict=True)
            ]
        )
    return z


def path_z(net, path, point):
    """Return the pre-activations along a path in fractions; the constant unit has 1."""
    return [[*z, Fraction(1)][unit] for z, unit in zip(exact_z(net, point), path, strict=True)]


def pattern_at(net, point):
    return tuple(tuple(int(a >= 0) for a in z) for z in exact_z(net, point))


def inside(piece, point, margin=0):
    """Return whether a point lies in a closed interval or counter-clockwise polygon, at least `margin` deep."""
    if len(point) == 1:
        return piece[0] + margin <= point[0] <= piece[1] - margin
    corners = piece.tolist() if isinstance(piece, torch.Tensor) else piece
    edges = zip(corners, [*corners[1:], *corners[:1]], strict=True)
    return len(corners) > 0 and all(
        (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]) >= margin for a, b in edges
    )


def pieces_of(region, net):
    """Return a region as a list of pieces, also where it is a single polygon."""
    return [region] if isinstance(region, torch.Tensor) else region


def middle(piece, dim):
    if dim == 1:
        return [(piece[0] + piece[1]) / 2]
    return [sum(column) / Fraction(len(piece)) for column in zip(*piece, strict=True)]


def random_points(net, n, seed):
    """Return points in the bounds as fractions; multiples of 1/8 also meet the boundaries of coarse nets."""
    low_high = [bounds_of(net)] if net.in_dim == 1 else bounds_of(net)
    steps = torch.rand(n, net.in_dim, generator=seeded(seed)).tolist()
    return [
        [
            Fraction(low) + round(8 * t * (high - low)) * Fraction(1, 8)
            for t, (low, high) in zip(row, low_high, strict=True)
        ]
        for row in steps
    ]


# --- Figure 1, computed ----------------------------------------------------------------------------------------------


def figure_1_left():
    dead = [0, 0, 0, 0]
    return ReLUNet.from_weights(
        [[[1], [1], [1], [1]], [[1, -2, 2, -2], dead, dead, dead], [[1, 0, 0, 0]]],
        [[0, -1, -2, -3], [-0.5, -1, -1, -1], [0]],
    )


def figure_1_right(eps):
    return ReLUNet.from_weights([[[1, 0], [0, -1]], [[0, eps], [0, 0]], [[1, 0]]])


def test_figure_1_left():
    net = figure_1_left()
    assert path_region(net, (0, 0), (-1, 5)) == [(0.5, 1.5), (2.5, 3.5)]
    assert path_region(net, (0, 0), (-1, 5), exact=True) == [(HALF, 3 * HALF), (5 * HALF, 7 * HALF)]
    assert region_area(path_region(net, (0, 0), (-1, 5), exact=True)) == 2
    assert path_region(net, (2, 0), (-1, 5), exact=True) == [(5 * HALF, 7 * HALF)]
    assert path_region(net, (0, 1), (-1, 5)) == []
    assert path_region(net, (4, 0), (-1, 1), exact=True) == [(HALF, 1)]  # the constant unit below green
    assert path_region(net, (0, 4), (-1, 5)) == [(0.0, 5.0)]
    assert path_region(net, (4, 4), (-1, 5)) == [(-1.0, 5.0)]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("eps", [1, 1e-3, 1e-9, 0, -1e-9, -1e-3, -1])
def test_figure_1_right(eps, exact):
    pieces = path_region(figure_1_right(eps), torch.tensor([0, 0]), ((-2, 2), (-3, 1)), exact=exact)
    area = region_area(pieces)
    assert area == (8 if eps >= 0 else 2) and isinstance(area, Fraction if exact else float)
    corners = [tuple(corner) for piece in pieces for corner in (piece if exact else piece.tolist())]
    half_plane = {(0, -3), (2, -3), (0, 0), (2, 0), (0, 1), (2, 1)}
    quadrant = {(0, 0), (2, 0), (0, 1), (2, 1)}
    assert set(corners) == (half_plane if eps >= 0 else quadrant)
    assert "-0.0" not in repr(corners)


def test_two_polygons_by_hand():
    net = DLGN(2, 2, 2, bias=True).double()
    with torch.no_grad():
        for layer, weight, bias in zip(
            net.gate_layers, [[[1, 0], [0, 1]], [[-1, -1], [1, 1]]], [[0, 0], [1, -5]], strict=True
        ):
            layer.weight.copy_(torch.tensor(weight))
            layer.bias.copy_(torch.tensor(bias))
    triangle = path_region(net, (0, 0), ((-1, 2), (0, 2)))  # x >= 0 and x + y <= 1 above y = 0
    assert triangle.dtype == torch.float64 and sorted(triangle.tolist()) == [[0, 0], [0, 1], [1, 0]]
    assert region_area(triangle) == 0.5
    exact = path_region(net, (0, 0), ((-1, 2), (0, 2)), exact=True)
    assert [sorted(polygon) for polygon in exact] == [[(0, 0), (0, 1), (1, 0)]]
    never = path_region(net, (0, 1), ((-1, 2), (0, 2)))
    assert never.shape == (0, 2) and region_area(never) == 0
    assert path_region(net, (0, 1), ((-1, 2), (0, 2)), exact=True) == []


# --- a point is in the region exactly if the path's gates are on there --------------------------------------------------


@settings(max_examples=150)
@given(flat_nets, st.data())
def test_membership_in_fractions(net, data):
    constant = net.value_layers[0].bias is not None
    path = data.draw(st.tuples(*(st.integers(0, units - 1 + constant) for units in net.widths)))
    pieces = path_region(net, path, bounds_of(net), exact=True)
    for point in random_points(net, 20, seed=data.draw(st.integers(0, 99))):
        z = path_z(net, path, point)
        found = any(inside(piece, point) for piece in pieces)
        if net.in_dim == 1:
            assert found == (min(z) >= 0)
        else:  # parts without area are left out
            assert (min(z) >= 0) if found else (min(z) <= 0)
    for piece in pieces:  # the region is closed: its corners belong to it, and so do the points between them
        for point in [[a] for a in piece] if net.in_dim == 1 else piece:
            assert min(path_z(net, path, point)) >= 0
        assert min(path_z(net, path, middle(piece, net.in_dim))) >= 0


@settings(max_examples=100)
@given(nets(in_dim=1, width=4, depth=3, out_dim=1, coarse=None), st.data())
def test_intervals_are_disjoint_and_end_where_a_gate_switches(net, data):
    path = data.draw(st.tuples(*(st.integers(0, units - 1) for units in net.widths)))
    low, high = bounds_of(net)
    intervals = path_region(net, path, (low, high), exact=True)
    ends = [a for interval in intervals for a in interval]
    assert all(a <= b for a, b in intervals) and all(b < c for (_, b), (c, _) in itertools.pairwise(intervals))
    assert all(min(path_z(net, path, [a])) == 0 for a in ends if low < a < high)
    for (_, b), (c, _) in itertools.pairwise(intervals):
        assert min(path_z(net, path, [(b + c) / 2])) < 0
    if not isinstance(net, ReLUNet | GaLUNet):
        assert len(intervals) <= 1


@settings(max_examples=150)
@given(nets(in_dim=2, width=5, depth=4, out_dim=1), st.data())
def test_membership_in_floats(net, data):
    path = data.draw(st.tuples(*(st.integers(0, units - 1) for units in net.widths)))
    region = path_region(net, path, bounds_of(net))
    corners = torch.tensor([bounds_of(net)] if net.in_dim == 1 else bounds_of(net)).double()
    x = corners[:, 0] + torch.rand(50, net.in_dim, generator=seeded(0)).double() * (corners[:, 1] - corners[:, 0])
    z = torch.stack([z[:, unit] for z, unit in zip(net.preactivations(x), path, strict=True)])
    clear = (z.abs() > 1e-9).all(0) | isinstance(net, DeepLinearNet)
    active = path_gates(net, x, torch.tensor([path]), hard=True)[:, 0].bool()
    for point, is_clear, is_active in zip(x.tolist(), clear, active, strict=True):
        assert not is_clear or any(inside(piece, point, -1e-12) for piece in pieces_of(region, net)) == is_active


# --- floats, fractions and activation regions agree ---------------------------------------------------------------------


@settings(max_examples=150)
@given(flat_nets, st.data())
def test_float_area_is_the_exact_area(net, data):
    path = data.draw(st.tuples(*(st.integers(0, units - 1) for units in net.widths)))
    exact = region_area(path_region(net, path, bounds_of(net), exact=True))
    rounded = region_area(path_region(net, path, bounds_of(net)))
    assert exact == 0 or isinstance(exact, Fraction)
    assert float(rounded) == pytest.approx(float(exact), rel=0, abs=AREA * float(total(net)))


@settings(max_examples=100)
@given(flat_nets)
def test_activation_regions_tile_the_bounds(net):
    regions = activation_regions(net, bounds_of(net), exact=True)
    pieces = [piece for piece, _ in regions]
    assert region_area(pieces) == total(net)
    assert all(region_area([piece]) > 0 for piece in pieces)
    for piece, pattern in regions:
        assert pattern == pattern_at(net, middle(piece, net.in_dim))
    for point in random_points(net, 10, seed=1):
        assert any(inside(piece, point) for piece in pieces)
    assert len({pattern for _, pattern in regions}) == len(regions)

    rounded = activation_regions(net, bounds_of(net))
    assert float(region_area([piece for piece, _ in rounded])) == pytest.approx(float(total(net)), rel=AREA)


@settings(max_examples=100)
@given(flat_nets, st.data())
def test_path_region_is_the_union_of_its_activation_regions(net, data):
    path = data.draw(st.tuples(*(st.integers(0, units - 1) for units in net.widths)))
    regions = activation_regions(net, bounds_of(net), exact=True)
    members = [
        piece for piece, pattern in regions if all(layer[unit] for layer, unit in zip(pattern, path, strict=True))
    ]
    pieces = path_region(net, path, bounds_of(net), exact=True)
    assert region_area(pieces) == region_area(members)
    for member in members:
        assert any(inside(piece, middle(member, net.in_dim)) for piece in pieces)


@every_member
def test_float_patterns_are_the_gates_inside(member):
    net = make(member, 2, 5, 3, seed=11)
    regions = activation_regions(net, ((-1, 1), (-1, 1)))
    wide = [(piece, pattern) for piece, pattern in regions if region_area(piece) > 1e-6]
    points = torch.stack([piece.mean(0) for piece, _ in wide])
    gates = torch.stack(net.gates(points, hard=True), dim=1)  # (regions, depth, M)
    assert gates.int().tolist() == [[list(layer) for layer in pattern] for _, pattern in wide]
    assert len(wide) > (1 if member["kind"] is not DeepLinearNet else 0)


# --- shapes ---------------------------------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(nets(members=[m for m in MEMBERS if m["kind"] is DLGN], in_dim=2, width=4, depth=4, coarse=None), st.data())
def test_the_region_of_a_dlgn_is_one_convex_polygon(net, data):
    assume(net.in_dim == 2)
    path = data.draw(st.tuples(*(st.integers(0, units - 1) for units in net.widths)))
    polygon = path_region(net, path, bounds_of(net))
    assert polygon.dtype == torch.float64 and polygon.shape[1:] == (2,) and len(polygon) != 1
    for normals, offsets, unit in [(*pair, unit) for pair, unit in zip(net.half_spaces(), path, strict=True)]:
        assert (polygon @ normals[unit] + offsets[unit] >= -1e-9).all()
    edges = polygon.roll(-1, 0) - polygon
    turns = edges[:, 0] * edges.roll(-1, 0)[:, 1] - edges[:, 1] * edges.roll(-1, 0)[:, 0]
    assert (turns >= -1e-9).all()  # to the left: convex and counter-clockwise
    assert len(path_region(net, path, bounds_of(net), exact=True)) == (len(polygon) > 0)


@given(nets(members=[m for m in MEMBERS if m["kind"] in (ReLUNet, GaLUNet)], in_dim=2, width=4, depth=3), st.data())
def test_pieces_of_a_relu_region_are_convex_polygons(net, data):
    assume(net.in_dim == 2)
    path = data.draw(st.tuples(*(st.integers(0, units - 1) for units in net.widths)))
    for piece in path_region(net, path, bounds_of(net)):
        assert piece.dtype == torch.float64 and piece.shape[1:] == (2,) and len(piece) >= 3
        assert inside(piece, piece.mean(0).tolist())
        assert all(inside(piece, corner, -1e-9) for corner in piece.tolist())


@pytest.mark.parametrize("bias", [False, True])
def test_a_deep_linear_path_is_active_everywhere(bias):
    for in_dim, bounds in [(1, (-1, 3)), (2, ((-1, 3), (0, 2)))]:
        net = make({"kind": DeepLinearNet, "bias": bias}, in_dim, 3, 2)
        whole = path_region(net, (2, 0), bounds)
        assert region_area(whole) == 4 * in_dim
        assert region_area(path_region(net, (2, 0), bounds, exact=True)) == 4 * in_dim
        assert [pattern for _, pattern in activation_regions(net, bounds)] == [((1, 1, 1), (1, 1, 1))]


def test_a_single_point_is_a_region_in_fractions_only():
    net = DLGN(1, 2, 2, shallow=True).double()
    with torch.no_grad():
        net.gate_layers[0].weight.copy_(torch.tensor([[1], [-1]]))
        net.gate_layers[1].weight.copy_(torch.tensor([[1], [-1]]))
    assert path_region(net, (0, 1), (-1, 1), exact=True) == [(0, 0)]
    assert path_region(net, (0, 1), (-1, 1)) == []
    relu = ReLUNet.from_weights([[[1], [-1]], [[-1, 0], [0, -1]], [[1, 1]]])
    assert path_region(relu, (0, 0), (-1, 1), exact=True) == [(0, 0)]
    assert path_region(relu, (0, 0), (-1, 1)) == []


def test_touching_pieces_are_merged():
    net = ReLUNet.from_weights([[[1], [1]], [[1, 1], [0, 0]], [[1, 1]]], [[0, -1], [0, 0], [0]])  # kinks at 0 and 1
    assert path_region(net, (2, 0), (-1, 3)) == [(-1.0, 3.0)]
    assert path_region(net, (2, 0), (-1, 3), exact=True) == [(-1, 3)]


def test_bounds_are_exact_fractions_too():
    net = ReLUNet.from_weights([[[1]], [[1]]])
    assert path_region(net, [0], (Fraction(-1, 3), Fraction(1, 3)), exact=True) == [(0, Fraction(1, 3))]
    assert path_region(net, [0], torch.tensor([-1, 0.5])) == [(0.0, 0.5)]


def test_nothing_is_rounded_in_fractions():
    net = ReLUNet.from_weights([[[1]], [[1]]], [[-1e-15], [0]])
    assert path_region(net, [0], (0, 1), exact=True) == [(Fraction(1e-15), 1)]
    assert path_region(net, [0], (0, 1)) == [(0.0, 1.0)]  # within the tolerance


@pytest.mark.parametrize("seed", range(5))
def test_bias_free_boundaries_meet_at_the_origin_without_slivers(seed):
    net = make({"kind": ReLUNet}, 2, 12, 2, seed=seed)
    bounds = ((-1, 1), (-0.7, 0.9))
    sectors = [pattern for _, pattern in activation_regions(net, bounds, exact=True)]
    found = [pattern for _, pattern in activation_regions(net, bounds)]
    assert len(sectors) >= 24 and sorted(found) == sorted(sectors)


def test_a_tiny_piece_is_dropped_in_floats_only():
    net = DLGN(2, 1, 3, bias=True, shallow=True).double()
    with torch.no_grad():
        for layer, weight, bias in zip(net.gate_layers, [[1, 0], [0, 1], [-1, -1]], [0, 0, 2**-41], strict=True):
            layer.weight.copy_(torch.tensor([weight]))
            layer.bias.fill_(bias)
    assert region_area(path_region(net, (0, 0, 0), ((-1, 1), (-1, 1)), exact=True)) == Fraction(1, 2**83)
    assert path_region(net, (0, 0, 0), ((-1, 1), (-1, 1))).shape == (0, 2)


def test_no_needless_pieces():
    net = make({"kind": ReLUNet}, 2, 8, 1)
    assert len(activation_regions(net, ((-1, 1), (-1, 1)))) == 16
    assert [len(path_region(net, [unit], ((-1, 1), (-1, 1)))) for unit in range(8)] == [
        1
    ] * 8  # a half-plane is one piece


def test_float32_nets_are_taken_as_they_are():
    net = make({"kind": ReLUNet, "bias": True}, 2, 4, 2, dtype=torch.float32)
    single = path_region(net, (1, 2), ((-1, 1), (-1, 1)), exact=True)
    assert single == path_region(net.double(), (1, 2), ((-1, 1), (-1, 1)), exact=True)
    assert region_area(single) > 0


def test_bounds_far_from_the_origin():
    net = ReLUNet.from_weights([[[1, 0], [0, 1]], [[1, 1], [0, 0]], [[1, 1]]], [[-1000, -1000], [-0.25, 0], [0]])
    bounds = ((999, 1001), (999, 1001))
    assert float(region_area(path_region(net, (0, 0), bounds, exact=True))) == 0.75 + 1 - 0.25**2 / 2 - 0.0
    assert region_area(path_region(net, (0, 0), bounds)) == pytest.approx(1.75 - 0.25**2 / 2, abs=1e-8)


@pytest.mark.parametrize("size", [1e-6, 1e-3, 1.0, 1e3, 1e6])
@pytest.mark.parametrize("centre", [(0.0, 0.0), (0.3, -0.2), (50.0, -20.0)])
@pytest.mark.parametrize("seed", range(4))
def test_bounds_of_any_size_lose_no_region(seed, centre, size):
    """As many regions as in fractions, with the same patterns, and none of the area missing."""
    net = make({"kind": ReLUNet, "bias": True}, 2, 7, 2, seed=seed)
    bounds = tuple((c - size, c + size) for c in centre)
    found = activation_regions(net, bounds)
    exact = activation_regions(net, bounds, exact=True)
    assert sorted(pattern for _, pattern in found) == sorted(pattern for _, pattern in exact)
    assert region_area([polygon for polygon, _ in found]) == pytest.approx(4 * size**2, rel=1e-6)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_intervals_of_any_size_lose_no_region(size):
    for seed in range(6):
        net = make({"kind": ReLUNet, "bias": True}, 1, 9, 2, seed=seed)
        found, exact = (activation_regions(net, (-size, size), exact=e) for e in (False, True))
        assert [pattern for _, pattern in found] == [pattern for _, pattern in exact]


@pytest.mark.parametrize("bias", [False, True])
def test_a_net_of_trained_size(bias):
    net = make({"kind": ReLUNet, "bias": bias}, 2, 64, 4, seed=0)
    x = 2 * torch.rand(20_000, 2, generator=seeded(1)).double() - 1
    share = torch.stack(net.gates(x)).mean(1)  # (depth, M)
    path = share.argsort(descending=True)[:, 20]
    pieces = path_region(net, path, ((-1, 1), (-1, 1)))
    measured = path_gates(net, x, path[None]).mean().item()
    assert 0.05 < measured < 0.95 and len(pieces) > 20
    assert region_area(pieces) / 4 == pytest.approx(measured, abs=5 * (measured * (1 - measured) / len(x)) ** 0.5)


# --- area -----------------------------------------------------------------------------------------------------------------


def test_region_area_by_hand():
    square = torch.tensor([[0, 0], [2, 0], [2, 2], [0, 2]])
    assert region_area(square) == region_area([square]) == region_area([square.tolist()]) == 4
    assert region_area([[(0, 0), (1, 0), (0, Fraction(1, 3))], [(5, 5), (6, 5), (6, 6)]]) == Fraction(2, 3)
    assert region_area([(0.5, 1.0), (2, 4)]) == 2.5
    assert region_area([(Fraction(1, 3), Fraction(1, 2))]) == Fraction(1, 6)
    assert region_area([]) == region_area(torch.zeros(0, 2)) == 0


@pytest.mark.parametrize("piece", [(1, 2, 3), [(1, 2, 3)], 5, torch.zeros(3, 3)])
def test_region_area_of_something_else(piece):
    with pytest.raises(
        ValueError, match=r"a piece must be an interval \(low, high\) or a polygon of shape \(V, 2\), got"
    ):
        region_area([piece])


# --- bad input ------------------------------------------------------------------------------------------------------------

line, plane, space = (make({"kind": ReLUNet}, in_dim, 3, 2) for in_dim in (1, 2, 3))
diverged = make({"kind": DLGN}, 1, 3, 2)
nn.init.constant_(diverged.gate_layers[1].weight, math.nan)
biased = make({"kind": ReLUNet, "bias": True}, 1, 3, 2)
BAD_BOUNDS = {
    "low above high": (line, (1, -1), ValueError, "bounds must be (low, high) with finite low < high"),
    "empty": (line, (1, 1), ValueError, "got (1, 1)"),
    "nan": (line, (0, math.nan), ValueError, "finite low < high"),
    "infinite": (line, (-math.inf, 1), ValueError, "got (-inf, 1)"),
    "three numbers": (line, (0, 1, 2), ValueError, "got (0, 1, 2)"),
    "a number": (line, 1, TypeError, "a net with in_dim=1, got 1"),
    "text": (line, ("a", "b"), TypeError, "got ('a', 'b')"),
    "flat for two inputs": (plane, (-1, 1), TypeError, "bounds must be ((x_low, x_high), (y_low, y_high))"),
    "one pair for two inputs": (plane, ((-1, 1),), ValueError, "a net with in_dim=2, got ((-1, 1),)"),
    "y upside down": (plane, ((-1, 1), (1, 0)), ValueError, "got ((-1, 1), (1, 0))"),
    "three inputs": (
        space,
        ((-1, 1),) * 3,
        ValueError,
        "nets with 1 or 2 inputs, got a net with in_dim=3; use path_gates",
    ),
    "nan weights": (diverged, (-1, 1), ValueError, "net has weights that are NaN or inf"),
    "no net": (
        nn.Linear(1, 1),
        (-1, 1),
        TypeError,
        "net must be a ReLUNet, DLGN, GaLUNet or DeepLinearNet, got Linear",
    ),
    "base class": (GatedNet(1, 3, 2), (-1, 1), TypeError, "got GatedNet"),
}
BAD_PATHS = {
    "too short": (line, (0,), ValueError, "path must be 2 unit numbers from 0 to 2, one per hidden layer, got (0,)"),
    "too long": (line, (0, 0, 0), ValueError, "got (0, 0, 0)"),
    "unit too large": (line, (0, 3), ValueError, "from 0 to 2, one per hidden layer, got (0, 3)"),
    "unit above the constant one": (biased, (0, 4), ValueError, "from 0 to 3, one per hidden layer, got (0, 4)"),
    "negative unit": (line, (-1, 0), ValueError, "got (-1, 0)"),
    "fraction": (line, (0.5, 0), TypeError, "got (0.5, 0)"),
    "a number": (line, 0, TypeError, "path must be 2 unit numbers"),
}


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("case", BAD_BOUNDS)
def test_bad_bounds_and_nets(case, exact):
    net, bounds, error, message = BAD_BOUNDS[case]
    for call in (
        lambda: path_region(net, (0, 0), bounds, exact=exact),
        lambda: activation_regions(net, bounds, exact=exact),
    ):
        with pytest.raises(error) as caught:
            call()
        assert message in str(caught.value)


@pytest.mark.parametrize("case", BAD_PATHS)
def test_bad_paths(case):
    net, path, error, message = BAD_PATHS[case]
    with pytest.raises(error) as caught:
        path_region(net, path, (-1, 1))
    assert message in str(caught.value)


# --- how much the normals of a layer bunch together ------------------------------------------------------------------


@given(st.integers(0, 999), st.integers(1, 40), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_clustering_ignores_length_sign_order_and_rotation(seed, count, dim):
    rng = seeded(seed)
    normals = torch.randn(count, dim, generator=rng).double()
    changed = normals * torch.randn(count, 1, generator=rng).double()
    changed = changed[torch.randperm(count, generator=rng)] @ torch.linalg.qr(torch.randn(dim, dim).double())[0]
    assert math.isclose(participation_ratio(normals), participation_ratio(changed), rel_tol=1e-9)
    if count > 1:
        assert math.isclose(mean_cosine(normals), mean_cosine(changed), rel_tol=1e-9)
    assert 1 - 1e-9 <= participation_ratio(normals) <= min(count, dim) + 1e-9
    if dim == 2:
        assert math.isclose(axial_resultant(normals), axial_resultant(changed), abs_tol=1e-9)
        angle = torch.atan2(normals[:, 1], normals[:, 0])
        assert math.isclose(axial_resultant(normals), abs(torch.exp(2j * angle).mean().item()), abs_tol=1e-9)


def test_clustering_of_known_sets():
    turn = torch.arange(7).double() * math.pi / 7  # seven axes, evenly spread
    even = torch.stack([turn.cos(), turn.sin()], dim=1)
    assert axial_resultant(even) < 1e-12 and math.isclose(participation_ratio(even), 2)
    one = torch.tensor([[3.0, 4.0], [-6.0, -8.0], [0.0, 0.0]])  # a zero normal has no direction
    assert math.isclose(axial_resultant(one), 1) and math.isclose(participation_ratio(one), 1)
    net = DLGN(2, 2000, 1, init="he", generator=seeded(0))
    assert axial_resultant(net.half_spaces()[0][0]) < 0.06  # √(1/2000) = 0.022 is typical


def test_mean_cosine_is_the_mean_of_pairs_and_belongs_to_the_participation_ratio():
    normals = torch.randn(6, 4, generator=seeded(1)).double()
    pairs = list(itertools.combinations(normals, 2))
    cosines = torch.tensor([torch.cosine_similarity(a, b, dim=0).item() for a, b in pairs]).double()
    assert math.isclose(mean_cosine(normals), cosines.abs().mean().item(), rel_tol=1e-6)
    square = cosines.square().mean().item()
    assert math.isclose(participation_ratio(normals), 6 / (1 + 5 * square), rel_tol=1e-6)  # unit normals: M² / Σ cos²
    random = torch.randn(400, 300, generator=seeded(2)).double()
    assert math.isclose(mean_cosine(random), math.sqrt(2 / (math.pi * 300)), rel_tol=0.02)
    with pytest.raises(ValueError, match="at least two"):
        mean_cosine(torch.tensor([[1.0, 2.0], [0.0, 0.0]]))


def test_gate_correlation_is_the_mean_of_pairs():
    net = make({"kind": ReLUNet}, width=4, depth=2, init="he")
    x = torch.randn(50, 2, generator=seeded(3)).double()
    for gate, value in zip(net.gates(x, hard=True), gate_correlation(net, x), strict=True):
        varied = [g for g in gate.T if 0 < g.sum() < 50]
        pairs = [torch.corrcoef(torch.stack(pair))[0, 1].abs() for pair in itertools.combinations(varied, 2)]
        assert math.isclose(value, sum(pairs) / len(pairs), rel_tol=1e-12) if pairs else math.isnan(value)


def test_gate_correlation_of_copies_is_one_and_of_one_unit_undefined():
    net = ReLUNet.from_weights([[[1.0, 0.0], [2.0, 0.0], [-1.0, 0.0]], [[1.0, 1.0, 1.0]]])
    x = torch.randn(20, 2, generator=seeded(3)).double()
    assert math.isclose(gate_correlation(net, x)[0], 1)
    assert math.isnan(gate_correlation(make({"kind": ReLUNet}, width=1), x)[0])


@pytest.mark.parametrize("measure", [axial_resultant, participation_ratio, mean_cosine])
@pytest.mark.parametrize(
    ("normals", "message"),
    [
        (torch.zeros(4, 2), "at least one that is not zero"),
        (torch.tensor([[math.nan, 1.0]]), "normals must be finite"),
        (torch.ones(3), r"normals must have shape \(M, D\), got \(3,\)"),
    ],
)
def test_clustering_refuses_what_has_no_direction(measure, normals, message):
    with pytest.raises(ValueError, match=message):
        measure(normals)


def test_axial_resultant_needs_the_plane():
    with pytest.raises(ValueError, match=r"shape \(M, 2\) to have an angle, got \(3, 4\)"):
        axial_resultant(torch.ones(3, 4))
