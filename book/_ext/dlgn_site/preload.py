"""Ask for the fonts of the text with the page itself, before the style sheets that name them are read."""

from docutils import nodes
from sphinx.application import Sphinx

FONTS = ("text", "code")


def _preload(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    address = context["pathto"]
    context["metatags"] = context.get("metatags", "") + "".join(
        f'<link rel="preload" href="{address(f"_static/fonts/{name}.woff2", resource=True)}" as="font" type="font/woff2" crossorigin>\n'
        for name in FONTS
    )


def setup(app: Sphinx) -> dict:
    """Register the extension."""
    app.connect("html-page-context", _preload)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
