"""Gradient descent with snapshots: one net, or many seeds at once. Pages: learning/circle, learning/images."""

import copy
import math
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from dlgn_lib.checks import check_count, check_positive
from dlgn_lib.claims import in_build
from dlgn_lib.models import GatedNet


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


class _StackedLinear(nn.Module):
    """S linear layers as one: weight (S, J, I), inputs (N, I) or (S, N, I), outputs (S, N, J)."""

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        for name in ("weight", "bias"):
            parts = [getattr(layer, name) for layer in layers]
            stacked = None if parts[0] is None else torch.stack([part.detach() for part in parts])
            if stacked is not None:
                stacked = nn.Parameter(stacked, requires_grad=parts[0].requires_grad)
            self.register_parameter(name, stacked)

    def forward(self, x: Tensor) -> Tensor:
        y = x @ self.weight.mT
        return y if self.bias is None else y + self.bias[:, None]


def _stack(nets: Sequence[GatedNet]) -> GatedNet:
    """Return one net that is all of `nets` at once: outputs (S, N, K). The state of net s is entry s of every tensor."""
    stacked = copy.deepcopy(nets[0])
    for name, _ in stacked.named_children():
        columns = zip(*(getattr(net, name) for net in nets), strict=True)
        setattr(stacked, name, nn.ModuleList(_StackedLinear(column) for column in columns))
    stacked.check_input = lambda x: x  # checked before; batches have a dimension more
    return stacked


@contextmanager
def _no_denormals(device: torch.device) -> Iterator[None]:
    """Round numbers below 10⁻³⁸ to zero while it lasts: products of nearly closed gates, on which processors crawl."""
    tiny = torch.tensor(torch.finfo(torch.float32).tiny) / 2
    change = device.type == "cpu" and bool(tiny > 0) and torch.set_flush_denormal(True)
    try:
        yield
    finally:
        if change:
            torch.set_flush_denormal(False)


def _batches(n: int, batch: int, seed: int) -> Iterator[Tensor]:
    """Yield the indices of one mini-batch after another; every epoch goes once through all n samples, in new order."""
    rng = torch.Generator().manual_seed(seed)
    while True:
        yield from torch.randperm(n, generator=rng).split(batch)


