"""The built site in a browser, for commands that look at it: pictures, lengths. Needs Chromium."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from dlgn_site.serving import serving


@contextmanager
def open_site(site: Path) -> Iterator[tuple[Browser, str]]:
    """Serve the folder `site` and give a browser with the address.

    Raises FileNotFoundError if there is no Chromium.
    """
    program = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
    if program is None:
        raise FileNotFoundError("no Chromium on this machine (Debian: the package chromium)")
    with serving(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser, address
        browser.close()


def open_page(browser: Browser, address: str, page: str, width: int, height: int) -> Page:
    """Return a tab of this size that shows the page, with its formulas set."""
    tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
    tab.goto(f"{address}/{page}.html", wait_until="load")
    tab.evaluate("window.MathJax?.startup.promise.then(() => true)")
    return tab
