"""The book in another language: catalogues of its units, and a tree of the translated pages that is built as the book is.

    python -m dlgn_site.translate --language de --extract                          # bring the catalogues up to date
    python -m dlgn_site.translate --language de --extract --pages experts/paths    # begin with another page
    python -m dlgn_site.translate --language de      # _build/de: translated pages, notebooks and editions for a course

`make book-in INTO=de` builds that tree with warnings as errors. What is not translated, or fuzzy, stays English; links to pages
that are not translated lead to the English site.
"""

import argparse
import json
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml
from sphinx.application import Sphinx

from dlgn_lib.book import register, words
from dlgn_lib.book.words import said
from dlgn_site import catalogues, units
from dlgn_site.chapters import numbers
from dlgn_site.course_data import read_pages
from dlgn_site.course_pages import choose
from dlgn_site.export_files import Target
from dlgn_site.export_markdown import ExportError
from dlgn_site.export_notebooks import COURSE, exports, read_book
from dlgn_site.export_references import References
from dlgn_site.extract import extract, said_in

#: what the tree takes from the book as it is
COPIED = ("book/assets", "book/references.bib", "live", "LICENSE", "LICENSE-TEXT")
PICTURES = (".png", ".svg", ".webp", ".jpg")
START = "book/start"  # its first page, if that of the book is not translated
LISTED = "references"  # a page that the tree needs, translated or not
_ROLE = re.compile(r"\{([\w:+-]+)\}(`+)(.+?)\2", re.S)
_LINKS = {"doc", "ref", "eq", "prf:ref", "colab", "question", "claim", "py:func", "py:class", "py:mod", "py:meth"}
_HINT = re.compile(r"(?m)^needs: .*|^helps: .*")


def translated(page: str, known: Mapping[str, str], name: str) -> str:
    """Return a page with its units translated.

    Raises TranslationError if the page has other units then: a translation has begun a list, a heading or a string's end.
    """
    found = units.units(page)
    new = units.put_back(page, found, lambda unit: known.get(unit.text, unit.text))
    for before, after in zip(found, [*units.units(new), None], strict=False):
        wanted = known.get(before.text, before.text)
        if after is None or (before.kind, wanted) != (after.kind, after.text):
            came = "nothing" if after is None else f"a {after.kind} {after.text!r}"
            raise catalogues.TranslationError(f"{name}: expected a {before.kind} {wanted!r}, the page has {came} there")
    return new


class Links:
    """Where the references of a translated page lead."""

    def __init__(self, app: Sphinx, names: Sequence[str]):
        """Take what Sphinx knows of the whole book, and which pages are in the tree."""
        self.app, self.here = app, {f"book/{name}" for name in names}
        self.branch = app.config.html_theme_options["repository_branch"]

    def outward(self, page: str, name: str) -> str:
        """Return the page with references to pages that are not in the tree as links to the English site."""
        references = References(self.app, f"book/{name}", self.branch)

        def link(match: re.Match) -> str:
            if match[1] not in _LINKS:
                return match[0]
            inner = " ".join(match[3].split())
            try:
                text = references.role(match[1], inner)
            except ValueError as error:
                raise catalogues.TranslationError(f"book/{name}.md: {match[0]}: {error}") from error
            if match[1] == "claim":
                measured = f"book/{register.registry()[inner.partition('.')[0]].page}" in self.here
                return match[0] if measured else text
            if match[1] == "colab":
                place = re.sub(r".*<([^<>]+)>$", r"\1", inner)
                return match[0] if f"book/{place}" in self.here else text
            target = re.search(rf"\]\({re.escape(references.site)}([^#)]+)\.html", text)
            return text if target and target[1] not in self.here else match[0]

        return _ROLE.sub(link, page)


def _front(page: str, name: str, names: Sequence[str], number: str | None) -> str:
    """Return the page with its front matter: the number of the chapter is the book's, and what it needs is in the tree."""

    def listed(match: re.Match) -> str:
        key, given = next(iter(yaml.safe_load(match[0]).items()))
        return f"{key}: [{', '.join(one for one in given if one in names)}]"

    head, mark, rest = page.partition("\n---\n")
    head = _HINT.sub(listed, head)
    return f'{head}\nchapter: "{number}"{mark}{rest}' if number else page


def _under_title(page: str, line: str) -> str:
    return re.sub(r"(?m)^# .+$", lambda title: f"{title[0]}\n\n{line}", page, count=1)


def _config(root: Path, language: str) -> dict:
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    original = config["html"]["baseurl"].rstrip("/") + "/"
    config["title"] = said(config["title"])
    config["html"]["extra_footer"] = said(config["html"].get("extra_footer", ""))
    config["html"]["baseurl"] = f"{original}{language}/"
    config["execute"]["execute_notebooks"] = "force"  # its figures depend on catalogues, too
    extensions = config["sphinx"]["local_extensions"]
    config["sphinx"]["local_extensions"] = {name: str(root / place) for name, place in extensions.items()}
    config["sphinx"]["config"] |= {"language": language, "dlgn_original": original}
    config["sphinx"]["config"]["ogp_site_url"] = config["html"]["baseurl"]
    config["sphinx"]["config"]["ogp_site_name"] = config["title"]
    return config


