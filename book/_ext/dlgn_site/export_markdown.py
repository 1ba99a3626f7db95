"""MyST Markdown of a page -> plain Markdown that reads well in any notebook front end.

The site's own parser says where blocks, directives and comments stand; text between them is scanned for roles,
formulas and links, and what the scan finds must agree with the parser. Code is never touched. Whatever is not
handled here is an error with page and line: nothing half-translated reaches a reader.
"""

import re
from collections import Counter
from functools import partial

from docutils.parsers.rst.directives.misc import TestDirective
from markdown_it.renderer import RendererHTML
from myst_parser.parsers.directives import parse_directive_text
from myst_parser.parsers.mdit import create_md_parser

from dlgn_site import export_directives, export_math

DIRECTIVE = re.compile(r"\{([^{}\s]+)\}[ \t]*(.*)", re.S)
_CONTAINERS = (
    "paragraph",
    "heading",
    "bullet_list",
    "ordered_list",
    "list_item",
    "blockquote",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
)
_PLAIN_BLOCKS = {f"{name}_{end}" for name in _CONTAINERS for end in ("open", "close")} | {
    "hr",
    "code_block",
    "html_block",
}
_DROPPED_BLOCKS = {"myst_target", "myst_line_comment", "myst_block_break"}
_PLAIN_INLINE = {
    "text", "softbreak", "hardbreak", "html_inline", "code_inline", "math_inline", "math_inline_double", "myst_role", "image",
    "link_open", "link_close", "em_open", "em_close", "strong_open", "strong_close",
}  # fmt: skip
_INLINE = re.compile(
    r"""(?P<escape>\\.)
    | \{(?P<role>[\w:+-]+)\}(?P<rt>`+)(?P<rtext>[^`].*?)(?<!`)(?P=rt)(?!`)
    | (?P<code>(?P<ct>`+)(?!`).+?(?<!`)(?P=ct)(?!`)|`+)
    | \$\$(?P<display>[^$]+)\$\$(?P<label>[ ]*\([\w:-]+\)[ ]*$)?
    | \$(?P<math>(?:\\.|[^$\\])+)\$
    | (?P<html></?[A-Za-z][^<>]*>)
    | (?P<open>!?\[)
    | \]\(\s*(?P<target><[^<>\n]*>|[^\s()<>]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s+"[^"]*")?\s*\)(?P<attributes>\{[^{}`]*\}(?!`))?
    | (?P<close>\])""",
    re.X | re.S | re.M,
)


class ExportError(Exception):
    """A page cannot be turned into a notebook; the message names page and line."""


class WithArgument(TestDirective):
    """Reads a directive that may have an argument."""

    optional_arguments, required_arguments = 1, 0


class _WithoutArgument(TestDirective):
    optional_arguments, required_arguments = 0, 0


