"""The forward feature map: eigenfunctions of the last hidden layer, and how much of target and output lies in them.

A network is a feature map Φ, its last hidden layer, and a linear read-out. With Φ held fixed, gradient descent on the
read-out changes the residual r by the operator (T r)(x) = E_x'[⟨Φ(x), Φ(x')⟩ r(x')]: the eigenfunctions of T are learned
one by one, at the speed of their eigenvalues. Here the expectation is the mean over a sample, so everything is a
statement about that sample. Pages: neighbours/feature-map, neighbours/collapse.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from dlgn_lib.checks import check_tensor
from dlgn_lib.threads import one_thread

_RANK_TOLERANCE = 1e-10  # singular values below this share of the largest count as zero


@dataclass(frozen=True)
class FeatureSpectrum:
    """What `feature_spectrum` returns: R eigenpairs on N samples, the largest eigenvalue first.

    Attributes:
        eigenvalues: (R,), positive.
        eigenfunctions: values on the sample (N, R), orthonormal under its mean: EᵀE / N = 1.
        directions: (P, R), orthonormal vectors of feature space; eigenfunction k at x is ⟨v_k, Φ(x)⟩ / √ρ_k.
        effective_dimension: exp of the entropy of the eigenvalues' shares.
        centred_effective_dimension: the same for features minus their mean; NaN if they are constant.
        quality: (R,) squared length of each eigenfunction's projection on the span of the targets, or None.
        utility: the same for the span of the outputs, or None.
        target_dimension: dimension of the span of the targets, or None.
        output_dimension: dimension of the span of the outputs, or None.
    """

    eigenvalues: Tensor
    eigenfunctions: Tensor
    directions: Tensor
    effective_dimension: float
    centred_effective_dimension: float
    quality: Tensor | None
    utility: Tensor | None
    target_dimension: int | None
    output_dimension: int | None

    @property
    def cumulative_quality(self) -> Tensor:
        """Return Π*(k), (R,), the share of the span of the targets that lies in the first k + 1 eigenfunctions."""
        return _cumulative(self.quality, self.target_dimension, "target")

    @property
    def cumulative_utility(self) -> Tensor:
        """Return Π(k), (R,), the share of the span of the outputs that lies in the first k + 1 eigenfunctions."""
        return _cumulative(self.utility, self.output_dimension, "output")

    @property
    def k95(self) -> int | None:
        """Return the number of features in use, the smallest k whose first k eigenfunctions hold 95 % of the outputs' span."""
        reached = (self.cumulative_utility >= 0.95).nonzero()
        return int(reached[0]) + 1 if len(reached) else None

    def at(self, features: Tensor) -> Tensor:
        """Return the eigenfunctions (N', R) at other inputs with these features (N', P) (Nyström's extension)."""
        check_tensor("features", features, "N", len(self.directions), empty=True)
        return features.double() @ self.directions / self.eigenvalues.sqrt()


def _cumulative(shares: Tensor | None, dimension: int | None, name: str) -> Tensor:
    if shares is None or dimension is None:
        raise ValueError(f"this spectrum was computed without {name}=; give it to feature_spectrum")
    return shares.cumsum(0) / dimension


@one_thread()
def feature_spectrum(
    features: Tensor, *, target: Tensor | None = None, output: Tensor | None = None
) -> FeatureSpectrum:
    """Return the eigenvalues and eigenfunctions of the feature map's operator on a sample.

    The singular value decomposition of features / √N = U S Vᵀ gives eigenvalues S² and eigenfunctions √N U; it costs
    what the smaller of N and P allows. Directions without variance are left out, so R is the rank of the features. With
    N ≤ P every function on the sample lies in the span, and quality says nothing about other inputs.
    Source: the forward feature map of [featuremap]. Page: neighbours/feature-map.

    Args:
        features: the last hidden layer (N, P), e.g. `net.features(x)`; not centred.
        target: (N,) or (N, C), e.g. one-hot classes; quality refers to the span of its columns.
        output: (N,) or (N, C), the net's outputs; utility refers to the span of its columns.

    Raises:
        TypeError: if a tensor is complex or of less than single precision.
        ValueError: if a tensor has the wrong shape, is not finite, or is zero everywhere.

    >>> spectrum = feature_spectrum(torch.tensor([[2.0, 0.0], [0.0, 1.0]]), target=torch.tensor([1.0, 0.0]))
    >>> [round(v, 9) for v in spectrum.eigenvalues.tolist()], spectrum.quality.tolist()
    ([2.0, 0.5], [1.0, 0.0])
    """
    phi = _matrix("features", features)
    n = len(phi)
    left, singular, right = torch.linalg.svd(phi / math.sqrt(n), full_matrices=False)
    kept = singular > _RANK_TOLERANCE * singular[0]
    rho, functions = singular[kept] ** 2, left[:, kept] * math.sqrt(n)
    centred = torch.linalg.svdvals(phi - phi.mean(0)) ** 2
    constant = centred.sum() <= _RANK_TOLERANCE**2 * (phi**2).sum()
    spans = {}
    for name, values in (("target", target), ("output", output)):
        basis = None if values is None else _span(_matrix(name, values, n), values.dtype)
        share = None if basis is None else (basis.T @ left[:, kept]).square().sum(0)
        spans[name] = share, None if basis is None else basis.shape[1]
    return FeatureSpectrum(
        eigenvalues=rho,
        eigenfunctions=functions,
        directions=right[kept].T,
        effective_dimension=_effective_dimension(rho),
        centred_effective_dimension=math.nan if constant else _effective_dimension(centred),
        quality=spans["target"][0],
        utility=spans["output"][0],
        target_dimension=spans["target"][1],
        output_dimension=spans["output"][1],
    )


