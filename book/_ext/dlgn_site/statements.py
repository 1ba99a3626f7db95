"""What the claims say of a statement: the ledger's first table, made of `book/statements.yml`, and lists of evidence.

The marks are not typed: they follow from the claims that a statement rests on, and from how these fare on fresh seeds.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from dlgn_lib.book.files import register_path
from dlgn_lib.book.register import find
from dlgn_site import reseed
from dlgn_site.claims import markdown_table, sentence


@dataclass(frozen=True)
class Statement:
    """One entry of `book/statements.yml`."""

    words: str  # what is stated, in the source's own words, shortened
    source: str  # where, as Markdown
    found: str  # what this book ran, and what came out, with the claims that say so
    pages: tuple[str, ...]
    supports: tuple[str, ...]  # claims that say the same
    against: tuple[str, ...] = ()  # claims that say something else, or name a condition


def read_statements(path: Path | None = None) -> list[Statement]:
    """Return the statements of `book/statements.yml`.

    Raises ValueError if one rests on no claim; KeyError if a claim is not registered.
    """
    path = path or register_path().with_name("statements.yml")
    found = []
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        lists = {name: tuple(entry.pop(name, ())) for name in ("pages", "supports", "against")}
        statement = Statement(**entry, **lists)
        for claim_id in (*statement.supports, *statement.against):
            find(claim_id)
        if not statement.supports + statement.against:
            raise ValueError(f"{path.name}: the statement {statement.words!r} rests on no claim")
        found.append(statement)
    return found


def held(claim_ids: tuple[str, ...], fresh: dict[str, dict[str, str]]) -> bool:
    """Return whether all these claims held in all sets of fresh seeds; one that depends on no seed does."""
    return all(reseed.always(fresh[one]) for one in claim_ids if one in fresh)


def mark(statement: Statement, fresh: dict[str, dict[str, str]]) -> str:
    """Return ✓, ◐ or ✗: claims for it alone, that held on fresh seeds; claims on both sides, or not on all seeds; against alone.

    A build in which one of the claims is false fails, so here they all hold.
    """
    if not statement.supports:
        return "✗"
    return "✓" if not statement.against and held(statement.supports, fresh) else "◐"


@dataclass(frozen=True)
class Belief:
    """One section of the closing chapter."""

    anchor: str
    title: str  # with its number
    sure: str
    supports: tuple[str, ...]
    against: tuple[str, ...]


def read_beliefs(text: str) -> list[Belief]:
    """Return the numbered sections of the closing chapter, given its source.

    Raises ValueError if one does not say how sure we are, or gives no evidence.
    """
    found = []
    for anchor, title, body in re.findall(r"(?m)^\(([\w-]+)\)=\n## (\d+\. .+)\n((?:(?!## |\([\w-]+\)=$).*\n)+)", text):
        sure = re.search(r"\*\*How sure: ([^*]+)\*\*", body)
        sides = [
            tuple(re.findall(r"[\w-]+", "".join(re.findall(rf"(?m)^:{side}: (.+)$", body))))
            for side in ("for", "against")
        ]
        if sure is None or not sides[0]:
            raise ValueError(f"{title!r} must say how sure we are, and name claims for it")
        found.append(Belief(anchor, title, sure[1].rstrip("."), *sides))
    return found


def steady(claim_ids: tuple[str, ...], fresh: dict[str, dict[str, str]]) -> str:
    """Return how many claims there are, and how many of them held in all sets of fresh seeds."""
    count = sum(held((one,), fresh) for one in claim_ids)
    return "–" if not claim_ids else f"{len(claim_ids)}" if count == len(claim_ids) else f"{len(claim_ids)} ({count})"


class BeliefsTable(SphinxDirective):
    """What the closing chapter says, at a glance."""

    def run(self) -> list[nodes.Node]:
        """Return one row a section of this page."""
        self.env.note_dependency(str(reseed.TABLE))
        fresh = reseed.read(reseed.TABLE)
        rows = [["Statement", "How sure", "Claims for it", "against it, or conditions"]]
        for one in read_beliefs(Path(self.env.doc2path(self.env.docname)).read_text(encoding="utf-8")):
            link = f"{{ref}}`{one.title} <{one.anchor}>`"
            rows.append([link, one.sure, steady(one.supports, fresh), steady(one.against, fresh)])
        return self.parse_text_to_nodes("\n".join(markdown_table(rows)))


class StatementsTable(SphinxDirective):
    """The ledger's first table."""

    def run(self) -> list[nodes.Node]:
        """Return one row a statement."""
        for name in ("statements.yml", reseed.TABLE.name):
            self.env.note_dependency(str(register_path().with_name(name)))
        fresh = reseed.read(reseed.TABLE)
        rows = [["", "Statement", "What we ran, and what came out", "Page"]]
        for one in read_statements():
            pages = ", ".join(f"{{doc}}`/book/{page}`" for page in one.pages)
            rows.append([mark(one, fresh), f"{one.words} {one.source}", one.found, pages])
        return self.parse_text_to_nodes("\n".join(markdown_table(rows)))


class Evidence(SphinxDirective):
    """The claims for and against a sentence: what was measured, the value, and how often it held on fresh seeds."""

    option_spec: ClassVar = {"for": directives.unchanged_required, "against": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Return a list for each side."""
        self.env.note_dependency(str(reseed.TABLE))
        fresh = reseed.read(reseed.TABLE)
        lines = []
        for side, title in (("for", "Evidence"), ("against", "Against, or conditions")):
            ids = self.options.get(side, "").replace(",", " ").split()
            if ids:
                lines += [f"**{title}**", ""]
                lines += [self._line(claim_id, fresh) for claim_id in ids]
                lines += [""]
        return self.parse_text_to_nodes("\n".join(lines))

    def _line(self, claim_id: str, fresh: dict[str, dict[str, str]]) -> str:
        claim = find(claim_id)
        rate = f"; fresh seeds: {fresh[claim_id]['held']} of {fresh[claim_id]['sets']}" if claim_id in fresh else ""
        return f"- {sentence(claim)}: **{{claim}}`{claim_id}`** ({{claim}}`{claim_id}.page`{rate})"


def setup(app: Sphinx) -> dict:
    """Register the directives."""
    app.add_directive("statements-table", StatementsTable)
    app.add_directive("beliefs-table", BeliefsTable)
    app.add_directive("evidence", Evidence)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
