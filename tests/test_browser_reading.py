"""What a reader does with the text: folds, numbers that tell about themselves, the ledger, exercises answered in the page."""

import ast
import re

import pytest
from browsing import DESKTOP, PHONE, accessible, address, browser, visits  # noqa: F401  (fixtures)
from built_site import NOTEBOOKS, source
from dlgn_site import answers

from dlgn_lib.book import Between
from dlgn_lib.book.exercises import _examples, verdict


def checks(page):
    """Return the self-checks of a page."""
    return [cell.source for cell in source(page).cells if "check" in cell.metadata.get("tags", [])]


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
    box.locator("a").first.hover()  # the pointer may go over to the box
    visit.tab.wait_for_timeout(400)
    assert box.count() == 1 and box.locator("a").first.get_attribute("href") == link.get_attribute("href")
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
    assert box.locator("a").first.evaluate("link => link === document.activeElement")
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
            assert said[-1] == expected or (told_wrong and "is not it. Go through it" in said[-1]), (
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
