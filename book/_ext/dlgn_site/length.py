"""How long a page takes: the minutes under its title, on the map of chapters and in the plans of a course.

The rule is stated in words on the page course/teaching. It counts what a reader has before the eyes with all folds
closed: words, displayed formulas, figures, and lines of open code. Working an exercise is counted apart, as it says.
"""

import re
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from myst_nb.core.read import read_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.directives import parse_directive_text
from myst_parser.parsers.mdit import create_md_parser

from dlgn_lib.book.exercises import stub
from dlgn_site.export_markdown import DIRECTIVE, WithArgument
from dlgn_site.figures import draws

#: the rule
WORDS_A_MINUTE = 180
SECONDS = {"formulas": 30, "figures": 60, "code": 4}
#: the most that a page may take; screens are counted by `dlgn_site.lengths`
MINUTES = 30
#: and the most numbers that it may have in a hundred words
NUMBERS = 6
#: a role counts as the words that it shows; these print something else than what stands in the source
_SHOWN = {"doc": 4, "ref": 4, "eq": 1, "claim": 1, "cite:t": 3, "cite:p": 3, "prf:ref": 2, "colab": 4}
_INLINE_FORMULA = 2  # words
_BOXES = ("note", "tip", "important", "warning", "hint", "seealso", "admonition", "exercise", "dropdown", "margin")
_NAMED = ("caption",)  # their argument is a name that nobody sees


@dataclass(frozen=True)
class Length:
    """What a reader of a page has before the eyes."""

    words: int = 0
    formulas: int = 0
    figures: int = 0
    code: int = 0  # lines
    numbers: int = 0  # words that carry one, in running text: each is something to hold on to

    def __add__(self, other: "Length") -> "Length":
        """Return both together."""
        return Length(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    @property
    def minutes(self) -> int:
        """Return the minutes of a first reading.

        >>> Length(words=1900, formulas=6, figures=6, code=75).minutes
        25
        """
        return round(self.words / WORDS_A_MINUTE + sum(s * getattr(self, name) for name, s in SECONDS.items()) / 60)


@cache
def _parser() -> MarkdownIt:
    return create_md_parser(
        MdParserConfig(enable_extensions={"amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"}),
        RendererHTML,
    )


def _words(text: str) -> int:
    return len([word for word in text.split() if any(map(str.isalnum, word))])


def _inline(children: list) -> Length:
    total = Length()
    for child in children:
        if child.type == "myst_role":
            name, text = child.meta["name"], child.content
            titled = re.match(r"([^<]+)<[^>]*>$", text)
            total += Length(_words(titled[1]) if titled else _SHOWN.get(name, _words(text)), numbers=name == "claim")
        elif child.type in ("math_inline", "math_inline_double"):
            total += Length(_INLINE_FORMULA) if child.type == "math_inline" else Length(formulas=1)
        elif child.type == "image":
            total += Length(figures=1)
        elif child.type in ("text", "code_inline"):
            numbers = sum(any(map(str.isdigit, word)) for word in child.content.split()) if child.type == "text" else 0
            total += Length(_words(child.content), numbers=numbers)
    return total


def _directive(info: str, content: str) -> Length:
    name, argument = DIRECTIVE.match(info).groups()
    parsed = parse_directive_text(WithArgument, argument, content)
    folded = name == "dropdown" or "dropdown" in str((parsed.options or {}).get("class", ""))
    title, body = " ".join(parsed.arguments), "\n".join(parsed.body)
    if name == "figure":
        return Length(figures=1) + of_markdown(body)
    if name == "math":
        return Length(formulas=1)
    if name in _NAMED:
        return of_markdown(body)
    if name in _BOXES or name.startswith("prf:"):
        return of_markdown(title) + (Length() if folded else of_markdown(body))
    return Length()  # what the build makes: an index, a table of claims


def of_markdown(text: str) -> Length:
    """Return the length of a piece of MyST Markdown.

    >>> of_markdown("Two words and $x^2$.")
    Length(words=5, formulas=0, figures=0, code=0, numbers=0)
    """
    total = Length()
    for token in _parser().parse(text + "\n"):
        if token.type == "inline":
            total += _inline(token.children)
        elif token.type in ("math_block", "math_block_label", "amsmath"):
            total += Length(formulas=1)
        elif token.type in ("fence", "colon_fence", "code_block"):
            if token.info.startswith("{"):
                total += _directive(token.info, token.content)
            else:
                total += Length(code=lines_of(token.content))
    return total


def lines_of(code: str) -> int:
    """Return how many lines are not blank."""
    return sum(bool(line.strip()) for line in code.splitlines())


@cache
def of_page(text: str) -> Length:
    """Return the length of a notebook page from its source.

    A cell draws a figure if it calls `explore` or `show`. Folded cells cost nothing but their figures; of a solution
    the reader sees the stub.
    """
    total = Length()
    for cell in read_myst_markdown_notebook(text, add_source_map=False).cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            total += of_markdown(cell.source)
        elif "solution" in tags:
            total += Length(code=lines_of(stub(cell.source)))
        elif "check" not in tags:
            total += Length(figures=draws(cell.source), code=0 if "hide-input" in tags else lines_of(cell.source))
    return total
