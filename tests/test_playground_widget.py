"""The playground as a widget: in a page that gives it what a notebook gives, its network goes to Python and comes back."""

import base64
import importlib
import sys
import tomllib
from pathlib import Path

import chromium
import pytest
import torch

from dlgn_lib import DLGN, DeepLinearNet, GaLUNet, ReLUNet, circle
from dlgn_lib.playground import Playground

ROOT = Path(__file__).parents[1]
PAGE = "http://notebook.invalid/"
#: what anywidget gives to a widget: a model with get, on, off and send, and an element
HOST = """async ([script, state]) => {
  const listeners = new Set();
  const view = text => new DataView(Uint8Array.from(atob(text), letter => letter.charCodeAt(0)).buffer);
  const unpacked = given => ({...given, tensors: given.tensors.map(one => ({...one, values: view(one.values)}))});
  const packed = buffer => btoa(Array.from(new Uint8Array(buffer), code => String.fromCharCode(code)).join(""));
  let given = unpacked(state._given);
  const model = {
    get: name => name === "_given" ? given : state[name],
    on: (name, listener) => { if (name === "change:_given") listeners.add(listener); },
    off: (name, listener) => listeners.delete(listener),
    send: (content, callbacks, buffers) => window.tell(content, buffers.map(packed)),
  };
  window.give = news => { given = unpacked(news); listeners.forEach(listener => listener()); };
  const { default: widget } = await import(URL.createObjectURL(new Blob([script], {type: "text/javascript"})));
  window.close = await widget.render({ model, el: document.querySelector("main") });
}"""
NETS = {
    "DLGN": lambda: DLGN(2, 5, 3, beta=4.0, bias=True),
    "hard": lambda: DLGN(2, 5, 2, beta=float("inf")),
    "frozen": lambda: DLGN(2, 5, 2).freeze_gates(),
    "shallow": lambda: DLGN(2, 5, 2, shallow=True),
    "ReLU": lambda: ReLUNet(2, 5, 2, bias=True),
    "GaLU": lambda: GaLUNet(2, 5, 2, bias=True),
    "deep linear": lambda: DeepLinearNet(2, 5, 2),
}


class Notebook:
    """A page with one widget in it, and what it asks of the network."""

    def __init__(self, browser, widget):
        self.tab, self.widget, self.asked, self.told = browser.new_page(), widget, [], 0
        self.tab.set_default_timeout(300_000)
        self.tab.route(PAGE, lambda route: route.fulfill(body="<main></main>", content_type="text/html"))
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.goto(PAGE)
        self.tab.expose_function("tell", self.hear)
        state = {"_given": self.given(), "views": widget.views}
        self.tab.evaluate(HOST, [widget._esm, state])
        self.wait(1)

    def hear(self, content, buffers):
        self.widget._handle_custom_msg(content, [memoryview(base64.b64decode(text)) for text in buffers])
        self.told += 1

    def given(self):
        given = self.widget._given
        packed = [{**one, "values": base64.b64encode(one["values"]).decode()} for one in given["tensors"]]
        return {**given, "tensors": packed}

    def give(self):
        """Bring to the page what Python has set."""
        told = self.told
        self.tab.evaluate("given => window.give(given)", self.given())
        self.wait(told + 1)

    def wait(self, told):
        """Wait until the widget has told so many times."""
        while self.told < told:
            self.tab.wait_for_timeout(20)

    def press(self, name):
        told = self.told
        self.tab.get_by_role("button", name=name).click()
        self.wait(told + 1)

    def out(self):
        return self.tab.evaluate("Array.from(document.querySelector('[data-playground]').playground.out)")


@pytest.fixture(scope="module")
def browser():
    with chromium.started() as browser:
        yield browser


@pytest.fixture
def notebook(browser):
    opened = []

    def open(widget):
        opened.append(Notebook(browser, widget))
        return opened[-1]

    yield open
    for one in opened:
        one.tab.close()


@pytest.mark.parametrize("name", NETS)
def test_a_network_goes_to_the_browser_trains_there_and_comes_back(notebook, name):
    net, (x, _) = NETS[name](), circle(200, high=3)
    widget = Playground.from_model(net, high=3, lr=0.01)
    assert torch.equal(widget.to_model()(x), net(x))  # before it is shown
    page = notebook(widget)
    assert page.out() == pytest.approx(net(x).flatten().tolist(), abs=1e-5)
    page.press("Ten steps")
    trained = widget.to_model()
    assert type(trained) is type(net) and trained.beta == net.beta and widget.step == 10
    assert page.out() == pytest.approx(trained(x).flatten().tolist(), abs=1e-5)
    assert (trained(x) - net(x)).abs().max() > 1e-3
    for before, after in zip(net.parameters(), trained.parameters(), strict=True):
        assert before.requires_grad == after.requires_grad
        assert after.requires_grad or torch.equal(before, after)
    assert all(url == PAGE or url.startswith("blob:" + PAGE) for url in page.asked)
    thread = "document.querySelector('[data-playground]').playground.trainer.where"
    assert page.tab.evaluate(thread) == "worker"


def test_python_sets_another_network_while_one_trains(notebook):
    widget = Playground(width=6, depth=2, seed=4)
    x, _ = circle(200)
    page = notebook(widget)
    started = DLGN(2, 6, 2, generator=torch.Generator().manual_seed(4))
    assert page.out() == pytest.approx(started(x).flatten().tolist(), abs=1e-5)
    page.press("Train")
    page.wait(page.told + 2)  # it tells while it trains
    net = ReLUNet(2, 7, 2)
    widget.set_model(net, task="xor")
    page.hear({"number": 1, "settings": {}, "step": 99, "tensors": []}, [])  # on its way when Python set the other
    assert widget.step == 0 and widget.to_model().widths == (7, 7)
    page.give()
    assert widget.step == 0 and widget.settings["task"] == "xor" and widget.settings["model"] == "ReLU"
    assert torch.equal(widget.to_model()(x), net(x))
    page.tab.get_by_label("width", exact=True).fill("3")
    told = page.told
    page.tab.get_by_label("width", exact=True).press("Enter")
    page.wait(told + 1)
    assert widget.to_model().widths == (3, 3)  # what the reader chose
    page.tab.evaluate("window.close()")


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Playground(model="CNN"), ValueError, "model must be one of DLGN, .* got 'CNN'"),
        (lambda: Playground(width=0), ValueError, "width"),
        (lambda: Playground.from_model(DLGN(3, 5, 2)), ValueError, "net must be one that the playground has"),
        (lambda: Playground().set_model(torch.nn.ReLU()), TypeError, "net must be a DLGN"),
    ],
)
def test_what_the_playground_has_not_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_without_anywidget_one_is_told_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "dlgn_lib.playground")
    with pytest.raises(ModuleNotFoundError, match=r"needs the package anywidget, .*: pip install anywidget"):
        importlib.import_module("dlgn_lib.playground")


def test_the_package_carries_what_the_widget_is_made_of():
    """What stands in a source checkout comes with an installed library, too."""
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    carried = {file for pattern in setup["package-data"]["dlgn_lib._live"] for file in (ROOT / "live").glob(pattern)}
    assert {*(ROOT / "live" / "src").rglob("*.js"), ROOT / "live/notebook.js", ROOT / "live/playground.css"} == carried
    assert ROOT / setup["package-dir"]["dlgn_lib._live"] == ROOT / "live"
