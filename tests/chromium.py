"""The browser of this machine, for tests."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dlgn_site.serving import Quiet, serving
from playwright.sync_api import Browser, sync_playwright

LIVE = Path(__file__).resolve().parents[1] / "live"
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


class _Host(Quiet):
    def end_headers(self):
        self.send_header("Content-Security-Policy", "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'")
        super().end_headers()


@contextmanager
def served() -> Iterator[tuple[Browser, str]]:
    """Start Chromium, and serve live/ under the policy of the site; yield the browser and the address."""
    with serving(LIVE, _Host) as address, started() as browser:
        yield browser, address


@contextmanager
def engine() -> Iterator[Callable]:
    """Yield `call(name, **argument)`, which calls a function of live/tests/driver.js."""
    with served() as (browser, host):
        tab = browser.new_page()
        tab.set_default_timeout(300_000)
        tab.goto(f"{host}/tests/")

        def call(name: str, **argument: object) -> object:
            run = "async ([name, argument]) => (await import('/tests/driver.js'))[name](argument)"
            return tab.evaluate(run, [name, argument])

        yield call
