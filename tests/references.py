"""What the library is compared with: other people's code for the same thing, and how far apart the two may be.

`python tests/references.py` writes the table into the page book/checked.md; tests/test_references.py makes the comparisons.
"""

import contextlib
import io
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from dlgn_lib import feature_spectrum, ntk
from dlgn_lib.features import collapse
from dlgn_lib.kernels import effective_rank
from dlgn_lib.models import DLGN, DeepLinearNet, GaLUNet, GatedNet, ReLUNet
from dlgn_lib.regions import activation_regions

PAGE = Path(__file__).resolve().parents[1] / "book" / "checked.md"
START, END = "<!-- table: python tests/references.py -->\n\n", "\n<!-- end of the table -->"


def rng(seed: int) -> torch.Generator:
    """Return a seeded generator."""
    return torch.Generator().manual_seed(seed)


def tangent_gap(kind: type[GatedNet], dtype: torch.dtype, seed: int) -> float:
    """Return the relative distance of our tangent kernel from that of nngeometry, which takes gradients layer by layer."""
    from nngeometry.gram import GramMatrix
    from torch.utils.data import DataLoader, TensorDataset

    net = kind(3, 8, 3, out_dim=2, bias=bool(seed % 2), generator=rng(seed)).to(dtype)
    x = torch.randn(20, 3, generator=rng(seed + 100), dtype=dtype)
    gram = GramMatrix(net, DataLoader(TensorDataset(x, torch.zeros(20)), batch_size=20)).data  # (K, N, K, N)
    theirs = torch.einsum("knkm->nm", gram)
    return ((ntk(net, x) - theirs).abs().max() / theirs.abs().max()).item()


def differing_regions(seed: int) -> float:
    """Return how many activation regions of a ReLU net are found by only one of us and relucent, which walks from cell to cell."""
    import relucent

    net = ReLUNet(2, 4, 2, bias=True, generator=rng(seed)).double()
    layers = [part for layer in net.value_layers for part in (layer, nn.ReLU())][:-1]
    complex_ = relucent.Complex(relucent.convert(nn.Sequential(*layers)))
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        complex_.bfs(nworkers=1)
    theirs = sorted(tuple(int(sign > 0) for sign in cell.ss_np.flatten()) for cell in complex_)
    plane = ((-1e6, 1e6), (-1e6, 1e6))  # all boundaries cross within
    ours = sorted(sum(pattern, ()) for _, pattern in activation_regions(net, plane))
    return len(set(theirs) ^ set(ours)) + abs(len(theirs) - len(ours))


def _features(seed: int) -> Tensor:
    return torch.randn(60, 7, generator=rng(seed)).double() @ torch.diag(torch.arange(1.0, 8.0).double())


def eigenvalue_gap(seed: int) -> float:
    """Return the relative distance of our eigenvalues from the variances of scikit-learn's principal components."""
    from sklearn.decomposition import PCA

    phi = _features(seed)
    theirs = PCA().fit(phi.numpy()).explained_variance_ * (len(phi) - 1) / len(phi)
    ours = feature_spectrum(phi - phi.mean(0)).eigenvalues
    return (abs(ours.numpy() - theirs).max() / theirs.max()).item()


def rank_gap(seed: int) -> float:
    """Return the relative distance of our effective rank from the exponential of SciPy's entropy."""
    from scipy.stats import entropy

    phi = _features(seed)
    theirs = math.exp(entropy(torch.linalg.eigvalsh(phi @ phi.T).clamp_min(0).numpy()))
    return abs(effective_rank(phi @ phi.T) / theirs - 1)


def within_gap(seed: int) -> float:
    """Return the relative distance of our variance within classes from scikit-learn's discriminant analysis."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    phi, labels = _features(seed), torch.arange(60) % 4
    fitted = LinearDiscriminantAnalysis(solver="eigen", store_covariance=True).fit(phi.numpy(), labels.numpy())
    return abs(collapse(phi, labels).within / fitted.covariance_.trace() - 1)


@dataclass(frozen=True)
class Comparison:
    """One row of the table."""

    what: str
    other: str
    measure: Callable[[int], float]
    seeds: int
    bound: float  # of the relative difference; 0 for regions, which are counted

    @property
    def name(self) -> str:
        """A test id."""
        return f"{self.what} - {self.other}".replace("`", "").replace(" ", "-")


def _tangents() -> Iterator[Comparison]:
    for kind in (ReLUNet, DLGN, GaLUNet, DeepLinearNet):

        def measure(seed: int, kind: type[GatedNet] = kind) -> float:
            return tangent_gap(kind, torch.float64, seed)

        yield Comparison(f"`ntk` of a `{kind.__name__}`", "nngeometry", measure, 6, 1e-12)
    yield Comparison(
        "`ntk` in single precision", "nngeometry", lambda seed: tangent_gap(DLGN, torch.float32, seed), 6, 1e-4
    )


COMPARISONS = [
    *_tangents(),
    Comparison("`activation_regions` in floats", "relucent", differing_regions, 20, 0),
    Comparison("eigenvalues of `feature_spectrum`", "scikit-learn, `PCA`", eigenvalue_gap, 10, 1e-12),
    Comparison("`within` of `collapse`", "scikit-learn, `LinearDiscriminantAnalysis`", within_gap, 10, 1e-12),
    Comparison("`effective_rank`", "SciPy, `entropy`", rank_gap, 10, 1e-9),
]


def table() -> str:
    """Return the table of the page, with the versions that build this book."""
    from dlgn_lib.numbers import show_number

    pins = (PAGE.parents[1] / "constraints.txt").read_text(encoding="utf-8")
    rows = ["| Ours | Compared with | Nets or data sets | They differ by |", "|---|---|---|---|"]
    for row in COMPARISONS:
        apart = f"a relative {show_number(row.bound)} at most" if row.bound else "no region"
        library, *part = row.other.split(", ")
        version = re.search(rf"^{library}==(\S+)$", pins, re.MULTILINE | re.IGNORECASE)[1]
        rows.append(f"| {row.what} | {', '.join([f'{library} {version}', *part])} | {row.seeds} | {apart} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    head, tail = text.split(START)[0], text.split(END)[1]
    PAGE.write_text(head + START + table() + END + tail, encoding="utf-8")
