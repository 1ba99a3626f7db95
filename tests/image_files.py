"""Small image data sets in the true formats, and where the library looks for them."""

import gzip
import io
import os
import tarfile
from pathlib import Path

import numpy as np

FILES = [f"{p}-{k}-ubyte.gz" for p in ("train", "t10k") for k in ("images-idx3", "labels-idx1")]
ARCHIVE = "cifar-10-binary.tar.gz"
WORDS = [f"name_{i}" for i in range(100)]


def idx(array, kind=8):
    return bytes([0, 0, kind, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.astype(np.uint8).tobytes()


def zipped(content):
    return gzip.compress(content, mtime=0)


def fashion_files(n=20, m=10):
    """The four files of a small Fashion-MNIST, by name."""
    r = np.random.default_rng(0)
    arrays = [(r.integers(256, size=(count, 28, 28)), np.arange(count) % 10) for count in (n, m)]
    return {name: zipped(idx(array)) for name, array in zip(FILES, [*arrays[0], *arrays[1]], strict=True)}


def rows(n, *limits, seed=0):
    """Rows (n, labels + 3072) of a CIFAR batch; a label of each kind below each limit."""
    labels = np.stack([np.arange(n) % limit for limit in limits], axis=1)
    return np.hstack([labels, np.random.default_rng(seed).integers(256, size=(n, 3072))]).astype(np.uint8)


def lines(names):
    return "".join(f"{name}\n" for name in names).encode() + b"\n"  # the official file ends with an empty line


def cifar10_members(train=(12, 12, 12, 12, 12), test=10):
    batches = {f"data_batch_{i}.bin": rows(n, 10, seed=i).tobytes() for i, n in enumerate(train, start=1)}
    members = {"batches.meta.txt": lines(WORDS[:10]), **batches, "readme.html": b"<html>"}
    members["test_batch.bin"] = rows(test, 10, seed=9).tobytes()
    return {f"cifar-10-batches-bin/{name}": content for name, content in members.items()}


def cifar100_members(train=120, test=100):
    members = {
        "train.bin": rows(train, 20, 100).tobytes(),
        "test.bin": rows(test, 20, 100, seed=1).tobytes(),
        "coarse_label_names.txt": lines(f"coarse_{i}" for i in range(20)),
        "fine_label_names.txt": lines(WORDS),
    }
    return {f"cifar-100-binary/{name}": content for name, content in members.items()}


def tarred(members, kind=tarfile.REGTYPE):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.type, info.size = kind, len(content) if kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def put(folder, files):
    """Write the files into a folder of $DLGN_DATA and return it."""
    path = Path(os.environ["DLGN_DATA"], folder)
    path.mkdir(parents=True)
    for name, content in files.items():
        (path / name).write_bytes(content)
    return path


def put10(members):
    return put("cifar-10", {ARCHIVE: zipped(tarred(members))})


def put100(members):
    return put("cifar-100", {"cifar-100-binary.tar.gz": zipped(tarred(members))})
