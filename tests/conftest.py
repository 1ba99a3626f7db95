"""One hypothesis profile for all tests: the same examples in every run, no files left behind. And a place without data."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import colab_record
import pytest
import torch
from hypothesis import settings

collect_ignore = ["otter_probe.py"]  # it runs in an environment of its own, where otter is
#: files that take long, which the two workers begin with; a file stays on one worker, with what it makes once
LONG = [
    *(
        "test_browser_players",
        "test_browser_pages",
        "test_notebooks",
        "test_browser_reading",
        "test_faults",
        "test_cache",
    ),
    *("test_same", "test_export", "test_sweeps"),
]


def pytest_collection_modifyitems(items):
    """Put what takes long first."""
    place = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONG)))


def pytest_terminal_summary(terminalreporter):
    """Say which notebooks were not run again."""
    same = len(colab_record.NOTEBOOKS) - len(colab_record.to_run())
    if same and not hasattr(terminalreporter.config, "workerinput"):
        terminalreporter.write_line(
            f"{same} notebooks are as they were when they last ran in Colab's versions: not run again (`make colab` runs all)"
        )


sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))  # what makes the site
os.environ |= {"DLGN_PROGRESS": "0", "DLGN_DOWNLOAD": "0"}  # as in a build of the site
settings.register_profile("book", derandomize=True, deadline=None, max_examples=40, database=None)
settings.register_profile("quick", settings.get_profile("book"), max_examples=10)
settings.load_profile(os.environ.get("DLGN_EXAMPLES", "book"))


@pytest.fixture(autouse=True)
def seeded_modules():
    """Modules that draw their weights from torch's global generator draw the same in every run."""
    torch.manual_seed(0)


@pytest.fixture
def no_data(monkeypatch, tmp_path):
    """An empty data folder, an empty cache, no Debian package: a test puts there what it wants to be found."""
    from dlgn_lib.data import images

    (tmp_path / "data").mkdir()
    monkeypatch.setenv("DLGN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DLGN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(images, "FASHION_MNIST", replace(images.FASHION_MNIST, package=None))
