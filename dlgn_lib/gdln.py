"""Gated deep linear networks: pathways that gates switch on and off, and how fast each of them learns.

A two-layer ReLU net is followed by three things of growing simplicity: a gated deep linear network (`GDLN`) trained the
same way, the wide limit of its training (`race`), and a formula (`mode_dynamics`). The loss of this module is half the
sum of squares over samples and outputs. Pages: neighbours/haste, neighbours/selectivity.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from dlgn_lib.checks import check_count, check_points, check_positive, check_tensor
from dlgn_lib.threads import one_thread
from dlgn_lib.training import DivergenceError

Gates = Sequence[Tensor | None]


def xor_task() -> tuple[Tensor, Tensor]:
    """Return the four corners x (4, 2) of the square with entries ±1, and y (4, 1): 1 where their signs differ, else -1.

    >>> x, y = xor_task()
    >>> torch.equal(y[:, 0], -x[:, 0] * x[:, 1])
    True
    """
    x = torch.tensor([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]], dtype=torch.float64)
    return x, -x.prod(dim=1, keepdim=True)


def normal_weights(sizes: Sequence[int], std: float, generator: torch.Generator | None = None) -> list[Tensor]:
    """Return float64 weights [(M, D), …, (K, M)] with entries N(0, std²) for the layer sizes (D, M, …, K).

    Raises:
        TypeError: if a size is not a whole number.
        ValueError: if there are fewer than two sizes, one is below 1, or `std` is negative or not finite.
    """
    sizes = [check_count("sizes", size) for size in sizes]
    if len(sizes) < 2:
        raise ValueError(f"sizes must name at least inputs and outputs, got {sizes}")
    pairs, std = itertools.pairwise(sizes), check_positive("std", std, or_zero=True)
    return [torch.randn(b, a, generator=generator, dtype=torch.float64) * std for a, b in pairs]


def gated_layers(weights: Sequence[Tensor], x: Tensor, gates: Gates | None = None) -> tuple[list[Tensor], list[Tensor]]:
    """Return (layers, gates) of a bias-free net: layers [x, h_1, …, ŷ], and the gates of each hidden layer (N, M).

    h_ℓ = gate_ℓ ⊙ W_ℓ h_{ℓ-1}; the last layer has no gate. Weights may carry a stack of S nets in front, (S, M, D).

    Args:
        weights: [(M, D), …, (K, M)].
        x: inputs (N, D).
        gates: one entry for each hidden layer: a tensor that broadcasts with (N, M), or None for the layer's own ReLU
            gates 1[z ≥ 0]. None instead of a list for ReLU gates everywhere.

    Raises:
        TypeError: if `weights` and `x` are not of one dtype.
        ValueError: if `weights` or `x` do not fit or are not finite, or there is not one fitting gate for each hidden layer.

    >>> (x, h, output), (gate,) = gated_layers([torch.tensor([[1.0], [-1.0]]), torch.ones(1, 2)], torch.tensor([[-3.0]]))
    >>> output.item(), gate.tolist()
    (3.0, [[0.0, 1.0]])
    """
    _check_net(weights, x)
    return _layers(weights, x, gates)


def _check_net(weights: Sequence[Tensor], x: Tensor) -> None:
    for number, w in enumerate(weights):
        check_tensor(f"weights[{number}]", w, "…", "J", weights[number - 1].shape[-2] if number else "I")
    if len(weights) < 2:
        raise ValueError(f"weights must be at least two matrices, one per layer, got {len(weights)}")
    if len({w.dtype for w in weights}) > 1:
        raise TypeError(f"weights must have one dtype, got {[w.dtype for w in weights]}")
    check_points("x", x, weights[0].shape[-1], weights[0].dtype)


def _layers(weights: Sequence[Tensor], x: Tensor, gates: Gates | None) -> tuple[list[Tensor], list[Tensor]]:
    """Return what `gated_layers` returns, for arguments that were checked."""
    given = [None] * (len(weights) - 1) if gates is None else list(gates)
    if len(given) != len(weights) - 1:
        raise ValueError(
            f"gates must have one entry for each hidden layer, {len(weights) - 1} of them, got {len(given)}"
        )
    layers, used = [x], []
    for w, gate in zip(weights, given, strict=False):
        z = layers[-1] @ w.mT  # (N, M)
        if gate is not None and not (
            gate.ndim <= z.ndim and all(a in (1, b) for a, b in zip(gate.shape[::-1], z.shape[::-1], strict=False))
        ):
            raise ValueError(
                f"gates must fit the hidden layer, {tuple(z.shape[-2:])}, inputs x units, got {tuple(gate.shape)}"
            )
        used.append((z >= 0).to(z.dtype) if gate is None else gate.to(z.dtype).expand_as(z))
        layers.append(used[-1] * z)
    return [*layers, layers[-1] @ weights[-1].mT], used


@dataclass(frozen=True)
class Descent:
    """What `descend` and `race` return.

    Attributes:
        losses: half the sum of squares before each step and after the last, (steps + 1,), for a stack (S, steps + 1).
        at: step -> the state there: weights for `descend`, maps of the pathways (P, K, D) for `race`.
        gates: if they were recorded, the gates used in each step: one list of bool tensors, layer by layer, per step.
    """

    losses: Tensor
    at: dict[int, object] = field(repr=False)
    gates: list[list[Tensor]] | None = field(default=None, repr=False)


def _check_run(steps: int, lr: float, snapshots: Iterable[int]) -> set[int]:
    """Return the steps to keep, the last one among them."""
    kept = {*snapshots, check_count("steps", steps)}
    check_positive("lr", lr)
    if not kept <= set(range(steps + 1)):
        raise ValueError(f"snapshots must lie between 0 and the last step, {steps}, got {sorted(kept)}")
    return kept


def _finite(losses: Tensor, lr: float) -> Tensor:
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
) -> Descent:
    """Train a bias-free net by plain gradient descent on ½ Σ (y - ŷ)² and return the run; the weights given stay as they are.

    The gates are held fixed when the gradient is taken; for ReLU gates that is the gradient of the ReLU net, whose gates
    are constant almost everywhere. Gates recorded in one run can be replayed in another: there the net is linear at each step.

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
        dlgn_lib.DivergenceError: if the loss becomes NaN or infinite.

    >>> x, y = xor_task()
    >>> start = normal_weights((2, 100, 1), 1e-3, torch.Generator().manual_seed(0))
    >>> run = descend(start, x, y, steps=4000, lr=2e-3)
    >>> round(run.losses[0].item(), 3), round(run.losses[-1].item(), 3)
    (2.0, 0.0)
    """
    kept = _check_run(steps, lr, snapshots)
    _check_net(weights, x)
    check_tensor("y", y, len(x), weights[-1].shape[-2])
    weights = [w.detach().clone() for w in weights]
    losses, at, recorded = [], {}, []
    with one_thread():
        for step in range(steps + 1):
            layers, used = _layers(weights, x, gates(step) if callable(gates) else gates)
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
    return Descent(_finite(torch.stack(losses, dim=-1), lr), at, recorded if record else None)


class GDLN(nn.Module):
    """Gated deep linear network: ŷ(x) = Σ_p g_p(x) W_p,L … W_p,1 (m_p ⊙ x), a sum of linear pathways behind gates.

    The pathways stand side by side in one net: `weights` are [(M, D), …, (K, M)] with M = Σ widths, block-diagonal in
    between, so that one product serves all of them. Source: Saxe et al. (2022) [race]. Page: neighbours/haste.

    Args:
        gate: function of the inputs (N, D) that gives the pathways' gates (N, P), any numbers.
        widths: units of each pathway, P numbers.
        in_dim: number of inputs D.
        out_dim: number of outputs K.
        std: standard deviation of the initial weights.
        inputs: which inputs each pathway reads, ones and zeros (P, D); None for all.
        depth: number of hidden layers.
        generator: random generator of the initial weights.

    Raises:
        ValueError: if `inputs` does not have one row for each pathway.

    >>> net = GDLN(lambda x: (x > 0).double(), [2, 3], in_dim=2, out_dim=1, std=0.1)     # pathway p is on where x_p > 0
    >>> net(torch.tensor([[-1.0, -2.0]], dtype=torch.float64)).abs().item(), tuple(net.maps().shape)
    (0.0, (2, 1, 2))
    """

    def __init__(
        self,
        gate: Callable[[Tensor], Tensor],
        widths: Sequence[int],
        in_dim: int,
        out_dim: int,
        *,
        std: float,
        inputs: Tensor | None = None,
        depth: int = 1,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        widths = [check_count("widths", width) for width in widths]
        if not widths:
            raise ValueError("widths must name at least one pathway, got none")
        check_count("out_dim", out_dim), check_positive("std", std, or_zero=True)
        inputs = torch.ones(len(widths), check_count("in_dim", in_dim)) if inputs is None else torch.as_tensor(inputs)
        if inputs.shape != (len(widths), in_dim):
            raise ValueError(
                f"inputs must have shape {(len(widths), in_dim)}, pathways x inputs, got {tuple(inputs.shape)}"
            )
        self.gate = gate
        self.register_buffer("pathway", torch.arange(len(widths)).repeat_interleave(torch.tensor(widths)))  # (M,)
        masks = [inputs.double()[self.pathway]]
        if check_count("depth", depth) > 1:
            masks += [(self.pathway[:, None] == self.pathway).double()] * (depth - 1)  # (M, M)
        self.masks = [*masks, torch.ones(out_dim, len(self.pathway), dtype=torch.float64)]
        weights = normal_weights([in_dim, *[len(self.pathway)] * depth, out_dim], std, generator)
        self.weights = nn.ParameterList(w * m for w, m in zip(weights, self.masks, strict=True))

    @classmethod
    def from_relu(cls, weights: Sequence[Tensor]) -> "GDLN":
        """Return the rectified linear network of a two-layer ReLU net [(M, D), (K, M)]: each unit a pathway with its own gate.

        The gates are those of the ReLU net with these weights, 1[W_1 x ≥ 0], and do not move when the GDLN is trained. So
        outputs and gradients are the ReLU net's as long as its gates stay. Source: Jarvis et al. (2025) [haste].

        Raises:
            ValueError: if there are not two weight matrices that fit together.
        """
        shapes = [tuple(w.shape) for w in weights]
        if len(shapes) != 2 or len(shapes[0]) != 2 or shapes[1][1:] != shapes[0][:1]:
            raise ValueError(f"weights must be two matrices (M, D) and (K, M), got shapes {shapes}")
        first = weights[0].detach().clone()
        net = cls(lambda x: (x @ first.T >= 0).to(x.dtype), [1] * len(first), first.shape[1], len(weights[1]), std=0.0)
        net.weights = nn.ParameterList([w.detach().clone() for w in weights])
        return net

    def unit_gates(self, x: Tensor) -> list[Tensor]:
        """Return the gates of each hidden layer's units (N, M): the pathway's in the first, ones above.

        Raises:
            ValueError: if the gate function does not give (N, P).
        """
        gates, count = self.gate(x), int(self.pathway[-1]) + 1
        if tuple(gates.shape) != (len(x), count):
            raise ValueError(
                f"gate must give one number for each input and pathway, {(len(x), count)}, got {tuple(gates.shape)}"
            )
        first = gates[:, self.pathway]
        return [first, *[torch.ones_like(first)] * (len(self.weights) - 2)]

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (N, K) for inputs (N, D)."""
        weights = [w * m for w, m in zip(self.weights, self.masks, strict=True)]  # no gradient where there is no weight
        check_points("x", x, weights[0].shape[1], weights[0].dtype)
        return _layers(weights, x, self.unit_gates(x))[0][-1]

    def maps(self, weights: Sequence[Tensor] | None = None) -> Tensor:
        """Return the linear map of each pathway (P, K, D), of these weights or of the net's own."""
        first, *others = list(self.weights) if weights is None else weights
        member = torch.nn.functional.one_hot(self.pathway).to(first.dtype).T  # (P, M)
        product = member[..., None] * first.detach()  # (P, M, D)
        for w in others:
            product = w.detach() @ product
        return product

    def descend(self, x: Tensor, y: Tensor, **settings: object) -> Descent:
        """Return `descend` from the net's weights with its gates and masks; the net itself is left as it is."""
        return descend(list(self.weights), x, y, gates=self.unit_gates(x), masks=self.masks, **settings)


