"""Words that a reader sees and no page holds, in the language of a translated book: labels of figures, verdicts, headings.

A table from English to the other language is named by the environment variable `DLGN_WORDS` (a JSON file, as
`dlgn_site.translate` writes it), or given by `use`. Without one everything stays as it is written.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from matplotlib.axis import Axis
from matplotlib.category import StrCategoryFormatter
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, Formatter, FuncFormatter

#: a file to which every text of a figure is added that a translator may want to see
SEEN = "DLGN_WORDS_SEEN"
_NUMBER = re.compile(r"−?\d+(?:[.,]\d+)*(?:⁻?[⁰¹²³⁴-⁹]+)?")
_own: dict[str, str] = {}


def use(table: Mapping[str, str]) -> None:
    """Take the words of this table, English -> translation, from now on; a notebook of a translated book begins so."""
    _own.clear()
    _own.update(table)


@cache
def _file(path: str) -> dict[str, str]:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def table() -> Mapping[str, str]:
    """Return the table in use, empty if the book speaks English."""
    path = os.environ.get("DLGN_WORDS")
    return _own or (_file(path) if path else {})


def said(template: str, **fields: object) -> str:
    """Return a sentence in the language of the book; `fields` are put into the places that its braces name.

    The first argument is written out where it is called, since catalogues are made of these calls.

    >>> said("{count} minutes", count=3)
    '3 minutes'
    """
    text = table().get(template, template)
    return text.format(**fields) if fields else text


def noted(text: str) -> str:
    """Return a text as it is: it comes into the catalogues, and `said` translates it where it is shown."""
    return text


def for_script(texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return {"words": text -> translation} for a script that says these texts; nothing if none of them has one."""
    told = {text: said(text) for text in texts if said(text) != text}
    return {"words": told} if told else {}


def masked(text: str) -> tuple[str, list[str]]:
    """Return a text with places for its numbers, and the numbers: one translation holds for all of them.

    >>> masked("active on 0.25 of the square, 10⁻⁹ wide")
    ('active on {1} of the square, {2} wide', ['0.25', '10⁻⁹'])
    """
    numbers: list[str] = []

    def place(match: re.Match) -> str:
        numbers.append(match[0])
        return f"{{{len(numbers)}}}"

    return _NUMBER.sub(place, text), numbers


def drawn(text: str) -> str:
    """Return a text of a figure in the language of the book; its numbers stay."""
    words, seen = table(), os.environ.get(SEEN)
    if not words and not seen:
        return text
    template, numbers = masked(text)
    if seen and re.search(r"[^\W\d_]{2}", re.sub(r"\$[^$]*\$", "", template)):
        with Path(seen).open("a", encoding="utf-8") as file:
            file.write(json.dumps(template, ensure_ascii=False) + "\n")
    if template not in words:
        return text
    return re.sub(r"\{(\d+)\}", lambda place: numbers[int(place[1]) - 1], words[template])


def _in_words(given: Formatter) -> Formatter:
    return FuncFormatter(lambda value, place: drawn(given(value, place)))


def _translate_ticks(axis: Any) -> None:
    """Let the labels of ticks that a drawing has written be translated whenever they are made; numbers are left alone."""
    written = (FixedFormatter, FuncFormatter, StrCategoryFormatter)
    if isinstance(axis.get_major_formatter(), written):
        axis.set_major_formatter(_in_words(axis.get_major_formatter()))
    if isinstance(axis.get_minor_formatter(), written):
        axis.set_minor_formatter(_in_words(axis.get_minor_formatter()))


def translate_figure(figure: Figure) -> None:
    """Put the texts of a figure into the language of the book, labels of ticks among them; in English, leave it alone."""
    if not table() and SEEN not in os.environ:
        return
    for text in figure.findobj(Text):
        if text.get_text():
            text.set_text(drawn(text.get_text()))
    for axis in figure.findobj(Axis):
        _translate_ticks(axis)
