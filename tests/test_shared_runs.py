"""The shared runs: trained once, then read; what the cache survives."""

import os
import subprocess
import sys

import pytest
import torch
from cases import assert_same_run

from dlgn_lib.data import circle
from dlgn_lib.runs import canon, canon_net, shared
from dlgn_lib.training import train


@pytest.fixture
def short_canon(monkeypatch, tmp_path):
    """The shared configuration with few steps, and an empty cache."""
    monkeypatch.setenv("DLGN_CACHE", str(tmp_path))
    monkeypatch.setattr(shared, "CANON_STEPS", dict.fromkeys(shared.CANON_MODELS, 3))
    return tmp_path


@pytest.mark.parametrize("model", shared.CANON_MODELS)
def test_canon_is_trained_once_then_read(short_canon, monkeypatch, model):
    runs = canon(model, seeds=[4, 2])
    assert len(list(short_canon.iterdir())) == 1
    assert_same_run(runs[1], train(canon_net(model, 2), *circle(), steps=3, lr=2e-3, snapshots=[0, 1, 2, 3]), 1e-4)
    monkeypatch.setattr(shared, "train_ensemble", None)  # would fail if it were called
    for one, other in zip(runs, canon(model, seeds=[4, 2]), strict=True):
        assert_same_run(one, other, tolerance=0)
        assert one.config == other.config
        assert torch.equal(one.at(3)(circle()[0]), other.at(3)(circle()[0]))


def test_canon_key_tells_seeds_models_and_steps_apart(short_canon, monkeypatch):
    canon("ReLU", seeds=1)
    canon("ReLU", seeds=[1])
    canon("DLGN", seeds=1)
    monkeypatch.setattr(shared, "CANON_STEPS", {"ReLU": 2})
    canon("ReLU", seeds=1)
    assert len(list(short_canon.iterdir())) == 4


@pytest.mark.parametrize("content", [b"", b"not a file of torch", "half"])
def test_a_damaged_cache_is_trained_again(short_canon, content):
    runs = canon("ReLU", seeds=1)
    (path,) = short_canon.iterdir()
    path.write_bytes(path.read_bytes()[:5000] if content == "half" else content)
    with pytest.warns(UserWarning, match="cannot be read"):
        again = canon("ReLU", seeds=1)
    assert_same_run(runs[0], again[0], tolerance=0)
    canon("ReLU", seeds=1)  # whole again: no warning


def test_a_killed_run_leaves_no_cache_that_can_be_read(tmp_path):
    """Kill the process in the middle of writing: the name that a reader opens must not exist."""
    code = (
        "import os, torch\n"
        "from dlgn_lib.runs import shared\n"
        "shared.CANON_STEPS = {'ReLU': 2}\n"
        "real = torch.save\n"
        "def save(value, file):\n"
        "    open(file, 'wb').write(b'half'); os._exit(9)\n"
        "torch.save = save\n"
        "shared.canon('ReLU', seeds=1)\n"
    )
    environment = {**os.environ, "DLGN_CACHE": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 9
    assert list(tmp_path.rglob("canon-*.pt"))  # it was killed while writing
    assert not list(tmp_path.glob("canon-*.pt"))


def test_a_cache_folder_that_cannot_be_written_is_a_warning(short_canon, monkeypatch):
    (short_canon / "file").write_text("in the way")
    monkeypatch.setenv("DLGN_CACHE", str(short_canon / "file" / "folder"))
    with pytest.warns(UserWarning, match="could not be cached .* set DLGN_CACHE"):
        runs = canon("ReLU", seeds=1)
    assert runs[0].steps == (0, 1, 2, 3)


@pytest.mark.parametrize("change", [{"shallow": True}, {"value_input": "ones"}])
def test_a_relu_net_has_no_gates_of_its_own_to_change(change):
    assert canon_net("DLGN", 0, **change)
    with pytest.raises(ValueError, match="belong to nets with gates of their own, not to 'ReLU', got value_input="):
        canon_net("ReLU", 0, **change)


def test_unknown_model_is_refused():
    with pytest.raises(ValueError, match="model must be one of 'ReLU', 'DLGN', 'frozen DLGN', got 'MLP'"):
        canon("MLP")
