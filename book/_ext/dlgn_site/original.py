"""The setting `dlgn_original` of a translated book: where the book is in its own language, which has the pages that are missing here."""

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def is_translation(app: Sphinx) -> bool:
    """Return whether this is a translation of some pages; then the claims of the others are not measured here."""
    return bool(app.config.dlgn_original)


def page_address(env: BuildEnvironment, docname: str, relative: str) -> str:
    """Return `relative`, the address of a page from where it is wanted, or its address in the original if it is missing here."""
    missing = env.config.dlgn_original and docname not in env.found_docs
    return f"{env.config.dlgn_original}{docname}.html" if missing else relative


def setup(app: Sphinx) -> dict:
    """Register the setting."""
    app.add_config_value("dlgn_original", "", "env")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
