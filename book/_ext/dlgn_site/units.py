"""The units of a page that a translator translates, where they stand, and what of each must stay.

A unit is what stands in one block: a paragraph, a heading, a row of a table, a caption, the title of an exercise. Of a cell of
code it is what a reader sees: a comment, a docstring, what `print` is given, a hint of a self-check. Everything else of the
page is not touched, so units put back unchanged give the same page, byte for byte.
"""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser
from sphinx_proof.proof_type import PROOF_TYPES

from dlgn_site.export_directives import ADMONITIONS, BARE
from dlgn_site.export_markdown import DIRECTIVE

ROOT = Path(__file__).parents[3]
#: directives whose content is prose; of the others nothing is translated but the options below
PROSE = {*ADMONITIONS, *BARE, "admonition", "dropdown", "caption", "figure", "exercise"} - {"math"}
PROSE |= {f"prf:{kind}" for kind in PROOF_TYPES}
#: options that a reader sees
OPTIONS = ("title", "alt", "trains")
CODE = ("comment", "docstring", "print", "hint")
#: texts of figures, and words that no page holds: both have places in braces, as strings of code do
OUTSIDE = ("figure", "word")
_NAMED = {"caption", "figure"}  # their argument is a name or a path
_KINDS = {"heading_open": "heading", "tr_open": "row"}
_DIRECTIVE_OPTION = re.compile(r":([\w-]+):[ \t]*(.*)")
_LITERAL = re.compile(  # a string without its marks
    r"""[A-Za-z]{0,2}(?:(?P<long>\"{3}|'{3})(?P<all>.*?)(?P=long)|(?P<q>["'])(?P<text>(?:\\.|(?!(?P=q)).)*)(?P=q))""",
    re.S,
)
_LETTER = re.compile(r"[^\W\d_]")
_MARKDOWN = re.compile(
    r"""\{(?P<role>[\w:+-]+)\}(?P<ticks>`+)(?P<inner>.+?)(?P=ticks)
    | (?P<code>(?P<marks>`+)(?!`).+?(?<!`)(?P=marks)(?!`))
    | (?P<formula>\$\$.+?\$\$|\$(?:\\.|[^$\\])+\$)
    | (?P<tag></?[A-Za-z][^<>]*>)
    | \]\((?P<target>[^()\s]*)\)
    | (?<![\w.])(?P<number>\d+(?:[.,]\d+)*)""",
    re.X | re.S,
)
_STRING = re.compile(
    r"(?P<placeholder>\{[^{}]*\})|(?P<escape>\\.)|(?P<code>`[^`]+`)|(?<![\w.])(?P<number>\d+(?:[.,]\d+)*)"
)


@dataclass(frozen=True)
class Unit:
    """A text of a page: `start` and `end` are its place, `prefix` stands before its other lines and is not in the text."""

    kind: str
    text: str
    start: int
    end: int
    prefix: str = ""

    def placed(self, text: str) -> str:
        """Return a text as it stands on the page."""
        return text.replace("\n", f"\n{self.prefix}")


@cache
def _parser() -> MarkdownIt:
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    extensions = settings["parse"]["myst_enable_extensions"]
    return create_md_parser(MdParserConfig(enable_extensions=set(extensions)), RendererHTML)


Lines = list[tuple[int, str]]  # (place of its first character on the page, text) of lines without their indentation


def _unit(kind: str, lines: Lines, page: str) -> Unit:
    """Return the unit of these lines; what stands between them on the page, if it is the same everywhere, is its prefix."""
    start, end = lines[0][0], lines[-1][0] + len(lines[-1][1])
    between = {page[at + len(text) : after] for (at, text), (after, _) in pairwise(lines)}
    if len(between) == 1 and (prefix := between.pop()).startswith("\n"):
        return Unit(kind, "\n".join(text for _, text in lines), start, end, prefix[1:])
    return Unit(kind, page[start:end], start, end)


