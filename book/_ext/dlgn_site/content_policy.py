"""A content security policy on every page, in a `<meta>` since static hosts set no headers.

Everything comes from the site itself. Scripts written into a page, those of the theme and of the players, are allowed by
their hash, each page its own: a script that somebody smuggles in does not run. Styles may be inline, which the typeset
formulas need. To allow more, add to `POLICY`.
"""

import base64
import hashlib
import json
import re
from pathlib import Path

from sphinx.application import Sphinx

POLICY = {
    "default-src": ["'self'"],
    "script-src": [
        "'self'",
        "'wasm-unsafe-eval'",
    ],  # the engine is WebAssembly; and the hashes of the page's own scripts
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'", "data:"],
    "object-src": ["'none'"],
    "base-uri": ["'self'"],
    "form-action": ["'self'"],
}
_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.S | re.I)
_DATA = re.compile(r"""\btype\s*=\s*["']?(?!module|text/javascript|application/javascript)[\w/.+-]+""", re.I)
_SRC = re.compile(r"\bsrc\s*=", re.I)
_META = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n?')


def inline_scripts(page: str) -> list[str]:
    """Return the scripts that a page carries itself, in order; data and scripts in files of their own are none."""
    return [
        text for attributes, text in _SCRIPT.findall(page) if not (_SRC.search(attributes) or _DATA.search(attributes))
    ]


#: the theme's code in attributes, which the policy refuses; assets/book.js does what it did
HANDLERS = {
    'onclick="toggleFullScreen()"': 'data-action="fullscreen"',
    'onclick="window.print()"': 'data-action="print"',
}


def policy_of(page: str) -> str:
    """Return the policy that lets this page run its own scripts and no others."""
    digests = (hashlib.sha256(text.encode()).digest() for text in inline_scripts(page))
    hashes = sorted({f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests})
    rules = POLICY | {"script-src": [*POLICY["script-src"], *hashes]}
    return "; ".join(f"{name} {' '.join(values)}" for name, values in rules.items())


def with_policy(page: str) -> str:
    """Return the page with its policy at the start of its head, in place of one that is there."""
    page = _META.sub("", page)
    for code, mark in HANDLERS.items():
        page = page.replace(code, mark)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy_of(page)}">\n'
    head = re.search(r"<head\b[^>]*>\n?", page)
    at = head.end() if head else 0  # the redirect at the root of the site is one line without a head
    return page[:at] + meta + page[at:]


def plain_words(script: str) -> str:
    r"""Return Sphinx's words of another language without its formula for plurals, which it would evaluate from a string.

    >>> plain_words('Documentation.addTranslations({"locale": "de", "messages": {"Next": "Weiter"}, "plural_expr": "(n != 1)"});')
    'Object.assign(Documentation.TRANSLATIONS, {"Next": "Weiter"});\nDocumentation.LOCALE = "de";\n'
    """
    catalogue = json.loads(script[script.index("(") + 1 : script.rindex(")")])
    words, language = (json.dumps(catalogue[name]) for name in ("messages", "locale"))
    return f"Object.assign(Documentation.TRANSLATIONS, {words});\nDocumentation.LOCALE = {language};\n"


def _write(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    for file in Path(app.outdir).rglob("*.html"):
        before = file.read_text(encoding="utf-8")
        if (after := with_policy(before)) != before:
            file.write_text(after, encoding="utf-8", newline="\n")
    translations = Path(app.outdir, "_static", "translations.js")
    if translations.is_file() and "addTranslations" in (words := translations.read_text(encoding="utf-8")):
        translations.write_text(plain_words(words), encoding="utf-8", newline="\n")


def setup(app: Sphinx) -> dict:
    """Register the extension, behind all others that write pages."""
    app.connect("build-finished", _write, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
