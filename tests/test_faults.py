"""What can go wrong on somebody's machine, made to go wrong: a killed build, a full disk, a folder that is read-only."""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import torch
from dlgn_site import export_notebooks
from sample_book import sample_claims, write_sample
from test_cache import ROOT, build, executed
from test_same import make_book, written

from dlgn_lib.runs import shared, sweep

BUILD = [
    sys.executable,
    "-c",
    "from jupyter_book.cli.main import main; main()",
    "build",
    ".",
    "-n",
    "-W",
    "--keep-going",
]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A little book, built once without any trouble."""
    book = make_book(tmp_path_factory.mktemp("undisturbed"))
    succeeded, printed = build(book)
    assert succeeded, printed
    return book


def pages(book):
    """Return the pages of a built book."""
    return {file.name: file.read_bytes() for file in (book / "_build/html/book").rglob("*.html")}


def killed_after(book, lines):
    """Start a build and kill it, kernels and all, when it has printed so many lines; return how many it printed."""
    shutil.rmtree(book / "_build", ignore_errors=True)
    environment = os.environ | {"PYTHONPATH": str(book), "DLGN_BUILD": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        BUILD, cwd=book, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    seen = 0
    for _ in process.stdout:
        seen += 1
        if seen == lines:
            os.killpg(process.pid, signal.SIGKILL)
            break
    process.stdout.close()
    process.wait()
    return seen


def test_a_build_killed_at_any_moment_can_be_run_again(undisturbed, tmp_path):
    """Ten moments, drawn at random among the lines that a build prints; what is left behind each time stays there."""
    book = make_book(tmp_path)
    moments = random.Random(0).sample(range(5, 45), 10)
    killed = [killed_after(book, lines) for lines in moments]
    assert killed == moments  # every build was still going on
    succeeded, printed = build(book)
    assert succeeded, printed
    assert written(book) == written(undisturbed)  # pages and notebooks


@pytest.mark.parametrize("damage", ["half a database", "half an entry"])
def test_a_damaged_execution_cache_is_made_anew(undisturbed, tmp_path, damage):
    book = shutil.copytree(undisturbed, tmp_path / "book")
    (folder,) = (book / ".cache" / "execution" / "second").iterdir()
    file = folder / "global.db" if "database" in damage else next(folder.rglob("base.ipynb"))
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    succeeded, printed = build(book)
    assert succeeded, printed
    assert "execution cache is damaged" in printed and executed(printed) == ["second"]
    assert pages(book) == pages(undisturbed)


def no_space(*args, **options):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("where", ["torch.save", "os.replace"])
def test_a_full_disk_leaves_no_half_of_a_cached_run(monkeypatch, tmp_path, where):
    monkeypatch.setenv("DLGN_CACHE", str(tmp_path))
    monkeypatch.setattr(shared, "CANON_STEPS", {"ReLU": 2})
    monkeypatch.setattr(torch if where == "torch.save" else os, where.split(".")[1], no_space)
    with pytest.warns(UserWarning, match="could not be cached .*No space left.* set DLGN_CACHE"):
        (run,) = shared.canon("ReLU", seeds=1)
    assert run.steps == (0, 1, 2) and not list(tmp_path.iterdir())


def halve(width):
    return {"half": width / 2}


def test_a_full_disk_stops_a_sweep_and_leaves_what_has_finished(monkeypatch, tmp_path):
    written, replace = [], os.replace

    def one_fits(source, target):
        written.append(target)
        return replace(source, target) if len(written) == 1 else no_space()

    monkeypatch.setattr(os, "replace", one_fits)
    with pytest.raises(OSError, match="No space left"):
        sweep(halve, tmp_path, width=[1, 2, 3], progress=False)
    (kept,) = tmp_path.iterdir()  # the first run, and no half of the second
    assert json.loads(kept.read_text(encoding="utf-8"))["result"] == {"half": 0.5}
    monkeypatch.undo()
    assert sweep(halve, tmp_path, width=[1, 2, 3], progress=False).half.tolist() == [0.5, 1.0, 1.5]


def test_a_full_disk_leaves_no_half_of_a_notebook(monkeypatch, tmp_path, capsys):
    with sample_claims():
        book = write_sample(tmp_path)
        assert export_notebooks.main(["--root", str(book)]) == 0
        before = {file: file.read_bytes() for file in (book / "notebooks").rglob("*.ipynb")}
        for page in (book / "book").rglob("*.md"):
            page.write_text(page.read_text(encoding="utf-8") + "\nOne sentence more.\n", encoding="utf-8")
        monkeypatch.setattr(os, "replace", no_space)
        assert export_notebooks.main(["--root", str(book)]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert before
    assert {file: file.read_bytes() for file in (book / "notebooks").rglob("*") if file.is_file()} == before


@pytest.fixture
def readable():
    """A folder that everybody may read, wherever pytest keeps its own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def unprivileged(code, folder, before=""):
    """Run code as somebody who may not write to `folder`: root becomes nobody once the library is imported."""
    drop = "import os\nif os.geteuid() == 0:\n    os.setgid(65534)\n    os.setuid(65534)\n"
    environment = {**os.environ, "DLGN_CACHE": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"PYTHONPATH": str(folder / "book")} if (folder / "book").is_dir() else {}
    return subprocess.run(
        [sys.executable, "-c", f"import torch._dynamo\nfrom dlgn_lib.runs import shared\n{before}{drop}{code}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_folder_that_is_read_only_costs_the_cache_and_nothing_else(readable):
    readable.chmod(0o555)
    code = (
        "import warnings\n"
        "try:\n    open('new', 'w')\nexcept PermissionError:\n    pass\nelse:\n    raise SystemExit('could write')\n"
        "shared.CANON_STEPS = {'ReLU': 2}\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    (run,) = shared.canon('ReLU', seeds=1)\n"
        "print(run.steps, [str(warning.message) for warning in caught])\n"
    )
    done = unprivileged(code, readable)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("(0, 1, 2) ") and "could not be cached" in done.stdout and "DLGN_CACHE" in done.stdout
    assert not list(readable.iterdir())


def test_what_only_reads_needs_no_permission_to_write(readable):
    """Notebooks are compared by somebody who may not write to the checkout."""
    book = make_book(readable)  # its notebooks are there
    folders = [readable, book, *(place for place in book.rglob("*") if place.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    before = (
        f"import sys\nsys.path.insert(0, {str(book / 'book' / '_ext')!r})\nfrom dlgn_site import export_notebooks\n"
    )
    check = f"export_notebooks.main(['--root', {str(book)!r}, '--check'])"  # once more before, to import what it needs
    done = unprivileged(f"sys.exit({check})\n", readable, f"{before}{check}\n")
    for folder in folders:
        folder.chmod(0o755)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("ci", ["", "true"])
def test_without_a_browser_its_tests_are_skipped_with_a_reason_but_not_in_ci(ci, tmp_path):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-rs",
        "-p",
        "no:cacheprovider",
        "tests/test_browser_pages.py",
        "-k",
        "smuggled",
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PATH": str(tmp_path), "CI": ci}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (not ci), done.stdout + done.stderr
    assert "no Chromium on this machine" in done.stdout


def test_the_oldest_versions_are_the_floors_of_the_project(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / ".ci"))
    from oldest_pins import pins

    assert pins(["torch>=2.4", "pandas>=2"]) == ["torch==2.4.*", "pandas==2.0.*"]
    for wrong in ("torch", "torch>=2.4,<3", "torch~=2.4"):
        with pytest.raises(ValueError, match=r"must read like 'torch>=2\.4'"):
            pins([wrong])
    shown = subprocess.run([sys.executable, ".ci/oldest_pins.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("torch==2.") and json.dumps(shown.stdout).count("==") >= 10
