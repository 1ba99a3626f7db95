"""Image data: the embedded subset, what the loaders return, bad files of every kind."""

import gzip
import hashlib
import os
import subprocess
import sys
import tarfile
import tomllib
import zlib
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from image_files import (
    ARCHIVE,
    FILES,
    WORDS,
    cifar10_members,
    cifar100_members,
    fashion_files,
    idx,
    lines,
    put,
    put10,
    put100,
    rows,
    tarred,
    zipped,
)

from dlgn_lib import fashion_mnist
from dlgn_lib.data import DataError, ImageSet, cifar10, cifar100, images

ROOT = Path(__file__).parent.parent
DEBIAN = Path(images.FASHION_MNIST.package[1])
pytestmark = pytest.mark.usefixtures("no_data")


@pytest.fixture
def full(monkeypatch):
    """The full set of the Debian package."""
    if not DEBIAN.is_dir():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("needs Debian's dataset-fashion-mnist")
    with monkeypatch.context() as patch:
        patch.setattr(images, "FASHION_MNIST", replace(images.FASHION_MNIST, package=("Debian's", str(DEBIAN))))
        return fashion_mnist(full=True)


# The embedded subset


def test_the_subset_is_the_first_of_each_class_in_the_official_order(full):
    subset = fashion_mnist()
    assert subset.provenance == "Fashion-MNIST: 5,000 training and 1,000 test images, embedded subset"
    for all_images, all_labels, some_images, some_labels, each in [
        (full.images, full.labels, subset.images, subset.labels, 500),
        (full.test_images, full.test_labels, subset.test_images, subset.test_labels, 100),
    ]:
        seen, kept = [0] * 10, []
        for i, label in enumerate(all_labels.tolist()):
            seen[label] += 1
            if seen[label] <= each:
                kept.append(i)
        assert torch.equal(some_images, all_images[kept]) and torch.equal(some_labels, all_labels[kept])
        assert some_labels.bincount().tolist() == [each] * 10


def test_the_command_makes_the_subset_again(full, tmp_path):
    folder = Path(images.__file__).with_name("fashion_mnist")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(folder / "make_subset.py"), str(tmp_path)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    for name in FILES:
        made, kept = (path.joinpath(name).read_bytes() for path in (tmp_path, folder))
        assert gzip.decompress(made) == gzip.decompress(kept)
        if "ng" not in zlib.ZLIB_RUNTIME_VERSION:  # zlib-ng packs the same content in other bytes
            assert made == kept
    assert sum((folder / name).stat().st_size for name in FILES) < 3e6


def test_the_subset_and_its_licence_travel_with_the_library():
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"][
        "dlgn_lib.data"
    ]
    library = Path(images.__file__).parent
    packed = {path.name for pattern in package for path in library.glob(pattern)}
    assert {*FILES, "LICENSE"} <= packed
    assert "Copyright (c) 2017 Zalando SE" in (library / "fashion_mnist" / "LICENSE").read_text()


# What the loaders return


def check_types(data: ImageSet):
    for pictures, labels in [(data.images, data.labels), (data.test_images, data.test_labels)]:
        assert pictures.dtype == torch.uint8 and labels.dtype == torch.int64
        assert len(pictures) == len(labels) and labels.max() < len(data.classes)


def test_the_full_set_is_the_official_one(full):
    check_types(full)
    assert full.images.shape == (60_000, 1, 28, 28) and full.test_images.shape == (10_000, 1, 28, 28)
    assert full.labels.bincount().tolist() == [6000] * 10 and full.test_labels.bincount().tolist() == [1000] * 10
    assert full.images.double().mean().item() / 255 == pytest.approx(0.2860, abs=1e-4)  # published mean and deviation
    assert full.images.double().std().item() / 255 == pytest.approx(0.3530, abs=1e-4)
    assert full.provenance == "Fashion-MNIST: 60,000 training and 10,000 test images, Debian package Debian's"


def test_fashion_mnist_from_the_data_folder():
    put("fashion-mnist", fashion_files())
    data = fashion_mnist(full=True)
    check_types(data)
    r = np.random.default_rng(0)
    assert np.array_equal(data.images[:, 0], r.integers(256, size=(20, 28, 28)))
    assert data.labels.tolist() == [*range(10)] * 2 and data.test_labels.tolist() == [*range(10)]
    assert data.provenance == "Fashion-MNIST: 20 training and 10 test images, $DLGN_DATA"


