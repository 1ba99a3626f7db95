"""The playground of the site as a widget of a notebook, whose network Python sets and reads. Page: playground."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import torch
import traitlets
from torch import Tensor

from dlgn_lib.models import GatedNet
from dlgn_lib.weights import net_of, settings_of

try:
    import anywidget
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "dlgn_lib.playground needs the package anywidget, as Colab has it: pip install anywidget"
    ) from error

#: the colours of a notebook by the names of the site's
_COLOURS = """
[data-playground] { color: var(--pst-color-text-base);
  --pst-color-text-base: var(--jp-ui-font-color1, var(--colab-primary-text-color, CanvasText));
  --pst-color-text-muted: var(--jp-ui-font-color2, var(--colab-primary-text-color, CanvasText));
  --pst-color-background: var(--jp-layout-color0, var(--colab-primary-surface-color, Canvas)); }
"""


def _live() -> Path:
    """Return where the engine is: beside the library in a source checkout, or inside the installed package."""
    package = Path(__file__).parent
    source = package.parent / "live"
    return source if (source / "notebook.js").exists() else package / "_live"


def _script() -> str:
    """Return the engine and the playground in one text, so that a notebook asks no host for them."""
    source = _live() / "src"
    files = {file.relative_to(source).as_posix(): file.read_text(encoding="utf-8") for file in source.rglob("*.js")}
    loader = (_live() / "notebook.js").read_text(encoding="utf-8")
    return loader.replace("FILES = {}", f"FILES = {json.dumps(dict(sorted(files.items())))}")


class Playground(anywidget.AnyWidget):
    """The playground in a notebook: the cell that ends with it shows it. Source: this book. Page: playground.

    The browser trains, with its own engine. Python sets the network with `set_model` and reads it with `to_model`; `settings`
    and `step` say what it is trained on and how far it is. What the browser has done reaches Python between two cells, so read
    in a later cell than the one that shows it. Needs the package anywidget, which Colab has.

    Args:
        views: what is seen, any of field, activity, loss, angle, ring, directions, tiles, features, overlap, tangent.
        settings: as in the address of the playground: `task="xor"`, `model="ReLU"`, `width=8`, `seed=3`.

    Raises:
        ValueError: if the playground has no such network.
        TypeError: if a setting is of another type.

    >>> from dlgn_lib import DLGN
    >>> widget = Playground.from_model(DLGN(2, 8, 2), task="xor")
    >>> widget.to_model().widths, widget.settings["task"], widget.step
    ((8, 8), 'xor', 0)
    """

    _esm = _script()
    _css = (_live() / "playground.css").read_text(encoding="utf-8") + _COLOURS
    _given = traitlets.Dict().tag(sync=True)
    views = traitlets.Unicode().tag(sync=True)

    def __init__(self, views: str = "field activity loss angle", **settings: Any):
        super().__init__(views=views)
        self._number, self._start = 0, net_of(settings)
        self.on_msg(self._report)
        self._give(settings)

    @classmethod
    def from_model(cls, net: GatedNet, **settings: Any) -> Self:
        """Return a playground that starts from the weights of `net`; `views` and settings as for the class, see `set_model`."""
        made = cls(**settings)
        made.set_model(net, **{name: value for name, value in settings.items() if name != "views"})
        return made

    def set_model(self, net: GatedNet, **settings: Any) -> None:
        """Go on from the weights of `net` as step 0, with other settings (task, rate, …) as given, or else as they are at first.

        Args:
            net: a DLGN, ReLUNet, GaLUNet or DeepLinearNet with two inputs, one output and one width; it is copied.
            settings: as in the address of the playground, but for those that say which network it is.

        Raises:
            TypeError: if `net` is none of these.
            ValueError: if the playground has no such net.
        """
        chosen = {**settings, **settings_of(net)}
        self._start = net_of(chosen)
        self._start.load_state_dict(net.state_dict())
        held = {name: value.detach().cpu().float().numpy() for name, value in net.state_dict().items()}
        self._give(chosen, [{"name": n, "shape": list(v.shape), "values": v.tobytes()} for n, v in held.items()])

    def _give(self, settings: dict[str, Any], tensors: Sequence[dict[str, Any]] = ()) -> None:
        self._number += 1
        self.settings: dict[str, Any] = settings
        self.step = 0
        self._weights: dict[str, Tensor] | None = None
        self._given = {"number": self._number, "settings": settings, "tensors": list(tensors)}

    def _report(self, _: object, told: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        """Take what the browser tells, unless it is about a network that Python has replaced since."""
        if told["number"] != self._number:
            return
        self.settings, self.step = told["settings"], told["step"]
        self._weights = {
            tensor["name"]: torch.frombuffer(bytearray(held), dtype=torch.float32).reshape(tensor["shape"])
            for tensor, held in zip(told["tensors"], buffers, strict=True)
        }

    def to_model(self) -> GatedNet:
        """Return a new net with the weights that the browser told last, of the first seed; before that, those of the start."""
        net = net_of(self.settings)
        net.load_state_dict(self._start.state_dict() if self._weights is None else self._weights)
        return net
