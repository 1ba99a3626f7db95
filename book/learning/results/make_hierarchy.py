"""Train nets on targets with a hierarchy for learning/hierarchy, and write their test errors beside this file.

From the repository's root, some twenty minutes on one quiet core:

    python book/learning/results/make_hierarchy.py

Every finished run is kept in .cache/hierarchy, so a stopped command goes on where it was.
"""

import argparse
import datetime
import platform
from pathlib import Path

import joblib
import pandas as pd
import torch
from torch import Tensor

from dlgn_lib import DLGN, GaLUNet, ReLUNet, ntk
from dlgn_lib.models.base import GatedNet
from dlgn_lib.runs import sweep
from dlgn_lib.training.descent import no_denormals
from dlgn_lib.training.stacked import stack_nets

HERE = Path(__file__).parent
INPUTS, TESTS, BATCH, TOGETHER = 16, 1000, 64, 5  # TOGETHER: seeds trained in one run
SAMPLES = (256, 1024, 4096)
TARGETS = ("staircase", "majority of 3", "majority of 5", "majority of 7")
RIDGES = (1e-6, 1e-4, 1e-2, 1e-1, 1.0)
STANDARD = "standard"
#: what differs from 3 hidden layers of 32 units, β = 10, learning rate 0.002, 2000 steps; for the majority of 7
CONTROLS = {
    "half the learning rate": {"lr": 1e-3},
    "twice the learning rate": {"lr": 4e-3},
    "three times the steps": {"steps": 6000},
    "64 units a layer": {"width": 64},
    "5 hidden layers": {"depth": 5},
    "slope 4": {"beta": 4.0},
    "slope 30": {"beta": 30.0},
    "experts on ones": {"value_input": "ones"},
}
ONLY_GATES = ("slope 4", "slope 30", "experts on ones")


def target(name: str, x: Tensor) -> Tensor:
    """Return the target (N, 1) of inputs (N, D) of ±1; its mean square over all inputs is 1."""
    if name == "staircase":
        return x[:, :4].cumprod(dim=1).sum(dim=1, keepdim=True) / 2
    count = int(name.split()[-1])
    pairs = x[:, : 2 * count].unflatten(1, (count, 2)).prod(dim=2)
    return pairs.sum(dim=1, keepdim=True).sign()


