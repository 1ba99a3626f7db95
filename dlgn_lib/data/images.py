"""Fashion-MNIST, CIFAR-10 and CIFAR-100 as tensors. Page: learning/images.

A subset of Fashion-MNIST is part of the library. The rest is looked for in the folder that the environment variable
`DLGN_DATA` names, under `fashion-mnist/`, `cifar-10/` and `cifar-100/`, as the official archives. What is not there is
downloaded into `$DLGN_CACHE` or the user's cache folder, unless `$DLGN_DOWNLOAD` is 0, as in builds.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dlgn_lib.data.archives import Folder, Source

FASHION_MNIST = Source(
    title="Fashion-MNIST",
    folder="fashion-mnist",
    url="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    sha256={
        "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    },
    package=("dataset-fashion-mnist", "/usr/share/datasets/fashion-mnist"),
)
CIFAR10 = Source(
    title="CIFAR-10",
    folder="cifar-10",
    url="https://www.cs.toronto.edu/~kriz/",
    sha256={"cifar-10-binary.tar.gz": "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"},
)
CIFAR100 = Source(
    title="CIFAR-100",
    folder="cifar-100",
    url="https://www.cs.toronto.edu/~kriz/",
    sha256={"cifar-100-binary.tar.gz": "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"},
)
EMBEDDED = Folder(Path(__file__).with_name("fashion_mnist"), "embedded subset", "install dlgn-lib again")
GARMENTS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images with labels, for training and for testing.

    Attributes:
        images: training images (N, C, H, W), uint8; C is 1 for grey and 3 for red, green, blue.
        labels: their classes (N,), int64, from 0.
        test_images: test images (N_test, C, H, W), uint8.
        test_labels: their classes (N_test,), int64.
        classes: the names of the classes.
        provenance: one line that says what this is and where it came from.
    """

    images: Tensor
    labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    classes: tuple[str, ...]
    provenance: str

    def __repr__(self) -> str:
        """Return what this is, without its pixels."""
        return f"ImageSet({self.provenance!r})"

    def flat(self, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
        """Return the images as inputs of a network: training (N, D) and test (N_test, D), with D = C·H·W.

        Each channel is standardised: minus its mean, divided by its standard deviation, both over all pixels of the
        training images.

        >>> x, test_x = fashion_mnist().flat(torch.float64)
        >>> x.shape, test_x.shape, f"{x.mean().abs():.6f} {x.std(correction=0):.6f}"
        (torch.Size([5000, 784]), torch.Size([1000, 784]), '0.000000 1.000000')
        """
        grey = torch.arange(256, dtype=torch.float64)
        counts = torch.stack([torch.bincount(c.flatten(), minlength=256) for c in self.images.unbind(dim=1)])
        share = counts.double() / counts.sum(dim=1, keepdim=True)  # (C, 256)
        mean = share @ grey
        std = (share * (grey - mean[:, None]) ** 2).sum(dim=1).sqrt()
        std = torch.where(std > 0, std, 1)  # a channel of one colour carries nothing

        def standard(images: Tensor) -> Tensor:
            x = images.to(dtype)
            return x.sub_(mean.to(dtype)[:, None, None]).div_(std.to(dtype)[:, None, None]).flatten(1)

        return standard(self.images), standard(self.test_images)


def fashion_mnist(full: bool = False, *, download: bool | None = None) -> ImageSet:
    """Return Fashion-MNIST: grey images of clothes, 28 × 28 pixels, in ten classes.

    The subset that comes with the library is class-balanced and needs no network: the first 500 training and the first
    100 test images of each class, in the official order (`dlgn_lib/data/fashion_mnist/make_subset.py` made it).
    The full set is looked for in `$DLGN_DATA/fashion-mnist/`, where the Debian package dataset-fashion-mnist puts it, and
    among earlier downloads. Source: Xiao, Rasul and Vollgraf (2017), arXiv:1708.07747; MIT licence, Zalando SE.

    Args:
        full: all 60,000 + 10,000 images, not the subset of 5,000 + 1,000.
        download: whether to download (31 MB) what is not found; by default yes, unless `$DLGN_DOWNLOAD` is 0.

    Raises:
        dlgn_lib.data.DataError: if a file is missing or bad, or the download fails.

    >>> clothes = fashion_mnist()
    >>> clothes.images.shape, clothes.classes[clothes.labels[0]]
    (torch.Size([5000, 1, 28, 28]), 'Ankle boot')
    >>> print(clothes.provenance)
    Fashion-MNIST: 5,000 training and 1,000 test images, embedded subset
    """
    folder = FASHION_MNIST.find(download) if full else EMBEDDED
    parts = []
    for part in ("train", "t10k"):
        names = f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz"
        images, labels = _idx(folder, names[0], (28, 28)), _idx(folder, names[1], ())
        if len(images) != len(labels):
            raise folder.error(names[1], f"has {len(labels)} labels for {len(images)} images")
        _check_labels(folder, names[1], labels, len(GARMENTS))
        parts += [images[:, None], labels]
    return _image_set("Fashion-MNIST", parts, GARMENTS, folder.origin)


def cifar10(*, download: bool | None = None) -> ImageSet:
    """Return CIFAR-10: colour photographs, 32 × 32 pixels, in ten classes; officially 50,000 + 10,000.

    It is looked for in `$DLGN_DATA/cifar-10/` and among earlier downloads, as `cifar-10-binary.tar.gz`. An archive that
    holds only some of the training batches is used too; the provenance says whether it is the official one.
    Source: Krizhevsky (2009), Learning Multiple Layers of Features from Tiny Images.

    Args:
        download: whether to download (170 MB) what is not found; by default yes, unless `$DLGN_DOWNLOAD` is 0.

    Raises:
        dlgn_lib.data.DataError: if the archive is missing or bad, or the download fails.
    """
    batches = [f"data_batch_{i}.bin" for i in range(1, 6)]
    return _cifar(CIFAR10, "cifar-10-batches-bin", batches, "test_batch.bin", {"batches.meta.txt": 10}, 0, download)


def cifar100(coarse: bool = False, *, download: bool | None = None) -> ImageSet:
    """Return CIFAR-100: colour photographs, 32 × 32 pixels; officially 50,000 + 10,000.

    It is looked for in `$DLGN_DATA/cifar-100/` and among earlier downloads, as `cifar-100-binary.tar.gz`.
    Source: Krizhevsky (2009), Learning Multiple Layers of Features from Tiny Images.

    Args:
        coarse: labels and names of the 20 coarse classes, not of the 100 fine ones; the images are the same.
        download: whether to download (169 MB) what is not found; by default yes, unless `$DLGN_DOWNLOAD` is 0.

    Raises:
        dlgn_lib.data.DataError: if the archive is missing or bad, or the download fails.
    """
    names = {"coarse_label_names.txt": 20, "fine_label_names.txt": 100}
    return _cifar(CIFAR100, "cifar-100-binary", ["train.bin"], "test.bin", names, 0 if coarse else 1, download)


def _idx(folder: Folder, name: str, sides: tuple[int, ...]) -> np.ndarray:
    """Return the bytes (N, *sides) of an IDX file: magic number, sizes, content, and nothing else."""
    raw = folder.gunzip(name)
    dims = 1 + len(sides)
    magic, start = bytes([0, 0, 8, dims]), 4 + 4 * dims  # 8 stands for unsigned bytes
    if raw[:4] != magic or len(raw) < start:
        raise folder.error(
            name, f"starts with {raw[:4].hex() or 'nothing'}, not as an IDX file of {dims} dimensions does"
        )
    shape = struct.unpack(f">{dims}I", raw[4:start])
    if shape[1:] != sides or shape[0] == 0:
        raise folder.error(name, f"has shape {shape}, not {('N', *sides)}")
    if len(raw) - start != math.prod(shape):
        raise folder.error(name, f"announces {math.prod(shape)} values, but holds {len(raw) - start}")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


def _cifar(
    source: Source,
    inside: str,
    batches: Sequence[str],
    test: str,
    name_files: dict[str, int],
    column: int,
    download: bool | None,
) -> ImageSet:
    """Return the images of a CIFAR archive, with the labels in column `column`, whose names are in that name file."""
    folder = source.find(download)
    (archive, official), = source.sha256.items()  # fmt: skip
    members = {f"{inside}/{name}": name for name in (*batches, test, *name_files)}
    found = {members[path]: raw for path, raw in folder.untar(archive, members).items()}
    needed = {test, *name_files} | set(batches[:1] if not found.keys() & set(batches) else ())
    if lacking := sorted(needed - found.keys()):
        raise folder.error(archive, f"does not contain {inside}/{lacking[0]}")
    classes = []
    for name, count in name_files.items():
        classes.append(tuple(found[name].decode(errors="replace").split()))
        if len(classes[-1]) != count:
            raise folder.error(archive, f"has {len(classes[-1])} names in {name}, not {count}")
    width = len(name_files) + 3 * 32 * 32
    parts = []
    for names in ([name for name in batches if name in found], [test]):
        for name in names:
            if not found[name] or len(found[name]) % width:
                raise folder.error(
                    archive, f"has {len(found[name])} bytes in {name}, no whole number of rows of {width}"
                )
        rows = np.frombuffer(b"".join(found.pop(name) for name in names), np.uint8).reshape(-1, width)
        for c, known in enumerate(classes):
            _check_labels(folder, archive, rows[:, c], len(known))
        parts += [rows[:, len(name_files) :].reshape(-1, 3, 32, 32), rows[:, column]]
    digest = folder.sha256(archive)
    kind = "the official archive" if digest == official else f"not the official archive (sha256 {(digest or '')[:12]}…)"
    return _image_set(source.title, parts, classes[column], f"{folder.origin}, {kind}")


def _check_labels(folder: Folder, name: str, labels: np.ndarray, classes: int) -> None:
    if labels.max() >= classes:
        raise folder.error(name, f"has a label {labels.max()}, but the classes are 0 to {classes - 1}")


def _image_set(title: str, parts: Sequence[np.ndarray], classes: tuple[str, ...], origin: str) -> ImageSet:
    images, labels, test_images, test_labels = (torch.tensor(part) for part in parts)
    provenance = f"{title}: {len(images):,} training and {len(test_images):,} test images, {origin}"
    return ImageSet(images, labels.long(), test_images, test_labels.long(), classes, provenance)
