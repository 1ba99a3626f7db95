"""Cells that the exporter adds to a notebook, or changes: the setup, and code under a title."""

import re

from dlgn_lib.book.words import noted, said

FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}}  # on Colab, and in JupyterLab
COMMENT = noted(
    "Setup, run this first. Where the book's library is missing, as on Colab, it is installed; nothing else is touched."
)
#: in a translated book, after the setup: the words of figures and self-checks
WORDS = """\
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
