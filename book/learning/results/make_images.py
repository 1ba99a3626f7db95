"""Train the networks of learning/images and write their results beside this file.

From the repository's root, about an hour on one core:

    python book/learning/results/make_images.py

It runs what is at hand of Fashion-MNIST (full, and the embedded subset), CIFAR-10 and CIFAR-100; `--download` fetches
what is missing. Names choose data sets, e.g. `make_images.py CIFAR-100`; rows of the others stay as they are.
`--jobs 4` uses four processes. Every finished run is kept in .cache/images, so a stopped command goes on where it was.
Other engines, a Dask cluster for example: see `dlgn_lib.sweep` and the end of learning/images.
"""

import argparse
import csv
import datetime
import math
import os
import platform
import re
from functools import cache, partial
from pathlib import Path

import joblib
import torch

from dlgn_lib import DLGN, alignment, fashion_mnist, overlap_kernel
from dlgn_lib.data import DataError, cifar10, cifar100
from dlgn_lib.kernels import class_contrast
from dlgn_lib.normals import mean_cosine, participation_ratio
from dlgn_lib.runs import sweep
from dlgn_lib.training import BATCH, CLASSIFIERS, accuracy, train_classifier

HERE = Path(__file__).parent
LOADERS = {
    "Fashion-MNIST": partial(fashion_mnist, full=True),
    "Fashion-MNIST subset": lambda download: fashion_mnist(),
    "CIFAR-10": cifar10,
    "CIFAR-100": cifar100,
    "CIFAR-100 coarse": partial(cifar100, coarse=True),
}
ORDER = [name for data in LOADERS for name in (data, f"{data} subset") if name == data or data.startswith("CIFAR")]
KNOWN = {"a4e6643edcc0": "from a JPEG copy"}  # archives that are not the official one
MOVED = "transplant "  # gates of a trained DLGN, frozen; experts of another seed are trained on them
MODELS = (*CLASSIFIERS, f"{MOVED}DLGN", f"{MOVED}DLGN ones")
ACCURACY_EPOCHS = (1, 3, 10)
COLUMNS = {
    "images-accuracy": ["data", "images", "model", "part", "epoch"],
    "images-kernels": ["data", "images", "model", "measure", "step"],
    "images-normals": ["data", "images", "model", "measure", "layer", "step"],
}


@cache
def load(data):
    """Return a data set that is at hand, by the name of its rows."""
    return LOADERS[data if data in LOADERS else data.removesuffix(" subset")](download=False)


def name_of(data, images):
    """Return the name of the rows: CIFAR that is not from the official archive is called a subset."""
    return f"{data} subset" if "not the official archive" in images.provenance else data


def size_of(images):
    """Return how many training images there are and, of an archive that is not the official one, what it is."""
    other = re.search(r"not the official archive \(sha256 (\w+)", images.provenance)
    remark = f" {KNOWN.get(other[1], f'of the archive {other[1]}')}" if other else ""
    return f"{len(images.images):,}{remark}"


