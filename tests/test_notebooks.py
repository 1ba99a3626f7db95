"""The committed notebooks, run from top to bottom as a Colab user would.

An environment of its own has Colab's versions and not the library; the setup cell installs that from the repository,
which git is told to find in a copy of this working tree. After the setup cell the network is off. Nothing tells the
library that this is a test: exercises are stubs, as a learner meets them. Notebooks that have run as they are, with
the library as it is, are not run again (`colab_record`).
"""

import ast
import json
import os
from pathlib import Path

import colab_environment
import colab_record
import nbformat
import pytest
import yaml
from colab_environment import PINS, PYTHON, ROOT, VENV, run
from nbclient import NotebookClient

NOTEBOOKS = colab_record.NOTEBOOKS
HIDDEN = (
    "DLGN_BUILD",
    "DLGN_PROGRESS",
    "DLGN_DOWNLOAD",
    "PYTHON",
    "GIT_",
    "MPL",
    "VIRTUAL_ENV",
    "JUPYTER",
)  # of this test's environment, from the notebooks

NETWORK_OFF = """
import socket
import sys

asked_for = []


def _network_is_off(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host and host not in ("localhost", "::1") and not host.startswith("127."):
        asked_for.append(host)
        raise PermissionError(f"the network is off after the setup cell, but something asked for {host}")


sys.addaudithook(_network_is_off)
for attempt in (lambda: socket.create_connection(("192.0.2.1", 80), timeout=5), lambda: socket.getaddrinfo("example.org", 80)):
    try:
        attempt()
    except PermissionError as error:
        print(error)
    else:
        raise AssertionError("the network is not off")
asked_for.clear()
"""
AT_THE_END = """
import json
from importlib.metadata import distribution

import dlgn_lib

print(json.dumps([dlgn_lib.__file__, distribution("dlgn-lib").read_text("direct_url.json"), asked_for]))
"""


def pins():
    lines = [line for line in PINS.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("==") for line in lines)


@pytest.fixture(scope="session")
def colab():
    """Make `VENV`, or take the one of an earlier run with the same pins; the library is not in it."""
    colab_environment.colab()
    run(str(PYTHON), "-m", "pip", "uninstall", "--quiet", "--yes", "dlgn-lib")
    return PYTHON


@pytest.fixture(scope="session")
def repository(tmp_path_factory):
    """A git repository with this working tree, committed or not, on its branch main."""
    clone = tmp_path_factory.mktemp("repository")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    colab_environment.copy_tree(clone)
    git = ("git", "-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
    for command in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all", "--force"),
        ("commit", "--quiet", "--message=tree"),
    ):
        run(*git, *command, cwd=clone, env=environment)
    return clone


@pytest.fixture(scope="session")
def execute(colab, repository, tmp_path_factory):
    """A function that runs the cells of a notebook in an empty folder and returns them with their outputs."""
    kernels = tmp_path_factory.mktemp("jupyter")
    spec = kernels / "kernels" / "colab" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [str(colab), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "Colab", "language": "python"}))
    address = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)} | {
        "PATH": f"{colab.parent}{os.pathsep}{os.environ['PATH']}",
        "IPYTHONDIR": str(kernels),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": address,
    }

    def execute(notebook):
        folder = tmp_path_factory.mktemp("learner")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("JUPYTER_PATH", str(kernels))
            client = NotebookClient(
                notebook, kernel_name="colab", timeout=900, resources={"metadata": {"path": str(folder)}}
            )
            client.execute(env=environment)
        return notebook

    return execute


def printed(cell, stream):
    return "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == stream)


def shown(cell):
    """Everything rich that a cell displayed, as (MIME type, content)."""
    return [
        pair for o in cell.outputs if o.output_type in ("display_data", "execute_result") for pair in o.data.items()
    ]


