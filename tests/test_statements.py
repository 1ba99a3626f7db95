"""What the ledger makes of statements, and what the closing chapter may say of how sure it is."""

import re
from pathlib import Path

import pytest
from dlgn_site import reseed
from dlgn_site.claims import is_check
from dlgn_site.statements import Statement, held, mark, read_statements

from dlgn_lib.book.register import Claim, find

ROOT = Path(__file__).resolve().parents[1]
BELIEFS = re.findall(
    r"(?m)^## (\d+\. .+)\n((?:(?!^## ).*\n)+)", (ROOT / "book" / "believe.md").read_text(encoding="utf-8")
)
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


def listed(text, side):
    """Return the claims of one side of the evidence in a section."""
    return tuple(re.findall(r"[\w-]+", "".join(re.findall(rf"(?m)^:{side}: (.+)$", text))))


@pytest.mark.parametrize(("title", "text"), BELIEFS, ids=[title.split(".")[0] for title, _ in BELIEFS])
def test_a_belief_is_as_sure_as_its_claims(title, text):
    """Proved: checks and what they imply. Sure: every claim for it held in every set of fresh seeds."""
    (word,) = re.findall(r"\*\*How sure: (proved|sure|likely|open)\b", text)
    supports, against = listed(text, "for"), listed(text, "against")
    assert supports and against and "**What would change our mind.**" in text
    for one in supports + against:
        find(one)
    if word == "proved":
        assert all(is_check(find(one)) for one in supports)
    if word == "sure":
        fresh = reseed.read(reseed.TABLE)
        assert held(supports, fresh), {one: fresh[one] for one in supports if one in fresh}


def test_all_beliefs_are_found():
    assert len(BELIEFS) == 12
