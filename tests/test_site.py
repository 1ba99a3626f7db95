"""The built site, read without a browser: links, pictures, claims, exercises, buttons, and what no file may hold."""

import gzip
import io
import json
import math
import re
import subprocess
import tokenize
from collections import Counter
from copy import copy
from itertools import combinations
from pathlib import PurePosixPath

import pytest
import yaml
from built_site import (
    ADDRESS,
    BRANCH,
    CHAPTERS,
    CONFIG,
    GENERATED,
    NOTEBOOKS,
    PAGES,
    REPOSITORY,
    ROOT,
    SITE,
    TOC,
    article,
    broken,
    html,
    html_file,
    site_file,
    source,
)
from dlgn_site.answers import key
from dlgn_site.claims import is_check, sentence
from dlgn_site.course_data import read_pages
from dlgn_site.statements import read_statements
from PIL import Image

from dlgn_lib.book.exercises import stub
from dlgn_lib.book.register import agree, find, registered

DATA = read_pages(ROOT)
every_page = pytest.mark.parametrize("page", PAGES)
every_notebook = pytest.mark.parametrize("page", NOTEBOOKS)
with_generated = pytest.mark.parametrize("page", [*PAGES, *GENERATED])
LIMIT = 2_000_000  # bytes of a page, compressed


def text_of(tag):
    return " ".join(tag.get_text(" ").split())


def code_cells(page, *tags):
    """Return the code cells of a page, or only those with one of the tags."""
    cells = [cell for cell in source(page).cells if cell.cell_type == "code"]
    return [cell for cell in cells if not tags or set(tags) & set(cell.metadata.get("tags", []))]


# Addresses


@with_generated
def test_every_link_anchor_and_asset_is_there(page):
    names = ("href", "src", "data-src", "poster")
    found = [
        tag[name]
        for name in names
        for tag in html(page).find_all(attrs={name: True})
        if not tag.has_attr("data-experiment")
    ]
    local = {url for url in found if not url.startswith(("data:", "mailto:", "javascript:"))}
    assert local
    assert not [problem for url in sorted(local) if (problem := broken(page, url))]


@with_generated
def test_nothing_is_loaded_from_another_host(page):
    loads = []
    for tag in html(page).find_all(["script", "img", "iframe", "source", "video", "audio", "embed", "object", "link"]):
        if tag.name != "link" or set(tag["rel"]) & {
            "stylesheet",
            "preload",
            "modulepreload",
            "prefetch",
            "icon",
            "shortcut",
            "manifest",
        }:
            loads += [tag.get(name, "") for name in ("src", "srcset", "href", "data", "poster")]
        elif set(tag["rel"]) & {"preconnect", "dns-prefetch"}:
            loads.append(tag["href"])
    assert any(loads)
    assert not [url for url in loads if re.match(r"(\w+:)?//", url) and not url.startswith("data:")]
    sheets = [site_file(page, link["href"]) for link in html(page).select("link[rel=stylesheet]")]
    styles = [tag.get_text() for tag in html(page).find_all("style")] + [sheet.read_text() for sheet in sheets]
    assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]*", "\n".join(styles))


@with_generated
def test_fonts_are_asked_for_with_the_page(page):
    links = html(page).select("link[rel=preload][as=font]")
    assert [PurePosixPath(link["href"]).name for link in links] == ["text.woff2", "code.woff2"]
    assert all(link.has_attr("crossorigin") and site_file(page, link["href"]).is_file() for link in links)


def test_fonts_are_small_and_have_their_licences_beside_them():
    folder = ROOT / "book" / "assets" / "fonts"
    files = sorted(folder.glob("*.woff2"))
    assert len(files) == 3 and all(file.stat().st_size < 60_000 for file in files)
    for name in ("text", "code"):
        assert "SIL Open Font License, Version 1.1" in (folder / f"LICENSE-{name}.txt").read_text(encoding="utf-8")
    assert "book/assets/fonts" in " ".join((ROOT / "LICENSE-TEXT").read_text(encoding="utf-8").split())
    sheet = (SITE / "_static" / "type.css").read_text(encoding="utf-8")
    assert set(re.findall(r'url\("([^"]+)"\)', sheet)) == {f"fonts/{file.name}" for file in files}


