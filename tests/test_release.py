"""What a release carries: the plan of the book, its pages on paper and in the e-book, the archive, the checksums."""

import hashlib
import io
import re
import xml.etree.ElementTree as ET
import zipfile

import pytest
from browsing import address, browser  # noqa: F401
from built_site import PAGES, ROOT
from dlgn_site import epub, epub_package, front, paper, plan, release, release_check
from dlgn_site.export_notebooks import COURSE
from PIL import Image

BOOK = plan.read_book(ROOT)
A, B = "book/experts/paths", "book/believe"
SITE = BOOK.address


def test_the_plan_has_every_page_of_the_contents_once():
    assert list(BOOK.pages) == PAGES and BOOK.parts[0] == plan.Part("", ("book/intro",))
    assert len({plan.file_name(page) for page in PAGES}) == len(PAGES)
    assert plan.chosen(BOOK, [B, A]) == (A, B) and plan.chosen(BOOK, []) == BOOK.pages
    with pytest.raises(ValueError, match=r"pages book/none are not in _toc\.yml"):
        plan.chosen(BOOK, [A, "book/none"])


def test_running_heads_are_quoted_and_pages_go_on():
    style = paper.running('A "book"', "1 Paths", 7)
    assert '--paper-left: "A \\"book\\""' in style and "counter-reset: page 6;" in style


def test_contents_name_the_page_and_leave_out_what_every_chapter_has():
    pages = BOOK.pages[1 : 1 + front.COMMON]
    headings = {page: [(1, f"T {page}", "t"), (2, "Summary", "s"), (2, f"Own <{page}>", "o")] for page in pages}
    numbers = {(page, anchor): 10 * n + k for n, page in enumerate(pages) for k, anchor in enumerate("tso")}
    made = front.contents(BOOK, headings, numbers)
    assert made.count('class="line chapter"') == made.count('class="line section"') == front.COMMON
    assert "Summary" not in made and f"Own &lt;{pages[0]}&gt;" in made and "Part I: Experts" in made
    assert f'href="{SITE}{pages[1]}.html#o"' in made and '<span class="number">12</span>' in made
    assert "Summary" in front.contents(BOOK, {pages[0]: headings[pages[0]]}, numbers)


def test_links_of_the_e_book_stay_in_it_where_they_can():
    body = f'<a href="{SITE}{B}.html#x">1</a> <a href="{SITE}{B}.html#no">2</a> <a href="#y">3</a> <a href="{SITE}q.html">4</a>'
    made = epub.inner_links(body, {A: {"y"}, B: {"x"}}, SITE, A)
    assert re.findall('href="([^"]*)"', made) == [
        "believe.xhtml#x",
        "believe.xhtml",
        "experts-paths.xhtml#y",
        f"{SITE}q.html",
    ]


def test_a_drawing_has_its_own_colours_and_no_empty_path():
    drawing = '<svg><path id="a"/><path d="M1 1" style="fill:var(--p, #fff);stroke:var(--q,rgb(1,2,3))"/></svg>'
    assert epub.plain_svg(drawing) == (
        '<svg><path d="M0 0" id="a"/><path d="M1 1" style="fill:#fff;stroke:rgb(1,2,3)"/></svg>'
    )


def test_the_archive_is_an_epub_and_the_same_every_time():
    one = epub_package.Chapter(A, "experts-paths.xhtml", "1 A & B", (("Part", "p"),), '<p id="p"><math/>Text</p>')
    made = epub.bind(BOOK, [one], {}, "2026-01-31")
    assert made == epub.bind(BOOK, [one], {}, "2026-01-31")
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        texts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(("xhtml", "opf"))}
    for text in texts.values():
        ET.fromstring(text)
    assert 'properties="mathml"' in texts["book/package.opf"] and "2026-01-31T00:00:00Z" in texts["book/package.opf"]
    assert "experts-paths.xhtml#p" in texts["book/nav.xhtml"] and "1 A &amp; B" in texts["book/nav.xhtml"]


@pytest.fixture(scope="module")
def tab(browser, address):  # noqa: F811
    """A short chapter, ready for paper, with what was found on it."""
    with paper.prepared(browser, address, SITE, A) as found:
        yield found


