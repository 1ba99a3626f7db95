"""What the ledger makes of statements, and what the closing chapter may say of how sure it is."""

import re
from pathlib import Path

import pytest
from built_site import article
from dlgn_site import reseed
from dlgn_site.claims import is_check
from dlgn_site.statements import Statement, held, mark, read_beliefs, read_statements, steady

from dlgn_lib.book.register import Claim, find

ROOT = Path(__file__).resolve().parents[1]
BELIEFS = read_beliefs((ROOT / "book" / "believe.md").read_text(encoding="utf-8"))
ALWAYS, SOMETIMES = {"held": "5", "sets": "5"}, {"held": "4", "sets": "5"}


@pytest.mark.parametrize(
    ("supports", "against", "fresh", "expected"),
    [
        (("a",), (), {}, "✓"), (("a",), (), {"a": ALWAYS}, "✓"), (("a", "b"), (), {"a": ALWAYS, "b": SOMETIMES}, "◐"),
        (("a",), ("b",), {"a": ALWAYS}, "◐"), ((), ("b",), {}, "✗"), (("a",), ("b",), {"b": SOMETIMES}, "◐"),
    ],
)  # fmt: skip
def test_the_mark_follows_from_the_claims_and_the_fresh_seeds(supports, against, fresh, expected):
    assert mark(Statement("words", "source", "found", (), supports, against), fresh) == expected


@pytest.mark.parametrize(
    ("lists", "error", "message"),
    [("", ValueError, "rests on no claim"), ("  supports: [no-such-claim]\n", KeyError, "no claim 'no-such-claim'")],
)
def test_a_statement_without_claims_is_refused(tmp_path, lists, error, message):
    file = tmp_path / "statements.yml"
    file.write_text(f"- words: it is so\n  source: here\n  found: it was\n{lists}", encoding="utf-8")
    with pytest.raises(error, match=message):
        read_statements(file)


@pytest.mark.parametrize(
    ("needs", "expected"),
    [("== 64", True), ("<= 1e-9", True), ("< 1e-12", True), ("< 0", False), ("<= 1e-4", False), ("= some", False), ("> 0", False)],
)  # fmt: skip
def test_a_check_is_an_equality(needs, expected):
    assert is_check(Claim("id", "it", "this book", "intro", needs, 0)) is expected


def test_every_page_with_a_statement_in_the_ledger_is_there():
    pages = {page for statement in read_statements() for page in statement.pages}
    assert pages and all((ROOT / "book" / f"{page}.md").is_file() for page in pages)


@pytest.mark.parametrize("belief", BELIEFS, ids=[belief.anchor for belief in BELIEFS])
def test_a_belief_is_as_sure_as_its_claims(belief):
    """Proved: checks and what they imply. Sure: every claim for it held in every set of fresh seeds."""
    (word,) = re.findall(r"^(proved|sure|likely|open)\b", belief.sure)
    assert belief.supports and belief.against
    for one in belief.supports + belief.against:
        find(one)
    if word == "proved":
        assert all(is_check(find(one)) for one in belief.supports)
    if word == "sure":
        fresh = reseed.read(reseed.TABLE)
        assert held(belief.supports, fresh), {one: fresh[one] for one in belief.supports if one in fresh}


@pytest.mark.parametrize(
    "body", ["No word on it.\n", "**How sure: likely.**\n", "```{evidence}\n:for: theorem1-float\n```\n"]
)
def test_a_belief_without_evidence_or_a_grade_is_refused(body):
    with pytest.raises(ValueError, match=r"'1\. It is so' must say how sure we are, and name claims for it"):
        read_beliefs(f"(believe-it)=\n## 1. It is so\n\n{body}")


@pytest.mark.parametrize(
    ("ids", "said"), [((), "–"), (("a",), "1"), (("a", "b"), "2 (1)"), (("b",), "1 (0)"), (("a", "free"), "2")]
)
def test_the_table_of_beliefs_counts_the_claims_and_those_that_held_throughout(ids, said):
    assert steady(ids, {"a": ALWAYS, "b": SOMETIMES}) == said


def test_the_closing_chapter_shows_all_statements_at_a_glance():
    (table,) = (t for t in article("book/believe").find_all("table") if "How sure" in t.get_text())
    rows = [[cell.get_text() for cell in row.find_all("td")] for row in table.find_all("tr")[1:]]
    assert [(row[0], row[1]) for row in rows] == [(belief.title, belief.sure) for belief in BELIEFS]
    text = (ROOT / "book" / "believe.md").read_text(encoding="utf-8")
    assert text.count("**What would change our mind.**") == len(BELIEFS)


def test_all_beliefs_are_found():
    assert len(BELIEFS) == 12
