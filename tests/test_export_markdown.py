"""The exporter, piece by piece: what each directive, role and formula becomes, and which page and line an error names."""

import doctest
import re

import pytest
from dlgn_site import export_directives, export_math
from dlgn_site.export_markdown import ExportError, Translator
from dlgn_site.export_notebooks import read_book
from dlgn_site.export_references import References
from sample_book import PAGE, SITE, sample_claims, write_sample


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    with sample_claims():
        yield read_book(write_sample(tmp_path_factory.mktemp("sample")))


@pytest.fixture(scope="module")
def translate(sample):
    """Translate Markdown as if it stood on line 10 of the page book/part/page of the sample."""
    macros = sample.config.mathjax3_config["tex"]["macros"]
    references = References(sample, "book/part/page", "main")
    translator = Translator(references, sample.env.myst_config, macros, "book/part/page.md")
    return lambda text: translator.translate(text, 10)


COLAB = "https://colab.research.google.com/github/example-org/sample/blob/main/notebooks"
CASES = {
    "ref": ("{ref}`start`", f"[Introduction]({SITE}/intro.html#start)"),
    "ref with text": ("{ref}`the start <start>`", f"[the start]({SITE}/intro.html#start)"),
    "ref to an exercise": ("{ref}`ex-twice`", f"[Exercise: Twice]({SITE}/part/page.html#ex-twice)"),
    "eq": ("{eq}`eq-a`, {eq}`eq-b`", "(1), (2)"),
    "prf:ref": ("{prf:ref}`thm`", f"[Theorem 1]({SITE}/part/page.html#thm)"),
    "prf:ref with text": ("{prf:ref}`ours <lemma>`", f"[ours]({SITE}/part/page.html#lemma)"),
    "doc": (
        "{doc}`../intro` {doc}`text </book/intro>`",
        f"[Introduction]({SITE}/intro.html) [text]({SITE}/intro.html)",
    ),
    "colab": (
        "{colab}`run it <intro>` {colab}`part/page`",
        f"[run it]({COLAB}/intro.ipynb) [The page]({COLAB}/part/page.ipynb)",
    ),
    "cite:t": ("{cite:t}`two`", "[Singh and van der Berg (2020)](https://doi.org/10.1016/0893-6080%2889%2990014-2)"),
    "cite:p": ("{cite:p}`three`", "([Yadav et al. 2024](https://arxiv.org/abs/2404.04312))"),
    "cite without address": ("{cite:p}`none`", f"([Nobody 1999]({SITE}/references.html#id4))"),
    "claim": ("{claim}`demo`", "4.1·10⁻¹⁵"),
    "question": ("{question}`1`", f"[And wider?]({SITE}/playground.html#width=8)"),
    "py:func": ("{py:func}`~dlgn_lib.paths.demo`", f"[`demo()`]({SITE}/api.html#dlgn_lib.paths.demo)"),
    "py of others": ("{py:class}`torch.Tensor` {py:meth}`~torch.Tensor.sum`", "`torch.Tensor` `sum()`"),
    "link to a page": ("[text](../intro.md)", f"[text]({SITE}/intro.html)"),
    "link without text": ("[](../intro.md#a-heading)", f"[A heading]({SITE}/intro.html#a-heading)"),
    "link to a label": (
        "[](#thm) [](#eq-a) [](#start)",
        f"[Theorem 1]({SITE}/part/page.html#thm) (1) [Introduction]({SITE}/intro.html#start)",
    ),
    "live": (
        "```{live} model=ReLU&width=8\n:views: angle\n:controls: model\n:title: Train it here\n```",
        f"*In the browser:* [Train it here]({SITE}/playground.html#model=ReLU&width=8).",
    ),
    "race": ("```{race}\n:title: Race it here\n```", f"*In the browser:* [Race it here]({SITE}/part/page.html)."),
    "link outside": ("[x](https://e.org/a_(b)) <https://e.org>", "[x](https://e.org/a_(b)) <https://e.org>"),
    "picture": (
        "![Alt](pic.png){width=50px}",
        "![Alt](https://raw.githubusercontent.com/example-org/sample/main/book/part/pic.png)",
    ),
    "roles in code": ("`{ref}` and ``{eq}`a` `` and `$\\R$`", "`{ref}` and ``{eq}`a` `` and `$\\R$`"),
    "code blocks": (
        "```python\n{ref}`x`  # $\\R$\n```\n\n    {eq}`x`",
        "```python\n{ref}`x`  # $\\R$\n```\n\n    {eq}`x`",
    ),
    "code in a list": ("- a\n\n  ```\n  {ref}`x`\n  ```", "- a\n\n  ```\n  {ref}`x`\n  ```"),
    "escapes": (r"costs \$5, \{ref} and \`a\`", r"costs \$5, \{ref} and \`a\`"),
    "inline math": (
        r"$x \in \R^2$, $\lVert a" + "\n" + r"\cdot b \rVert$",
        r"$x \in \mathbb{R}^2$, $\lVert a \cdot b \rVert$",
    ),
    "math in a line": (r"so $$x \in \R$$ here", r"so $$x \in \mathbb{R}$$ here"),
    "table": (
        "| a | $\\|x\\|$ |\n|---|---|\n| {eq}`eq-a` | `b` |",
        "| a | $\\vert x\\vert$ |\n|---|---|\n| (1) | `b` |",
    ),
    "display": ("$$\nx \\in \\R\n$$ (eq-a)", "$$\nx \\in \\mathbb{R} \\tag{1}\n$$"),
    "display of lines": ("$$\na \\\\ b\n$$", "$$\n\\begin{aligned}\na \\\\ b\n\\end{aligned}\n$$"),
    "display of cases": (
        "$$\n\\begin{cases} a \\\\ b \\end{cases}\n$$",
        "$$\n\\begin{cases} a \\\\ b \\end{cases}\n$$",
    ),
    "display in a list": ("- a\n\n  $$\n  b\n  $$\n- c", "- a\n\n  $$\n  b\n  $$\n\n- c"),
    "display in a quotation": ("> a\n>\n> $$\n> b\n> c\n> $$", "> a\n>\n> $$b c$$"),
    "targets, breaks, comments": ("(a)=\n\n## T\n\n% note\n\n+++\n\ntext", "## T\n\ntext"),
    "note": ("```{note} One line.\n```", "> **Note.** One line."),
    "blank lines around": ("before\n```{tip}\nText.\n```\nafter", "before\n\n> **Tip.** Text.\n\nafter"),
    "important": ("```{important}\n- a\n- b\n```", "> **Important.**\n>\n> - a\n> - b"),
    "warning": (":::{warning}\nA\nb.\n\nC.\n:::", "> **Warning.** A\n> b.\n>\n> C."),
    "hint": ("```{hint}\n`x` is {eq}`eq-a`\n```", "> **Hint.** `x` is (1)"),
    "seealso": ("```{seealso}\n{doc}`/book/intro`\n```", f"> **See also.** [Introduction]({SITE}/intro.html)"),
    "admonition": ("```{admonition} A $\\R$\n---\nclass: tip\n---\nText.\n```", "> **A $\\mathbb{R}$.** Text."),
    "folded admonition": (
        ":::{admonition} The `x`\n:class: dropdown\n\nText.\n:::",
        "<details><summary>The <code>x</code></summary>\n\nText.\n\n</details>",
    ),
    "dropdown": ("```{dropdown} T\n$$\na\n$$\n```", "<details><summary>T</summary>\n\n$$\na\n$$\n\n</details>"),
    "nested": (
        "::::{note}\n```{tip}\nInner $\\R$.\n```\n:::{dropdown} D\n```python\n{ref}\n```\n:::\n::::",
        "> **Note.**\n>\n> > **Tip.** Inner $\\mathbb{R}$.\n>\n> <details><summary>D</summary>\n>\n"
        "> ```python\n> {ref}\n> ```\n>\n> </details>",
    ),
    "in a list": ("- a\n\n  ```{note}\n  Text.\n  ```", "- a\n\n  > **Note.** Text."),
    "figure": (
        "```{figure} pic.png\n:name: fig\n:alt: A picture\nIts *caption* {eq}`eq-a`.\n```",
        "![A picture](https://raw.githubusercontent.com/example-org/sample/main/book/part/pic.png)\n\n**Figure 1.** Its *caption* (1).",
    ),
    "math": ("```{math}\n:label: eq-b\na \\\\ b\n```", "$$\n\\begin{aligned}\na \\\\ b\n\\end{aligned} \\tag{2}\n$$"),
    "prf:theorem": (
        "````{prf:theorem} Of $\\R$\n:label: thm\nFor all\n\n$$\nx\n= y\n$$ (eq-a)\n\n```{tip}\nT\n```\n````",
        "> **Theorem 1 (Of $\\mathbb{R}$).** For all\n>\n> $$x = y \\tag{1}$$\n>\n> > **Tip.** T",
    ),
    "prf:lemma": ("```{prf:lemma}\n:label: lemma\n1. a\n```", "> **Lemma 1.**\n>\n> 1. a"),
    "prf:remark": ("```{prf:remark}\n:nonumber:\nText.\n```", "> **Remark.** Text."),
    "prf:proof": (
        "```{prf:proof}\nBy {prf:ref}`thm`.\n```",
        f"> **Proof.** By [Theorem 1]({SITE}/part/page.html#thm).",
    ),
    "exercise": (
        "```{exercise} Twice\n:label: ex-twice\n:minutes: 5\n:difficulty: easy\n:trains: doubling\nWrite {eq}`eq-a`.\n```",
        "### Exercise: Twice\n\n*5 minutes, easy. Trains: doubling.*\n\nWrite (1).",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_markdown(translate, case):
    source, expected = CASES[case]
    assert translate(source) == expected


ERRORS = {
    "directive": ("a\n\n```{glossary}\nx\n```", 12, "unknown directive {glossary}"),
    "nested directive": (
        "```{note}\n:class: a\n\ntext\n\n:::{sidebar}\nx\n:::\n```",
        15,
        "unknown directive {sidebar}",
    ),
    "directive in a list": ("- a\n\n  ```{tab-set}\n  ```", 12, "unknown directive {tab-set}"),
    "role": ("a\nb {glue}`x`", 11, "unknown role {glue}"),
    "role in a table": ("| a |\n|---|\n| {abbr}`x` |", 12, "unknown role {abbr}"),
    "role in a directive": ("```{tip}\na\n\n{abbr}`x`\n```", 13, "unknown role {abbr}"),
    "definition list": ("a\n\nterm\n: text", 12, "dl is not understood"),
    "footnote": ("a[^1]\n\n[^1]: text", 12, "footnote_reference is not understood"),
    "bare environment": ("\\begin{align}\na\n\\end{align}", 10, "amsmath is not understood"),
    "span": ("[a]{.x}", 10, "span_open is not understood"),
    "link definition": ("[a][b]\n\n[b]: https://e.org", 10, "link definition"),
    "unknown label": ("{ref}`nowhere`", 10, "'nowhere'"),
    "unknown equation": ("{eq}`eq-x`", 10, "no equation labelled 'eq-x'"),
    "unknown theorem": ("{prf:ref}`x`", 10, "no theorem, lemma or the like labelled 'x'"),
    "unknown page on Colab": ("{colab}`run it <x>`", 10, "no page 'book/x'"),
    "unknown page": ("{doc}`x`", 10, "no page 'x'"),
    "unknown link": ("a\n[b](x.md)", 11, "leads to no page"),
    "link to a file": ("[b](../references.bib)", 10, "full address"),
    "unknown citation": ("{cite:t}`x`", 10, "no entry 'x' in the bibliography"),
    "unknown question": ("{question}`2`", 10, "from 1 to 1, got '2'"),
    "unknown claim": ("{claim}`x`", 10, "no claim 'x'"),
    "undocumented function": ("{py:func}`dlgn_lib.nothing`", 10, "not documented on the API page"),
    "no picture": ("![alt](none.png)", 10, "no picture book/part/none.png"),
    "no alternative text": ("```{figure} pic.png\nCaption.\n```", 10, "no alternative text"),
    "blank line in a formula": ("$$\na\n\nb\n$$", 10, "blank line"),
    "label without blank line": ("text\n$$\na\n$$ (eq-a)", 11, "leave a blank line before the formula"),
    "fence that is none": ("text\n\n```{tip} `x`\nx\n```", 12, "needs a ::: fence"),
    "macro with an argument": (r"$\norm{x}$", 10, "takes arguments"),
    "theorem without label": ("```{prf:theorem}\nx\n```", 10, "needs a :label:"),
    "exercise without minutes": (
        "```{exercise} T\n:label: x\n:difficulty: easy\n:trains: y\nx\n```",
        10,
        "missing: minutes",
    ),
    "exercise that trains nothing": (
        "```{exercise} T\n:label: x\n:minutes: 1\n:difficulty: easy\nx\n```",
        10,
        "missing: trains",
    ),
    "exercise that trains too much": (
        "```{exercise} T\n:label: x\n:minutes: 1\n:difficulty: easy\n:trains: a $formula$\nx\n```",
        10,
        "60 characters of plain text",
    ),
    "exercise inside": (
        "````{note}\n```{exercise} T\n:label: x\n:minutes: 1\n:difficulty: easy\n:trains: y\nx\n```\n````",
        11,
        "inside another directive",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_error_names_page_and_line(translate, case):
    source, line, message = ERRORS[case]
    with pytest.raises(ExportError, match=re.escape(f"book/part/page.md:{line}: ")) as error:
        translate(source)
    assert message in str(error.value)


def test_sample_uses_every_directive_and_role(sample):
    """So that the comparisons of whole runs in test_export.py cover them all."""
    roles = References(sample, "book/intro", "main").roles
    assert {name for name in export_directives.RENDER if f"```{{{name}}}" not in PAGE} == set()
    assert {name for name in roles if f"{{{name}}}`" not in PAGE} == set()


@pytest.mark.parametrize(
    ("tex", "macros", "expected"),
    [
        (r"\R^2 \Rn", {"R": r"\mathbb{R}"}, r"\mathbb{R}^2 \Rn"),
        (r"\a x", {"a": r"\alpha"}, r"\alpha x"),
        (r"\o x", {"o": r"\i", "i": r"\iota"}, r"\iota x"),
        (r"\{\R\}\\", {"R": "R"}, r"\{R\}\\"),
        (r"\o\alpha", {"o": r"\omega"}, r"\omega\alpha"),
    ],
)
def test_macros(tex, macros, expected):
    assert export_math.expand_macros(tex, macros) == expected


def test_macro_that_calls_itself_is_an_error():
    with pytest.raises(ValueError, match="calls itself"):
        export_math.expand_macros(r"\a", {"a": r"\a"})


def test_examples_in_docstrings():
    result = doctest.testmod(export_math)
    assert result.attempted and not result.failed
