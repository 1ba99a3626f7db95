"""What the editions of the whole book, PDF and EPUB, take from the project's files: its pages in order, its name, its address."""

import itertools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Part:
    """Pages that stand together in the table of contents; the pages before the first part have no caption."""

    caption: str
    pages: tuple[str, ...]


@dataclass(frozen=True)
class Book:
    """The book as a whole."""

    title: str
    author: str
    version: str
    address: str  # of the published site, with a slash at its end
    repository: str
    licence: str
    parts: tuple[Part, ...]

    @property
    def pages(self) -> tuple[str, ...]:
        """All pages in their order."""
        return tuple(itertools.chain.from_iterable(part.pages for part in self.parts))


def read_book(root: Path) -> Book:
    """Return the book at `root`, from _config.yml, _toc.yml and pyproject.toml."""
    config, toc = (yaml.safe_load((root / name).read_text(encoding="utf-8")) for name in ("_config.yml", "_toc.yml"))
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = [Part("", (toc["root"],))]
    for part in toc.get("parts", [toc]):
        parts.append(Part(part.get("caption", ""), tuple(chapter["file"] for chapter in part["chapters"])))
    return Book(
        title=config["title"],
        author=config["author"],
        version=project["version"],
        address=config["html"]["baseurl"].rstrip("/") + "/",
        repository=config["repository"]["url"],
        licence="Text CC BY 4.0, code MIT",
        parts=tuple(parts),
    )


def chosen(book: Book, names: list[str]) -> tuple[str, ...]:
    """Return the pages of the book with these names, in the book's order; all if there are no names.

    Raises ValueError if there is no such page.
    """
    unknown = sorted(set(names) - set(book.pages))
    if unknown:
        raise ValueError(f"pages {', '.join(unknown)} are not in _toc.yml, which has {', '.join(book.pages)}")
    return tuple(page for page in book.pages if not names or page in names)


def file_name(page: str) -> str:
    """Return the name of a page's file in an edition, without its ending.

    >>> file_name("book/experts/paths")
    'experts-paths'
    """
    return re.sub(r"[^a-z0-9]+", "-", page.removeprefix("book/").lower())
