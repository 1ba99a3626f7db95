"""The playground of the built site, as a reader uses it."""

import re

import pytest
from test_browser import DESKTOP, PHONE, Visit, accessible, address, browser  # noqa: F401  (fixtures)

PAGE = "book/playground"
STATUS = "[data-playground] .status"


@pytest.fixture
def visit(browser, address):  # noqa: F811
    opened = []

    def visit(hash="", script=None, **options):
        one = Visit(browser, address, **options)
        opened.append(one)
        if script:
            one.context.add_init_script(script)
        one.open(PAGE, query=hash)
        if options.get("java_script_enabled", True):
            said(one.tab, "Step|address")
        return one

    yield visit
    for one in opened:
        one.context.close()


def said(tab, pattern):
    """Wait for the playground to say something, and return it."""
    tab.wait_for_function(
        f"pattern => new RegExp(pattern).test(document.querySelector('{STATUS}')?.textContent)", arg=pattern
    )
    return tab.locator(STATUS).inner_text()


def step(tab):
    return int(tab.locator("[data-playground] output").inner_text())


def test_it_trains_while_one_looks_and_stops_when_asked(visit):
    one = visit("#seeds=3")
    tab = one.tab
    tab.get_by_role("button", name="Train").press("Enter")
    tab.wait_for_function("() => +document.querySelector('[data-playground] output').textContent > 30")
    tab.get_by_role("button", name="Pause").press("Enter")
    tab.get_by_role("button", name="Train").wait_for()
    tab.evaluate("document.querySelector('[data-playground]').playground.work")
    here = step(tab)
    tab.wait_for_timeout(300)
    assert step(tab) == here
    assert re.search(rf"Step {here}, loss [\d.]+(e−\d+)? \(median of 3 seeds", tab.locator(STATUS).inner_text())
    assert f"step={here}" in tab.url and "seeds=3" in tab.url
    assert not one.wrong


def test_an_address_brings_back_what_was_seen(visit):
    one = visit("#model=frozen+DLGN&width=6&seed=2").tab
    for _ in range(3):
        one.get_by_role("button", name="Ten steps").click()
    words = said(one, "Step 30,")
    other = visit("#" + one.url.partition("#")[2]).tab
    assert said(other, "Step 30,") == words
    assert other.locator("#playground-model").input_value() == "frozen DLGN"


def test_one_can_go_back_to_a_step_and_on_again(visit):
    tab = visit("#width=8&step=60").tab
    words = said(tab, "Step 60,")
    slider = tab.get_by_label("go back to a step")
    slider.fill("25")
    assert said(tab, "Step 25,") != words
    slider.fill("60")
    assert said(tab, "Step 60,") == words  # the same steps as the first time


def test_an_address_without_sense_is_told(visit):
    words = visit("#width=0&model=CNN&colour=red&beta=20").tab.locator(STATUS).inner_text()
    for part in ("width must be from 1 to 256, got 0", "network must be one of DLGN", "no setting colour"):
        assert part in words
    assert "sharpness" not in words


def test_a_teacher_can_hide_controls(visit):
    tab = visit("#task=xor&hide=task,seed,nonsense").tab
    assert not tab.locator("#playground-task, #playground-seed").count() and tab.locator("#playground-width").count()
    assert "hide=task%2Cseed" in tab.url


def test_a_run_that_diverges_says_so(visit):
    tab = visit("#optimizer=sgd&lr=10&init=he").tab
    tab.get_by_role("button", name="Train").click()
    assert re.search(r"diverged at step \d+ with learning rate 10", said(tab, "diverged"))
    assert tab.get_by_role("button", name="Train").is_visible()  # it has stopped


@pytest.mark.parametrize(
    "lacking", ["window.Worker = undefined", "window.Worker = undefined; window.WebAssembly = undefined"]
)
def test_it_works_without_workers_and_without_webassembly(visit, lacking):
    here = said(visit("#width=6&step=5").tab, "Step 5,")
    assert said(visit("#width=6&step=5", script=lacking).tab, "Step 5,") == here  # two digits of the loss


def test_without_javascript_it_says_what_is_missing(visit):
    tab = visit(java_script_enabled=False).tab
    assert tab.get_by_text("It needs JavaScript").is_visible()
    assert tab.locator("ol.dlgn-experiments > li").count() == 12


def test_each_question_sets_the_playground(visit):
    tab = visit().tab
    for link in tab.locator("[data-experiment]").all():
        link.click()
        said(tab, "Step 0,")
        settings = tab.evaluate(
            "async () => { const p = document.querySelector('[data-playground]').playground; await p.work; return p.settings; }"
        )
        for part in filter(None, link.get_attribute("href").lstrip("#").split("&")):
            name, _, value = part.partition("=")
            assert str(settings[name]) == value.replace("+", " ")
        assert tab.evaluate("document.activeElement.textContent") == "▶ Train"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_is_accessible_while_in_use(visit, theme, size):
    one = visit("#step=20&seeds=2", color_scheme=theme)
    said(one.tab, "Step 20,")
    accessible(one.tab, (size,))
    assert not one.wrong
