"""The networks of the accuracy tables, their one budget, and the command that makes the tables."""

import runpy
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from image_files import cifar10_members, cifar100_members, put10, put100

from dlgn_lib import GaLUNet
from dlgn_lib.data import ImageSet
from dlgn_lib.training import CLASSIFIERS, LinearNet, accuracy, classifier, train_classifier

COMMAND = Path(__file__).resolve().parents[1] / "book/learning/results/make_images.py"
TABLES = ("images-accuracy", "images-kernels", "images-normals")


def bars(n=80, seed=0):
    """Images (n, 1, 4, 4) of two classes, bright on the left or on the right, with noise."""
    rng = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 60, (n, 1, 4, 4), generator=rng)
    labels = torch.arange(n) % 2
    for image, label in zip(images, labels.tolist(), strict=True):
        image[:, :, 2 * label : 2 * label + 2] += 150
    images = images.to(torch.uint8)
    return ImageSet(images[:60], labels[:60], images[60:], labels[60:], ("left", "right"), "made for a test")


@pytest.mark.parametrize("model", CLASSIFIERS)
def test_every_model_learns_an_easy_task_within_the_budget(model):
    data = bars()
    run = train_classifier(model, data, [3], epochs=60, width=16)[0]
    net = run.at(60)
    assert accuracy(net, data.flat()[1], data.test_labels) == 1 and run.losses[-1] < run.losses[0]
    assert not any("bias" in key for key in net.state_dict())
    moved = [not torch.equal(a, b) for a, b in zip(net.parameters(), run.at(0).parameters(), strict=True)]
    expected = [not (model.startswith("frozen") and key.startswith("gate")) for key in net.state_dict()]
    assert moved == expected


def test_models_are_what_their_names_say():
    nets = {model: classifier(model, 6, 3, seed=1, width=5, depth=2) for model in CLASSIFIERS}
    assert isinstance(nets["linear"], LinearNet) and nets["linear"](torch.eye(6)).shape == (6, 3)
    assert [m for m, net in nets.items() if getattr(net, "value_input", "x") == "ones"] == [
        "DLGN ones",
        "frozen DLGN ones",
    ]
    assert [m for m, net in nets.items() if getattr(net, "shallow", False)] == ["shallow DLGN"]
    assert [m for m, net in nets.items() if isinstance(net, GaLUNet)] == ["GaLU", "frozen GaLU"]
    for model in ("DLGN", "DLGN ones", "GaLU"):  # frozen ones start where the others do
        start, frozen = nets[model].state_dict(), nets[f"frozen {model}"].state_dict()
        assert all(torch.equal(start[key], frozen[key]) for key in start)
    with pytest.raises(ValueError, match=r"model must be one of 'linear', .*, got 'relu'"):
        classifier("relu", 6, 3, seed=0)


def test_a_seed_gives_one_run_whatever_the_others_are():
    data = bars()
    several = train_classifier("DLGN", data, [5, 2, 7], epochs=3, width=4)[1]
    alone = train_classifier("DLGN", data, [2], epochs=3, width=4)[0]
    assert several.steps == alone.steps == (0, 1, 2, 3)
    assert torch.allclose(several.losses, alone.losses, rtol=1e-4)


def test_gates_are_handed_on():
    data = bars()
    sources = [run.at(4) for run in train_classifier("DLGN", data, 2, epochs=4, width=4)]
    runs = train_classifier("frozen DLGN", data, [100, 101], epochs=4, width=4, gates=sources)
    fresh = classifier("DLGN", 16, 2, seed=100, width=4)
    for source, run in zip(sources, runs, strict=True):
        for end in (run.at(0), run.at(4)):
            assert all(map(torch.equal, end.gate_layers.parameters(), source.gate_layers.parameters()))
    assert all(map(torch.equal, runs[0].at(0).value_layers.parameters(), fresh.value_layers.parameters()))


