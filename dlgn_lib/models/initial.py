"""Linear layers and how their weights are drawn."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import nn

from dlgn_lib.checks import check_count

if TYPE_CHECKING:

    class LinearLayers(nn.ModuleList):
        """A list of modules that are linear layers, for the type checker."""

        def __getitem__(self, place: int) -> nn.Linear: ...  # type: ignore[override]
        def __iter__(self) -> Iterator[nn.Linear]: ...

else:
    LinearLayers = nn.ModuleList

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)
GAINS = {"he": math.sqrt(2.0), "lecun": 1.0}


def layer_widths(width: int | Sequence[int], depth: int | None) -> tuple[int, ...]:
    """Return the number of units of each hidden layer, given one number for all of them and how many, or one for each.

    Raises:
        TypeError: if a number is not whole.
        ValueError: if a number is below 1, there is no layer, or `depth` is missing or does not agree.

    >>> layer_widths(8, 3), layer_widths([8, 4], None)
    ((8, 8, 8), (8, 4))
    """
    if not isinstance(width, Sequence) or isinstance(width, str):
        if depth is None:
            raise ValueError(f"depth must say how many hidden layers have {width!r} units; or give a list of widths")
        return (check_count("width", width),) * check_count("depth", depth)
    widths = tuple(check_count("width", units) for units in width)
    if not widths:
        raise ValueError("width must name at least one hidden layer, got none")
    if depth is not None and check_count("depth", depth) != len(widths):
        raise ValueError(f"depth must agree with the {len(widths)} widths {list(widths)}, or be left out, got {depth}")
    return widths


def draw(layer: Layer, init: str, generator: torch.Generator | None) -> Layer:
    """Draw a layer's weights, in place: 'torch' U(±1/√inputs), 'he' N(0, 2/inputs), 'lecun' N(0, 1/inputs); biases as U(±1/√inputs)."""
    bound = 1 / math.sqrt(layer.weight[0].numel())
    with torch.no_grad():
        if init == "torch":
            layer.weight.uniform_(-bound, bound, generator=generator)
        else:
            layer.weight.normal_(0.0, GAINS[init] * bound, generator=generator)
        if layer.bias is not None:
            layer.bias.uniform_(-bound, bound, generator=generator)
    return layer


def linear_layers(
    sizes: Iterable[tuple[int, int]], bias: bool, init: str, generator: torch.Generator | None
) -> LinearLayers:
    """Return linear layers of these (inputs, outputs), drawn one after another."""
    empty = (nn.utils.skip_init(nn.Linear, inputs, outputs, bias=bias) for inputs, outputs in sizes)
    return LinearLayers(draw(layer, init, generator) for layer in empty)
