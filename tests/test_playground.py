"""The playground of the built site, as a reader uses it."""

import json
import math
import re

import nbformat
import pytest
import torch
from browsing import AXE, AXE_RUN, DESKTOP, PHONE, Visit, accessible, address, browser  # noqa: F401  (fixtures)
from built_site import BRANCH, PAGES, REPOSITORY, ROOT
from dlgn_site.playground import experiments, question

from dlgn_lib import DLGN, ReLUNet, circle, ntk, overlap_kernel, path_activity, train
from dlgn_lib.plots.looks import NETWORKS, ROLES
from dlgn_lib.weights import load_weights, save_weights

PAGE = "book/playground"
STATUS = "[data-playground] .status"


@pytest.fixture
def visit(browser, address):
    opened = []

    def visit(hash="", script=None, page=PAGE, **options):
        one = Visit(browser, address, **options)
        opened.append(one)
        if script:
            one.context.add_init_script(script)
        one.open(page, query=hash)
        if page == PAGE and options.get("java_script_enabled", True):
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
    assert other.locator("[name=model]").input_value() == "frozen DLGN"


def test_one_can_go_back_to_a_step_and_on_again(visit):
    tab = visit("#width=8&step=60").tab
    words = said(tab, "Step 60,")
    slider = tab.get_by_label("go back to a step")
    slider.fill("25")
    assert said(tab, "Step 25,") != words
    slider.fill("60")
    assert said(tab, "Step 60,") == words  # the same steps as the first time


def test_an_address_without_sense_is_told(visit):
    words = visit("#width=0&model=CNN&colour=red&beta=20&step=90000&hide=run").tab.locator(STATUS).inner_text()
    for part in (
        "width must be from 1 to 256, got 0",
        "network must be one of DLGN",
        "no setting colour",
        "up to 20000, got 90000",
        "no setting run to hide",
    ):
        assert part in words
    assert "sharpness" not in words


def test_an_address_brings_back_what_was_chosen(visit):
    one = visit("#width=6&depth=2&step=5").tab
    said(one, "Step 5,")
    one.get_by_label("layer whose half-spaces").select_option(index=2)
    one.get_by_label("unit whose half-space").select_option(index=4)
    for view, sliders in (("pair", {"input A": "70", "input B": "40"}), ("row", {"point that is pushed": "120"})):
        one.locator("details", has=one.locator(f"[data-view={view}]")).last.locator("summary").press("Enter")
        for label, value in sliders.items():
            one.get_by_label(label).fill(value)
    ask(one, "p => p.step")
    hash = one.url.partition("#")[2]
    assert hash == "width=6&depth=2&step=5&layer=2&unit=3&pair=70_40&row=120"
    other = visit("#" + hash).tab
    assert ask(other, "p => p.looks") == {"layer": [2], "unit": [3], "pair": [70, 40], "row": [120]}
    assert other.locator("[data-view=pair]").is_visible() and other.url.endswith(hash)
    other.locator("details", has=other.locator("[data-view=pair]")).last.locator("summary").press("Enter")
    other.wait_for_function("() => !location.hash.includes('pair')")  # nobody looks at it


def test_weights_that_were_typed_are_in_the_address(visit):
    one, fold = fold_of(visit, "book/experts/paths")
    fold.get_by_text("Change weights").press("Enter")
    field = fold.get_by_label("weight of layer 2 from unit 1 to unit 0")
    field.fill("1.525")
    field.press("Enter")
    ten = fold.get_by_role("button", name="Ten steps")
    ten.press("Enter")
    out = ask(one.tab, "p => [...p.out]")
    link = fold.get_by_role("link", name="All settings of this run").get_attribute("href")
    assert "weights=v0w0*1*1*1*-1_v1w0*1*1.525*1*1_v2w0*1*2" in link and "input=0.8_0.4" in link
    other = visit("#" + link.partition("#")[2]).tab
    assert "does not hold" not in said(other, "Step 10,")
    assert ask(other, "p => [...p.out]") == pytest.approx(out, abs=1e-5)
    assert other.url.endswith(link.partition("#")[2])
    other.get_by_role("button", name="All as at first").press("Enter")
    said(other, "Step 0,")
    ask(other, "p => p.step")
    assert "weights" not in other.url


@pytest.mark.parametrize(
    ("hash", "words"),
    [
        ("layer=9", "layer must be a whole number from 1 to 4, got 9"),
        ("unit=2", "unit is one of a layer, and there is none"),
        ("layer=1&unit=64", "unit must be a whole number from 0 to 63, got 64"),
        ("pair=3", "pair must be 2 whole numbers from 0 to 199, got 3"),
        ("row=1.5", "row must be a whole number from 0 to 199, got 1.5"),
        ("input=5_0", "input must be 2 numbers from -1.25 to 1.25, got 5_0"),
        ("weights=many", "weights cannot be read from the address"),
        ("weights=v9w0*1", "the network has no value_layers.9.weight to change"),
        ("weights=v0w127*1*2", "value_layers.0.weight has 128 values, there is no number 128"),
    ],
)
def test_choices_and_weights_without_sense_are_told(visit, hash, words):
    assert words in said(visit(f"#{hash}").tab, "The address was taken without what makes no sense")


def test_a_teacher_can_hide_controls(visit):
    tab = visit("#task=xor&hide=task,seed").tab
    assert not tab.locator("[name=task], [name=seed]").count() and tab.locator("[name=width]").count()
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
    tab = visit("#width=6&step=5", script=lacking).tab
    missing = " WebAssembly is missing here; plain JavaScript trains about ten times as slowly."
    assert said(tab, "Step 5,") == here + (missing if "WebAssembly" in lacking else "")  # two digits of the loss
    tab.get_by_role("button", name="Train").click()
    tab.wait_for_function("() => document.querySelector('[data-playground] output').textContent !== 'step 5'")
    tab.get_by_role("button", name="Pause").click()  # the page answers while its own thread trains
    said(tab, r"Step \d+,")


