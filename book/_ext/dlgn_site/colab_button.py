"""Point each page's Colab and download buttons at its generated notebook, and ship the notebooks with the site.

The role ``{colab}`words <page>` `` is a link to a page's notebook on Colab; the page is named from the folder book/.
"""

import shutil
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole

from dlgn_lib.book.words import said

logger = logging.getLogger(__name__)


def notebook_path(docname: str) -> str:
    """Return the path of a page's notebook, from the root of the repository and of the site alike.

    >>> notebook_path("book/experts/paths")
    'notebooks/experts/paths.ipynb'
    """
    return f"notebooks/{docname.removeprefix('book/')}.ipynb"


def colab_url(repository: str, branch: str, docname: str) -> str:
    """Return the address that opens a page's notebook on Colab.

    >>> colab_url("https://github.com/org/repo", "main", "book/intro")
    'https://colab.research.google.com/github/org/repo/blob/main/notebooks/intro.ipynb'
    """
    place = repository.rstrip("/").removeprefix("https://github.com/")
    return f"https://colab.research.google.com/github/{place}/blob/{branch}/{notebook_path(docname)}"


class _Colab(ReferenceRole):
    """A link to the notebook of a page on Colab."""

    def run(self) -> tuple[list, list]:
        docname = f"book/{self.target}"
        if docname not in self.env.found_docs:
            logger.warning("{colab}: there is no page %s", docname, location=self.get_location())
        options = self.config.html_theme_options
        address = colab_url(options["repository_url"], options["repository_branch"], docname)
        return [nodes.reference(self.rawtext, self.title, refuri=address, classes=["dlgn-colab"])], []


def _is_notebook(app: Sphinx, docname: str) -> bool:
    return "kernelspec" in app.env.metadata.get(docname, {})


def _rewrite(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Correct the buttons that the theme has put into `context`."""
    options = app.config.html_theme_options
    download = {
        "type": "link",
        "url": context["pathto"](notebook_path(pagename), resource=True),
        "text": ".ipynb",
        "icon": "fas fa-code",
        "tooltip": said("Download this page as a notebook"),
        "label": "download-notebook-button",
    }
    for group in context.get("header_buttons", []):
        buttons = group.get("buttons", [])
        for button in buttons:
            if button.get("text") == "Colab":
                button["url"] = colab_url(options["repository_url"], options["repository_branch"], pagename)
                button["tooltip"] = said("Run this page on Google Colab")
        if group.get("label") == "download-buttons":
            kept = {"download-pdf-button"} | ({"download-source-button"} if app.config.html_copy_source else set())
            group["buttons"] = [button for button in buttons if button["label"] in kept]
            if _is_notebook(app, pagename):
                group["buttons"].insert(0, download)


def _ship(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    for docname in sorted(app.env.found_docs):
        if not _is_notebook(app, docname):
            continue
        source, target = (Path(folder) / notebook_path(docname) for folder in (app.srcdir, app.outdir))
        if not source.is_file():
            logger.warning("%s is missing: run `make notebooks`", notebook_path(docname), location=docname)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        # the theme's own copy, with outputs and MyST directives as text, is linked from nowhere now
        (Path(app.outdir) / "_sources" / docname).with_suffix(".ipynb").unlink(missing_ok=True)


def setup(app: Sphinx) -> dict:
    """Register the extension."""
    app.add_role("colab", _Colab())
    app.connect("html-page-context", _rewrite, priority=900)  # after the theme's own handlers
    app.connect("build-finished", _ship)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
