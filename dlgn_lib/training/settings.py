"""The settings of a training run and their checks. Page: learning/circle."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from dlgn_lib.checks import check_count, check_positive
from dlgn_lib.models.base import GatedNet


def _check_targets(y: Tensor, shape: tuple[int, ...]) -> None:
    if not isinstance(y, Tensor) or tuple(y.shape) != shape:
        raise ValueError(f"y must have the shape of the net's output, {shape}, got {tuple(getattr(y, 'shape', ()))}")
    if y.is_complex() or y.dtype == torch.bool:
        raise TypeError(f"y must hold real numbers, got dtype {y.dtype}")
    if not torch.isfinite(y).all():
        raise ValueError("y must be finite, but it holds NaN or inf")


def check_labels(name: str, labels: Tensor, n: int, classes: int) -> Tensor:
    """Return `labels` if they are n whole numbers (n,), int64, from 0 to classes - 1, else raise TypeError or ValueError."""
    if not isinstance(labels, Tensor) or labels.dtype != torch.int64:
        got = labels.dtype if isinstance(labels, Tensor) else type(labels).__name__
        raise TypeError(f"{name} must be a tensor of class numbers, torch.int64, got {got}")
    if tuple(labels.shape) != (n,):
        raise ValueError(f"{name} must have one class number per input, shape ({n},), got {tuple(labels.shape)}")
    if n and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise ValueError(
            f"{name} must be class numbers from 0 to {classes - 1}, one for each output of the net, "
            f"got {int(labels.min())} to {int(labels.max())}"
        )
    return labels


def run_config(
    net: GatedNet,
    x: Tensor,
    y: Tensor,
    *,
    steps: int,
    lr: float,
    loss: str = "mse",
    optimizer: str = "adam",
    momentum: float = 0.0,
    batch: int | None = None,
    snapshots: Iterable[int] | None = None,
    stop_below: float | None = None,
) -> dict:
    """Return the complete configuration of a run, or say which argument does not fit."""
    with torch.no_grad():
        shape = tuple(net(net.check_input(x)).shape)
    if loss == "mse":
        _check_targets(y, shape)
    elif loss == "cross_entropy":
        check_labels("y", y, *shape)
    else:
        raise ValueError(f"loss must be 'mse' or 'cross_entropy', got {loss!r}")
    check_count("steps", steps)
    check_positive("lr", lr)
    if optimizer not in ("adam", "sgd"):
        raise ValueError(f"optimizer must be 'adam' or 'sgd', got {optimizer!r}")
    if not 0 <= momentum < 1 or (momentum and optimizer != "sgd"):
        raise ValueError(f"momentum must be in [0, 1) and belongs to 'sgd', got {momentum!r} with {optimizer!r}")
    if batch is not None and check_count("batch", batch) > len(x):
        raise ValueError(f"batch must be at most the number of samples, {len(x)}, got {batch}")
    if not any(p.requires_grad for p in net.parameters()):
        raise ValueError("net has nothing to train: all of its parameters are frozen")
    if snapshots is None:
        marks = [0, *(d * 10**p for p in range(len(str(steps))) for d in (1, 2, 5)), steps]
        snapshots = [step for step in marks if step <= steps]
    kept = sorted({check_count("snapshots", step, least=0) for step in snapshots})
    if kept and kept[-1] > steps:
        raise ValueError(f"snapshots must not go beyond the last step, {steps}, got {kept[-1]}")
    return {
        "net": f"{type(net).__name__}({net.extra_repr()})",
        "steps": steps,
        "lr": lr,
        "loss": loss,
        "optimizer": optimizer,
        "momentum": momentum,
        "batch": batch,
        "snapshots": tuple(kept),
        "stop_below": stop_below,
    }


def seed_names(seeds: int | Sequence[int]) -> list[int]:
    """Return the seeds of a run: 0, 1, … if their number is given."""
    if isinstance(seeds, Iterable):
        names = [check_count("seeds", seed, least=0) for seed in seeds]
    else:
        names = list(range(check_count("seeds", seeds)))
    if not names:
        raise ValueError("seeds must name at least one seed, got none")
    return names
