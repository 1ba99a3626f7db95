"""Key the execution cache by everything a page's output depends on, page by page.

jupyter-cache itself hashes a page's code cells only, so a changed library would leave old figures on the site. A page
depends on the library, the pins and Python; on its drawings; on what the register asks of its claims; and, if it reads
committed tables, on all of them.
"""

import hashlib
import platform
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from jupyter_cache import get_cache
from sphinx.application import Sphinx
from sphinx.util import logging
from sqlalchemy.exc import SQLAlchemyError

logger = logging.getLogger(__name__)

_LIBRARY = ("dlgn_lib/**/*", "book/**/figures/__init__.py", "constraints.txt")
_DRAWINGS = re.compile(r"(?m)^from dlgn_lib\.pages((?:\.\w+)*) import (\w+)")
_KEPT = 3  # cache folders a page; older ones are pruned


def _hashed(root: Path, files: Iterable[Path], *more: str) -> str:
    digest = hashlib.sha256("\0".join([platform.python_version(), *more]).encode())
    for file in sorted(files):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def library_key(root: Path) -> str:
    """Return a hash of the files on which the output of every page of the book at `root` depends."""
    files = {file for pattern in _LIBRARY for file in root.glob(pattern)}
    return _hashed(root, {file for file in files if file.is_file() and "__pycache__" not in file.parts})


def _drawings(root: Path, file: Path) -> set[Path]:
    """Return the modules of drawings that a page or a module imports, and those that these import."""
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        for part, name in _DRAWINGS.findall(waiting.pop().read_text(encoding="utf-8")):
            module = root.joinpath("book", *part.split(".")[1:], "figures", f"{name}.py")
            if module.is_file() and module not in found:
                found.add(module)
                waiting.append(module)
    return found


def _asked(root: Path, page: str) -> str:
    """Return what the register says of the claims of a page, but for what is measured."""
    register = root / "book" / "claims.yml"
    text = register.read_text(encoding="utf-8") if register.is_file() else ""
    text = re.sub(r"(?m)^  (?:value|spread):.*\n", "", text)  # a page measures these
    entries = re.split(r"(?m)^(?=\S)", text)
    return "".join(entry for entry in entries if re.search(rf"\bpage: {re.escape(page)}\s*[,\n}}]", entry))


def _needed(root: Path, page: str) -> set[Path]:
    """Return the files that the cells of a page read, beside the library."""
    source = root / "book" / f"{page}.md"
    files = _drawings(root, source)
    if any("committed_results" in file.read_text(encoding="utf-8") for file in {source, *files}):
        files |= set(root.glob("book/*/results/*.csv"))
    return files


def values_key(root: Path, page: str) -> str:
    """Return a hash of what the values depend on that a page measures, beside its cells; what is asked of them is not in it."""
    return _hashed(root, _needed(root, page), library_key(root))


def page_key(root: Path, page: str) -> str:
    """Return the key of a page, as in `learning/circle`: a hash of what its output depends on beside its own cells."""
    return _hashed(root, _needed(root, page), library_key(root), _asked(root, page))


def cache_folder(app: Sphinx, document: str) -> Path:
    """Return the folder of the execution cache of a page, made if it is not there, without what cannot be read."""
    root = Path(app.srcdir)
    page = document.removeprefix("book/")
    base = root / (app.config.nb_execution_cache_path or ".cache/execution")  # a relative path would follow the caller
    folder = base / page.replace("/", ".") / page_key(root, page)
    folder.mkdir(parents=True, exist_ok=True)
    folder.touch()
    others = sorted((f for f in folder.parent.iterdir() if f != folder), key=lambda f: -f.stat().st_mtime)
    for old in others[_KEPT - 1 :]:
        shutil.rmtree(old)
    if not _sound(folder):
        logger.info("%s: the execution cache is damaged; the page runs again", document)
        shutil.rmtree(folder)
        folder.mkdir()
    return folder


def _set(app: Sphinx, document: str, source: list[str]) -> None:
    """Give a page, when it is about to be read, a cache of its own."""
    if app.config.nb_execution_mode == "cache" and "kernelspec:" in source[0]:
        path = str(cache_folder(app, document))
        app.env.mystnb_config = app.env.mystnb_config.copy(execution_cache_path=path)


def _sound(folder: Path) -> bool:
    """Return whether every entry of a cache can be read; a build that was killed or a full disk may leave half of one."""
    cache = get_cache(folder)
    try:
        for record in cache.list_cache_records():
            cache.get_cache_bundle(record.pk)
    except (OSError, ValueError, KeyError, SQLAlchemyError):
        return False
    return True


def setup(app: Sphinx) -> dict:
    """Register the extension."""
    app.connect("source-read", _set)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
