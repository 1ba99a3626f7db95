"""The built site in a real browser: no request leaves it, every page is accessible, every player does what it should."""

import ast
import functools
import io
import itertools
import json
import re
import statistics
import threading
from datetime import datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
import chromium
import pytest
from bs4 import BeautifulSoup
from built_site import ADDRESS, GENERATED, NOTEBOOKS, PAGES, ROOT, SITE, html_file, source
from dlgn_site import answers, lengths
from PIL import Image, ImageChops, ImageFilter

from dlgn_lib.book import Between
from dlgn_lib.book.exercises import _examples, verdict

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

#: what a player shows; the pictures by a hash, since they are long
STATE = """figure => {
  const hash = text => { let h = 0; for (let i = 0; i < text.length; i++) h = (h * 31 + text.charCodeAt(i)) | 0; return h; };
  const picture = figure.querySelector('svg.dlgn-picture'), all = name => [...figure.querySelectorAll(name)];
  return {src: hash(picture.innerHTML), alt: picture.getAttribute('aria-label'), outputs: all('output').map(o => o.textContent),
    ranges: all('input[type=range]').map(r => [+r.value, r.getAttribute('aria-valuetext')]),
    radios: all('input[type=radio]').filter(r => r.checked).map(r => +r.value),
    button: figure.querySelector('button').getAttribute('aria-label'), controls: figure.querySelector('.dlgn-controls').checkVisibility()};
}"""


class Host(SimpleHTTPRequestHandler):
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

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address():
    """Serve the site on a free port of this machine."""
    html_file("book/intro")
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Host, directory=SITE)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}{BASE}"
        server.shutdown()
        thread.join()


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
        """Note it, unless the browser itself gave up fetching the icon of the tab, as it may when it is busy."""
        icon = f"{self.address}/_static/favicon.svg"
        if (request.url, request.failure) != (icon, "net::ERR_ABORTED"):
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


PLAYED = [
    page
    for page in NOTEBOOKS
    if any("explore(" in cell.source for cell in source(page).cells if cell.cell_type == "code")
]


def checks(page):
    """Return the self-checks of a page."""
    return [cell.source for cell in source(page).cells if "check" in cell.metadata.get("tags", [])]


with_players = pytest.mark.parametrize("page", PLAYED)


# Pages


def accessible(tab, sizes=(DESKTOP, PHONE)):
    """Check an open page for its width on a desktop and on a phone, all folds open, and with axe at these sizes."""
    tab.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    tab.evaluate("document.getAnimations().forEach(fading => fading.finish())")
    tab.evaluate(
        "document.querySelectorAll('#all-claims tbody tr:nth-child(n+41)').forEach(row => row.remove())"
    )  # alike
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


#: Colours depend on the theme and layout on the width, so each page has axe once per theme, at one width for each; the
#: parts around the text, alike on all pages, have it at both widths in both themes, on the first page.
WIDTHS = {"light": (PHONE,), "dark": (DESKTOP,)}


@pytest.mark.parametrize("theme", WIDTHS)
@pytest.mark.parametrize("page", [*PAGES, *GENERATED])
def test_page_works_and_is_accessible(visits, page, theme):
    visit = visits(color_scheme=theme)
    visit.tab.set_viewport_size(DESKTOP)
    tab = visit.open(page)
    assert tab.evaluate("document.documentElement.dataset.theme") == theme
    formulas, typeset, errors = (tab.locator(name).count() for name in (".math", "mjx-container", "mjx-merror"))
    assert typeset >= formulas and not errors
    accessible(tab, (DESKTOP, PHONE) if page == PAGES[0] else WIDTHS[theme])
    assert not visit.wrong


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_a_page_has_an_end(visits, page):
    """Its length in screens, folds closed, is within the limit, and about what the committed table says."""
    width, height = lengths.SCREEN
    screens = visits(viewport={"width": width, "height": height}).open(page).evaluate(lengths.HEIGHT) / height
    assert round(screens, 1) <= lengths.SCREENS
    assert abs(screens - lengths.read_screens(ROOT)[page.removeprefix("book/")]) < 1, "run make lengths"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("missing", ["no-such-page", "book/experts/no-such-page", "a/b/c/d"])
