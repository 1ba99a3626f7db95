"""The built site in a browser, for commands that look at it: pictures, lengths. Needs Chromium."""

import functools
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def open_site(site: Path) -> Iterator[tuple[Browser, str]]:
    """Serve the folder `site` and give a browser with the address.

    Raises FileNotFoundError if there is no Chromium.
    """
    program = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
    if program is None:
        raise FileNotFoundError("no Chromium on this machine (Debian: the package chromium)")
    serve = functools.partial(_Quiet, directory=site)
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser, f"http://127.0.0.1:{server.server_port}"
        browser.close()
        server.shutdown()


def open_page(browser: Browser, address: str, page: str, width: int, height: int) -> Page:
    """Return a tab of this size that shows the page, with its formulas set."""
    tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
    tab.goto(f"{address}/{page}.html", wait_until="load")
    tab.evaluate("window.MathJax?.startup.promise.then(() => true)")
    return tab
