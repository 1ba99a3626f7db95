"""The wheel and the sdist: what is in them, what they say of themselves, and that the wheel works where nothing else of us is."""

import doctest
import email
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from built_site import ADDRESS, REPOSITORY, ROOT

from dlgn_lib.__main__ import START

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
STEM = f"dlgn_lib-{PROJECT['version']}"
#: what a user of the library may ask for; the other parts need a checkout
PARTS = {"weights", "cluster"}


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """Build both from what is tracked, without the network; return their folder."""
    tree = tmp_path_factory.mktemp("tree")
    for name in filter(None, run("git", "ls-files", "-z", cwd=ROOT).split("\0")):
        if name.startswith(("dlgn_lib/", "book/", "live/", "tests/")) or "/" not in name:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((ROOT / name).read_bytes())
    said = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist", cwd=tree)
    assert "Deprecat" not in said and "absent from" not in said
    return tree / "dist"


@pytest.fixture(scope="module")
def wheel(dist):
    with zipfile.ZipFile(dist / f"{STEM}-py3-none-any.whl") as file:
        yield file


@pytest.fixture(scope="module")
def metadata(wheel):
    return email.message_from_string(wheel.read(f"{STEM}.dist-info/METADATA").decode())


def modules():
    """Yield (file, its place in the package) of all modules."""
    for file in ROOT.glob("dlgn_lib/**/*.py"):
        if file.parent.name != "fashion_mnist":  # the script that made the subset
            yield file, file.relative_to(ROOT)
    for file in [*ROOT.glob("book/figures/*.py"), *ROOT.glob("book/*/figures/*.py")]:
        part = file.relative_to(ROOT / "book").parts
        yield file, Path("dlgn_lib", "pages", *(name for name in part if name != "figures"))


def test_the_wheel_holds_the_library_with_its_data_and_nothing_else(wheel):
    expected = {place.as_posix(): file for file, place in modules()}
    expected |= {
        f"dlgn_lib/_book/{f.relative_to(ROOT / 'book').as_posix()}": f for f in ROOT.glob("book/*/results/*.csv")
    }
    expected |= {f"dlgn_lib/data/fashion_mnist/{f.name}": f for f in ROOT.glob("dlgn_lib/data/fashion_mnist/*.gz")}
    expected |= {f"dlgn_lib/plots/fonts/{f.name}": f for f in ROOT.glob("dlgn_lib/plots/fonts/*")}
    others = ("py.typed", "book/player.js", "book/player.css", "data/fashion_mnist/LICENSE")
    expected |= {f"dlgn_lib/{name}": ROOT / "dlgn_lib" / name for name in others}
    expected["dlgn_lib/_book/claims.yml"] = ROOT / "book" / "claims.yml"
    live = ROOT / "live"  # the engine of the browser, for the widget
    expected |= {
        f"dlgn_lib/_live/{f.relative_to(live).as_posix()}": f
        for f in [live / "notebook.js", live / "playground.css", *(live / "src").rglob("*.js")]
    }
    held = {name for name in wheel.namelist() if not name.startswith(f"{STEM}.dist-info/")}
    assert held == set(expected)
    assert not [name for name, file in expected.items() if wheel.read(name) != file.read_bytes()]


def test_the_wheel_says_what_it_is(metadata, wheel):
    assert metadata["Name"] == PROJECT["name"] and metadata["Version"] == PROJECT["version"]
    assert metadata["License-Expression"] == "MIT" and metadata["Requires-Python"] == ">=3.11"
    for name in ("LICENSE", "LICENSE-TEXT", "dlgn_lib/data/fashion_mnist/LICENSE", "dlgn_lib/plots/fonts/LICENSE"):
        assert name in metadata.get_all("License-File")
        assert wheel.read(f"{STEM}.dist-info/licenses/{name}") == (ROOT / name).read_bytes()
    assert set(metadata.get_all("Provides-Extra")) == set(PROJECT["optional-dependencies"]) >= PARTS
    assert "Typing :: Typed" in metadata.get_all("Classifier")
    urls = dict(line.split(", ") for line in metadata.get_all("Project-URL"))
    assert urls == {"Documentation": ADDRESS, "Repository": REPOSITORY, "Issues": f"{REPOSITORY}/issues"}
    assert metadata.get_payload().strip() == (ROOT / "README.md").read_text(encoding="utf-8").strip()