def test_a_chapter_on_paper_has_its_links_bookmarks_and_everything_in_its_width(tab):
    page, found = tab
    assert (found["headings"][0]["level"], found["headings"][0]["text"][:8]) == (1, "1 Paths:")
    assert not found["wide"] and "Figure 1.1." in found["figures"]
    pdf = paper.pdf(page, paper.running("Book", "Chapter", 5))
    assert pdf.startswith(b"%PDF") and 4 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 15
    assert b"/Outlines" in pdf and b"/StructTreeRoot" in pdf and b"127.0.0.1" not in pdf
    assert f"{SITE}{B}".encode() in pdf


def test_a_chapter_of_the_e_book_is_well_formed_with_formulas_and_texts_of_pictures(tab):
    page, found = tab
    made = page.evaluate(epub.CONVERT)
    body = ET.fromstring(made["body"])
    tags = {tag.tag.rpartition("}")[2] for tag in body.iter()}
    assert "math" in tags and not tags & {"script", "style", "button", "input", "svg", "details", "mjx-container"}
    assert "dlgn-report" not in made["body"]
    pictures = [tag for tag in body.findall(".//{*}img") if tag.get("src").startswith("picture:")]
    assert len(pictures) == len(made["pictures"]) >= len(found["figures"]) and all(tag.get("alt") for tag in pictures)
    anchors = [tag.get("id") for tag in body.iter() if tag.get("id")]
    assert len(anchors) == len(set(anchors)) and "fig-paths-walk" in anchors
    assert all("Solution" not in (tag.text or "") for tag in body.findall(".//{*}p"))


def test_the_check_finds_what_is_missing():
    wanted = release_check.Expected(("The first page",), ("Figure 1.1.",))
    assert release_check.missing("… The ﬁrst\npage … Figure 1.1. …", wanted) == []
    assert release_check.missing("Figure 1.2.", wanted) == [
        "'The first page' is not there",
        "'Figure 1.1.' is not there",
    ]


def test_the_check_sees_ink_at_the_edge_of_a_page():
    page = Image.new("L", (210, 297), 255)
    page.paste(0, (12, 50, 198, 60))
    assert not release_check.inked_edges(page, 10)
    page.paste(0, (195, 50, 204, 60))
    assert release_check.inked_edges(page, 10)


def epub_with(body):
    one = epub_package.Chapter(A, "a.xhtml", "A", (), body)
    return epub.bind(BOOK, [one], {}, "2026-01-31")


def test_the_check_of_the_e_book_finds_faults():
    wanted = release_check.Expected(("A head",), ())
    good = '<h1>A <em>head</em></h1><math/><figure><img src="x.png" alt="a line"/></figure>'
    assert release_check.epub_faults(epub_with(good), wanted) == []
    bad = '<figure><img src="x.png" alt=""/></figure><img src="y.png"/><script/>'
    found = " ".join(release_check.epub_faults(epub_with(bad), wanted))
    for fault in ("'A head'", "figure without", "picture without", "a script", "no formula"):
        assert fault in found


def test_a_release_has_its_files_and_their_checksums(tmp_path):
    build, out = tmp_path / "build", tmp_path / "out"
    names = [
        "html/index.html",
        "html/.built",
        "pdf/book.pdf",
        "pdf/chapters/a.pdf",
        "epub/book.epub",
        "slides/index.html",
    ]
    for name in [*names, *(f"course/{edition}.zip" for edition in COURSE)]:
        (build / name).parent.mkdir(parents=True, exist_ok=True)
        (build / name).write_text(name)
    out.mkdir()
    release.collect(build, out, "v1", build / "course")
    with zipfile.ZipFile(out / "site-v1.zip") as archive:
        assert archive.namelist() == ["site-v1/index.html"]
    first = (out / "site-v1.zip").read_bytes()
    release.zip_folder(build / "html", out / "site-v1.zip", "site-v1")
    assert (out / "site-v1.zip").read_bytes() == first
    (out / "notes.md").write_text("notes")
    (out / "SHA256SUMS").write_text(release.checksums(out))
    assert f"{hashlib.sha256(b'pdf/book.pdf').hexdigest()}  book-v1.pdf\n" in (out / "SHA256SUMS").read_text()
    assert release_check.sums_faults(out) == []
    (out / "book-v1.epub").write_text("other")
    (out / "more.txt").write_text("more")
    assert release_check.sums_faults(out) == [
        "more.txt is not in SHA256SUMS",
        "book-v1.epub is not what SHA256SUMS says",
    ]
    (build / "pdf" / "book.pdf").unlink()
    with pytest.raises(FileNotFoundError, match=r"book\.pdf"):
        release.collect(build, out, "v1", build / "course")
