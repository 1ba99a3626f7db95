"""Train the networks of neighbours/haste and neighbours/selectivity and write their results beside this file.

From the repository's root, about 20 minutes on 2 cores:

    python book/neighbours/results/make_haste.py

One file at a time: `python book/neighbours/results/make_haste.py haste-losses`. A table is written in one move when all
of its runs are done, so a stopped run leaves the finished tables and nothing half-written.
"""

import csv
import datetime
import itertools
import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch
from tqdm import tqdm

from dlgn_lib import selectivity
from dlgn_lib.data import learned_shares, multi_context_task
from dlgn_lib.gdln import (
    context_gates,
    context_gdln,
    context_subsets,
    descend,
    gated_layers,
    normal_weights,
    race,
    wide_gram,
)
from dlgn_lib.selectivity import interaction_levels, open_contexts, product_units

SEEDS = range(5)
LR, STD, UNITS, STEPS = 1e-3, 7.1e-6, 700, 8000
OPEN_STEPS = (*range(0, 1001, 50), *range(1250, 2001, 250), *range(2500, 4001, 500), *range(5000, 8001, 1000))
FAMILIES = {
    "all but one": lambda c: [c - 1],
    "pairs": lambda c: [2],
    "one context": lambda c: [1],
    "common only": lambda c: [],
}


def seeded(seed):
    """Return a generator."""
    return torch.Generator().manual_seed(seed)


def relu_run(contexts, seed, std=STD, steps=STEPS, hidden=(UNITS,), gates=None, snapshots=()):
    """Train one ReLU net; return (x, y, run)."""
    x, y = multi_context_task(contexts)
    start = normal_weights((x.shape[1], *hidden, y.shape[1]), std, seeded(seed))
    return x, y, descend(start, x, y, steps=steps, lr=LR, gates=gates, snapshots=snapshots)


def strengths(weights):
    """Return the weight |w_in| |w_out| of each unit, layer by layer."""
    return [a.norm(dim=1) * b.norm(dim=0) for a, b in itertools.pairwise(weights)]


def measures(hidden, contexts, strength):
    """Return the measures of selectivity of a hidden layer."""
    levels = interaction_levels(hidden, contexts, strength)
    return selectivity(hidden, contexts, strength) | {f"level {square}": share for square, share in levels.items()}


def products(hidden, contexts, strength):
    """Return the shares of product units by number of open contexts."""
    shares = product_units(hidden, contexts, strength)
    return {f"product {m}": shares[m].item() for m in range(1, contexts + 1)}


def loss_rows(contexts, model, seed, losses, every):
    """Return rows of a table of losses."""
    return [(contexts, model, seed, step, losses[step].item()) for step in range(0, len(losses), every)]


def share_rows(contexts, model, seed, outputs, y):
    """Return rows of a table of learned shares."""
    return [
        (contexts, model, seed, step, name, value.item())
        for step, output in outputs.items()
        for name, value in learned_shares(output, y, contexts).items()
    ]


def job_relu(contexts, seed):
    """A ReLU net at the common configuration: losses, learned shares, open contexts, selectivity."""
    marks = sorted({*range(0, STEPS + 1, 100), *OPEN_STEPS})
    x, y, run = relu_run(contexts, seed, snapshots=marks)
    tables = {"haste-losses": loss_rows(contexts, "ReLU", seed, run.losses, 50) if contexts in (3, 4, 5) else []}
    if contexts in (3, 4, 5):
        outputs = {t: gated_layers(run.at(t), x)[0][-1] for t in range(0, STEPS + 1, 100)}
        tables["haste-shares"] = share_rows(contexts, "ReLU", seed, outputs, y)
        tables["haste-open"] = [
            (contexts, seed, t, m, share.item())
            for t in OPEN_STEPS
            for m, share in enumerate(
                open_contexts(gated_layers(run.at(t), x)[0][1], contexts, strengths(run.at(t))[0])
            )
        ]
    units = {t: (gated_layers(run.at(t), x)[0][1], contexts, strengths(run.at(t))[0]) for t in OPEN_STEPS}
    tables["selectivity"] = [(contexts, 1, 1, seed, name, value) for name, value in measures(*units[STEPS]).items()]
    tables["selectivity-time"] = [
        (contexts, seed, t, name, value)
        for t in OPEN_STEPS
        for name, value in (measures(*units[t]) | products(*units[t])).items()
    ]
    if contexts == 3:  # the same start with gates that do not move
        for model, at in (("gates of step 0", 0), ("gates of step 8000", STEPS)):
            gates = gated_layers(run.at(at), x)[1]
            tables["haste-losses"] += loss_rows(3, model, seed, relu_run(3, seed, gates=gates)[2].losses, 50)
    return tables


