"""The slides of the pages: what is on them, what is not, how they turn, and their PDF."""

import re
from collections import Counter

import pytest
from browsing import AXE, AXE_RUN, Visit, browser  # noqa: F401
from bs4 import BeautifulSoup
from built_site import ADDRESS, ROOT, SITE, article, html_file, site_file
from dlgn_site import deck, release, release_check, slides
from dlgn_site.plan import read_book
from dlgn_site.serving import serving
from jupyter_cache.cache.main import JupyterCacheBase
from myst_nb.core.read import read_myst_markdown_notebook
from test_course import secrets, squeezed

BOOK = read_book(ROOT)
NAMES = STATED, LIVE = "experts/equivalence", "experts/paths"


@pytest.fixture(scope="module")
def decks():
    """The decks of two pages: with statements, players and live networks."""
    html_file("book/intro")
    return slides.decks_of(SITE, ROOT, BOOK, " ".join(NAMES))


@pytest.fixture(scope="module")
def folder(decks, tmp_path_factory):
    out = tmp_path_factory.mktemp("slides") / "out"
    slides.write(SITE, out, BOOK, decks)
    return out


@pytest.fixture(scope="module")
def parsed(folder):
    """Folder of each deck -> its page, parsed."""
    return {name: BeautifulSoup((folder / name / "index.html").read_text("utf-8"), "html.parser") for name in NAMES}


@pytest.fixture(scope="module")
def host(folder):
    with serving(folder) as address:
        yield address


@pytest.fixture(scope="module")
def show(browser, host):  # noqa: F811
    """Return a function that opens a deck at a slide, ready to be read."""
    visit = Visit(browser, host)

    def opened(name, at="#/1"):
        address = f"{host}/{name}/index.html"
        if visit.tab.url.partition("#")[0] != address:
            visit.wrong.clear()
            visit.tab.goto(address, wait_until="load")
            visit.tab.wait_for_selector("html[data-ready]", state="attached")
        visit.tab.evaluate("at => { location.hash = at; }", at)
        there = "document.querySelector('[data-number]').textContent.split(' ')[0] === location.hash.slice(2)"
        visit.tab.wait_for_function(there)
        return visit

    yield opened
    visit.context.close()


def place(decks, page, name):
    """Return the number of a slide, counted from 1."""
    (found,) = (one for one in decks if one.page == f"book/{page}")
    return [slide.name for slide in found.slides].index(name) + 2


@pytest.mark.parametrize("name", NAMES)
def test_each_part_of_the_page_is_on_one_slide_with_its_source_and_licence(parsed, name):
    page, sections = article(f"book/{name}"), parsed[name].select("main > section")
    wanted = Counter(
        {
            "figure": len(page.select("figure.dlgn-figure")),
            "statement": len(page.select(".proof:is(.theorem, .lemma, .proposition, .definition)")),
            "exercise": len(page.select(".dlgn-exercise")),
            "live": len(page.select("details.dlgn-live")),
            **{"summary": 1, "title": 1},
        }
    )
    assert Counter(section["class"][-1] for section in sections) == +wanted and wanted["figure"] > 1
    for section in sections:
        assert section.select_one('.source a[href^="https://creativecommons.org/licenses/by/4.0"]')
    listed = article("book/list-of-figures").select("a[href*='#fig-']")
    titles = {link["href"].partition("#")[2]: link.parent.get_text().partition(". ")[2] for link in listed}
    for figure in page.select("figure.dlgn-figure"):
        number = figure.select_one(".dlgn-figure-number").get_text()
        (section,) = (one for one in sections if number in one.get_text())
        assert len(section.select("svg.dlgn-picture")) == 1 and number.rstrip(".") in section.select_one(".source").text
        assert section.h2.get_text() == titles[figure["id"]].strip()
        assert section.select_one("figcaption").get_text() == figure.select_one("figcaption").get_text()
        assert bool(section.select(".dlgn-controls input")) == bool(figure.select(".dlgn-controls input"))
    assert sections[0].h1.get_text().split() == [part for part in page.h1.get_text().rstrip("#").split() if part]
    assert [number + 1 for number, _ in enumerate(sections)] == [
        int(section["aria-label"].split()[0]) for section in sections
    ]


