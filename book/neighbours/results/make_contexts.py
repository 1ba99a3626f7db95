"""Train the networks of neighbours/contexts and write their results beside this file.

From the repository's root, some 15 minutes on one quiet core:

    python book/neighbours/results/make_contexts.py

Names choose tables, e.g. `make_contexts.py contexts-depth`. Every finished run is kept in .cache/contexts, so a stopped
command goes on where it was.
"""

import csv
import datetime
import json
import os
import platform
import sys
from pathlib import Path

import torch

from dlgn_lib.data import context_blocks, multi_context_task
from dlgn_lib.gdln import (
    context_gates,
    context_gdln,
    context_subsets,
    descend,
    gated_layers,
    normal_weights,
    own_modes,
    race,
    wide_gram,
)
from dlgn_lib.runs import sweep
from dlgn_lib.selectivity import open_contexts

SEEDS = range(5)
CONTEXTS = (3, 4, 5)
VARIED = ("mixed", "permuted")
LR, STD, UNITS, STEPS = 1e-3, 7.1e-6, 700, 8000
SIZES = {
    "all but one": lambda c: [c - 1],
    "pairs": lambda c: [2],
    "one context": lambda c: [1],
    "every subset": lambda c: range(1, c),
}


def seeded(seed):
    """Return a generator."""
    return torch.Generator().manual_seed(seed)


def blocks_of(kind, contexts, seed):
    """Return the blocks of a kind; a seed of 100 more than the net's draws what is random in them."""
    name, _, angle = kind.partition(" ")
    return context_blocks(name, contexts, angle=float(angle or 0), generator=seeded(100 + seed))


def task(kind, contexts, seed):
    """Return the task of a kind of blocks."""
    return multi_context_task(contexts, blocks=blocks_of(kind, contexts, seed))


def listed(values):
    """Return numbers as a text."""
    return json.dumps([float(f"{value:.6g}") for value in values])


def run_relu(kind, contexts, halvings, seed):
    """Train a ReLU net; return its losses at 81 times and in how many contexts its units are open at the end."""
    x, y = task(kind, contexts, seed)
    start = normal_weights((x.shape[1], UNITS, y.shape[1]), STD, seeded(seed))
    slower = 2**halvings
    run = descend(start, x, y, steps=STEPS * slower, lr=LR / slower)
    weights = run.at(STEPS * slower)
    size = weights[0].norm(dim=1) * weights[1].norm(dim=0)
    shares = open_contexts(gated_layers(weights, x)[0][1], contexts, size)
    return {"losses": listed(run.losses[:: 100 * slower]), "open": listed(shares)}


