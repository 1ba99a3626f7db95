"""One hypothesis profile for all tests: the same examples in every run, no files left behind. And a place without data."""

from dataclasses import replace

import colab_record
import pytest
from hypothesis import settings

#: files whose tests share something that is made once and is not cheap, slowest first; the rest goes test by test
TOGETHER = [
    "test_notebooks",
    "test_cache",
    "test_same",
    "test_faults",
    "test_export",
    "test_contributing",
    "test_sweeps",
]


@pytest.hookimpl(tryfirst=True)  # before the names of groups are read
def pytest_collection_modifyitems(items):
    """Tell the two workers what to keep together, and let them begin with what takes long."""
    for item in items:
        if item.path.stem in TOGETHER:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    place = {name: number for number, name in enumerate(TOGETHER)}
    items.sort(key=lambda item: place.get(item.path.stem, len(TOGETHER)))


def pytest_terminal_summary(terminalreporter):
    """Say which notebooks were not run again."""
    same = len(colab_record.NOTEBOOKS) - len(colab_record.to_run())
    if same and not hasattr(terminalreporter.config, "workerinput"):
        terminalreporter.write_line(
            f"{same} notebooks are as they were when they last ran in Colab's versions: not run again (`make colab` runs all)"
        )


settings.register_profile("book", derandomize=True, deadline=None, max_examples=40, database=None)
settings.load_profile("book")


@pytest.fixture
def no_data(monkeypatch, tmp_path):
    """An empty data folder, an empty cache, no Debian package: a test puts there what it wants to be found."""
    from dlgn_lib import images

    (tmp_path / "data").mkdir()
    monkeypatch.setenv("DLGN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DLGN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(images, "FASHION_MNIST", replace(images.FASHION_MNIST, package=None))