def test_the_sdist_holds_what_the_wheel_is_made_from(dist):
    with tarfile.open(dist / f"{STEM}.tar.gz") as tar:
        held = {name.removeprefix(f"{STEM}/") for name in tar.getnames()}
    files = {file.relative_to(ROOT).as_posix() for file, _ in modules()}
    files |= {
        "README.md",
        "LICENSE",
        "LICENSE-TEXT",
        "CHANGELOG.md",
        "CITATION.cff",
        "pyproject.toml",
        "book/claims.yml",
    }
    assert files <= held
    assert not [name for name in held if name.startswith("tests/") or name.endswith((".ipynb", ".png", "intro.md"))]


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    wheel.extractall(folder)
    return folder


def python(folder, *arguments, **more):
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONWARNINGS": "error"} | more
    return run(sys.executable, *arguments, cwd=folder, env=environment)


def test_the_module_tells_what_is_installed_and_how_to_begin(unpacked, tmp_path):
    import numpy
    import torch

    (tmp_path / "data" / "cifar-10").mkdir(parents=True)
    data = {"DLGN_DATA": str(tmp_path / "data"), "DLGN_CACHE": str(tmp_path / "kept"), "DLGN_DOWNLOAD": "1"}
    said = python(unpacked, "-m", "dlgn_lib", **data)
    rows = dict(found.groups() for found in re.finditer(r"(?m)^  (\S+(?: \S+)*)  +(.*)$", said))
    assert said.startswith(f"dlgn-lib {PROJECT['version']}\n")
    assert rows["torch"] == torch.__version__ and rows["numpy"] == numpy.__version__ and "cpu" in rows["device"]
    assert (
        str(unpacked / "dlgn_lib" / "data") in said
        and rows["CIFAR-10"] == f"$DLGN_DATA, {tmp_path / 'data' / 'cifar-10'}"
    )
    assert "was not found; put" in rows["CIFAR-100"] and not (tmp_path / "kept").exists()
    assert rows["weights"] == "all there" and set(rows) >= set(PROJECT["optional-dependencies"])
    assert START.splitlines()[0] in said and said.rstrip().endswith(ADDRESS)


def test_what_is_missing_is_named_with_the_way_to_get_it(monkeypatch):
    from dlgn_lib import __main__ as main

    monkeypatch.setattr(main, "requires", lambda name: ["torch>=2", 'zzz-not-there>=1,<2; extra == "more"'])
    monkeypatch.setattr(main, "metadata", lambda name: email.message_from_string("Provides-Extra: more\n\n"))
    assert main.extras() == {"more": ["zzz-not-there"]}
    assert 'missing zzz-not-there; pip install "dlgn-lib[more]"' in main.report()


def test_the_first_look_runs_from_the_wheel(unpacked):
    code = f"{START}\nfrom dlgn_lib.pages.experts import paths\nimport dlgn_lib\nprint(dlgn_lib.__file__)"
    assert str(unpacked) in python(unpacked, "-c", code)


def test_the_example_of_the_readme_is_what_make_dist_tries():
    script = (ROOT / ".ci" / "dist").read_text(encoding="utf-8")
    assert "-m doctest README.md" in script and "-m dlgn_lib" in script
    examples = doctest.DocTestParser().get_examples((ROOT / "README.md").read_text(encoding="utf-8"))
    assert any("from dlgn_lib import" in example.source for example in examples)