def test_no_two_scripts_share_a_name():
    """Scripts of a page share one scope: the second of two that declare one name does not run at all."""
    for script in (ROOT / "book" / "assets").glob("*.js"):
        loose = re.findall(r"(?m)^(?:let|const|var|class|function) (\w+)", script.read_text(encoding="utf-8"))
        text = script.read_text(encoding="utf-8")
        assert not loose or (text.startswith("(() => {") and text.endswith("})();\n")), f"{script.name}: {loose}"


def test_start_page_leads_to_the_introduction():
    start = html("index").select_one("meta[http-equiv=Refresh]")["content"]
    assert start.endswith("url=book/intro.html") and html_file("book/intro")


@every_notebook
def test_buttons_lead_to_the_notebook_of_the_page(page):
    notebook = f"notebooks/{page.removeprefix('book/')}.ipynb"
    links = {tag["href"] for tag in html(page).select("a[href*='.ipynb']")}
    colab = f"{REPOSITORY.replace('github.com', 'colab.research.google.com/github')}/blob/{BRANCH}/{notebook}"
    download = "../" * page.count("/") + notebook
    assert links == {colab, download}
    assert (ROOT / notebook).is_file(), f"there is no {notebook}: run `make notebooks`"
    same = (SITE / notebook).read_bytes() == (ROOT / notebook).read_bytes()
    assert same, f"the site holds another {notebook}: run `make book`"


@pytest.mark.parametrize("page", sorted(set(PAGES) - set(NOTEBOOKS)))
def test_plain_page_offers_no_notebook(page):
    assert not html(page).select("a[href*='.ipynb']")


# Words and pictures


@every_page
def test_page_has_a_head(page):
    soup = html(page)
    assert soup.html["lang"] == "en"
    (heading,) = (tag for tag in soup.find_all("h1") if not tag.find_parent(class_="onlyprint"))
    number = heading.select_one(".dlgn-number")  # of the chapter
    heading = text_of(heading).removeprefix(text_of(number) if number else "").removesuffix("#").strip()
    assert heading and soup.title.get_text().startswith(heading)
    description = soup.select_one("meta[name=description]")
    assert description and len(description["content"].split()) >= 8, (
        "the text before the first heading describes the page"
    )


def test_no_two_pages_share_title_or_description():
    for name, part in {
        "title": lambda s: s.title.get_text(),
        "description": lambda s: s.select_one("meta[name=description]")["content"],
    }.items():
        assert len({part(html(page)) for page in PAGES}) == len(PAGES), name


@with_generated
def test_pictures_say_what_they_show(page):
    figures = article(page).find_all("img") if page in PAGES else []
    for image in html(page).find_all("img"):
        alt = image.get("alt", "")
        least = 8 if any(image is figure for figure in figures) else 1  # the others are the theme's logo and signs
        assert len(alt.split()) >= least and not re.fullmatch(r"\S+\.\w{2,4}|data:.*", alt), (
            f"alt text {alt!r} of a picture"
        )
    assert not [alt for alt, count in Counter(image["alt"] for image in figures).items() if count > 1]


@every_notebook
def test_alternative_texts_can_be_read_aloud(page):
    """All frames of the players too: whole sentences, no line breaks, no TeX."""
    players = [json.loads(data.get_text()) for data in article(page).select("script.dlgn-frames")]
    texts = [alt for data in players for alt, _ in data["frames"]] + [i["alt"] for i in article(page).find_all("img")]
    for alt in texts:
        assert len(alt.split()) >= 8 and alt.endswith("."), f"not a sentence that says what follows: {alt!r}"
        assert not re.search(r"[\n$\\]|_\{", alt), f"{alt!r} has a line break or TeX in it"


