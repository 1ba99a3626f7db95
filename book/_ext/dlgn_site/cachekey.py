"""Key the execution cache by everything a page's output depends on: library, pins, results, Python.

jupyter-cache itself hashes a page's code cells only, so a changed library would leave old figures on the site.
"""

import hashlib
import platform
import re
import shutil
from pathlib import Path

from jupyter_cache import get_cache
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging
from sqlalchemy.exc import SQLAlchemyError

logger = logging.getLogger(__name__)

_INPUTS = ("dlgn_lib/**/*", "book/**/figures/*.py", "book/**/results/**/*", "book/claims.yml", "constraints.txt")
_KEPT = 3  # cache folders; older ones are pruned


def cache_key(root: Path) -> str:
    """Return the key of the execution cache of the book at `root`: a hash of the files its outputs depend on."""
    digest = hashlib.sha256(platform.python_version().encode())
    files = {
        file for pattern in _INPUTS for file in root.glob(pattern) if file.is_file() and "__pycache__" not in file.parts
    }
    for file in sorted(files):
        content = file.read_bytes()
        if file.name == "claims.yml":  # a page measures these; it only reads the other fields
            content = re.sub(rb"(?m)^  (?:value|spread):.*\n", b"", content)
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()[:12]


def _set(app: Sphinx, config: Config) -> None:
    if config.nb_execution_mode == "off":
        return
    root = Path(app.confdir)
    base = root / (config.nb_execution_cache_path or ".cache/execution")  # a relative path would follow the caller
    folder = base / cache_key(root)
    folder.mkdir(parents=True, exist_ok=True)
    folder.touch()
    others = sorted((f for f in base.iterdir() if f.is_dir() and f != folder), key=lambda f: -f.stat().st_mtime)
    for old in others[_KEPT - 1 :]:
        shutil.rmtree(old)
    if not _sound(folder):
        logger.info("the execution cache is damaged; the pages run again")
        shutil.rmtree(folder)
        folder.mkdir()
    config.nb_execution_cache_path = str(folder)


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
    app.connect("config-inited", _set)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
