"""The networks of the accuracy tables, all trained with one budget. Page: learning/images."""

import math
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

from dlgn_lib.checks import check_count, check_points
from dlgn_lib.data.images import ImageSet
from dlgn_lib.models.base import GatedNet
from dlgn_lib.models.initial import linear_layers
from dlgn_lib.models.relu import DeepLinearNet, ReLUNet
from dlgn_lib.models.separate import DLGN, GaLUNet
from dlgn_lib.training.ensemble import train_ensemble
from dlgn_lib.training.settings import check_labels
from dlgn_lib.training.trajectory import Trajectory

_KINDS: dict[str, tuple[Callable[..., GatedNet], dict[str, object]]] = {
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
#: The models of the tables, from no gates to gates that are learned and back to gates that are not.
CLASSIFIERS = ("linear", *_KINDS)
BATCH = 256


class LinearNet(nn.Module):
    """Linear classifier: its outputs are W x. It has no hidden layer, hence no gates and no paths; torch's own initialisation.

    Source: this book. Page: learning/images.

    >>> net = LinearNet(3, 2, generator=torch.Generator().manual_seed(0))
    >>> x = torch.eye(3)
    >>> torch.equal(net(x), net.value_layers[0].weight.T)
    True
    """

    def __init__(self, in_dim: int, out_dim: int = 1, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        sizes = check_count("in_dim", in_dim), check_count("out_dim", out_dim)
        self.value_layers = linear_layers([sizes], False, "torch", generator)

    def check_input(self, x: Tensor) -> Tensor:
        """Return `x` if it is a finite (N, D) tensor of the net's own dtype, else raise TypeError or ValueError."""
        weight = self.value_layers[0].weight
        return check_points("x", x, weight.shape[1], weight.dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (N, K) for inputs (N, D)."""
        return self.value_layers[0](x)


def classifier(
    model: str, in_dim: int, classes: int, seed: int, *, width: int = 128, depth: int = 4, beta: float = 4.0
) -> GatedNet | LinearNet:
    """Return an untrained net of the accuracy tables: no biases, torch's own initialisation.

    Source: this book. Page: learning/images.

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


def accuracy(net: GatedNet, x: Tensor, labels: Tensor) -> float:
    """Return the share of inputs whose largest output is the one of their class.

    Source: this book. Page: learning/images.

    Args:
        net: a net with one output per class.
        x: inputs (N, D).
        labels: class numbers (N,), int64.

    Raises:
        TypeError: if labels are not int64.
        ValueError: if there is not one label per input, or a label has no output.

    >>> from dlgn_lib import ReLUNet
    >>> net = ReLUNet.from_weights([[[1.0], [-1.0]], [[1.0, 0.0], [0.0, 1.0]]])     # class 1 where x is negative
    >>> accuracy(net, torch.tensor([[-3.0], [2.0], [5.0], [-1.0]]).double(), torch.tensor([1, 0, 0, 0]))
    0.75
    """
    with torch.no_grad():
        scores = net(net.check_input(x))
    check_labels("labels", labels, *scores.shape)
    return (scores.argmax(1) == labels).double().mean().item()


def train_classifier(
    model: str,
    images: ImageSet,
    seeds: int | Sequence[int] = 5,
    *,
    epochs: int = 10,
    gates: Sequence[DLGN | GaLUNet] | None = None,
    snapshots: Iterable[int] | None = None,
    width: int = 128,
    depth: int = 4,
    beta: float = 4.0,
    progress: bool = True,
) -> list[Trajectory]:
    """Train a net of the accuracy tables on a set of images, once for each seed, and return the runs.

    The budget is one for all: cross-entropy, Adam with learning rate 0.001, mini-batches of 256, a fixed number of
    epochs. Nothing is chosen by a test or validation error. A seed decides the initial weights and the order of batches.
    Source: this book. Page: learning/images.

    Args:
        model: one of `CLASSIFIERS`.
        images: what to train on; the inputs are standardised (`ImageSet.flat`).
        seeds: how many (0, 1, …), or which.
        epochs: how many times each image is used.
        gates: nets, one for each seed, whose gating networks are copied into the new ones (None: they are drawn).
        snapshots: updates after which to keep the net (None: at the start, at the end, and after epoch 1, 2, 5, …).
        width: units in every hidden layer.
        depth: number of hidden layers.
        beta: slope of soft gates.
        progress: whether a run of more than two seconds shows a progress bar (unless `$DLGN_PROGRESS` is 0).

    >>> from dlgn_lib import fashion_mnist
    >>> (run,) = train_classifier("linear", fashion_mnist(), seeds=1, epochs=1)
    >>> len(run.losses), bool(run.losses[-1] < run.losses[0])     # before and after the epoch
    (2, True)
    """
    x, per_epoch = images.flat()[0], math.ceil(len(images.images) / BATCH)
    steps = per_epoch * check_count("epochs", epochs)
    if snapshots is None:
        marks = [0, *(d * 10**p for p in range(len(str(epochs))) for d in (1, 2, 5)), epochs]
        snapshots = [per_epoch * mark for mark in marks if mark <= epochs]

    given = iter(gates or ())

    def make_net(seed: int) -> GatedNet | LinearNet:
        net = classifier(model, x.shape[1], len(images.classes), seed, width=width, depth=depth, beta=beta)
        if gates is not None:
            assert isinstance(net, DLGN | GaLUNet)
            net.gate_layers.load_state_dict(next(given).gate_layers.state_dict())
        return net

    return train_ensemble(
        make_net,  # type: ignore[arg-type]  # a LinearNet trains as the others do
        seeds,
        x,
        images.labels,
        steps=steps,
        lr=1e-3,
        loss="cross_entropy",
        batch=min(BATCH, len(x)),
        snapshots=snapshots,
        progress=progress,
    )
