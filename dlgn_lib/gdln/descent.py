"""Gradient descent on half the sum of squares, for plain weights behind gates. Page: neighbours/haste."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import torch
from torch import Tensor

from dlgn_lib.checks import check_count, check_positive, check_tensor
from dlgn_lib.gdln.layers import Gates, check_weights, forward_layers
from dlgn_lib.threads import one_thread
from dlgn_lib.training.trajectory import DivergenceError

State = TypeVar("State")


@dataclass(frozen=True)
class Descent(Generic[State]):
    """What `descend` and `race` return.

    Attributes:
        losses: half the sum of squares before each step and after the last, (steps + 1,), for a stack (S, steps + 1).
        gates: if they were recorded, the gates used in each step: one list of bool tensors, layer by layer, per step.
    """

    losses: Tensor
    _states: dict[int, State] = field(repr=False)
    gates: list[list[Tensor]] | None = field(default=None, repr=False)

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps at which the state was kept."""
        return tuple(self._states)

    def at(self, step: int) -> State:
        """Return the state after `step` updates: the weights for `descend`, the maps of the pathways (P, K, D) for `race`.

        Raises:
            ValueError: if it was not kept at this step.
        """
        if step not in self._states:
            raise ValueError(f"step must be one of the snapshots {list(self.steps)}, got {step}")
        return self._states[step]


def check_run(steps: int, lr: float, snapshots: Iterable[int]) -> set[int]:
    """Return the steps to keep, the last one among them."""
    kept = {*snapshots, check_count("steps", steps)}
    check_positive("lr", lr)
    if not kept <= set(range(steps + 1)):
        raise ValueError(f"snapshots must lie between 0 and the last step, {steps}, got {sorted(kept)}")
    return kept


def check_losses(losses: Tensor, lr: float) -> Tensor:
    """Return the losses, or raise DivergenceError if one is NaN or infinite."""
    bad = (~torch.isfinite(losses)).nonzero()
    if len(bad):
        raise DivergenceError(
            f"training diverged at step {bad[:, -1].min()} with learning rate {lr}; try a smaller one"
        )
    return losses


def descend(
    weights: Sequence[Tensor],
    x: Tensor,
    y: Tensor,
    *,
    steps: int,
    lr: float,
    gates: Gates | Callable[[int], Gates] | None = None,
    masks: Sequence[Tensor] | None = None,
    snapshots: Iterable[int] = (),
    record: bool = False,
) -> Descent[list[Tensor]]:
    """Train a bias-free net by plain gradient descent on ½ Σ (y - ŷ)² and return the run; the weights given stay as they are.

    The gates are held fixed when the gradient is taken; for ReLU gates that is the gradient of the ReLU net, whose gates
    are constant almost everywhere. Gates recorded in one run can be replayed in another: there the net is linear at each step.
    Source: this book. Page: neighbours/haste.

    Args:
        weights: [(M, D), …, (K, M)], or with a stack of S nets in front, all trained in one product.
        x: inputs (N, D).
        y: targets (N, K).
        steps: number of updates.
        lr: learning rate; for the mean of squares it would be N·K/2 times larger.
        gates: as for `forward`, or a function of the step that gives them.
        masks: one entry for each weight matrix, 1 where it may change; None if all may.
        snapshots: steps to keep the weights at; the last one is always kept.
        record: whether to keep the gates of each step; replay them with `gates=lambda step: run.gates[step]`.

    Raises:
        ValueError: if `y` does not fit the output, `lr` is not positive, or a snapshot lies beyond the last step.
        dlgn_lib.training.DivergenceError: if the loss becomes NaN or infinite.

    >>> from dlgn_lib.data import xor_task
    >>> from dlgn_lib.gdln import normal_weights
    >>> x, y = xor_task()
    >>> start = normal_weights((2, 100, 1), 1e-3, torch.Generator().manual_seed(0))
    >>> run = descend(start, x, y, steps=4000, lr=2e-3)
    >>> round(run.losses[0].item(), 3), round(run.losses[-1].item(), 3)
    (2.0, 0.0)
    """
    kept = check_run(steps, lr, snapshots)
    check_weights(weights, x)
    check_tensor("y", y, len(x), weights[-1].shape[-2])
    weights = [w.detach().clone() for w in weights]
    losses: list[Tensor] = []
    at: dict[int, list[Tensor]] = {}
    recorded: list[list[Tensor]] = []
    with one_thread():
        for step in range(steps + 1):
            layers, used = forward_layers(weights, x, gates(step) if callable(gates) else gates)
            delta = y - layers[-1]  # (N, K)
            losses.append(delta.square().sum((-2, -1)) / 2)
            if step in kept:
                at[step] = [w.clone() for w in weights]
            if step == steps:
                break
            if record:
                recorded.append([gate.bool() for gate in used])
            for number in range(len(weights) - 1, -1, -1):
                change = delta.mT @ layers[number]  # minus the gradient
                if number:
                    delta = (delta @ weights[number]) * used[number - 1]  # (N, M)
                weights[number] += lr * (change if masks is None else change * masks[number])
    return Descent(check_losses(torch.stack(losses, dim=-1), lr), at, recorded if record else None)
