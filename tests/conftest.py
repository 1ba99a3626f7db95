"""One hypothesis profile for all tests: the same examples in every run, no files left behind. And a place without data."""

from dataclasses import replace

import pytest
from hypothesis import settings

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