@every_page
def test_a_shared_link_shows_a_picture_and_a_description(page):
    tags = {tag.get("property") or tag.get("name"): tag["content"] for tag in html(page).select("meta[content]")}
    assert html(page).title.get_text().startswith(tags["og:title"]) and tags["og:url"] == f"{ADDRESS}{page}.html"
    assert tags["og:site_name"] == CONFIG["title"]
    assert tags["og:description"] == tags["description"] and len(tags["description"].split()) >= 8
    assert tags["twitter:card"] == "summary_large_image"
    assert len(tags["og:image:alt"].split()) >= 8
    assert tags["og:image"].startswith(ADDRESS)
    with Image.open(SITE / tags["og:image"].removeprefix(ADDRESS)) as picture:
        assert picture.size == (1200, 630) == (int(tags["og:image:width"]), int(tags["og:image:height"]))


def test_pictures_of_the_site_are_small():
    for name in ("preview.png", "screenshot.png"):
        assert 10_000 < (ROOT / "book" / "assets" / name).stat().st_size < 200_000, name


@every_page
def test_page_is_light(page):
    size = len(gzip.compress(html_file(page).read_bytes()))
    for image in article(page).find_all("img"):
        if not image["src"].startswith("data:"):
            size += (html_file(page).parent / image["src"]).stat().st_size
    assert size < LIMIT, f"{size / 1e6:.2f} MB, the limit is {LIMIT / 1e6:.2f} MB: use fewer or smaller frames"


@every_notebook
def test_players_are_whole_without_javascript(page):
    for player in article(page).select("figure.dlgn-player"):
        (image,) = player.select("svg.dlgn-picture")
        (data,) = player.select("script.dlgn-frames")
        data = json.loads(data.get_text())
        frames, sizes = data["frames"], [len(p["values"]) for p in data["parameters"]]
        assert len(frames) == math.prod(sizes) <= 25 and len(sizes) <= 3
        default = sum(at * math.prod(sizes[number + 1 :]) for number, at in enumerate(data["start"]))
        shown = [part for part in image.find("g").find_all(recursive=False) if part.name != "defs"]
        assert image["role"] == "img" and image["aria-label"] == frames[default][0]
        assert frames[default][1] == [0, len(shown)], "the default frame is what is in the page"
        seen = [(alt, tuple(runs)) for alt, runs in frames]
        alike = {f"{a} and {b}" for a, b in combinations(range(len(frames)), 2) if {*seen[a]} & {*seen[b]}}
        assert not alike, "frames with the same picture or the same alt text"
        assert image["width"].isdigit() and image["height"].isdigit()  # the page does not jump while it loads
        (controls,) = player.select(".dlgn-controls[hidden]")
        inputs = [len(controls.select(f"[data-parameter='{number}']")) for number in range(len(sizes))]
        assert all(count in (1, size) for count, size in zip(inputs, sizes, strict=True))


def test_the_book_opens_with_a_player():
    assert article("book/intro").select_one("figure.dlgn-player")


def test_the_first_page_leads_into_the_book():
    (start,), (colab,) = (article("book/intro").select(f"a.dlgn-{way}") for way in ("start", "colab"))
    assert broken("book/intro", start["href"]) is None and f"book/{start['href']}" == f"{CHAPTERS[0]}.html"
    assert colab["href"] in {tag["href"] for tag in html("book/intro").select(".dropdown-launch-buttons a")}


def test_the_map_shows_every_chapter_in_its_part():
    parts = [part for part in TOC["parts"] if part["caption"].startswith("Part ")]
    lines = article("book/intro").select(".dlgn-chapters > .dlgn-line")
    for part, line in zip(parts, lines, strict=True):
        minutes = []
        name, total = line.select_one(".dlgn-part strong"), line.select_one(".dlgn-part .dlgn-minutes")
        files = [chapter["file"] for chapter in part["chapters"]]
        for file, station in zip(files, line.select(".dlgn-stations > li"), strict=True):
            assert f"book/{station.select_one('a')['href']}" == f"{file}.html"
            minutes.append(DATA[file.removeprefix("book/")].minutes)
            assert station.select_one(".dlgn-minutes").get_text() == f"{minutes[-1]} min"
            assert text_of(station.find_all("p")[-1]).endswith("?")
        assert text_of(name) == part["caption"] and total.get_text() == f"{sum(minutes)} min"