def test_the_reading_of_a_figure_is_in_its_notes_alone(parsed):
    noted = parsed[LIVE].select(".slide.figure .notes")
    assert len(noted) == 4 and all("How to read it." in fold.get_text() for fold in noted)
    assert all("How to read it." not in room.get_text() for room in parsed[LIVE].select(".slide .room"))


@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_a_solution_or_a_check_is_on_a_slide(parsed, folder, name):
    text = squeezed(parsed[name].get_text() + " ".join(script.text for script in parsed[name].select("script")))
    assert secrets(name) and [line for line in secrets(name) if line in text] == []
    whole = (folder / name / "index.html").read_text("utf-8")
    assert not re.search(r"dlgn-(solution|check|answer)|&quot;hints&quot;|\"hints\"", whole)
    leaky = squeezed(article(f"book/{name}").select_one("details.dlgn-solution").get_text())
    assert any(line in leaky for line in secrets(name))  # the search would find one


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_the_site_and_files_are_there(parsed, folder, name):
    for link in parsed[name].select("main a[href], [data-page]"):
        address = link.get("href") or link["data-page"]
        assert address.startswith("https://"), address
        if address.startswith(ADDRESS):
            assert site_file("book/intro", address).is_file(), address
    assets = [tag["href"] for tag in parsed[name].select("link")] + [tag["src"] for tag in parsed[name].select("[src]")]
    assert len(assets) > 8 and all((folder / name / asset).is_file() for asset in assets)
    assert "sha256" not in parsed[name].meta["content"]  # no script in the page, so the policy allows none
    ids = [tag["id"] for tag in parsed[name].select("main [id]:not(svg *)")]
    assert len(ids) == len(set(ids))


def test_a_page_chooses_and_orders_its_slides_and_a_wrong_name_is_told(tmp_path):
    chosen = ["summary", "thm-mixture"]
    made = deck.read_deck(SITE, ADDRESS, f"book/{STATED}", chosen)
    assert [slide.name for slide in made.slides] == chosen and made.count == 3
    with pytest.raises(ValueError, match=r"'fig-none' is none of its parts, which are .*thm-mixture"):
        deck.read_deck(SITE, ADDRESS, f"book/{STATED}", ["fig-none"])
    with pytest.raises(ValueError, match="each part comes once"):
        deck.read_deck(SITE, ADDRESS, f"book/{STATED}", ["summary", "summary"])
    with pytest.raises(FileNotFoundError, match="make book"):
        deck.read_deck(SITE, ADDRESS, "book/none")
    with pytest.raises(ValueError, match="'none' is no page"):
        slides.decks_of(SITE, ROOT, BOOK, "none")
    source = tmp_path / "page.md"
    source.write_text(f"---\nslides: [{', '.join(chosen)}]\n---\n# Page\n", "utf-8")
    assert deck.choice(source) == chosen and deck.choice(ROOT / "LICENSE") is None
    source.write_text("---\nslides: all\n---\n", "utf-8")
    with pytest.raises(ValueError, match="slides must be a list of anchors, got 'all'"):
        deck.choice(source)


def test_choosing_slides_makes_no_page_run_again():
    text = (ROOT / f"book/{STATED}.md").read_text("utf-8")
    chosen = text.replace("\nshort:", "\nslides: [thm-mixture, summary]\nshort:", 1)
    assert chosen != text
    hashes = [
        JupyterCacheBase.create_hashed_notebook(None, read_myst_markdown_notebook(one, add_source_map=False))[1]
        for one in (text, chosen, text.replace("import", "import  ", 1))
    ]
    assert hashes[0] == hashes[1] != hashes[2]


def test_keys_turn_the_slides_and_tell(show, decks):
    visit = show(LIVE)
    tab, count = visit.tab, decks[[one.page for one in decks].index(f"book/{LIVE}")].count
    shown = lambda: tab.locator(".slide:visible").get_attribute("aria-label")  # noqa: E731
    for key, number in {"ArrowRight": 2, "End": count, "PageUp": count - 1, "Home": 1, "PageDown": 2, " ": 3}.items():
        tab.keyboard.press(key)
        assert shown() == f"{number} of {count}" and tab.url.endswith(f"#/{number}")
        assert tab.locator("body > .unseen").text_content().startswith(f"Slide {number} of {count}: ")
        assert tab.evaluate("document.activeElement.matches('.slide:not([hidden])')")
    tab.keyboard.press("ArrowLeft")
    assert tab.locator(".notes[open]").count() == 0
    tab.keyboard.press("n")
    assert tab.locator(".slide:visible .notes").get_by_text("How to read it.").is_visible()
    tab.get_by_role("button", name="Notes").click()
    assert tab.locator(".notes[open]").count() == 0
    assert show(LIVE, "#fig-paths-intervals").tab.url.endswith(f"#/{place(decks, LIVE, 'fig-paths-intervals')}")
    assert visit.wrong == []


