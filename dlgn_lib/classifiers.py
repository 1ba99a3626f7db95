"""The networks of the accuracy tables, all trained with one budget. Page: learning/images."""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from dlgn_lib.checks import check_count, check_points
from dlgn_lib.images import ImageSet
from dlgn_lib.models import DLGN, DeepLinearNet, GaLUNet, GatedNet, ReLUNet
from dlgn_lib.training import Trajectory, train_ensemble

_KINDS = {
    "deep linear": (DeepLinearNet, {}),
    "ReLU": (ReLUNet, {}),
    "DLGN": (DLGN, {}),
    "DLGN ones": (DLGN, {"value_input": "ones"}),
    "shallow DLGN": (DLGN, {"shallow": True}),
    "GaLU": (GaLUNet, {}),
    "frozen DLGN": (DLGN, {}),
    "frozen DLGN ones": (DLGN, {"value_input": "ones"}),
    "frozen GaLU": (GaLUNet, {}),
}
#: The models of the tables, from no gates to gates that are learnt and back to gates that are not.
CLASSIFIERS = ("linear", *_KINDS)
BATCH = 256


class LinearNet(nn.Module):
    """Linear classifier: its outputs are W x. It has no hidden layer, hence no gates and no paths; torch's own initialisation.

    >>> net = LinearNet(3, 2, generator=torch.Generator().manual_seed(0))
    >>> x = torch.eye(3)
    >>> torch.equal(net(x), net.value_layers[0].weight.T)
    True
    """

    def __init__(self, in_dim: int, out_dim: int = 1, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        layer = nn.utils.skip_init(
            nn.Linear, check_count("in_dim", in_dim), check_count("out_dim", out_dim), bias=False
        )
        bound = 1 / math.sqrt(in_dim)
        with torch.no_grad():
            layer.weight.uniform_(-bound, bound, generator=generator)
        self.value_layers = nn.ModuleList([layer])

    def check_input(self, x: Tensor) -> Tensor:
        """Return `x` if it is a finite (N, D) tensor of the net's own dtype, else raise TypeError or ValueError."""
        weight = self.value_layers[0].weight
        return check_points("x", x, weight.shape[1], weight.dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (N, K) for inputs (N, D)."""
        self.check_input(x)
        return self.value_layers[0](x)


def classifier(
    model: str, in_dim: int, classes: int, seed: int, *, width: int = 128, depth: int = 4, beta: float = 4.0
) -> GatedNet | LinearNet:
    """Return an untrained net of the accuracy tables: no biases, torch's own initialisation.

    Args:
        model: one of `CLASSIFIERS`. Gates of a "frozen" net are not trained; experts of an "ones" net read a
            constant, so the image reaches the output only through the gates.
        in_dim: number of inputs D.
        classes: number of outputs K.
        seed: of the initial weights.
        width: units in every hidden layer.
        depth: number of hidden layers.
        beta: slope of soft gates.

    Raises:
        TypeError: if a size or `seed` is not a whole number.
        ValueError: if `model` is none of them, or a size is below 1.

    >>> net = classifier("shallow DLGN", 784, 10, seed=0)
    >>> net, net.shallow, net.beta
    (DLGN(
      in_dim=784, width=128, depth=4, out_dim=10
      (value_layers): ModuleList(
        (0): Linear(in_features=784, out_features=128, bias=False)
        (1-3): 3 x Linear(in_features=128, out_features=128, bias=False)
        (4): Linear(in_features=128, out_features=10, bias=False)
      )
      (gate_layers): ModuleList(
        (0-3): 4 x Linear(in_features=784, out_features=128, bias=False)
      )
    ), True, 4.0)
    """
    if model not in CLASSIFIERS:
        raise ValueError(f"model must be one of {', '.join(map(repr, CLASSIFIERS))}, got {model!r}")
    sizes = {"in_dim": in_dim, "classes": classes, "width": width, "depth": depth}
    for name, size in sizes.items():
        check_count(name, size)
    if not beta > 0:
        raise ValueError(f"beta must be positive, got {beta!r}")
    rng = torch.Generator().manual_seed(check_count("seed", seed, least=0))
    if model == "linear":
        return LinearNet(in_dim, classes, generator=rng)
    kind, options = _KINDS[model]
    net = kind(in_dim, width, depth, classes, beta=beta, generator=rng, **options)
    return net.freeze_gates() if model.startswith("frozen") else net


def train_classifier(
    model: str,
    images: ImageSet,
    seeds: int | Sequence[int] = 5,
    *,
    epochs: int = 10,
    gates: Sequence[GatedNet] | None = None,
    snapshots: Iterable[int] | None = None,
    progress: bool = True,
    **sizes: object,
) -> list[Trajectory]:
    """Train a net of the accuracy tables on a set of images, once for each seed, and return the runs.

    The budget is one for all: cross-entropy, Adam with learning rate 0.001, mini-batches of 256, a fixed number of
    epochs. Nothing is chosen by a test or validation error. A seed decides the initial weights and the order of batches.

    Args:
        model: one of `CLASSIFIERS`.
        images: what to train on; the inputs are standardised (`ImageSet.flat`).
        seeds: how many (0, 1, …), or which.
        epochs: how many times each image is used.
        gates: nets, one for each seed, whose gating networks are copied into the new ones (None: they are drawn).
        snapshots: updates after which to keep the net (None: at the start, at the end, and after epoch 1, 2, 5, …).
        progress: whether a run of more than two seconds shows a progress bar (never in builds).
        sizes: `width`, `depth` and `beta` of the net, as for `classifier`.
    """
    x, per_epoch = images.flat()[0], math.ceil(len(images.images) / BATCH)
    steps = per_epoch * check_count("epochs", epochs)
    if snapshots is None:
        marks = [0, *(d * 10**p for p in range(len(str(epochs))) for d in (1, 2, 5)), epochs]
        snapshots = [per_epoch * mark for mark in marks if mark <= epochs]

    given = iter(gates or ())

    def make_net(seed: int) -> GatedNet | LinearNet:
        net = classifier(model, x.shape[1], len(images.classes), seed, **sizes)
        if gates is not None:
            net.gate_layers.load_state_dict(next(given).gate_layers.state_dict())
        return net

    settings = {"loss": "cross_entropy", "lr": 1e-3, "batch": min(BATCH, len(x)), "snapshots": snapshots}
    return train_ensemble(make_net, seeds, x, images.labels, steps=steps, progress=progress, **settings)