def test_a_long_walk_shows_where_it_is_and_can_be_stopped(visit):
    tab = visit("#seeds=20&width=128").tab
    tab.evaluate("location.hash = '#seeds=20&width=128&step=20000'")
    at = "document.querySelector('[data-playground]').playground.step"
    tab.wait_for_function(f"() => {at} > 5 && {at} < 20000")
    tab.get_by_role("button", name="Back to step 0").click()
    said(tab, "Step 0,")


def test_a_place_on_the_page_is_no_address_of_a_run(visit):
    tab = visit("#width=6").tab
    said(tab, "Step 0,")
    tab.evaluate("location.hash = '#what-it-cannot-do'")
    tab.wait_for_timeout(300)
    assert tab.locator("[name=width]").input_value() == "6" and "no setting" not in tab.locator(STATUS).inner_text()


CHANGES = """place => new Promise(done => {
  let changes = 0;
  new MutationObserver(() => { changes += 1; }).observe(document.querySelector(place), { childList: true, subtree: true });
  setTimeout(() => done(changes), 2500);
})"""


def test_with_reduced_motion_it_draws_a_picture_a_second_and_speaks_seldom(visit):
    tab = visit("#width=128", reduced_motion="reduce").tab
    tab.get_by_role("button", name="Train").click()
    assert 1 <= tab.evaluate(CHANGES, STATUS) <= 3
    tab.emulate_media(reduced_motion="no-preference")
    assert tab.evaluate(CHANGES, "[data-playground] [role=status]") <= 2
    tab.get_by_role("button", name="Pause").click()
    tab.wait_for_function("() => document.querySelector('[data-playground] .run button').textContent.includes('Train')")
    settled(tab)
    assert tab.locator("[data-playground] [role=status]").inner_text() == tab.locator(STATUS).inner_text()


def test_the_runs_so_far_are_links(visit):
    tab = visit("#width=6&step=3").tab
    said(tab, "Step 3,")
    tab.evaluate("location.hash = '#width=5'")
    said(tab, "Step 0,")
    link = tab.locator("[data-playground] td a")
    assert link.get_attribute("href", timeout=9000) == "#width=6&step=3"


def test_every_question_is_linked_from_a_page():
    texts = [file.read_text(encoding="utf-8") for file in (ROOT / "book").glob("*/*.md") if file.stem != "teaching"]
    linked = {int(number) for text in texts for number in re.findall(r"\{question\}`(\d+)`", text)}
    assert linked == set(range(1, len(experiments(ROOT)) + 1))
    with pytest.raises(ValueError, match="from 1 to 12, got '13'"):
        question(ROOT, "13")


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


def settled(tab):
    """Wait until the playground has done what it was asked for; return its settings, and the outputs at its points."""
    return tab.evaluate(
        """async () => {
          const p = document.querySelector('[data-playground]').playground;
          await p.work;
          return {...p.settings, out: [...p.out], count: p.data.y.length};
        }"""
    )


def test_the_scale_of_the_output_divides_the_target(visit):
    """The net learns y/α; what is drawn and told is α ŷ against y."""
    one = visit("#width=6&depth=2&model=ReLU&lr=0.01&alpha=5&step=40")
    said(one.tab, "Step 40,")
    lines = one.tab.locator("[data-playground] pre").text_content()
    assert "x, y / 5, steps=40" in lines and "5**2 * run.losses[-1]" in lines
    made = {}
    exec(lines, made)  # the lines that it offers
    net, x, y = (made[name] for name in ("net", "x", "y"))
    loss = (5 * net(x) - y).square().mean().item()
    run = "document.querySelector('[data-playground]').playground"
    assert one.tab.evaluate(f"{run}.losses[0][40]") == pytest.approx(loss, rel=1e-3)
    out = one.tab.evaluate(f"Array.from({run}.out)")
    assert out == pytest.approx((5 * net(x)).flatten().tolist(), abs=1e-2)
    assert not one.wrong


def test_one_can_train_on_points_of_one_s_own(visit):
    one = visit("#task=points&width=8")
    tab, plane = one.tab, one.tab.locator("[data-view=field]")
    before = settled(tab)
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    tab.mouse.click(box["x"] + 0.2 * box["width"], box["y"] + 0.3 * box["height"])
    clicked = settled(tab)
    assert clicked["count"] == before["count"] + 1
    plane.focus()
    for key in ["ArrowRight", "ArrowUp", "Enter"]:
        tab.keyboard.press(key)
    assert settled(tab)["count"] == before["count"] + 2
    tab.keyboard.press("Delete")  # the nearest is the one just added
    again = settled(tab)
    assert again["points"] == clicked["points"]
    assert settled(visit("#" + tab.url.partition("#")[2]).tab)["points"] == clicked["points"]
    assert not one.wrong


def test_one_can_draw_a_target_on_the_circle(visit):
    one = visit("#task=drawn&width=8")
    tab, chart = one.tab, one.tab.locator("[data-view=angle]")
    before = settled(tab)["curve"]
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    tab.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    tab.mouse.down()
    tab.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.2 * box["height"], steps=4)
    tab.mouse.up()
    drawn = settled(tab)["curve"]
    assert (
        8 < sum(a != b for a, b in zip(before, drawn, strict=True)) < 30
    )  # the stroke went over a third of the circle
    chart.focus()
    tab.keyboard.press("ArrowUp")
    said(tab, "Angle 4°|Step 0")
    assert sum(a != b for a, b in zip(drawn, settled(tab)["curve"], strict=True)) == 1
    assert not one.wrong


