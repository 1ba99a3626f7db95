"""The built site in a real browser, for tests: a server, tabs that note what goes wrong, and axe."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
import chromium
import pytest
from built_site import ADDRESS, SITE, html_file
from dlgn_site.serving import Quiet, serving

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
#: axe would fetch the style sheets once more (`preload`) to check a rule that is off, from wrong addresses
AXE_RUN = (
    "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations'], preload: false})"
)
BASE = urlsplit(ADDRESS).path.rstrip("/")  # where the site lies on its host
PATIENCE = 300_000  # ms; only a test that fails waits that long, however busy the machine
DESKTOP, PHONE = {"width": 1280, "height": 1000}, {"width": 390, "height": 844}
#: whether the theme has made everything that scrolls focusable, which it does some time after a change of size
TAB_STOPS = """() => [...document.querySelectorAll('pre, .cell_output > .output, .pst-scrollable-table-container')]
  .every(part => part.tabIndex === 0 || (part.scrollWidth <= part.clientWidth && part.scrollHeight <= part.clientHeight))"""
#: what axe would look at a thousand times over: rows of numbers, and words of code in the same box and of the same kind
ALIKE = """async () => {
  await new Promise(setTimeout);
  await document.querySelector('[data-playground]')?.playground?.work; // draws what was opened
  document.querySelectorAll('[data-playground] details > div > .table tbody tr:nth-child(n+4)').forEach(row => row.remove());
  document.querySelectorAll('#all-claims tbody tr:nth-child(n+7)').forEach(row => row.remove());
  for (const code of document.querySelectorAll('.highlight pre')) {
    const seen = new Set();
    for (const word of code.querySelectorAll('span[class]'))
      if (seen.has(word.className)) word.replaceWith(...word.childNodes); else seen.add(word.className);
    code.normalize();
  }
}"""


class Host(Quiet):
    """Serves the site as its host does: below a path, and with the page 404.html for whatever is not there."""

    def translate_path(self, path):
        return super().translate_path(path.removeprefix(BASE) if path.startswith(BASE + "/") else "/nowhere")

    def send_error(self, code, message=None, explain=None):
        page = (SITE / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


@pytest.fixture(scope="module")
def address():
    """Serve the site on a free port of this machine."""
    html_file("book/intro")
    with serving(SITE, Host) as host:
        yield host + BASE


@pytest.fixture(scope="module")
def browser():
    with chromium.started() as browser:
        yield browser


class Visit:
    """One tab of a browser, and whatever went wrong in it."""

    def __init__(self, browser, address, **options):
        self.context = browser.new_context(**({"viewport": DESKTOP} | options))
        self.context.set_default_timeout(PATIENCE)
        self.tab, self.address, self.wrong = self.context.new_page(), address, []
        self.tab.on("request", self._asked)
        self.tab.on("requestfailed", self._failed)
        self.tab.on(
            "response",
            lambda answer: self.wrong.append(f"{answer.status}: {answer.url[:200]}") if answer.status >= 400 else None,
        )
        self.tab.on(
            "console", lambda line: self.wrong.append(f"console: {line.text}") if line.type == "error" else None
        )
        self.tab.on("pageerror", lambda error: self.wrong.append(f"page error: {error}"))

    def _asked(self, request):
        if not request.url.startswith((self.address + "/", "data:", "blob:")):
            self.wrong.append(f"another host: {request.url[:200]}")

    def _failed(self, request):
        """Note it, unless the browser itself gave up what a tab does without: its icon, when busy; a list, when left at once."""
        without = {f"{self.address}/_static/favicon.svg", f"{self.address}/versions.json"}
        if request.url not in without or request.failure != "net::ERR_ABORTED":
            self.wrong.append(f"failed: {request.url[:200]} {request.failure}")

    def open(self, page, query=""):
        self.wrong.clear()
        self.tab.goto(f"{self.address}/{page}.html{query}", wait_until="load")
        self.tab.evaluate("window.MathJax?.startup.promise.then(() => true)")
        return self.tab

    def players(self, page):
        found = self.open(page).locator("figure.dlgn-player").all()
        assert found, "the page has no player"
        return found


@pytest.fixture(scope="module")
def visits(browser, address):
    """Return a function that gives the tab with these options, the same for all tests."""
    opened = {}

    def visit(**options):
        key = json.dumps(options, sort_keys=True)
        if key not in opened:
            opened[key] = Visit(browser, address, **options)
        return opened[key]

    yield visit
    for one in opened.values():
        one.context.close()


def accessible(tab, sizes=(DESKTOP, PHONE)):
    """Check an open page for its width on a desktop and on a phone, all folds open, and with axe at these sizes."""
    tab.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    tab.evaluate("document.getAnimations().forEach(fading => fading.finish())")
    tab.evaluate(ALIKE)
    tab.evaluate(AXE)
    for size in (DESKTOP, PHONE):
        tab.set_viewport_size(size)
        wide = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"the page is {wide} px wider than the window of {size['width']} px"
        if size not in sizes:
            continue
        tab.wait_for_function(TAB_STOPS)
        violations = tab.evaluate(AXE_RUN)["violations"]
        found = [
            (v["id"], n["target"], n["failureSummary"].splitlines()[-1].strip()) for v in violations for n in v["nodes"]
        ]
        assert not found, f"{size['width']} px"
