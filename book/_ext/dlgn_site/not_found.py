"""The page that a reader sees at an address that leads nowhere.

The host serves it at any depth, so every address on it must start at the root of the host. `notfound` (the package
sphinx-notfound-page) rewrites them; this module tells it where the book lies, from `html.baseurl`, and what to say.
"""

from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config

BODY = """\
<h1>There is no such page</h1>
<p>The address leads nowhere: a page may have moved, or a letter is missing.</p>
<p>Go to the <a href="{root}{start}.html">first page</a>, which has a map of all chapters,
or <a href="{root}search.html">search the book</a>.</p>
"""


def base_path(address: str) -> str:
    """Return the path of the published book on its host, with a slash at both ends.

    >>> base_path("https://org.github.io/book/")
    '/book/'
    >>> base_path("https://book.org")
    '/'
    """
    path = urlsplit(address).path.strip("/")
    return f"/{path}/" if path else "/"


def _tell(app: Sphinx, config: Config) -> None:
    root = base_path(config.html_baseurl)
    config.notfound_urls_prefix = root
    config.notfound_context = {"title": "There is no such page", "body": BODY.format(root=root, start=config.root_doc)}


def _root(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    if pagename == app.config.notfound_pagename:
        context["content_root"] = app.config.notfound_urls_prefix  # scripts build addresses from it


def setup(app: Sphinx) -> dict:
    """Register the extension."""
    app.setup_extension("notfound.extension")
    app.connect("config-inited", _tell)
    app.connect("html-page-context", _root)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
