"""The family of networks of this book: a gating model switches paths on and off, an expert model gives their values.

All members share one shape: `depth` hidden layers of `width` units, hence `width**depth` paths, and differ only in
where the gates come from. Pages: experts/gating, notation.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from dlgn_lib.checks import check_count, check_points

_GAINS = {"he": math.sqrt(2.0), "lecun": 1.0}


def _linear(inputs: int, outputs: int, bias: bool, init: str, generator: torch.Generator | None) -> nn.Linear:
    """Return a linear layer drawn from `generator`: 'torch' U(±1/√inputs), 'he' N(0, 2/inputs), 'lecun' N(0, 1/inputs)."""
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs, bias=bias)
    bound = 1 / math.sqrt(inputs)
    with torch.no_grad():
        if init == "torch":
            layer.weight.uniform_(-bound, bound, generator=generator)
        else:
            layer.weight.normal_(0.0, _GAINS[init] * bound, generator=generator)
        if bias:
            layer.bias.uniform_(-bound, bound, generator=generator)
    return layer


def _stack(sizes: Iterable[tuple[int, int]], bias: bool, init: str, generator: torch.Generator | None) -> nn.ModuleList:
    return nn.ModuleList(_linear(inputs, outputs, bias, init, generator) for inputs, outputs in sizes)


def _tensors(name: str, values: Sequence) -> list[Tensor]:
    tensors = []
    for number, value in enumerate(values):
        try:
            tensors.append(torch.as_tensor(value, dtype=torch.float64))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name}[{number}] must hold numbers, in rows of one length: {error}") from None
    return tensors


class GatedNet(nn.Module):
    """Base of the family: `ŷ(x) = W_L (gate_depth ⊙ W_depth (… gate_1 ⊙ W_1 v(x)))` with `L = depth + 1` weight layers.

    Sub-classes say where the gates come from (`preactivations`). `v(x)` is the input of the expert model.

    Args:
        in_dim: number of inputs D.
        width: number of units M in every hidden layer.
        depth: number of hidden (gated) layers, L - 1 in the paper.
        out_dim: number of outputs K.
        beta: slope of soft gates σ(βz); `math.inf` gives hard gates. Nets whose gates are always hard ignore it.
        bias: adds biases; in the gating network only where there is one of its own.
        init: "torch" (uniform ±1/√fan_in), "he" or "lecun" (normal).
        generator: random generator of the initial weights; `None` is torch's global one.

    Raises:
        TypeError: if a size is not a whole number.
        ValueError: if a size is below 1, β is not positive or `init` is unknown.
    """

    value_input = "x"
    _value_bias = False

    def __init__(
        self,
        in_dim: int,
        width: int,
        depth: int,
        out_dim: int = 1,
        *,
        beta: float = 10.0,
        bias: bool = False,
        init: str = "torch",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.in_dim = check_count("in_dim", in_dim)
        self.width = check_count("width", width)
        self.depth = check_count("depth", depth)
        self.out_dim = check_count("out_dim", out_dim)
        if isinstance(beta, str) or not beta > 0:
            raise ValueError(
                f"beta, the slope of the soft gates, must be positive, got {beta!r}; math.inf gives hard gates"
            )
        if not isinstance(generator, torch.Generator | None):
            raise TypeError(
                f"generator must be a torch.Generator, e.g. torch.Generator().manual_seed(0), got {generator!r}"
            )
        if init not in ("torch", *_GAINS):
            raise ValueError(f"init must be one of 'torch', 'he', 'lecun', got {init!r}")
        self.beta = float(beta)
        self.bias = bool(bias)
        sizes = [self.in_dim, *[self.width] * self.depth, self.out_dim]
        self.value_layers = _stack(pairwise(sizes), self.bias and self._value_bias, init, generator)

    def extra_repr(self) -> str:
        """Return the sizes for `print(net)`."""
        return f"in_dim={self.in_dim}, width={self.width}, depth={self.depth}, out_dim={self.out_dim}"

    def check_input(self, x: Tensor, name: str = "x") -> Tensor:
        """Return `x` if it is a finite (N, in_dim) tensor of the net's own dtype, else raise TypeError or ValueError."""
        return check_points(name, x, self.in_dim, self.value_layers[0].weight.dtype)

    def preactivations(self, x: Tensor) -> list[Tensor]:
        """Return the `depth` tensors z_ℓ (N, M) whose sign decides the gates."""
        raise NotImplementedError

    def _own_gate(self, z: Tensor) -> Tensor:
        """Return the net's own gate of the pre-activation z: σ(βz), or 1[z ≥ 0] when β is infinite."""
        return torch.sigmoid(self.beta * z) if math.isfinite(self.beta) else (z >= 0).to(z.dtype)

    def gates(self, x: Tensor, hard: bool | None = None) -> list[Tensor]:
        """Return the gates of each hidden layer: a list of `depth` tensors (N, M) with entries in [0, 1].

        Args:
            x: inputs (N, D).
            hard: None for the net's own gates, True for thresholded ones, 1[z ≥ 0] (a gate is on at 0).

        Raises:
            ValueError: if `hard` is False; soft gates are a property of the net (its β), not of the call.
        """
        if hard not in (None, True):
            raise ValueError(f"hard must be None (the net's own gates) or True (thresholded), got {hard!r}")
        z = self.preactivations(self.check_input(x))
        return [(t >= 0).to(t.dtype) for t in z] if hard else [self._own_gate(t) for t in z]

    def expert_input(self, x: Tensor) -> Tensor:
        """Return v(x), what the expert model reads: x itself, or as many ones (`value_input="ones"`)."""
        return torch.ones_like(x) if self.value_input == "ones" else x

    def features(self, x: Tensor) -> Tensor:
        """Return the last hidden layer (N, M): the features that the output layer combines linearly."""
        h = self.expert_input(self.check_input(x))
        for layer, gate in zip(self.value_layers, self.gates(x), strict=False):
            h = gate * layer(h)  # (N, M)
        return h

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (N, K) for inputs (N, D)."""
        return self.value_layers[-1](self.features(x))

    def gate_parameters(self) -> Iterator[nn.Parameter]:
        """Yield the parameters that only the gates read; nothing if the gates have none of their own."""
        return iter(())

    def freeze_gates(self) -> "GatedNet":
        """Stop the training of the gates, in place, and return the net.

        Raises:
            TypeError: if the gates have no parameters of their own (ReLU and deep linear nets).
        """
        parameters = list(self.gate_parameters())
        if not parameters:
            raise TypeError(
                f"a {type(self).__name__} has no gate parameters of its own to freeze; "
                "use a DLGN or a GaLUNet, whose gates come from a network beside the experts"
            )
        for parameter in parameters:
            parameter.requires_grad_(False)
        return self


class ReLUNet(GatedNet):
    """ReLU network: its gates are 1[z ≥ 0] of its own pre-activations, so gates and experts share every weight.

    Source: Yadav et al. (2024), equation of the ReLU gating model [halfspace]. Page: experts/equivalence.

    >>> net = ReLUNet.from_weights([[[1.0], [-1.0]], [[1.0, 1.0]]])     # |x| = relu(x) + relu(-x)
    >>> net(torch.tensor([[-3.0], [2.0]], dtype=torch.float64)).flatten().tolist()
    [3.0, 2.0]
    """

    _value_bias = True

    def preactivations(self, x: Tensor) -> list[Tensor]:
        """Return the pre-activations z_ℓ = W_ℓ h_{ℓ-1} + b_ℓ of the hidden layers, `depth` tensors (N, M)."""
        z, h = [], x
        for layer in self.value_layers[:-1]:
            z.append(layer(h))
            h = torch.relu(z[-1])
        return z

    def _own_gate(self, z: Tensor) -> Tensor:
        return (z >= 0).to(z.dtype)

    def features(self, x: Tensor) -> Tensor:
        """Return the last hidden layer (N, M), computed as everybody does: relu after every layer, no gate in sight."""
        return torch.relu(self.preactivations(self.check_input(x))[-1])

    @classmethod
    def from_weights(cls, weights: Sequence, biases: Sequence | None = None) -> "ReLUNet":
        """Return a float64 net with the given weights: matrices (M, D), (M, M), …, (K, M), and biases (M,), …, (K,) if any.

        Raises:
            ValueError: if the shapes do not fit together, or hidden layers differ in width.
        """
        matrices = _tensors("weights", weights)
        shapes = [tuple(w.shape) for w in matrices]
        if len(matrices) < 2 or any(w.ndim != 2 for w in matrices):
            raise ValueError(f"weights must be at least two matrices, one per layer, got shapes {shapes}")
        width = shapes[0][0]
        expected = [(width, shapes[0][1]), *[(width, width)] * (len(matrices) - 2), (shapes[-1][0], width)]
        if shapes != expected:
            raise ValueError(
                f"weights must have shapes {expected} (every hidden layer as wide as the first), got {shapes}"
            )
        net = cls(
            shapes[0][1], width, len(matrices) - 1, shapes[-1][0], bias=biases is not None, generator=torch.Generator()
        ).double()
        vectors = [None] * len(matrices) if biases is None else _tensors("biases", biases)
        if biases is not None and [tuple(b.shape) for b in vectors] != [s[:1] for s in shapes]:
            raise ValueError(
                f"biases must have shapes {[s[:1] for s in shapes]}, one vector per layer, got {[tuple(b.shape) for b in vectors]}"
            )
        with torch.no_grad():
            for layer, matrix, vector in zip(net.value_layers, matrices, vectors, strict=True):
                layer.weight.copy_(matrix)
                if vector is not None:
                    layer.bias.copy_(vector)
        return net


class DeepLinearNet(GatedNet):
    """Deep linear network: every gate is 1 everywhere. All its paths are always on, and their sum is linear in x.

    >>> net = DeepLinearNet(2, 3, 2)
    >>> [gate.unique().tolist() for gate in net.gates(torch.randn(4, 2))]
    [[1.0], [1.0]]
    """

    _value_bias = True

    def preactivations(self, x: Tensor) -> list[Tensor]:
        """Return zeros, `depth` tensors (N, M): a gate is on at 0."""
        return [x.new_zeros(*x.shape[:-1], self.width) for _ in range(self.depth)]

    def _own_gate(self, z: Tensor) -> Tensor:
        return torch.ones_like(z)


class _SeparateGates(GatedNet):
    """A net whose gates come from a gating network of its own beside the experts."""

    def __init__(
        self,
        in_dim: int,
        width: int,
        depth: int,
        out_dim: int = 1,
        *,
        beta: float = 10.0,
        bias: bool = False,
        init: str = "torch",
        value_input: str = "x",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(in_dim, width, depth, out_dim, beta=beta, bias=bias, init=init, generator=generator)
        if value_input not in ("x", "ones"):
            raise ValueError(
                f"value_input must be 'x' (the experts read the input) or 'ones' (a constant), got {value_input!r}"
            )
        self.value_input = value_input
        self.gate_layers = _stack(self._gate_sizes(), self.bias, init, generator)

    def _gate_sizes(self) -> list[tuple[int, int]]:
        return list(pairwise([self.in_dim, *[self.width] * self.depth]))

    def gate_parameters(self) -> Iterator[nn.Parameter]:
        """Yield the parameters of the gating network."""
        return self.gate_layers.parameters()


class DLGN(_SeparateGates):
    """Deep Linearly Gated Network: the gates come from a deep *linear* network, so every gate is a half-space of x.

    Gating model: z_1 = V_1 x, z_ℓ = V_ℓ z_{ℓ-1}, gate_ℓ = σ(β z_ℓ). With `shallow=True` every gate layer reads the
    input directly, z_ℓ = V_ℓ x. Source: Yadav et al. (2024), section on the DLGN [halfspace]. Page: experts/gating.

    Besides the arguments of `GatedNet`:

    Args:
        value_input: "x" or "ones", what the experts read.
        shallow: whether every gate layer reads x instead of the gate layer below.

    >>> net = DLGN(2, 8, 3, beta=math.inf)
    >>> [tuple(normals.shape) for normals, offsets in net.half_spaces()]
    [(8, 2), (8, 2), (8, 2)]
    """

    def __init__(
        self,
        in_dim: int,
        width: int,
        depth: int,
        out_dim: int = 1,
        *,
        beta: float = 10.0,
        bias: bool = False,
        init: str = "torch",
        value_input: str = "x",
        shallow: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        self.shallow = bool(shallow)
        super().__init__(
            in_dim, width, depth, out_dim, beta=beta, bias=bias, init=init, value_input=value_input, generator=generator
        )

    def _gate_sizes(self) -> list[tuple[int, int]]:
        return [(self.in_dim, self.width)] * self.depth if self.shallow else super()._gate_sizes()

    def preactivations(self, x: Tensor) -> list[Tensor]:
        """Return the gating network's z_ℓ, `depth` tensors (N, M), each an affine function of x."""
        if self.shallow:
            return [layer(x) for layer in self.gate_layers]
        z = []
        for layer in self.gate_layers:
            z.append(layer(z[-1] if z else x))
        return z

    def half_spaces(self) -> list[tuple[Tensor, Tensor]]:
        """Return for each hidden layer (normals (M, D), offsets (M,)): unit i is on where normals[i]·x + offsets[i] ≥ 0.

        In a deep gating network the normals of layer ℓ are the rows of V_ℓ ⋯ V_1.
        """
        normals = torch.eye(self.in_dim).to(self.gate_layers[0].weight)  # (D, D)
        offsets = normals.new_zeros(self.in_dim)
        result = []
        for layer in self.gate_layers:
            bias = layer.bias if self.bias else 0.0
            if self.shallow:
                pair = layer.weight.detach().clone(), (layer.weight.new_zeros(self.width) + bias).detach()
            else:
                offsets = layer.weight @ offsets + bias  # (M,)
                normals = layer.weight @ normals  # (M, D)
                pair = normals.detach(), offsets.detach()
            result.append(pair)
        return result


class GaLUNet(_SeparateGates):
    """Gated linear unit network: the gates come from a separate ReLU network, z_ℓ = V_ℓ relu(z_{ℓ-1}), gate_ℓ = σ(β z_ℓ).

    The gates are as rich as those of a ReLU net, but free of the experts' weights. Source: the family of gated
    networks in Yadav et al. (2024) [halfspace]; the name follows Fiat et al. (2019). Page: experts/gating.
    """

    def preactivations(self, x: Tensor) -> list[Tensor]:
        """Return the pre-activations of the gating ReLU network, `depth` tensors (N, M)."""
        z, h = [], x
        for layer in self.gate_layers:
            z.append(layer(h))
            h = torch.relu(z[-1])
        return z