def command(monkeypatch, tmp_path, *arguments):
    options = ["--out", tmp_path / "out", "--runs", tmp_path / "runs", *arguments]
    monkeypatch.setattr(sys, "argv", [str(COMMAND), *map(str, options)])
    runpy.run_path(str(COMMAND), run_name="__main__")
    return {table: (tmp_path / "out" / f"{table}.csv") for table in TABLES}


TINY = ("--epochs", "1", "--width", "24", "--seeds", "2")


@pytest.mark.usefixtures("no_data")
def test_the_command_runs_cifar_100_when_it_is_there(monkeypatch, tmp_path, capsys):
    tables = command(monkeypatch, tmp_path, "CIFAR-100", *TINY)
    frame = pd.read_csv(tables["images-accuracy"], comment="#")
    assert "CIFAR-100: not run. CIFAR-100 was not found; put cifar-100-binary.tar.gz" in capsys.readouterr().out
    assert set(frame["images"]) == {"not run here"} and frame[["seed0", "seed1"]].isna().all(axis=None)
    assert not tables["images-kernels"].exists()

    put100(cifar100_members(train=300, test=200))
    tables = command(monkeypatch, tmp_path, "CIFAR-100", *TINY)
    head = tables["images-accuracy"].read_text().splitlines()[:4]
    assert "not the official archive" in head[3] and "1 epochs, 4 hidden layers of 24" in head[3]
    frame = pd.read_csv(tables["images-accuracy"], comment="#").set_index("data")
    assert set(frame.loc["CIFAR-100", "images"]) == {"not run here"}
    rows = frame.loc["CIFAR-100 subset"]  # the tiny archive is not the official one
    assert rows["images"].str.fullmatch("300 of the archive [0-9a-f]{12}").all()
    assert set(rows["model"]) == {*CLASSIFIERS, "transplant DLGN", "transplant DLGN ones"}
    assert set(rows["part"]) == {"test", "train", "test, hard gates"}
    assert rows.filter(regex="^seed").stack().between(0, 1).all()
    normals = pd.read_csv(tables["images-normals"], comment="#")
    assert set(normals["model"]) == {"DLGN", "DLGN ones", "shallow DLGN"} and set(normals["layer"]) == {1, 2, 3, 4}
    start = normals[(normals["step"] == 0) & (normals["measure"] == "participation") & (normals["model"] == "DLGN")]
    expected = [1 / (layer / 24 + 1 / 3072) for layer in (1, 2, 3, 4)]  # each random layer adds 1 / M
    assert start["seed0"].tolist() == pytest.approx(expected, rel=0.4)


@pytest.mark.usefixtures("no_data")
def test_the_command_goes_on_where_it_was_and_keeps_other_rows(monkeypatch, tmp_path):
    put100(cifar100_members(train=300, test=200))
    first = command(monkeypatch, tmp_path, "CIFAR-100", *TINY)["images-accuracy"].read_text()
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").iterdir()}
    assert len(stamps) == 2 * 12  # seeds, models
    lost = min(stamps)
    lost.unlink()
    put10(cifar10_members(test=50))
    tables = command(monkeypatch, tmp_path, "CIFAR-10", "CIFAR-100", *TINY)
    assert all((path.stat().st_mtime_ns == stamp) == (path != lost) for path, stamp in stamps.items())
    old, new = (set(text.splitlines()) for text in (first, tables["images-accuracy"].read_text()))
    assert {line for line in old if not line.startswith("#")} < new
    frame = pd.read_csv(tables["images-accuracy"], comment="#")
    assert frame["data"].unique().tolist() == ["CIFAR-10 subset", "CIFAR-100 subset"]
    assert frame["seed1"].notna().all()


@pytest.mark.usefixtures("no_data")
def test_the_command_knows_its_data(monkeypatch, tmp_path, capsys):
    with pytest.raises(SystemExit):
        command(monkeypatch, tmp_path, "CIFAR-1000")
    assert "unknown data ['CIFAR-1000']; there are Fashion-MNIST," in capsys.readouterr().err