def _optimizer(config: dict, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    if config["optimizer"] == "adam":
        return torch.optim.Adam(parameters, lr=config["lr"], fused=True)
    return torch.optim.SGD(parameters, lr=config["lr"], momentum=config["momentum"])


def _loss(kind: str, output: Tensor, y: Tensor) -> Tensor:
    """Return the loss of each net (S,), for outputs (S, N, K) or (N, K)."""
    if kind == "mse":
        return (output - y).square().mean((-2, -1)).reshape(-1)
    y = y.expand(output.shape[:-1])
    each = nn.functional.cross_entropy(output.flatten(0, -2), y.flatten(), reduction="none")
    return each.view(y.shape).mean(-1).reshape(-1)


def _descend(
    net: GatedNet,
    templates: Sequence[GatedNet],
    x: Tensor,
    y: Tensor,
    seeds: Sequence[int],
    config: dict,
    tick: Callable[[], None],
) -> list[Trajectory]:
    """Train a net, or a stack of one per seed; return each seed's trajectory, which copies its template."""
    steps, batch, stop_below = config["steps"], config["batch"], config["stop_below"]
    stacked = isinstance(net.value_layers[0], _StackedLinear)
    every = 1 if batch is None else math.ceil(len(x) / batch)
    orders = [] if batch is None else [_batches(len(x), batch, seed) for seed in seeds]
    optimizer = _optimizer(config, [p for p in net.parameters() if p.requires_grad])
    history, states = [], [{} for _ in seeds]
    end = [steps] * len(seeds)  # where each seed stops
    for step in range(steps + 1):
        if step % every == 0:
            with torch.set_grad_enabled(batch is None):
                loss = _loss(config["loss"], net(x), y)
            history.append(loss.detach().cpu())
            _check_finite(history[-1], step, seeds, config)
            if stop_below is not None:
                end = [min(e, step) if value < stop_below else e for e, value in zip(end, history[-1], strict=True)]
        for s in range(len(seeds)):
            if step == end[s] or (step < end[s] and step in config["snapshots"]):
                state = net.state_dict().items()
                states[s][step] = {key: (value[s] if stacked else value).detach().clone() for key, value in state}
        if step >= max(end):
            break
        if batch is not None:
            rows = torch.stack([next(order) for order in orders])  # (S, batch)
            rows = rows if stacked else rows[0]
            loss = _loss(config["loss"], net(x[rows]), y[rows])
            _check_finite(loss.detach(), step, seeds, config)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        tick()
    losses = torch.stack(history, dim=1)  # (S, T)
    return [
        Trajectory(
            tuple(states[s]),
            losses[s, : end[s] // every + 1].clone(),
            every,
            {**config, "seed": seed},
            templates[s],
            states[s],
        )
        for s, seed in enumerate(seeds)
    ]


def _check_finite(loss: Tensor, step: int, seeds: Sequence[int], config: dict) -> None:
    bad = (~torch.isfinite(loss)).nonzero().flatten().tolist()
    if bad:
        raise DivergenceError(
            f"training diverged: the loss is {loss[bad[0]].item()} at step {step} for seed {seeds[bad[0]]} with "
            f"learning rate {config['lr']} ({config['optimizer']}); try a smaller one"
        )


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


def _check_config(
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
        shape = tuple(net(x).shape)
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


def train(
    net: GatedNet, x: Tensor, y: Tensor, *, seed: int = 0, progress: bool = True, **settings: object
) -> Trajectory:
    """Train `net` in place and return the run.

    Args:
        net: any net of the family; frozen parameters stay as they are.
        x: inputs (N, D).
        y: targets (N, K), or with `loss="cross_entropy"` class numbers (N,).
        seed: of the order of mini-batches.
        progress: whether a run of more than two seconds shows a progress bar (never in builds).
        settings: `steps`, the number of updates, and `lr`, the learning rate, must be given. The others are
            `loss="mse"`, the mean squared error over samples and outputs, or `"cross_entropy"`, whose scores are the
            outputs; `optimizer="adam"` or `"sgd"` (both `torch.optim`); `momentum=0.0` of "sgd"; `batch=None`, the
            size of mini-batches, drawn without replacement in each epoch (None: all data in each update);
            `snapshots=None`, steps to keep the net at (None: 0, 1, 2, 5, 10, 20, 50, …, and always the last one);
            `stop_below=None`, a loss over all data below which the run ends.

    Raises:
        TypeError: if a setting is unknown, `steps` or `lr` is missing, or class numbers are not int64.
        ValueError: if an argument does not fit.
        dlgn_lib.DivergenceError: if the loss becomes NaN or infinite; it names step, seed and learning rate.

    >>> from dlgn_lib import DLGN, circle
    >>> x, y = circle(40, high=2)
    >>> run = train(DLGN(2, 16, 2, generator=torch.Generator().manual_seed(0)), x, y, steps=100, lr=0.01)
    >>> run.steps, bool(run.losses[-1] < run.losses[0])
    ((0, 1, 2, 5, 10, 20, 50, 100), True)
    """
    config = _check_config(net, x, y, **settings)
    with _progress(config["steps"], "training", progress) as bar, _no_denormals(x.device):
        return _descend(net, [copy.deepcopy(net)], x, y, [seed], config, bar.update)[0]


def _progress(total: int, text: str, wanted: bool) -> tqdm:
    return tqdm(total=total, delay=2, disable=not wanted or in_build(), desc=text, unit="step")


def train_ensemble(
    make_net: Callable[[int], GatedNet],
    seeds: int | Sequence[int],
    x: Tensor,
    y: Tensor,
    *,
    progress: bool = True,
    **settings: object,
) -> list[Trajectory]:
    """Train `make_net(seed)` for each seed, all in one run, and return their trajectories: those of `train`, but faster.

    The nets' weights are stacked, so that one product of stacks serves many seeds. On a processor the seeds are shared
    out among its cores, whatever `torch.get_num_threads()` is. Errors are those of `train`.

    Args:
        make_net: gives the net of a seed; all must have one shape.
        seeds: how many (0, 1, …), or which.
        x: inputs (N, D).
        y: targets (N, K) or class numbers (N,).
        progress: whether a run of more than two seconds shows a progress bar (never in builds).
        settings: those of `train`.

    >>> from dlgn_lib import ReLUNet, circle
    >>> x, y = circle(40)
    >>> def make_net(seed):
    ...     return ReLUNet(2, 8, 2, generator=torch.Generator().manual_seed(seed))
    >>> runs = train_ensemble(make_net, 3, x, y, steps=5, lr=0.01)
    >>> [run.config["seed"] for run in runs], runs[2].steps
    ([0, 1, 2], (0, 1, 2, 5))
    """
    seeds = seed_names(seeds)
    nets = [make_net(seed) for seed in seeds]
    config = _check_config(nets[0], x, y, **settings)
    shapes = [[(k, v.shape, v.requires_grad) for k, v in net.named_parameters()] for net in nets]
    if any(type(net) is not type(nets[0]) or shape != shapes[0] for net, shape in zip(nets, shapes, strict=True)):
        raise ValueError("make_net must give nets of one kind and shape for all seeds; these cannot be stacked")
    threads, on_cpu = torch.get_num_threads(), x.device.type == "cpu"
    workers = min(os.cpu_count() or 1, len(seeds)) if on_cpu else 1
    size = math.ceil(len(seeds) / workers)
    groups = [slice(start, start + size) for start in range(0, len(seeds), size)]
    cancelled = threading.Event()
    with _progress(config["steps"] * len(groups), f"training {len(seeds)} nets", progress) as bar:

        def tick() -> None:
            if cancelled.is_set():
                raise RuntimeError("another group of seeds stopped")
            bar.update()

        def work(group: slice) -> list[Trajectory]:
            if on_cpu:
                torch.set_num_threads(1)
            with _no_denormals(x.device):
                return _descend(_stack(nets[group]), nets[group], x, y, seeds[group], config, tick)

        with ThreadPoolExecutor(workers) as pool:
            parts = [pool.submit(work, group) for group in groups]
            try:
                for part in as_completed(parts):
                    part.result()  # raises the first error as soon as there is one
                return [run for part in parts for run in part.result()]
            finally:
                cancelled.set()  # after an error or an interrupt the other groups stop at their next step
                torch.set_num_threads(threads)


def accuracy(net: GatedNet, x: Tensor, labels: Tensor) -> float:
    """Return the share of inputs whose largest output is the one of their class.

    Args:
        net: a net with one output per class.
        x: inputs (N, D).
        labels: class numbers (N,), int64.

    Raises:
        TypeError: if labels are not int64.
        ValueError: if there is not one label per input, or a label has no output.

    >>> from dlgn_lib import ReLUNet
    >>> net = ReLUNet.from_weights([[[1.0], [-1.0]], [[1.0, 0.0], [0.0, 1.0]]])     # class 1 where x is negative
    >>> accuracy(net, torch.tensor([[-3.0], [2.0], [5.0], [-1.0]]).double(), torch.tensor([1, 0, 0, 0]))
    0.75
    """
    with torch.no_grad():
        scores = net(x)
    check_labels("labels", labels, *scores.shape)
    return (scores.argmax(1) == labels).double().mean().item()


def seed_names(seeds: int | Sequence[int]) -> list[int]:
    """Return the seeds of a run: 0, 1, … if their number is given."""
    whole = isinstance(seeds, int) or not isinstance(seeds, Iterable)
    names = list(range(check_count("seeds", seeds))) if whole else [check_count("seeds", s, least=0) for s in seeds]
    if not names:
        raise ValueError("seeds must name at least one seed, got none")
    return names