@every_page
def test_no_output_is_a_warning(page):
    assert not [
        text_of(tag) for tag in article(page).select(".output.stderr, .output.traceback, .system-message, .problematic")
    ]


# Claims, citations


def ledger():
    """Return claim id -> cells of its row in the tables of all claims, which are folded page by page."""
    rows = article("book/claims").select("details tbody tr:has(code[id^=claim-])")
    return {
        row.select_one("code[id^=claim-]").get_text(): [text_of(cell) for cell in row.find_all("td")] for row in rows
    }


def test_every_claim_holds():
    registered = yaml.safe_load((ROOT / "book" / "claims.yml").read_text(encoding="utf-8"))
    verdicts = {name: row[1] for name, row in ledger().items()}
    assert sorted(verdicts) == sorted(registered)
    assert not {name: verdict for name, verdict in verdicts.items() if not verdict.endswith("✓ holds")}


def test_notebooks_print_what_the_site_measured():
    """Off by one in the last digit, or by the spread over machines, is the same; `make claims` brings it up to date."""
    measured = {name: row[1].removesuffix("✓ holds").strip() for name, row in ledger().items()}
    assert len(measured) > 20
    stale = {name: (registered(name), shown) for name, shown in measured.items() if not agree(find(name), shown)}
    assert not stale, f"registered and measured differ; run make claims: {stale}"


def test_the_ledger_says_over_how_many_seeds():
    over = {name: row[3] for name, row in ledger().items()}
    assert (
        over["allocation-dlgn-0"] == "20 seeds" and over["theorem1-exact"] == "20 nets" and over["figure1-left"] == "–"
    )
    assert sum(text != "–" for text in over.values()) > 300
    fresh = {name: row[4] for name, row in ledger().items() if row[4] != "–"}
    assert len(fresh) > 400 and all(re.match(r"\d+ of \d+ sets", text) for text in fresh.values())
    held, sets = re.match(r"(\d+) of (\d+) sets, ", fresh["allocation-dlgn-0"]).groups()
    assert held == sets


def test_the_ledger_counts_claims_and_checks():
    page = text_of(article("book/claims"))
    claims, checks = map(int, re.search(r"in all: (\d+) claims, (\d+) checks", page).groups())
    kinds = Counter(is_check(find(name)) for name in ledger())
    assert (claims, checks) == (kinds[False], kinds[True]) and checks > 50


def test_a_number_leads_to_its_row_and_the_row_to_its_cell():
    rows = {tag["id"] for tag in article("book/claims").select("code[id^=claim-]")}
    for page in CHAPTERS:
        links = article(page).select("a.dlgn-to-claim")
        assert {link["href"].split("#")[1] for link in links} <= rows
    for link in article("book/claims").select("details a.dlgn-to-claim"):
        target, anchor = link["href"].split("#")
        assert article(f"book/{target.removesuffix('.html')}").find(id=anchor)["data-claim"]


@every_notebook
def test_a_number_points_to_what_stands_behind_it(page):
    for link in article(page).select("a.dlgn-to-claim[aria-describedby]"):
        told = article(page).find(id=link["aria-describedby"])
        assert told.find_parent(class_="dlgn-abouts").has_attr("hidden")
        claim = find(link["href"].split("#claim-")[1])
        assert text_of(told).startswith(sentence(claim)) and "Measured: " in text_of(told)
        assert told.find_next("a")["href"] == link["href"]


@every_notebook
def test_code_and_claims_stand_below_what_their_cells_show(page):
    soup = article(page)
    assert not soup.select("details.above-input")
    folds = [
        fold for fold in soup.select("details.dlgn-code") if not fold.find_parent(class_=["tag_check", "tag_solution"])
    ]
    for fold in folds:
        summary, claims = text_of(fold.summary), fold.select(".dlgn-claim")
        assert not fold.has_attr("open") and summary
        assert (f"✓ {len(claims)} claim" in summary) == bool(claims) and all(c.get_text()[0] == "✓" for c in claims)
        below = [part for later in fold.parent.find_next_siblings() for part in later.select("figure, img")]
        assert fold.parent.find_parent(class_="cell") not in [b.find_parent(class_="cell") for b in below]
    hidden = [cell.source for cell in code_cells(page, "hide-input")]
    assert sum(bool(fold.select(".cell_input")) for fold in folds) == len(hidden)
    shown = copy(soup)
    for fold in shown.select("details"):
        fold.extract()
    assert not shown.select(".dlgn-claim")


