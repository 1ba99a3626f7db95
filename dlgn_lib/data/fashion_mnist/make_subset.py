"""Make the embedded subset of Fashion-MNIST: the first 500 training and 100 test images of each class.

They stay in the official order, and the four files have the official names and format. The bytes are the same on every run.
Needs the full set, as `fashion_mnist(full=True)` finds it.

    python dlgn_lib/fashion_mnist/make_subset.py [FOLDER]
"""

import gzip
import sys
from pathlib import Path

import torch

from dlgn_lib.data.images import fashion_mnist


def main(folder: Path) -> None:
    """Write the four files into `folder`."""
    full = fashion_mnist(full=True)
    for part, images, labels, each in [
        ("train", full.images, full.labels, 500),
        ("t10k", full.test_images, full.test_labels, 100),
    ]:
        kept = torch.cat([(labels == label).nonzero()[:each, 0] for label in labels.unique()]).sort().values
        for kind, values in [("images-idx3", images[kept, 0]), ("labels-idx1", labels[kept].to(torch.uint8))]:
            sizes = b"".join(n.to_bytes(4, "big") for n in values.shape)
            content = bytes([0, 0, 8, values.ndim]) + sizes + values.numpy().tobytes()
            path = folder / f"{part}-{kind}-ubyte.gz"
            with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as zipped:  # no name, no date
                zipped.write(content)
            print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
