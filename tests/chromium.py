"""The browser of this machine, for tests."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"]


@contextmanager
def started() -> Iterator[Browser]:
    """Start Chromium; without it a test is skipped, and fails in CI."""
    program = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            "no Chromium on this machine (Debian: the package chromium)"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu", *QUIET])
        yield browser
        browser.close()