@pytest.mark.parametrize("statement", read_statements(), ids=lambda statement: statement.words[:30])
def test_a_statement_names_the_claims_that_it_prints(statement):
    """What stands in the row is evidence, and what is evidence is of the pages that the row names."""
    ids = {*statement.supports, *statement.against}
    assert set(re.findall(r"\{claim\}`([\w-]+)`", statement.found)) <= ids
    assert {find(one).page for one in ids} <= set(statement.pages)


@every_page
def test_every_number_in_prose_was_measured(page):
    values = [text_of(tag) for tag in article(page).select(".dlgn-claim-value")]
    text = (ROOT / page).with_suffix(".md").read_text(encoding="utf-8")
    assert len(values) >= len(re.findall(r"\{claim\}`[\w-]+`", text))
    assert not {"", "?", "not measured"} & set(values)


def test_every_reference_is_cited_and_every_citation_known():
    keys = re.findall(r"^@\w+\{([^,\s]+)", (ROOT / "book" / "references.bib").read_text(encoding="utf-8"), re.M)
    files = [*ROOT.glob("book/**/*.md"), ROOT / "book" / "claims.yml", ROOT / "book" / "statements.yml"]
    cited = re.findall(r"\{cite:\w+\}`([^`]+)`", "\n".join(file.read_text(encoding="utf-8") for file in files))
    assert Counter(keys) == Counter({key.strip() for group in cited for key in group.split(",")})
    assert len(article("book/references").select(".citation[role=listitem]")) == len(keys)


def test_references_are_sorted_and_named_as_cited():
    entries = {
        tag["id"]: text_of(tag.select_one(".label")).strip("[] ")
        for tag in article("book/references").select(".citation")
    }
    names = list(entries.values())
    assert names == sorted(names) and "Kingma and Ba, 2015" in names and "Yadav et al., 2024" in names
    for page in CHAPTERS:
        for cited in article(page).select(".bibtex-citation"):
            words = re.sub(r"[\[\](),;]", " ", text_of(cited)).split()
            told = " ".join(entries[link["href"].split("#")[1]] for link in cited.select("a")).replace(",", "").split()
            assert set(words) <= {*told, "e.g."}, f"{words} is listed as {told}"


def test_the_page_of_the_library_has_an_index_and_set_docstrings():
    page = article("book/api")
    names = [link.get_text() for link in page.select(".dlgn-api-index dd a")]
    assert {"DLGN", "overlap_kernel", "path_region", "claim", "explore"} <= set(names) and len(names) > 80
    told = copy(page)
    for code in told.select("pre, code, dt.sig, .math"):
        code.extract()
    keys = re.findall(r"^@\w+\{([^,\s]+)", (ROOT / "book" / "references.bib").read_text(encoding="utf-8"), re.M)
    assert not re.findall(r"[_^]\{[^}]*\}", told.get_text()) and not re.findall(
        rf"\[(?:{'|'.join(keys)})\]", told.get_text()
    )
    assert (
        page.select("a[href*='references.html']")
        and page.select("a[href='experts/gating.html']")
        and page.select("sub")
    )


def test_readme_leads_to_site_and_notebooks():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in CHAPTERS:
        assert (
            f"{ADDRESS}{page}.html" in text and f"/blob/{BRANCH}/notebooks/{page.removeprefix('book/')}.ipynb" in text
        )
    urls = re.findall(r"\]\((https?://[^)\s]+)\)", text)
    assert not [problem for url in urls if (problem := broken("index", url))]


# Code and exercises


