"""Links by which a reader reports a mistake: every heading, figure and claim of the built site has one, and it says what it is about."""

import re
import tomllib
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from browsing import DESKTOP, PHONE, address, browser, visits  # noqa: F401  (fixtures)
from built_site import ADDRESS, GENERATED, PAGES, REPOSITORY, ROOT, html_file, prose, prose_anchors
from dlgn_site.report import FORM, issue, plain

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
LEDGER = "book/claims"
every_page = pytest.mark.parametrize("page", PAGES)


def asked(link):
    """Return what the issue of a link is filled with."""
    url = urlsplit(link["href"] if hasattr(link, "name") else link)
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{REPOSITORY}/issues/new"
    fields = parse_qs(url.query, strict_parsing=True)
    assert all(len(values) == 1 for values in fields.values())
    return {name: value for name, (value,) in fields.items()}


def check(link, name, title, where):
    """Check what a link is called and what it fills in, and that its anchor exists."""
    assert link["aria-label"] == f"Report a mistake in {name}"
    assert asked(link) == {"template": FORM, "title": title, "where": where, "version": VERSION}
    page, _, anchor = where.removeprefix(ADDRESS).partition(".html#")
    assert anchor in prose_anchors(page), where


def test_the_form_has_the_fields_that_links_fill():
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / FORM).read_text(encoding="utf-8"))
    fields = {part["id"]: part for part in form["body"]}
    link = issue(REPOSITORY, "A", "B")
    assert set(asked(link)) - {"template", "title"} == {"where", "version"} < set(fields)
    (words,) = set(fields) - {"where", "version"}
    assert fields[words]["type"] == "textarea" and fields[words]["validations"] == {"required": True}
    assert form["name"] and form["description"] and all(part["attributes"]["label"] for part in form["body"])


def test_what_needs_quoting_comes_through():
    title, where = 'A & B = "100 %" + <ü>?', f"{ADDRESS}book/a.html#fig-a?step=7&init=he"
    assert asked(issue(REPOSITORY, title, where))["title"] == title
    assert asked(issue(REPOSITORY, title, where))["where"] == where


@every_page
def test_every_heading_can_be_reported(page):
    short, found = page.removeprefix("book/"), 0
    for heading in prose(page).select("h1, h2, h3, h4, h5, h6"):
        sign = heading.select_one(".headerlink")
        if sign is None:
            continue
        link, anchor = sign.find_next_sibling(), sign["href"].removeprefix("#")
        assert link is not None and "dlgn-report" in link["class"] and link.get_text() == ""
        words = plain("".join(str(part) for part in heading.contents[: heading.contents.index(sign)]))
        check(link, f"“{words}”", f"{words} ({short})", f"{ADDRESS}{page}.html#{anchor}")
        found += 1
    assert found


@every_page
def test_every_figure_can_be_reported(page):
    for figure in prose(page).select("figure.dlgn-figure[id]"):
        number = figure.select_one(".dlgn-figure-number").get_text().removesuffix(".")
        links = figure.find_next_sibling("p", class_="dlgn-report-figure").select("a")
        assert [link.get_text() for link in links] == ["Report a mistake"] and re.fullmatch(r"Figure \w+\.\d+", number)
        title = f"{number} ({page.removeprefix('book/')})"
        check(links[0], number, title, f"{ADDRESS}{page}.html#{figure['id']}")


@every_page
def test_every_claim_of_a_page_can_be_reported(page):
    numbers = prose(page).find_all("a", class_="dlgn-to-claim", attrs={"aria-describedby": True})
    abouts = {tag["id"]: tag.parent for tag in prose(page).find_all("div", id=re.compile("^about-"))}
    assert {link["aria-describedby"] for link in numbers} == set(abouts)
    for about, box in abouts.items():
        (link,), claim = box.find_all("a", class_="dlgn-report"), about.removeprefix("about-")
        title = f"Claim {claim} ({page.removeprefix('book/')})"
        check(link, f"the claim {claim}", title, f"{ADDRESS}{LEDGER}.html#claim-{claim}")


