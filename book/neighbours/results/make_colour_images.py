"""Train the networks of neighbours/colour-images and write their results beside this file.

From the repository's root, about a quarter of an hour on one core:

    python book/neighbours/results/make_colour_images.py

It needs CIFAR-10 (see learning/images: put it into $DLGN_DATA, or give `--download`); Fashion-MNIST is the embedded
subset. Every finished run is kept in .cache/colour-images, so a stopped command goes on where it was. `--jobs 4` uses
four processes.
"""

import argparse
import csv
import datetime
import math
import os
import platform
from functools import cache
from pathlib import Path

import joblib
import torch
from torch import nn

from dlgn_lib import ReLUNet, as_gated, fashion_mnist, feature_spectrum
from dlgn_lib.data import cifar10
from dlgn_lib.features import d_lr
from dlgn_lib.models import ConvDLGN
from dlgn_lib.runs import sweep
from dlgn_lib.training import DivergenceError, train

HERE = Path(__file__).parent
COLUMNS = ["data", "net", "alpha", "lr", "part", "measure", "epoch"]
BATCH, MARKS = 100, (1, 2, 5, 10, 20, 40)
TRAIN, TEST = 4000, 1000  # images, as many of each class
THRESHOLDS = (80, 90, 95, 99)
DATA, NETS = ("CIFAR-10 subset", "Fashion-MNIST"), ("fully connected", "ReLU CNN", "conv DLGN")
ALPHAS, RATE, RATES = (0.1, 0.2, 0.5, 1.0, 3.0, 10.0), 0.02, (0.005, 0.05)
FULLY = {"net": NETS[:1], "epochs": [40]}
CONVOLUTIONAL = {"net": NETS[1:], "epochs": [20], "lr": [RATE]}
SWEEPS = (
    {"data": DATA, **FULLY, "alpha": ALPHAS, "lr": [RATE], "seed": range(5)},
    {"data": DATA[:1], **CONVOLUTIONAL, "alpha": [0.1], "seed": range(5)},
    {"data": DATA, **FULLY, "alpha": (0.1, 1.0), "lr": RATES, "seed": range(5)},
    {"data": DATA[1:], **CONVOLUTIONAL, "alpha": [0.1], "seed": range(5)},
)