def _matrix(name: str, values: Tensor, rows: int | None = None) -> Tensor:
    """Return values as a float64 matrix (N, P), or say what is wrong with them."""
    one = isinstance(values, Tensor) and values.ndim == 1
    check_tensor(name, values, "N" if rows is None else rows, *([] if one else ["P"]), kind="real")
    if values.is_floating_point() and torch.finfo(values.dtype).eps > 1e-6:
        raise TypeError(f"{name} must be float32 or float64 to tell a span from rounding, got dtype {values.dtype}")
    matrix = values[:, None] if one else values
    if not matrix.any():
        raise ValueError(
            f"{name} must not be zero everywhere: its span is empty (an untrained read-out of zeros gives this)"
        )
    return matrix.detach().double()


def _span(matrix: Tensor, dtype: torch.dtype) -> Tensor:
    """Return an orthonormal basis (N, r) of the span of the columns, which were computed in `dtype`: rounding spans nothing."""
    rounding = 100 * torch.finfo(dtype).eps if dtype.is_floating_point else 0.0
    left, singular, _ = torch.linalg.svd(matrix, full_matrices=False)
    return left[:, singular > max(_RANK_TOLERANCE, rounding) * singular[0]]


def _effective_dimension(eigenvalues: Tensor) -> float:
    shares = eigenvalues / eigenvalues.sum()
    return torch.exp(torch.special.entr(shares).sum()).item()


@one_thread()
def d_lr(features: Tensor, output: Tensor) -> float:
    """Return 1 - CKA of the features' kernel and the projector on the span of the outputs, both centred: 0 rich, towards 1 lazy.

    Source: this book, after notes on a later version of [featuremap]. Computed without any N x N matrix. Page: neighbours/feature-map.

    Raises:
        ValueError: if a tensor has the wrong shape, is not finite, or is constant.

    >>> classes = torch.eye(3).repeat(4, 1)
    >>> abs(round(d_lr(classes, classes), 9))
    0.0
    """
    phi = _matrix("features", features)
    phi = phi - phi.mean(0)
    out = _matrix("output", output, len(phi))
    out = out - out.mean(0)
    for name, centred in (("features", phi), ("output", out)):
        if centred.abs().max() < 1e-12:
            raise ValueError(f"{name} must not be constant: nothing is left when the mean is taken away")
    basis = _span(out, output.dtype)
    aligned = (phi.T @ basis).square().sum()
    return 1 - (aligned / ((phi.T @ phi).norm() * math.sqrt(basis.shape[1]))).item()


@dataclass(frozen=True)
class Collapse:
    """How far a hidden layer has collapsed onto its classes; see `collapse`."""

    within: float
    between: float
    nc1: float
    nc2: float


@one_thread()
def collapse(features: Tensor, labels: Tensor) -> Collapse:
    """Return the measures of neural collapse of features (N, P) with class labels (N,).

    `within` is the mean squared distance to the class mean, equal to Σ ρ_k (1 - Q*_k) of the spectrum; `between` the
    mean squared distance of class means to the global mean; `nc1` is tr(S_w S_b⁺) / C; `nc2` the relative spread
    (largest over smallest, minus 1) of the C - 1 eigenvalues of the class means' covariance: 0 for a simplex, infinite
    if the class means do not span C - 1 dimensions.
    Source: Papyan, Han and Donoho (2020) [papyan]; the kernel form is this book's. Page: neighbours/collapse.

    Raises:
        ValueError: if there are fewer than two classes or `labels` is not one whole number per sample.

    >>> features = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [-1.0, 0.2]]).double()
    >>> found = collapse(features, torch.tensor([0, 0, 1, 1]))
    >>> round(found.within, 6), round(found.between, 6)
    (0.005, 1.0025)
    """
    phi = _matrix("features", features)
    check_tensor("labels", labels, len(phi), kind="whole")
    classes, index, counts = labels.unique(return_inverse=True, return_counts=True)
    if len(classes) < 2:
        raise ValueError(f"labels must name at least two classes, got {classes.tolist()}: nothing lies between classes")
    means = torch.zeros(len(classes), phi.shape[1], dtype=phi.dtype).index_add_(0, index, phi) / counts[:, None]
    inner = phi - means[index]
    weights = counts.to(phi.dtype) / len(phi)
    outer = means - (weights[:, None] * means).sum(0)
    within = inner.T @ inner / len(phi)
    between = (outer * weights[:, None]).T @ outer
    values = torch.linalg.eigvalsh(between).flip(0)[: len(classes) - 1]
    all_there = len(values) == len(classes) - 1 and bool(values[-1] > _RANK_TOLERANCE * values[0])
    return Collapse(
        within=within.trace().item(),
        between=between.trace().item(),
        nc1=(torch.linalg.pinv(between, rtol=_RANK_TOLERANCE, hermitian=True) @ within).trace().item() / len(classes),
        nc2=(values[0] / values[-1] - 1).item() if all_there else math.inf,
    )
