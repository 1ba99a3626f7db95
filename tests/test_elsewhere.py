"""The runs that stand for other machines: what they vary, what they write, and that a stopped command goes on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from dlgn_site import elsewhere

REGISTER = """\
# head
steps:
  needs: "> 1"
  value: "3"
  spread: [1.0, 9.0]
share:
  needs: "> 0"
  value: "0.5"
  format: "{:.1f}"
other:
  needs: "> 0"
  value: 1
  spread: [1.0, 2.0]
"""


def test_every_random_number_moves_by_one_unit_in_the_last_place():
    code = (
        "import sys, torch; sys.path.insert(0, 'book/_ext'); from dlgn_site import elsewhere\n"
        "def draw():\n"
        "    g = torch.Generator().manual_seed(0)\n"
        "    layer = torch.nn.Linear(30, 20, bias=False); torch.nn.init.kaiming_uniform_(layer.weight, generator=g)\n"
        "    made = [torch.rand(50, generator=g), torch.randn(50, generator=g, dtype=torch.float64)]\n"
        "    return [layer.weight.detach(), torch.empty(40).normal_(generator=g), *made]\n"
        "before = draw(); elsewhere._move_last_places(0); after, again = draw(), draw()\n"
        "for a, b, c in zip(before, after, again):\n"
        "    assert torch.equal(b, c)\n"
        "    up, down = (torch.nextafter(a, torch.full_like(a, e)) for e in (float('inf'), float('-inf')))\n"
        "    assert ((b == up) | (b == down)).all() and (b == up).any() and (b == down).any()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=elsewhere.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_spread_goes_into_the_register_and_nothing_else_changes(tmp_path):
    register = tmp_path / "claims.yml"
    register.write_text(REGISTER)
    measured = {
        "here": {"steps": [3], "share": [0.5, 0.25, 0.75]},
        "there": {"steps": [3], "share": [0.5, 0.25, 0.875]},
    }
    assert elsewhere.write(measured, register) == 1
    found = yaml.safe_load(register.read_text())
    assert "spread" not in found["steps"]  # it does not move any more
    assert found["share"]["spread"] == {"min": [0.25, 0.25], "median": [0.5, 0.5], "max": [0.75, 0.875]}
    assert found["other"]["spread"] == [1.0, 2.0]  # was not measured
    lines = [line for line in register.read_text().splitlines() if "spread" not in line]
    assert lines == [line for line in REGISTER.splitlines() if "spread" not in line]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([[1.0], [1.5]], "  spread: [1.0, 1.5]"),
        ([["one piece"], ["one piece"]], None),
        ([["one piece"], ["two pieces"]], '  spread: ["one piece", "two pieces"]'),
        ([[1, 2], [1, 2]], None),
    ],
)
def test_only_what_moves_gets_a_line(values, line):
    assert elsewhere._entry(values) == line


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of one page, which counts how often it is run."""
    (tmp_path / "book").mkdir()
    page = (
        "---\nkernelspec: {name: python3}\njupytext: {text_representation: {extension: .md, format_name: myst}}\n---\n\n# T\n\n"
        "```{code-cell}\nfrom pathlib import Path\n\nimport torch\n\nfrom dlgn_lib import claim, explore\n\n"
        "with Path('runs').open('a') as runs:\n    print('run', file=runs)\nclaim('count', [torch.get_num_threads(), 2.5])\n"
        "explore(1 / 2)\n```\n\n```{code-cell}\n:tags: [solution]\n1 / 0\n```\n"
    )
    (tmp_path / "book" / "page.md").write_text(page)
    monkeypatch.setattr(elsewhere, "ROOT", tmp_path)
    return tmp_path


def test_a_page_is_measured_without_drawings_and_exercises(project, monkeypatch):
    monkeypatch.chdir(project)
    import dlgn_lib

    for name in ("claim", "explore"):  # put back what `measure` replaces
        monkeypatch.setattr(dlgn_lib, name, getattr(dlgn_lib, name))
    assert elsewhere.measure("page", None)["count"][1] == 2.5


def test_a_finished_run_is_not_run_again(project, monkeypatch):
    calls = []

    def run(command, **options):
        calls.append(options["env"]["OMP_NUM_THREADS"])
        Path(command[command.index("--out") + 1]).write_text(json.dumps({"count": [1]}))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(elsewhere.subprocess, "run", run)
    for _ in range(2):
        found = elsewhere.run_all(["page"], ["older", "other products"], jobs=1)
    assert found == {"older": {"count": [1]}, "other products": {"count": [1]}} and calls == ["1", "2"]
    page = project / "book" / "page.md"
    page.write_text(page.read_text().replace("# T", "# Other words"))
    elsewhere.run_all(["page"], ["older"], jobs=1)
    assert len(calls) == 2  # prose measures nothing
    page.write_text(page.read_text().replace("2.5", "3.5"))
    elsewhere.run_all(["page"], ["older"], jobs=1)
    assert len(calls) == 3


def test_a_page_that_fails_is_named(project, monkeypatch):
    monkeypatch.setattr(
        elsewhere.subprocess,
        "run",
        lambda command, **options: subprocess.CompletedProcess(command, 1, "", "NameError: x"),
    )
    with pytest.raises(RuntimeError, match="page, older: NameError: x"):
        elsewhere.run_all(["page"], ["older"], jobs=1)
