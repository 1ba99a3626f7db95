"""Old addresses keep leading somewhere: the lists of releases, the table of redirects, and what a built site makes of them."""

import json
import re
import shutil
from functools import cache
from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup
from built_site import PAGES, ROOT, SITE, html_file, prose, prose_anchors
from dlgn_site import anchors as listed
from dlgn_site import moved

REDIRECTS, LISTS = listed.read_redirects(ROOT), listed.read_lists(ROOT)
SITE_ADDRESS = "https://org.github.io/book/"


@cache
def now():
    """Return what the built site lists."""
    html_file("book/intro")
    return json.loads((SITE / listed.FILE).read_text(encoding="utf-8"))["pages"]


def test_the_site_lists_its_pages_and_their_anchors():
    assert set(now()) == set(PAGES)
    for page, names in now().items():
        assert len(set(names)) == len(names) and set(names) <= prose_anchors(page)
        parts = {tag["id"] for tag in prose(page).select("section[id], figure[id], .math[id], dt[id], code[id]")}
        assert {name for name in parts if not re.fullmatch(r"id\d+|proof-content", name)} <= set(names)
    assert len(now()["book/claims"]) > 1000


def test_every_address_of_every_release_leads_to_an_element_of_the_site():
    assert LISTS, "no release is listed: `make anchors`"
    known = set(listed.addresses(now()))
    for pages in LISTS.values():
        for address in listed.addresses(pages):
            page, _, anchor = (listed.resolved(address, known, REDIRECTS) or "").partition("#")
            assert page and (not anchor or anchor in prose_anchors(page)), address
            old, _, name = address.partition("#")
            assert (SITE / f"{old}.html").is_file() and (old in REDIRECTS or not name or name in prose_anchors(old))


def test_every_entry_of_the_table_leads_where_it_says():
    assert REDIRECTS
    for old, new in REDIRECTS.items():
        page, _, anchor = old.partition("#")
        text = html_file(page).read_text(encoding="utf-8")
        mark = f' id="{anchor}"' if anchor else ""
        (line,) = re.findall(rf'<p class="dlgn-moved"{mark}>.*? href="([^"]+)"', text)
        to, _, name = urljoin(f"{SITE_ADDRESS}{page}.html", line).removeprefix(SITE_ADDRESS).partition(".html")
        assert f"{to}{name}" == new and (not name or name[1:] in prose_anchors(to))


BEFORE = {"v1.0.0": {"a": ["x", "y"], "b": ["z"]}}


@pytest.mark.parametrize(
    ("pages", "redirects", "told"),
    [
        ({"a": ["x", "y", "new"], "b": ["z"]}, {}, None),
        ({"a": ["x"], "b": ["z"]}, {}, "a#y: an address of v1.0.0 that is gone"),
        ({"a": ["x"], "b": ["z", "y2"]}, {"a#y": "b#y2"}, None),
        ({"a": ["x"], "b": ["z"]}, {"a#y": "b"}, None),
        ({"a": ["x", "y"]}, {}, "b, b#z: an address of v1.0.0 that is gone"),
        ({"a": ["x", "y", "z"]}, {"b": "a"}, None),
        ({"a": ["x", "y", "z"]}, {"b": "a#x"}, None),
        ({"a": ["x", "y"]}, {"b": "a"}, "b#z: an address of v1.0.0 that is gone"),
        ({"a": ["x", "y"]}, {"b": "a", "b#z": "a#y"}, None),
        ({"a": ["x", "y"], "b": ["z"]}, {"b": "a"}, "redirects.yml: b is there; take its entry out"),
        ({"a": ["x", "y"], "b": ["z"]}, {"c": "d"}, "redirects.yml: c leads to d, which is not there"),
        ({"a": ["x"], "b": ["z"]}, {"a#y": "c#q", "c#q": "b"}, "a#y leads to c#q, which is not there"),
    ],
)
def test_an_address_that_is_gone_needs_an_entry_that_holds(pages, redirects, told):
    found = listed.faults(pages, redirects, BEFORE)
    assert (told is None) == (not found)
    assert told is None or any(told in fault for fault in found), found


