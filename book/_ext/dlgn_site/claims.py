"""Site side of the claims: the `{claim}` role, the `{claims-table}` directive, and the check that each claim is measured.

`dlgn_lib.claim` leaves its verdict in the output of a cell; this extension collects the verdicts of all pages.
"""

import html
import json
import os
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from dlgn_lib.book.files import register_path
from dlgn_lib.book.register import NUMBER, Claim, elsewhere_text, find, needs_text, registered, registry
from dlgn_site import reseed
from dlgn_site.original import is_translation

logger = logging.getLogger(__name__)
_DATA = re.compile(r'data-claim="([^"]*)"')
LEDGER = "book/claims"


class claim_value(nodes.Inline, nodes.TextElement):
    """Placeholder of a measured value, filled in when all pages are read."""


class claim_link(nodes.reference):
    """A measured value in the text, with a mark and a link to its row in the ledger; `claim_details` tells what it is."""


class ClaimRole(SphinxRole):
    """{claim}`id` is the value measured by this build, with a link to its row in the ledger.

    {claim}`id.value` is without the link. In the ledger, {claim}`id.verdict` says whether it holds, {claim}`id.over` over
    how many values, {claim}`id.page` leads to the cell that measures it, and {claim}`id.row` is what the numbers in the
    text lead to.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return a placeholder for the value."""
        claim_id, _, field = self.text.partition(".")
        try:
            find(claim_id)
        except KeyError as error:
            message = self.inliner.reporter.error(f"role claim: {error.args[0]}", line=self.lineno)
            return [nodes.problematic(self.rawtext, self.rawtext)], [message]
        return [claim_value(claim=claim_id, field=field or "shown")], []


class ClaimsTable(SphinxDirective):
    """The ledger: every registered claim with its bound, number of seeds, measured value and verdict, page by page."""

    def run(self) -> list[nodes.Node]:
        """Return what there is in all, and a fold for each page: its claims, then its checks."""
        self.env.note_dependency(str(reseed.TABLE))
        fresh = reseed.read(reseed.TABLE)
        lines = [_in_all(registry().values(), fresh), ""]
        pages = dict.fromkeys(claim.page for claim in registry().values())
        for page in pages:
            of_page = [claim for claim in registry().values() if claim.page == page]
            failing = sum(not reseed.always(fresh[c.id]) for c in of_page if c.id in fresh)
            failed = f"; {failing} not in every set of fresh seeds" if failing else ""
            lines += [f"::::{{dropdown}} {self._title(page)}: {_count(of_page)}{failed}", f"{{doc}}`/book/{page}`", ""]
            for name, checks in (("Claims", False), ("Checks", True)):
                chosen = [claim for claim in of_page if is_check(claim) == checks]
                if chosen:
                    lines += [f"**{name}**", "", *_rows(chosen, fresh), ""]
            lines += ["::::", ""]
        return self.parse_text_to_nodes("\n".join(lines))

    def _title(self, page: str) -> str:
        if f"book/{page}" not in self.env.found_docs:
            return page  # it is not there; `_check` says so
        text = Path(self.env.doc2path(f"book/{page}")).read_text(encoding="utf-8")
        return re.search(r"(?m)^# (.+)$", text)[1]


def is_check(claim: Claim) -> bool:
    """Return whether a claim is a constant or an equality, exact or to rounding: counted apart from what could be otherwise."""
    if claim.constant:
        return True
    rounding = re.fullmatch(rf"<=? *({NUMBER})", claim.needs)
    return claim.needs.startswith("==") or bool(rounding and 0 < float(rounding[1]) <= 1e-9)


def sentence(claim: Claim) -> str:
    """Return what is claimed, as the beginning of a sentence."""
    return claim.statement[0].upper() + claim.statement[1:]


def _count(claims: Collection[Claim]) -> str:
    checks = sum(map(is_check, claims))
    parts = [f"{n} {word}{'s' * (n != 1)}" for n, word in ((len(claims) - checks, "claim"), (checks, "check")) if n]
    return ", ".join(parts)


def _in_all(claims: Collection[Claim], fresh: dict[str, dict[str, str]]) -> str:
    seeded = [fresh[claim.id] for claim in claims if claim.id in fresh and not is_check(claim)]
    told = f"{len(claims)} in all: {_count(claims)}."
    if seeded:
        always = sum(map(reseed.always, seeded))
        told += (
            f" {len(seeded)} of the claims depend on seeds; of these, {always} held in every set of fresh seeds "
            f"and {len(seeded) - always} did not."
        )
    return told


def _rows(claims: Iterable[Claim], fresh: dict[str, dict[str, str]]) -> list[str]:
    head = ["Claim", "Measured", "Needs", "Over", "Fresh seeds"]
    rows = [
        [
            f"{sentence(c)} ({{claim}}`{c.id}.page`, {{claim}}`{c.id}.row`)"
            + (f"<br>{c.source}" if c.source != "this book" else ""),
            f"{{claim}}`{c.id}.value`<br>{{claim}}`{c.id}.verdict`",
            needs_text(c.needs) + (f"<br>*{elsewhere_text(c)}*" if c.spread and c.show != "bound" else ""),
            f"{{claim}}`{c.id}.over`",
            reseed.told(c, fresh[c.id]) if c.id in fresh else "–",
        ]
        for c in claims
    ]
    return markdown_table([head, *rows])


def markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table in Markdown; the first row is its head, and a bar in a cell stays in it."""
    lines = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    lines.insert(1, " | ".join(["---"] * len(rows[0])))
    return [f"| {line} |" for line in lines]


def _verdicts(env: BuildEnvironment) -> dict[str, list[tuple[str, dict]]]:
    if not hasattr(env, "dlgn_verdicts"):
        env.dlgn_verdicts = {}
    return env.dlgn_verdicts


def _purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    _verdicts(env).pop(docname, None)


def _merge(app: Sphinx, env: BuildEnvironment, docnames: list[str], other: BuildEnvironment) -> None:
    _verdicts(env).update({name: _verdicts(other)[name] for name in docnames if name in _verdicts(other)})


def verdicts_in(node: nodes.Element) -> list[dict]:
    """Return the verdicts of the claims in the outputs of cells below a node."""
    texts = (raw.astext() for raw in node.findall(nodes.raw) if "html" in raw["format"].split())
    return [json.loads(html.unescape(verdict)) for text in texts for verdict in _DATA.findall(text)]


def _collect(app: Sphinx, doctree: nodes.document) -> None:
    found = []
    for raw in doctree.findall(nodes.raw):
        if verdicts := verdicts_in(raw):
            found += verdicts
            raw.children = [nodes.Text(_DATA.sub(_with_anchor, raw.astext()))]
    if found:
        _verdicts(app.env)[app.env.docname] = found


def _with_anchor(found: re.Match) -> str:
    return f'id="claim-{json.loads(html.unescape(found[1]))["id"]}" {found[0]}'


def measured_by(env: BuildEnvironment) -> dict[str, tuple[str, dict]]:
    """Return claim -> (page that measured it, verdict)."""
    return {v["id"]: (docname, v) for docname, found in _verdicts(env).items() for v in found}


def _check(app: Sphinx, env: BuildEnvironment) -> None:
    if app.config.nb_execution_mode == "off":  # the export of notebooks measures nothing
        return
    measured = measured_by(env)
    for claim in registry().values():
        if is_translation(app) and f"book/{claim.page}" not in env.found_docs:
            continue
        if claim.id not in measured:
            logger.warning(
                "claim %r of book/claims.yml is measured on no page", claim.id, location=f"book/{claim.page}"
            )
            continue
        docname, verdict = measured[claim.id]
        if docname != f"book/{claim.page}":
            logger.warning(
                "claim %r is registered for %s but measured on %s", claim.id, claim.page, docname, location=docname
            )
        if not verdict["holds"]:
            logger.warning("claim %r is false: %s", claim.id, verdict["line"], location=docname)


def _resolve(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    measured, fresh = measured_by(app.env), reseed.read(reseed.TABLE)
    for node in list(doctree.findall(claim_value)):
        shown = _shown(app, docname, node["claim"], node["field"], measured.get(node["claim"], ("", {}))[1])
        if isinstance(shown, claim_link):
            shown["rate"] = reseed.rate(fresh.get(node["claim"]))
        node.replace_self(shown)


def _shown(app: Sphinx, docname: str, claim_id: str, field: str, verdict: dict) -> nodes.Element:
    """Return what the role shows of a claim, see `ClaimRole`."""
    claim = find(claim_id)
    if field == "row":
        return nodes.literal("", claim_id, ids=[f"claim-{claim_id}"])
    if field == "page":
        return _link(app, docname, f"book/{claim.page}", claim_id, claim.page.split("/")[-1])
    if field == "verdict":
        return nodes.inline("", {True: "✓ holds", False: "✗ fails", None: "not measured"}[verdict.get("holds")])
    shown = verdict.get("shown" if field == "value" else field, "?")
    value = nodes.inline("", shown, classes=["dlgn-claim-value"])
    if field != "shown" or LEDGER not in app.env.found_docs:
        return value
    link = _link(app, docname, LEDGER, claim_id, "", claim_link)
    link["claim"], link["fails"] = claim_id, verdict.get("holds") is False
    link += value
    return link


def _link(
    app: Sphinx, docname: str, target: str, claim_id: str, text: str, kind: type[nodes.reference] = nodes.reference
) -> nodes.reference:
    address = f"{app.builder.get_relative_uri(docname, target)}#claim-{claim_id}"
    return kind("", text, refuri=address, internal=True, classes=["dlgn-to-claim"])


def measured_in(site: Path) -> dict[str, str]:
    """Return the value of each claim as the built site at `site` shows it."""
    pages = [page.read_text(encoding="utf-8") for page in sorted(site.rglob("*.html"))]
    verdicts = [json.loads(html.unescape(m[1])) for page in pages for m in _DATA.finditer(page)]
    return {verdict["id"]: verdict["shown"] for verdict in verdicts}


def register(site: Path) -> int:
    """Write the values of the built site into the register, for those that changed; return how many did."""
    lines, changed, claim_id = register_path().read_text(encoding="utf-8").splitlines(), 0, None
    measured = measured_in(site)
    for number, line in enumerate(lines):
        claim_id = line[:-1] if re.fullmatch(r"[\w-]+:", line) else claim_id
        if line.startswith("  value: ") and registered(claim_id) != measured[claim_id]:
            lines[number] = f"  value: {json.dumps(measured[claim_id], ensure_ascii=False)}"
            changed += 1
    register_path().write_text("\n".join(lines) + "\n", encoding="utf-8")
    return changed


def setup(app: Sphinx) -> dict:
    """Register role, directive and collector, and tell the kernels that this is a build."""
    os.environ.setdefault("DLGN_BUILD", "1")
    app.setup_extension("dlgn_site.original")
    app.add_node(claim_value)
    app.add_role("claim", ClaimRole())
    app.add_directive("claims-table", ClaimsTable)
    app.connect("env-purge-doc", _purge)
    app.connect("env-merge-info", _merge)
    app.connect("doctree-read", _collect)
    app.connect("env-check-consistency", _check)
    app.connect("doctree-resolved", _resolve)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    print("claims:", register(Path("_build/html")), "registered values brought up to date")