def test_a_slider_works_on_a_slide_and_keeps_the_arrow_keys(show, decks):
    number = place(decks, LIVE, "fig-paths-walk")
    visit = show(LIVE, f"#/{number}")
    picture = visit.tab.locator(".slide:visible svg.dlgn-picture")
    before = picture.get_attribute("aria-label")
    visit.tab.locator(".slide:visible input[type=range]").focus()
    visit.tab.keyboard.press("ArrowRight")
    assert picture.get_attribute("aria-label") != before and visit.tab.url.endswith(f"#/{number}")
    visit.tab.keyboard.press("Escape")
    visit.tab.keyboard.press("ArrowRight")
    assert visit.tab.url.endswith(f"#/{number + 1}") and visit.wrong == []


def test_a_live_network_trains_on_a_slide_and_pauses_behind_it(show, decks):
    visit = show(LIVE, f"#/{place(decks, LIVE, 'live-1')}")
    tab = visit.tab
    tab.get_by_role("button", name="Ten steps").click()
    tab.locator(".slide:visible .status", has_text="Step 10,").wait_for()
    tab.keyboard.press("Escape")
    tab.keyboard.press("ArrowLeft")
    assert tab.locator("details.dlgn-live[open]").count() == 0 and visit.wrong == []


def test_slides_are_accessible_and_nothing_of_them_is_cut(show, decks):
    visit = show(LIVE)
    visit.tab.evaluate(AXE)
    for name in ("fig-paths-walk", "ex-expert"):
        number = place(decks, LIVE, name)
        show(LIVE, f"#/{number}")
        found = visit.tab.evaluate(AXE_RUN)["violations"]
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == [], name
    cut = """() => { dispatchEvent(new Event("beforeprint"));
      return [...document.querySelectorAll(".slide .room")].filter((room) => room.scrollHeight > room.clientHeight + 1
        || room.scrollWidth > room.clientWidth + 1).map((room) => room.parentElement.dataset.title); }"""
    assert visit.tab.evaluate(cut) == [] and visit.wrong == []


def test_a_deck_opens_as_a_file_and_says_what_a_live_network_needs(browser, folder, decks):  # noqa: F811
    tab, wrong = browser.new_page(), []
    tab.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    number = place(decks, LIVE, "live-1")
    tab.goto((folder / LIVE / "index.html").as_uri() + f"#/{number}", wait_until="load")
    tab.wait_for_selector("html[data-ready]", state="attached")
    assert tab.locator(".slide:visible").get_by_text("It trains in a browser, on the site").is_visible()
    assert tab.locator("mjx-container").count() > 5 and wrong == []
    tab.close()


def test_the_pdf_has_a_page_for_each_slide_and_the_check_finds_what_is_missing(browser, host, folder, decks, tmp_path):  # noqa: F811
    one, other = decks
    pdf = slides.print_deck(browser, host, one)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == one.count
    assert b"127.0.0.1" not in pdf and f"{ADDRESS}{one.page}.html".encode() in pdf
    pytest.importorskip("pypdf", reason="the extra `release` brings it")
    (folder / STATED / "equivalence.pdf").write_bytes(pdf)
    hidden = (folder / "assets" / "deck.js").rename(tmp_path / "deck.js")
    release.zip_folder(folder, tmp_path / "slides.zip", "slides-v1")
    hidden.rename(folder / "assets" / "deck.js")
    assert release_check.slides_faults((tmp_path / "slides.zip").read_bytes()) == (
        2,
        one.count + other.count,
        [
            f"slides-v1/{STATED}/index.html: ../../assets/deck.js is not there",
            f"slides-v1/{LIVE}/index.html: ../../assets/deck.js is not there",
            f"slides-v1/{LIVE}/index.html: {other.count} slides, PDF of [] pages",
        ],
    )
