r"""TeX of the pages -> TeX that any notebook front end can set: macros expanded, several lines aligned.

The site's MathJax knows the macros of `_config.yml`; Colab's does not.
"""

import re

_COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)", re.S)
_ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}(?:(?!\\begin\{).)*?\\end\{\1\}", re.S)
_DEEPEST = 20  # a macro that needs more rounds than this calls itself


def expand_macros(tex, macros):
    r"""Return `tex` with every macro replaced by its meaning, as MathJax would do it.

    `macros` is MathJax's own table, name -> body. Macros with arguments are none of this book's: they raise ValueError, as
    does a macro that calls itself.

    >>> expand_macros(r"x \in \R^2, \Real", {"R": r"\mathbb{R}"})
    'x \\in \\mathbb{R}^2, \\Real'
    """
    for _ in range(_DEEPEST):
        if not any(command[1:] in macros for command in _COMMAND.findall(tex)):
            return tex
        tex = _COMMAND.sub(lambda command: _body(command[0], macros), tex)
    raise ValueError(f"a macro calls itself: {tex[:60]!r}")


def _body(command, macros):
    body = macros.get(command[1:], command)
    if not isinstance(body, str):
        raise ValueError(rf"{command} takes arguments, which notebooks cannot show: write out what it stands for")
    return body


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

    >>> inline(r"|x| \in \R", {"R": r"\mathbb{R}"}, in_table=True)
    '$\\vert x\\vert  \\in \\mathbb{R}$'
    """
    tex = re.sub(r"\n[ \t>]*", " ", tex)
    if in_table:
        tex = tex.replace(r"\|", r"\vert ")  # Markdown reads \| in a table as a plain |
    tex = expand_macros(tex, macros)
    if in_table:
        tex = tex.replace(r"\|", r"\Vert ").replace("|", r"\vert ").rstrip()
    return f"${tex}$"