@every_notebook
def test_code_is_short(page):
    for cell in code_cells(page):
        lines = cell.source.splitlines()
        assert len(lines) <= 25, f"a cell of {len(lines)} lines: {lines[0]}"
        lengths = [len(line) for line in lines]
        if "check" in cell.metadata.get("tags", []):  # hints are sentences
            for token in tokenize.generate_tokens(io.StringIO(cell.source).readline):
                if token.type == tokenize.STRING and token.start[0] == token.end[0]:
                    lengths[token.start[0] - 1] -= len(token.string)
        assert not [line for line, length in zip(lines, lengths, strict=True) if length > 100]


@every_notebook
def test_exercise_shows_its_stub_and_folds_its_answer(page):
    solutions, boxes = code_cells(page, "solution"), article(page).select(".dlgn-exercise")
    assert len(boxes) == len(solutions) == len(code_cells(page, "check"))
    for box, cell, check in zip(boxes, solutions, code_cells(page, "check"), strict=True):
        assert re.search(r"\d+ minutes, (easy|medium|hard)", text_of(box))
        asked, fold = key(check.source), box.find_next_sibling(True)
        assert len(box.select("form.dlgn-answer[hidden]")) == bool(asked)
        coded = asked is None or "\n" in stub(cell.source)
        assert len(box.select(".dlgn-write a[href*=colab]")) == coded
        if coded:
            assert "dlgn-stub" in fold["class"] and fold.get_text().strip() == stub(cell.source)
            fold = fold.find_next_sibling(True)
        assert fold.name == "details" and "dlgn-solution" in fold["class"] and not fold.has_attr("open")
        assert cell.source.strip() in fold.get_text() and text_of(fold.summary) == "Solution"
        (inner,) = fold.select("details.dlgn-check:not([open])")
        assert "✓ Right." in inner.get_text() and check.source.strip() in inner.get_text()


@every_notebook
def test_no_answer_is_seen_outside_a_fold(page):
    others = [cell.source for cell in source(page).cells if cell not in code_cells(page, "solution", "check")]
    others += [stub(cell.source) for cell in code_cells(page, "solution")]
    public = {line.strip() for text in others for line in text.splitlines()}
    secret = {line.strip() for cell in code_cells(page, "solution") for line in cell.source.splitlines()} - public
    seen = copy(article(page))
    for fold in seen.select("details:not([open])"):
        fold.extract()
    everything, seen = ({line.strip() for line in part.get_text().splitlines()} for part in (article(page), seen))
    assert secret <= everything  # the site does hold them: in a fold
    assert not secret & seen


# What no file may hold

#: an absolute path of somebody's machine, or a host that packages come from (nobody's page should depend on it)
FOREIGN = re.compile(
    r"(?<![\w.-])/(?:work|root|home|Users)/[\w.]+"
    r"|\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:com|org)|yarnpkg\.com|deb\.debian\.org|anaconda\.(?:com|org)"
    r"|crates\.io|proxy\.golang\.org|jsdelivr\.net|unpkg\.com|cdnjs\.cloudflare\.com)\b"
)


def test_files_hold_no_machine_paths_and_no_registry_hosts():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: its files are not known")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [
        name
        for name in listed.stdout.splitlines()
        if not name.startswith("book/assets/mathjax/") and (ROOT / name).is_file()
    ]
    assert "README.md" in files and "_config.yml" in files
    binary = {".png", ".webp", ".jpg", ".ico", ".woff2", ".ttf", ".npz", ".gz", ".pt"}
    texts = {
        name: (ROOT / name).read_text(encoding="utf-8") for name in files if PurePosixPath(name).suffix not in binary
    }
    found = {name: hits for name, text in texts.items() if (hits := FOREIGN.findall(text))}
    assert not found


@with_generated
def test_pages_hold_no_machine_paths(page):
    text = re.sub(r"data:[\w/;+-]+,[\w+/=%-]+", "", html_file(page).read_text(encoding="utf-8"))
    assert str(ROOT) not in text
    assert not FOREIGN.findall(text)


def test_every_committed_page_is_in_the_book():
    sources = {file.relative_to(ROOT).with_suffix("").as_posix() for file in ROOT.glob("book/**/*.md")}
    assert sources == set(PAGES)