def test_a_wrong_address_leads_to_a_page_that_works(visits, theme, missing):
    visit = visits(color_scheme=theme)
    visit.tab.set_viewport_size(DESKTOP)
    tab = visit.open(missing)
    expected = {f"404: {visit.address}/{missing}.html"}
    expected.add("console: Failed to load resource: the server responded with a status of 404 (Not Found)")
    assert set(visit.wrong) == expected  # the page itself, and nothing that it loads
    assert tab.evaluate("document.documentElement.dataset.theme") == theme
    assert "no such page" in tab.locator("h1:visible").inner_text()
    assert tab.locator("img.logo__image:visible").evaluate("image => image.naturalWidth") > 0
    accessible(tab)
    links = tab.evaluate("[...document.links].map(link => link.href)")
    inside = {link.partition("#")[0] for link in links if link.startswith(visit.address)} - {tab.url}
    assert len(inside) > len(PAGES)  # the table of contents is there
    assert not [link for link in inside if visit.context.request.get(link).status != 200]


def test_every_address_of_the_missing_page_holds_at_any_depth():
    soup = BeautifulSoup(html_file("404").read_text(encoding="utf-8"), "html.parser")
    names = ("href", "src", "action", "data-content_root")
    found = [tag[name] for name in names for tag in soup.find_all(attrs={name: True})]
    assert len(found) > 40
    assert not [url for url in found if not re.match(rf"{BASE}/|https://|#", url)]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_idea_is_on_the_first_screen(visits, size):
    visit = visits()
    visit.tab.set_viewport_size(size)
    tab = visit.open("book/intro")
    parts = {name: tab.locator(name).first.bounding_box() for name in ("a.dlgn-start", "figure.dlgn-player svg")}
    parts["button"] = tab.locator("figure.dlgn-player button").first.bounding_box()
    assert parts["a.dlgn-start"]["y"] < size["height"] / 2
    assert parts["figure.dlgn-player svg"]["y"] < size["height"] * 0.7
    if size is DESKTOP:
        assert parts["button"]["y"] + parts["button"]["height"] <= size["height"]
    visit.tab.set_viewport_size(DESKTOP)


def test_the_first_page_plays_from_the_start(visits):
    """On a laptop, the way in is on the first screen; what one needs is said before the figure."""
    visit = visits()
    visit.tab.set_viewport_size({"width": 1366, "height": 768})
    tab = visit.open("book/intro")
    start, figure = (tab.locator(name).first.bounding_box() for name in ("a.dlgn-start", "figure.dlgn-player"))
    need = tab.locator(".bd-article p", has_text="You need").first.bounding_box()
    assert start["y"] + start["height"] < 768 and need["y"] < figure["y"]
    steps = tab.evaluate("""() => {
      const player = document.querySelector('figure.dlgn-player'), shown = () => player.querySelector('output').textContent;
      const before = shown();
      player.querySelector('button').click();
      return [before, shown()];
    }""")
    assert steps == ["0", "5"]
    visit.tab.set_viewport_size(DESKTOP)


@pytest.mark.parametrize("page", ["book/notation", "book/claims"])
def test_a_wide_table_is_a_list_on_a_phone(visits, page):
    visit = visits()
    visit.tab.set_viewport_size(PHONE)
    tab = visit.open(page)
    beyond = "cells => cells.filter(cell => cell.getBoundingClientRect().right > innerWidth).length"
    cells = tab.locator(".bd-article table.dlgn-stack td")
    assert cells.count() > 50 and cells.evaluate_all(beyond) == 0
    name = cells.nth(1).evaluate("cell => getComputedStyle(cell, '::before').content")
    assert tab.locator("table.dlgn-stack th").nth(1).text_content().strip() in name
    visit.tab.set_viewport_size(DESKTOP)
    assert cells.first.evaluate("cell => getComputedStyle(cell).display") == "table-cell"


