"""Files of weights: what is written is read again, and what is no such file is refused."""

import json
import math

import pytest
import torch

from dlgn_lib import DLGN, DeepLinearNet, GaLUNet, ReLUNet
from dlgn_lib.weights import load_weights, save_weights

NETS = {
    "DLGN": lambda: DLGN(2, 5, 3, beta=4.0),
    "DLGN, hard": lambda: DLGN(2, 5, 2, beta=math.inf, bias=True),
    "frozen": lambda: DLGN(2, 5, 2).freeze_gates(),
    "shallow": lambda: DLGN(2, 5, 2, shallow=True),
    "ReLU": lambda: ReLUNet(2, 5, 2, bias=True),
    "GaLU": lambda: GaLUNet(2, 5, 2),
    "deep linear": lambda: DeepLinearNet(2, 5, 2),
}


@pytest.mark.parametrize("kind", ["json", "safetensors"])
@pytest.mark.parametrize("name", NETS)
def test_a_net_is_read_as_it_was_written(tmp_path, kind, name):
    net, path = NETS[name](), tmp_path / f"net.{kind}"
    save_weights(net, path, task="xor", seeds=3)
    again, settings = load_weights(path)
    assert type(again) is type(net) and again.beta == net.beta and again.widths == net.widths
    assert settings["task"] == "xor" and settings["seeds"] == 3
    x = torch.randn(20, 2)
    assert torch.equal(net(x), again(x))
    assert [p.requires_grad for p in net.parameters()] == [p.requires_grad for p in again.parameters()]


@pytest.mark.parametrize(
    "net",
    [DLGN(3, 5, 2), DLGN(2, [5, 4]), DLGN(2, 5, 2, out_dim=2), DLGN(2, 5, 2, value_input="ones"), torch.nn.ReLU()],
)
def test_a_net_that_the_playground_has_not_is_refused(tmp_path, net):
    with pytest.raises((ValueError, TypeError), match="net must be"):
        save_weights(net, tmp_path / "net.json")
    assert not list(tmp_path.iterdir())


def test_a_path_says_the_format(tmp_path):
    for function in (lambda path: save_weights(DLGN(2, 5, 2), path), load_weights):
        with pytest.raises(ValueError, match=r"path must end in \.json or \.safetensors, got .*net\.npz"):
            function(tmp_path / "net.npz")
    with pytest.raises(FileNotFoundError):
        load_weights(tmp_path / "none.json")


@pytest.mark.parametrize("kind", ["json", "safetensors"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[1, 2]", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_a_damaged_file_is_refused(tmp_path, kind, content):
    path = tmp_path / f"net.{kind}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="path must be a file of weights of the playground"):
        load_weights(path)


def test_weights_that_do_not_fit_their_settings_are_refused(tmp_path):
    path = tmp_path / "net.json"
    save_weights(DLGN(2, 5, 2), path)
    held = json.loads(path.read_text(encoding="utf-8"))
    for changes in ({"width": 6}, {"model": "CNN"}, {"width": "wide"}):
        path.write_text(json.dumps(held | {"settings": held["settings"] | changes}), encoding="utf-8")
        with pytest.raises(ValueError, match=r"net\.json is none"):
            load_weights(path)