def _shown(token: Token, lines: Lines) -> Lines:
    """Return the lines of running text without what marks their block."""
    low, high = token.map or (0, 0)
    found: Lines = []
    for (at, line), content in zip(lines[low:high], token.content.split("\n"), strict=False):
        inside = line.index(content) if content in line else len(line) - len(line.lstrip())
        found.append((at + inside, content if content in line else line.strip()))
    return found


def _stripped(at: int, text: str) -> tuple[int, str]:
    return at + len(text) - len(text.lstrip()), text.strip()


def _blocks(lines: Lines, page: str) -> Iterator[Unit]:
    """Yield the units of a piece of Markdown."""
    tokens = _parser().parse("\n".join(text for _, text in lines) + "\n")
    kind, seen = "paragraph", -1
    for token in tokens:
        if token.type.endswith("_open"):
            kind = _KINDS.get(token.type, "row" if token.type in ("th_open", "td_open") else "paragraph")
        if token.type == "inline" and token.map:
            if kind == "row" and seen != token.map[0]:  # one unit for all cells of a row
                seen = token.map[0]
                yield _unit("row", [_stripped(*lines[seen])], page)
            elif kind != "row":
                yield _unit(kind, _shown(token, lines), page)
        elif token.type in ("fence", "colon_fence") and token.info.startswith("{") and token.map:
            yield from _directive(token, lines, page)


def _directive(token: Token, lines: Lines, page: str) -> Iterator[Unit]:
    match = DIRECTIVE.match(token.info)
    assert match and token.map
    name, argument = match[1], match[2].strip()
    low, high = token.map
    at, first = lines[low]
    prefix = first[: first.index(token.markup)]
    body: Lines = [
        (at + len(prefix), text[len(prefix) :]) if text.startswith(prefix) else (at, text)
        for at, text in lines[low + 1 : high]
    ]
    if body and set(body[-1][1].strip()) == {token.markup[0]}:
        body.pop()
    if argument and name in PROSE - _NAMED:
        yield _unit("title", [(at + first.rindex(argument), argument)], page)
    while body and (option := _DIRECTIVE_OPTION.fullmatch(body[0][1].rstrip())):
        place, _ = body.pop(0)
        if option[1] in OPTIONS and option[2]:
            yield _unit(option[1], [(place + option.start(2), option[2])], page)
    if name == "code-cell":
        yield from _code(body, page)
    elif name in PROSE:
        yield from _blocks(body, page)


def _code(lines: Lines, page: str) -> Iterator[Unit]:
    code = "\n".join(text for _, text in lines)
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a magic of the notebook
        return
    encoded = [text.encode() for _, text in lines]

    def place(row: int, byte: int) -> int:
        return lines[row - 1][0] + len(encoded[row - 1][:byte].decode())

    found: list[Unit] = []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT and not token.string.endswith("# given"):
            at = lines[token.start[0] - 1][0] + token.start[1]
            text = token.string.lstrip("# ")
            found.append(_unit("comment", [(at + len(token.string) - len(text), text.rstrip())], page))
    for kind, node in _strings(tree):
        start = place(node.lineno, node.col_offset)
        end = place(node.end_lineno or 0, node.end_col_offset or 0)
        for literal in _LITERAL.finditer(page[start:end]):
            group = "all" if literal["long"] else "text"
            found.append(_literal(kind, literal[group], start + literal.start(group)))
    yield from sorted((unit for unit in found if _words(unit)), key=lambda unit: unit.start)


def _literal(kind: str, text: str, at: int) -> Unit:
    indents = {re.match(r" *", line)[0] for line in text.split("\n")[1:] if line.strip()}  # type: ignore[index]
    prefix = min(indents, key=len, default="")
    plain = text.replace(f"\n{prefix}", "\n")
    whole = plain.replace("\n", f"\n{prefix}") == text
    return Unit(kind, plain if whole else text, at, at + len(text), prefix if whole else "")