@pytest.mark.parametrize("kind", ["json", "safetensors"])
def test_weights_go_to_python_and_back(visit, tmp_path, kind):
    one = visit("#model=ReLU&bias=yes&width=6&depth=2&step=30")
    tab = one.tab
    said(tab, "Step 30,")
    tab.get_by_text("Weights, and a frame for another page").click()
    with tab.expect_download() as download:
        tab.get_by_role("button", name=f"Weights as {kind}").click()
    path = tmp_path / f"weights.{kind}"
    download.value.save_as(path)
    net, settings = load_weights(path)
    assert isinstance(net, ReLUNet) and settings["width"] == 6
    x, _ = circle(200)
    assert net(x).flatten().tolist() == pytest.approx(settled(tab)["out"], abs=1e-5)
    with torch.no_grad():
        net.value_layers[-1].weight.mul_(-1)
        net.value_layers[-1].bias.mul_(-1)
    save_weights(net, path, task="circle")
    tab.get_by_label("Weights from a file").set_input_files(path)
    said(tab, f"Weights of weights.{kind} taken as step 0")
    assert settled(tab)["out"] == pytest.approx(net(x).flatten().tolist(), abs=1e-5)
    assert not one.wrong


#: every member, with what changes its cell: biases, hard gates, a task that the library has not, points of one's own
CELLS = [
    "step=40&width=8&depth=2&seeds=2",
    "step=20&model=frozen+DLGN&width=6&depth=2&task=spiral&bias=yes",
    "step=20&model=shallow+DLGN&width=5&depth=3&hard=hard",
    "step=20&model=ReLU&width=6&depth=2&bias=yes&optimizer=sgd&task=points&alpha=0.5",
    "step=20&model=GaLU&width=6&depth=2&hard=hard&bias=yes&task=moons",
    "step=20&model=deep+linear&width=6&depth=2&bias=yes&task=drawn",
]


def ran(cell):
    """Run a cell; return what it has made."""
    made = {}
    exec(cell, made)
    return made


@pytest.mark.parametrize("settings", CELLS)
def test_a_cell_goes_on_in_python(visit, capsys, settings):
    one = visit(f"#{settings}")
    tab = one.tab
    one.context.grant_permissions(["clipboard-read", "clipboard-write"])
    said(tab, "Step [1-9]")
    fold = tab.locator("details:has(> summary:text('Go on in Python'))")
    fold.locator("summary").click()
    fold.get_by_role("button", name="Copy the cell").click()
    said(tab, "Cell copied")
    cell = tab.evaluate("navigator.clipboard.readText()")
    start, end = re.split(r"(?<=vector_to_parameters).*?….*", fold.locator("pre").text_content(), maxsplit=1)
    assert cell.endswith(end) and cell.splitlines()[0] == start.splitlines()[0]  # what is seen, but for long numbers
    assert f'%pip install -q --no-deps "git+{REPOSITORY}@{BRANCH}"' in cell

    made = ran(re.sub("^run = .*|^print.*500.*", "", cell, flags=re.MULTILINE))  # as far as the net of the playground
    net, seen = made["net"], settled(tab)
    assert (seen["alpha"] * net(made["x"])).flatten().tolist() == pytest.approx(seen["out"], abs=1e-4)
    told = float(re.search(r"# (\S+) in the playground", cell)[1].replace("−", "-"))
    assert float(capsys.readouterr().out.split()[1]) == pytest.approx(told, rel=0.05)
    assert all(p.requires_grad for p in net.parameters()) == ("frozen" not in settings)

    with tab.expect_download() as download:
        fold.get_by_role("button", name="Save as a notebook").click()
    notebook = nbformat.read(download.value.path(), as_version=4)
    nbformat.validate(notebook)
    setup, same = notebook.cells
    assert f'%pip install -q --no-deps "git+{REPOSITORY}@{BRANCH}"' in setup.source and same.source == cell.rstrip()
    assert not one.wrong


def test_the_steps_of_the_cell_are_those_of_the_playground(visit, capsys):
    """Gradient descent has no memory: with the weights of step 40 the cell takes the same steps as the playground."""
    one = visit("#step=40&width=8&depth=2&optimizer=sgd&lr=0.01&high=2")
    one.context.grant_permissions(["clipboard-read", "clipboard-write"])
    said(one.tab, "Step 40")
    one.tab.locator("summary", has_text="Go on in Python").click()
    one.tab.get_by_role("button", name="Copy the cell").click()
    said(one.tab, "Cell copied")
    made = ran(one.tab.evaluate("navigator.clipboard.readText()").replace("steps=500", "steps=50"))
    later = visit("#step=90&width=8&depth=2&optimizer=sgd&lr=0.01&high=2").tab
    said(later, "Step 90")
    assert made["net"](made["x"]).flatten().tolist() == pytest.approx(settled(later)["out"], abs=1e-3)
    assert "after 500 more steps" in capsys.readouterr().out


def test_a_net_too_wide_for_a_cell_comes_from_a_file(visit, tmp_path, monkeypatch):
    one = visit("#step=3&width=128")
    one.context.grant_permissions(["clipboard-read", "clipboard-write"])
    said(one.tab, "Step 3,")
    one.tab.locator("summary", has_text="Go on in Python").click()
    one.tab.get_by_role("button", name="Copy the cell").click()
    said(one.tab, "Cell copied")
    cell = one.tab.evaluate("navigator.clipboard.readText()")
    assert len(cell) < 2000
    one.tab.get_by_text("Weights, and a frame for another page").click()
    with one.tab.expect_download() as download:
        one.tab.get_by_role("button", name="Weights as json").click()
    download.value.save_as(tmp_path / "weights.json")
    monkeypatch.chdir(tmp_path)
    made = ran(re.sub("^run = .*|^print.*500.*", "", cell, flags=re.MULTILINE))
    assert made["net"](made["x"]).flatten().tolist() == pytest.approx(settled(one.tab)["out"], abs=1e-4)


