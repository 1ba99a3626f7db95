r"""TeX of the pages -> TeX that any notebook front end can set: macros expanded, several lines aligned.

The site's MathJax knows the macros of `_config.yml`; Colab's does not.
"""

import re

_COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)", re.S)
_ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}(?:(?!\\begin\{).)*?\\end\{\1\}", re.S)
_DEEPEST = 20  # a macro that needs more rounds than this calls itself


def expand_macros(tex, macros):
    r"""Return `tex` with every macro replaced by its meaning, as MathJax would do it.

    `macros` is MathJax's own table: name -> body, or name -> [body, number of arguments, default of the first].

    Raises ValueError for a missing argument or a macro that calls itself.

    >>> expand_macros(r"x \in \R^2, \norm{x}", {"R": r"\mathbb{R}", "norm": [r"\lVert #1 \rVert", 1]})
    'x \\in \\mathbb{R}^2, \\lVert x \\rVert'
    """
    return _expand(tex, macros, _DEEPEST)


def display(tex, macros, tag=None, one_line=False):
    r"""Return `tex` as a display `$$ ... $$`, with `\tag{tag}` if there is one.

    Lines broken by `\\` outside an environment are aligned, as Sphinx does on the site. `one_line` is for quotations:
    there the `>` at the start of a second line would become a part of the formula.

    Raises ValueError if the formula has a blank line, which ends a formula in Markdown.

    >>> display(r"a &= b \\ &= c", {}, tag="2", one_line=True)
    '$$\\begin{aligned} a &= b \\\\ &= c \\end{aligned} \\tag{2}$$'
    """
    lines = tex.strip().splitlines()
    if not all(line.strip() for line in lines):
        raise ValueError(r"a formula has a blank line in it: write one \begin{aligned} ... \end{aligned}")
    if any(re.search(r"(?<!\\)%", line) for line in lines):
        raise ValueError("a formula has a % comment in it: put the remark into the text")
    glue = " " if one_line else "\n"
    body = expand_macros(glue.join(line.strip() if one_line else line for line in lines), macros)
    outside = body
    while (shorter := _ENVIRONMENT.sub("", outside)) != outside:
        outside = shorter
    if r"\\" in outside:
        body = rf"\begin{{aligned}}{glue}{body}{glue}\end{{aligned}}"
    if tag:
        body += rf" \tag{{{tag}}}"
    edge = "" if one_line else "\n"
    return f"$${edge}{body}{edge}$$"


def inline(tex, macros, in_table=False):
    r"""Return `tex` as `$...$` on one line; in a table no `|` is left, which would end the cell.

    >>> inline(r"\abs x", {"abs": ["|#1|", 1]}, in_table=True)
    '$\\vert x\\vert$'
    """
    tex = re.sub(r"\n[ \t>]*", " ", tex)
    if in_table:
        tex = tex.replace(r"\|", r"\vert ")  # Markdown reads \| in a table as a plain |
    tex = expand_macros(tex, macros)
    if in_table:
        tex = tex.replace(r"\|", r"\Vert ").replace("|", r"\vert ").rstrip()
    return f"${tex}$"


def _expand(tex, macros, depth):
    if not depth:
        raise ValueError(f"a macro calls itself: {tex[:60]!r}")
    pieces, at = [], 0
    while command := _COMMAND.search(tex, at):
        pieces.append(tex[at : command.start()])
        at = command.end()
        name = command[0][1:]
        if name not in macros:
            pieces.append(command[0])
            continue
        body, arguments, default = _definition(macros[name])
        values = []
        for i in range(arguments):
            value, at = _argument(tex, at, name, default if i == 0 else None)
            values.append(value)
        pieces.append(_expand(_fill(body, values), macros, depth - 1))
    return _join([*pieces, tex[at:]])


def _definition(entry):
    """Body, number of arguments, default of the first argument (None: it has none)."""
    if isinstance(entry, str):
        return entry, 0, None
    return tuple([*entry, None][:3]) if len(entry) > 1 else (entry[0], 0, None)


def _argument(tex, at, name, default):
    """The argument of macro `name` that starts at `at`, and the place after it."""
    start = at + len(tex[at:]) - len(tex[at:].lstrip())
    if default is not None:
        if tex[start : start + 1] != "[":
            return default, at
        end = tex.find("]", start)
        if end < 0:
            raise ValueError(rf"\{name}: the optional argument has no ]")
        return tex[start + 1 : end], end + 1
    if start == len(tex):
        raise ValueError(rf"\{name}: an argument is missing at the end of {tex!r}")
    if tex[start] != "{":
        command = _COMMAND.match(tex, start)
        end = command.end() if command else start + 1
        return tex[start:end], end
    depth = 0
    for brace in re.finditer(r"\\.|[{}]", tex[start:], re.S):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if not depth:
            return tex[start + 1 : start + brace.start()], start + brace.end()
    raise ValueError(rf"\{name}: a closing brace is missing in {tex!r}")


def _fill(body, values):
    """The body of a macro with its arguments in place of #1, #2, ..."""
    return re.sub(r"(\\[A-Za-z]+)?#(\d)", lambda m: _join([m[1] or "", values[int(m[2]) - 1]]), body)


def _join(pieces):
    r"""Concatenate, with a space where `\alpha` and `x` would become `\alphax`."""
    tex = ""
    for piece in pieces:
        tex += " " + piece if piece[:1].isalpha() and re.search(r"\\[A-Za-z]+$", tex) else piece
    return tex
