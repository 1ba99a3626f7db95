"""Files that the library makes once: where they lie, how they get there whole or not at all, and how they are read again."""

import os
import pickle
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
#: What reading a damaged file gives, by `json` or `torch.load`.
DAMAGED = (OSError, ValueError, TypeError, KeyError, EOFError, RuntimeError, pickle.UnpicklingError, zipfile.BadZipFile)


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


def stored(path: Path, load: Callable[[Path], T], what: str, quiet: bool = False, level: int = 3) -> T | None:
    """Return `load(path)`, or None if there is no such file or it cannot be read; the latter warns, unless `quiet`.

    Args:
        path: of the file.
        load: reads it.
        what: the warning, with places for `{path}` and `{error}`.
        quiet: whether to say nothing.
        level: how many calls up the warning points, as for `warnings.warn`.
    """
    try:
        return load(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except DAMAGED as error:
        if not quiet:
            warnings.warn(what.format(path=path, error=error), stacklevel=level)
        return None