def drawings(source):
    """How many calls of `explore` and `show` stand by themselves in a cell."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith("%")]
    calls = [
        node.value
        for node in ast.parse("\n".join(lines)).body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ]
    return sum(getattr(call.func, "id", None) in ("explore", "show") for call in calls)


def test_there_are_notebooks():
    assert NOTEBOOKS, "notebooks/ is empty: run `make notebooks`"


def test_setup_cell_installs_the_library_and_replaces_nothing(execute, colab):
    assert NOTEBOOKS, "notebooks/ is empty: run `make notebooks`"
    run(str(colab), "-m", "pip", "uninstall", "--quiet", "--yes", "dlgn-lib")
    before = run(str(colab), "-m", "pip", "freeze")
    setup = next(cell for cell in nbformat.read(NOTEBOOKS[0], as_version=4).cells if cell.cell_type == "code")
    text = printed(execute(nbformat.v4.new_notebook(cells=[setup])).cells[0], "stdout")
    after = run(str(colab), "-m", "pip", "freeze")
    assert set(before.splitlines()) == {line for line in after.splitlines() if not line.startswith("dlgn-lib @ git+")}
    assert "dlgn-lib @ git+" in after
    for name in ("torch", "numpy", "matplotlib", "ipywidgets"):
        assert f"{name} {pins()[name]}" in text, text
    assert "device: c" in text


def test_the_record_names_notebooks_that_exist_and_follows_every_change(monkeypatch):
    record = colab_record.read()
    assert set(record) == {"library", "notebooks"}
    assert set(record["notebooks"]) <= {colab_record.name_of(path) for path in NOTEBOOKS}
    monkeypatch.delenv("DLGN_ALL_NOTEBOOKS", raising=False)
    whole = {"library": colab_record.library_key(), "notebooks": colab_record.notebook_keys()}
    assert colab_record.unchanged(whole) == set(whole["notebooks"])
    one = next(iter(whole["notebooks"]))
    assert colab_record.unchanged(whole | {"notebooks": whole["notebooks"] | {one: "other"}}) == set(
        whole["notebooks"]
    ) - {one}
    assert colab_record.unchanged(whole | {"library": "other"}) == set()
    monkeypatch.setenv("DLGN_ALL_NOTEBOOKS", "1")
    assert colab_record.unchanged(whole) == set() and colab_record.to_run() == NOTEBOOKS


TO_RUN = colab_record.to_run()


@pytest.mark.parametrize("path", TO_RUN, ids=[colab_record.name_of(path) for path in TO_RUN])
def test_notebook_runs(execute, path):
    notebook = nbformat.read(path, as_version=4)
    setup = next(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    assert not any(
        line.lstrip().startswith(("%pip", "!")) for c in notebook.cells[setup + 1 :] for line in c.source.splitlines()
    )
    notebook.cells.insert(setup + 1, nbformat.v4.new_code_cell(NETWORK_OFF))
    notebook.cells.append(nbformat.v4.new_code_cell(AT_THE_END))
    cells = [cell for cell in execute(notebook).cells if cell.cell_type == "code"]

    assert printed(cells[1], "stdout").count("the network is off") == 2
    library, origin, asked_for = json.loads(printed(cells[-1], "stdout"))
    assert asked_for == []
    assert Path(library).resolve().is_relative_to(VENV.resolve()), library
    assert json.loads(origin)["vcs_info"]["vcs"] == "git"
    for cell in cells:
        assert printed(cell, "stderr") == "", cell.source
        html = "".join(text for kind, text in shown(cell) if kind == "text/html")
        assert html.count('class="dlgn-picture"') >= drawings(cell.source), f"no picture from:\n{cell.source}"
        assert 'class="dlgn-claim fails"' not in html, html
        if drawings(cell.source) and "live=" in cell.source:
            assert "application/vnd.jupyter.widget-view+json" in dict(shown(cell)), (
                f"no live panel from:\n{cell.source}"
            )
        if "check" in cell.metadata.get("tags", []):
            assert "not yet" in printed(cell, "stdout").lower(), f"{cell.source}\nprinted {printed(cell, 'stdout')!r}"
    panels = json.dumps(notebook.metadata.get("widgets", {}))
    assert '"output_type": "error"' not in panels and '"name": "stderr"' not in panels, panels


PANEL = """
import matplotlib.pyplot as plt

from dlgn_lib import explore


def draw(height):
    figure, ax = plt.subplots()
    ax.plot([0, height])
    return figure, f"A line up to {height:.2f}."


explore(draw, height=[1.0, 2.0], live={"height": (-5.0, 5.0)})
"""
MOVE = """
import ipywidgets

(number,) = [w for w in ipywidgets.Widget.widgets.values() if isinstance(w, ipywidgets.BoundedFloatText)]
number.value = 4.25
print(ipywidgets.__version__, number.min, number.max)
"""


def test_the_live_panel_redraws_for_any_value(execute):
    """With Colab's ipywidgets 7.7: the panel's value is changed from a cell, as a reader's input changes it."""
    setup = next(cell for cell in nbformat.read(NOTEBOOKS[0], as_version=4).cells if cell.cell_type == "code")
    sources = [setup.source, PANEL, MOVE]
    notebook = execute(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources]))
    assert printed(notebook.cells[-1], "stdout").split() == [pins()["ipywidgets"], "-5.0", "5.0"]
    panels = json.dumps(notebook.metadata["widgets"])
    assert "A line up to 4.25." in panels and "A line up to 1.00." not in panels
    assert '"output_type": "error"' not in panels
