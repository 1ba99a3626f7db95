"""Roles, links and numbers of one page, resolved to plain Markdown from what Sphinx knows of the whole book.

Everything here raises ValueError (without place) for what cannot be resolved; the caller adds page and line.
"""

import posixpath
import re
from pathlib import Path

from docutils.nodes import make_id

from dlgn_lib.book.register import registered
from dlgn_lib.book.words import noted, said
from dlgn_site.colab_button import colab_url
from dlgn_site.figures import figures_of
from dlgn_site.playground import question

#: what theorems and the like are called
THEOREMS = (noted("Definition"), noted("Lemma"), noted("Proposition"), noted("Theorem"), noted("Corollary"))


class References:
    """What a page may refer to."""

    def __init__(self, app, docname, ref):
        """Prepare for page `docname`, given the Sphinx application `app` after it has read the book; `ref` is a branch or tag."""
        self.env, self.docname, self.srcdir = app.env, docname, Path(app.srcdir)
        options = app.config.html_theme_options
        self.site = app.config.html_baseurl.rstrip("/") + "/"
        repository = options["repository_url"].rstrip("/")
        raw = repository.replace("https://github.com/", "https://raw.githubusercontent.com/")
        self.raw = f"{raw}/{ref}/"
        self.repository, self.ref = repository, ref
        self.roles = {
            "eq": self._eq, "ref": self._ref, "prf:ref": self._proof, "doc": self._doc, "claim": self._claim,
            "colab": self._colab, "question": self._question,
            "cite:t": self._cite_text, "cite:p": self._cite_parenthesis,
            "py:class": self._python, "py:mod": self._python, "py:func": self._call, "py:meth": self._call,
        }  # fmt: skip

    def url(self, docname, anchor=""):
        """Address of a page of the published site."""
        return f"{self.site}{docname}.html" + (f"#{anchor}" if anchor else "")

    def role(self, name, text):
        """Markdown for the role ``{name}`text` ``."""
        if name not in self.roles:
            raise ValueError(f"unknown role {{{name}}}; in a notebook page use one of {', '.join(self.roles)}")
        explicit = re.fullmatch(r"(.*?)\s*<([^<>]+)>", text)
        title, target = (explicit[1], explicit[2]) if explicit else (None, text)
        return self.roles[name](title, target)

    def _question(self, _, number):
        text, address = question(self.srcdir, number)
        return f"[{text}]({self.url('book/playground', address)})"

    def link(self, text, target):
        """Markdown for the link `[text](target)`; pages and labels become addresses of the published site."""
        if re.match(r"(https?|mailto):", target):
            return f"[{text or target}]({target})"
        page, _, anchor = target.partition("#")
        if not page:
            return self._label(text, anchor)
        docname = self._resolve(page.removesuffix(".md"))
        if not page.endswith(".md") or docname not in self.env.found_docs:
            raise ValueError(f"the link ({target}) leads to no page of the book; for a file give its full address")
        if anchor:
            return self._label(text, anchor, docname)
        return f"[{text or self._title(docname)}]({self.url(docname)})"

    def image(self, alt, source):
        """Markdown for a picture that lies beside the page, by its address in the repository."""
        if not alt.strip():
            raise ValueError(f"the picture {source} has no alternative text; say what is seen and what follows from it")
        if not re.match(r"https?:", source):
            source = self._resolve(source)
            if not (self.srcdir / source).is_file():
                raise ValueError(f"there is no picture {source}; give its path from the page's folder or from /")
            source = self.raw + source
        return f"![{' '.join(alt.split())}]({source})"

    def equation(self, label):
        """Page and number of the equation `label`."""
        if label not in (known := self.env.get_domain("math").equations):
            raise ValueError(f"there is no equation labelled {label!r}")
        docname, number = known[label]
        if self.env.config.math_numfig and self.env.config.numfig:
            number = self._number(docname, "displaymath", make_id(f"equation-{label}"))
        return docname, number

    def figure(self, name):
        """Number of the figure `name` of this page, or None."""
        return self._number(self.docname, "figure", make_id(name))

    def drawn(self, name):
        """Number of the figure of this page that a cell draws, by the name in its caption."""
        for figure in figures_of(self.env).get(self.docname, []):
            if figure.name == name:
                return figure.number
        raise ValueError(f"the caption {name!r} is not below a cell that shows a figure")

    def theorem(self, label):
        """Page and name ("Theorem 2") of the theorem, lemma, ... with this label."""
        if label not in (known := getattr(self.env, "proof_list", {})):
            raise ValueError(f"there is no theorem, lemma or the like labelled {label!r}")
        entry = known[label]
        number = None if entry["nonumber"] else self._number(entry["docname"], entry["countertype"], label)
        return entry["docname"], said(entry["realtype"].title()) + (f" {number}" if number else "")

    def _number(self, docname, kind, anchor):
        numbers = self.env.toc_fignumbers.get(docname, {}).get(kind, {}).get(anchor)
        return ".".join(map(str, numbers)) if numbers else None

    def _resolve(self, path):
        """A path written on this page, from the root of the book."""
        return posixpath.normpath(posixpath.join("/", posixpath.dirname(self.docname), path)).lstrip("/")

    def _title(self, docname):
        return _readable(self.env.titles[docname].astext())

    def _eq(self, title, target):
        docname, number = self.equation(target)
        text = title or f"({number})"
        return text if docname == self.docname else f"[{text}]({self.url(docname, make_id('equation-' + target))})"

    def _ref(self, title, target):
        std = self.env.get_domain("std")
        name = " ".join(target.lower().split())
        if title and name in std.anonlabels:
            docname, anchor = std.anonlabels[name]
        elif name in std.labels:
            docname, anchor, title = std.labels[name]
        else:
            raise ValueError(
                f"there is no heading or label {target!r}, or it has no title and the reference needs its own text"
            )
        return f"[{_readable(title)}]({self.url(docname, anchor)})"

    def _proof(self, title, target):
        docname, name = self.theorem(target)
        return f"[{title or name}]({self.url(docname, target)})"

    def _doc(self, title, target):
        docname = self._resolve(target)
        if docname not in self.env.found_docs:
            raise ValueError(f"there is no page {target!r}; name it by its path from this page or from /, without .md")
        return f"[{title or self._title(docname)}]({self.url(docname)})"

    def _colab(self, title, target):
        docname = f"book/{target}"
        if docname not in self.env.found_docs:
            raise ValueError(f"{{colab}}: there is no page {docname!r}; name it from the folder book/")
        return f"[{title or self._title(docname)}]({colab_url(self.repository, self.ref, docname)})"

    def _label(self, text, target, docname=None):
        """A link to `#target`: a heading of the page `docname` (this one), else a label of the book."""
        slugs = self.env.metadata[docname or self.docname].get("myst_slugs", {})
        if target in slugs:
            _, anchor, title = slugs[target]
            return f"[{text or _readable(title)}]({self.url(docname or self.docname, anchor)})"
        if target in self.env.get_domain("math").equations:
            return self._eq(text, target)
        if target in getattr(self.env, "proof_list", {}):
            return self._proof(text, target)
        return self._ref(text, target)

    def _claim(self, title, target):
        try:
            return registered(target)
        except (KeyError, ValueError) as error:
            raise ValueError(f"{{claim}}`{target}`: {error.args[0]}") from error

    def _call(self, title, target):
        return self._python(title, target.removesuffix("()"), parentheses="()")

    def _python(self, title, target, parentheses=""):
        short, target = target.startswith("~"), target.lstrip("~")
        name = title or (target.rpartition(".")[2] if short else target) + parentheses
        known = self.env.get_domain("py").objects.get(target) or self.env.get_domain("py").modules.get(target)
        if known:
            return f"[`{name}`]({self.url(known.docname, known.node_id)})"
        if target.partition(".")[0] == "dlgn_lib":
            raise ValueError(f"{target} is not documented on the API page; give its full dotted name")
        return f"`{name}`"

    def _cite_text(self, title, target):
        return ", ".join(self._citation(key, "{} ({})") for key in target.split(","))

    def _cite_parenthesis(self, title, target):
        return "(" + "; ".join(self._citation(key, "{} {}") for key in target.split(",")) + ")"

    def _citation(self, key, form):
        """Authors and year of the entry `key`, linked to the paper, else to the list of references."""
        cite, key = self.env.get_domain("cite"), key.strip()
        if key not in cite.bibdata.data.entries:
            raise ValueError(f"there is no entry {key!r} in the bibliography")
        entry = cite.bibdata.data.entries[key]
        people = entry.persons.get("author") or entry.persons.get("editor")
        if not people or "year" not in entry.fields:
            raise ValueError(f"the entry {key!r} of the bibliography has no author or no year")
        names = [" ".join(map(str, [*p.rich_prelast_names, *p.rich_last_names])) for p in people]
        authors = f"{names[0]} et al." if len(names) > 2 else said(" and ").join(names)
        fields = entry.fields
        if "eprint" in fields:
            address = f"https://arxiv.org/abs/{fields['eprint']}"
        elif "doi" in fields:
            address = f"https://doi.org/{fields['doi']}"
        else:
            address = fields.get("url") or self._bibliography(key)
        return f"[{form.format(authors, fields['year'])}]({address.replace('(', '%28').replace(')', '%29')})"

    def _bibliography(self, key):
        for citation in self.env.get_domain("cite").citations:
            if citation.key == key:
                return self.url(citation.bibliography_key.docname, citation.citation_id)
        raise ValueError(f"the entry {key!r} is on no page with a bibliography")


def _readable(title):
    if "\\" in title:  # Sphinx keeps titles as text, so a formula has lost its dollar signs
        raise ValueError(f"the title {title!r} has a formula in it: give the reference its own text")
    return title
