"""Links to what is seen and the files of every figure, in a real browser."""

import io
import re
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest
from browsing import DESKTOP, PHONE, Visit, address, browser, visits  # noqa: F401  (fixtures)
from built_site import NOTEBOOKS, html_file, source
from dlgn_site.figures import draws
from PIL import Image

ILLUSTRATED = [page for page in NOTEBOOKS if any(draws(c.source) for c in source(page).cells if c.cell_type == "code")]
every_page = pytest.mark.parametrize("page", ILLUSTRATED)
AT = "figure => figure.dlgn ? figure.dlgn.at() : []"
FIGURES = "article figure.dlgn-figure[id]"
#: the text of a caption without its formulas, which a file writes in its own way
WORDS = """caption => { const copy = caption.cloneNode(true);
  copy.querySelectorAll(".dlgn-about, mjx-container").forEach(part => part.replaceWith(" ")); return copy.textContent; }"""
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def reader(browser, address):
    """A tab that may use the clipboard."""
    visit = Visit(browser, address)
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield visit
    visit.context.close()


@pytest.fixture(scope="module")
def friend(browser, address):
    """The tab of somebody who gets a link, in a window of its own: what is behind another tab stands almost still."""
    visit = Visit(browser, address)
    yield visit
    visit.context.close()


def move(figure):
    """Move every control of a figure one step from where it stands, with the keyboard."""
    for number, parameter in enumerate(figure.evaluate("figure => figure.dlgn?.parameters ?? []")):
        inputs, at = figure.locator(f"[data-parameter='{number}']"), figure.evaluate(AT)[number]
        back = at == len(parameter["values"]) - 1
        inputs.nth(at if inputs.count() > 1 else 0).press("ArrowLeft" if back else "ArrowRight")


@every_page
def test_a_link_leads_to_what_is_seen(reader, friend, page):
    tab, other = reader.open(page), friend.tab
    assert "#" not in tab.url
    for figure in tab.locator(FIGURES).all():
        name, start = figure.get_attribute("id"), figure.evaluate(AT)
        move(figure)
        seen = figure.evaluate(AT)
        assert len(seen) == 0 or seen != start
        if seen:
            tab.wait_for_function("name => location.hash.startsWith(`#${name}?`)", arg=name)
            assert len(parse_qs(tab.url.partition("?")[2])) == len(seen)
        tools = figure.locator("xpath=following-sibling::*[1]")
        tools.get_by_role("button", name=re.compile("^Copy link to Figure ")).click()
        tools.get_by_text("Link copied").wait_for()
        link = tab.evaluate("navigator.clipboard.readText()")
        assert link == (tab.url if seen else f"{tab.url.partition('#')[0]}#{name}")
        other.goto("about:blank")
        other.goto(link, wait_until="load")
        there = other.locator(f"#{name}")
        assert there.evaluate(AT) == seen and there.locator("svg").first.is_visible()
        other.wait_for_function(
            "name => Math.abs(document.getElementById(name).getBoundingClientRect().top) < innerHeight", arg=name
        )
        assert other.locator(".dlgn-astray").count() == 0 and other.url == link
    assert not reader.wrong and not friend.wrong


@every_page
def test_every_figure_can_be_saved(reader, page):
    tab = reader.open(page)
    for figure in tab.locator(FIGURES).all():
        caption = " ".join(figure.locator("figcaption").text_content().split())
        tools = figure.locator("xpath=following-sibling::*[1]")
        width, height = (int(figure.locator("svg.dlgn-picture").get_attribute(side)) for side in ("width", "height"))
        words = figure.locator("figcaption").evaluate(WORDS).split()
        for kind in ("SVG", "PNG"):
            with tab.expect_download() as download:
                tools.get_by_role("button", name=re.compile(f"^Save Figure .* as {kind}$")).click()
            file = download.value
            assert file.suggested_filename.startswith(figure.get_attribute("id"))
            assert file.suggested_filename.endswith(f".{kind.lower()}")
            content = file.path().read_bytes()
            if kind == "SVG":
                whole = ElementTree.fromstring(content)
                assert whole.tag == f"{SVG}svg"
                about = " ".join(whole.findtext(f"{SVG}desc").split())
                assert about.startswith(caption) and "CC BY 4.0" in about and f"/{page}.html#" in about
                names = {part.get("id") for part in whole.iter()}
                used = re.findall(rb'href="([^"]+)|url\(([^)]+)\)', content)
                links = [(link or url).decode().replace("&quot;", "") for link, url in used]
                assert all(link[1:] in names if link[0] == "#" else link.startswith("data:") for link in links)
                assert b"var(" not in content and len(whole.findall(f".//{SVG}path")) > 2
                lines = whole[-1].findall(f"{SVG}text")
                below = " ".join(line.text for line in lines)
                assert [word for word in words if word not in below] == [] and "\\" not in below
                assert f"/{page}.html#" in below.replace(" ", "") and below.endswith(
                    "creativecommons.org/licenses/by/4.0/"
                )
                saved = int(whole.get("width")), int(whole.get("height"))
                unit = float(whole.get("viewBox").split()[2]) / width
                assert saved[0] == width and float(lines[0].get("y")) > height * unit
                assert saved[1] * unit > float(lines[-1].get("y")) > (saved[1] - 20) * unit
            else:
                picture = Image.open(io.BytesIO(content)).convert("RGB")
                assert picture.size == (2 * saved[0], 2 * saved[1])
                assert picture.getpixel((1, 1)) == (255, 255, 255) and len(picture.getcolors(1 << 24)) > 5
    assert not reader.wrong


