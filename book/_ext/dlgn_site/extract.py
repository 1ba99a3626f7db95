"""What catalogues hold: the units of a page, the texts of its figures, the words that library and site say."""

import ast
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.read import read_myst_markdown_notebook

from dlgn_lib.book import register, words
from dlgn_site import catalogues, units


def said_words(root: Path) -> list[str]:
    """Return the words that library and site give to `said` or `noted`, and those of the configuration, each once, in order."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    found = [config["title"], config["html"]["extra_footer"], *(part["caption"] for part in toc["parts"])]
    for folder in ("dlgn_lib", "book/_ext/dlgn_site"):
        for file in sorted((root / folder).rglob("*.py")):
            found += said_in(file)
    return list(dict.fromkeys(found))


def said_in(file: Path) -> Iterator[str]:
    """Yield the texts that a module gives to `said` or `noted`."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("said", "noted")
        if called and node.args and isinstance(node.args[0], ast.Constant):
            yield node.args[0].value


def figure_texts(page: Path) -> list[str]:
    """Return the texts that the figures of a page have, with places for their numbers, each once; the cells of the page run."""
    notebook = read_myst_markdown_notebook(page.read_text(encoding="utf-8"), add_source_map=True)
    with tempfile.TemporaryDirectory() as folder:
        seen = Path(folder, "seen")
        before = dict(os.environ)
        os.environ |= {words.SEEN: str(seen), "DLGN_BUILD": "1", "DLGN_PROGRESS": "0", "DLGN_DOWNLOAD": "0"}
        os.environ.pop("DLGN_WORDS", None)
        try:
            result = single_nb_execution(notebook, cwd=str(page.parent), timeout=900, allow_errors=False)
        finally:
            os.environ.clear()
            os.environ.update(before)
        if result.err is not None:
            raise RuntimeError(f"{page}: the page does not run: {result.exc_string}")
        lines = seen.read_text(encoding="utf-8").splitlines() if seen.is_file() else []
    return [json.loads(line) for line in dict.fromkeys(lines)]


def entries(root: Path, name: str) -> list[tuple[str, str]]:
    """Return (kind, text) of everything that the catalogue of a page holds."""
    path = root / "book" / f"{name}.md"
    text = path.read_text(encoding="utf-8")
    found = [(unit.kind, unit.text) for unit in units.units(text)]
    found += [("word", claim.statement) for claim in register.registry().values() if claim.page == name]
    if "kernelspec:" in text:
        found += [("figure", one) for one in figure_texts(path)]
    return found


def extract(root: Path, language: str, more: Sequence[str] = ()) -> list[str]:
    """Bring the catalogues of a language up to date, and begin those of other pages; return a line for each."""
    lines = []
    names = [catalogues.WORDS, *dict.fromkeys([*catalogues.pages(root, language), *more])]
    for name in names:
        path = catalogues.catalogue(root, language, name)
        if name == catalogues.WORDS:
            found, place = [("word", text) for text in said_words(root)], "dlgn_site"
        else:
            found, place = entries(root, name), f"book/{name}.md"
        catalog = catalogues.updated(catalogues.read(path, language), found, place)
        catalogues.write(path, catalog)
        lines.append(f"{path.relative_to(root)}: {catalogues.state(catalog)}")
    return lines
