"""The project's own files agree with each other: addresses, pins, front doors, workflows, changelog."""

import importlib
import os
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


@pytest.mark.parametrize(
    "name",
    [
        *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "pyproject.toml", "_config.yml"),
        *("CITATION.cff", "codemeta.json", ".zenodo.json", "paper/paper.md", "paper/checklist.md"),
    ],
)
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


WORKFLOWS = {
    file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in (ROOT / ".github/workflows").glob("*.yml")
}
#: what a job may do beyond reading the repository
ALLOWED = {
    ("book", "deploy"): {"pages": "write", "id-token": "write"},
    ("release", "publish"): {"actions": "read", "contents": "write"},
    ("release", "index"): {"actions": "read", "id-token": "write"},
}


def triggers(workflow):
    return workflow[True]  # YAML reads the key `on` as a truth value


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_a_workflow_pins_its_actions_and_may_do_little(name):
    text = (ROOT / ".github/workflows" / f"{name}.yml").read_text(encoding="utf-8")
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in triggers(workflow) and "secrets." not in text
    uses = re.findall(r"uses: (.*)", text)
    assert uses and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", use) for use in uses), uses
    for job, content in workflow["jobs"].items():
        assert content.get("permissions", {}) == ALLOWED.get((name, job), {}), job
        for step in content["steps"]:
            # an expression inside a script would run what a stranger wrote into a title or a branch
            assert "${{" not in step.get("run", ""), step
    runs = "\n".join(step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"])
    assert ".ci/run" in runs
    for script in re.findall(r"\.ci/\w+", runs):
        assert os.access(ROOT / script, os.X_OK), f"{script} cannot be run"


def test_the_workflows_are_those_that_the_project_needs():
    assert set(WORKFLOWS) == {"book", "weekly", "release"}
    assert set(triggers(WORKFLOWS["book"])) == {"pull_request", "push", "workflow_dispatch", "workflow_run"}
    assert triggers(WORKFLOWS["book"])["workflow_run"]["workflows"] == ["release"]
    assert "schedule" in triggers(WORKFLOWS["weekly"])
    assert triggers(WORKFLOWS["release"])["push"] == {"tags": ["v*"]}
    assert WORKFLOWS["release"]["jobs"]["publish"]["needs"] == "build"
    index = WORKFLOWS["release"]["jobs"]["index"]
    assert index["if"] == "inputs.index" and index["needs"] == "publish" and index["environment"] == "package-index"
    assert triggers(WORKFLOWS["release"])["workflow_dispatch"]["inputs"]["index"]["default"] is False
    assert 'make release TAG="$TAG"' in [step.get("run") for step in WORKFLOWS["release"]["jobs"]["build"]["steps"]]
    steps = [step for workflow in WORKFLOWS.values() for job in workflow["jobs"].values() for step in job["steps"]]
    commits = {}
    for step in steps:
        if "uses" in step:
            action, commit = step["uses"].split("@")
            assert commits.setdefault(action, commit) == commit, f"two versions of {action}"
    (preview,) = (step for step in WORKFLOWS["book"]["jobs"]["build"]["steps"] if "upload-artifact" in str(step))
    assert "pull_request" in preview["if"] and preview["with"]["path"] == "_build/html"
    steps = WORKFLOWS["book"]["jobs"]["build"]["steps"]
    (pages,) = (step for step in steps if "upload-pages-artifact" in str(step))
    (publish,) = (step for step in steps if "make publish" in step.get("run", ""))
    out = re.search(r"OUT=(\S+) RELEASES=(\S+)", publish["run"])
    assert pages["with"]["path"] == out[1] and f".ci/releases {out[2]} " in publish["run"]
    assert pages["if"] == publish["if"] == WORKFLOWS["book"]["jobs"]["deploy"]["if"]
    ci = (ROOT / ".ci/run").read_text()
    assert "make book" in ci and "make test" in ci


def make(*arguments):
    command = ["make", "--dry-run", "--always-make", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_constraints_can_be_left_out():
    assert "pip install" in make("setup") and "-c constraints.txt" in make("setup")
    assert "pip install" in make("setup", "CONSTRAINTS=") and "constraints" not in make("setup", "CONSTRAINTS=")
    assert WORKFLOWS["weekly"]["jobs"]["newest"]["env"] == {"CONSTRAINTS": "", "DLGN_ALL_NOTEBOOKS": "1"}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", ".ci/run", ".ci/colab"])
def test_every_make_command_that_is_named_exists(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    code = re.findall(r"`([^`\n]+)`|^ {4}(.*)$|^(make .*)$", text, re.M)
    named = {target for parts in code for target in re.findall(r"\bmake ([a-z][\w-]*)", "".join(parts))}
    assert named
    assert named <= set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))


@pytest.fixture
def ci(monkeypatch):
    """Return a function that imports a script of the folder .ci."""
    monkeypatch.syspath_prepend(str(ROOT / ".ci"))
    return importlib.import_module


def test_the_notes_of_a_release_are_those_of_its_version(ci, tmp_path):
    notes = ci("release_notes").notes
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    text = notes(f"v{version}")
    assert len(text) > 500 and text.startswith("### ") and "## [" not in text.replace("### ", "") and "]: " not in text
    with pytest.raises(ValueError, match=r"pyproject.toml \(.*\) and CITATION.cff"):
        notes("v99.0.0")
    for name in ("pyproject.toml", "CITATION.cff"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(
        f"# Changelog\n\n## [Unreleased]\n\nNew.\n\n## [{version}]\n\n", encoding="utf-8"
    )
    with pytest.raises(ValueError, match="says nothing"):
        notes(f"v{version}", tmp_path)
    (tmp_path / "CITATION.cff").write_text("version: 99.0.0\n")
    with pytest.raises(ValueError, match=r"CITATION.cff \(99.0.0\)"):
        notes(f"v{version}", tmp_path)


def test_the_changelog_has_a_place_for_what_comes_and_links_to_every_version():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"(?m)^## \[([\w.]+)\](?: - (\d{4}-\d\d-\d\d))?$", text)
    assert sections[0] == ("Unreleased", "") and all(date for _, date in sections[1:])
    for name, _ in sections:
        assert f"\n[{name}]: {ADDRESS}/" in text


def test_the_versions_of_colab_are_read_from_its_list(ci):
    pins, packages = ci("colab_pins").pins, ci("colab_pins").PACKAGES
    names = {"pillow": "Pillow", "pyyaml": "PyYAML", "jupyter-client": "jupyter_client"}
    lines = ["# a comment", "torchsummary==1.5.1", "google-colab @ file:///colabtools/dist/google-colab-1.0.0.tar.gz"]
    lines += [f"{names.get(name, name)}==2.{number}" for number, name in enumerate(packages) if name != "torch"]
    lines += ["torch @ https://host/whl/cu118/torch-2.11.0%2Bcu118-cp313-cp313-linux_x86_64.whl#sha256=a81b"]
    expected = [f"{name}==2.{number}" for number, name in enumerate(packages)]
    expected[packages.index("torch")] = "torch==2.11.0"
    assert pins("\n".join(lines)) == expected
    assert pins("\n".join([*lines[:-1], "torch==2.11.0+cu128"])) == expected
    with pytest.raises(ValueError, match=r"not in Colab.s list: torch, numpy, pandas, \.\.\."):
        pins("seaborn==1")


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
    for package in ("models", "gdln", "data", "training", "runs", "book"):
        for name in importlib.import_module(f"dlgn_lib.{package}").__all__:
            assert name.isupper() or re.search(rf"dlgn_lib\.({package}\.)?{name}\b", api), (
                f"{package}.{name} is missing"
            )
    drawings = {n for n, f in vars(dlgn_lib.plots).items() if getattr(f, "__wrapped__", None) and not n.startswith("_")}
    assert drawings <= set(re.findall(r"autofunction:: dlgn_lib\.plots\.(\w+)", api))


def test_the_style_of_the_code():
    run = subprocess.run([sys.executable, "-m", "ruff", "check", "."], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