def race(
    x: Tensor,
    y: Tensor,
    gates: Tensor,
    gram: Tensor,
    *,
    steps: int,
    lr: float,
    snapshots: Iterable[int] = (),
) -> Descent:
    """Return gradient descent on a GDLN with one hidden layer, written without its weights: the race of its pathways.

    With K_p = [W_1ᵀ; W_2][W_1, W_2ᵀ] of pathway p, one step of `descend` is exactly K_p ← (1 + η G_p) K_p (1 + η G_p),
    G_p = [[0, Δ_pᵀ], [Δ_p, 0]], Δ_p = Σ_n gate_p,n error_n x_nᵀ. The lower left block of K_p is the pathway's map. Start
    from `wide_gram`, the expectation over random weights, and nothing random is left: the limit of wide nets.
    Source: the reduction of Saxe et al. (2022) [race], for any data and in discrete steps. Page: neighbours/haste.

    Args:
        x: inputs (N, D).
        y: targets (N, K).
        gates: (N, P).
        gram: the first K_p, (P, D + K, D + K).
        steps: number of updates.
        lr: learning rate η of ½ Σ (y - ŷ)².
        snapshots: steps to keep the maps (P, K, D) at; the last one is always kept.

    Raises:
        TypeError: if `x`, `y` and `gram` are not of one dtype.
        ValueError: if shapes do not fit, something is not finite, `lr` is not positive, or a snapshot lies beyond the last step.
        dlgn_lib.DivergenceError: if the loss becomes NaN or infinite.
    """
    check_tensor("x", x, "N", "D")
    check_tensor("y", y, len(x), "K")
    check_tensor("gates", gates, len(x), "P", kind="real")
    if len({t.dtype for t in (x, y, gram)}) > 1:
        raise TypeError(f"x, y and gram must have one dtype, got {x.dtype}, {y.dtype}, {gram.dtype}")
    d, expected = x.shape[1], (gates.shape[1], *[x.shape[1] + y.shape[1]] * 2)
    if tuple(gram.shape) != expected:
        raise ValueError(f"gram must have shape {expected}, pathways x (D + K) x (D + K), got {tuple(gram.shape)}")
    check_tensor("gram", gram, *expected)
    kept, losses, at = _check_run(steps, lr, snapshots), [], {}
    inputs = (gram.diagonal(dim1=1, dim2=2)[:, :d] > 0).to(x.dtype)  # a pathway reads what it has weights for
    gated = gates.T[..., None] * x * inputs[:, None]  # (P, N, D)
    with one_thread():
        for step in range(steps + 1):
            maps = gram[:, d:, :d]  # (P, K, D)
            error = y - (gated @ maps.mT).sum(dim=0)  # (N, K)
            losses.append(error.square().sum() / 2)
            if step in kept:
                at[step] = maps.clone()
            g = lr * error.T @ gated  # (P, K, D)
            gram = gram + torch.cat([g.mT @ gram[:, d:], g @ gram[:, :d]], dim=1)
            gram = gram + torch.cat([gram[:, :, d:] @ g, gram[:, :, :d] @ g.mT], dim=2)
    return Descent(_finite(torch.stack(losses), lr), at)


