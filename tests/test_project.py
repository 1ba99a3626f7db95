"""The project's own files agree with each other: addresses, pins, front doors, workflow."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
ADDRESS, SITE = CONFIG["repository"]["url"], CONFIG["html"]["baseurl"]
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line and not line.startswith("#")
)


def test_the_environment_file_leads_to_the_pins():
    env = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(entry["pip"] for entry in env["dependencies"] if isinstance(entry, dict))
    python = next(entry for entry in env["dependencies"] if str(entry).startswith("python="))
    assert pip == ["-c constraints.txt", "-e .[book,test]"]
    assert tuple(map(int, python.removeprefix("python=").split("."))) >= (3, 11)


def test_pins_satisfy_the_ranges_and_torch_is_exact():
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for text in [*project["dependencies"], *extras["book"], *extras["test"]]:
        need = Requirement(text)
        pin = {name.lower().replace("_", "-"): version for name, version in PINS.items()}[need.name.lower()]
        assert need.specifier.contains(pin), f"{need} does not admit the pin {pin}"
    assert PINS["torch"] == "2.13.0"


@pytest.mark.parametrize("name", ["README.md", "CITATION.cff", "pyproject.toml", "_config.yml"])
def test_every_address_of_the_repository_is_the_configured_one(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for found in re.findall(r"https://github\.com/[\w.-]+/[\w.-]+", text):
        assert found == ADDRESS, f"{name} names {found}, _config.yml {ADDRESS}"
    for found in re.findall(r"https://[\w.-]+\.github\.io/[\w.-]+/", text):
        assert found == SITE
    for found in re.findall(
        r"colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)/blob/([\w.-]+)/(notebooks/[\w/-]+\.ipynb)", text
    ):
        assert f"https://github.com/{found[0]}" == ADDRESS and found[1] == CONFIG["repository"]["branch"]
        assert (ROOT / found[2]).exists(), f"{name} links to {found[2]}, which is not there"


def test_the_citation_file_has_what_a_citation_needs():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert citation["version"] == version and citation["repository-code"] == ADDRESS and citation["url"] == SITE
    assert {"title", "authors", "license", "date-released"} <= set(citation)


def test_the_workflow_pins_actions_and_runs_the_same_commands():
    for file in (ROOT / ".github/workflows").glob("*.yml"):
        workflow = yaml.safe_load(file.read_text())
        assert workflow["permissions"] == {"contents": "read"}
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
        for step in steps:
            if "uses" in step:
                assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"]), f"{step['uses']} is not pinned by commit"
        assert any(".ci/run" in step.get("run", "") for step in steps)
    ci = (ROOT / ".ci/run").read_text()
    assert "make book" in ci and "make test" in ci


def test_the_example_of_the_readme_runs():
    import doctest

    results = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert results.attempted >= 5 and results.failed == 0


def test_importing_the_library_is_silent_and_seeds_nothing():
    code = "import torch; s = torch.get_rng_state(); import dlgn_lib; assert torch.equal(s, torch.get_rng_state())"
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "" and run.stderr == ""


def test_every_public_name_exists_once_and_is_documented_on_the_api_page():
    import dlgn_lib

    api = (ROOT / "book/api.md").read_text()
    assert len(set(dlgn_lib.__all__)) == len(dlgn_lib.__all__)
    for name in dlgn_lib.__all__:
        assert getattr(dlgn_lib, name).__doc__
        assert f"dlgn_lib.{name}" in api, f"{name} is missing on the page api"
    drawings = {n for n, f in vars(dlgn_lib.plots).items() if getattr(f, "__wrapped__", None) and not n.startswith("_")}
    assert drawings == set(re.findall(r"autofunction:: dlgn_lib\.plots\.(\w+)", api))


def test_the_style_of_the_code():
    run = subprocess.run([sys.executable, "-m", "ruff", "check", "."], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
