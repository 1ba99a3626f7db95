"""A module as a list of steps: layers of units, maps that are fixed, gates and sums, as `torch.fx` reads them off.

Page: learning/your-own-network.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F  # as everybody writes it

_PIECEWISE = "it is not piecewise linear, so no gate of 0 and 1 gives it back"
_SCORES = (
    "the outputs would not be linear in the last features; leave it out, the scores before it order the classes alike"
)
#: Why a layer cannot be taken, for those that a reader is most likely to have.
REASONS: dict[type[nn.Module], str] = {
    nn.Softmax: _SCORES,
    nn.LogSoftmax: _SCORES,
    nn.MaxPool2d: "which input it takes is a gate of another kind; take nn.AvgPool2d",
    nn.LayerNorm: "it divides by a number that depends on the input, so the net is not piecewise linear",
    nn.Sigmoid: _PIECEWISE,
    nn.Tanh: _PIECEWISE,
    nn.GELU: _PIECEWISE,
    nn.SiLU: _PIECEWISE,
    nn.MultiheadAttention: "its weights depend on the input, so it is not piecewise linear",
}
END = "module must end with a linear layer, so that its outputs are linear in the last features"
_RELU = {F.relu, torch.relu, "relu", "relu_"}
_SUM = {operator.add, operator.iadd, torch.add, "add", "add_"}
_FLATTEN = {torch.flatten, "flatten"}


@dataclass(frozen=True)
class Step:
    """What happens to the values so far; value 0 is the input, step i makes value i + 1.

    Attributes:
        kind: "units" (a linear or convolutional layer), "fixed" (flatten, average pool, normalisation), "gate" or "sum".
        name: of the layer, for messages.
        reads: which values.
        module: what computes, for "units" and "fixed".
        slope: of a "gate" that is off: 0 for a ReLU.
    """

    kind: str
    name: str
    reads: tuple[int, ...]
    module: nn.Module | None = None
    slope: float = 0.0


def steps_of(module: nn.Module) -> list[Step]:
    """Return the steps of a module in eval mode; the last one makes its outputs.

    Raises:
        TypeError: if a layer or an operation is of another kind; the message names it and says why.
        ValueError: if a layer is in training mode, shares its weights, or the module has no gates, or what it
            computes last is not its output.
    """
    if fx.Tracer().is_leaf_module(module, "module"):
        module = nn.Sequential(module)
    try:
        graph = fx.symbolic_trace(module).graph
    except Exception as error:  # whatever the reader's own forward raises when it meets a symbol
        raise TypeError(
            f"module must do the same steps for every input, but torch.fx cannot read {type(module).__name__}.forward: {error}"
        ) from error
    steps: list[Step] = []
    used: set[nn.Parameter] = set()
    place: dict[fx.Node, int] = {}  # the value that a node has made
    memory: dict[fx.Node, fx.Node] = {}  # the node whose memory a node shares
    gone: set[fx.Node] = set()  # nodes whose value has been changed in place since
    for node in graph.nodes:
        if node.op == "placeholder":
            if place:
                raise TypeError(f"module must have one input, got a second one, {node.name}")
            place[node], memory[node] = 0, node
        elif node.op == "output":
            if place.get(node.args[0]) != len(steps):
                raise ValueError(END)
        else:
            layer = module.get_submodule(node.target) if node.op == "call_module" else None
            name = _name(node.target) if layer is not None else f"the operation {node.name} in module.forward"
            args = [arg for arg in node.args if isinstance(arg, fx.Node)]
            if any(isinstance(value, fx.Node) for value in node.kwargs.values()):
                raise TypeError(f"{name} must be given what it reads by place, not by keyword")
            if gone.intersection(args):
                raise TypeError(f"{name} reads a value that was changed in place before; do it without inplace=True")
            reads = tuple(place[arg] for arg in args)
            step = _layer(layer, name, reads) if layer is not None else _operation(node, name, reads)
            weights = set(step.module.parameters()) if step is not None and step.module is not None else set()
            if weights & used:
                raise ValueError(
                    f"{name} has weights that another step has, too; a path would meet them twice, which is not told here"
                )
            used |= weights
            if step is not None:
                steps.append(step)
            place[node] = len(steps) if step is not None else reads[0]
            in_place = _in_place(node, layer)
            shares = in_place or step is None or isinstance(step.module, nn.Flatten)
            memory[node] = memory[args[0]] if shares else node
            if in_place:
                gone |= {other for other, root in memory.items() if root is memory[node] and other is not node}
    if not any(step.kind == "gate" for step in steps):
        raise ValueError("module must have a hidden layer with a ReLU: without one it has no gates, and is linear")
    return steps


def _in_place(node: fx.Node, layer: nn.Module | None) -> bool:
    """Return whether a node writes its result over what it reads."""
    if layer is not None:
        return bool(getattr(layer, "inplace", False))
    return node.target in (operator.iadd, "add_", "relu_") or bool(node.kwargs.get("inplace", False))


def _name(target: str) -> str:
    """Return how a reader writes a layer: module[0][1], module.block.conv."""
    return "module" + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in target.split(".") if part)


def _layer(layer: nn.Module, name: str, reads: tuple[int, ...]) -> Step | None:
    """Return the step that a layer is, None if it does nothing in eval mode."""
    if isinstance(layer, nn.ReLU):
        return Step("gate", name, reads)
    if isinstance(layer, nn.LeakyReLU):
        return Step("gate", name, reads, slope=float(layer.negative_slope))
    if isinstance(layer, nn.Linear | nn.Conv2d):
        if getattr(layer, "padding_mode", "zeros") != "zeros":
            raise TypeError(f"{name} must pad with zeros, got padding_mode={layer.padding_mode!r}")
        return Step("units", name, reads, layer)
    if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
        if layer.training or layer.running_mean is None:
            raise ValueError(f"{name} uses the statistics of the batch in training mode; call module.eval() first")
        return Step("fixed", name, reads, layer)
    if isinstance(layer, nn.AvgPool2d):
        if layer.ceil_mode or not (layer.count_include_pad or layer.padding in (0, (0, 0))):
            raise TypeError(f"{name} must divide by one number everywhere, got {layer}")
        return Step("fixed", name, reads, layer)
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        if layer.output_size not in (1, (1, 1)):
            raise TypeError(f"{name} must pool to one number, nn.AdaptiveAvgPool2d(1), got {layer}")
        return Step("fixed", name, reads, layer)
    if isinstance(layer, nn.Flatten):
        return _flatten(layer.start_dim, layer.end_dim, name, reads)
    if isinstance(layer, nn.Dropout | nn.Dropout2d):
        if layer.training and layer.p > 0:
            raise ValueError(f"{name} drops units at random in training mode; call module.eval() first")
        return None
    if isinstance(layer, nn.Identity):
        return None
    raise _refused(name, type(layer).__name__, next((t for kind, t in REASONS.items() if isinstance(layer, kind)), ""))


def _operation(node: fx.Node, name: str, reads: tuple[int, ...]) -> Step:
    """Return the step that a line of the reader's own `forward` is."""
    target: Callable | str = node.target
    if target in _RELU:
        return Step("gate", name, reads)
    if target is F.leaky_relu:
        slope: Any = node.args[1] if len(node.args) > 1 else node.kwargs.get("negative_slope", 0.01)
        return Step("gate", name, reads, slope=float(slope))
    if target in _SUM and len(reads) == len(node.args) == 2 and not node.kwargs:
        return Step("sum", name, reads)
    if target in _FLATTEN:
        bounds: dict[str, Any] = {**dict(zip(("start_dim", "end_dim"), node.args[1:], strict=False)), **node.kwargs}
        return _flatten(bounds.get("start_dim", 0), bounds.get("end_dim", -1), name, reads)
    what = target if isinstance(target, str) else getattr(target, "__name__", str(target))
    known = "layers as modules, relu, leaky_relu, flatten(1) and sums of two values"
    raise _refused(name, what, f"a forward may use {known}")


def _flatten(start: int, end: int, name: str, reads: tuple[int, ...]) -> Step:
    if (start, end) != (1, -1):
        raise TypeError(f"{name} must flatten all but the first dimension, got start_dim={start}, end_dim={end}")
    return Step("fixed", name, reads, nn.Flatten())


def _refused(name: str, kind: str, why: str) -> TypeError:
    return TypeError(f"{name} is a {kind}, which cannot be taken: {why or 'it is not known here'}")


def own_gate(z: Tensor, slope: float) -> Tensor:
    """Return the gate of a ReLU (slope 0) or a leaky one at the pre-activation z: 1 where z ≥ 0, else the slope."""
    on = (z >= 0).to(z.dtype)
    return on if slope == 0 else on + slope * (1 - on)


def walk(steps: list[Step], x: Tensor, gate: Callable[[Tensor, float], Tensor]) -> list[Tensor]:
    """Return all values of a pass, the outputs last; `gate` says what each gate is, given its pre-activation and slope."""
    values = [x]
    for step in steps:
        value = values[step.reads[0]]
        if step.module is not None:
            values.append(step.module(value))
        elif step.kind == "gate":
            values.append(gate(value, step.slope) * value)
        else:
            values.append(value + values[step.reads[1]])
    return values