def test_a_file_that_does_not_fit_is_refused_and_the_net_stays(visit, tmp_path):
    tab = visit("#width=6&depth=2&step=10").tab
    said(tab, "Step 10,")
    path = tmp_path / "weights.json"
    path.write_text("{}", encoding="utf-8")
    tab.get_by_label("Weights from a file").set_input_files(path)
    said(tab, "weights.json is no file of weights of this playground")
    save_weights(DLGN(2, 5, 2), path)
    text = path.read_text(encoding="utf-8").replace('"width": 5', '"width": 6')
    path.write_text(text, encoding="utf-8")
    tab.get_by_label("Weights from a file").set_input_files(path)
    said(tab, r"value_layers.0.weight must have the shape 6 × 2, got 5 × 2")
    assert settled(tab)["width"] == 6


def test_kernels_and_directions_are_seen_when_their_folds_open(visit):
    one = visit("#width=8&depth=2&step=5")
    said(one.tab, "Step 5,")
    for name in ("ring", "directions", "pull", "tiles", "features", "overlap", "tangent"):
        view = one.tab.locator(f"[data-view={name}]")
        assert not view.is_visible()
        view.locator("xpath=ancestor::details").locator("summary").first.click()
        settled(one.tab)
        assert "step 5" in view.get_attribute("aria-label")
    painted = "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, 384, 384).data).size"
    assert one.tab.locator("[data-view=overlap]").evaluate(painted) > 20
    assert one.tab.locator("[data-view=directions] .spokes").count() == 2
    regions = one.tab.locator("[data-view=tiles] polygon").count()
    assert regions >= 16  # two for each of at least eight lines through the origin
    assert f"{regions} regions" in one.tab.locator("[data-view=tiles]").inner_text()
    assert 1 < one.tab.locator("[data-view=features] .bar").count() <= 8
    accessible(one.tab)
    assert not one.wrong


def test_every_map_has_a_table(visit):
    """Of at most twelve rows and columns, made when it is opened, and again after a step."""
    one = visit("#width=8&depth=2&step=5")
    tab = one.tab
    said(tab, "Step 5,")
    net, (x, y) = DLGN(2, 8, 2, generator=torch.Generator().manual_seed(0)), circle(200, low=1, high=16)
    train(net, x, y, steps=5, lr=2e-3)

    def numbers(name):
        """Open the table of a map; return its heads, and its rows."""
        figure = tab.locator("figure", has=tab.locator(f"[data-view={name}]"))
        if not figure.is_visible():
            figure.locator("xpath=ancestor::details").locator("summary").first.press("Enter")
        assert not figure.locator("td").count()
        figure.get_by_text("As a table").press("Enter")
        ask(tab, "p => p.step")
        assert "At step 5" in figure.locator("p").inner_text()
        lines = [row.replace("−", "-").split("\t") for row in figure.locator("tr").all_inner_texts()]
        return lines[0][1:], [row[0] for row in lines[1:]], [[float(v) for v in row[1:]] for row in lines[1:]]

    middles = 1.25 * (2 * (torch.arange(48) + 0.5) / 48 - 1)
    plane = (
        torch.cartesian_prod(middles.flip(0), middles).flip(1).to(next(net.parameters()).dtype)
    )  # from above, as it is read
    with torch.no_grad():
        active = path_activity(net, plane, hard=True)
        for name, ours in (("field", net(plane)), ("activity", active / active.max())):
            across, down, found = numbers(name)
            assert across == [f"{v:.2f}" for v in middles[2::4].tolist()] and down == across[::-1]
            assert torch.allclose(torch.tensor(found), ours.reshape(48, 48)[1::4, 2::4].float(), atol=0.01)
        for name, kernel in (("overlap", overlap_kernel(net, x, hard=True)), ("tangent", ntk(net, x))):
            across, down, found = numbers(name)
            assert across == down and across[:2] == ["19°", "55°"] and len(across) == 10
            assert torch.allclose(torch.tensor(found), kernel[10::20, 10::20].float() / kernel.max(), atol=0.006)
    usable(tab, "[data-playground] figure")
    tables = tab.locator("[data-view=field] ~ details .table")
    assert tables.evaluate("box => box.scrollWidth > box.clientWidth")  # scrolls on a phone
    tab.get_by_role("button", name="One step").press("Enter")
    said(tab, "Step 6,")
    ask(tab, "p => p.step")
    assert tab.get_by_text("At step 6: 12 × 12 places").count() == 2
    assert not one.wrong


def test_the_output_of_a_small_net_is_written_out_path_by_path(visit):
    tab = visit("#model=ReLU&width=3&depth=2&seed=1&low=1&high=2").tab
    fold = tab.locator("details:has(.sum)")
    fold.locator("summary").first.click()
    rows = fold.locator("tbody tr")
    tab.wait_for_function("() => document.querySelectorAll('.sum tbody tr').length === 9")

    def total():
        words = fold.locator(".sum > p").last.inner_text().replace("−", "-")
        return words, [float(value) for value in re.findall(r"(?:to|is) (-?[\d.]+\d)", words)]

    words, (added, out) = total()
    assert added == out and "9 ticked of 9" in words
    parts = [float(text.replace("−", "-")) for text in rows.locator("td:last-child").all_inner_texts()]
    assert sum(parts) == pytest.approx(out, abs=0.05)
    largest = max(range(9), key=lambda row: abs(parts[row]))
    rows.nth(largest).locator("input").press(" ")
    words, (added, same) = total()
    assert same == out and added == pytest.approx(out - parts[largest], abs=0.011) and "8 ticked" in words
    assert words in said(tab, "8 ticked").replace("−", "-")  # told to a screen reader, too
    canvas = tab.locator("canvas[data-view=field]")
    canvas.click(position={"x": 20, "y": 30})
    tab.wait_for_function(
        "before => !document.querySelector('.sum > p:last-of-type').textContent.includes(before)", arg=words[:16]
    )
    x, y = map(float, re.findall(r"\((-?[\d.]+), (-?[\d.]+)\)", total()[0])[0])
    assert x < -1 and y > 0.9
    fold.locator("input[type=range]").first.press("Home")
    tab.wait_for_function("() => document.querySelector('.sum > p:last-of-type').textContent.includes('(−1.25')")
    tab.locator("[data-playground] input[name=width]").fill("64")
    tab.locator("[data-playground] input[name=width]").press("Enter")
    tab.wait_for_function("() => document.querySelector('details:has(.sum)').hidden")  # too many to list


