"""Two cold builds on one machine give the same site, ledger and notebooks, byte for byte."""

import json
import os
import subprocess
import sys

import pytest
from test_cache import FRONT, ROOT, build, copy_machinery

PAGES = {
    "intro": FRONT + "# First\n\nWords, and {claim}`loss`.\n\n```{code-cell}\nimport torch\n\n"
    "from dlgn_lib import DLGN, circle, claim, train, train_ensemble\n\nx, y = circle(40)\n\n\n"
    "def make_net(seed):\n    return DLGN(2, 16, 2, generator=torch.Generator().manual_seed(seed))\n\n\n"
    "runs = train_ensemble(make_net, 4, x, y, steps=60, lr=0.01)\n"
    'claim("loss", [run.losses[-1] for run in runs], seeds=4)\n```\n',
    "second": FRONT + "# Second\n\nWords, {claim}`kernel`.\n\n```{code-cell}\nimport torch\n\n"
    "from dlgn_lib import DLGN, claim, circle, explore, overlap_kernel\n"
    "from dlgn_lib.pages.experts import paths as figures\n\nx, y = circle(60)\n"
    "net = DLGN(2, 32, 3, generator=torch.Generator().manual_seed(0))\n"
    'claim("kernel", overlap_kernel(net, x, hard=True).sum())\n\n\n'
    "def draw(depth):\n    return figures.path_counts(widths=[2, 8], depths=range(1, depth), limit=1e4)\n\n\n"
    "explore(draw, depth=[3, 5])\n```\n\n```{caption} counts\nPaths by depth.\n```\n",
    "claims": "# Ledger\n\nAll claims of this book, with what was measured.\n\n```{claims-table}\n```\n",
}
CLAIMS = """\
loss: {statement: loss after sixty steps, source: this book, page: intro, needs: "> 0", value: 1, format: "{:.12g}"}
kernel: {statement: sum of the kernel, source: this book, page: second, needs: "> 0", value: 1, format: "{:.12g}"}
"""


def written(book):
    """Return what a reader gets: every page and every notebook, without what says when it was made."""
    export = [sys.executable, "-m", "dlgn_site.export_notebooks", "--root", str(book)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(book), str(ROOT / "book" / "_ext")])}
    done = subprocess.run(export, capture_output=True, text=True, cwd=book, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    files = [*(book / "_build/html/book").rglob("*.html"), *(book / "notebooks").rglob("*.ipynb")]
    return {file.relative_to(book).as_posix(): file.read_bytes() for file in files}


def make_book(folder):
    """Write the little book into a folder: the library and the extensions of this one, three pages, two claims."""
    book = folder / "book"
    copy_machinery(book)
    toc = "format: jb-book\nroot: book/intro\nchapters: [{file: book/second}, {file: book/claims}]\n"
    (book / "_toc.yml").write_text(toc)
    (book / "book" / "claims.yml").write_text(CLAIMS)
    for name, text in PAGES.items():
        (book / "book" / f"{name}.md").write_text(text)
    written(book)  # the notebooks first, since pages link to them
    return book


@pytest.fixture(scope="module")
def builds(tmp_path_factory):
    """The same little book, built twice with nothing kept from the first time."""
    found = []
    for _ in range(2):
        book = make_book(tmp_path_factory.mktemp("cold"))
        succeeded, printed = build(book)
        assert succeeded, printed
        found.append((written(book), json.loads((book / "_build/html/build.json").read_text(encoding="utf-8"))))
    return found


def test_two_cold_builds_give_the_same_bytes(builds):
    (first, _), (second, _) = builds
    assert (
        set(first) == set(second) >= {"_build/html/book/claims.html", "notebooks/intro.ipynb", "notebooks/second.ipynb"}
    )
    assert not [name for name in first if first[name] != second[name]]


def test_what_was_compared_was_measured(builds):
    pages, _ = builds[0]
    page = pages["_build/html/book/claims.html"].decode()
    ledger = page.partition("<table")[2]  # the description in the head of the page may hold the same words
    assert ledger.count("✓ holds") == 2 and "dlgn-picture" in pages["_build/html/book/second.html"].decode()


def test_both_builds_leave_the_same_record_but_for_seconds(builds):
    (_, first), (_, second) = builds
    assert set(first.pop("seconds")) == set(second.pop("seconds")) == {"intro", "second"}
    assert first == second
    claim = first["claims"]["loss"]
    assert claim["holds"] is True and claim["over"] == "4 seeds" and float(claim["shown"]) > 0
