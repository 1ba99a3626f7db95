"""Say "list item" for each entry of the list of references.

docutils writes the entries with the role `doc-biblioentry` inside an element of role `list`. WAI-ARIA has deprecated
that role, and a list may only hold list items, so that the links of an entry counted as children of the list: a
screen reader could neither count nor skip the entries. The role is fixed in docutils' writer, hence this handler.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def _visit(self: HTML5Translator, node: nodes.citation) -> None:
    type(self).visit_citation(self, node)  # the writer's own method, which opens the list before its first entry
    self.body[-1] = self.body[-1].replace('role="doc-biblioentry"', 'role="listitem"')


def _depart(self: HTML5Translator, node: nodes.citation) -> None:
    type(self).depart_citation(self, node)


def setup(app: Sphinx) -> dict:
    """Register the handler."""
    app.add_node(nodes.citation, override=True, html=(_visit, _depart))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
