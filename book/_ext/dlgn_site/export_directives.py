"""The directives that a notebook page may use, each as plain Markdown."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sphinx_proof.proof_type import PROOF_TYPES

from dlgn_lib.book.words import noted, said
from dlgn_site import exercises, export_math

ADMONITIONS = {
    "note": noted("Note"),
    "tip": noted("Tip"),
    "important": noted("Important"),
    "warning": noted("Warning"),
    "hint": noted("Hint"),
    "seealso": noted("See also"),
}


@dataclass(frozen=True)
class Directive:
    """One directive as read from the page; `body(quoted)` translates its content."""

    name: str
    title: str  # its argument, translated; for a figure the path of the picture
    options: dict[str, str]
    source: str  # its content as written
    body: Callable[[bool], str]
    quoted: bool  # whether it stands in a quotation already
    references: object
    macros: dict


def quote(text):
    """Return Markdown as a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def details(summary, body):
    """Return Markdown folded under a summary line; the summary itself is HTML."""
    summary = re.sub(r"`([^`]+)`", r"<code>\1</code>", summary.replace("&", "&amp;").replace("<", "&lt;"))
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def _boxed(heading, body):
    """A quotation with a bold heading: on one line with the text if that begins with text."""
    glue = " " if re.match(r"[\w$\[(*_`\"“]", body) and not re.match(r"([*+-]|\d+[.)])\s|```|\$\$", body) else "\n\n"
    return quote(f"**{heading}.**{glue}{body}".strip())


def _admonition(d):
    title = d.title or said(ADMONITIONS.get(d.name, ""))
    if not title:
        raise ValueError("an {admonition} needs a title")
    if "dropdown" in d.options.get("class", "").split():
        return details(title, d.body(d.quoted))
    return _boxed(title, d.body(True))


def _dropdown(d):
    return details(d.title or said("More"), d.body(d.quoted))


def _figure(d):
    number = d.references.figure(d.options["name"]) if "name" in d.options else None
    caption = d.body(d.quoted)
    if number:
        caption = f"**{said('Figure {number}.', number=number)}** {caption}".strip()
    return f"{d.references.image(d.options.get('alt', ''), d.title)}\n\n{caption}".strip()


def _caption(d):
    return f"**{said('Figure {number}.', number=d.references.drawn(d.title))}** {d.body(d.quoted)}"


def _math(d):
    tag = d.references.equation(d.options["label"])[1] if "label" in d.options else None
    return export_math.display(d.source, d.macros, tag, one_line=d.quoted)


def _theorem(d):
    if "label" in d.options:
        heading = d.references.theorem(d.options["label"])[1]
    elif "nonumber" in d.options:
        heading = said(d.name.removeprefix("prf:").title())
    else:
        raise ValueError(f"a numbered {{{d.name}}} needs a :label:")
    return _boxed(heading + (f" ({d.title})" if d.title else ""), d.body(True))


def _proof(d):
    return _boxed(said("Proof"), d.body(True))


def _exercise(d):
    missing = [name for name in exercises.OPTIONS if name not in d.options]
    if missing or not d.title:
        needed = ", ".join(f":{name}:" for name in exercises.OPTIONS)
        raise ValueError(f"an {{exercise}} needs a title and {needed}; missing: {', '.join(missing) or 'title'}")
    for name, convert in exercises.OPTIONS.items():
        convert(d.options[name])  # raises ValueError
    if d.quoted:
        raise ValueError("an {exercise} cannot stand inside another directive: its cells must follow it")
    return f"### {said('Exercise: {title}', title=d.title)}\n\n*{exercises.facts(d.options)}*\n\n{d.body(False)}"


def _margin(d):
    return quote(d.body(True))


def _live(d):
    if "title" not in d.options:
        raise ValueError("a {live} needs a :title:")
    place = d.references.url("book/playground", d.title)
    return f"*{said('In the browser:')}* [{d.options['title']}]({place})."


def _race(d):
    if "title" not in d.options:
        raise ValueError("a {race} needs a :title:")
    return f"*{said('In the browser:')}* [{d.options['title']}]({d.references.url(d.references.docname)})."


RENDER = {
    **dict.fromkeys([*ADMONITIONS, "admonition"], _admonition),
    **{f"prf:{kind}": _theorem for kind in PROOF_TYPES},
    "prf:proof": _proof,
    "dropdown": _dropdown,
    "figure": _figure,
    "caption": _caption,
    "margin": _margin,
    "live": _live,
    "race": _race,
    "math": _math,
    "exercise": _exercise,
}
BARE = {
    *ADMONITIONS,
    "margin",
    "math",
    "prf:proof",
}  # they take no argument: text beside the name belongs to the content
