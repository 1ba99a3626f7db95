"""Many seeds trained in one run. Page: learning/circle."""

import math
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

import torch
from torch import Tensor

from dlgn_lib.models.base import GatedNet
from dlgn_lib.progress import progress_bar
from dlgn_lib.training.descent import no_denormals, run_descent
from dlgn_lib.training.settings import run_config, seed_names
from dlgn_lib.training.stacked import stack_nets
from dlgn_lib.training.trajectory import Trajectory


def train_ensemble(
    make_net: Callable[[int], GatedNet],
    seeds: int | Sequence[int],
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
    progress: bool = True,
) -> list[Trajectory]:
    """Train `make_net(seed)` for each seed, all in one run, and return their trajectories: those of `train`, but faster.

    The nets' weights are stacked, so that one product of stacks serves many seeds. On a processor the seeds are shared
    out among its cores, whatever `torch.get_num_threads()` is. Errors are those of `train`.
    Source: this book. Page: learning/circle.

    Args:
        make_net: gives the net of a seed; all must have one shape.
        seeds: how many (0, 1, …), or which.
        x: inputs (N, D).
        y: targets (N, K) or class numbers (N,).
        steps: number of updates; this and what follows as for `train`.
        lr: learning rate.
        loss: "mse" or "cross_entropy".
        optimizer: "adam" or "sgd".
        momentum: of "sgd".
        batch: size of mini-batches, or None.
        snapshots: steps to keep the nets at, or None.
        stop_below: a loss below which a net's run ends.
        progress: whether a run of more than two seconds shows a progress bar (unless `$DLGN_PROGRESS` is 0).

    >>> from dlgn_lib import ReLUNet, circle
    >>> x, y = circle(40)
    >>> def make_net(seed):
    ...     return ReLUNet(2, 8, 2, generator=torch.Generator().manual_seed(seed))
    >>> runs = train_ensemble(make_net, 3, x, y, steps=5, lr=0.01)
    >>> [run.config["seed"] for run in runs], runs[2].steps
    ([0, 1, 2], (0, 1, 2, 5))
    """
    names = seed_names(seeds)
    nets = [make_net(seed) for seed in names]
    config = run_config(
        nets[0],
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
    shapes = [[(k, v.shape, v.requires_grad) for k, v in net.named_parameters()] for net in nets]
    if any(type(net) is not type(nets[0]) or shape != shapes[0] for net, shape in zip(nets, shapes, strict=True)):
        raise ValueError("make_net must give nets of one kind and shape for all seeds; these cannot be stacked")
    threads, on_cpu = torch.get_num_threads(), x.device.type == "cpu"
    workers = min(os.cpu_count() or 1, len(names)) if on_cpu else 1
    size = math.ceil(len(names) / workers)
    groups = [slice(start, start + size) for start in range(0, len(names), size)]
    cancelled = threading.Event()
    with progress_bar(config["steps"] * len(groups), f"training {len(names)} nets", "step", progress) as bar:

        def tick() -> None:
            if cancelled.is_set():
                raise RuntimeError("another group of seeds stopped")
            bar.update()

        def work(group: slice) -> list[Trajectory]:
            if on_cpu:
                torch.set_num_threads(1)
            with no_denormals(x.device):
                return run_descent(stack_nets(nets[group]), nets[group], x, y, names[group], config, tick)

        with ThreadPoolExecutor(workers) as pool:
            parts = [pool.submit(work, group) for group in groups]
            try:
                for part in as_completed(parts):
                    part.result()  # raises the first error as soon as there is one
                return [run for part in parts for run in part.result()]
            finally:
                cancelled.set()  # after an error or an interrupt the other groups stop at their next step
                torch.set_num_threads(threads)
