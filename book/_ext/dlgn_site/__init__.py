"""What makes the site and the notebooks of this book from its pages: Sphinx extensions, exporters, measurements."""

import os

from sphinx.application import Sphinx

EXTENSIONS = (
    "original",
    "cachekey",
    "chapters",
    "side_by_side",
    "claims",
    "figures",
    "claim_details",
    "code_folds",
    "statements",
    "build_record",
    "exercises",
    "course",
    "lengths",
    "colab_button",
    "accessible_references",
    "api_pages",
    "chapter_map",
    "playground",
    "preload",
    "not_found",
    "report",
    "anchors",
    "moved",
    "versions",
    "content_policy",
)
#: What the cells of a page must not do while the site is built: show progress bars, download.
QUIET = {"DLGN_PROGRESS": "0", "DLGN_DOWNLOAD": "0"}


def setup(app: Sphinx) -> dict:
    """Register all extensions of this book."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    for name in EXTENSIONS:
        app.setup_extension(f"dlgn_site.{name}")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
