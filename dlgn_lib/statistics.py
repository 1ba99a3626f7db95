"""What the book means by a median: one definition for its figures, tables and claims."""

import torch
from torch import Tensor


def median(values: Tensor, dim: int | None = None) -> Tensor:
    """Return the median over all values or along one dimension: the middle one, or the mean of the middle two.

    It is the median of Python's `statistics`, which the claims use. `Tensor.median` takes the lower of the middle two, so
    that a figure and the sentence under it could differ. NaN gives NaN; infinite values are allowed.

    Raises:
        TypeError: if `values` are no real numbers.
        ValueError: if there is no value along `dim`, or no such dimension.

    >>> median(torch.tensor([4.0, 1.0, 3.0])), median(torch.tensor([[4.0, 1.0], [1.0, 1.0]]), 0)
    (tensor(3.), tensor([2.5000, 1.0000]))
    """
    if values.is_complex():
        raise TypeError(f"values must hold real numbers, got dtype {values.dtype}")
    if dim is not None and dim not in range(-values.ndim, values.ndim):
        raise ValueError(f"dim must be one of the {values.ndim} dimensions of values, got {dim!r}")
    values = values if values.is_floating_point() else values.double()
    if dim is None:
        values, dim = values.flatten(), 0
    count = values.shape[dim]
    if count == 0:
        raise ValueError(
            f"values must hold at least one number along the dimension {dim}, got shape {tuple(values.shape)}"
        )
    ordered = values.sort(dim).values
    low, high = ordered.select(dim, (count - 1) // 2), ordered.select(dim, count // 2)
    middle = torch.where(low == high, low, (low + high) / 2)
    return torch.where(values.isnan().any(dim), torch.nan, middle)