@pytest.mark.parametrize("train", [(12, 12, 12, 12, 12), (30,), (10, 20)], ids=["official", "subset", "two batches"])
def test_cifar10_reads_the_batches_that_are_there_in_order(train):
    put10(dict(reversed(cifar10_members(train).items())))
    data = cifar10()
    check_types(data)
    expected = np.concatenate([rows(n, 10, seed=i) for i, n in enumerate(train, start=1)])
    assert np.array_equal(data.images.reshape(-1, 3072), expected[:, 1:]) and data.images.shape[1:] == (3, 32, 32)
    assert np.array_equal(data.labels, expected[:, 0])
    assert np.array_equal(data.test_images.reshape(-1, 3072), rows(10, 10, seed=9)[:, 1:])
    assert data.classes == tuple(WORDS[:10])


def test_cifar100_gives_fine_or_coarse_labels_for_the_same_images():
    put100(cifar100_members())
    fine, coarse = cifar100(), cifar100(coarse=True)
    check_types(fine)
    check_types(coarse)
    assert fine.labels.tolist() == [i % 100 for i in range(120)] and fine.classes == tuple(WORDS)
    assert coarse.labels.tolist() == [i % 20 for i in range(120)] and coarse.classes[3] == "coarse_3"
    assert torch.equal(fine.images, coarse.images) and torch.equal(fine.test_images, coarse.test_images)
    assert np.array_equal(fine.images.reshape(-1, 3072), rows(120, 20, 100)[:, 2:])


@pytest.mark.parametrize("load, source, put_it", [(cifar10, "CIFAR10", put10), (cifar100, "CIFAR100", put100)])
def test_the_provenance_tells_the_official_archive_from_others(monkeypatch, load, source, put_it):
    folder = put_it(cifar10_members() if load is cifar10 else cifar100_members())
    (name,) = (path.name for path in folder.iterdir())
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    title = getattr(images, source).title
    assert load().provenance.startswith(f"{title}: ")
    assert load().provenance.endswith(f"$DLGN_DATA, not the official archive (sha256 {digest[:12]}…)")
    monkeypatch.setattr(images, source, replace(getattr(images, source), sha256={name: digest}))
    assert load().provenance.endswith("$DLGN_DATA, the official archive")
    assert str(folder) not in load().provenance


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_flat_standardises_each_channel_by_the_training_images(dtype):
    put10(cifar10_members())
    data = cifar10()
    x, test_x = data.flat(dtype)
    assert x.shape == (60, 3072) and test_x.shape == (10, 3072) and x.dtype == test_x.dtype == dtype
    pixels = data.images.double()
    mean, std = pixels.mean(dim=(0, 2, 3)), pixels.std(dim=(0, 2, 3), correction=0)
    for got, raw in [(x, data.images), (test_x, data.test_images)]:
        expected = (raw.double() - mean[:, None, None]) / std[:, None, None]
        torch.testing.assert_close(got.reshape(raw.shape).double(), expected, atol=1e-5, rtol=0)
    flipped = replace(data, test_images=255 - data.test_images)
    assert torch.equal(flipped.flat(dtype)[0], x)  # the test images have no say in it


def test_flat_of_one_grey_is_zero():
    grey = torch.full((3, 1, 2, 2), 7, dtype=torch.uint8)
    x, _ = ImageSet(grey, torch.zeros(3).long(), grey, torch.zeros(3).long(), ("all",), "").flat()
    assert torch.equal(x, torch.zeros(3, 4))


# Bad files


def rewrite(name, change):
    """A damage: `change` the content of the file `name`."""

    def damage(folder):
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return damage


def instead(name, array, kind=8):
    return rewrite(name, lambda _: zipped(idx(array, kind)))


def directory(name):
    def damage(folder):
        (folder / name).unlink()
        (folder / name).mkdir()

    return damage


def flip(position):
    def change(content):
        changed = bytearray(content)
        changed[position] ^= 16
        return bytes(changed)

    return change


IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = FILES
PIXELS = np.zeros((20, 28, 28))
BAD_FASHION = {
    "missing": (lambda f: (f / LABELS).unlink(), LABELS, "is missing"),
    "a directory": (directory(IMAGES), IMAGES, r"cannot be read \("),
    "empty": (rewrite(TEST_IMAGES, lambda _: b""), TEST_IMAGES, "starts with nothing"),
    "nothing zipped": (rewrite(LABELS, lambda _: zipped(b"")), LABELS, "starts with nothing"),
    "truncated": (rewrite(IMAGES, lambda c: c[:-9]), IMAGES, r"is damaged \(Compressed file ended"),
    "first half": (rewrite(IMAGES, lambda c: c[: len(c) // 2]), IMAGES, r"is damaged \(Compressed file ended"),
    "altered": (rewrite(IMAGES, flip(-2000)), IMAGES, "is damaged"),
    "altered checksum": (rewrite(LABELS, flip(-6)), LABELS, r"is damaged \(CRC check failed"),
    "not zipped": (rewrite(LABELS, gzip.decompress), LABELS, r"is damaged \(Not a gzipped file"),
    "an error page": (rewrite(LABELS, lambda _: b"<html>404"), LABELS, r"is damaged \(Not a gzipped file"),
    "labels as images": (instead(IMAGES, np.zeros(20)), IMAGES, "starts with 00000801"),
    "images as labels": (instead(LABELS, PIXELS), LABELS, "starts with 00000803"),
    "floats": (instead(IMAGES, PIXELS, kind=13), IMAGES, "starts with 00000d03"),
    "only a magic number": (rewrite(IMAGES, lambda _: zipped(b"\0\0\x08\x03\0")), IMAGES, "starts with 00000803"),
    "32 by 32 pixels": (
        instead(IMAGES, np.zeros((20, 32, 32))),
        IMAGES,
        r"has shape \(20, 32, 32\), not \('N', 28, 28\)",
    ),
    "no images": (instead(IMAGES, PIXELS[:0]), IMAGES, r"has shape \(0, 28, 28\)"),
    "too short": (
        rewrite(IMAGES, lambda c: zipped(gzip.decompress(c)[:-1])),
        IMAGES,
        "announces 15680 values, but holds 15679",
    ),
    "too long": (
        rewrite(TEST_LABELS, lambda c: zipped(gzip.decompress(c) + b"\0")),
        TEST_LABELS,
        "announces 10 values, but holds 11",
    ),
    "other counts": (instead(TEST_LABELS, np.zeros(9)), TEST_LABELS, "has 9 labels for 10 images"),
    "label 10": (instead(LABELS, np.arange(20) % 11), LABELS, "has a label 10, but the classes are 0 to 9"),
}


@pytest.mark.parametrize("damage, name, wrong", BAD_FASHION.values(), ids=BAD_FASHION)
def test_a_bad_file_of_fashion_mnist_is_named(damage, name, wrong):
    folder = put("fashion-mnist", fashion_files())
    fashion_mnist(full=True)
    damage(folder)
    with pytest.raises(DataError, match=f"fashion-mnist.{name} {wrong}.*; put the file of that name from http"):
        fashion_mnist(full=True)


def without(*names):
    return lambda members: {path: content for path, content in members.items() if Path(path).name not in names}


def member(name, change):
    return lambda members: {p: change(c) if Path(p).name == name else c for p, c in members.items()}


def label(value, column=0):
    def change(content):
        changed = bytearray(content)
        changed[column] = value
        return bytes(changed)

    return change


BATCHES = [f"data_batch_{i}.bin" for i in range(1, 6)]
BAD_MEMBERS_10 = {
    "no training batch": (without(*BATCHES), "does not contain cifar-10-batches-bin/data_batch_1.bin"),
    "no test batch": (without("test_batch.bin"), "does not contain cifar-10-batches-bin/test_batch.bin"),
    "no names": (without("batches.meta.txt"), "does not contain cifar-10-batches-bin/batches.meta.txt"),
    "another folder": (lambda m: {p.replace("bin/", "py/"): c for p, c in m.items()}, "does not contain"),
    "nothing": (lambda m: {}, "does not contain"),
    "a row cut off": (member("data_batch_3.bin", lambda c: c[:-1]), "has 36875 bytes in data_batch_3.bin"),
    "cuts that make up for each other": (
        lambda m: member("data_batch_2.bin", lambda c: c + b"\0")(member("data_batch_1.bin", lambda c: c[:-1])(m)),
        "has 36875 bytes in data_batch_1.bin",
    ),
    "an empty batch": (member("test_batch.bin", lambda c: b""), "has 0 bytes in test_batch.bin"),
    "label 10": (member("data_batch_2.bin", label(10)), "has a label 10, but the classes are 0 to 9"),
    "label 255 in the test": (member("test_batch.bin", label(255)), "has a label 255"),
    "nine names": (member("batches.meta.txt", lambda c: lines(WORDS[:9])), "has 9 names in batches.meta.txt, not 10"),
    "CIFAR-100's rows": (member("test_batch.bin", lambda c: rows(10, 20, 100).tobytes()), "has 30740 bytes"),
    "CIFAR-100": (lambda m: cifar100_members(), "does not contain"),
}


@pytest.mark.parametrize("change, wrong", BAD_MEMBERS_10.values(), ids=BAD_MEMBERS_10)
def test_a_cifar10_archive_with_other_content_is_refused(change, wrong):
    put10(change(cifar10_members()))
    with pytest.raises(DataError, match=f"cifar-10-binary.tar.gz {wrong}.*; put the file of that name"):
        cifar10()


BAD_MEMBERS_100 = {
    "no training file": (without("train.bin"), "does not contain cifar-100-binary/train.bin"),
    "no fine names": (without("fine_label_names.txt"), "does not contain cifar-100-binary/fine_label_names.txt"),
    "names exchanged": (
        member("coarse_label_names.txt", lambda c: lines(WORDS)),
        "has 100 names in coarse_label_names.txt, not 20",
    ),
    "coarse label 20": (member("train.bin", label(20)), "has a label 20, but the classes are 0 to 19"),
    "fine label 100": (member("test.bin", label(100, column=1)), "has a label 100, but the classes are 0 to 99"),
    "CIFAR-10's rows": (member("train.bin", lambda c: rows(7, 10).tobytes()), "has 21511 bytes in train.bin"),
}


@pytest.mark.parametrize("coarse", [True, False], ids=["coarse", "fine"])
@pytest.mark.parametrize("change, wrong", BAD_MEMBERS_100.values(), ids=BAD_MEMBERS_100)
def test_a_cifar100_archive_with_other_content_is_refused(change, wrong, coarse):
    put100(change(cifar100_members()))
    with pytest.raises(DataError, match=f"cifar-100-binary.tar.gz {wrong}.*; put the file of that name"):
        cifar100(coarse)


BAD_ARCHIVES = {
    "missing": (lambda f: (f / ARCHIVE).unlink(), "is missing"),
    "a directory": (directory(ARCHIVE), r"cannot be read \("),
    "empty": (rewrite(ARCHIVE, lambda c: b""), r"is no complete tar archive \(empty file\)"),
    "truncated": (rewrite(ARCHIVE, lambda c: c[:-100]), r"is damaged \(Compressed file ended"),
    "altered": (rewrite(ARCHIVE, flip(-2000)), "is damaged"),
    "altered checksum": (rewrite(ARCHIVE, flip(-5)), r"is damaged \(CRC check failed"),
    "not zipped": (rewrite(ARCHIVE, gzip.decompress), r"is damaged \(Not a gzipped file"),
    "no tar archive": (rewrite(ARCHIVE, lambda c: zipped(b"pixels" * 500)), "is no complete tar archive"),
    "zipped after it was cut": (
        rewrite(ARCHIVE, lambda c: zipped(gzip.decompress(c)[:60_000])),
        r"is no complete tar archive \(unexpected end of data\)",
    ),
    "links": (rewrite(ARCHIVE, lambda c: zipped(tarred(cifar10_members(), tarfile.SYMTYPE))), "does not contain"),
}


@pytest.mark.parametrize("damage, wrong", BAD_ARCHIVES.values(), ids=BAD_ARCHIVES)
def test_a_bad_archive_is_named(damage, wrong):
    folder = put10(cifar10_members())
    cifar10()
    damage(folder)
    with pytest.raises(DataError, match=f"cifar-10.{ARCHIVE} {wrong}.*; put the file of that name from https"):
        cifar10()


@given(st.data())
def test_no_damage_ever_gives_other_data(data):
    """Wherever a file is cut or altered: an error, or (in a part that means nothing, as its date) the same data."""
    small = {**fashion_files(2, 2), ARCHIVE: zipped(tarred(cifar10_members((2,), 2)))}
    name = data.draw(st.sampled_from(sorted(small)))
    content = bytearray(small[name])
    position = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[position] ^= data.draw(st.integers(1, 255))
    else:
        del content[position:]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLGN_DATA", folder)
        for part in ("fashion-mnist", "cifar-10"):
            Path(folder, part).mkdir()
            for file in small:
                Path(folder, part, file).write_bytes(small[file])
        load = cifar10 if name == ARCHIVE else lambda: fashion_mnist(full=True)
        right = load()
        Path(folder, "cifar-10" if name == ARCHIVE else "fashion-mnist", name).write_bytes(content)
        try:
            got = load()
        except DataError:
            return
        for field in ("images", "labels", "test_images", "test_labels"):
            assert torch.equal(getattr(got, field), getattr(right, field))
