"""The list of references: sorted, each entry under the words by which the text cites it, and read out as a list.

docutils writes the entries with the role `doc-biblioentry` inside an element of role `list`. WAI-ARIA has deprecated
that role, and a list may only hold list items, so that the links of an entry counted as children of the list: a
screen reader could neither count nor skip the entries. The role is fixed in docutils' writer, hence this handler.
"""

from collections.abc import Iterable, Iterator

from docutils import nodes
from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.style.formatting.unsrt import Style as Unsorted
from pybtex.style.labels import BaseLabelStyle
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def label(entry: Entry) -> str:
    """Return how the text cites an entry.

    >>> from pybtex.database import Entry, Person
    >>> label(Entry("article", {"year": "2015"}, {"author": [Person("Kingma, D."), Person("Ba, J.")]}))
    'Kingma and Ba, 2015'
    """
    names = [" ".join(map(str, person.rich_last_names)) for person in entry.persons["author"]]
    who = names[0] + (f" and {names[1]}" if len(names) == 2 else " et al." if len(names) > 2 else "")
    return f"{who}, {entry.fields['year']}"


class _Labels(BaseLabelStyle):
    def format_labels(self, sorted_entries: Iterable[Entry]) -> Iterator[str]:
        return map(label, sorted_entries)


class AsCited(Unsorted):
    """The style `as_cited`: sorted by author, then year, and labelled as cited."""

    default_sorting_style = "author_year_title"
    default_label_style = _Labels


def _visit(self: HTML5Translator, node: nodes.citation) -> None:
    type(self).visit_citation(self, node)  # the writer's own method, which opens the list before its first entry
    self.body[-1] = self.body[-1].replace('role="doc-biblioentry"', 'role="listitem"')


def _depart(self: HTML5Translator, node: nodes.citation) -> None:
    type(self).depart_citation(self, node)


def setup(app: Sphinx) -> dict:
    """Register style and handler."""
    register_plugin("pybtex.style.formatting", "as_cited", AsCited, force=True)
    app.add_node(nodes.citation, override=True, html=(_visit, _depart))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
