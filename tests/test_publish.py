"""The site and its releases in one folder, and the way between versions in a real browser."""

import json
import shutil
import zipfile

import pytest
from browsing import Visit, browser  # noqa: F401  (fixtures)
from built_site import ROOT, SITE, html_file
from dlgn_site import anchors, moved, publish, versions
from dlgn_site.content_policy import with_policy
from dlgn_site.release import zip_folder
from dlgn_site.serving import serving

PAGE = """<!DOCTYPE html>
<html lang="en" data-content_root="../"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>{title}</title>
<script src="../_static/moved.js" defer></script><script src="../_static/versions.js" defer></script></head>
<body><div class="sidebar-primary-items__start"><div class="sidebar-primary-item">Logo</div></div>
<article class="bd-article"><h1>{title}</h1>{body}</article></body></html>
"""
#: version -> page -> anchors; the page "old" was renamed, and an anchor went from "ideas" to "new"
BOOKS = {
    "0.1.0": {"book/ideas": ["first", "both"], "book/old": ["here"]},
    "0.10.0": {"book/ideas": ["first", "both"], "book/old": ["here"]},
    "0.11.0": {"book/ideas": ["both"], "book/new": ["here", "was-first"]},
}
MOVED = {"book/old": "book/new", "book/ideas#first": "book/new#was-first"}


