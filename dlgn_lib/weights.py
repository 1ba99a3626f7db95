"""Weights in files that the playground of the site reads and writes: JSON, or safetensors. Page: playground."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dlgn_lib.models import DLGN, DeepLinearNet, GaLUNet, GatedNet, ReLUNet
from dlgn_lib.store import in_one_move

_MODELS = {
    "DLGN": DLGN,
    "frozen DLGN": DLGN,
    "shallow DLGN": DLGN,
    "ReLU": ReLUNet,
    "GaLU": GaLUNet,
    "deep linear": DeepLinearNet,
}
#: what the playground leaves out of a file's settings when it is as at first
_USUAL: dict[str, Any] = {
    "model": "DLGN",
    "width": 64,
    "depth": 4,
    "beta": 10.0,
    "hard": "soft",
    "bias": "no",
    "init": "torch",
    "seed": 0,
}


def _kind(path: str | Path) -> str:
    suffix = Path(path).suffix.lstrip(".")
    if suffix not in ("json", "safetensors"):
        raise ValueError(f"path must end in .json or .safetensors, got {str(path)!r}")
    return suffix


def settings_of(net: GatedNet) -> dict[str, object]:
    """Return the settings of the playground that name this net, as its address does. Source: this book.

    Raises:
        TypeError: if `net` is no DLGN, ReLUNet, GaLUNet or DeepLinearNet.
        ValueError: if the playground has no such net.

    >>> settings_of(DLGN(2, 8, 3, beta=4.0))["width"]
    8
    """
    if not isinstance(net, GatedNet):
        raise TypeError(f"net must be a DLGN, ReLUNet, GaLUNet or DeepLinearNet, got {type(net).__name__}")
    frozen = not all(p.requires_grad for p in net.gate_parameters()) if isinstance(net, DLGN) else False
    names = [name for name, kind in _MODELS.items() if type(net) is kind]
    if not names or len(set(net.widths)) > 1 or (net.in_dim, net.out_dim, net.value_input) != (2, 1, "x"):
        raise ValueError(
            "net must be one that the playground has: a DLGN, ReLU, GaLU or deep linear net with two inputs that its experts read, "
            f"one output and one width, got {type(net).__name__}({net.in_dim}, {list(net.widths)}, out_dim={net.out_dim})"
        )
    shallow = isinstance(net, DLGN) and net.shallow
    if shallow and frozen:
        raise ValueError("net must be one that the playground has; a frozen shallow DLGN is none of them")
    hard = math.isinf(net.beta)
    return {
        "model": "shallow DLGN" if shallow else "frozen DLGN" if frozen else names[0],
        "width": net.width,
        "depth": net.depth,
        "beta": 10.0 if hard else net.beta,
        "hard": "hard" if hard else "soft",
        "bias": "yes" if net.bias else "no",
    }


def save_weights(net: GatedNet, path: str | Path, **settings: object) -> None:
    """Write the weights of a net to a file that the playground opens. Source: this book.

    Args:
        net: a DLGN, ReLUNet, GaLUNet or DeepLinearNet with two inputs, one output and one width.
        path: where; the ending, .json or .safetensors, says the format. The second needs the package safetensors.
        settings: further settings of the playground, as its address names them: `task="circle"`, `high=5`.

    Raises:
        TypeError: if `net` is none of these.
        ValueError: if the playground has no such net, or the path has another ending.
        ImportError: if the format is safetensors and that package is not installed.
        OSError: if the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_weights(DLGN(2, 8, 2), Path(folder, "net.json"), task="circle", high=5)
    ...     net, settings = load_weights(Path(folder, "net.json"))
    >>> net.width, settings["high"]
    (8, 5)
    """
    kind, facts = _kind(path), {"settings": {**settings_of(net), **settings}, "step": 0}
    tensors = {name: value.detach().cpu().float().contiguous() for name, value in net.state_dict().items()}
    with in_one_move(Path(path)) as file:
        if kind == "json":
            weights = {name: {"shape": list(t.shape), "values": t.flatten().tolist()} for name, t in tensors.items()}
            file.write_text(json.dumps({**facts, "weights": weights}), encoding="utf-8")
        else:
            from safetensors.torch import save_file

            save_file(tensors, file, metadata={name: json.dumps(value) for name, value in facts.items()})


def _read(path: Path, kind: str) -> tuple[dict[str, object], dict[str, Tensor]]:
    if kind == "json":
        held = json.loads(path.read_text(encoding="utf-8"))
        tensors = {name: torch.tensor(t["values"]).reshape(t["shape"]) for name, t in held["weights"].items()}
        return held.get("settings") or {}, tensors
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            facts = file.metadata() or {}
            return json.loads(facts.get("settings", "{}")), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def net_of(settings: Mapping[str, Any]) -> GatedNet:
    """Return the net from which the playground starts with these settings, named as in its address. Source: this book.

    Raises:
        ValueError: if there is no such model, or a setting is out of range.
        TypeError: if a setting is of another type.

    >>> net_of({"model": "ReLU", "width": 3, "depth": 2, "seed": 5}).widths
    (3, 3)
    """
    chosen = {**_USUAL, **settings}
    name = chosen["model"]
    if name not in _MODELS:
        raise ValueError(f"model must be one of {', '.join(_MODELS)}, got {name!r}")
    more = {"shallow": True} if name == "shallow DLGN" else {}
    beta = math.inf if chosen["hard"] == "hard" else chosen["beta"]
    start = {"init": chosen["init"], "generator": torch.Generator().manual_seed(chosen["seed"])}
    net = _MODELS[name](2, chosen["width"], chosen["depth"], beta=beta, bias=chosen["bias"] == "yes", **more, **start)
    return net.freeze_gates() if name == "frozen DLGN" else net


def load_weights(path: str | Path) -> tuple[GatedNet, dict[str, object]]:
    """Return the net of a file of the playground, and all its settings, as the address names them.

    Adam's moments are not in the file: training goes on from the weights with fresh ones. Source: this book.

    Raises:
        ValueError: if the file is damaged, its weights do not fit its settings, or the path has another ending.
        ImportError: if the format is safetensors and that package is not installed.
        OSError: if there is no such file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_weights(ReLUNet(2, 3, 1), Path(folder, "net.json"))
    ...     load_weights(Path(folder, "net.json"))[0].widths
    (3,)
    """
    path, kind = Path(path), _kind(path)
    try:
        settings, tensors = _read(path, kind)
        net = net_of(settings)
        net.load_state_dict(tensors)
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        raise ValueError(f"path must be a file of weights of the playground; {path.name} is none: {error}") from error
    return net, settings
