"""The forward feature map against dense linear algebra, its sums, the dynamics of the read-out, and collapse."""

import math

import pytest
import torch
from cases import seeded
from hypothesis import given, settings
from hypothesis import strategies as st

from dlgn_lib.features import collapse, d_lr, feature_spectrum

EXACT = 1e-8


def sample(n, p, c=3, seed=0, rank=None):
    """Return features (n, p) of the given rank, targets (n, c) and outputs in the features' span."""
    rng = seeded(seed)
    rank = min(n, p) if rank is None else rank
    features = torch.randn(n, rank, generator=rng).double() @ torch.randn(rank, p, generator=rng).double()
    return features, torch.randn(n, c, generator=rng).double(), features @ torch.randn(p, c, generator=rng).double()


shapes = st.tuples(st.integers(2, 30), st.integers(1, 30), st.integers(1, 4), st.integers(0, 99))


@given(shapes)
@settings(max_examples=60, deadline=None)
def test_spectrum_is_that_of_the_dense_operator(shape):
    n, p, c, seed = shape
    features, target, output = sample(n, p, c, seed)
    s = feature_spectrum(features, target=target, output=output)
    operator = features @ features.T / n
    assert len(s.eigenvalues) == min(n, p)
    assert torch.allclose(
        s.eigenvalues, torch.linalg.eigvalsh(operator).flip(0)[: len(s.eigenvalues)], rtol=EXACT, atol=EXACT
    )
    gram = s.eigenfunctions.T @ s.eigenfunctions / n
    assert torch.allclose(gram, torch.eye(len(gram)).double(), atol=EXACT)
    rebuilt = s.eigenfunctions @ torch.diag(s.eigenvalues) @ s.eigenfunctions.T / n
    assert torch.allclose(rebuilt, operator, rtol=EXACT, atol=EXACT * operator.abs().max())
    assert torch.allclose(s.at(features), s.eigenfunctions, atol=1e-6)
    assert math.isclose(s.eigenvalues.sum(), features.square().sum(1).mean(), rel_tol=EXACT)


@given(shapes)
@settings(max_examples=60, deadline=None)
def test_quality_and_utility_are_projections_and_sum_up(shape):
    n, p, c, seed = shape
    features, target, output = sample(n, p, c, seed)
    s = feature_spectrum(features, target=target, output=output)
    basis = torch.linalg.qr(target)[0][:, : min(n, c)]
    dense = torch.stack([(basis @ (basis.T @ e)).square().mean() for e in s.eigenfunctions.T])
    assert torch.allclose(s.quality, dense, atol=EXACT)
    assert s.target_dimension == min(n, c)
    assert s.output_dimension == min(n, p, c)  # the read-out is linear in the features
    assert math.isclose(s.utility.sum(), s.output_dimension, rel_tol=1e-6)
    assert math.isclose(s.cumulative_utility[-1], 1, rel_tol=1e-6)
    assert 1 <= s.k95 <= len(s.eigenvalues)
    assert (s.quality <= 1 + EXACT).all() and s.cumulative_quality[-1] <= 1 + EXACT


def test_the_read_out_learns_each_eigenfunction_at_the_speed_of_its_eigenvalue():
    features, target, _ = sample(40, 6, 1)
    s = feature_spectrum(features)
    rate, w = 0.05 / s.eigenvalues[0], torch.zeros(6, 1).double()
    for _ in range(50):
        w -= rate * features.T @ (features @ w - target) / 40
    coefficients = s.eigenfunctions.T @ target / 40
    shrunk = (1 - (1 - rate * s.eigenvalues) ** 50)[:, None] * coefficients
    assert torch.allclose(features @ w, s.eigenfunctions @ shrunk, atol=EXACT)