def wide_gram(widths: Sequence[int], inputs: Tensor, out_dim: int, std: float) -> Tensor:
    """Return the expected first K_p of `race`, (P, D + K, D + K): h_p std² on the diagonal, for the inputs it reads (P, D).

    Raises:
        ValueError: if there is not one row of `inputs` for each width, or a size or `std` is not positive.
    """
    widths = [check_count("widths", width) for width in widths]
    check_tensor("inputs", inputs, len(widths), "D", kind="real")
    check_count("out_dim", out_dim), check_positive("std", std, or_zero=True)
    reads = torch.cat([inputs.double(), inputs.new_ones(len(inputs), out_dim).double()], dim=1)
    return torch.diag_embed(reads * torch.tensor(widths, dtype=torch.float64)[:, None] * std**2)


def mode_dynamics(s: Tensor, d: Tensor, start: Tensor, t: Tensor, tau: float = 1.0) -> Tensor:
    """Return the strength a(t) of a mode of a two-layer linear net: the logistic curve from `start` up to s/d.

    τ a' = 2a (s - d·a) has the solution a(t) = (s/d) / (1 + ((s/d)/a(0) - 1) e^{-2st/τ}). Arguments broadcast.
    Source: Saxe et al. (2014) [exact]. Page: neighbours/haste.

    Args:
        s: how strongly input and target of the mode go together, its singular value of Σ y xᵀ; positive.
        d: how strong its input is, its eigenvalue of Σ x xᵀ; positive.
        start: a(0), positive.
        t: time; with `tau` = 1/η in steps of gradient descent with learning rate η on ½ Σ (y - ŷ)².
        tau: time constant τ.

    Raises:
        TypeError: if `t` is complex.
        ValueError: if `s`, `d`, `start` or `tau` is not positive and finite.

    >>> mode_dynamics(3.0, 2.0, 1e-6, torch.tensor([0.0, 100.0], dtype=torch.float64)).tolist()
    [1e-06, 1.5]
    """
    if isinstance(t, Tensor) and t.is_complex():
        raise TypeError(f"t must hold real numbers, got dtype {t.dtype}")
    s, d, start, t = (torch.as_tensor(value, dtype=torch.float64) for value in (s, d, start, t))
    for name, value in (("s", s), ("d", d), ("start", start), ("tau", torch.as_tensor(tau))):
        if not ((value > 0) & value.isfinite()).all():
            raise ValueError(f"{name} must be positive and finite, got {value.tolist()}")
    return s / d / (1 + (s / d / start - 1) * torch.exp(-2 * s * t / tau))


def half_time(s: float, d: float, start: float, tau: float = 1.0) -> float:
    """Return the time at which `mode_dynamics` reaches half of s/d; negative if it begins beyond.

    Raises:
        ValueError: if `s`, `d` or `tau` is not positive, or `start` is not between 0 and s/d.
    """
    for name, value in (("s", s), ("d", d), ("tau", tau)):
        check_positive(name, value)
    if not 0 < start < s / d:
        raise ValueError(f"start must lie between 0 and s/d = {s / d}, got {start}")
    return tau * math.log(s / d / start - 1) / (2 * s)
