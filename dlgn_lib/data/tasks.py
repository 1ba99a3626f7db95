"""Tasks of the book that need no download. Pages: learning/circle, neighbours/haste."""

import math

import torch
from torch import Tensor

from dlgn_lib.checks import check_count


def circle(n: int = 200, low: float = 1, high: float = 16) -> tuple[Tensor, Tensor]:
    """Return n points on the unit circle, x (n, 2), and targets y (n, 1) that are slow on the top half and fast below.

    x_i = (cos θ_i, sin θ_i) with θ_i = 2π(i + ½)/n; y_i = sin(low·θ_i) for θ_i < π, else sin(high·θ_i).
    Source: this book, after the caption of Figure 2 of Yadav et al. (2024) [halfspace]. Page: learning/circle.

    Raises:
        ValueError: if n is below 1 or a frequency is not finite.

    >>> x, y = circle(4)
    >>> x.shape, y.shape
    (torch.Size([4, 2]), torch.Size([4, 1]))
    """
    check_count("n", n)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"low and high must be finite frequencies, got {low!r} and {high!r}")
    angle = 2 * math.pi * (torch.arange(n) + 0.5) / n
    y = torch.where(angle < math.pi, torch.sin(low * angle), torch.sin(high * angle))
    return torch.stack([angle.cos(), angle.sin()], dim=1), y[:, None]


def xor_task() -> tuple[Tensor, Tensor]:
    """Return the four corners x (4, 2) of the square with entries ±1, and y (4, 1): 1 where their signs differ, else -1.

    Source: the classical task. Page: neighbours/haste.

    >>> x, y = xor_task()
    >>> torch.equal(y[:, 0], -x[:, 0] * x[:, 1])
    True
    """
    x = torch.tensor([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]], dtype=torch.float64)
    return x, -x.prod(dim=1, keepdim=True)
