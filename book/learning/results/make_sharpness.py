"""Train nets whose gates never change, at many sharpnesses, and write how long they take beside this file.

From the repository's root, about an hour on one core:

    python book/learning/results/make_sharpness.py

Every finished setting is kept in .cache/sharpness, so a stopped command goes on where it was. See learning/sharpness.
"""

import argparse
import csv
import datetime
import os
import platform
from pathlib import Path

import pandas as pd
import torch

from dlgn_lib import DLGN, circle
from dlgn_lib.runs import CANON_LR, canon_net, sweep
from dlgn_lib.training.descent import no_denormals
from dlgn_lib.training.stacked import stack_nets

HERE = Path(__file__).parent
SEEDS = range(100, 105)
THRESHOLD = 0.01
RMS = [2, 3, 5, 7, 10, 15, 30, 67]
#: the diagram, and beside it other widths and other numbers of hidden layers
GRIDS = (
    {"width": [64], "depth": [4], "frequency": [16, 8, 24, 4, 12, 32], "rms": RMS},
    {"width": [24, 48, 96], "depth": [4], "frequency": [8, 16], "rms": [5, 10, 30]},
    {"width": [64], "depth": [2, 3, 6], "frequency": [8, 16], "rms": [5, 10, 30]},
    {"width": [32, 16], "depth": [4], "frequency": [16, 8, 24, 4, 12, 32], "rms": RMS},
    {"width": [128], "depth": [4], "frequency": [16, 8, 24], "rms": RMS},
)


def sharp_net(seed: int, rms: float, width: int, depth: int) -> DLGN:
    """Return a frozen DLGN whose βz has this root mean square on the circle, in each layer."""
    net = canon_net("frozen DLGN", seed, width=width, depth=depth)
    below = 1.0
    with torch.no_grad():
        for layer, z in zip(net.gate_layers, net.preactivations(circle()[0]), strict=True):
            factor = rms / (net.beta * z.square().mean().sqrt())
            layer.weight *= factor / below
            below = factor
    return net


def steps_with_adam(width: int, depth: int, frequency: int, rms: float, limit: int) -> dict:
    """Return after how many steps of the book's training each seed's loss is below the threshold, -1 for never."""
    x, y = circle(high=frequency)
    net = stack_nets([sharp_net(seed, rms, width, depth) for seed in SEEDS])
    gates = net.gates(x)  # they stay, so once is enough
    adam = torch.optim.Adam(net.value_layers.parameters(), lr=CANON_LR, fused=True)
    first = torch.full((len(SEEDS),), -1)
    with no_denormals(x.device):
        for step in range(limit + 1):
            loss = (net.value_layers[-1](net.gated_features(x, gates)) - y).square().mean((1, 2))
            first = torch.where((first < 0) & (loss < THRESHOLD), step, first)
            if first.min() >= 0:
                break
            adam.zero_grad()
            loss.sum().backward()
            adam.step()
    return {f"seed{seed}": value for seed, value in zip(SEEDS, first.tolist(), strict=True)}


def write(name: str, columns: list[str], frame: pd.DataFrame, note: str) -> None:
    """Write a table in one move; a setting that was never reached stands there as inf."""
    path = HERE / f"{name}.csv"
    seeds = [f"seed{seed}" for seed in SEEDS]
    with open(path.with_suffix(".part"), "w", newline="", encoding="utf-8") as file:
        file.write("# made by: python book/learning/results/make_sharpness.py\n")
        file.write(f"# seeds {SEEDS[0]} to {SEEDS[-1]}, one column each: {note}\n")
        file.write(f"# torch {torch.__version__}, Python {platform.python_version()}, {datetime.date.today()}\n")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([*columns, *seeds])
        for row in frame.sort_values(columns).to_dict("records"):
            rows.writerow([*(row[c] for c in columns), *("inf" if row[s] < 0 else row[s] for s in seeds)])
    os.replace(path.with_suffix(".part"), path)


def main() -> None:
    """Run what is missing, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=2000, help="steps of training")
    parser.add_argument("--runs", type=Path, default=Path(".cache/sharpness"), help="where finished runs are kept")
    options = parser.parse_args()
    frames = []
    for grid in GRIDS:
        frames.append(sweep(steps_with_adam, options.runs, limit=[options.limit], **grid))
        done = pd.concat(frames).drop_duplicates(["width", "depth", "frequency", "rms"])
        note = f"steps of Adam until the loss is below {THRESHOLD}; inf: not in {options.limit}"
        write("sharpness-steps", ["width", "depth", "frequency", "rms"], done, note)


if __name__ == "__main__":
    main()