def test_every_row_of_the_ledger_can_be_reported():
    rows = prose(LEDGER).find_all("code", id=re.compile("^claim-"))
    for row in rows:
        claim = row.get_text()
        where = f"{ADDRESS}{LEDGER}.html#{row['id']}"
        check(row.find_next_sibling("a"), f"the claim {claim}", f"Claim {claim} (claims)", where)
    register = yaml.safe_load((ROOT / "book" / "claims.yml").read_text(encoding="utf-8"))
    assert {row.get_text() for row in rows} == set(register)


@pytest.mark.parametrize("page", [*PAGES, *GENERATED])
def test_the_button_of_the_theme_opens_the_same_form(page):
    text = html_file(page).read_text(encoding="utf-8")
    buttons = re.findall(r'<a href="([^"]+)"[^<>]*btn-source-issues-button', text)
    assert len(buttons) == 1 or page in GENERATED
    for button in map(unescape, buttons):
        title = f"The page {page.removeprefix('book/')}"
        assert asked(button) == {"template": FORM, "title": title, "where": f"{ADDRESS}{page}.html", "version": VERSION}
    assert text.count("/issues/new?") == text.count(f"/issues/new?template={FORM}&")


def test_the_link_of_a_figure_follows_its_slider(visits):
    visit = visits()
    visit.tab.set_viewport_size(DESKTOP)
    tab = visit.open("book/intro")
    figure = tab.locator("#fig-intro-paths")
    link = tab.get_by_role("link", name="Report a mistake in Figure 0.1")
    place = f"{ADDRESS}book/intro.html#fig-intro-paths"
    assert asked(link.get_attribute("href"))["where"] == f"{place}?step=0&network=dlgn"
    figure.locator("[data-parameter='0']").press("ArrowRight")
    after = asked(link.get_attribute("href"))
    assert after["where"] == f"{place}?step=5&network=dlgn" and after["title"] == "Figure 0.1 (intro)"
    assert link.evaluate("link => link.parentElement.matches('.dlgn-tools')")
    assert tab.locator(".dlgn-report-figure").count() == 0
    told = tab.evaluate("fetch('../versions.json').then(answer => answer.json())")
    link.focus()  # who reports says of which commit
    commit = told["versions"][0]["commit"]
    assert asked(link.get_attribute("href"))["version"] == (f"{VERSION} ({commit})" if commit else VERSION)
    assert asked(link.get_attribute("href"))["where"] == after["where"]
    assert not visit.wrong


def test_the_sign_of_a_heading_is_quiet_and_large_enough(visits):
    seen = "link => Number(getComputedStyle(link).opacity)"
    visit = visits()
    visit.tab.set_viewport_size(DESKTOP)
    tab = visit.open("book/experts/paths")
    tab.mouse.move(0, 0)
    link = tab.locator(".bd-article h2 .dlgn-report").first
    assert link.evaluate(seen) == 0
    link.locator("xpath=..").hover()
    assert link.evaluate(seen) == 1
    tab.mouse.move(0, 0)
    tab.keyboard.press("Tab")
    assert link.evaluate(seen) == 0
    link.focus()
    assert link.evaluate("link => link.matches(':focus-visible')") and link.evaluate(seen) == 1
    tab.emulate_media(media="print")
    assert tab.locator(".dlgn-report:visible").count() == 0
    tab.emulate_media(media="screen")
    phone = visits(viewport=PHONE, has_touch=True, is_mobile=True)
    tab = phone.open("book/experts/paths")
    for link in (tab.locator(".bd-article h2 .dlgn-report").first, tab.locator(".dlgn-tools a.dlgn-report").first):
        box = link.bounding_box()
        assert box["width"] >= 24 and box["height"] >= 24 and link.evaluate(seen) > 0.5
    assert not visit.wrong and not phone.wrong
