"""The folder where the library keeps what it would not like to make or fetch twice."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return `$DLGN_CACHE`, else a folder of this library in the user's cache folder. It need not exist yet."""
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dlgn-lib"
    return Path(os.environ.get("DLGN_CACHE") or user)