def job_gdln(contexts, family, seed):
    """A GDLN of one family."""
    x, y = multi_context_task(contexts)
    sizes = FAMILIES[family](contexts)
    count = len(context_subsets(contexts, sizes)) - 1
    net = context_gdln(
        contexts, sizes, common=UNITS // 2, others=UNITS // 2 // max(count, 1), std=STD, generator=seeded(seed)
    )
    marks = range(0, STEPS + 1, 100) if family == "all but one" else ()
    run = net.descend(x, y, steps=STEPS, lr=LR, snapshots=marks)
    tables = {"haste-losses": loss_rows(contexts, family, seed, run.losses, 50)}
    if marks:
        gates = net.gate(x)
        outputs = {t: torch.einsum("np,pkd,nd->nk", gates, net.maps(run.at(t)), x) for t in marks}
        tables["haste-shares"] = share_rows(contexts, "GDLN", seed, outputs, y)
    return tables


def job_race(contexts):
    """The wide limit of "all but one"."""
    x, y = multi_context_task(contexts)
    inputs = torch.ones(contexts + 1, x.shape[1])
    inputs[1:, 8:] = 0
    widths = [UNITS // 2] + [UNITS // 2 // contexts] * contexts
    gates = context_gates(x, context_subsets(contexts, [contexts - 1]), contexts)
    run = race(x, y, gates, wide_gram(widths, inputs, y.shape[1], STD), steps=STEPS, lr=LR)
    return {"haste-losses": loss_rows(contexts, "race", 0, run.losses, 50)}


def job_scale(std, seed):
    """A ReLU net for three contexts from another initial scale."""
    run = relu_run(3, seed, std=std, steps=14000)[2]
    return {"haste-scale": [(std, seed, step, run.losses[step].item()) for step in range(0, 14001, 100)]}


def job_subsets(contexts, seed):
    """One GDLN with a pathway for every subset of the contexts: which of them learn?"""
    x, y = multi_context_task(contexts)
    sizes = range(1, contexts)
    net = context_gdln(contexts, sizes, common=350, others=50, std=STD, generator=seeded(seed))
    run = net.descend(x, y, steps=STEPS, lr=LR)
    norms = net.maps(run.at(STEPS)).norm(dim=(1, 2)).tolist()
    return {
        "haste-subsets": [
            (contexts, seed, len(subset), " ".join(map(str, subset)), norm)
            for subset, norm in zip(context_subsets(contexts, sizes), norms, strict=True)
        ]
    }


def job_depth(contexts, kind, seed):
    """Two hidden layers of 200; a layer of ones is linear."""
    ones = torch.ones(1, dtype=torch.float64)
    gates = {"ReLU-ReLU": None, "linear-ReLU": [ones, None], "ReLU-linear": [None, ones]}[kind]
    x, _, run = relu_run(contexts, seed, std=8.5e-4, steps=32000, hidden=(200, 200), gates=gates)
    tables = {"selectivity-depth": [(contexts, kind, seed, t, run.losses[t].item()) for t in range(0, 32001, 200)]}
    if kind == "ReLU-ReLU":
        weights = run.at(32000)
        layers = gated_layers(weights, x)[0]
        tables["selectivity"] = [
            (contexts, 2, layer, seed, name, value)
            for layer, strength in enumerate(strengths(weights), start=1)
            for name, value in measures(layers[layer], contexts, strength).items()
        ]
    return tables


COLUMNS = {
    "haste-losses": ["contexts", "model", "seed", "step", "loss"],
    "haste-shares": ["contexts", "model", "seed", "step", "part", "share"],
    "haste-open": ["contexts", "seed", "step", "open", "share"],
    "haste-scale": ["std", "seed", "step", "loss"],
    "haste-subsets": ["contexts", "seed", "size", "subset", "norm"],
    "selectivity": ["contexts", "hidden_layers", "layer", "seed", "measure", "value"],
    "selectivity-time": ["contexts", "seed", "step", "measure", "value"],
    "selectivity-depth": ["contexts", "kind", "seed", "step", "loss"],
}
JOBS = [
    *[(job_depth, c, "ReLU-ReLU", seed) for c in (3, 4, 5) for seed in SEEDS],
    *[(job_depth, 3, kind, seed) for kind in ("linear-ReLU", "ReLU-linear") for seed in SEEDS],
    *[(job_subsets, c, seed) for c in (5, 4, 3) for seed in SEEDS],
    *[(job_relu, c, seed) for c in (2, 3, 4, 5, 6) for seed in SEEDS],
    *[(job_gdln, c, f, seed) for c in (3, 4, 5) for f in FAMILIES for seed in SEEDS if (c, f) != (3, "pairs")],
    *[(job_race, c) for c in (3, 4, 5)],
    *[(job_scale, std, seed) for std in (1e-8, STD, 1e-4, 1e-3, 1e-2, 3e-2) for seed in SEEDS],
]
TABLES = {
    job_relu: {"haste-losses", "haste-shares", "haste-open", "selectivity", "selectivity-time"},
    job_gdln: {"haste-losses", "haste-shares"},
    job_race: {"haste-losses"},
    job_scale: {"haste-scale"},
    job_subsets: {"haste-subsets"},
    job_depth: {"selectivity", "selectivity-depth"},
}


def run_job(job):
    """Run one job; it uses one core."""
    torch.set_num_threads(1)
    return job[0](*job[1:])


def write(table, rows):
    """Write one table in one move; runs that differ only in the seed share a row, one column each."""
    columns = [name for name in COLUMNS[table] if name != "seed"]
    at, wide = COLUMNS[table].index("seed"), {}
    for row in rows:
        key = (*row[:at], *row[at + 1 : -1])
        wide.setdefault(key, {})[row[at]] = row[-1]
    digits = ".4f" if columns[-1] == "share" else ".5g"
    path = Path(__file__).with_name(f"{table}.csv")
    with open(path.with_suffix(".part"), "w", newline="", encoding="utf-8") as file:
        file.write("# made by: python book/neighbours/results/make_haste.py\n")
        file.write(f"# torch {torch.__version__}, Python {platform.python_version()}, float64\n")
        file.write(f"# seeds 0 to {max(SEEDS)}, one column each ({columns[-1]}); {datetime.date.today()}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*columns[:-1], *[f"seed{seed}" for seed in SEEDS]])
        for key, values in wide.items():
            writer.writerow([*key, *[f"{values[s]:{digits}}" if s in values else "" for s in SEEDS]])
    os.replace(path.with_suffix(".part"), path)


def main(wanted):
    """Run what the wanted tables need, in as many processes as there are cores."""
    jobs = [job for job in JOBS if TABLES[job[0]] & wanted]
    rows, left = {table: [] for table in wanted}, {t: sum(t in TABLES[j[0]] for j in jobs) for t in wanted}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(run_job, job) for job in jobs]
        for job, future in zip(jobs, tqdm(futures, unit="net"), strict=True):
            result = future.result()
            for table in TABLES[job[0]] & wanted:
                rows[table] += result.get(table, [])
                left[table] -= 1
                if not left[table]:
                    write(table, rows[table])


if __name__ == "__main__":
    names = set(sys.argv[1:]) or set(COLUMNS)
    if unknown := names - set(COLUMNS):
        sys.exit(f"unknown tables {sorted(unknown)}; there are {', '.join(COLUMNS)}")
    main(names)