def test_two_inputs_share_the_paths_that_the_overlap_kernel_counts(visit):
    one = visit("#width=6&depth=3&step=20")
    said(one.tab, "Step 20,")
    fold = one.tab.locator("details", has=one.tab.locator("[data-view=pair]")).last
    fold.locator("summary").press("Enter")
    for name, point in (("input A", 30), ("input B", 55)):
        fold.get_by_label(name).evaluate(
            "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }", point
        )
    settled(one.tab)
    told = fold.locator(".pair p").last.inner_text()
    lines = one.tab.locator("[data-playground] pre").first.text_content()
    made = {}
    exec(lines, made)  # the same net in Python
    net, x = made["net"], made["x"]
    gates = torch.stack(net.gates(x[[30, 55]])) >= 0.5  # (layers, 2, units)
    both = gates.all(dim=1).sum(dim=1).tolist()
    assert " · ".join(map(str, both)) + f" = {math.prod(both)} shared paths" in told
    assert float(overlap_kernel(net, x, hard=True)[30, 55]) == math.prod(both)
    assert fold.locator("rect.both").count() == sum(both)
    accessible(one.tab)
    assert not one.wrong


def test_a_change_while_it_trains_does_not_list_the_paths_of_the_net_before(visit):
    """A wide net has millions of paths, and is still there when the form already says a narrow one."""
    listed = visit().tab.evaluate("""async () => {
      const { playground } = document.querySelector('[data-playground]'), listed = [];
      const { fold, panel } = playground.views.find(view => view.name === 'paths'), update = panel.update.bind(panel);
      fold.open = true;
      panel.update = seen => {
        listed.push(seen.inside.gates.reduce((paths, gates) => paths * gates.length, 1));
        if (listed.at(-1) < 100) update(seen);
      };
      playground.run();
      while (playground.step < 3) await new Promise(requestAnimationFrame);
      playground.change({ ...playground.settings, width: 2, depth: 2 });
      await playground.work;
      return listed;
    }""")
    assert set(listed) == {4}


def test_a_frame_of_another_page_holds_the_playground_alone(visit, address):
    one = visit("#task=xor&width=6&hide=task,seed")
    one.context.grant_permissions(["clipboard-read", "clipboard-write"])
    one.tab.get_by_text("Weights, and a frame for another page").click()
    one.tab.get_by_role("button", name="Copy frame").click()
    said(one.tab, "Frame copied")
    frame = one.tab.evaluate("navigator.clipboard.readText()")
    source = re.search(r'src="([^"]+)"', frame)[1]
    assert source.startswith(f"{address}/_static/live/embed.html#task=xor") and "title=" in frame
    one.tab.goto(source)
    said(one.tab, "Step 0,")
    assert not one.tab.locator("[name=task]").count() and settled(one.tab)["width"] == 6
    accessible(one.tab)
    assert not one.wrong


