"""Environments with Colab's versions: the one of tests/test_notebooks.py, and the same with Otter on top."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

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
    below = colab()

    def fill(python):
        run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", str(OTTER_PINS))
        site = Path(run(python, "-c", SITE_PACKAGES).strip())
        (site / "colab.pth").write_text(f"{ROOT}\n{run(str(below), '-c', SITE_PACKAGES)}")
        library = site / "dlgn_lib-0.dist-info"  # what says to the setup cell that the library is there
        library.mkdir()
        (library / "METADATA").write_text("Metadata-Version: 2.1\nName: dlgn-lib\nVersion: 0\n")

    texts = [PINS.read_text(), OTTER_PINS.read_text(), str(ROOT), str(below), sys.version]
    return _made(OTTER, hashlib.sha256(" ".join(texts).encode()).hexdigest(), fill)
