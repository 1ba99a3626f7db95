"""Every page of the built site in a browser: nothing fails, all of it is accessible, type and colours can be read."""

import re
import statistics

import pytest
from browsing import AXE, BASE, DESKTOP, PHONE, Visit, accessible, address, browser, visits  # noqa: F401  (fixtures)
from bs4 import BeautifulSoup
from built_site import GENERATED, NOTEBOOKS, PAGES, ROOT, html_file
from dlgn_site import lengths

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