def by_class(images, count=500):
    """Return `count` test inputs, as many of each class, sorted by class, and their labels."""
    each = max(1, count // len(images.classes))
    rows = torch.cat([(images.test_labels == c).nonzero()[:each, 0] for c in range(len(images.classes))])
    return images.flat()[1][rows], images.test_labels[rows]


def run_one(data, images, model, epochs, width, seed):
    """Train one net; return its accuracies, and measures of its kernel and of its normals, over training."""
    content = load(data)
    if size_of(content) != images:
        raise ValueError(f"{data} has changed: {size_of(content)} images, not {images}")
    per_epoch = math.ceil(len(content.images) / BATCH)
    last = epochs * per_epoch
    marks = sorted({0, min(20, last), *(per_epoch * e for e in (*ACCURACY_EPOCHS, epochs) if e <= epochs)})
    settings = {"epochs": epochs, "width": width, "snapshots": marks, "progress": False}
    if model.startswith(MOVED):
        name = model.removeprefix(MOVED)
        source = train_classifier(name, content, [seed], **settings)[0].at(last)
        run = train_classifier(f"frozen {name}", content, [seed + 100], gates=[source], **settings)[0]
    else:
        run = train_classifier(model, content, [seed], **settings)[0]
    moving = "linear" not in model and "frozen" not in model and not model.startswith(MOVED)  # gates that are trained
    inputs, labels = by_class(content)
    same = (labels[:, None] == labels).double()
    x, test_x = content.flat()
    result = {}
    for step in marks:
        net = run.at(step)
        if step % per_epoch == 0 and step:
            result[f"test/{step // per_epoch}"] = accuracy(net, test_x, content.test_labels)
            result[f"train/{step // per_epoch}"] = accuracy(net, x, content.labels)
            if moving and model != "ReLU":
                hard = run.at(step)
                hard.beta = math.inf
                result[f"test, hard gates/{step // per_epoch}"] = accuracy(hard, test_x, content.test_labels)
        if moving:
            kernel = overlap_kernel(net, inputs, hard=True)
            result[f"alignment/{step}"] = alignment(kernel, same)
            result[f"contrast/{step}"] = class_contrast(kernel, labels)
        if moving and isinstance(net, DLGN):
            for layer, (normals, _) in enumerate(net.half_spaces(), start=1):
                result[f"participation/{layer}/{step}"] = participation_ratio(normals)
                result[f"cosine/{layer}/{step}"] = mean_cosine(normals)
    return result


def rows_of(table, frame):
    """Return the rows of one table, {key: {seed: value}}, from the sweep's frame."""
    parts = {"images-accuracy": ("test", "train", "test, hard gates"), "images-kernels": ("alignment", "contrast")}
    wanted = parts.get(table, ("participation", "cosine"))
    rows = {}
    for point in frame.to_dict("records"):
        for name, value in point.items():
            first, *more = str(name).split("/")
            if first in wanted and not math.isnan(value):
                key = (point["data"], point["images"], point["model"], first, *more)
                rows.setdefault(key, {})[point["seed"]] = value
    return rows


def old_table(path):
    """Return the provenance lines and the rows, by data set, of a table that is there already."""
    if not path.exists():
        return {}, {}
    lines = path.read_text(encoding="utf-8").splitlines()
    notes = [line[4:] for line in lines if line.startswith("#   ")]
    rows = {}
    for row in csv.reader(lines[sum(line.startswith("#") for line in lines) + 1 :]):
        rows.setdefault(row[0], []).append(row)
    return {note.split(" | ")[0]: note for note in notes}, rows


def write(table, folder, data, note, rows, seeds):
    """Put the rows of one data set into a table, in one move; the others keep theirs."""
    path = folder / f"{table}.csv"
    notes, all_rows = old_table(path)
    notes[data] = note
    all_rows[data] = [
        [*key, *[f"{values[s]:.5g}" if s in values else "" for s in seeds]] for key, values in rows.items()
    ]
    with open(path.with_suffix(".part"), "w", newline="", encoding="utf-8") as file:
        file.write("# made by: python book/learning/results/make_images.py\n")
        file.write(
            f"# seeds {seeds[0]} to {seeds[-1]}, one column each; data, versions, date and settings of the runs:\n"
        )
        file.writelines(f"#   {notes[name]}\n" for name in sorted(notes, key=ORDER.index))
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*COLUMNS[table], *[f"seed{seed}" for seed in seeds]])
        writer.writerows(row for name in sorted(all_rows, key=ORDER.index) for row in all_rows[name])
    os.replace(path.with_suffix(".part"), path)


def main():
    """Run the data sets that are wanted and at hand, one after another, and write each one's rows when it is done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", help=f"data sets, of {', '.join(LOADERS)}; default: all")
    parser.add_argument("--download", action="store_true", help="download what is not at hand")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--runs", type=Path, default=Path(".cache/images"), help="where finished runs are kept")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of the tables")
    options = parser.parse_args()
    if unknown := set(options.data) - set(LOADERS):
        parser.error(f"unknown data {sorted(unknown)}; there are {', '.join(LOADERS)}")
    options.out.mkdir(parents=True, exist_ok=True)
    seeds = range(options.seeds)
    grid = {"model": MODELS, "epochs": [options.epochs], "width": [options.width], "seed": seeds}
    for data in options.data or LOADERS:
        try:
            content = LOADERS[data](download=options.download)
        except DataError as error:
            print(f"{data}: not run. {error}")
            if data not in old_table(options.out / "images-accuracy.csv")[1]:
                missing = {(data, "not run here", model, "test", 10): {} for model in MODELS}
                write("images-accuracy", options.out, data, f"{data} | not run here", missing, seeds)
            continue
        print(content.provenance)
        name, size = name_of(data, content), size_of(content)
        with joblib.parallel_config(n_jobs=options.jobs):
            frame = sweep(run_one, options.runs, data=[name], images=[size], **grid)
        made = f"torch {torch.__version__}, Python {platform.python_version()}, {datetime.date.today()}"
        note = f"{name} | {content.provenance} | {options.epochs} epochs, 4 hidden layers of {options.width} | {made}"
        for table in COLUMNS:
            write(table, options.out, name, note, rows_of(table, frame), seeds)


if __name__ == "__main__":
    main()
