"""Catalogues of translations, plain gettext files below book/locale: what they hold, how they follow the book, what is wrong.

`book/locale/de/experts/paths.po` holds the units of the page experts/paths in German, and the texts of its figures;
`book/locale/de/words.po` the words that no page holds: headings of folds, verdicts of self-checks, lines of notebooks.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from dlgn_lib.store import in_one_move
from dlgn_site.units import OUTSIDE, faults

LOCALE = "book/locale"
WORDS = "words"
_COMMENT = "# {name}, translated. Text is under CC BY 4.0, as the book is.\n#"
_PLACEHOLDERS = (
    b"Project-Id",
    b"Report-",
    b"POT-",
    b"PO-",
    b"Last-",
    b"Language-Team",
    b"Generated-By",
)  # lines of the head
_GUESSED = {"python-format", "python-brace-format"}  # flags that Babel sets by the look of a text


class TranslationError(ValueError):
    """A translation lacks what it must keep; the message names catalogue and unit, what came and what was expected."""


@dataclass(frozen=True)
class State:
    """How far a catalogue is: of `units` texts, `fuzzy` were changed since they were translated and `empty` never were."""

    units: int
    fuzzy: int
    empty: int

    def __str__(self) -> str:
        done = self.units - self.fuzzy - self.empty
        return f"{done} of {self.units} units translated, {self.fuzzy} fuzzy, {self.empty} without translation"


def catalogue(root: Path, language: str, name: str) -> Path:
    """Return the path of the catalogue of a page, or of `WORDS`."""
    return root / LOCALE / language / f"{name}.po"


def pages(root: Path, language: str) -> list[str]:
    """Return the names of the pages that have a catalogue in a language, as in `experts/paths`."""
    folder = root / LOCALE / language
    found = (file.relative_to(folder).with_suffix("").as_posix() for file in folder.rglob("*.po"))
    return sorted(set(found) - {WORDS})


def _template(entries: Iterable[tuple[str, str]], locations: str) -> Catalog:
    template = Catalog()
    for kind, text in entries:
        template.add(text, locations=[(locations, 0)], auto_comments=[kind])
    return template


def read(path: Path, language: str) -> Catalog:
    """Return a catalogue; one that is not there is empty."""
    if not path.is_file():
        name = path.stem if path.stem == WORDS else f"{path.parent.name}/{path.stem}"
        return Catalog(locale=language, header_comment=_COMMENT.format(name=name), fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def updated(old: Catalog, entries: Sequence[tuple[str, str]], locations: str) -> Catalog:
    """Return a catalogue of these (kind, text): translations stay, those of changed texts become fuzzy, others obsolete."""
    for _, text in entries:
        if text in old.obsolete:  # it has come back
            again = old.obsolete.pop(text)
            old.add(text, again.string, flags=again.flags)
    old.update(_template(entries, locations), update_creation_date=False)
    for message in old:
        message.flags -= _GUESSED
    return old


def write(path: Path, catalog: Catalog) -> None:
    """Write a catalogue, the same bytes for the same content."""
    raw = io.BytesIO()
    write_po(raw, catalog, width=0, include_previous=True, include_lineno=False)
    head = tuple(b'"' + name for name in _PLACEHOLDERS)
    lines = [line for line in raw.getvalue().splitlines(keepends=True) if not line.startswith(head)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with in_one_move(path) as file:
        file.write_bytes(b"".join(lines))


def _units(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def state(catalog: Catalog) -> State:
    """Return how far a catalogue is."""
    units = _units(catalog)
    empty = [message for message in units if not message.string]
    return State(len(units), sum(message.fuzzy and message.string != "" for message in units), len(empty))


def translations(catalog: Catalog, name: str) -> dict[str, str]:
    """Return text -> translation of what is translated, and neither fuzzy nor obsolete.

    Raises TranslationError that tells of every unit whose translation lacks what it must keep.
    """
    found: dict[str, str] = {}
    wrong: list[str] = []
    for message in _units(catalog):
        if not message.string or message.fuzzy:
            continue
        for fault in dict.fromkeys(
            f for kind in message.auto_comments for f in faults(kind, message.id, message.string)
        ):
            wrong.append(f"{name}: {_short(message.id)}: {fault}")
        found[message.id] = message.string
    if wrong:
        raise TranslationError("\n".join(wrong))
    return found


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return repr(flat if len(flat) < 60 else f"{flat[:57]}...")


def outside(catalog: Catalog, known: Mapping[str, str]) -> dict[str, str]:
    """Return those of the translations that stand on no page: texts of figures, and words."""
    kinds = {message.id: message.auto_comments for message in _units(catalog)}
    return {text: other for text, other in known.items() if set(OUTSIDE) & set(kinds[text])}
