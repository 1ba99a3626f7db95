"""Nets of any shape: a reader's own module with convolutions and skips, and the convolutional DLGN.

Page: learning/your-own-network.
"""

import copy
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from dlgn_lib.checks import check_count, check_tensor
from dlgn_lib.models.base import check_drawing, check_hard
from dlgn_lib.models.initial import draw
from dlgn_lib.models.steps import END, Step, own_gate, steps_of, walk


class RoutedNet(nn.Module):
    """Base of nets whose units are not all joined to all. Their paths are the routes that exist: see `dlgn_lib.routes`.

    Source: this book. Page: learning/your-own-network.

    Attributes:
        steps: what the expert model does, layer by layer; its ReLUs are the places of the gates.
        value_layers: the layers of the expert model that have weights.
        gate_layers: the layers that only the gates read; none if the gates are the expert model's own.

    >>> net = ConvDLGN((1, 4, 4), [2], 3)
    >>> [step.kind for step in net.steps], net.depth, net.out_dim
    (['units', 'gate', 'fixed', 'units'], 1, 3)
    """

    steps: list[Step]
    value_layers: nn.ModuleList
    gate_layers: nn.ModuleList
    beta = math.inf

    def check_input(self, x: Tensor, name: str = "x") -> Tensor:
        """Return `x` if it holds finite inputs (N, …) of the net's own dtype and shape, else raise TypeError or ValueError."""
        if not isinstance(x, Tensor):
            raise TypeError(
                f"{name} must be a torch tensor (N, …), got {type(x).__name__}; try torch.as_tensor({name})"
            )
        if x.ndim < 2:
            raise ValueError(f"{name} must have shape (N, …), one input per row, got {tuple(x.shape)}")
        dtype = next(self.parameters()).dtype
        if x.dtype != dtype:
            raise TypeError(f"{name} has dtype {x.dtype}, the net has {dtype}; convert one of them")
        check_tensor(name, x, *x.shape, empty=True)
        try:
            with torch.no_grad():
                outputs = self(x[:1])
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"{name} must fit the net, got shape {tuple(x.shape)}: {error}") from None
        if outputs.ndim != 2:
            raise ValueError(
                f"{name} must give outputs (N, K), got {name} {tuple(x.shape)} and a row {tuple(outputs.shape)}"
            )
        return x

    def gates(self, x: Tensor, hard: bool | None = None) -> list[Tensor]:
        """Return the gates of each hidden layer for inputs (N, …): tensors (N, units) or (N, channels, height, width).

        Args:
            x: inputs (N, …).
            hard: None for the net's own gates, True for thresholded ones, 1[z ≥ 0].
        """
        raise NotImplementedError

    def expert_input(self, x: Tensor) -> Tensor:
        """Return v(x), what the expert model reads: x itself, unless a net says otherwise."""
        return x

    def expert_values(self, x: Tensor, gates: Sequence[Tensor]) -> list[Tensor]:
        """Return all values of the expert model with these gates in place, the outputs (N, K) last: affine in v(x)."""
        given = iter(gates)
        return walk(self.steps, self.expert_input(x), lambda z, slope: next(given))

    def preactivation_above(self, x: Tensor, gates: Sequence[Tensor]) -> Tensor:
        """Return z (N, …) of the hidden layer that stands above those whose gates are given: affine in x."""
        raise NotImplementedError

    def gated_features(self, x: Tensor, gates: Sequence[Tensor]) -> Tensor:
        """Return the last hidden layer (N, R) of the expert model with these gates in place: affine in v(x)."""
        return self.expert_values(x, gates)[self.steps[-1].reads[0]]

    def features(self, x: Tensor) -> Tensor:
        """Return the last hidden layer (N, R): what the output layer combines linearly."""
        return self.gated_features(x, self.gates(x))

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (N, K) for inputs (N, …)."""
        return self.expert_values(x, self.gates(x))[-1]

    @property
    def depth(self) -> int:
        """The number of hidden (gated) layers."""
        return sum(step.kind == "gate" for step in self.steps)

    @property
    def out_dim(self) -> int:
        """The number of outputs K."""
        last = self.steps[-1].module
        assert isinstance(last, nn.Linear)
        return last.out_features


class GatedModule(RoutedNet):
    """A reader's module as a gated net; `dlgn_lib.as_gated` makes it. A gate is 1 where its unit is on, else its slope.

    Source: Theorem 1 of Yadav et al. (2024) [halfspace], carried over by this book. Page: learning/your-own-network.

    >>> from torch import nn
    >>> net = GatedModule(nn.Sequential(nn.Conv2d(1, 2, 3), nn.LeakyReLU(0.1), nn.Flatten(), nn.Linear(8, 3)))
    >>> [tuple(gate.shape) for gate in net.gates(torch.zeros(5, 1, 4, 4))], net.depth, net.out_dim
    ([(5, 2, 2, 2)], 1, 3)
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = copy.deepcopy(module)
        self.steps = steps_of(self.module)
        if not isinstance(self.steps[-1].module, nn.Linear):
            raise ValueError(END)
        self.value_layers = nn.ModuleList(
            step.module
            for step in self.steps
            if step.module is not None and any(True for _ in step.module.parameters())
        )
        self.gate_layers = nn.ModuleList()

    def preactivations(self, x: Tensor) -> list[Tensor]:
        """Return what each gate looks at: tensors (N, units) or (N, channels, height, width)."""
        values = walk(self.steps, x, own_gate)
        return [values[step.reads[0]] for step in self.steps if step.kind == "gate"]

    def preactivation_above(self, x: Tensor, gates: Sequence[Tensor]) -> Tensor:
        """Return z (N, …) of the hidden layer that stands above those whose gates are given: affine in x."""
        place = [number for number, step in enumerate(self.steps) if step.kind == "gate"][len(gates)]
        given = iter(gates)
        return walk(self.steps[:place], x, lambda z, slope: next(given))[self.steps[place].reads[0]]

    def gates(self, x: Tensor, hard: bool | None = None) -> list[Tensor]:
        """Return the gates of each hidden layer: with `hard` 1[z ≥ 0], else 1 or the slope of the unit."""
        check_hard(hard)
        slopes = [0.0 if hard else step.slope for step in self.steps if step.kind == "gate"]
        return [own_gate(z, slope) for z, slope in zip(self.preactivations(x), slopes, strict=True)]

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (N, K), those of the module."""
        return walk(self.steps, x, own_gate)[-1]


class ConvDLGN(RoutedNet):
    """Convolutional DLGN: the gates come from a deep *linear* convolutional network, so every gate is a half-space of the image.

    Gating model: z_1 = V_1 * x, z_ℓ = V_ℓ * z_{ℓ-1}, gate_ℓ = σ(β z_ℓ). The experts are convolutions of the same shape,
    and a linear layer that reads all of the last one. No biases. Source: the DLGN of Lakshminarayanan and
    Singh (2021) [dlgn]; the choice of layers is this book's. Page: learning/your-own-network.

    Args:
        in_shape: (channels, height, width) of an image.
        channels: of each hidden layer.
        out_dim: number of outputs K.
        kernel: side of every filter, odd; a layer is padded so that it keeps its size but for the stride.
        stride: of every hidden layer, or a list, one number for each.
        beta: slope of soft gates σ(βz); `math.inf` gives hard gates.
        value_input: "x" or "ones", what the experts read.
        init: "torch", "he" or "lecun".
        generator: random generator of the initial weights; `None` is torch's global one.

    Raises:
        TypeError: if a size is not a whole number.
        ValueError: if a size is below 1, the kernel is even, β is not positive, or `init` or `value_input` is unknown.

    >>> net = ConvDLGN((1, 8, 8), [4, 6], 3, stride=2)
    >>> [tuple(gate.shape) for gate in net.gates(torch.zeros(5, 1, 8, 8))], net(torch.zeros(5, 1, 8, 8)).shape
    ([(5, 4, 4, 4), (5, 6, 2, 2)], torch.Size([5, 3]))
    >>> [tuple(normals.shape) for normals in net.normals()]     # each gate has a normal, and it is an image
    [(4, 4, 4, 1, 8, 8), (6, 2, 2, 1, 8, 8)]
    """

    def __init__(
        self,
        in_shape: Sequence[int],
        channels: Sequence[int],
        out_dim: int = 1,
        *,
        kernel: int = 3,
        stride: int | Sequence[int] = 1,
        beta: float = 10.0,
        value_input: str = "x",
        init: str = "torch",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name, numbers in (("in_shape", in_shape), ("channels", channels)):
            if not isinstance(numbers, Sequence):
                raise TypeError(f"{name} must be a list of numbers, got {numbers!r}")
        if len(in_shape) != 3:
            raise ValueError(f"in_shape must be (channels, height, width), got {tuple(in_shape)}")
        self.in_shape = tuple(check_count("in_shape", size) for size in in_shape)
        sizes = [self.in_shape[0], *(check_count("channels", size) for size in channels)]
        strides = list(stride) if isinstance(stride, Sequence) else [stride] * (len(sizes) - 1)
        if len(sizes) < 2 or len(strides) != len(sizes) - 1:
            raise ValueError(
                f"channels and stride must name the same layers, one at least, got {channels} and {stride}"
            )
        if check_count("kernel", kernel) % 2 == 0:
            raise ValueError(f"kernel must be odd, so that a filter has a middle, got {kernel}")
        if value_input not in ("x", "ones"):
            raise ValueError(f"value_input must be 'x' or 'ones', got {value_input!r}")
        self.beta, self.value_input = check_drawing(beta, init, generator), value_input

        strides = [check_count("stride", step) for step in strides]

        def convolutions() -> nn.ModuleList:
            empty = (
                nn.utils.skip_init(nn.Conv2d, a, b, kernel, step, padding=kernel // 2, bias=False)
                for (a, b), step in zip(pairwise(sizes), strides, strict=True)
            )
            return nn.ModuleList(draw(layer, init, generator) for layer in empty)

        experts = convolutions()
        height, width = self.in_shape[1:]
        for step in strides:
            height, width = (height - 1) // step + 1, (width - 1) // step + 1
        last = nn.utils.skip_init(nn.Linear, sizes[-1] * height * width, check_count("out_dim", out_dim), bias=False)
        self.value_layers = nn.ModuleList([*experts, draw(last, init, generator)])
        self.gate_layers = convolutions()
        self.steps = []
        for layer in experts:
            place = len(self.steps)
            self.steps += [Step("units", "", (place,), layer), Step("gate", "", (place + 1,))]
        place = len(self.steps)
        self.steps += [Step("fixed", "", (place,), nn.Flatten()), Step("units", "", (place + 1,), last)]

    def extra_repr(self) -> str:
        """Return the sizes for `print(net)`."""
        return f"in_shape={self.in_shape}, depth={self.depth}, out_dim={self.out_dim}"

    def check_input(self, x: Tensor, name: str = "x") -> Tensor:
        """Return `x` if it holds finite images (N, channels, height, width) of the net, else raise TypeError or ValueError."""
        if isinstance(x, Tensor) and tuple(x.shape[1:]) != self.in_shape:
            raise ValueError(f"{name} must have shape (N, {', '.join(map(str, self.in_shape))}), got {tuple(x.shape)}")
        return super().check_input(x, name)

    def preactivations(self, x: Tensor) -> list[Tensor]:
        """Return the `depth` tensors z_ℓ (N, channels, height, width) whose sign decides the gates: linear in x."""
        z: list[Tensor] = []
        for layer in self.gate_layers:
            z.append(layer(z[-1] if z else x))
        return z

    def preactivation_above(self, x: Tensor, gates: Sequence[Tensor]) -> Tensor:
        """Return z (N, …) of the hidden layer that stands above those whose gates are given: they do not matter here."""
        return self.preactivations(x)[len(gates)]

    def gates(self, x: Tensor, hard: bool | None = None) -> list[Tensor]:
        """Return the gates of each hidden layer, `depth` tensors (N, channels, height, width) with entries in [0, 1]."""
        check_hard(hard)
        sharp = bool(hard) or not math.isfinite(self.beta)
        return [own_gate(z, 0.0) if sharp else torch.sigmoid(self.beta * z) for z in self.preactivations(x)]

    def expert_input(self, x: Tensor) -> Tensor:
        """Return v(x), what the experts read: x itself, or as many ones (`value_input="ones"`)."""
        return torch.ones_like(x) if self.value_input == "ones" else x

    def normals(self) -> list[Tensor]:
        """Return for each layer one image per gate, (channels, height, width, …), whose inner product with x is z_ℓ(x).

        A gate is on in the half-space ⟨normal, x⟩ ≥ 0. Away from the edges units of one channel have one image,
        moved from place to place.
        """
        weight = next(self.gate_layers.parameters())
        with torch.no_grad():
            pixels = torch.eye(math.prod(self.in_shape), dtype=weight.dtype, device=weight.device)
            responses = self.preactivations(pixels.view(-1, *self.in_shape))  # each (D, channels, height, width)
        return [z.permute(1, 2, 3, 0).reshape(*z.shape[1:], *self.in_shape) for z in responses]

    def gate_parameters(self) -> Iterator[nn.Parameter]:
        """Yield the parameters of the gating network."""
        return self.gate_layers.parameters()
