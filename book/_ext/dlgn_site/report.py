"""Links by which a reader reports a mistake, beside every heading, figure and claim: an issue of the repository, filled in.

Each is a plain link to the issue form `.github/ISSUE_TEMPLATE/mistake.yml`, whose fields it names: a title, the address
with its anchor, and the version of the book. The reader adds the words. Scripts add what only the browser knows: what the
sliders of a figure show (`assets/figures.js`), and the commit of the build (`assets/versions.js`). On paper and in e-books
there are no such links.
"""

import re
from collections.abc import Iterable
from html import escape, unescape
from importlib.metadata import version
from urllib.parse import quote, urlencode

from sphinx.application import Sphinx

from dlgn_lib.book.words import said
from dlgn_site.claims import LEDGER

FORM = "mistake.yml"
_HEADING = re.compile(r'(<h([1-6])\b[^>]*>(.*?)<a class="headerlink" href="#([^"]+)"[^>]*>[^<]*</a>)(</h\2>)', re.S)
_FIGURE = re.compile(
    r'<a class="dlgn-figure-number[^>]*href="#([^"]+)"[^>]*>([^<]+?)\.</a>.*?</figcaption>\s*</figure>', re.S
)
_ROW = re.compile(r'<code [^>]*\bid="claim-([\w-]+)"[^>]*>.*?</code>\)?')
_ABOUT = re.compile(r'<p><a href="[^"#]*#claim-([\w-]+)">All about it[^<]*</a>')


def issue(repository: str, title: str, where: str) -> str:
    """Return the address that opens an issue of the repository with its fields filled in.

    Args:
        repository: its address on GitHub.
        title: of the issue.
        where: the address that the issue is about, with its anchor.

    >>> issue("https://github.com/org/repo", "Figure 1.1", "https://org.github.io/repo/a.html#fig-a").partition("&title=")[2]
    'Figure%201.1&where=https://org.github.io/repo/a.html%23fig-a&version=0.1.0'
    """
    fields = {"template": FORM, "title": title, "where": where, "version": version("dlgn-lib")}
    return f"{repository.rstrip('/')}/issues/new?{urlencode(fields, safe='/:', quote_via=quote)}"


def link(address: str, name: str, text: str = "") -> str:
    """Return a link as HTML; one without a text is a sign, which the style sheet draws."""
    title = "" if text else f' title="{said("Report a mistake")}"'
    label = said("Report a mistake in {name}", name=name)
    return f'<a class="dlgn-report" href="{escape(address)}" aria-label="{escape(label)}"{title}>{text}</a>'


def plain(markup: str) -> str:
    r"""Return the words of a piece of HTML.

    >>> plain('<span class="n">2</span> Rows <em>of</em> \\(M\\) doors &amp; <code>x</code>\n')
    '2 Rows of M doors & x'
    """
    return " ".join(re.sub(r"\\[()]", "", unescape(re.sub(r"<[^>]*>", "", markup))).split())


class Page:
    """What is reported of one page: where it is, and to whom."""

    def __init__(self, app: Sphinx, name: str) -> None:
        self.repository = app.config.html_theme_options["repository_url"]
        site = app.config.html_baseurl.rstrip("/")
        self.address, self.ledger = (f"{site}/{app.builder.get_target_uri(page)}" for page in (name, LEDGER))
        self.short = name.removeprefix("book/")

    def issue(self, what: str, where: str) -> str:
        """Return the address of an issue about a part of this page."""
        return issue(self.repository, f"{what} ({self.short})" if what else f"The page {self.short}", where)

    def _heading(self, found: re.Match) -> str:
        whole, _, text, anchor, closing = found.groups()
        words = plain(text)
        return whole + link(self.issue(words, f"{self.address}#{anchor}"), f"“{words}”") + closing

    def _figure(self, found: re.Match) -> str:
        anchor, number = found.groups()
        made = link(self.issue(number, f"{self.address}#{anchor}"), number, said("Report a mistake"))
        return f'{found[0]}<p class="dlgn-report-figure">{made}</p>'

    def _row(self, found: re.Match) -> str:
        return f"{found[0]} {self._claim(found[1])}"

    def _about(self, found: re.Match) -> str:
        return f"{found[0]} · {self._claim(found[1], said('Report a mistake'))}"

    def _claim(self, claim: str, text: str = "") -> str:
        where = f"{self.ledger}#claim-{claim}"
        return link(self.issue(f"Claim {claim}", where), said("the claim {name}", name=claim), text)

    def marked(self, body: str) -> str:
        """Return the HTML of the page with a link for every heading, figure and claim."""
        for pattern, made in (
            (_HEADING, self._heading),
            (_FIGURE, self._figure),
            (_ROW, self._row),
            (_ABOUT, self._about),
        ):
            body = pattern.sub(made, body)
        return body


def _buttons(groups: Iterable[dict], page: Page) -> None:
    """Let the theme's own button open the same form."""
    for button in (button for group in groups for button in group.get("buttons", [group])):
        if button.get("label") == "source-issues-button":
            button["url"] = escape(page.issue("", page.address))
            button["text"], button["tooltip"] = said("Report a mistake"), said("Report a mistake on this page")


def _mark(app: Sphinx, name: str, template: str, context: dict, doctree: object) -> None:
    if app.builder.name != "html" or not app.config.html_theme_options.get("repository_url"):
        return
    page = Page(app, name)
    _buttons(context.get("header_buttons", []), page)
    if doctree is not None:
        context["body"] = page.marked(context.get("body", ""))


def setup(app: Sphinx) -> dict:
    """Register the extension, behind the theme and what is written about claims."""
    app.connect("html-page-context", _mark, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