def test_a_script_that_is_smuggled_into_a_page_does_not_run(browser, address):
    """Inline, as an attribute, from another host, and as a string that is evaluated: the policy refuses all of it."""
    visit = Visit(browser, address)
    smuggled = (
        "<script>window.smuggled = 1</script><img src='no-such-file' alt='' onerror='window.smuggled = 2'>"
        "<script src='https://example.org/smuggled.js'></script>"
    )

    def with_smuggled(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</body>", smuggled + "</body>"))

    visit.tab.route("**/intro.html", with_smuggled)
    tab = visit.open("book/intro")
    evaluated = "try { Function('window.smuggled = 3')() } catch (error) { window.refused = error.name }"
    tab.evaluate(
        "code => { const part = document.createElement('script'); part.textContent = code; document.body.append(part) }",
        evaluated,
    )
    assert tab.evaluate("window.smuggled") is None
    refused = [line for line in visit.wrong if "Content Security Policy" in line]
    assert len(refused) >= 4, visit.wrong
    assert tab.locator("figure.dlgn-player button").first.is_visible()  # the page's own scripts have run
    visit.context.close()


def test_the_buttons_of_the_theme_do_what_they_say(browser, address):
    visit = Visit(browser, address)
    visit.tab.add_init_script("window.print = () => { window.printed = true }")
    tab = visit.open("book/notation")
    tab.evaluate("document.querySelector('[data-action=print]').click()")
    assert tab.evaluate("window.printed")
    tab.evaluate("window.toggleFullScreen = () => { window.full = true }")
    tab.evaluate("document.querySelector('[data-action=fullscreen]').click()")
    assert tab.evaluate("window.full") and not visit.wrong
    visit.context.close()


def test_search_finds_a_page(visits):
    visit = visits()
    tab = visit.open("search", "?q=half-space")
    tab.wait_for_selector("#search-results li a")
    tab.wait_for_load_state("networkidle")  # it fetches the pages it found, for a line of their text
    assert not visit.wrong


# Players


class Player:
    """A player on an open page, moved as a reader moves it; `at` is what it should show."""

    def __init__(self, figure):
        self.figure = figure
        data = json.loads(figure.locator("script.dlgn-frames").text_content())
        self.values = [parameter["values"] for parameter in data["parameters"]]
        self.alts = dict(
            zip(itertools.product(*map(range, map(len, self.values))), (alt for alt, _ in data["frames"]), strict=True)
        )
        self.at = list(data["start"])
        self.button = figure.locator("button")
        self.pictures = {}  # what was seen at each place
        self.default = self.seen = self.check()

    def state(self):
        return self.figure.evaluate(STATE)

    def inputs(self, number):
        return self.figure.locator(f"[data-parameter='{number}']")

    def is_range(self, number):
        return self.inputs(number).count() == 1

    def check(self):
        """Compare everything that is shown with `at`."""
        state = self.state()
        ranges = [(i, values) for i, values in enumerate(self.values) if self.is_range(i)]
        assert state["alt"] == self.alts[tuple(self.at)]
        assert state["outputs"] == [values[self.at[i]] for i, values in ranges]
        assert state["ranges"] == [[self.at[i], values[self.at[i]]] for i, values in ranges]
        assert state["radios"] == [self.at[i] for i in range(len(self.values)) if not self.is_range(i)]
        known = self.pictures.setdefault(tuple(self.at), state["src"])
        assert known == state["src"], "the same values gave another picture"
        return state

    def moved(self, number, place):
        """Check that parameter `number` now stands at `place`, and picture and alt text are new if it was elsewhere."""
        before, came = self.seen, self.at[number] != place
        self.at[number] = place
        self.seen = self.check()
        if came:
            assert self.seen["src"] != before["src"], f"the picture at {self.at} is that of the place before"
            assert self.seen["alt"] != before["alt"], f"the alt text at {self.at} is that of the place before"

    def press(self, number, key):
        """Press a key on a parameter and check that it moves as the key says."""
        last = len(self.values[number]) - 1
        place = {"Home": 0, "End": last, "ArrowRight": self.at[number] + 1, "ArrowLeft": self.at[number] - 1}[key]
        self.inputs(number).nth(0 if self.is_range(number) else self.at[number]).press(key)
        self.moved(number, min(max(place, 0), last) if self.is_range(number) else place % (last + 1))

    def keys(self, number):
        """Move a parameter through all its values by keyboard."""
        arrows = ["ArrowRight"] * len(self.values[number])  # a slider stays at its end, a switch goes once around
        for key in ["Home", *arrows, "Home", "End", "ArrowLeft"] if self.is_range(number) else [*arrows, "ArrowLeft"]:
            self.press(number, key)

    def mouse(self, number):
        """Move a parameter by clicks."""
        last = len(self.values[number]) - 1
        if self.is_range(number):
            box = self.inputs(number).bounding_box()
            for place, x in ((0, 2), (last, box["width"] - 2)):
                self.inputs(number).click(position={"x": x, "y": box["height"] / 2})
                self.moved(number, place)
        else:
            for place in range(last + 1):
                self.inputs(number).nth(place).locator("xpath=..").click()  # its label
                self.moved(number, place)


@with_players
def test_player_follows_keyboard_and_mouse(visits, page):
    visit = visits()
    players = [Player(figure) for figure in visit.players(page)]
    for player in players:
        others = [(other, other.state()) for other in players if other is not player]
        for number in range(len(player.values)):
            player.keys(number)
            player.mouse(number)
        assert all(other.state() == state for other, state in others), "a player moved another one"
    assert not visit.wrong


@pytest.fixture
def timed(browser, address):
    """Return the players of a page, in a tab whose clock stands still from then on and runs only when it is told to."""

    def players(page, **options):
        visit = Visit(browser, address, **options)
        opened.append(visit)
        visit.tab.clock.install(time=datetime(2000, 1, 1))  # it still runs, since the page needs it while it loads
        found = visit.players(page)
        visit.tab.clock.pause_at(datetime(2000, 1, 2))
        return visit, map(Player, found)

    opened = []
    yield players
    for one in opened:
        one.context.close()


def rests(player, clock):
    """Check that nothing moves by itself."""
    for time in (750, 10_000):  # one step, and several
        clock.run_for(time)
        assert player.state() == player.seen


@with_players
def test_play_runs_and_stops(timed, page):
    visit, players = timed(page)
    for player in players:
        clock, count = visit.tab.clock, len(player.values[0])
        assert player.seen["button"].startswith("Play: ")
        player.button.click()
        player.moved(0, (player.at[0] + 1) % count)
        assert player.seen["button"].startswith("Pause: ")
        for _ in range(count):  # beyond the last value it starts again
            clock.run_for(700)
            player.moved(0, (player.at[0] + 1) % count)
        player.button.press("Enter")
        player.seen = player.check()
        assert player.seen["button"].startswith("Play: ")
        rests(player, clock)

        player.button.press("Space")
        player.moved(0, (player.at[0] + 1) % count)
        player.press(0, "ArrowRight" if player.at[0] < count - 1 else "ArrowLeft")
        rests(player, clock)  # moving it by hand has stopped it
    assert not visit.wrong


@with_players
def test_nothing_moves_by_itself_if_that_is_asked_for(timed, page):
    visit, players = timed(page, reduced_motion="reduce")
    for player in players:
        assert player.seen["button"].startswith("Next: ")
        for _ in range(2):
            player.button.click()
            player.moved(0, (player.at[0] + 1) % len(player.values[0]))
            rests(player, visit.tab.clock)
    assert not visit.wrong


@with_players
def test_print_shows_the_default_frame(visits, page):
    visit = visits()
    players = [Player(figure) for figure in visit.players(page)]
    for player in players:
        player.press(0, "ArrowRight" if player.at[0] + 1 < len(player.values[0]) else "ArrowLeft")
        assert player.seen["src"] != player.default["src"] and player.seen["controls"]
    visit.tab.emulate_media(media="print")
    visit.tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    for player in players:
        state = player.state()
        assert (state["src"], state["alt"], state["controls"]) == (player.default["src"], player.default["alt"], False)
        assert player.figure.locator("svg.dlgn-picture").is_visible()
    visit.tab.emulate_media(media="screen")
    visit.tab.evaluate("dispatchEvent(new Event('afterprint'))")
    for player in players:
        assert player.check()["controls"]
    assert not visit.wrong


A4 = {"width": 680, "height": 971}  # what the margins leave, in CSS pixels
PRINTED = """() => {
  const seen = name => [...document.querySelectorAll(name)].filter(tag => tag.checkVisibility());
  const lines = tag => { const range = document.createRange(); range.selectNodeContents(tag); return range.getBoundingClientRect(); };
  return {
    text: document.querySelector('.bd-article').innerText.length,
    titles: seen('h1').length,
    wrong: seen('nav, .bd-sidebar, button, input, dialog, .prev-next-area, .headerlink').length
      + seen('details.dlgn-solution, details.dlgn-check, details.dlgn-code, .dlgn-about').length,
    cut: seen('.bd-article pre').filter(tag => lines(tag).right > innerWidth + 1).length,
    wide: seen('.bd-article :is(img, svg)').filter(tag => tag.getBoundingClientRect().right > innerWidth + 1).length,
    light: getComputedStyle(document.querySelector('.bd-article p')).color,
  };
}"""


@pytest.mark.parametrize("page", ["book/intro", "book/experts/paths", "book/learning/allocation", "book/notation"])
def test_paper_shows_the_text_and_nothing_to_click(visits, page):
    visit = visits(color_scheme="dark")
    tab = visit.open(page)
    tab.evaluate("document.querySelectorAll('.bd-article pre').forEach(code => code.append('long '.repeat(60)))")
    screen = tab.evaluate(PRINTED)
    tab.set_viewport_size(A4)
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.evaluate("document.getAnimations().forEach(fading => fading.finish())")
    paper = tab.evaluate(PRINTED)
    assert screen["wrong"] > 10 and screen["light"] != paper["light"]
    assert paper["titles"] == 1 and paper["wrong"] == paper["cut"] == paper["wide"] == 0
    assert paper["text"] > screen["text"] / 2
    assert sum(int(part) for part in re.findall(r"\d+", paper["light"])[:3]) < 300, "pale letters on white paper"
    sheets = len(re.findall(rb"/Type\s*/Page\b", tab.pdf(format="A4")))
    assert 2 <= sheets <= 25
    tab.emulate_media(media="screen")
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    tab.set_viewport_size(DESKTOP)
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    assert not visit.wrong


@with_players
def test_default_frame_is_there_without_javascript(visits, page):
    for figure in visits(java_script_enabled=False).players(page):
        picture = figure.locator("svg.dlgn-picture")
        assert picture.is_visible() and not figure.locator(".dlgn-controls").is_visible()
        box = picture.bounding_box()
        assert box["width"] > 200 and box["height"] > 100


MEASURE = """figure => {
  const picture = figure.querySelector('svg.dlgn-picture'), input = figure.querySelector('input[type=range]'), steps = [];
  for (let place = 0; input && place <= +input.max; place++) {
    input.value = place;
    const began = performance.now();
    input.dispatchEvent(new Event('input', {bubbles: true}));
    picture.getBoundingClientRect();
    steps.push(performance.now() - began);
    if (picture.querySelector(':scope > g > :not(defs)') === null) throw Error('empty: ' + picture.getAttribute('aria-label'));
    for (const part of picture.querySelectorAll('[href^="#"]'))
      if (!picture.querySelector(part.getAttribute('href'))) throw Error('not defined: ' + part.getAttribute('href'));
  }
  return steps;
}"""


def test_every_frame_has_all_that_it_refers_to(visits, capsys):
    visit, steps = visits(), []
    for page in PLAYED:
        for figure in visit.players(page):
            steps += figure.evaluate(MEASURE)
    assert len(steps) > 20 and not visit.wrong
    middle, longest = statistics.median(steps), max(steps)
    with capsys.disabled():  # told, not tested: it depends on the machine and on what else it does
        print(
            f"\n{len(steps)} slider steps, input to laid-out picture: median {middle:.0f} ms, longest {longest:.0f} ms"
        )


#: what a reader of a figure sees of its picture: the pieces, in CSS pixels, and the widest thing
PANELS = """figure => {
  const seen = svg => getComputedStyle(svg).opacity !== '0' && svg.getBoundingClientRect().width > 2;
  return [...figure.querySelectorAll('svg')].filter(seen).map(svg => {
    const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
    return {right: box.right, shape: box.width / box.height / (view.width / view.height), scale: box.width / view.width};
  });
}"""


#: marks drawn outside the picture, in its units; what a clip holds back is not drawn there
OUTSIDE = """figure => {
  const svg = figure.querySelector('svg.dlgn-picture'), view = svg.getBoundingClientRect(), slack = 2;
  return [...svg.querySelectorAll('path, use, image, text')].filter(part => !part.closest('defs, [clip-path]')).map(part => {
    const box = part.getBoundingClientRect();
    return [view.left - box.left, view.top - box.top, box.right - view.right, box.bottom - view.bottom].map(Math.round);
  }).filter(beyond => Math.max(...beyond) > slack);
}"""
#: parts of a figure around its picture that a phone cuts off, unless they scroll; a formula hides its spoken form
CUT = """figure => [figure, ...figure.querySelectorAll('*:not(svg *)')].filter(part => part.checkVisibility()).filter(part => {
  const box = part.getBoundingClientRect(), look = getComputedStyle(part);
  const scrolls = part.closest('.dlgn-scroll') || ['auto', 'scroll'].includes(look.overflowX);
  const hides = !part.closest('.math') && ['hidden', 'clip'].includes(look.overflowX) && part.scrollWidth > part.clientWidth + 1;
  return box.width > 2 && look.opacity !== '0' && !scrolls && (box.left < -1 || box.right > innerWidth + 1 || hides);
}).map(part => part.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_the_whole_of_every_figure_is_seen(visits, page):
    """On a desktop no mark leaves the picture; on a phone its panels keep their shape and nothing leaves the screen."""
    visit = visits()
    tab = visit.open(page)
    tab.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    figures = tab.locator("figure.dlgn-figure")
    each = "figures => figures.map(figure => [figure.id, ({})(figure)]).filter(([_, found]) => found.length)"
    beyond = figures.evaluate_all(each.replace("{}", OUTSIDE))
    assert all(len(seen) == 1 for _, seen in figures.evaluate_all(each.replace("{}", PANELS)))
    tab.set_viewport_size(PHONE)
    cut = figures.evaluate_all(each.replace("{}", CUT))
    parts = [part for _, seen in figures.evaluate_all(each.replace("{}", PANELS)) for part in seen]
    tab.set_viewport_size(DESKTOP)
    assert not beyond and not cut and not visit.wrong
    assert all(part["right"] <= PHONE["width"] and abs(part["shape"] - 1) < 0.05 for part in parts)


#: how many of 24 by 24 blocks of a screenshot are white all over
BLOCKS = 24


def white_share(png):
    """Return the share of an image that is made of blocks with nothing but near-white."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    darkest = functools.reduce(ImageChops.darker, image.split())
    blocks = darkest.filter(ImageFilter.MinFilter(9)).resize((BLOCKS, BLOCKS), Image.Resampling.BOX)
    return sum(value > 225 for value in blocks.tobytes()) / BLOCKS**2


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_no_figure_has_a_white_box_in_the_dark(visits, page):
    tab = visits(color_scheme="dark").open(page)
    tab.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    tab.add_style_tag(content="svg.dlgn-picture image { filter: brightness(0) }")  # what is white there was measured
    pictures = tab.locator("figure.dlgn-figure svg.dlgn-picture").all()
    shares = [white_share(picture.screenshot(animations="disabled")) for picture in pictures]
    assert max(shares, default=0) < 0.05, shares


# Code and claims


def test_code_and_claims_are_a_line_that_opens(visits):
    tab = visits().open("book/learning/allocation")
    line = tab.locator(".dlgn-folds:has(.dlgn-claim)").first
    fold = line.locator("details:has(.dlgn-claim)").first
    claims = fold.locator(".dlgn-claim")
    assert not claims.first.is_visible()
    fold.locator("summary").focus()
    tab.keyboard.press("Enter")
    assert claims.first.is_visible() and fold.locator("summary").bounding_box()["height"] >= 24


def test_an_address_opens_the_fold_that_it_leads_into(visits):
    page, name = "book/learning/circle", "claim-circle-frozen-runs"
    tab = visits().open(page, f"#{name}")
    tab.wait_for_function("name => document.getElementById(name).checkVisibility()", arg=name)
    tab = visits().open(page, "?again")
    assert not tab.locator(f"#{name}").is_visible()
    tab.evaluate("name => { location.hash = name }", name)
    tab.wait_for_function("name => document.getElementById(name).checkVisibility()", arg=name)


def a_number(tab):
    """Return the first number of the page that was measured, and the box that tells about it."""
    return tab.locator("a.dlgn-to-claim[aria-describedby]").first, tab.locator(".dlgn-about")


def test_a_number_tells_about_itself_on_hover(visits):
    visit = visits()
    link, box = a_number(visit.open("book/learning/circle"))
    link.hover()
    box.wait_for()
    told = visit.tab.locator(f"#{link.get_attribute('aria-describedby')}").text_content()
    assert told in box.text_content() and "Needs:" in told and "Fresh seeds: held in" in told
    box.locator("a").hover()  # the pointer may go over to the box
    visit.tab.wait_for_timeout(400)
    assert box.count() == 1 and box.locator("a").get_attribute("href") == link.get_attribute("href")
    visit.tab.mouse.move(2, 2)
    box.wait_for(state="detached")
    assert not visit.wrong


def test_a_number_tells_about_itself_to_a_keyboard(visits):
    visit = visits()
    link, box = a_number(visit.open("book/learning/circle"))
    link.focus()
    visit.tab.keyboard.press("Shift+Tab")
    visit.tab.keyboard.press("Tab")
    assert box.is_visible() and link.evaluate("link => link === document.activeElement")
    visit.tab.keyboard.press("Tab")
    assert box.locator("a").evaluate("link => link === document.activeElement")
    visit.tab.keyboard.press("Escape")
    assert box.count() == 0 and link.evaluate("link => link === document.activeElement")
    assert not visit.wrong


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_first_tap_on_a_number_tells_and_the_second_leads_to_the_ledger(visits, theme):
    visit = visits(viewport=PHONE, has_touch=True, color_scheme=theme)
    tab = visit.open("book/learning/circle")
    link, box = a_number(tab)
    link.tap()
    assert box.is_visible() and tab.url.endswith("circle.html")
    place = box.bounding_box()
    assert place["x"] >= 0 and place["x"] + place["width"] <= PHONE["width"]
    accessible(tab, (PHONE,))
    tab.locator("h1:visible").tap()
    assert box.count() == 0
    link.tap()
    link.tap()
    tab.wait_for_url("**/claims.html#claim-*")
    tab.wait_for_function("() => document.getElementById(location.hash.slice(1)).checkVisibility()")
    assert not visit.wrong


def test_paper_has_the_number_and_no_mark(visits):
    visit = visits()
    link, _ = a_number(visit.open("book/learning/circle"))
    mark = "link => getComputedStyle(link, '::after').content"
    assert "✓" in link.evaluate(mark)
    visit.tab.emulate_media(media="print")
    assert "✓" not in link.evaluate(mark)
    visit.tab.emulate_media(media="screen")


def test_a_number_without_javascript_is_a_link(visits):
    tab = visits(java_script_enabled=False).open("book/learning/circle")
    link, box = a_number(tab)
    link.hover()
    assert box.count() == 0
    link.click()
    tab.wait_for_url("**/claims.html#claim-*")


# The ledger's filter

SEEN = "[...document.querySelectorAll('#all-claims tbody tr')].filter(row => row.checkVisibility())"


def rows_seen(tab, *words):
    """Wait until the rows that are seen are those that the status line counts, and return their texts."""
    tab.wait_for_function(
        f"() => Boolean(document.querySelector('.dlgn-filter [role=status]').textContent) === {'true' if words else 'false'}"
    )
    texts = tab.evaluate(
        f"{SEEN}.map(row => row.closest('details').querySelector('summary').textContent + row.textContent)"
    )
    assert all(word in text.lower() for word in words for text in texts)
    return texts


def told(tab):
    return tab.locator(".dlgn-filter [role=status]").inner_text()


def test_the_ledger_is_filtered_by_words_and_has_an_address(visits):
    visit = visits()
    tab = visit.open("book/claims")
    assert not rows_seen(tab)
    tab.get_by_label("Search the claims").fill("Sharpness frozen")
    found = rows_seen(tab, "sharpness", "frozen")
    pages = tab.locator("#all-claims details:visible").count()
    assert found and told(tab) == f"{len(found)} claims on {pages} pages"
    assert tab.url.endswith("claims.html?find=Sharpness+frozen")
    tab = visit.open("book/claims", "?find=Sharpness+frozen")
    assert rows_seen(tab, "sharpness", "frozen") == found
    tab.get_by_label("Search the claims").fill("no such word")
    tab.wait_for_function("() => document.querySelector('.dlgn-filter [role=status]').textContent === 'no claim'")
    tab.get_by_label("Search the claims").fill("")
    assert not rows_seen(tab) and tab.locator("#all-claims details:visible").count() > 20
    assert tab.url.endswith("claims.html") and not visit.wrong


def test_the_ledger_is_filtered_by_fresh_seeds_and_source(visits):
    visit = visits()
    tab = visit.open("book/claims", "?unsure=1")
    found = rows_seen(tab, "sets")
    held = [re.search(r"(\d+) of (\d+) sets", text).groups() for text in found]
    assert len(found) > 5 and all(int(a) < int(b) for a, b in held)
    sums = tab.locator("#all-claims summary").evaluate_all("all => all.map(one => one.textContent)")
    assert len(found) == sum(int(number) for text in sums for number in re.findall(r"(\d+) not in every set", text))
    tab.get_by_label("only those that did not").uncheck()
    tab.locator(".dlgn-filter select").select_option(label="Yadav et al. [2024]")
    tab.wait_for_url("**source=Yadav*")
    found = rows_seen(tab, "yadav")
    assert len(found) > 10
    accessible(tab)
    visit.tab.set_viewport_size(DESKTOP)
    assert not visit.wrong


# Exercises

ANSWERED = [page for page in NOTEBOOKS if any(map(answers.key, checks(page)))]


def written(value):
    """Return an answer as somebody writes it into the form."""
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


@pytest.mark.parametrize("page", ANSWERED)
def test_an_answer_in_the_page_is_told_what_the_self_check_says(visits, page):
    """The right one, every mistake that has a hint, and one that nobody thought of."""
    visit = visits()
    tab = visit.open(page)
    asked = [code for code in checks(page) if answers.key(code)]
    forms = tab.locator("form.dlgn-answer")
    assert forms.count() == len(asked)
    for form, code in zip(forms.all(), asked, strict=True):
        call = next(
            c for c in ast.walk(ast.parse(code)) if isinstance(c, ast.Call) and getattr(c.func, "id", "") == "check"
        )
        given = dict(zip(("answer", "cases"), call.args, strict=False)) | {k.arg: k.value for k in call.keywords}
        right, hints = (eval(ast.unparse(given[name]), {"Between": Between}) for name in ("cases", "hints"))
        kind, said = answers.key(code).kind, []
        wrong = [
            one for hint in hints.values() for one in _examples(hint) if isinstance(one, str) == (kind == "choice")
        ]
        for answer in [
            *_examples(right),
            *wrong,
            *([[7.5] * len(right) if kind == "numbers" else 7.512e5] * (kind != "choice")),
        ]:
            if kind == "choice":
                option = form.locator(f"input[value='{answer}']")
                if not option.count():
                    continue  # the exercise does not offer it
                option.check()
            else:
                form.locator("input").fill(written(answer))
            form.locator("button").click()
            said.append(form.locator("[role=status]").inner_text())
            expected = verdict(answer, [((), right)], hints)[1]
            told_wrong = "is not it" in expected
            assert said[-1] == expected or (told_wrong and "is not it. Try a smaller case" in said[-1]), (
                answer,
                said[-1],
            )
        assert said[0] == "✓ Right." and len(set(said)) >= 2
    assert not visit.wrong


def test_numbers_are_read_as_people_write_them(visits):
    tab = visits().open("book/learning/circle")
    form = tab.locator("form.dlgn-answer").first  # a quarter
    said = {}
    for text in ["0.25", "1/4", "25%", "2.5e-1", " .25 ", "0,25", "a quarter", "", "-0.25", "−1/4"]:
        form.locator("input").fill(text)
        form.locator("input").press("Enter")
        said[text] = form.locator("[role=status]").inner_text()
    assert [text for text in said if said[text] == "✓ Right."] == ["0.25", "1/4", "25%", "2.5e-1", " .25 "]
    assert all(said[text].startswith("Not yet") for text in ("0,25", "a quarter", ""))
    assert said["−1/4"].startswith("✗ Not quite: −1/4 is not it")


def test_an_exercise_with_an_answer_is_accessible(visits):
    for theme in ("light", "dark"):
        visit = visits(color_scheme=theme)
        tab = visit.open("book/learning/kernels-in-training")
        for form in tab.locator("form.dlgn-answer").all():
            form.locator("input").first.check() if form.locator("[type=radio]").count() else form.locator("input").fill(
                "3"
            )
            form.locator("button").click()
            assert form.locator("[role=status]").inner_text()
        accessible(tab)
        visit.tab.set_viewport_size(DESKTOP)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_link_below_the_pointer_can_be_read(visits, theme):
    visit = visits(color_scheme=theme)
    visit.tab.set_viewport_size(DESKTOP)
    tab = visit.open("book/kernels/overlap")
    for place in (
        ".bd-article p a.reference.internal",
        ".bd-article .admonition a.reference",
        ".bd-sidebar-primary a.reference",
    ):
        link = tab.locator(f"{place}:visible").first
        link.hover()
        assert link.evaluate("link => link.matches(':hover')"), place
        tab.evaluate("document.getAnimations().forEach(fading => fading.finish())")
        tab.evaluate(AXE)
        assert not tab.evaluate("axe.run({runOnly: ['color-contrast'], preload: false})")["violations"], place
    tab.mouse.move(0, 0)


# Type

LINES = """() => [...document.querySelectorAll('.bd-article section > p')]
  .filter(part => part.textContent.length > 300 && !part.querySelector('.math'))
  .map(part => part.textContent.length * parseFloat(getComputedStyle(part).lineHeight) / part.getBoundingClientRect().height)"""


def test_running_text_has_about_68_characters_a_line(visits):
    visit = visits()
    tab = visit.open("book/learning/circle")
    per_line = statistics.mean(tab.evaluate(LINES))
    assert 62 <= per_line <= 74
    running = ".bd-article section > p:not(.dlgn-minutes)"
    assert 17 <= tab.locator(running).first.evaluate("part => parseFloat(getComputedStyle(part).fontSize)") <= 18
    wide = [f".bd-article {name}" for name in ("figure.dlgn-figure", "div.cell > div.cell_input")]
    text, *wider = (tab.locator(name).first.bounding_box()["width"] for name in [running, *wide])
    assert min(wider) > 1.2 * text


def test_the_fonts_are_those_of_the_book_and_come_once(visits):
    visit = visits(viewport=DESKTOP)  # a tab of its own, which has fetched nothing yet
    fetched = []
    visit.tab.on("request", lambda request: fetched.append(request.url) if "/_static/fonts/" in request.url else None)
    tab = visit.open("book/learning/circle")
    tab.evaluate("document.fonts.ready.then(() => true)")
    loaded = tab.evaluate("[...document.fonts].filter(font => font.status === 'loaded').map(font => font.family)")
    assert {"Book Text", "Book Code"} <= {name.strip('"') for name in loaded}
    assert len(fetched) == len(set(fetched)) <= 3 and not visit.wrong
    missing = tab.evaluate("[...'αβγΣ⁻¹²≤≥−→✓ℓ'].filter(sign => !document.fonts.check(`16px 'Book Text'`, sign))")
    assert not missing


def test_kinds_of_boxes_differ_in_colour_and_sign(visits):
    looks = set()
    kinds = {
        "book/kernels/overlap": ["theorem", "dlgn-exercise"],
        "book/neighbours/bridge": ["note"],
        "book/notation": ["important"],
    }
    look = "box => [getComputedStyle(box).borderLeftColor, getComputedStyle(box.querySelector('.admonition-title'), '::after').content]"
    for page, names in kinds.items():
        tab = visits().open(page)
        looks |= {tuple(tab.locator(f".bd-article .admonition.{name}").first.evaluate(look)) for name in names}
    assert len({colour for colour, _ in looks}) == len({sign for _, sign in looks}) == 4