def test_rank_deficient_and_constant_features():
    features, target, output = sample(20, 10, rank=4)
    s = feature_spectrum(features, target=target, output=output)
    assert len(s.eigenvalues) == 4 and s.eigenfunctions.shape == (20, 4) and s.directions.shape == (10, 4)
    assert math.isclose(s.cumulative_utility[-1], 1, rel_tol=1e-6)
    constant = feature_spectrum(torch.full((9, 3), 2.0))
    assert len(constant.eigenvalues) == 1 and math.isclose(constant.eigenvalues[0], 12)
    assert math.isclose(constant.effective_dimension, 1) and math.isnan(constant.centred_effective_dimension)


@pytest.mark.parametrize("m", [1, 2, 5])
def test_effective_dimension_of_equal_eigenvalues_is_their_number(m):
    assert math.isclose(feature_spectrum(torch.eye(m)).effective_dimension, m)


def test_spans_ignore_scale_and_mixing():
    features, target, output = sample(30, 8)
    mixed = target @ torch.randn(3, 3, generator=seeded(4)).double() * 7
    one, other = (feature_spectrum(features, target=t, output=output) for t in (target, mixed))
    assert torch.allclose(one.quality, other.quality, atol=EXACT)
    assert feature_spectrum(features, output=target[:, :1] * 1e-3).output_dimension == 1


def test_rounding_of_single_precision_spans_nothing():
    features, _, output = sample(200, 8)
    column = output[:, :1].float()
    s = feature_spectrum(features, output=torch.cat([column, column / 3 * 0.7], dim=1))
    assert s.output_dimension == 1 and math.isclose(s.utility.sum(), 1, rel_tol=1e-5)


def one_hot(n, c, seed=0):
    labels = torch.arange(n) % c
    return labels[torch.randperm(n, generator=seeded(seed))]


