"""Gradient descent with snapshots. Pages: learning/circle, learning/images."""

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from dlgn_lib.models.base import GatedNet
from dlgn_lib.progress import progress_bar
from dlgn_lib.training.settings import run_config
from dlgn_lib.training.stacked import StackedLinear
from dlgn_lib.training.trajectory import DivergenceError, Trajectory


@contextmanager
def no_denormals(device: torch.device) -> Iterator[None]:
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


def run_descent(
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
    stacked = isinstance(net.value_layers[0], StackedLinear)
    every = 1 if batch is None else math.ceil(len(x) / batch)
    orders = [] if batch is None else [_batches(len(x), batch, seed) for seed in seeds]
    optimizer = _optimizer(config, [p for p in net.parameters() if p.requires_grad])
    history: list[Tensor] = []
    states: list[dict[int, dict[str, Tensor]]] = [{} for _ in seeds]
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
    for value, seed in zip(loss.tolist(), seeds, strict=True):
        if not math.isfinite(value):
            raise DivergenceError(
                f"training diverged: the loss is {value} at step {step} for seed {seed} with "
                f"learning rate {config['lr']} ({config['optimizer']}); try a smaller one"
            )


def train(
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
    seed: int = 0,
    progress: bool = True,
) -> Trajectory:
    """Train `net` in place and return the run.

    Source: this book. Page: learning/circle.

    Args:
        net: any net of the family; frozen parameters stay as they are.
        x: inputs (N, D).
        y: targets (N, K), or with `loss="cross_entropy"` class numbers (N,).
        steps: number of updates.
        lr: learning rate.
        loss: "mse", the mean squared error over samples and outputs, or "cross_entropy", whose scores are the outputs.
        optimizer: "adam" or "sgd", both of `torch.optim`.
        momentum: of "sgd".
        batch: size of mini-batches, drawn without replacement in each epoch; None for all data in each update.
        snapshots: steps to keep the net at; None for 0, 1, 2, 5, 10, 20, 50, …. The last one is always kept.
        stop_below: a loss over all data below which the run ends.
        seed: of the order of mini-batches.
        progress: whether a run of more than two seconds shows a progress bar (unless `$DLGN_PROGRESS` is 0).

    Raises:
        TypeError: if class numbers are not int64.
        ValueError: if an argument does not fit.
        dlgn_lib.training.DivergenceError: if the loss becomes NaN or infinite; it names step, seed and learning rate.

    >>> from dlgn_lib import DLGN, circle
    >>> x, y = circle(40, high=2)
    >>> run = train(DLGN(2, 16, 2, generator=torch.Generator().manual_seed(0)), x, y, steps=100, lr=0.01)
    >>> run.steps, bool(run.losses[-1] < run.losses[0])
    ((0, 1, 2, 5, 10, 20, 50, 100), True)
    """
    config = run_config(
        net,
        x,
        y,
        steps=steps,
        lr=lr,
        loss=loss,
        optimizer=optimizer,
        momentum=momentum,
        batch=batch,
        snapshots=snapshots,
        stop_below=stop_below,
    )
    with progress_bar(config["steps"], "training", "step", progress) as bar, no_denormals(x.device):
        return run_descent(net, [copy.deepcopy(net)], x, y, [seed], config, bar.update)[0]
