"""A book of two notebook pages that uses every directive and role the exporter knows, for its tests."""

from contextlib import contextmanager
from pathlib import Path

import pytest
from sphinx_proof.proof_type import PROOF_TYPES

from dlgn_lib.book import register
from dlgn_lib.book.register import Claim

ROOT = Path(__file__).resolve().parents[1]
SITE = "https://example-org.github.io/sample/book"
FRONT = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

"""
CONFIG = rf"""
title: Sample
author: nobody
only_build_toc_files: true
exclude_patterns: [".*", notebooks, _build]
bibtex_bibfiles: [book/references.bib]
execute: {{execute_notebooks: "off"}}
repository: {{url: "https://github.com/example-org/sample", branch: main}}
launch_buttons: {{colab_url: "https://colab.research.google.com"}}
html: {{baseurl: "https://example-org.github.io/sample/", use_repository_button: true}}
parse:
  myst_enable_extensions: [amsmath, attrs_inline, colon_fence, deflist, dollarmath, tasklist]
sphinx:
  local_extensions: {{dlgn_site.claims: "{ROOT}/book/_ext"}}
  config:
    extensions: [myst_nb, jupyter_book, sphinx_external_toc, sphinx_togglebutton, sphinx_design, sphinx_book_theme,
      sphinx_comments, sphinxcontrib.bibtex, sphinx_proof, dlgn_site.claims,
      dlgn_site.figures, dlgn_site.playground, dlgn_site.exercises, dlgn_site.colab_button]
    myst_dmath_double_inline: true
    myst_heading_anchors: 2
    bibtex_reference_style: author_year
    mathjax3_config: {{tex: {{macros: {{R: '\mathbb{{R}}', norm: ['\lVert #1 \rVert', 1]}}}}}}
"""
BIB = r"""
@article{two, author={Singh, Amit and van der Berg, J{\"u}rgen}, title={T}, journal={J}, year={2020}, doi={10.1016/0893-6080(89)90014-2}}
@article{three, author={Yadav, Lorik and Ramaswamy, Harish and L, Chandra}, title={T}, journal={J}, year={2024}, eprint={2404.04312}}
@article{none, author={Nobody, A.}, title={T}, journal={J}, year={1999}}
"""
INTRO = FRONT + "(start)=\n# Introduction\n\nText.\n\n## A heading\n\n```{code-cell}\nx = 1\n```\n"
PAGE = FRONT + (
    r"""(page)=
# The page

% a comment
Of {ref}`start` and {eq}`eq-a`; {prf:ref}`thm`; {doc}`../intro`; {colab}`run it <intro>`; {cite:t}`two`; {cite:p}`none`; {claim}`demo`;
{question}`1`; {py:func}`dlgn_lib.paths.demo`, {py:class}`torch.Tensor`, {py:mod}`torch`, {py:meth}`torch.Tensor.sum`.

$$
f(x) \in \R
$$ (eq-a)

```{math}
:label: eq-b
a \\ b
```

```{exercise} Twice
:label: ex-twice
:minutes: 5
:difficulty: easy
:trains: doubling
Write `twice`.
```

```{code-cell}
:tags: [solution]
import math

def twice(x):
    "Twice x."
    return 2 * x  # secret
```

```{code-cell}
:tags: [check]
from dlgn_lib.book import check

check(twice, [((1,), 2)])
```

After the exercise.

```{code-cell}
:tags: [hide-input]
# The picture
print("drawn")
```

```{code-cell}
:tags: [hide-input]
# Figure: a demo
show(*figures.demo())
```

```{caption} demo
A *demo*, of {claim}`demo` nets.
```

```{live} model=ReLU&width=8
:views: angle loss
:controls: model seeds
:title: Train it here
```

```{race}
:title: Race it here
```

See {ref}`fig-page-demo`.

```{code-cell}
:tags: [skip-export]
print("not exported")
```

"""
    + "".join(
        f"```{{{name}}}\nText.\n```\n\n"
        for name in ["note", "tip", "important", "warning", "hint", "seealso", "margin", "prf:proof"]
    )
    + "```{admonition} Title\nText.\n```\n\n```{dropdown} Title\nText.\n```\n\n"
    + "```{figure} pic.png\n:name: fig\n:alt: A picture\nCaption.\n```\n\n"
    + "".join(
        f"```{{prf:{kind}}} Name\n:label: {kind.replace('theorem', 'thm')}\nText.\n```\n\n" for kind in PROOF_TYPES
    )
)


def write_sample(root, page=PAGE):
    (root / "book" / "part").mkdir(parents=True)
    (root / "live").mkdir()
    files = {
        "_config.yml": CONFIG,
        "_toc.yml": "format: jb-book\nroot: book/intro\nchapters: [{file: book/part/page}, {file: book/references}, {file: book/api}]\n",
        "book/references.bib": BIB,
        "book/references.md": "# References\n\n```{bibliography}\n```\n",
        "book/api.md": "# API\n\n```{py:function} dlgn_lib.paths.demo(x)\n```\n",
        "book/intro.md": INTRO,
        "book/part/page.md": page,
        "book/part/pic.png": "",
        "live/experiments.json": '[{"question": "And wider?", "address": "width=8", "answer": "Yes."}]',
    }
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")
    return root


@contextmanager
def sample_claims():
    """A register with one more claim, so that the sample needs no claim of the book."""
    book = register.registry()
    demo = Claim("demo", "the demo gives", "this book", "part/page", "< 1", 4.1e-15, format="{:.1e}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(register, "registry", lambda: book | {"demo": demo})
        yield
