"""What is installed here, where data sets are found, and how to begin: `python -m dlgn_lib`."""

import platform
import re
from importlib.metadata import PackageNotFoundError, metadata, requires, version

import torch

from dlgn_lib.data.archives import DataError, Source
from dlgn_lib.data.images import CIFAR10, CIFAR100, EMBEDDED, FASHION_MNIST
from dlgn_lib.store import cache_folder

NAME = "dlgn-lib"
BESIDE = ("torch", "numpy", "matplotlib", "ipywidgets")
#: a first look, which a test runs
START = """\
from dlgn_lib import DLGN, circle, overlap_kernel, path_activity
x, y = circle(200)                       # points on a circle, and what is to be learned there
net = DLGN(in_dim=2, width=64, depth=4)
path_activity(net, x, hard=True)         # how many of its 64**4 paths are active at each point
overlap_kernel(net, x, hard=True)        # how many are active at both of two points, for all pairs"""


def installed(name: str) -> str | None:
    """Return the version of a package, or None if it is not there."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def extras() -> dict[str, list[str]]:
    """Return what each optional part of the library needs, as its metadata say: part -> packages."""
    found: dict[str, list[str]] = {name: [] for name in metadata(NAME).get_all("Provides-Extra") or []}
    for need in requires(NAME) or []:
        if match := re.match(r"""([\w.-]+).*;.*\bextra == ["']([\w-]+)["']""", need):
            found[match[2]].append(match[1])
    return found


def _extra(name: str, packages: list[str]) -> str:
    missing = [package for package in packages if installed(package) is None]
    return f'missing {", ".join(missing)}; pip install "{NAME}[{name}]"' if missing else "all there"


def _device() -> str:
    if torch.cuda.is_available():
        return f"cuda, {torch.cuda.get_device_name()}"
    return "mps" if torch.backends.mps.is_available() else f"cpu, {torch.get_num_threads()} threads"


def _found(source: Source) -> str:
    try:
        folder = source.find(download=False)
    except DataError as error:
        return str(error)
    return f"{folder.origin}, {folder.path}"


def _address() -> str | None:
    urls = dict(line.split(", ", 1) for line in metadata(NAME).get_all("Project-URL") or [])
    return urls.get("Documentation")


def _table(rows: dict[str, str]) -> list[str]:
    return [f"  {name:<26}{text}" for name, text in rows.items()]


def report() -> str:
    """Return the whole text."""
    versions = {"python": platform.python_version()} | {name: installed(name) or "missing" for name in BESIDE}
    data = {
        "Fashion-MNIST, a subset": f"{EMBEDDED.origin}, {EMBEDDED.path}",
        FASHION_MNIST.title: _found(FASHION_MNIST),
        CIFAR10.title: _found(CIFAR10),
        CIFAR100.title: _found(CIFAR100),
        "made and downloaded here": str(cache_folder()),
    }
    parts = {
        f"{NAME} {installed(NAME)}": _table(versions | {"device": _device()}),
        "Data sets": _table(data),
        "Optional parts": _table({name: _extra(name, packages) for name, packages in extras().items()}),
        "To begin, in Python": [f"  {line}" for line in START.splitlines()],
    }
    if address := _address():
        parts["The book that explains it"] = [f"  {address}"]
    return "\n\n".join("\n".join([head, *lines]) for head, lines in parts.items())


if __name__ == "__main__":
    print(report())
