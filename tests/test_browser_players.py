"""Every player of the built site in a browser: what moves it, what it shows, on paper, on a phone and in the dark."""

import functools
import io
import itertools
import json
import re
import statistics
from datetime import datetime

import pytest
from browsing import DESKTOP, PHONE, Visit, address, browser, visits  # noqa: F401  (fixtures)
from built_site import NOTEBOOKS, source
from PIL import Image, ImageChops, ImageFilter

#: what a player shows; the pictures by a hash, since they are long
STATE = """figure => {
  const hash = text => { let h = 0; for (let i = 0; i < text.length; i++) h = (h * 31 + text.charCodeAt(i)) | 0; return h; };
  const picture = figure.querySelector('svg.dlgn-picture'), all = name => [...figure.querySelectorAll(name)];
  return {src: hash(picture.innerHTML), alt: picture.getAttribute('aria-label'), outputs: all('output').map(o => o.textContent),
    ranges: all('input[type=range]').map(r => [+r.value, r.getAttribute('aria-valuetext')]),
    radios: all('input[type=radio]').filter(r => r.checked).map(r => +r.value),
    button: figure.querySelector('button').getAttribute('aria-label'), controls: figure.querySelector('.dlgn-controls').checkVisibility()};
}"""


PLAYED = [
    page
    for page in NOTEBOOKS
    if any("explore(" in cell.source for cell in source(page).cells if cell.cell_type == "code")
]
with_players = pytest.mark.parametrize("page", PLAYED)


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