@pytest.mark.parametrize(
    ("fragment", "told"),
    [
        ("fig-intro-no-such", "There is no figure “fig-intro-no-such” on this page."),
        ("fig-intro-paths?step=7", "The figure has no “7” among the values of step: 0, 5,"),
        ("fig-intro-paths?depth=3", "The figure has no control “depth”."),
        ("fig-intro-paths?network=%E0%A4", "among the values of network"),
        ("fig-intro-paths?network=<img src=x onerror=alert(1)>", "has no “<img src=x onerror=alert(1)>” among"),
        ("fig-intro-paths?", None),
        ("fig-intro-paths?step=50&network=ReLU", None),
        ("the-chapters", None),
        ("%E0%A4", None),
    ],
)
def test_an_address_that_is_wrong_is_told_in_words(reader, fragment, told):
    reader.tab.goto("about:blank")
    reader.wrong.clear()
    tab = reader.tab
    tab.goto(f"{reader.address}/book/intro.html#{fragment}", wait_until="load")
    notes = tab.locator(".dlgn-astray")
    assert notes.count() == bool(told)
    if told:
        assert told in notes.inner_text() and notes.is_visible() and notes.get_attribute("role") == "status"
    assert tab.locator("figure.dlgn-figure").first.evaluate(AT) == ([3, 1] if "ReLU" in fragment else [0, 0])
    tab.evaluate("location.hash = '#fig-intro-paths?step=5'")  # a good one takes the note away
    tab.wait_for_function("() => document.querySelector('figure.dlgn-figure').dlgn.at()[0] === 1")
    assert notes.count() == 0 and not reader.wrong


def test_where_the_clipboard_is_refused_the_link_can_be_copied_by_hand(visits):
    visit = visits()
    visit.tab.set_viewport_size(DESKTOP)
    tab = visit.open("book/intro")
    tab.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError')); }"
    )
    tab.get_by_role("button", name="Copy link to Figure 0.1").press("Enter")
    field = tab.get_by_role("textbox", name="Link to Figure 0.1")
    assert field.input_value().endswith("book/intro.html#fig-intro-paths?step=0&network=dlgn")
    assert field.evaluate("field => document.activeElement === field && field.selectionEnd === field.value.length")
    assert not visit.wrong


def test_the_address_stays_until_a_figure_is_touched(visits):
    visit = visits()
    tab = visit.open("book/intro", "#fig-intro-paths?step=50&network=relu")
    tab.evaluate("dispatchEvent(new Event('beforeprint')); dispatchEvent(new Event('afterprint'))")
    tab.evaluate("document.querySelector('figure.dlgn-figure').dlgn.show([0, 0])")
    tab.wait_for_timeout(400)
    assert tab.url.endswith("#fig-intro-paths?step=50&network=relu")
    tab.get_by_role("button", name="Play: step").click()
    tab.wait_for_function("() => location.hash.includes('step=5&')")


def test_a_caption_that_names_sides_says_where_they_are_on_a_phone(visits):
    visit = visits()
    visit.tab.set_viewport_size(PHONE)
    tab = visit.open("book/intro")
    told = tab.locator("#fig-intro-paths figcaption .dlgn-order")
    assert "those on the left first" in told.inner_text()
    left, right = (box.bounding_box() for box in tab.locator("#fig-intro-paths .dlgn-panels > svg").all())
    assert left["y"] + left["height"] <= right["y"]
    tab.set_viewport_size(DESKTOP)
    told.wait_for(state="detached")
    assert not visit.wrong


def test_figures_need_no_script_and_no_other_host():
    page = html_file("book/intro").read_text(encoding="utf-8")
    assert 'id="fig-intro-paths"' in page and "<figcaption>" in page and "dlgn-tools" not in page
