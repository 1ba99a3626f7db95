"""The content security policy: on every page, before any script, and made from what the page really carries."""

import base64
import hashlib
import re

import pytest
from built_site import GENERATED, PAGES, SITE, html_file
from dlgn_site.content_policy import inline_scripts, policy_of, with_policy

PAGE = """<!DOCTYPE html>
<html lang="en">
<head data-theme="x">
<meta charset="utf-8">
<script>first()</script>
<script type="module">second("ü")</script>
<script src="a.js">ignored()</script>
<script type="application/json" class="dlgn-frames">{"not": "run"}</script>
</head><body><script type="text/javascript">third()
</script></body></html>
"""


def sha256(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_scripts_of_a_page_are_allowed_by_their_hash_and_nothing_else_is():
    assert inline_scripts(PAGE) == ["first()", 'second("ü")', "third()\n"]
    rules = dict(rule.split(" ", 1) for rule in policy_of(PAGE).split("; "))
    assert rules["default-src"] == "'self'" and rules["object-src"] == "'none'"
    expected = {sha256(text) for text in ("first()", 'second("ü")', "third()\n")}
    assert set(rules["script-src"].split()) == {"'self'", "'wasm-unsafe-eval'"} | expected  # the engine of live/


def test_the_policy_comes_first_and_once():
    once = with_policy(PAGE)
    assert re.search(r"<head data-theme=\"x\">\n<meta http-equiv=\"Content-Security-Policy\"", once)
    assert with_policy(once) == once
    changed = with_policy(once.replace("first()", "other()"))
    assert sha256("other()") in changed and sha256("first()") not in changed


@pytest.mark.parametrize("page", [*PAGES, *GENERATED, "index"])
def test_every_page_has_a_strict_policy_before_any_script(page):
    text = html_file(page).read_text(encoding="utf-8")
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
    assert policy == policy_of(text)
    assert text.index("Content-Security-Policy") < (text.find("<script") if "<script" in text else len(text))
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert (
        "unsafe" not in rules["script-src"].replace("'wasm-unsafe-eval'", "") and "unsafe" not in rules["default-src"]
    )
    assert not re.search(r"https?:|\*", policy)


def test_no_page_was_forgotten():
    pages = [
        file for file in SITE.rglob("*.html") if "_static" not in file.parts
    ]  # what lies there are parts of the theme
    assert len(pages) > len(PAGES)
    assert not [file for file in pages if "Content-Security-Policy" not in file.read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", [*PAGES, *GENERATED])
def test_no_page_has_code_in_its_attributes(page):
    """The policy would refuse it, so it would do nothing."""
    text = re.sub(r"<script\b.*?</script>", "", html_file(page).read_text(encoding="utf-8"), flags=re.S)
    assert not re.findall(r"<[a-z][^<>]*\son[a-z]+\s*=[^<>]*>", text)
    assert not re.findall(r"""(?:href|src)\s*=\s*["']javascript:""", text)