def draw(name: str, samples: int, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return inputs and targets for training, then for testing; the inputs are the same for all targets."""
    rng = torch.Generator().manual_seed(1000 + seed)
    test_x = torch.randint(0, 2, (TESTS, INPUTS), generator=rng).float() * 2 - 1
    x = torch.randint(0, 2, (samples, INPUTS), generator=rng).float() * 2 - 1
    return x, target(name, x), test_x, target(name, test_x)


def make_net(model: str, seed: int, width: int = 32, depth: int = 3, **gates: object) -> GatedNet:
    """Return an untrained net of this name."""
    kind = {"ReLU": ReLUNet, "GaLU": GaLUNet}.get(model, DLGN)
    net = kind(INPUTS, width, depth, bias=True, generator=torch.Generator().manual_seed(seed), **gates)
    return net.freeze_gates() if model.startswith("frozen") else net


def train_block(target: str, samples: int, model: str, setting: str, block: int) -> dict[str, float]:
    """Train `TOGETHER` nets, each on data of its own; return the smallest and the last of their test errors, and the training error."""
    seeds = range(block * TOGETHER, (block + 1) * TOGETHER)
    options = {"steps": 2000, "lr": 2e-3} | CONTROLS.get(setting, {})
    steps, lr = options.pop("steps"), options.pop("lr")
    x, y, test_x, test_y = map(torch.stack, zip(*(draw(target, samples, seed) for seed in seeds), strict=True))
    net = stack_nets([make_net(model, seed, **options) for seed in seeds])
    adam = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=lr, fused=True)
    rng, each, history = torch.Generator().manual_seed(block), torch.arange(TOGETHER)[:, None], []
    with no_denormals(x.device):
        for step in range(steps + 1):
            if step % 100 == 0:
                with torch.no_grad():
                    history.append((net(test_x) - test_y).square().mean((1, 2)))
            if step == steps:
                break
            rows = torch.randint(samples, (TOGETHER, BATCH), generator=rng)
            adam.zero_grad()
            (net(x[each, rows]) - y[each, rows]).square().mean((1, 2)).sum().backward()
            adam.step()
        with torch.no_grad():
            train = (net(x) - y).square().mean((1, 2))
    errors = {"best": torch.stack(history).amin(0), "last": history[-1], "train": train}
    return {f"{name}/{seed}": v.item() for name, each in errors.items() for seed, v in zip(seeds, each, strict=True)}


def kernel_block(samples: int, model: str, seed: int) -> dict[str, float]:
    """Return the test errors of ridge regression with the tangent kernel of an untrained net, for the best of all ridges."""
    net = make_net(model, seed).double()
    data = {name: [part.double() for part in draw(name, samples, seed)] for name in TARGETS}
    x, _, test_x, _ = data[TARGETS[0]]
    kernel, across = ntk(net, x), ntk(net, test_x, x)
    y, test_y = (torch.cat([data[name][part] for name in TARGETS], dim=1) for part in (1, 3))
    errors = []
    for ridge in RIDGES:
        regular = kernel + ridge * kernel.diagonal().mean() * torch.eye(samples, dtype=torch.float64)
        weights = torch.cholesky_solve(y, torch.linalg.cholesky(regular))
        errors.append((across @ weights - test_y).square().mean(0))
    return dict(zip(TARGETS, torch.stack(errors).amin(0).tolist(), strict=True))


def rows_of(frame: pd.DataFrame) -> dict[tuple, dict[int, float]]:
    """Return {(target, samples, model, setting, error): {seed: value}} of trained nets."""
    rows: dict[tuple, dict[int, float]] = {}
    for point in frame.to_dict("records"):
        key = tuple(point.pop(name) for name in ("target", "samples", "model", "setting"))
        point.pop("block")
        for name, value in point.items():
            error, seed = name.split("/")
            if value == value:  # a block has no value for the seeds of another
                rows.setdefault((*key, error), {})[int(seed)] = value
    return rows


def write(rows: dict[tuple, dict[int, float]], path: Path, seeds: range) -> None:
    """Write the table in one move."""
    table = pd.DataFrame(
        [[*key, *(f"{values[seed]:.4g}" if seed in values else "" for seed in seeds)] for key, values in rows.items()],
        columns=["target", "samples", "model", "setting", "error", *(f"seed{seed}" for seed in seeds)],
    )
    half = path.with_suffix(".half")
    with half.open("w", encoding="utf-8", newline="") as file:
        file.write("# made by: python book/learning/results/make_hierarchy.py\n")
        file.write(f"# torch {torch.__version__}, Python {platform.python_version()}; {datetime.date.today()}\n")
        file.write(f"# seeds {seeds[0]} to {seeds[-1]}, one column each; a seed decides data and weights\n")
        table.to_csv(file, index=False, lineterminator="\n")
    half.replace(path)


def main() -> None:
    """Run what is missing and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=2, help=f"blocks of {TOGETHER} seeds")
    parser.add_argument("--samples", type=int, nargs="*", default=SAMPLES)
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--runs", type=Path, default=Path(".cache/hierarchy"), help="where finished runs are kept")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of the tables")
    options = parser.parse_args()
    models, blocks = ["frozen DLGN", "DLGN", "ReLU", "GaLU"], range(options.blocks)
    with joblib.parallel_config(n_jobs=options.jobs):
        common = {"samples": list(options.samples), "model": models, "setting": [STANDARD], "block": blocks}
        rows = rows_of(sweep(train_block, options.runs, target=TARGETS, **common))
        write(rows, options.out / "hierarchy.csv", range(options.blocks * TOGETHER))
        seeds = range(TOGETHER)  # kernels of 4096 samples take long
        kernels = sweep(kernel_block, options.runs, samples=list(options.samples), model=["DLGN", "ReLU"], seed=seeds)
        rows = {}
        for point in kernels.to_dict("records"):
            for name in TARGETS:
                key = (name, point["samples"], f"kernel of the {point['model']}", STANDARD, "best")
                rows.setdefault(key, {})[point["seed"]] = point[name]
        write(rows, options.out / "hierarchy-kernels.csv", seeds)
        controls = {}
        for model in ("DLGN", "ReLU"):
            settings = [name for name in CONTROLS if model == "DLGN" or name not in ONLY_GATES]
            common = {"target": TARGETS[-1:], "samples": [4096], "model": [model], "setting": settings, "block": [0]}
            controls |= rows_of(sweep(train_block, options.runs, **common))
        write(controls, options.out / "hierarchy-controls.csv", range(TOGETHER))


if __name__ == "__main__":
    main()
