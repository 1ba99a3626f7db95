"""Where old addresses lead: what `book/redirects.yml` says becomes pages and anchors of the site.

A page that has moved leaves a small page that leads on, with the anchor of whoever comes. An anchor that has moved leaves a
line at the end of its page, with the old anchor, seen only by who comes to it. Both are plain links; `assets/moved.js`
follows them at once.
"""

from html import escape
from pathlib import Path
from posixpath import dirname, relpath
from urllib.parse import quote

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from dlgn_site.anchors import read_redirects

PAGE = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>This page has moved</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<link rel="canonical" href="{canonical}"><link rel="icon" href="data:,">
<noscript><meta http-equiv="refresh" content="0; url={to}"></noscript>
<script src="{script}" defer></script></head>
<body><main><h1>This page has moved</h1>
{notes}
</main></body></html>
"""


def address(page: str, to: str) -> str:
    """Return the link on a page to an address.

    >>> address("book/a", "book/b"), address("book/x/a", "book/b#c"), address("book/a", "book/a#c")
    ('b.html', '../b.html#c', '#c')
    """
    name, sign, anchor = to.partition("#")
    way = relpath(f"{name}.html", dirname(page) or ".")
    return f"{'' if name == page and sign else way}{sign}{quote(anchor)}"


def note(page: str, new: str, anchor: str = "") -> str:
    """Return the line that leads from an anchor of a page to a new address, or from the page as a whole.

    >>> note("book/a", "book/b#x", "old")
    '<p class="dlgn-moved" id="old">This part has moved: <a href="b.html#x">go there</a>.</p>'
    """
    to = escape(address(page, new))
    mark = f' id="{escape(anchor)}"' if anchor else ""
    return (
        f'<p class="dlgn-moved"{mark}>This {"part" if anchor else "page"} has moved: <a href="{to}">go there</a>.</p>'
    )


def notes(page: str, redirects: dict[str, str]) -> list[str]:
    """Return the lines for all anchors of a page that have moved."""
    split = ((old.partition("#"), new) for old, new in redirects.items())
    return [note(page, new, anchor) for (name, _, anchor), new in split if name == page and anchor]


def moved_page(page: str, redirects: dict[str, str], site: str) -> str:
    """Return the page that is left where a page was.

    Args:
        page: its old name.
        redirects: all that has moved.
        site: address of the published site, with a slash at its end.
    """
    return PAGE.format(
        canonical=escape(site + address("", redirects[page])),
        to=escape(address(page, redirects[page])),
        script=relpath("_static/moved.js", dirname(page) or "."),
        notes="\n".join([*notes(page, redirects), note(page, redirects[page])]),
    )


def _append(app: Sphinx, name: str, template: str, context: dict, doctree: object) -> None:
    if app.builder.name == "html" and doctree is not None:
        context["body"] = context.get("body", "") + "\n".join(notes(name, read_redirects(Path(app.srcdir))))


def _again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Let the pages of which something has moved be written in every build: no page knows the table."""
    return sorted({old.partition("#")[0] for old in read_redirects(Path(app.srcdir))} & env.found_docs)


def _write(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    redirects, site = read_redirects(Path(app.srcdir)), app.config.html_baseurl.rstrip("/") + "/"
    for page in (old for old in redirects if "#" not in old):
        file = Path(app.outdir, f"{page}.html")
        if page not in app.env.found_docs:  # else the list of addresses says what is wrong
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(moved_page(page, redirects, site), encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register what is left where something was."""
    app.add_js_file("moved.js", loading_method="defer")
    app.connect("env-updated", _again)
    app.connect("html-page-context", _append)
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