@given(st.integers(2, 5), st.integers(10, 40), st.integers(2, 8), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_variance_within_classes_is_the_energy_of_poor_quality(c, n, p, seed):
    labels = one_hot(n, c, seed)
    features = (
        torch.randn(n, p, generator=seeded(seed)).double() + 3 * torch.randn(c, p, generator=seeded(7)).double()[labels]
    )
    s = feature_spectrum(features, target=torch.nn.functional.one_hot(labels, c).double())
    result = collapse(features, labels)
    assert math.isclose(result.within, (s.eigenvalues * (1 - s.quality)).sum(), rel_tol=EXACT)
    mean = features.mean(0).square().sum()
    assert math.isclose(result.between + mean, (s.eigenvalues * s.quality).sum(), rel_tol=EXACT)


def test_collapsed_features():
    labels = one_hot(40, 4)
    simplex = torch.eye(4).double() - 0.25
    done = collapse(simplex[labels] + 1, labels)
    assert done.within < 1e-20 and done.nc1 < 1e-12 and abs(done.nc2) < 1e-9
    s = feature_spectrum(simplex[labels] + 1, target=torch.nn.functional.one_hot(labels, 4).double())
    assert len(s.eigenvalues) == 4 and torch.allclose(s.quality, torch.ones(4).double())
    noisy = simplex[labels] + torch.randn(40, 4, generator=seeded(1)).double()
    assert collapse(noisy, labels).nc1 > 0.1


def test_features_in_use_hold_95_percent_of_the_outputs():
    """Outputs that lie in one direction each of five: the shares are known, and so is where they pass 95 %."""
    features = torch.diag(torch.tensor([5.0, 4.0, 3.0, 2.0, 1.0])).double()
    shares = torch.tensor([0.6, 0.3, 0.04, 0.03, 0.03]).double()  # 0.6, 0.9, 0.94, 0.97, 1
    s = feature_spectrum(features, output=shares.sqrt())
    assert torch.allclose(s.cumulative_utility, shares.cumsum(0)) and s.k95 == 4
    whole = torch.tensor([0.0, 1.0, 0.0, 0.0, 0.0]).double()
    assert feature_spectrum(features, output=whole).k95 == 2


def test_measures_of_collapse_against_their_definitions():
    """NC1 = tr(S_w S_b⁺)/C and NC2 = largest over smallest eigenvalue of S_b, minus one, sample by sample."""
    labels = one_hot(60, 3)
    rng = seeded(5)
    centres = torch.diag(torch.tensor([1.0, 2.0, 4.0])).double()
    phi = centres[labels] + 0.3 * torch.randn(60, 3, generator=rng).double()
    mean = phi.mean(0)
    within, between = torch.zeros(3, 3).double(), torch.zeros(3, 3).double()
    for row, label in zip(phi, labels.tolist(), strict=True):
        own = phi[labels == label].mean(0)
        within += torch.outer(row - own, row - own) / 60
        between += torch.outer(own - mean, own - mean) / 60
    result = collapse(phi, labels)
    expected = (within @ torch.linalg.pinv(between, rtol=1e-9)).trace() / 3
    assert result.nc1 == pytest.approx(expected.item(), rel=1e-9)
    smallest, largest = torch.linalg.eigvalsh(between)[1:].tolist()
    assert result.nc2 == pytest.approx(largest / smallest - 1, rel=1e-9) and result.nc2 > 1


def test_d_lr_is_zero_for_collapsed_and_within_bounds():
    labels = one_hot(30, 3)
    hot = torch.nn.functional.one_hot(labels, 3).double()
    assert abs(d_lr(hot, hot)) < EXACT
    features, _, output = sample(30, 10)
    value = d_lr(features, output)
    assert 0 < value < 1
    basis = torch.linalg.qr(output - output.mean(0))[0]
    centred = features - features.mean(0)
    k, q = centred @ centred.T, basis @ basis.T
    assert math.isclose(value, 1 - ((k * q).sum() / k.norm() / q.norm()).item(), rel_tol=EXACT)


BAD = {
    "no tensor": (lambda: feature_spectrum([[1.0]]), TypeError, "features must be a torch tensor, got list"),
    "three axes": (lambda: feature_spectrum(torch.ones(2, 2, 2)), ValueError, "features must have shape (N, P)"),
    "empty": (lambda: feature_spectrum(torch.ones(0, 2)), ValueError, "got shape (0, 2)"),
    "nan": (lambda: feature_spectrum(torch.tensor([[math.nan]])), ValueError, "features must be finite"),
    "zero": (lambda: feature_spectrum(torch.zeros(3, 2)), ValueError, "features must not be zero everywhere"),
    "rows": (
        lambda: feature_spectrum(torch.ones(3, 2), target=torch.ones(4)),
        ValueError,
        "target must have shape (3,)",
    ),
    "zero read-out": (
        lambda: feature_spectrum(torch.ones(3, 2), output=torch.zeros(3, 2)),
        ValueError,
        "output must not be zero everywhere: its span is empty",
    ),
    "no target": (lambda: feature_spectrum(torch.eye(2)).cumulative_quality, ValueError, "without target="),
    "no output": (lambda: feature_spectrum(torch.eye(2)).k95, ValueError, "without output="),
    "one class": (lambda: collapse(torch.eye(2), torch.tensor([1, 1])), ValueError, "at least two classes, got [1]"),
    "labels": (lambda: collapse(torch.eye(2), torch.tensor([1.0, 2.0])), TypeError, "labels must hold whole numbers"),
    "constant output": (lambda: d_lr(torch.eye(3), torch.ones(3)), ValueError, "output must not be constant"),
    "constant features": (lambda: d_lr(torch.ones(3, 2), torch.eye(3)), ValueError, "features must not be constant"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case):
    call, error, message = BAD[case]
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_features_that_do_not_vary_have_no_centred_dimension_at_any_scale(scale):
    phi = scale * torch.tensor([[1.0, 2.0, 3.0]]).double().expand(6, 3)
    still = feature_spectrum(phi)
    moving = feature_spectrum(
        phi + scale * 1e-3 * torch.randn(6, 3, generator=torch.Generator().manual_seed(0)).double()
    )
    assert math.isnan(still.centred_effective_dimension)
    assert moving.centred_effective_dimension > 1