class Translator:
    """Translates the Markdown cells of one page."""

    def __init__(self, references, config, macros, path):
        """Prepare for one page.

        Args:
            references: resolves roles, links and numbers (`export_references.References`).
            config: the book's MyST configuration (`env.myst_config`).
            macros: MathJax's table of macros (`export_math.expand_macros`).
            path: the page as named in errors, e.g. "book/experts/paths.md".
        """
        self.references, self.macros, self.path = references, macros, path
        self.parser = create_md_parser(config, RendererHTML)
        self.exercises = []  # lines of the exercises met in the last translated cell

    def translate(self, text, line):
        """Return the cell `text`, which starts at `line` of the page, as plain Markdown.

        Raises ExportError for every directive, role or syntax that is not handled, and for references that lead nowhere.
        """
        self.exercises = []
        return self._blocks(text, line)

    def _fail(self, line, message):
        raise ExportError(f"{self.path}:{line}: {message}")

    def _blocks(self, text, line, quoted=False):
        lines, memory = text.split("\n"), {}
        tokens = self.parser.parse(text + "\n", memory)
        if memory.get("references"):
            self._fail(line, "a link definition ([name]: address) holds in its own cell only; write the link in place")
        edits, tables, inline = {}, [], {}
        for token in tokens:
            start, end = token.map or (0, 0)
            at = line + start
            if token.type == "table_open":
                tables.append(range(start, end))
            if token.type == "inline":
                inline.setdefault((start, end), []).extend(token.children)
            elif token.type in _DROPPED_BLOCKS:
                edits[start, end] = None
            elif token.type in ("fence", "colon_fence") and token.info.startswith("{"):
                render = partial(self._directive, token, at)
                edits[start, end] = self._placed(lines[start], token.markup, quoted, render)
            elif token.type in ("math_block", "math_block_label"):
                render = partial(self._display, token.content, token.info, at)
                edits[start, end] = self._placed(lines[start], "$$", quoted, render)
            elif token.type not in _PLAIN_BLOCKS | {"fence"}:
                self._fail(
                    at,
                    f"{token.type.removesuffix('_open')} is not understood in notebooks; write it in plain Markdown, formulas between $$",
                )
        for (start, end), children in inline.items():
            in_table = any(start in table for table in tables)
            edits[start, end] = self._inline("\n".join(lines[start:end]), line + start, children, in_table)
        return self._assemble(lines, edits)

    def _assemble(self, lines, edits):
        """Put the edits in their places; a translated block stands between blank lines, a dropped one leaves no gap."""
        done, at = [], 0
        for (start, end), new in sorted(edits.items()):
            done += lines[at:start]
            at = end
            if isinstance(new, tuple):  # a block and the prefix ("> " or indentation) of its container
                new, prefix = new
                done += [prefix.rstrip()] if done and done[-1].strip(" >") else []
                done += new
                done += [prefix.rstrip()] if at < len(lines) and lines[at].strip(" >") else []
            elif new is not None:
                done += new.splitlines()
            while new is None and at < len(lines) and not lines[at].strip() and (not done or not done[-1].strip()):
                at += 1
        return "\n".join(done + lines[at:]).strip("\n")

    def _placed(self, first, marker, quoted, render):
        """A rendered block as lines with the prefix of the list or quotation it stands in, and that prefix."""
        before = first[: first.index(marker)]
        prefix = re.sub(r"[^\s>]", " ", before)
        body = render(quoted or ">" in before).splitlines()
        prefixes = [before] + [prefix] * (len(body) - 1)
        return [(p + text).rstrip() for p, text in zip(prefixes, body, strict=True)], prefix

    def _display(self, tex, label, line, quoted):
        try:
            tag = self.references.equation(label)[1] if label else None
            return export_math.display(tex, self.macros, tag, one_line=quoted)
        except ValueError as error:
            self._fail(line, error)

    def _inline(self, text, line, children, in_table):
        """Translate running text: roles, formulas, links and pictures; check the scan against the parser's `children`."""
        out, openers, found, at = [], [], Counter(), 0
        for match in _INLINE.finditer(text):
            here = line + text.count("\n", 0, match.start())
            out.append(text[at : match.start()])
            at = match.end()
            try:
                new, kind = self._piece(match, out, openers, in_table)
            except ValueError as error:
                self._fail(here, error)
            found.update([kind] if kind else [])
            out.append(new)
        out.append(text[at:])
        expected = Counter()
        for child in children:
            if child.type not in _PLAIN_INLINE:
                self._fail(line, f"{child.type} is not understood in notebooks; write it in plain Markdown")
            if child.type in ("math_inline", "math_inline_double", "myst_role", "image") or (
                child.type == "link_open" and child.info != "auto"
            ):
                expected[child.type] += 1
        if found != expected:
            self._fail(
                line,
                f"cannot tell roles, formulas and links apart (parser {dict(expected)}, exporter {dict(found)}); "
                "put each on one line, and $$ formulas in paragraphs of their own",
            )
        return "".join(out)

    def _piece(self, match, out, openers, in_table):
        """Translation of one match of `_INLINE` and the kind of token it is for the parser (None: not counted)."""
        if match["role"]:
            return self.references.role(match["role"], re.sub(r"\n[ \t>]*", " ", match["rtext"])), "myst_role"
        if match["display"]:
            if match["label"]:
                raise ValueError(f"the label{match['label'].rstrip()} is lost: leave a blank line before the formula")
            return export_math.display(match["display"], self.macros, one_line=True), "math_inline_double"
        if match["math"]:
            return export_math.inline(match["math"], self.macros, in_table), "math_inline"
        if (match["code"] or "").startswith("```"):
            raise ValueError(
                "Markdown reads this as code within a line, not as a block; a title with ` in it needs a ::: fence"
            )
        if match["open"]:
            openers.append(len(out))  # the piece itself is put there next
            return match[0], None
        if match["target"] is not None and openers:
            start = openers.pop()
            image, text = out[start] == "![", "".join(out[start + 1 :])
            del out[start:]
            target = match["target"].strip("<>")
            if image:
                return self.references.image(text, target), "image"
            return self.references.link(text, target), "link_open"
        if match["close"] and openers:
            openers.pop()
        return match[0], None

    def _directive(self, token, line, quoted):
        name, argument = DIRECTIVE.match(token.info).groups()
        known = export_directives.RENDER
        if name not in known:
            self._fail(line, f"unknown directive {{{name}}}; in a notebook page use one of {', '.join(sorted(known))}")
        bare = name in export_directives.BARE
        parsed = parse_directive_text(_WithoutArgument if bare else WithArgument, argument, token.content)
        if parsed.warnings:
            self._fail(line, f"directive {{{name}}}: {parsed.warnings[0].msg}")
        body_line = line + parsed.body_offset + (0 if bare and argument.strip() else 1)
        title = " ".join(parsed.arguments)
        directive = export_directives.Directive(
            name=name,
            title=title if name == "figure" else self._inline(title, line, self._children(title), in_table=False),
            options={key: str(value or "") for key, value in parsed.options.items()},
            source="\n".join(parsed.body),
            body=lambda inner: self._blocks("\n".join(parsed.body), body_line, inner),
            quoted=quoted,
            references=self.references,
            macros=self.macros,
        )
        if name == "exercise":
            self.exercises.append(line)
        try:
            return known[name](directive)
        except ValueError as error:
            self._fail(line, error)

    def _children(self, text):
        return self.parser.parseInline(text)[0].children if text else []
