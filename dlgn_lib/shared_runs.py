"""The runs that the learning pages share: one configuration, trained once, then read from a cache.

Pages: intro, learning/circle, learning/kernels-in-training, learning/allocation, learning/half-spaces, learning/relu,
neighbours/bridge.
"""

import hashlib
import inspect
import json
import pickle
import sys
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path

import torch

from dlgn_lib import data, models, training
from dlgn_lib.cache import cache_folder, in_one_move
from dlgn_lib.models import DLGN, GatedNet, ReLUNet
from dlgn_lib.training import Trajectory, seed_names, train_ensemble

#: The models of the learning pages, and their one configuration: 200 points on the circle, sin θ above, sin 16θ below.
CANON_MODELS = ("ReLU", "DLGN", "frozen DLGN")
CANON_STEPS = {"ReLU": 500, "DLGN": 500, "frozen DLGN": 2000}
CANON_LR = 2e-3
CANON_SNAPSHOTS = (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 400, 500, 1000, 1500, 2000)


def canon_net(model: str, seed: int, **changes: object) -> GatedNet:
    """Return the net that the learning pages train: 4 hidden layers of 64 units, β = 10, no biases, torch's own initialisation.

    Args:
        model: "ReLU", "DLGN", or "frozen DLGN", whose gates are not trained.
        seed: of the initial weights.
        changes: arguments of the class to change, e.g. `width=32` or `init="lecun"`.

    Raises:
        ValueError: if `model` is none of the three.
    """
    if model not in CANON_MODELS:
        raise ValueError(f"model must be one of {', '.join(map(repr, CANON_MODELS))}, got {model!r}")
    options = {"in_dim": 2, "width": 64, "depth": 4, "generator": torch.Generator().manual_seed(seed), **changes}
    net = ReLUNet(**options) if model == "ReLU" else DLGN(**options)
    return net.freeze_gates() if model.startswith("frozen") else net


def canon(model: str, seeds: int | Sequence[int] = 20) -> list[Trajectory]:
    """Return the runs that the learning pages share, one per seed: trained the first time, then read from a cache.

    `canon_net` on `data.circle()`, full batches, Adam with learning rate 0.002, 500 steps (2000 for frozen gates), a
    snapshot at each of `CANON_SNAPSHOTS` up to there. The cache lies in `$DLGN_CACHE`, else in the user's cache folder. Its
    entries are keyed by the configuration, the code and the version of torch, and written in one move, so that a
    killed run leaves nothing half-written.

    Args:
        model: "ReLU", "DLGN" or "frozen DLGN".
        seeds: how many, or which.
    """
    seeds = seed_names(seeds)
    nets = [canon_net(model, seed) for seed in seeds]
    steps = CANON_STEPS[model]
    settings = {"steps": steps, "lr": CANON_LR, "snapshots": [s for s in CANON_SNAPSHOTS if s <= steps]}
    source = "".join(inspect.getsource(module) for module in (models, data, training, sys.modules[__name__]))
    key = json.dumps([model, seeds, settings, torch.__version__, source])
    path = cache_folder() / f"canon-{hashlib.sha256(key.encode()).hexdigest()[:16]}.pt"
    stored = _read(path)
    if stored is None:
        runs = train_ensemble(lambda seed: nets[seeds.index(seed)], seeds, *data.circle(), **settings)
        _write(path, [[run.steps, run.losses, run.every, run.config, run._states] for run in runs])
        return runs
    return [Trajectory(*parts, net, states) for (*parts, states), net in zip(stored, nets, strict=True)]


def _read(path: Path) -> list | None:
    """Return what `_write` stored, or None if there is nothing that can be read."""
    try:
        return torch.load(path, weights_only=True)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        warnings.warn(f"the cached runs {path} cannot be read ({error}); they are trained again", stacklevel=3)
        return None


def _write(path: Path, value: object) -> None:
    """Store `value`, or warn that it could not be stored."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with in_one_move(path) as file:
            torch.save(value, file)
    except OSError as error:
        warnings.warn(
            f"the runs could not be cached in {path.parent} ({error}); set DLGN_CACHE to a folder of yours",
            stacklevel=3,
        )
