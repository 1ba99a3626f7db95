"""The table of chapters on the first page, drawn as a map: one line of stations for each part.

The source stays a plain Markdown table, which notebooks show as it is: page, minutes, question; a row whose page is
in bold starts a part.
"""

from docutils import nodes
from sphinx.application import Sphinx


def _stations(rows: list[list[nodes.entry]]) -> nodes.enumerated_list:
    """Return the chapters of one part as a list, each with its link, minutes and question."""
    stations = nodes.enumerated_list(classes=["dlgn-stations"])
    for page, minutes, question in rows:
        title = nodes.paragraph("", "", *(child.deepcopy() for child in page[0].children), classes=["dlgn-station"])
        title += [nodes.Text(" "), nodes.inline("", f"{minutes.astext()} min", classes=["dlgn-minutes"])]
        stations += nodes.list_item("", title, question[0].deepcopy())
    return stations


def chapter_map(table: nodes.table) -> nodes.container:
    """Return the table of chapters as a map.

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
            raise ValueError("the first row of the table of chapters must be a part: its name in bold, no minutes")
        else:
            parts[-1][1].append(cells)
    drawn = nodes.container(classes=["dlgn-chapters"])
    for (name, _, question), rows in parts:
        total = sum(int(minutes.astext()) for _, minutes, _ in rows)
        heading = nodes.paragraph("", "", *(child.deepcopy() for child in name[0].children), classes=["dlgn-part"])
        heading += [nodes.Text(" "), *(child.deepcopy() for child in question[0].children)]
        heading += [nodes.Text(" "), nodes.inline("", f"{total} min", classes=["dlgn-minutes"])]
        drawn += nodes.container("", heading, _stations(rows), classes=["dlgn-line"])
    return drawn


def _draw(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if docname == app.config.root_doc and app.builder.format == "html":
        for table in list(doctree.findall(nodes.table)):
            table.replace_self(chapter_map(table))


def setup(app: Sphinx) -> dict:
    """Register the extension."""
    app.connect("doctree-resolved", _draw)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
