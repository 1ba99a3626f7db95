"""Cells that the exporter adds to a notebook, or changes: the setup, and code under a title."""

import json
import re
from pathlib import Path

from dlgn_lib.book.words import noted, said

FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}}  # on Colab, and in JupyterLab
COMMENT = noted(
    "Setup, run this first. Where the book's library is missing, as on Colab, it is installed; nothing else is touched."
)
#: in a translated book, after the setup: the words of figures and self-checks
_WORDS = """\
#@title {title}
from dlgn_lib.book import words

words.use({table})"""
SETUP = """\
# {comment}
try:
    import dlgn_lib
except ModuleNotFoundError:
    %pip install -q --no-deps "git+{repository}@{ref}"
    import importlib

    importlib.invalidate_caches()
    import dlgn_lib

from importlib.metadata import version
from platform import python_version

import torch

packages = ["dlgn-lib", "torch", "numpy", "matplotlib", "ipywidgets"]
print(*[f"{{name}} {{version(name)}}" for name in packages], f"python {{python_version()}}", sep=", ")
print("device:", "cuda" if torch.cuda.is_available() else "cpu")"""


def words_cell(file: Path) -> str:
    """Return the cell that gives a notebook the words of a table, a JSON file."""
    table = json.dumps(json.loads(file.read_text(encoding="utf-8")), ensure_ascii=False, indent=1)
    return _WORDS.format(title=said("The words of figures and self-checks"), table=table)


def setup_cell(repository: str, ref: str) -> str:
    """Return the first cell, which installs the library from a branch or tag of the repository where it is missing."""
    return SETUP.format(comment=said(COMMENT), repository=repository, ref=ref)


def form(code: str) -> str:
    """Return code that Colab shows as a closed form under a title: the leading comment, if there is one."""
    first, _, rest = code.partition("\n")
    if first.startswith("# "):
        return f"#@title {first[2:]}\n{rest}"
    titles = {
        noted("Draw the figure"): r"\b(explore|show)\(",
        noted("Check the numbers"): r"\bclaim\(",
        noted("Prepare what follows"): "",
    }
    title = next(title for title, pattern in titles.items() if re.search(pattern, code))
    return f"#@title {said('{title} (double-click for the code)', title=said(title))}\n{code}"