LIVE = [page for page in PAGES if "```{live}" in (ROOT / f"{page}.md").read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", LIVE)
def test_a_figure_s_net_trains_below_the_figure(visit, page):
    one = visit(page=page)
    for fold in one.tab.locator("details.dlgn-live").all():
        assert not fold.locator("canvas, form").count()  # nothing runs before it is asked for
        fold.locator("summary").first.press("Enter")
        fold.get_by_role("button", name="Ten steps").click()
        started = re.search(r"step=(\d+)", fold.locator("[data-playground]").get_attribute("data-address"))
        step = 10 + int(started[1] if started else 0)
        fold.locator(f"output:text-is('{step}')").wait_for()
        link = fold.get_by_role("link", name="All settings of this run")
        assert f"step={step}" in link.get_attribute("href") and "hide" not in link.get_attribute("href")
        fold.locator("summary").first.press("Enter")
    assert not one.wrong


def test_a_net_races_the_formula_below_the_figure(visit):
    one = visit(page="book/neighbours/race")
    fold = one.tab.locator("details.dlgn-live")
    told = fold.locator(".status")
    fold.locator("summary").first.press("Enter")
    fold.get_by_text("Step 0 of").wait_for()
    assert "loss of the net 96.0, of the formula 96.0" in told.inner_text()
    fold.get_by_label("contexts").fill("9")
    fold.get_by_label("contexts").press("Enter")
    fold.get_by_text("contexts must be from 2 to 6.").wait_for()
    fold.get_by_label("contexts").fill("2")
    fold.get_by_label("units").fill("40")
    fold.get_by_label("initial weights").fill("-2.5")
    fold.get_by_label("initial weights").press("Enter")
    fold.get_by_text("loss of the net 64.0, of the formula 64.0").wait_for()  # 32 a context
    fold.get_by_role("button", name="Train").press("Enter")
    one.tab.wait_for_function(
        "() => { const { step, last } = document.querySelector('[data-race]').race; return step === last; }"
    )
    assert re.search(r"loss of the net [0-2]\.\d, of the formula [0-2]\.\d", told.inner_text())
    fold.get_by_text("The stages in a table").press("Enter")
    stages = fold.locator("tbody tr").all_inner_texts()
    assert len(stages) == 8 and stages[0].startswith("mean")
    accessible(one.tab)
    fold.get_by_role("button", name="Back to step 0").press("Enter")
    fold.get_by_text("Step 0 of").wait_for()
    fold.locator("summary").first.press("Enter")
    assert not one.wrong


def ask(tab, get):
    """Return what `get`, a function of the playground in the open fold or on the page, gives once all that was asked for is done."""
    return tab.evaluate(f"""async () => {{
      const place = document.querySelector('details.dlgn-live[open] [data-playground], [data-playground]:not(details *)');
      while (!place.playground) await new Promise(requestAnimationFrame);
      const {{ playground }} = place;
      for (let work; work !== playground.work;) await (work = playground.work);
      return ({get})(playground);
    }}""")


PLANES = "p => p.lines.planes.map(({normals, offsets}) => [Array.from(normals), Array.from(offsets)])"


def fold_of(visit, page, number=0):
    """Open a fold with a live network of a page; return the visit, and the fold."""
    one = visit(page=page)
    fold = one.tab.locator("details.dlgn-live").nth(number)
    fold.locator("summary").first.press("Enter")
    ask(one.tab, "p => p.step")
    return one, fold


def usable(tab, part="details.dlgn-live[open]"):
    """Check a part, at first the open fold, with axe, and that it makes no page wider than a phone."""
    tab.evaluate(AXE)
    found = tab.evaluate(AXE_RUN.replace("axe.run(", f"axe.run('{part}', "))["violations"]
    assert not [(v["id"], [n["target"] for n in v["nodes"]]) for v in found]
    tab.set_viewport_size(PHONE)
    assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def cut_off(one):
    """Take the network away, and what a browser keeps of it."""
    session = one.context.new_cdp_session(one.tab)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    one.context.set_offline(True)
    assert one.tab.evaluate("fetch(location.href, { cache: 'no-store' }).then(() => false, () => true)")


def test_the_playground_works_after_the_network_is_gone(visit):
    one = visit("#width=6&depth=2")
    tab = one.tab
    said(tab, "Step 0,")
    cut_off(one)
    tab.get_by_role("button", name="Ten steps").press("Enter")
    said(tab, "Step 10,")
    change(tab, model="ReLU", seeds=3, task="xor")
    tab.get_by_role("button", name="Ten steps").press("Enter")
    assert "median of 3 seeds" in said(tab, "Step 10,")
    for name in ("tangent", "overlap"):
        tab.locator("details", has=tab.locator(f"[data-view={name}]")).last.locator("summary").first.press("Enter")
        ask(tab, "p => p.step")
        assert "step 10" in tab.locator(f"[data-view={name}]").get_attribute("aria-label")


def test_folds_of_a_page_open_after_the_network_is_gone(visit):
    one, first = fold_of(visit, "book/experts/gating")
    cut_off(one)
    first.locator("summary").first.press("Enter")
    second = one.tab.locator("details.dlgn-live").nth(1)
    second.locator("summary").first.press("Enter")
    second.get_by_role("button", name="Ten steps").press("Enter")
    second.locator("output:text-is('10')").wait_for()
    change(one.tab, model="frozen DLGN")
    assert ask(one.tab, "p => [p.step, p.made.model]") == [0, "frozen DLGN"]


def change(tab, **settings):
    """Set the playground as its form does."""
    return ask(tab, f"p => p.change({{...p.settings, ...{json.dumps(settings)}}})")


def on_map(fold, x, y, name="field", reach=1.25):
    """Return where a place of the plane is on the screen."""
    canvas = fold.locator(f"canvas[data-view={name}]")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    return box["x"] + box["width"] * (x / reach + 1) / 2, box["y"] + box["height"] * (1 - y / reach) / 2


def test_half_spaces_turn_under_pointer_and_keys_in_every_layer(visit):
    one, fold = fold_of(visit, "book/experts/gating", number=1)
    tab = one.tab
    assert fold.get_by_label("layer whose half-spaces").input_value() == "2"  # the last of three
    canvas = fold.locator("canvas[data-view=field]")
    for layer in (0, 2):
        fold.get_by_label("layer whose half-spaces").select_option(index=layer + 1)
        fold.get_by_label("unit whose half-space").select_option(index=4)
        before = ask(tab, PLANES)

        def unit(planes, layer=layer, i=3):
            return torch.tensor([*planes[layer][0][2 * i : 2 * i + 2], planes[layer][1][i]])

        canvas.focus()
        tab.keyboard.press("ArrowLeft")
        turned = ask(tab, PLANES)
        old, new = unit(before), unit(turned)
        assert new[:2].norm() == pytest.approx(old[:2].norm().item(), rel=1e-3)
        cosine = old[:2] @ new[:2] / old[:2].norm() ** 2
        assert math.degrees(math.acos(cosine)) == pytest.approx(5, abs=0.1)
        tab.keyboard.press("ArrowUp")
        shifted = unit(ask(tab, PLANES))
        assert (new[2] - shifted[2]) / new[:2].norm() == pytest.approx(0.05, abs=1e-3)
        others = [n for n in range(layer + 1) for i in range(8) if (n, i) != (layer, 3)]
        for n in others:
            same = [unit(planes, n, i) for planes in (before, turned) for i in (0, 7)]
            assert torch.allclose(torch.stack(same[:2]), torch.stack(same[2:]), atol=1e-5)
    normal, offset = shifted[:2], shifted[2]
    foot, along = -offset * normal / normal.norm() ** 2, torch.tensor([-normal[1], normal[0]]) / normal.norm()
    ends = foot + torch.linspace(-1.2, 1.2, 25)[:, None] * along
    start = next(p for p in ends if p.abs().max() < 1.1 and (p - ends[12]).norm() > 0.4)
    target = (start + 0.3 * normal / normal.norm()).clamp(-1.2, 1.2)
    tab.mouse.move(*on_map(fold, *start.tolist()))
    tab.mouse.down()
    tab.mouse.move(*on_map(fold, *target.tolist()), steps=4)
    tab.mouse.up()
    planes = ask(tab, PLANES)
    dragged = ask(tab, "p => p.lines.unit")
    seen = foot + torch.linspace(-4, 4, 8001)[:, None] * along
    seen = seen[seen.abs().amax(dim=1) <= 1.25]
    pivot = (seen[0] + seen[-1]) / 2  # the middle of what is seen of the line stays where it is
    normals, offsets = torch.tensor(planes[2][0]).reshape(-1, 2), torch.tensor(planes[2][1])
    for point in (target, pivot):
        assert (normals[dragged] @ point + offsets[dragged]).abs() < 0.02 * normals[dragged].norm()
    assert "does not hold" not in fold.locator(".status").inner_text()  # two units of the third layer, one of the first
    link = fold.get_by_role("link", name="All settings of this run").get_attribute("href")
    assert f"layer=3&unit={dragged}" in link and len(link) < 700
    there = visit("#" + link.partition("#")[2]).tab
    for (normals, offsets), (kept, shifted) in zip(planes, ask(there, PLANES), strict=True):
        assert normals == pytest.approx(kept, rel=2e-3, abs=2e-3) and offsets == pytest.approx(shifted, abs=2e-3)
    fold.get_by_label("sharpness of the gates, β, as a slider").press("ArrowRight")
    assert ask(tab, "p => [p.settings.beta > 10, p.lines.at, p.lines.unit]") == [True, 2, dragged]
    usable(tab)
    assert not one.wrong


def test_one_set_of_weights_serves_every_model(visit):
    one, fold = fold_of(visit, "book/experts/gating")
    tab = one.tab
    net = DLGN(2, 8, 3, init="he", bias=True, generator=torch.Generator().manual_seed(3))  # the figure's
    ours = [[normals.flatten().tolist(), offsets.tolist()] for normals, offsets in net.half_spaces()]
    for turned in (False, True):
        if turned:
            change(tab, model="DLGN")
            fold.get_by_label("unit whose half-space").select_option(index=2)
            fold.locator("canvas[data-view=field]").focus()
            tab.keyboard.press("ArrowLeft")
            ours = ask(tab, PLANES)
        for model in ("DLGN", "shallow DLGN", "GaLU", "ReLU", "frozen DLGN", "deep linear"):
            change(tab, model=model)
            theirs = ask(tab, PLANES)
            assert len(theirs) == (0 if model == "deep linear" else 3 if "DLGN" in model else 1)
            for a, b in zip(theirs, ours, strict=False):
                assert a[0] == pytest.approx(b[0], abs=1e-5) and a[1] == pytest.approx(b[1], abs=1e-5)
    change(tab, model="ReLU", share="own")
    assert ask(tab, PLANES)[0][0] != pytest.approx(ours[0][0], abs=1e-2)
    assert not one.wrong


def test_the_small_net_is_the_figure_s_and_its_weights_can_be_typed(visit):
    one, fold = fold_of(visit, "book/experts/paths")
    tab = one.tab
    weights = [[[1, 1], [1, -1]], [[1, -2], [1, 1]], [[1, 2]]]

    def agrees(x):
        net = ReLUNet.from_weights(weights)
        out = float(net(torch.tensor([x], dtype=next(net.parameters()).dtype)).detach())
        words = fold.locator(".sum > p").last.inner_text().replace("−", "-")
        assert f"the output is {out:.2f}" in words and f"add up to {out:.2f}" in words

    ask(tab, "p => p.step")
    agrees([0.8, 0.4])
    fold.get_by_text("Change weights").press("Enter")
    field = fold.get_by_label("weight of layer 2 from unit 1 to unit 0")
    field.fill("1.5")
    field.press("Enter")
    ask(tab, "p => p.step")
    weights[1][0][1] = 1.5
    agrees([0.8, 0.4])
    tab.mouse.move(*on_map(fold, 0.2, 0.2))
    tab.mouse.down()
    tab.mouse.move(*on_map(fold, -0.5, 0.75), steps=3)
    tab.mouse.up()
    x = ask(tab, "p => p.views.find(({name}) => name === 'paths').panel.input")
    assert x == pytest.approx([-0.5, 0.75], abs=0.02)
    agrees(x)
    assert fold.locator("text.weight").all_text_contents().count("1.50") == 1
    usable(tab)
    assert not one.wrong


def test_clicks_on_the_maps_choose_pair_and_row(visit):
    one, fold = fold_of(visit, "book/kernels/overlap")
    tab = one.tab
    canvas = fold.locator("canvas[data-view=overlap]")
    side = canvas.bounding_box()["width"]
    canvas.click(position={"x": side * 40.5 / 200, "y": side * 70.5 / 200})
    pair = "p => p.views.find(({name}) => name === 'pair').panel.pair"
    assert ask(tab, pair) == [70, 40]
    for k, angle in enumerate((25.5, 125.5)):
        turn = math.radians(1.8 * angle)
        tab.mouse.click(*on_map(fold, math.cos(turn), math.sin(turn)))
        assert ask(tab, pair)[k] == int(angle)
    assert not one.wrong


def test_the_row_of_the_tangent_kernel_is_the_library_s(visit):
    one, fold = fold_of(visit, "book/kernels/tangent")
    tab = one.tab
    canvas = fold.locator("canvas[data-view=tangent]")
    canvas.click(position={"x": 9, "y": canvas.bounding_box()["height"] * 120.5 / 200})
    step, at = ask(tab, "p => [p.step, p.views.find(({name}) => name === 'row').panel.point]")
    assert step == 20 and abs(at - 120) <= 1  # a point is one and a half pixels
    assert f"{round(1.8 * (at + 0.5))}°" in fold.locator(".row").inner_text()
    row = ask(
        tab,
        f"""async p => {{
          const {{ row }} = await p.trainer.call('look', {{ row: {at} }});
          return [row.full, row.expert, row.gate].map(part => Array.from(part));
        }}""",
    )
    x, y = circle()
    net = DLGN(2, 64, 4, generator=torch.Generator().manual_seed(10))
    train(net, x, y, steps=20, lr=2e-3)
    for theirs, part in zip(row, ("full", "expert", "gate"), strict=True):
        ours = ntk(net, x, part=part)[at]
        assert (torch.tensor(theirs) - ours).norm() < 0.01 * ours.norm()
    assert fold.locator(".row svg path.part").count() == 2
    assert not one.wrong


def test_each_run_leaves_a_point_of_its_frequency_and_share(visit):
    one, fold = fold_of(visit, "book/learning/controls")
    tab = one.tab
    field = fold.locator("[name=high]")
    assert fold.locator("circle.run").count() == 1
    field.fill("2.5")
    field.press("Enter")
    for _ in range(2):
        fold.get_by_role("button", name="Ten steps").press("Enter")
    ask(tab, "p => p.step")
    points = fold.locator("circle.run title").evaluate_all("all => all.map(one => one.textContent)")
    assert len(points) == 2 and "frequency 5, step 10" in points[0] and "frequency 2.5, step 20" in points[1]
    x, y = circle(high=2.5)
    net = DLGN(2, 64, 4, generator=torch.Generator().manual_seed(0))
    train(net, x, y, steps=20, lr=2e-3)
    activity = path_activity(net, x, hard=True)
    share = 100 * float(activity[:100].sum() / activity.sum())
    assert share == pytest.approx(int(re.search(r"(\d+) %$", points[1])[1]), abs=1.5)
    told = re.search(r"(\d+) % of path activity on the slow half", fold.locator(".status").inner_text())
    assert float(told[1]) == pytest.approx(share, abs=1.5)
    assert "high=2.5" in ask(tab, "p => p.hash")
    assert not one.wrong


def test_the_initial_weights_can_be_scaled(visit):
    one = visit("#width=6&depth=2&scale=0.5&bias=yes&step=5&high=2.5")
    said(one.tab, "Step 5,")
    lines = one.tab.locator("[data-playground] pre").first.text_content()
    assert "parameter *= 0.5" in lines and "high=2.5" in lines
    made = {}
    exec(lines, made)  # the same net in Python
    seen = settled(one.tab)
    assert seen["scale"] == 0.5
    assert made["net"](made["x"]).flatten().tolist() == pytest.approx(seen["out"], abs=1e-5)


def test_more_seeds_join_the_first_one_by_one(visit):
    """Nets that come later are those of a run of all seeds, and go on and back with the others."""
    one = visit("#width=6&depth=2&step=12")
    tab = one.tab
    losses = "p => p.losses.map(run => run[p.step])"
    first = ask(tab, losses)
    band = tab.locator("[data-view=angle] .band")
    assert not band.count()
    tab.get_by_role("button", name="10 seeds, one by one").press("Enter")
    tab.wait_for_function("() => document.querySelector('[data-playground]').playground.made.seeds === 10")
    joined = ask(tab, losses)
    assert joined[0] == first[0] and len(joined) == 10 and band.count() == 1
    tab.locator("summary", has_text="Where paths are active, around").press("Enter")
    ask(tab, "p => p.step")
    assert tab.locator("[data-view=ring] .band").count() == 1
    assert ask(tab, "p => p.hash") == "#width=6&depth=2&seeds=10&step=12"
    tab.get_by_role("button", name="Ten steps").press("Enter")
    tab.get_by_label("go back to a step").fill("15")
    later = ask(tab, losses)
    other = visit("#width=6&depth=2&seeds=10&step=12").tab
    assert joined == pytest.approx(ask(other, losses), rel=1e-6)
    other.get_by_label("go back to a step").evaluate(
        "async slider => { const p = document.querySelector('[data-playground]').playground; p.walk(3); await p.work; }"
    )
    assert later == pytest.approx(ask(other, losses), rel=1e-6)
    assert not one.wrong


def test_a_network_has_the_colour_that_it_has_in_the_book():
    style = (ROOT / "live" / "playground.css").read_text(encoding="utf-8")
    found = dict(re.findall(r'^\[data-net="([^"]+)"\] \{ --net: (#\w+); \}$', style, flags=re.MULTILINE))
    assert found == {name: look.colour for name, look in NETWORKS.items()}
    assert f"svg .formula {{ stroke: {ROLES['formula']['color']};" in style


def test_a_race_has_an_address(visit):
    one = visit("#race&contexts=4&size=-2.5&width=7", page="book/neighbours/race")
    tab, fold = one.tab, one.tab.locator("details.dlgn-live")
    one.context.grant_permissions(["clipboard-read", "clipboard-write"])
    fold.get_by_text("units must be from 24 to 400 in steps of 4, got 7").wait_for()
    assert [fold.get_by_label(name).input_value() for name in ("contexts", "initial", "units")] == ["4", "-2.5", "100"]
    fold.get_by_label("seed").fill("3")
    fold.get_by_label("seed").press("Enter")
    fold.get_by_text("Step 0 of").wait_for()
    fold.get_by_role("button", name="Copy link").press("Enter")
    fold.get_by_text("Link copied").wait_for()
    assert tab.evaluate("navigator.clipboard.readText()").endswith(
        "race.html#race&contexts=4&size=-2.5&width=100&seed=3"
    )
    assert fold.locator("path.formula").count() == 1
    assert not one.wrong


def test_a_live_fold_says_what_it_needs_where_javascript_is_off(visit):
    tab = visit(page=LIVE[0], java_script_enabled=False).tab
    tab.locator("details.dlgn-live summary").first.click()
    assert tab.locator("details.dlgn-live").first.get_by_text("It needs JavaScript").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_is_accessible_while_in_use(visit, theme, size):
    one = visit("#step=20&seeds=2", color_scheme=theme)
    said(one.tab, "Step 20,")
    accessible(one.tab, (size,))
    assert not one.wrong
