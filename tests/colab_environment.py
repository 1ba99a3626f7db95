"""Environments with Colab's versions: the one of tests/test_notebooks.py, and the same with Otter on top."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import colab_record
import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[1]
VENV = Path(os.environ.get("DLGN_COLAB_VENV", ROOT / ".venv-colab"))  # kept between runs
OTTER = Path(os.environ.get("DLGN_OTTER_VENV", ROOT / ".venv-otter"))  # kept, too
BIN = "Scripts/python.exe" if os.name == "nt" else "bin/python"
PYTHON = VENV / BIN
PINS = Path(os.environ.get("DLGN_COLAB_PINS", ROOT / "tests" / "colab-constraints.txt"))
OTTER_PINS = ROOT / "tests" / "otter-constraints.txt"
PACKAGES = [
    *("torch", "numpy", "pandas", "matplotlib", "seaborn", "pillow", "pyyaml", "tqdm", "joblib", "scikit-learn"),
    *("ipywidgets", "ipykernel", "ipython"),
]
SITE_PACKAGES = "import sysconfig; print(sysconfig.get_path('purelib'))"


def run(*command, **options):
    """Run a command and return what it printed; fail the test with that if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        text = " ".join(map(str, command))
        printed = (done.stdout + done.stderr)[-3000:]
        pytest.fail(f"`{text}` ended with exit code {done.returncode}:\n{printed}", pytrace=False)
    return done.stdout


def copy_tree(to):
    """Copy this working tree into a folder: what is tracked or could be, committed or not."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT, env=environment)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, to / name)


def _made(venv, wanted, fill):
    """Make an environment, or take the one of an earlier run with the same stamp; one process at a time."""
    stamp = venv / "stamp"
    with FileLock(venv.with_name(f"{venv.name}.lock")):
        if not (stamp.is_file() and stamp.read_text() == wanted):
            shutil.rmtree(venv, ignore_errors=True)
            run(sys.executable, "-m", "venv", str(venv))
            try:
                fill(str(venv / BIN))
            except pytest.fail.Exception as error:
                pytest.fail(f"cannot make {venv}; it needs the package registry once. {error}", pytrace=False)
            stamp.write_text(wanted)
    return venv / BIN


def colab():
    """Return the Python of an environment with Colab's versions, in which the library is not."""

    def fill(python):
        run(python, "-m", "pip", "install", "--quiet", "--constraint", str(PINS), *PACKAGES)
        run(python, "-c", "import matplotlib.font_manager")  # builds the font cache, which announces itself in a cell

    wanted = hashlib.sha256(f"{PINS.read_text()} {PACKAGES} {sys.version}".encode()).hexdigest()
    return _made(VENV, wanted, fill)


def otter():
    """Return the Python of an environment with Otter beside Colab's versions, and the library of this working tree."""
    below, drawings = colab(), sorted((ROOT / "book").rglob("figures/*.py"))

    def fill(python):
        run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", str(OTTER_PINS))
        site = Path(run(python, "-c", SITE_PACKAGES).strip())
        (site / "colab.pth").write_text(run(str(below), "-c", SITE_PACKAGES))
        with tempfile.TemporaryDirectory() as tree:
            copy_tree(Path(tree))
            run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", tree)

    parts = [file.read_bytes() for file in (PINS, OTTER_PINS, ROOT / "pyproject.toml", *drawings)]
    wanted = hashlib.sha256(b"\0".join(parts) + f"{colab_record.library_key()} {below} {sys.version}".encode())
    return _made(OTTER, wanted.hexdigest(), fill)