def test_a_table_with_something_else_in_it_is_refused(tmp_path):
    (tmp_path / "book").mkdir()
    assert listed.read_redirects(tmp_path) == {}
    file = tmp_path / listed.TABLE
    for text in ("a: b c", "a: 3", "a: {b: c}", "a: b#c#d"):
        file.write_text(text)
        with pytest.raises(ValueError, match=r"redirects\.yml takes addresses like book/page#anchor, got "):
            listed.read_redirects(tmp_path)
    file.write_text("a/b: c#d.e\n")
    assert listed.read_redirects(tmp_path) == {"a/b": "c#d.e"}


def test_a_list_is_noted_as_it_is_read(tmp_path, capsys):
    assert listed.main(["--site", str(tmp_path), "--root", str(tmp_path)]) == 1
    assert "run `make book`" in capsys.readouterr().err
    (tmp_path / listed.FILE).write_text(listed.written({"a": ["x", "ü"], "b": []}, {"c": "a"}), encoding="utf-8")
    assert listed.main(["--site", str(tmp_path), "--root", str(tmp_path)]) == 0
    (pages,) = listed.read_lists(tmp_path).values()
    assert pages == {"a": ["x", "ü"], "b": []} and "4 addresses" in capsys.readouterr().out
    assert listed.stale(tmp_path, tmp_path) == []
    (tmp_path / listed.FILE).write_text(listed.written({"a": ["x"], "b": []}, {}), encoding="utf-8")
    (told,) = listed.stale(tmp_path, tmp_path)
    assert "is not what the site has: run `make anchors`" in told


def test_what_has_moved_leaves_links_and_a_page():
    redirects = {"p/old": "q/new", "p/old#part": "q/other#c", "p/here#gone": "p/here#there"}
    page = BeautifulSoup(moved.moved_page("p/old", redirects, SITE_ADDRESS), "html.parser")
    here = f"{SITE_ADDRESS}p/old.html"
    part, whole = (urljoin(here, note.a["href"]) for note in page.select(".dlgn-moved"))
    assert (part, whole) == (f"{SITE_ADDRESS}q/other.html#c", f"{SITE_ADDRESS}q/new.html")
    assert page.select_one("#part") and page.select_one("link[rel=canonical]")["href"] == whole
    refresh = page.select_one("noscript meta")["content"].partition("url=")[2]
    assert urljoin(here, refresh) == whole
    assert urljoin(here, page.script["src"]) == f"{SITE_ADDRESS}_static/moved.js"
    (note,) = moved.notes("p/here", redirects)
    assert '<a href="#there">' in note and 'id="gone"' in note and moved.notes("p/other", redirects) == []
    assert listed.anchors_of(f'<article class="bd-article"><b id="is"></b>{note}</article>') == ["is"]


def test_the_build_warns_of_a_lost_address_and_leaves_pages_behind(tmp_path):
    """A book of two pages, built by plain Sphinx with the extensions alone."""
    import io

    from sphinx.application import Sphinx

    source, out = tmp_path / "source", tmp_path / "out"
    (source / "book" / "anchors").mkdir(parents=True)
    (source / "conf.py").write_text(
        "extensions = ['dlgn_site.anchors', 'dlgn_site.moved']\nhtml_baseurl = 'https://org.github.io/book/'\n"
        "html_theme = 'sphinx_book_theme'\nroot_doc = 'book/a'\nproject = 'A book'\n"
    )
    (source / "book" / "a.rst").write_text("Title\n=====\n\nText.\n\nOne\n---\n\nText.\n\n.. toctree::\n\n   b\n")
    (source / "book" / "b.rst").write_text("Other\n=====\n\nText.\n\nTwo\n---\n\nText.\n")
    old = {"book/a": ["one", "two"], "book/gone": ["two"]}
    (source / listed.LISTS / "v0.9.0.json").write_text(listed.written(old, {}))

    def build():
        warnings = io.StringIO()
        Sphinx(source, source, out, tmp_path / "doctrees", "html", status=None, warning=warnings).build()
        return warnings.getvalue()

    said = build()
    assert "book/a#two, book/gone, book/gone#two: an address of v0.9.0 that is gone; say in book/redirects.yml" in said
    (source / listed.TABLE).write_text("book/a#two: book/b#two\nbook/gone: book/b\n")
    shutil.rmtree(out)
    assert "gone; say" not in build()
    assert 'href="b.html#two"' in str(
        BeautifulSoup((out / "book/a.html").read_text(), "html.parser").select_one("#two")
    )
    assert "b.html" in (out / "book/gone.html").read_text()
    assert json.loads((out / listed.FILE).read_text())["moved"] == {"book/a#two": "book/b#two", "book/gone": "book/b"}
