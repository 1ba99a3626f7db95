"""The runs that the learning pages share: one configuration, trained once, then read from a cache.

Pages: intro, learning/circle, learning/kernels-in-training, learning/allocation, learning/half-spaces, learning/relu,
neighbours/bridge.
"""

import hashlib
import json
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch

from dlgn_lib.data.tasks import circle
from dlgn_lib.models.base import GatedNet
from dlgn_lib.models.relu import ReLUNet
from dlgn_lib.models.separate import DLGN
from dlgn_lib.store import cache_folder, in_one_move, stored
from dlgn_lib.training.ensemble import train_ensemble
from dlgn_lib.training.settings import seed_names
from dlgn_lib.training.trajectory import Trajectory

#: The models of the learning pages, and their one configuration: 200 points on the circle, sin θ above, sin 16θ below.
CANON_MODELS = ("ReLU", "DLGN", "frozen DLGN")
CANON_STEPS = {"ReLU": 500, "DLGN": 500, "frozen DLGN": 2000}
CANON_LR = 2e-3
CANON_SNAPSHOTS = (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 400, 500, 1000, 1500, 2000)


def canon_net(
    model: str,
    seed: int,
    *,
    width: int = 64,
    depth: int = 4,
    beta: float = 10.0,
    bias: bool = False,
    init: str = "torch",
    value_input: str = "x",
    shallow: bool = False,
) -> GatedNet:
    """Return the net that the learning pages train: 4 hidden layers of 64 units, β = 10, no biases, torch's own initialisation.

    Args:
        model: "ReLU", "DLGN", or "frozen DLGN", whose gates are not trained.
        seed: of the initial weights.
        width: units in every hidden layer.
        depth: number of hidden layers.
        beta: slope of soft gates; this and what follows are arguments of the net's class.
        bias: adds biases.
        init: "torch", "he" or "lecun".
        value_input: "x" or "ones", what the experts of a DLGN read.
        shallow: whether every gate layer of a DLGN reads the input.

    Raises:
        ValueError: if `model` is none of the three, or a ReLU net is to have what only gates of their own can have.
    """
    if model not in CANON_MODELS:
        raise ValueError(f"model must be one of {', '.join(map(repr, CANON_MODELS))}, got {model!r}")
    generator = torch.Generator().manual_seed(seed)
    net: GatedNet
    if model == "ReLU":
        if value_input != "x" or shallow:
            raise ValueError(
                "value_input and shallow belong to nets with gates of their own, not to 'ReLU', "
                f"got value_input={value_input!r}, shallow={shallow!r}"
            )
        net = ReLUNet(2, width, depth, bias=bias, init=init, generator=generator)
    else:
        net = DLGN(
            2,
            width,
            depth,
            beta=beta,
            bias=bias,
            init=init,
            value_input=value_input,
            shallow=shallow,
            generator=generator,
        )
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
    names = seed_names(seeds)
    nets = [canon_net(model, seed) for seed in names]
    steps = CANON_STEPS[model]
    snapshots = [step for step in CANON_SNAPSHOTS if step <= steps]
    key = json.dumps([model, names, steps, CANON_LR, snapshots, torch.__version__, _code()])
    path = cache_folder() / f"canon-{hashlib.sha256(key.encode()).hexdigest()[:16]}.pt"
    kept = stored(path, _load, "the cached runs {path} cannot be read ({error}); they are trained again")
    if kept is None:
        runs = train_ensemble(
            lambda seed: nets[names.index(seed)], names, *circle(), steps=steps, lr=CANON_LR, snapshots=snapshots
        )
        _keep(path, [[run.steps, run.losses, run.every, run.config, run._states] for run in runs])
        return runs
    return [
        Trajectory(steps, losses, every, config, net, states)
        for (steps, losses, every, config, states), net in zip(kept, nets, strict=True)
    ]


def _load(path: Path) -> list:
    return torch.load(path, weights_only=True)


def _code() -> str:
    """Return the text of the code that decides what a run gives: models, task, training, this module."""
    package = Path(__file__).parents[1]
    files = [
        *package.glob("models/*.py"),
        package / "data" / "tasks.py",
        *package.glob("training/*.py"),
        Path(__file__),
    ]
    return "".join(file.read_text(encoding="utf-8") for file in sorted(files))


def _keep(path: Path, value: object) -> None:
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
