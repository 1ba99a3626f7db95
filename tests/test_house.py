"""The house has clear floors: which module may import which, how long a module is, what stands twice."""

import ast
import doctest
import importlib
import re
import sys
from collections import defaultdict
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HELPERS = ["checks", "cells", "statistics", "numbers", "threads", "progress", "store"]
MATHEMATICS = [
    "models",
    "adapt",
    "paths",
    "routes",
    "exact",
    "kernels",
    "regions",
    "slices",
    "normals",
    "weights",
    "features",
    "selectivity",
    "gdln",
    "data",
    "training",
    "runs",
]
FLOORS = (
    dict.fromkeys(HELPERS, 0)
    | dict.fromkeys(MATHEMATICS, 1)
    | {"plots": 2, "playground": 2, "book": 3, "pages": 3, "__main__": 3}
)
#: what is imported from outside besides torch and Python's own library; all that is not named here may import nothing else
OUTSIDE = {
    "progress": {"tqdm"},
    "cells": {"numpy"},  # arrays of fractions
    "regions": {"numpy"},
    "slices": {"numpy"},
    "weights": {"safetensors"},  # where the format is asked for
    "playground": {"anywidget", "traitlets"},
    "data": {"numpy", "pooch"},
    "runs": {"joblib", "pandas", "distributed"},
    "plots": {"matplotlib", "numpy", "seaborn"},
    "pages": {"matplotlib", "numpy", "seaborn"},
    "book": {"matplotlib", "pandas", "PIL", "IPython", "ipywidgets", "yaml"},
}
LIBRARY = {
    **{
        file: file.relative_to(ROOT / "dlgn_lib").parts[0].removesuffix(".py") for file in ROOT.glob("dlgn_lib/**/*.py")
    },
    **{file: "pages" for pattern in ("figures/*.py", "*/figures/*.py") for file in (ROOT / "book").glob(pattern)},
}
MODULES = {file: name for file, name in LIBRARY.items() if name in FLOORS}
SITE = list((ROOT / "book" / "_ext").rglob("*.py"))


def imports(file):
    """Return the full names that a file imports, wherever in it."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name} imports from its neighbours by dots"
            found.append(node.module)
    return found


def test_every_module_has_its_floor():
    assert {name for name in LIBRARY.values() if name not in FLOORS} == {"__init__"}
    assert set(MODULES.values()) == set(FLOORS)


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_every_arrow_leads_down(file):
    name = MODULES[file]
    for target in imports(file):
        first, _, rest = target.partition(".")
        if first == "dlgn_lib":
            other = rest.partition(".")[0]
            assert other in FLOORS, f"{file.name} imports {target}: from the module, not from the front door"
            assert FLOORS[other] <= FLOORS[name], f"{name} on floor {FLOORS[name]} imports {target}"
        elif first not in sys.stdlib_module_names and first != "torch":
            assert first in OUTSIDE.get(name, ()), f"{name} imports {target}"


def test_no_arrows_run_in_a_circle():
    needs = defaultdict(set)
    for file, name in MODULES.items():
        others = {target.split(".")[1] for target in imports(file) if target.startswith("dlgn_lib.")}
        needs[name] |= others - {name}
    order = list(TopologicalSorter(needs).static_order())  # raises CycleError
    assert set(order) == set(FLOORS)


@pytest.mark.parametrize("file", [*LIBRARY, *SITE], ids=lambda file: file.relative_to(ROOT).as_posix())
def test_a_module_is_short(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 300


#: what a function gives back, or raises, and what says that some things fit: they are described where they are used
NO_EXAMPLE = {
    "Descent",
    "Collapse",
    "FeatureSpectrum",
    "Trajectory",
    "TooManyPathsError",
    "DivergenceError",
    "check_fits",
}


def functions():
    """Yield (module, name, value) of all public functions and classes of the mathematics; data sets apart."""
    for module in (importlib.import_module(f"dlgn_lib.{name}") for name in MATHEMATICS if name != "runs"):
        for name, value in vars(module).items():
            public = name in module.__all__ if hasattr(module, "__all__") else not name.startswith("_")
            home = getattr(value, "__module__", "")
            ours = home.startswith(module.__name__) and home not in ("dlgn_lib.data.archives", "dlgn_lib.data.images")
            if public and callable(value) and ours:
                yield module.__name__, name, value


@pytest.mark.parametrize(("module", "name", "value"), [pytest.param(*f, id=f"{f[0]}.{f[1]}") for f in functions()])
def test_a_public_function_says_where_it_is_from_and_shows_itself(module, name, value):
    text = value.__doc__ or ""
    if name not in NO_EXAMPLE:
        assert re.search(r"Source: |Arguments and errors: ", text), "no source: a paper or this book"
        assert re.search(r"Pages?: |Arguments and errors: ", text + (sys.modules[value.__module__].__doc__ or ""))
        assert ">>> " in text, "no example"


def test_the_front_door_is_small():
    library = importlib.import_module("dlgn_lib")
    assert len(library.__all__) <= 30


def test_the_packages_are_those_of_the_installed_library():
    import tomllib

    setup = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = {file.parent for file in LIBRARY if file.name == "__init__.py"}
    places = {ROOT / setup["package-dir"].get(name, name.replace(".", "/")) for name in setup["packages"]}
    assert folders == places - {ROOT / "book", ROOT / "live"}  # the register, the tables and the engine: no module


SIGNATURE = re.compile(r"(\w+)=\1,|[\w.]+: [^=]*,|[\w.]+: .* = .*,|\*,|\w+,|\)( -> .*)?:?|[\])}]+,?|from .*|import .*")


def chunks(file, size=6):
    """Return every `size` lines of code that follow each other, without blank lines, imports and lists of arguments."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    texts = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    lines = [
        (number, line.strip())
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if line.strip() and number not in texts and not SIGNATURE.fullmatch(line.strip())
    ]
    for start in range(len(lines) - size + 1):
        part = lines[start : start + size]
        if all(b - a <= 3 for (a, _), (b, _) in pairwise(part)):
            yield part[0][0], "\n".join(text for _, text in part)


SHOWN = [file.stem for file in SITE if ">>> " in file.read_text(encoding="utf-8")]


@pytest.mark.parametrize("module", SHOWN)
def test_examples_in_the_code_of_the_site_hold(module):
    """Those of the library run as doctests; the site's modules lie outside the folders that pytest looks through."""
    if module in ("bind", "pdf"):
        pytest.importorskip("pypdf")  # comes with the extra `release`
    result = doctest.testmod(importlib.import_module(f"dlgn_site.{module}"))
    assert result.attempted and not result.failed


def test_nothing_stands_twice():
    places = defaultdict(list)
    for file in [*LIBRARY, *SITE]:
        for number, text in chunks(file):
            places[text].append(f"{file.relative_to(ROOT)}:{number}")
    twice = {text: found for text, found in places.items() if len(found) > 1}
    assert not twice, "\n\n".join(f"{', '.join(found)}\n{text}" for text, found in twice.items())
