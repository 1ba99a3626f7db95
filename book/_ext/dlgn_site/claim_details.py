"""What stands behind a number in the text, on demand: statement, measured value, bound, seeds, and how it held on fresh ones.

A number carries a mark and links to its row in the ledger. The page holds one hidden description for each claim it names, to
which the number points by `aria-describedby`: a screen reader reads it, and `book.js` shows it beside the number on hover, focus
and tap. Without JavaScript there is the link; on paper there is the number.
"""

import html
import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from dlgn_lib.book.register import Claim, find, needs_text
from dlgn_site import reseed
from dlgn_site.claims import LEDGER, claim_link, measured_by, sentence

_NAMED = re.compile(r'aria-describedby="about-([\w-]+)"')
_OF = {"median": "the median of", "min": "the least of", "max": "the largest of", "range": "over", "bound": "in"}


def _visit(self: HTML5Translator, node: claim_link) -> None:
    points = {"aria-describedby": f"about-{node['claim']}"}
    if node["rate"]:
        points["data-rate"] = node["rate"]
    kind = "reference internal" + " fails" * node["fails"]
    self.body.append(self.starttag(node, "a", "", CLASS=kind, href=node["refuri"], **points))


def _depart(self: HTML5Translator, node: claim_link) -> None:
    self.body.append(" ✗ fails</a>" if node["fails"] else "</a>")


def details(claim: Claim, verdict: dict, fresh: dict[str, str] | None) -> list[str]:
    """Return the sentences on a claim.

    Args:
        claim: as registered.
        verdict: what this build measured, as `dlgn_lib.claim` leaves it on the page.
        fresh: its row in the table of fresh seeds, if it depends on seeds.
    """
    seeds = verdict["over"] != "–"
    measured = "within the bound" if claim.show == "bound" else verdict["shown"]
    over = f", {_OF[claim.show]} {verdict['over']}" if seeds else ""
    needs = needs_text(claim.needs).replace(" ", "\N{NO-BREAK SPACE}", 1) + (" in every one" if seeds else "")
    told = [f"{sentence(claim)}.", f"Measured: {measured}{over}. Needs: {needs}."]
    told.append(
        f"Fresh seeds: held in {reseed.told(claim, fresh)}."
        if fresh
        else "The same on all fresh seeds, or not measured on them."
    )
    return told


def _describe(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    named = sorted(set(_NAMED.findall(context.get("body", ""))))
    if not named:
        return
    fresh, measured = reseed.read(reseed.TABLE), measured_by(app.env)
    ledger = app.builder.get_relative_uri(page, LEDGER)
    told = []
    for name in named:
        verdict = measured.get(name, ("", {"shown": "nothing yet", "over": "–"}))[1]
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in details(find(name), verdict, fresh.get(name)))
        link = f'<p><a href="{ledger}#claim-{name}">All about it in the ledger</a></p>'
        told.append(f'<div><div id="about-{name}">{lines}</div>{link}</div>\n')
    context["body"] += f'<div class="dlgn-abouts" hidden>\n{"".join(told)}</div>\n'


def setup(app: Sphinx) -> dict:
    """Register the numbers and their descriptions."""
    app.add_node(claim_link, html=(_visit, _depart))
    app.connect("html-page-context", _describe)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
