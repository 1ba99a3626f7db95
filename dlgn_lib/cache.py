"""Files that the library makes once: the folder where they lie, and how they get there whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """Return `$DLGN_CACHE`, else a folder of this library in the user's cache folder. It need not exist yet."""
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dlgn-lib"
    return Path(os.environ.get("DLGN_CACHE") or user)


@contextmanager
def in_one_move(path: Path) -> Iterator[Path]:
    """Give a file to write beside `path`, which is put in its place at the end: a reader finds all of it or what was there.

    Raises:
        OSError: if the folder cannot be written or the disk is full; then nothing of it is left.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with in_one_move(Path(folder, "numbers.txt")) as file:
    ...         _ = file.write_text("1 2 3")
    ...     Path(folder, "numbers.txt").read_text()
    '1 2 3'
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        file = Path(folder, path.name)
        yield file
        os.replace(file, path)