def run_gdln(kind, contexts, seed):
    """Train a gated linear net with the pathways "all but one"; return its losses."""
    net = context_gdln(contexts, std=STD, common=UNITS // 2, generator=seeded(seed))
    return {"losses": listed(net.descend(*task(kind, contexts, seed), steps=STEPS, lr=LR).losses[::100])}


def run_race(kind, contexts, family, halvings, seed):
    """Follow the wide limit of a family of pathways; return its losses and the norms of its maps in the end."""
    x, y = task(kind, contexts, seed)
    basis = torch.linalg.svd(y, full_matrices=False)
    y = y @ basis.Vh[basis.S > 1e-9].T  # the start is the same in every direction: only those of the targets matter
    subsets = context_subsets(contexts, SIZES[family](contexts))
    inputs = torch.ones(len(subsets), x.shape[1])
    inputs[1:, 8:] = 0
    widths = [UNITS // 2] + [UNITS // 2 // (len(subsets) - 1)] * (len(subsets) - 1)
    if family == "every subset":
        widths[1:] = [50] * (len(subsets) - 1)
    slower = 2**halvings
    gram = wide_gram(widths, inputs, y.shape[1], STD)
    run = race(x, y, context_gates(x, subsets, contexts), gram, steps=STEPS * slower, lr=LR / slower)
    norms = run.at(STEPS * slower).norm(dim=(1, 2))
    return {"losses": listed(run.losses[:: 100 * slower]), "norms": listed(norms)}


def run_depth(kind, contexts, model, seed):
    """Train a net with two hidden layers of 200 units, or one whose gates are guessed; return its losses."""
    x, y = task(kind, contexts, seed)
    ones, sizes = torch.ones(1, dtype=torch.float64), [200, 200]
    gates = {"ReLU-ReLU": None, "linear-ReLU": [ones, None], "ReLU-linear": [None, ones]}.get(model)
    if model == "linear-gated":  # the first layer shared; half as many units as a ReLU layer has
        widths = torch.tensor([100, *[100 // contexts] * contexts])
        member = context_gates(x, context_subsets(contexts, [contexts - 1]), contexts)
        gates = [ones, member.repeat_interleave(widths, dim=1)]
        sizes = [100, int(widths.sum())]
    start = normal_weights((x.shape[1], *sizes, y.shape[1]), 8.5e-4, seeded(seed))
    return {"losses": listed(descend(start, x, y, steps=32000, lr=LR, gates=gates).losses[::200])}


COLUMNS = {
    "contexts-losses": ["kind", "contexts", "model", "halvings", "step"],
    "contexts-open": ["kind", "contexts", "open"],
    "contexts-subsets": ["kind", "contexts", "size", "subset"],
    "contexts-depth": ["kind", "contexts", "model", "step"],
}
FOLDER = Path(".cache/contexts")


def swept(run, **grid):
    """Return the rows of a sweep over all seeds, or over the first if nothing in it is random."""
    return sweep(run, FOLDER, **grid).to_dict("records")


def loss_rows(records, model=None):
    """Return rows of losses: key, seed, value; steps count as with the common learning rate."""
    for row in records:
        losses, last = json.loads(row["losses"]), 32000 if "halvings" not in row and model is None else STEPS
        named = row.get("model") or model or row["family"]
        head = [row["kind"], row["contexts"], named] + ([row.get("halvings", 0)] if last == STEPS else [])
        for number, loss in enumerate(losses):
            yield [*head, number * last // (len(losses) - 1)], row["seed"], loss


def formula_rows(races):
    """Return rows of the losses that `own_modes` says, for each task of which there is a race."""
    steps = torch.arange(0, STEPS + 1, 100)
    for row in races:
        if row["family"] == "all but one" and not row["halvings"]:
            modes = own_modes(blocks_of(row["kind"], row["contexts"], row["seed"]), lr=LR, std=STD)
            losses = sum(mode.loss(steps, LR) for mode in modes)
            for step, loss in zip(steps.tolist(), losses.tolist(), strict=True):
                yield [row["kind"], row["contexts"], "own modes", 0, step], row["seed"], loss


def tables(wanted):
    """Yield (table, key, seed, value) of the wanted tables."""
    every = {"contexts": CONTEXTS, "halvings": [0], "seed": SEEDS}
    relu = swept(run_relu, kind=VARIED, **every)
    races = []
    races += swept(run_race, kind=["permuted"], family=["all but one"], **every)
    for family, numbers in (("all but one", CONTEXTS), ("one context", CONTEXTS), ("pairs", (4, 5))):
        some = every | {"contexts": numbers, "seed": [0]}
        races += swept(run_race, kind=["mixed"], family=[family], **some)
    races += swept(run_race, kind=["mixed"], contexts=[3], family=["all but one"], halvings=[1], seed=[0])
    if "contexts-losses" in wanted:
        gdln = swept(run_gdln, kind=["mixed"], contexts=(3, 5), seed=SEEDS)
        rows = [*loss_rows(relu, "ReLU"), *loss_rows(gdln, "gated"), *loss_rows(races), *formula_rows(races)]
        yield from (("contexts-losses", *row) for row in rows)
    if "contexts-open" in wanted:
        for row in relu:
            for number, share in enumerate(json.loads(row["open"])):
                yield "contexts-open", [row["kind"], row["contexts"], number], row["seed"], share
    if "contexts-subsets" in wanted:
        for row in swept(run_race, kind=["equal", "mixed"], family=["every subset"], **every | {"seed": [0]}):
            subsets = context_subsets(row["contexts"], SIZES["every subset"](row["contexts"]))
            for subset, norm in zip(subsets, json.loads(row["norms"]), strict=True):
                key = [row["kind"], row["contexts"], len(subset), " ".join(map(str, subset))]
                yield "contexts-subsets", key, row["seed"], norm
    if "contexts-depth" in wanted:
        deep = swept(run_depth, kind=["equal"], contexts=[3], model=["linear-gated"], seed=SEEDS)
        yield from (("contexts-depth", *row) for row in loss_rows(deep))


def write(table, rows):
    """Write one table in one move; runs that differ only in the seed share a row, one column each."""
    wide = {}
    for key, seed, value in rows:
        wide.setdefault(tuple(key), {})[seed] = value
    path = Path(__file__).with_name(f"{table}.csv")
    with open(path.with_suffix(".part"), "w", newline="", encoding="utf-8") as file:
        file.write("# made by: python book/neighbours/results/make_contexts.py\n")
        file.write(f"# torch {torch.__version__}, Python {platform.python_version()}, float64\n")
        file.write(f"# seeds 0 to {max(SEEDS)}, one column each; {datetime.date.today()}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*COLUMNS[table], *[f"seed{seed}" for seed in SEEDS]])
        for key, values in wide.items():
            writer.writerow([*key, *[f"{values[s]:.5g}" if s in values else "" for s in SEEDS]])
    os.replace(path.with_suffix(".part"), path)


if __name__ == "__main__":
    names = set(sys.argv[1:]) or set(COLUMNS)
    if unknown := names - set(COLUMNS):
        sys.exit(f"unknown tables {sorted(unknown)}; there are {', '.join(COLUMNS)}")
    torch.set_num_threads(1)
    found = list(tables(names))
    for name in names:
        write(name, [row[1:] for row in found if row[0] == name])