def _strings(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield the strings of a cell that a reader sees, with their kind; what figures draw is translated where it is drawn."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) and isinstance(body, list):
            yield "docstring", body[0].value
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "print":
                yield from (("print", part) for given in node.args for part in _parts(given))
            given = [word.value for word in node.keywords if word.arg == "hints"] + node.args[2:3]
            if node.func.id == "check" and given and isinstance(given[0], ast.Dict):
                yield from (("hint", part) for key in given[0].keys if key for part in _parts(key))


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        yield node
    elif isinstance(node, ast.IfExp):
        yield from (part for one in (node.body, node.orelse) for part in _parts(one))
    elif isinstance(node, ast.BinOp):
        yield from (part for one in (node.left, node.right) for part in _parts(one))


def _pattern(kind: str) -> re.Pattern:
    return _STRING if kind in CODE + OUTSIDE else _MARKDOWN


def _words(unit: Unit) -> bool:
    return bool(_LETTER.search(_pattern(unit.kind).sub("", unit.text)))


def units(page: str) -> list[Unit]:
    """Return the units of a page in MyST Markdown, in their order."""
    lines: Lines = []
    at = 0
    for text in page.split("\n"):
        lines.append((at, text))
        at += len(text) + 1
    found: list[Unit] = []
    if lines[0][1] == "---":
        end = next(n for n, (_, text) in enumerate(lines[1:], 1) if text == "---")
        for place, text in lines[1:end]:
            if match := re.fullmatch(r"short: (.+)", text):
                found.append(Unit("short", match[1], place + match.start(1), place + match.end(1)))
        lines = lines[end + 1 :]
    return found + [unit for unit in _blocks(lines, page) if unit.kind in CODE or _words(unit)]


def put_back(page: str, found: Sequence[Unit], text: Callable[[Unit], str]) -> str:
    """Return the page with `text(unit)` in the place of each unit."""
    parts, at = [], 0
    for unit in found:
        assert unit.start >= at, f"units must not overlap, but {unit} does"
        parts += [page[at : unit.start], unit.placed(text(unit))]
        at = unit.end
    return "".join([*parts, page[at:]])


def kept(kind: str, text: str) -> Counter:
    """Return what a translation must have as often as the text: (kind, content) of roles, formulas, code, numbers, ...

    >>> sorted(kept("paragraph", "See {doc}`the next <gating>`: $x$ is 2."))
    [('formula', '$x$'), ('number', '2'), ('role {doc}', 'gating')]
    """
    found: Counter = Counter()
    for match in _pattern(kind).finditer(text):
        groups = {name: value for name, value in match.groupdict().items() if value is not None}
        if "role" in groups:
            inner = " ".join(groups["inner"].split())
            target = re.fullmatch(r".*?<([^<>]+)>", inner)
            found[f"role {{{groups['role']}}}", target[1] if target else inner] += 1
        else:
            name = next(name for name in groups if name != "marks")
            found[name, " ".join(groups[name].split())] += 1
    if kind == "row":
        found["bar", "|"] = _pattern(kind).sub("", text).replace("\\|", "").count("|")
    return found


def faults(kind: str, text: str, translation: str) -> list[str]:
    """Return, in words, what is wrong with the translation of a unit.

    >>> faults("paragraph", "All $2^n$ of {claim}`all`.", "Alle {claim}`all`.")
    ["formula '$2^n$': expected once, came not at all"]
    """
    wanted, came = kept(kind, text), kept(kind, translation)
    found = [
        f"{name} {content!r}: expected {_times(wanted[name, content])}, came {_times(came[name, content])}"
        for name, content in dict.fromkeys([*wanted, *came])
        if wanted[name, content] != came[name, content]
    ]
    if "\n" in translation and "\n" not in text and kind not in ("paragraph", "docstring"):
        found.append(f"a {kind} stands on one line, came {translation!r}")
    if translation != translation.strip() and text == text.strip():
        found.append(f"expected no blanks around it, came {translation!r}")
    return found


def _times(count: int) -> str:
    return {0: "not at all", 1: "once"}.get(count, f"{count} times")
