"""The table of chapters on the first page, drawn as a map: one line of stations for each part.

The source stays a plain Markdown table, which notebooks show as it is: page, question; a row whose page is in bold
starts a part. The minutes are those of the pages.
"""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from dlgn_site.course_data import read_pages


def _name(page: nodes.entry) -> str:
    """Return the page that a cell links to, from the folder of the table."""
    return next(page.findall(nodes.reference))["refuri"].removesuffix(".html")


def _stations(rows: list[list[nodes.entry]], minutes: dict[str, int]) -> nodes.enumerated_list:
    """Return the chapters of one part as a list, each with its link, minutes and question."""
    stations = nodes.enumerated_list(classes=["dlgn-stations"])
    for page, question in rows:
        title = nodes.paragraph("", "", *(child.deepcopy() for child in page[0].children), classes=["dlgn-station"])
        title += [nodes.Text(" "), nodes.inline("", f"{minutes[_name(page)]} min", classes=["dlgn-minutes"])]
        stations += nodes.list_item("", title, question[0].deepcopy())
    return stations


def chapter_map(table: nodes.table, minutes: dict[str, int]) -> nodes.container:
    """Return the table of chapters as a map, with the minutes of each page.

    Raises ValueError if the table does not start with a part.
    """
    parts = []  # (row of the part, rows of its chapters)
    for row in table.findall(nodes.row):
        cells = list(row.findall(nodes.entry))
        if isinstance(row.parent, nodes.thead):
            continue
        if next(cells[0].findall(nodes.strong), None):
            parts.append((cells, []))
        elif not parts:
            raise ValueError("the first row of the table of chapters must be a part, its name in bold")
        else:
            parts[-1][1].append(cells)
    drawn = nodes.container(classes=["dlgn-chapters"])
    for (name, question), rows in parts:
        total = sum(minutes[_name(page)] for page, _ in rows)
        heading = nodes.paragraph("", "", *(child.deepcopy() for child in name[0].children), classes=["dlgn-part"])
        heading += [nodes.Text(" "), *(child.deepcopy() for child in question[0].children)]
        heading += [nodes.Text(" "), nodes.inline("", f"{total} min", classes=["dlgn-minutes"])]
        drawn += nodes.container("", heading, _stations(rows, minutes), classes=["dlgn-line"])
    return drawn


def _draw(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if docname == app.config.root_doc and app.builder.format == "html":
        minutes = {name: page.minutes for name, page in read_pages(Path(app.srcdir)).items()}
        for table in list(doctree.findall(nodes.table)):
            table.replace_self(chapter_map(table, minutes))


def _depend(app: Sphinx, doctree: nodes.document) -> None:
    """Draw the map again when a page changes."""
    if app.env.docname == app.config.root_doc:
        for docname in app.env.found_docs - {app.config.root_doc}:
            app.env.note_dependency(app.env.doc2path(docname))


def setup(app: Sphinx) -> dict:
    """Register the extension."""
    app.connect("doctree-read", _depend)
    app.connect("doctree-resolved", _draw)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
