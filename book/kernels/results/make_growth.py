"""Measure how the cost of a tangent kernel and of an ensemble grows, and write it beside this file.

From the repository's root, some five minutes on a quiet machine with 2 cores:

    python book/kernels/results/make_growth.py

Times are seconds, the fastest of three; a column for each seed of net and inputs. On another machine all of them differ;
what is meant to last is how they grow, and roughly their ratio.
"""

import csv
import datetime
import os
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor
from torch.func import functional_call, jacrev, vmap
from tqdm import tqdm

from dlgn_lib import DLGN, circle, ntk, train_ensemble
from dlgn_lib.runs import canon_net
from dlgn_lib.threads import one_thread

SEEDS = range(3)
PLAIN, OURS = "plain", "library"
#: what grows: its values; the rest stays at N = 200 inputs, M = 100 units a layer, 4 hidden layers
GROWS = {
    "inputs": (50, 100, 200, 400, 800),
    "width": (25, 50, 100, 200, 400),
    "depth": (1, 2, 4, 8, 16),
    "seeds": (1, 2, 5, 10, 20),
}
STEPS = 100  # of a training run


def jacobian_kernel(net: DLGN, x: Tensor) -> Tensor:
    """Return the tangent kernel as torch.func gives it: all gradients, then their products."""
    weights = {name: p.detach() for name, p in net.named_parameters()}

    def output(p: dict, one: Tensor) -> Tensor:
        return functional_call(net, p, (one[None],))[0, 0]

    rows = vmap(jacrev(output), (None, 0))(weights, x)
    flat = torch.cat([part.flatten(1) for part in rows.values()], dim=1)
    return flat @ flat.T


def one_by_one(seeds: range) -> None:
    """Train the nets of these seeds one after the other, in the loop that everybody writes."""
    x, y = circle()
    for seed in seeds:
        net = canon_net("DLGN", seed)
        adam = torch.optim.Adam(net.parameters(), lr=2e-3)
        for _ in range(STEPS):
            adam.zero_grad()
            (net(x) - y).square().mean().backward()
            adam.step()


def together(seeds: range) -> None:
    """Train the same nets in one run."""
    x, y = circle()
    train_ensemble(
        lambda s: canon_net("DLGN", s), list(seeds), x, y, steps=STEPS, lr=2e-3, snapshots=[], progress=False
    )


def tasks(grows: str, value: int, seed: int) -> dict[str, Callable[[], object]]:
    """Return what is timed."""
    if grows == "seeds":
        names = range(100 * seed, 100 * seed + value)
        return {PLAIN: lambda: one_by_one(names), OURS: lambda: together(names)}
    size = {"inputs": 200, "width": 100, "depth": 4} | {grows: value}
    rng = torch.Generator().manual_seed(seed)
    net = DLGN(20, size["width"], size["depth"], generator=rng)
    x = torch.randn(size["inputs"], 20, generator=rng)
    return {PLAIN: lambda: jacobian_kernel(net, x), OURS: lambda: ntk(net, x)}


def fastest(task: Callable[[], object]) -> float:
    """Return the smallest of three times."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return min(times)


def rows() -> Iterator[list]:
    """Yield the rows of the table: what grows, its value, who computes, a time for each seed."""
    points = [(grows, value) for grows, values in GROWS.items() for value in values]
    for grows, value in tqdm(points, unit="point"):
        each = [{name: fastest(task) for name, task in tasks(grows, value, seed).items()} for seed in SEEDS]
        for name in (PLAIN, OURS):
            yield [grows, value, name, *(f"{times[name]:.6f}" for times in each)]


@one_thread()
def main() -> None:
    """Write growth.csv in one move."""
    torch.set_flush_denormal(True)
    path = Path(__file__).with_name("growth.csv")
    draft = path.with_suffix(".tmp")
    with draft.open("w", newline="", encoding="utf-8") as file:
        file.write("# made by: python book/kernels/results/make_growth.py\n")
        file.write(
            f"# torch {torch.__version__}, Python {platform.python_version()}, {os.cpu_count()} cores; kernels on one\n"
        )
        file.write(
            f"# seeds 0 to {len(SEEDS) - 1}, one column each (seconds, fastest of three); {datetime.date.today()}\n"
        )
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["grows", "value", "by", *(f"seed{seed}" for seed in SEEDS)])
        table.writerows(rows())
    draft.replace(path)


if __name__ == "__main__":
    main()
