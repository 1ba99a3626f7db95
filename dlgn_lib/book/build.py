"""Whether this is a build of the site or a reader's session."""

import os


def in_build() -> bool:
    """Return whether this is a build of the site or a test (environment variable `DLGN_BUILD`), not a reader's session."""
    return os.environ.get("DLGN_BUILD", "0") not in ("", "0")
