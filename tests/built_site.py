"""Where the built site is and how to read it; shared by the tests of the site and of the browser."""

import os
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup
from myst_nb.core.read import read_myst_markdown_notebook

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / os.environ.get("DLGN_SITE", "_build/html")  # `make test-sphinx` names another folder
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
REPOSITORY, BRANCH = CONFIG["repository"]["url"].rstrip("/"), CONFIG["repository"]["branch"]
ADDRESS = CONFIG["html"]["baseurl"].rstrip("/") + "/"


def _files(part):
    """Return the pages of the table of contents, in its order."""
    if isinstance(part, list):
        return [page for entry in part for page in _files(entry)]
    if isinstance(part, dict):
        return [page for key, value in part.items() for page in ([value] if key in ("root", "file") else _files(value))]
    return []


TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
#: pages of the book, e.g. "book/experts/paths"
PAGES = _files(TOC)
#: pages that the build adds
GENERATED = ["404", "genindex", "prf-prf", "py-modindex", "search"]


@cache
def source(page):
    """Return the source of a page as a notebook, and None for a plain page."""
    text = (ROOT / page).with_suffix(".md").read_text(encoding="utf-8")
    front = yaml.safe_load(text.split("---")[1]) if text.startswith("---") else {}
    return read_myst_markdown_notebook(text, add_source_map=False) if "kernelspec" in front else None


NOTEBOOKS = [page for page in PAGES if source(page)]
CHAPTERS = [page for part in TOC["parts"] if part["caption"].startswith("Part ") for page in _files(part)]


def html_file(page):
    """Return the built file of a page, and fail if there is none."""
    file = SITE / f"{page}.html"
    if not file.is_file():
        pytest.fail(f"there is no {file.relative_to(ROOT)}: run `make book`", pytrace=False)
    return file


@cache
def html(page):
    """Return a built page, parsed."""
    return BeautifulSoup(html_file(page).read_text(encoding="utf-8"), "html.parser")


def article(page):
    """Return the part of a built page that comes from the book, not from the theme."""
    return html(page).select_one("article.bd-article")


@cache
def prose(page):
    """Return the part of a built page that comes from the book, without drawings and scripts: parsed in a tenth of the time."""
    text = html_file(page).read_text(encoding="utf-8")
    start = text.index('<article class="bd-article')
    light = re.sub(r"<(svg|script|style)\b.*?</\1>", "", text[start : text.index("</article>", start)], flags=re.S)
    return BeautifulSoup(light, "html.parser")


@cache
def prose_anchors(page):
    """Return the anchors of the prose of a page."""
    return {tag["id"] for tag in prose(page).find_all(id=True)}


@cache
def anchors(file):
    """Return the anchors of a built file."""
    soup = html(file.relative_to(SITE).with_suffix("").as_posix())
    return {tag["id"] for tag in soup.find_all(id=True)} | {
        tag["name"] for tag in soup.find_all("a", attrs={"name": True})
    }


def site_file(page, url):
    """Return the built file that an address found on a page leads to; ValueError if it leaves the site."""
    target = urljoin(f"{ADDRESS}{page}.html", url)
    if not target.startswith(ADDRESS):
        raise ValueError(f"{url} leaves the site")
    file = SITE / unquote(target.partition("#")[0].partition("?")[0].removeprefix(ADDRESS))
    return file / "index.html" if file.is_dir() else file


def broken(page, url):
    """Return what is wrong with an address found on a page, or None. Other sites are not asked."""
    if url.startswith(f"{REPOSITORY}/"):
        rest = re.fullmatch(rf"(?:blob|tree|edit|raw)/{BRANCH}/(.*)", url.removeprefix(f"{REPOSITORY}/"))
        return f"{url}: not in the repository" if rest and not (ROOT / unquote(rest[1])).exists() else None
    try:
        file = site_file(page, url)
    except ValueError as error:
        return str(error) if not urlsplit(url).scheme else None
    if not file.is_file():
        return f"{url}: no such file"
    fragment = unquote(urlsplit(url).fragment)
    if fragment and file.suffix == ".html" and fragment not in anchors(file):
        return f"{url}: no such anchor"
    return None