def rows_of_each_class(labels, count, seed):
    """Return the rows of `count` images, as many of each class, drawn and mixed."""
    rng = torch.Generator().manual_seed(seed)
    mixed = torch.randperm(len(labels), generator=rng)
    rows = torch.cat([mixed[labels[mixed] == c][: count // 10] for c in range(10)])
    return rows[torch.randperm(len(rows), generator=rng)]


@cache
def load(data):
    """Return (images, labels) for training and for testing: squares of four pixels become one, channels standardised."""
    found = {"CIFAR-10 subset": cifar10, "Fashion-MNIST": lambda download: fashion_mnist()}[data](download=False)
    x, test_x = (nn.functional.avg_pool2d(part.float(), 2) for part in (found.images, found.test_images))
    mean, std = x.mean((0, 2, 3), keepdim=True), x.std((0, 2, 3), keepdim=True)
    return (x - mean) / std, found.labels, (test_x - mean) / std, found.test_labels


def make_net(kind, shape, seed):
    """Return a net with 3 hidden layers, the last of 100 features, no biases and a read-out of zeros."""
    rng = torch.Generator().manual_seed(seed)
    if kind == "fully connected":
        net = ReLUNet(math.prod(shape), 100, 3, out_dim=10, init="he", generator=rng)
    else:
        net = ConvDLGN(shape, [16, 32, 25], 10, stride=2, beta=4.0, init="he", generator=rng)
    if kind == "ReLU CNN":  # the experts of the conv DLGN, with their own gates
        a, b, c, last = net.value_layers
        net = as_gated(nn.Sequential(a, nn.ReLU(), b, nn.ReLU(), c, nn.ReLU(), nn.Flatten(), last))
    with torch.no_grad():
        net.value_layers[-1].weight.zero_()
    return net


def measures(net, x, labels):
    """Return what is measured of a net on some inputs."""
    with torch.no_grad():
        phi, output = net.features(x), net(x)
    found = feature_spectrum(phi, target=nn.functional.one_hot(labels, 10).double(), output=output)
    used = {f"k{t}": int((found.cumulative_utility < t / 100).sum()) + 1 for t in THRESHOLDS}
    return used | {
        "accuracy": (output.argmax(1) == labels).double().mean().item(),
        "quality": found.cumulative_quality[:10][-1].item(),
        "distance": d_lr(phi, output),
    }


def run_one(data, net, alpha, lr, epochs, seed):
    """Train one net; return its measures over training. A seed draws images, weights and the order of batches."""
    x, labels, test_x, test_labels = load(data)
    rows, test_rows = rows_of_each_class(labels, TRAIN, seed), rows_of_each_class(test_labels, TEST, seed)
    parts = {"train": (x[rows], labels[rows]), "test": (test_x[test_rows], test_labels[test_rows])}
    if net == "fully connected":
        parts = {part: (images.flatten(1), y) for part, (images, y) in parts.items()}
    images, y = parts["train"]
    made = make_net(net, tuple(images.shape[1:]), seed)
    each = TRAIN // BATCH
    try:
        run = train(
            made,
            images,
            nn.functional.one_hot(y, 10).float() / alpha,
            steps=epochs * each,
            lr=lr,
            optimizer="sgd",
            momentum=0.9,
            batch=BATCH,
            snapshots=[mark * each for mark in MARKS if mark <= epochs],
            seed=seed,
            progress=False,
        )
        found = {
            f"{part}/{name}/{step // each}": value
            for step in run.steps
            for part, (inputs, wanted) in parts.items()
            for name, value in measures(run.at(step), inputs, wanted).items()
        }
        return found | {f"train/failed/{epochs}": 0.0}
    except (DivergenceError, ValueError):  # the loss is not finite, or no unit is on any more
        return {f"train/failed/{epochs}": 1.0}


def rows_of(frame):
    """Return {key: {seed: value}} of a sweep: all epochs at the common learning rate, the last one at others."""
    rows = {}
    for point in frame.to_dict("records"):
        for name, value in point.items():
            part, *more = str(name).split("/")
            if more and not math.isnan(value) and (point["lr"] == RATE or more[-1] == str(point["epochs"])):
                key = (*[point[column] for column in COLUMNS[:4]], part, more[0], int(more[1]))
                rows.setdefault(key, {})[point["seed"]] = value
    return rows


def write(rows, path):
    """Write the table in one move; runs that differ only in the seed share a row, one column each."""
    seeds = range(1 + max(seed for values in rows.values() for seed in values))
    with open(path.with_suffix(".part"), "w", newline="", encoding="utf-8") as file:
        file.write("# made by: python book/neighbours/results/make_colour_images.py\n")
        file.write(f"# seeds 0 to {seeds[-1]}, one column each; a seed draws {TRAIN} images, weights and batches\n")
        for found in (cifar10(download=False), fashion_mnist()):
            file.write(f"#   {found.provenance}\n")
        file.write(f"# torch {torch.__version__}, Python {platform.python_version()}; {datetime.date.today()}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*COLUMNS, *[f"seed{seed}" for seed in seeds]])
        for key, values in rows.items():
            writer.writerow([*key, *[f"{values[s]:.4g}" if s in values else "" for s in seeds]])
    os.replace(path.with_suffix(".part"), path)


def main():
    """Run one sweep after another, and write the table after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--download", action="store_true", help="download CIFAR-10 if it is not at hand")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--runs", type=Path, default=Path(".cache/colour-images"), help="where finished runs are kept")
    options = parser.parse_args()
    print(cifar10(download=options.download).provenance)
    rows = {}
    for grid in SWEEPS:
        with joblib.parallel_config(n_jobs=options.jobs):
            frame = sweep(run_one, options.runs, **grid)
        for key, values in rows_of(frame).items():
            rows.setdefault(key, {}).update(values)
        write(dict(sorted(rows.items())), HERE / "colour-images.csv")


if __name__ == "__main__":
    main()
