"""What a training run leaves: its losses, and its net at some steps. Page: learning/circle."""

import copy
from dataclasses import dataclass, field

from torch import Tensor

from dlgn_lib.models.base import GatedNet


class DivergenceError(ArithmeticError):
    """A loss became NaN or infinite."""


@dataclass(frozen=True)
class Trajectory:
    """One training run: its loss at every step and its net at some of them.

    Attributes:
        steps: the steps at which a snapshot was kept; step t is the net after t updates.
        losses: loss over all data (T,); `losses[i]` is the one at step `i * every`.
        every: updates between two entries of `losses`: 1 for full batches, an epoch for mini-batches.
        config: what was run.
    """

    steps: tuple[int, ...]
    losses: Tensor
    every: int
    config: dict
    _template: GatedNet = field(repr=False)
    _states: dict[int, dict[str, Tensor]] = field(repr=False)

    def at(self, step: int) -> GatedNet:
        """Return a copy of the net after `step` updates.

        Raises:
            ValueError: if no snapshot was kept at this step.
        """
        if step not in self._states:
            raise ValueError(f"step must be one of the snapshots {list(self.steps)}, got {step}")
        net = copy.deepcopy(self._template)
        net.load_state_dict(self._states[step])
        return net

    def first_below(self, loss: float) -> int | None:
        """Return the first step at which the loss is below `loss`, or None if it never was."""
        below = (self.losses < loss).nonzero()
        return int(below[0]) * self.every if len(below) else None
