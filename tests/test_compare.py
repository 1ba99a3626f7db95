"""Two builds compared: what differs is told, and a claim that holds in only one of them is an error."""

import copy
import json
import re

import pytest
from built_site import CHAPTERS, PAGES, ROOT, SITE, article, html
from dlgn_site import build_record, compare
from dlgn_site.serving import serving

from dlgn_lib.book.register import registry

CLAIM = {"page": "intro", "statement": "a share", "needs": "> 0.5", "shown": "0.86", "over": "5 seeds", "holds": True}
BUILD = {
    "format": 1,
    "version": "0.1.0",
    "commit": "abc",
    "machine": {"system": "Linux", "cores": 2},
    "versions": {"python": "3.11.7", "torch": "2.13.0"},
    "seconds": {"intro": 10.0, "experts/paths": 1.0},
    "claims": {"one": CLAIM, "two": CLAIM},
}


@pytest.fixture
def other():
    return copy.deepcopy(BUILD)


@pytest.fixture
def call(tmp_path, capsys):
    """Return a function that compares `BUILD` with another record, and gives (exit code, what was printed)."""

    def call(other):
        for name, build in (("this", BUILD), ("other", other)):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / "build.json").write_text(json.dumps(build), encoding="utf-8")
        code = compare.main([str(tmp_path / "other"), "--this", str(tmp_path / "this")])
        return code, capsys.readouterr().out

    return call


def test_equal_builds_differ_in_nothing(call, other):
    code, said = call(other)
    assert code == 0 and said.count(": none") == 6 and "2 claims were compared" in said


def test_versions_and_machine_are_told(call, other):
    other["versions"] = {"python": "3.11.7", "torch": "2.11.0", "new": "1"}
    other["machine"]["system"], other["commit"] = "Darwin", "def"
    code, said = call(other)
    assert code == 0
    assert re.search(r"torch +2\.13\.0 +2\.11\.0\n +new +– +1\n", said) and "python" not in said
    assert re.search(r"commit +abc +def\n +system +Linux +Darwin\n", said)


def test_a_claim_that_holds_in_one_build_only_is_an_error(call, other):
    other["claims"]["two"].update(holds=False, shown="0.31")
    code, said = call(other)
    assert code == 1 and re.search(r"two +holds: 0\.86 +fails: 0\.31 +> 0\.5\n", said)
    other["claims"]["two"].update(holds=None, shown=None)
    code, said = call(other)
    assert code == 1 and "not measured: –" in said


def test_a_printed_value_that_differs_is_told_and_measured_by_the_register(call, other, monkeypatch):
    from dataclasses import replace

    share = replace(registry()["intro-start"], format="{:.2f}", spread=None)
    monkeypatch.setattr(compare, "registry", lambda: {"one": share})
    for shown, expected in (("0.85", True), ("0.70", False)):
        other["claims"]["one"]["shown"] = shown
        code, said = call(other)
        assert code == 0 and re.search(rf"one +0\.86 +{re.escape(shown)}", said)
        assert ("as other machines may" in said) == expected


def test_claims_of_one_build_only_are_told(call, other):
    other["claims"]["three"] = other["claims"].pop("one")
    code, said = call(other)
    assert code == 0 and "one    only here" in said and "three  only there" in said and "1 claims" in said


def test_pages_much_slower_are_told_and_no_others(call, other):
    other["seconds"] = {"intro": 31.0, "experts/paths": 2.5}
    code, said = call(other)
    assert code == 0 and re.search(r"intro +10 +31\n", said) and "experts/paths" not in said
    other["seconds"]["intro"] = 19.0
    assert "take more than 2 times as long: none" in call(other)[1]


def test_what_a_strange_file_holds_does_not_reach_the_terminal(call, other):
    other["commit"] = "\x1b[31mred"
    assert "\x1b" not in call(other)[1] and "?[31mred" in call(other)[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no", "is no JSON"),
        ("[]", "in format 1, got 'list'"),
        ('{"format": 2}', "in format 1, got 2"),
        ('{"format": 1, "claims": {}}', "lacks machine, versions, seconds"),
        (None, "No such file"),
    ],
)
def test_what_is_no_record_is_refused(tmp_path, capsys, text, said):
    file = tmp_path / "build.json"
    if text is not None:
        file.write_text(text)
    assert compare.main([str(tmp_path), "--this", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err


def test_nothing_to_compare_with_is_an_error(capsys):
    assert compare.main([""]) == 2 and "OTHER must be" in capsys.readouterr().err


def test_a_build_is_found_in_a_checkout_a_file_and_at_an_address(tmp_path):
    site = tmp_path / "_build" / "html"
    site.mkdir(parents=True)
    (site / "build.json").write_text(json.dumps(BUILD))
    assert compare.read(str(tmp_path)) == compare.read(str(site.parent)) == BUILD
    assert compare.read(str(site)) == compare.read(str(site / "build.json")) == BUILD
    with serving(site) as address:
        assert compare.read(f"{address}/") == compare.read(f"{address}/build.json") == BUILD
        with pytest.raises(OSError, match="404"):
            compare.read(f"{address}/other")


def test_the_commit_is_that_of_the_checkout_and_unknown_elsewhere(tmp_path):
    assert re.fullmatch(r"[0-9a-f]{40}\+?", build_record.commit(ROOT))
    assert build_record.commit(tmp_path / "nowhere") is None


def test_the_file_of_this_build_is_complete():
    build = compare.read(str(SITE))
    assert set(build["claims"]) == set(registry())
    assert all(entry["holds"] is True and entry["shown"] for entry in build["claims"].values())
    assert {f"book/{page}" for page in build["seconds"]} >= set(CHAPTERS)
    assert build["versions"]["torch"].startswith("2.") and build["machine"]["processor"]


def test_the_page_of_this_build_tells_it_and_links_the_file():
    assert build_record.PAGE in PAGES
    build, page = compare.read(str(SITE)), article(build_record.PAGE)
    rows = {tr.td.get_text(strip=True): tr.find_all("td")[1].get_text(strip=True) for tr in page.select("tbody tr")}
    assert rows["Python"] == build["versions"]["python"] and rows["processor"] == build["machine"]["processor"]
    assert rows["claims"] == f"{len(registry()):,} of {len(registry()):,} hold"
    assert {page for page in rows if f"book/{page}" in CHAPTERS} == {page.removeprefix("book/") for page in CHAPTERS}
    assert "../build.json" in [a["href"] for a in html(build_record.PAGE).select("article a[href]")]
