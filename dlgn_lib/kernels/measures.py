"""Measures of a kernel: alignment, class contrast, effective rank. Page: learning/kernels-in-training."""

import torch
from torch import Tensor

from dlgn_lib.checks import check_tensor


def trace_normalize(kernel: Tensor) -> Tensor:
    """Return N·K / tr K, so that the mean of the diagonal is 1.

    Source: captions of Figures 3 and 4 of Yadav et al. (2024) [halfspace]. Page: learning/kernels-in-training.

    Raises:
        ValueError: if the kernel is not square or its trace is not positive.

    >>> trace_normalize(torch.tensor([[1.0, 1.0], [1.0, 3.0]])).tolist()
    [[0.5, 0.5], [0.5, 1.5]]
    """
    check_tensor("kernel", kernel, "N", "N")
    trace = kernel.trace()
    if not trace > 0:
        raise ValueError(f"kernel must have a positive trace to be normalised, got {trace.item()}")
    return kernel * (len(kernel) / trace)


def alignment(kernel: Tensor, target: Tensor) -> float:
    """Return the centred alignment ⟨HKH, HTH⟩ / (‖HKH‖ ‖HTH‖) of two kernels (N, N), H = 1 - 11ᵀ/N; at most 1.

    Pass `y @ y.T` as `target` to see how far a kernel is turned towards the targets y.
    Source: centred kernel alignment, Cortes et al. (2012). Page: learning/kernels-in-training.

    Raises:
        ValueError: if the kernels are not square, differ in size, or are constant.

    >>> kernel = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> round(alignment(kernel, 3 * kernel + 5), 6)     # neither a factor nor a constant counts
    1.0
    """
    check_tensor("target", target, *check_tensor("kernel", kernel, "N", "N").shape)
    a, b = (k - k.mean(0) - k.mean(1, keepdim=True) + k.mean() for k in (kernel.double(), target.double()))
    norms = a.norm() * b.norm()
    if not norms > 0:
        raise ValueError("alignment is not defined: kernel or target is constant, nothing is left when it is centred")
    return ((a * b).sum() / norms).item()


def class_contrast(kernel: Tensor, labels: Tensor) -> float:
    """Return the mean entry of a kernel (N, N) between different inputs of one class, divided by that between classes.

    It is 1 if the kernel knows nothing of the classes, and does not change when the kernel is scaled. The diagonal does
    not count. Page: learning/images. Source: this book.

    Args:
        kernel: kernel of N inputs.
        labels: their classes (N,).

    Raises:
        ValueError: if the kernel is not square, there is not one label per input, all inputs are of one class or no two
            are, or the mean between classes is not positive.

    >>> kernel = torch.tensor([[9.0, 4.0, 1.0], [4.0, 9.0, 3.0], [1.0, 3.0, 9.0]])
    >>> class_contrast(kernel, torch.tensor([0, 0, 1]))     # 4 within, (1 + 3) / 2 between
    2.0
    """
    check_tensor("labels", labels, len(check_tensor("kernel", kernel, "N", "N")), kind="whole")
    same = labels[:, None] == labels
    different = ~same
    same.fill_diagonal_(False)
    if not (same.any() and different.any()):
        raise ValueError("labels must name two classes or more, and one of them twice")
    between = kernel[different].double().mean()
    if not between > 0:
        raise ValueError(f"the mean of the kernel between classes must be positive, got {between.item()}")
    return (kernel[same].double().mean() / between).item()


def effective_rank(kernel: Tensor) -> float:
    """Return exp(-Σ p_i log p_i) of the eigenvalues' shares p_i: r for r equal eigenvalues, between 1 and N.

    Source: Roy and Vetterli (2007). Page: learning/kernels-in-training.

    Raises:
        ValueError: if the kernel is not square, or has no positive eigenvalue.

    >>> round(effective_rank(torch.eye(5)), 6), round(effective_rank(torch.ones(5, 5)), 6)
    (5.0, 1.0)
    """
    check_tensor("kernel", kernel, "N", "N")
    values = torch.linalg.eigvalsh(kernel.double()).clamp_min(0)
    if not values.sum() > 0:
        raise ValueError("kernel must have a positive eigenvalue")
    shares = values / values.sum()
    return torch.exp(torch.special.entr(shares).sum()).item()
