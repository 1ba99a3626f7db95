"""Checks of arguments. Every message names the argument, what it must be and what came: TypeError for a type, else ValueError."""

import math
import operator

import torch
from torch import Tensor

MAX_ENTRIES = 100_000_000  # of a table of paths


class TooManyPathsError(ValueError):
    """More paths were to be listed than fit in memory; the message names the number and the limit."""


SUMS = "give fewer `paths`, a smaller net, or use path_activity or factorised_output, which sum over all paths without listing them"


def check_fits(count: int, limit: int, what: str, instead: str = SUMS) -> None:
    """Raise TooManyPathsError if `count` things, which `what` names, are more than the limit; `instead` says what then helps."""
    if count > limit:
        number = f"{count:,}" if count < 10**15 else f"about 10**{math.log10(count):.4g}"
        raise TooManyPathsError(f"{what} ({number}), is more than the limit of {limit:,}; {instead}")


def check_count(name: str, value: int, least: int = 1) -> int:
    """Return `value` as an int, or say that the argument `name` must be a whole number of at least `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {value!r} of type {type(value).__name__}") from None
    if isinstance(value, bool) or number < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")
    return number


def check_positive(name: str, value: float, or_zero: bool = False) -> float:
    """Return `value`, or say that the argument `name` must be a finite positive number (or zero)."""
    try:
        fits = math.isfinite(value) and (value > 0 or (or_zero and value == 0))
    except TypeError:
        raise TypeError(f"{name} must be a number, got {value!r} of type {type(value).__name__}") from None
    if not fits:
        raise ValueError(
            f"{name} must be a {'finite number of at least 0' if or_zero else 'positive number'}, got {value!r}"
        )
    return value


def check_tensor(name: str, value: Tensor, *shape: int | str, kind: str = "floating", empty: bool = False) -> Tensor:
    """Return `value` if it is a finite tensor of this shape and kind, or say what the argument `name` must be.

    Args:
        name: of the argument.
        value: what came.
        shape: one entry for each dimension, a size or a letter; a letter that comes twice stands for one size. "…" in
            front stands for any dimensions more.
        kind: "floating", "whole" (integers and bools) or "real" (both).
        empty: whether a size may be 0.

    >>> check_tensor("kernel", torch.ones(2, 3), "N", "N")
    Traceback (most recent call last):
    ValueError: kernel must have shape (N, N), got (2, 3)
    """
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be a torch tensor, got {type(value).__name__}; try torch.as_tensor({name})")
    floating = value.is_floating_point()
    if value.is_complex() or (kind == "floating" and not floating) or (kind == "whole" and floating):
        numbers = {"floating": "floating-point numbers", "whole": "whole numbers", "real": "real numbers"}[kind]
        raise TypeError(f"{name} must hold {numbers}, got dtype {value.dtype}")
    wanted, sizes = list(shape), list(value.shape)
    if wanted[:1] == ["…"]:
        wanted, sizes = wanted[1:], sizes[max(0, len(sizes) - len(wanted) + 1) :]
    letters: dict[str, int] = {}
    if len(sizes) != len(wanted) or any(
        size != (letters.setdefault(entry, size) if isinstance(entry, str) else entry)
        for entry, size in zip(wanted, sizes, strict=True)
    ):
        text = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
        raise ValueError(f"{name} must have shape ({text}), got {tuple(value.shape)}")
    if not empty and value.numel() == 0:
        raise ValueError(f"{name} must not be empty, got shape {tuple(value.shape)}")
    if floating and not torch.isfinite(value).all():
        raise ValueError(f"{name} must be finite, but it holds NaN or inf")
    return value


def check_points(name: str, x: Tensor, in_dim: int, dtype: torch.dtype) -> Tensor:
    """Return `x` if it holds inputs of a net, finite (N, in_dim) of the net's `dtype`, else raise TypeError or ValueError."""
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{name} must be a torch tensor of shape (N, {in_dim}), got {type(x).__name__}; try torch.as_tensor({name})"
        )
    if x.ndim != 2 or x.shape[1] != in_dim:
        raise ValueError(f"{name} must have shape (N, {in_dim}), one input per row, got {tuple(x.shape)}")
    if x.dtype != dtype:
        raise TypeError(
            f"{name} has dtype {x.dtype}, the net has {dtype}; convert one of them, e.g. {name}.to({dtype})"
        )
    if not torch.isfinite(x).all():
        rows = (~torch.isfinite(x)).any(1).nonzero().flatten().tolist()
        raise ValueError(
            f"{name} must be finite, but {len(rows)} of its {len(x)} rows hold NaN or inf (first: row {rows[0]})"
        )
    return x
