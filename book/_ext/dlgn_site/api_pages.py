"""The page of the library: an index at its top, and docstrings whose letters, sources and pages are set as such.

In the source a docstring says `z_{ℓ-1}`, `Yadav et al. (2024) [halfspace]` and `Page: experts/gating`, which is what `help` shows.
"""

import re
from collections.abc import Iterator

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_CITED = re.compile(r"(?:[A-Z][^\s(),;:]*(?: (?:and|et al\.|[A-Z][^\s(),;:]*))* \(\d{4}\) )?\[([a-z]+)\]")
_PAGES = re.compile(r"\b(Pages?: )((?:[a-z]+/[a-z-]+|intro|notation)(?:, (?:[a-z]+/[a-z-]+|intro|notation))*)")
_LOW = re.compile(r"(?<![\w`])([^\W\d_])_(?:\{([^{}]+)\}|([^\W_]))(?!\w)")
_HIGH = re.compile(r"(?<=\w)\^\{([^{}]+)\}")


def with_roles(text: str, keys: set[str], pages: set[str]) -> str:
    r"""Return a line of a docstring with roles in place of what stands for them; code in it stays.

    >>> print(with_roles("z_ℓ = V_ℓ z_{ℓ-1}, not `z_1`", set(), set()))
    z\ :sub:`ℓ`\  = V\ :sub:`ℓ`\  z\ :sub:`ℓ−1`\ , not `z_1`
    >>> with_roles("Source: Fiat et al. (2019) [galu]. Page: experts/gating.", {"galu"}, {"book/experts/gating"})
    'Source: :cite:t:`galu`. Page: :doc:`/book/experts/gating`.'
    """

    def cited(found: re.Match) -> str:
        return f":cite:t:`{found[1]}`" if found[1] in keys else found[0]

    def linked(found: re.Match) -> str:
        names = found[2].split(", ")
        return found[1] + ", ".join(f":doc:`/book/{name}`" if f"book/{name}" in pages else name for name in names)

    def low(found: re.Match) -> str:
        return f"{found[1]}\\ :sub:`{(found[2] or found[3]).replace('-', '−')}`\\ "

    parts = re.split(r"(:?\w*:?`[^`]*`)", text)  # every second one is code, or has a role already
    for place in range(0, len(parts), 2):
        part = _CITED.sub(cited, _PAGES.sub(linked, parts[place]))
        inner = re.split(r"(:\w+(?::\w+)?:`[^`]*`)", part)
        inner[::2] = [_HIGH.sub(lambda found: f"\\ :sup:`{found[1]}`\\ ", _LOW.sub(low, one)) for one in inner[::2]]
        parts[place] = "".join(inner)
    return "".join(parts)


def _docstring(app: Sphinx, what: str, name: str, thing: object, options: dict, lines: list[str]) -> None:
    keys, example = set(app.env.get_domain("cite").bibdata.data.entries), False
    for place, line in enumerate(lines):
        example = line.strip().startswith(">>>") or (example and bool(line.strip()))
        head = re.match(r"\s*:\w+ [^:]*:|\s*", line)[0]  # the name of an argument stays as it is
        if not example:
            lines[place] = head + with_roles(line[len(head) :], keys, app.env.found_docs)


class _index(nodes.General, nodes.Element):
    """Placeholder of the index, filled in when the page has been read."""


class ApiIndex(SphinxDirective):
    """All functions and classes of the page, section by section, each a link to what is said of it."""

    def run(self) -> list[nodes.Node]:
        """Return a placeholder."""
        return [_index()]


def _names(section: nodes.section) -> Iterator[tuple[str, str]]:
    for entry in section.findall(addnodes.desc):
        if entry["objtype"] in ("function", "class", "exception", "data") and not isinstance(
            entry.parent, addnodes.desc_content
        ):
            yield entry[0]["fullname"], entry[0]["ids"][0]


def _fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for place in list(doctree.findall(_index)):
        index = nodes.definition_list(classes=["dlgn-api-index"])
        for section in place.parent.findall(nodes.section):
            links = [
                nodes.reference("", "", nodes.literal(name, name), refid=target) for name, target in _names(section)
            ]
            if section.parent is place.parent and links:
                title = nodes.reference("", section[0].astext(), refid=section["ids"][0])
                spaced = [part for link in links for part in (link, nodes.Text(" "))]
                index += nodes.definition_list_item(
                    "", nodes.term("", "", title), nodes.definition("", nodes.paragraph("", "", *spaced))
                )
        place.replace_self(index)


def setup(app: Sphinx) -> dict:
    """Register the directive and the reader of docstrings, behind the one that knows their sections."""
    app.add_node(_index)
    app.add_directive("api-index", ApiIndex)
    app.connect("autodoc-process-docstring", _docstring, priority=600)
    app.connect("doctree-resolved", _fill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