def tiny_site(folder, version):
    """Write a site of two pages with the scripts of the book."""
    redirects = MOVED if version == "0.11.0" else {}
    (folder / "book").mkdir(parents=True)
    (folder / "_static").mkdir()
    for name in ("versions.js", "moved.js"):
        shutil.copyfile(ROOT / "book" / "assets" / name, folder / "_static" / name)
    for page, names in BOOKS[version].items():
        body = "".join(f'<p id="{name}">{name} of {version}</p>' for name in names)
        body += "".join(moved.notes(page, redirects))
        text = with_policy(PAGE.format(title=f"{page} {version}", body=body))
        (folder / f"{page}.html").write_text(text, encoding="utf-8")
    for page in (old for old in redirects if "#" not in old):
        (folder / f"{page}.html").write_text(with_policy(moved.moved_page(page, redirects, "https://org.github.io/")))
    start = '<!DOCTYPE html><link rel="icon" href="data:,"><title>Start</title><meta http-equiv="refresh" content="0; url=book/ideas.html">'
    (folder / "index.html").write_text(start)
    (folder / ".built").write_text("")
    (folder / anchors.FILE).write_text(anchors.written(BOOKS[version], redirects))
    entry = {"version": version, "commit": f"c0ffee{version[2]}", "path": "./"}
    (folder / versions.FILE).write_text(versions.written([entry], 0))
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A site, the archives of two releases, and the folder in which they are published."""
    folder = tmp_path_factory.mktemp("published")
    site = tiny_site(folder / "0.11.0", "0.11.0")
    for version in ("0.1.0", "0.10.0"):
        zip_folder(tiny_site(folder / version, version), folder / f"site-v{version}.zip", f"site-v{version}")
    publish.publish(site, sorted(folder.glob("*.zip")), folder / "out")
    return folder


def test_every_version_knows_the_way_to_all_others(made):
    out = made / "out"
    assert {file.name for file in out.iterdir()} >= {"index.html", "book", "v0.1.0", "v0.10.0", "versions.json"}
    assert not list(out.rglob(".*"))
    for number, (folder, version) in enumerate({"": "0.11.0", "v0.10.0": "0.10.0", "v0.1.0": "0.1.0"}.items()):
        told = json.loads((out / folder / versions.FILE).read_text())
        assert told["here"] == number and told["versions"][number]["path"] == "./"
        assert [entry["version"] for entry in told["versions"]] == ["0.11.0", "0.10.0", "0.1.0"]
        for entry in told["versions"]:
            there = out / folder / entry["path"]
            assert f"ideas {entry['version']}<" in (there / "book/ideas.html").read_text()
            assert entry["commit"] == f"c0ffee{entry['version'][2]}"
        same = (out / folder / "book/ideas.html").read_bytes() == (made / version / "book/ideas.html").read_bytes()
        assert same, "a page of a release was touched"


def test_translated_pages_lie_below_their_language(made, tmp_path):
    site, other = made / "0.11.0", made / "0.10.0"
    told = publish.publish(site, [], tmp_path / "out", {"de": other})
    assert [entry["version"] for entry in told] == ["0.11.0"], "a translation is no version"
    for name in ("book/ideas.html", "_static/moved.js"):
        assert (tmp_path / "out" / "de" / name).read_bytes() == (other / name).read_bytes()
    with pytest.raises(FileNotFoundError, match=r"run `make book-in INTO=fr`"):
        publish.publish(site, [], tmp_path / "none", {"fr": tmp_path / "fr"})
    assert not (tmp_path / "none").exists()


def test_what_is_no_release_is_refused_and_nothing_is_overwritten(made, tmp_path, capsys):
    site = made / "0.11.0"
    good = made / "site-v0.1.0.zip"

    def refused(name, **files):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for file in files.values():
                archive.writestr(file, "text")
        with pytest.raises(ValueError) as error:
            publish.publish(site, [tmp_path / name], tmp_path / name.replace(".zip", "-out"))
        assert name in str(error.value)
        return str(error.value)

    assert "must be named like site-v1.2.0.zip" in refused("site-main.zip", a="site-main/index.html")
    assert "holds no site" in refused("site-v1.0.0.zip", a="site-v1.0.0/a.html")
    outside = refused("site-v2.0.0.zip", a="site-v2.0.0/index.html", b="site-v2.0.0/../../escaped.html")
    assert "must hold the folder site-v2.0.0 alone" in outside and not list(tmp_path.rglob("escaped.html"))
    (tmp_path / "site-v3.0.0.zip").write_text("no zip")
    with pytest.raises(ValueError, match=r"site-v3\.0\.0\.zip is no zip"):
        publish.publish(site, [tmp_path / "site-v3.0.0.zip"], tmp_path / "three")
    with pytest.raises(ValueError, match="OUT must be a new or an empty folder"):
        publish.publish(site, [good], made / "out")
    assert publish.main([str(tmp_path / "four"), "--site", str(tmp_path)]) == 1
    assert "run `make book`" in capsys.readouterr().err
    (tmp_path / "releases").mkdir()
    shutil.copy(good, tmp_path / "releases")
    assert publish.main([str(tmp_path / "five"), "--site", str(site), "--releases", str(tmp_path / "releases")]) == 0
    assert "v0.1.0/: version 0.1.0" in capsys.readouterr().out and (tmp_path / "five/v0.1.0/book/old.html").is_file()


def test_the_built_site_knows_itself():
    html_file("book/intro")
    told = json.loads((SITE / versions.FILE).read_text(encoding="utf-8"))
    assert told["here"] == 0 and len(told["versions"]) == 1
    assert told["versions"][0] == versions.own(ROOT) | {"commit": told["versions"][0]["commit"]}


@pytest.fixture(scope="module")
def reader(made, browser):
    """A tab on the published folder."""
    with serving(made / "out") as address:
        visit = Visit(browser, address)
        yield visit
        visit.context.close()


def choose(reader, start, version):
    """Open an address and choose a version with the keyboard."""
    reader.wrong.clear()
    tab = reader.tab
    tab.goto("about:blank")
    tab.goto(f"{reader.address}/{start}", wait_until="load")
    tab.locator("details.dlgn-versions summary").press("Enter")
    tab.get_by_role("link", name=version, exact=True).press("Enter")


@pytest.mark.parametrize(
    ("start", "version", "end"),
    [
        ("book/ideas.html#both", "0.10.0", "v0.10.0/book/ideas.html#both"),
        ("book/ideas.html#no-such", "0.1.0", "v0.1.0/book/ideas.html"),
        ("book/new.html#here", "0.1.0", "v0.1.0/book/ideas.html"),  # the page was not there: the start page
        ("v0.1.0/book/old.html#here", "0.10.0", "v0.10.0/book/old.html#here"),
        ("v0.1.0/book/old.html#here", "0.11.0 (newest)", "book/new.html#here"),
        ("v0.10.0/book/ideas.html#first", "0.11.0 (newest)", "book/new.html#was-first"),
    ],
)
def test_another_version_opens_at_the_same_place(reader, start, version, end):
    choose(reader, start, version)
    reader.tab.wait_for_url(f"{reader.address}/{end}")
    assert reader.tab.title().endswith(version.split()[0]) and not reader.wrong


def test_an_old_version_says_so_and_the_newest_does_not(reader):
    tab = reader.tab
    tab.goto(f"{reader.address}/v0.1.0/book/old.html#here", wait_until="load")
    strip = tab.get_by_role("complementary", name="An old version")
    strip.wait_for()
    assert strip.inner_text() == "You read version 0.1.0 of this book. Go to the newest, 0.11.0."
    assert tab.locator("details.dlgn-versions summary").inner_text() == "Version 0.1.0"
    assert tab.locator("details.dlgn-versions [aria-current]").text_content() == "0.1.0"
    with tab.expect_navigation():
        strip.get_by_role("link").click()
    assert tab.url == f"{reader.address}/book/new.html#here"
    tab.locator("details.dlgn-versions").wait_for()
    assert tab.locator(".dlgn-old").count() == 0
    assert tab.locator("details.dlgn-versions summary").inner_text() == "Version 0.11.0 (newest)"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("book/old.html", "book/new.html"),
        ("book/old.html#here", "book/new.html#here"),
        ("book/ideas.html#first", "book/new.html#was-first"),
        ("book/ideas.html#first?step=7&init=he", "book/new.html#was-first?step=7&init=he"),
        ("book/ideas.html#both", "book/ideas.html#both"),
    ],
)
def test_an_old_address_leads_on(reader, old, new):
    reader.wrong.clear()
    reader.tab.goto("about:blank")
    reader.tab.goto(f"{reader.address}/{old}", wait_until="commit")
    reader.tab.wait_for_url(f"{reader.address}/{new}", wait_until="load")
    assert not [wrong for wrong in reader.wrong if not wrong.endswith("net::ERR_ABORTED")]  # what it left in the middle


def test_without_javascript_an_old_address_leads_on_too(made, reader, browser):
    visit = Visit(browser, reader.address, java_script_enabled=False)
    visit.tab.goto(f"{reader.address}/book/old.html", wait_until="commit")
    visit.tab.wait_for_url("**/book/new.html")
    visit.context.close()


def test_where_there_is_no_list_of_versions_nothing_shows(made, browser, reader):
    visit = Visit(browser, reader.address)
    visit.tab.route("**/versions.json", lambda route: route.abort())
    with visit.tab.expect_event("requestfailed"):
        visit.tab.goto(f"{reader.address}/v0.1.0/book/old.html", wait_until="load")
    visit.tab.wait_for_timeout(200)
    assert visit.tab.locator(".dlgn-versions, .dlgn-old").count() == 0
    visit.tab.goto((made / "out/v0.1.0/book/old.html").as_uri(), wait_until="load")  # a file of the disk
    assert visit.tab.locator(".dlgn-versions, .dlgn-old").count() == 0
    assert not [wrong for wrong in visit.wrong if wrong.startswith("page error")]
    visit.context.close()