def _toc(root: Path, names: Sequence[str]) -> dict:
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    parts = []
    for part in toc.get("parts", [toc]):
        chapters = [one for one in part["chapters"] if one["file"].removeprefix("book/") in names]
        if chapters:
            parts.append({"caption": said(part.get("caption", "")), "chapters": chapters})
    root_page = toc["root"] if toc["root"].removeprefix("book/") in names else START
    return {"format": "jb-book", "root": root_page, "parts": parts}


def _start(title: str, names: Iterable[str], original: str) -> str:
    """Return the first page of a translated book whose own first page is not translated."""
    listed = "\n".join(f"- {{doc}}`/book/{name}`" for name in names if name != LISTED)
    done = said("These pages are translated so far:")
    rest = said("The whole book, in English")
    return f"# {title}\n\n{done}\n\n{listed}\n\n[{rest}]({original}).\n"


def write_tree(root: Path, language: str, out: Path, app: Sphinx | None = None) -> list[str]:
    """Write the translated pages with all that their build needs into the folder `out`; return a line for each catalogue.

    Raises TranslationError that tells of every unit whose translation is wrong.
    """
    named = catalogues.pages(root, language)
    if not named:
        raise catalogues.TranslationError(
            f"language must have a catalogue of a page below {catalogues.LOCALE}, got {language!r}: `make catalogues` begins one"
        )
    known, tables, lines, problems = {}, {}, [], []
    for name in [catalogues.WORDS, *named]:
        path = catalogues.catalogue(root, language, name)
        catalog = catalogues.read(path, language)
        try:
            known[name] = catalogues.translations(catalog, str(path.relative_to(root)))
            tables[name] = catalogues.outside(catalog, known[name])
        except catalogues.TranslationError as error:
            problems.append(str(error))
        lines.append(f"{path.relative_to(root)}: {catalogues.state(catalog)}")
    if problems:
        raise catalogues.TranslationError("\n".join(problems))
    table = {text: other for one in tables.values() for text, other in one.items()}
    words.use(table)
    _write(root, language, out, {name: known[name] for name in named}, app or read_book(root))
    of_library = {text for file in sorted((units.ROOT / "dlgn_lib").rglob("*.py")) for text in said_in(file)}
    shared = {text: other for text, other in tables.pop(catalogues.WORDS).items() if text in of_library}
    _dump(out / "words.json", table)
    for name, own in tables.items():
        _dump(out / "words" / f"{name}.json", shared | own)
    return lines


def _dump(path: Path, table: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _write(root: Path, language: str, out: Path, known: Mapping[str, Mapping[str, str]], app: Sphinx) -> None:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for name in filter(lambda name: (root / name).exists(), COPIED):
        copy = shutil.copytree if (root / name).is_dir() else shutil.copyfile
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        copy(root / name, out / name)
    for picture in (file for file in (root / "book").rglob("*") if file.suffix in PICTURES):
        place = out / picture.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, place)
    config, chapters = _config(root, language), numbers(root)
    original = config["sphinx"]["config"]["dlgn_original"]
    names = list(dict.fromkeys([*known, LISTED]))
    links = Links(app, names)
    for name in names:
        text = (root / "book" / f"{name}.md").read_text(encoding="utf-8")
        page = translated(text, known.get(name, {}), f"book/{name}.md")
        page = _front(links.outward(page, name), name, names, chapters.get(f"book/{name}"))
        page = _under_title(page, f"*[{said('This page in English')}]({original}book/{name}.html)*")
        (out / "book" / f"{name}.md").parent.mkdir(parents=True, exist_ok=True)
        (out / "book" / f"{name}.md").write_text(page, encoding="utf-8")
    toc = _toc(root, names)
    if toc["root"] == START:
        (out / f"{START}.md").write_text(_start(config["title"], names, original), encoding="utf-8")
    (out / "book" / "redirects.yml").write_text("{}\n", encoding="utf-8")  # there are no older addresses
    for name, content in (("_config.yml", config), ("_toc.yml", toc)):
        (out / name).write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")


def write_notebooks(out: Path) -> list[str]:
    """Write the notebooks and the editions of the tree at `out` beside its pages; return a line for each."""
    editions = ["colab", *COURSE]
    contents = exports(out, editions)
    places = {edition: out / ("notebooks" if edition == "colab" else f"course/{edition}") for edition in editions}
    targets = [Target(place, edition, contents[edition]) for edition, place in places.items()]
    for target in targets:
        target.write()
    return [str(target) for target in targets]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, default=units.ROOT, help="folder with _config.yml")
    parser.add_argument("--language", required=True, help="as in de or pt_BR")
    parser.add_argument(
        "--extract", action="store_true", help="bring the catalogues up to date, and write nothing else"
    )
    parser.add_argument("--pages", default="", help="with --extract: pages that are to have a catalogue, too")
    options = parser.parse_args(arguments)
    root = options.root.resolve()
    out = root / "_build" / options.language
    try:
        if options.extract:
            more = choose(read_pages(root), options.pages)
            print(*extract(root, options.language, more), sep="\n")
        else:
            print(*write_tree(root, options.language, out), sep="\n")
            print(*write_notebooks(out), sep="\n")
    except (ExportError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
