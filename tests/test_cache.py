"""The execution cache on a tiny book with the project's own settings: what runs again, and what makes a build fail."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FRONT = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

"""
PAGES = {
    "intro": FRONT + "# First\n\nOld words, and {claim}`answer`.\n\n```{code-cell}\nimport dlgn_lib\n\n"
    'print("the answer is", dlgn_lib.answer)\ndlgn_lib.claim("answer", dlgn_lib.answer)\n```\n',
    "second": FRONT + '# Second\n\nWords.\n\n```{code-cell}\nprint("undisturbed")\n```\n',
}
CLAIM = "answer:\n  {statement: the answer, source: this book, page: intro, needs: '< 42.5', value: 41}\n"


def build(book):
    """Build a book as `make book` does, from clean but for the cache; return (succeeded, what it printed)."""
    shutil.rmtree(book / "_build", ignore_errors=True)
    jupyter_book = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    command = [*jupyter_book, "build", ".", "-n", "-W", "--keep-going"]
    environment = os.environ | {"PYTHONPATH": str(book), "DLGN_BUILD": "1"}  # its copy of the library, not ours
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=book, env=environment)
    return done.returncode == 0, re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr)


def copy_machinery(book):
    """Copy the library, the extensions and the settings into a folder, without pages, tables, claims and their addresses."""
    no_pages = shutil.ignore_patterns(
        "*.md", "mathjax", "__pycache__", "results", "claims.yml", "anchors", "redirects.yml"
    )
    for name in ("book", "dlgn_lib"):
        shutil.copytree(ROOT / name, book / name, ignore=no_pages)
    for name in ("_config.yml", "constraints.txt"):
        shutil.copy(ROOT / name, book)


def executed(printed):
    return sorted(re.findall(r"(\w+)\.md: Executing notebook", printed))


def edit(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def page(book, name):
    return (book / "_build" / "html" / "book" / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    book = tmp_path_factory.mktemp("cache") / "book"
    copy_machinery(book)
    (book / "_toc.yml").write_text("format: jb-book\nroot: book/intro\nchapters: [{file: book/second}]\n")
    (book / "book" / "claims.yml").write_text(CLAIM)
    with (book / "dlgn_lib" / "__init__.py").open("a") as library:
        library.write("\nanswer = 41\n")
    (book / "notebooks").mkdir()
    for name, text in PAGES.items():
        (book / "book" / f"{name}.md").write_text(text)
        (book / "notebooks" / f"{name}.ipynb").write_text("{}")
    succeeded, printed = build(book)
    assert succeeded, printed
    assert executed(printed) == ["intro", "second"]
    assert "the answer is 41" in page(book, "intro")
    return book


@pytest.fixture
def book(built, tmp_path):
    """A copy of the built book, cache and all."""
    return shutil.copytree(built, tmp_path / "book")


def test_change_of_the_library_runs_the_pages_again(book):
    edit(book / "dlgn_lib" / "__init__.py", "answer = 41", "answer = 42")
    succeeded, printed = build(book)
    assert succeeded, printed
    assert executed(printed) == ["intro", "second"]
    assert "the answer is 42" in page(book, "intro") and "the answer is 41" not in page(book, "intro")


def test_change_of_prose_runs_nothing_again(book):
    edit(book / "book" / "intro.md", "Old words", "New words")
    succeeded, printed = build(book)
    assert succeeded, printed
    assert executed(printed) == []
    assert "New words" in page(book, "intro") and "the answer is 41" in page(book, "intro")


def test_change_of_a_cell_runs_its_page_again(book):
    edit(book / "book" / "second.md", "undisturbed", "disturbed")
    succeeded, printed = build(book)
    assert succeeded, printed
    assert executed(printed) == ["second"]


def test_broken_cell_fails_the_build_with_its_traceback(book):
    edit(book / "book" / "second.md", 'print("undisturbed")', "dlgn_lib = 1 / 0  # broken")
    succeeded, printed = build(book)
    assert not succeeded
    assert (
        "second.md" in printed
        and "dlgn_lib = 1 / 0  # broken" in printed
        and "ZeroDivisionError: division by zero" in printed
    )
    assert not build(book)[0]  # a failure is not remembered as a success


def test_false_claim_fails_the_build_with_claim_value_and_bound(book):
    edit(
        book / "book" / "claims.yml", "< 42.5", "< 40.5"
    )  # the cell is the same; its verdict must not come from the cache
    succeeded, printed = build(book)
    assert not succeeded
    (message,) = set(re.findall(r"ClaimError: (.*)", printed))
    assert "'answer'" in message and "measured 41" in message and "needs < 40.5" in message and "off by 0.5" in message


def test_a_key_follows_what_its_page_needs_and_nothing_else(tmp_path):
    from dlgn_site.cachekey import page_key, values_key

    for folder in ("book/part/figures", "book/part/results", "dlgn_lib"):
        (tmp_path / folder).mkdir(parents=True)
    page = "from dlgn_lib.pages.part import one as figures\n"
    files = {
        "book/part/plain.md": "words",
        "book/part/drawn.md": page,
        "book/part/tabled.md": page + 'committed_results("table")\n',
        "book/part/figures/one.py": "from dlgn_lib.pages.part import other\n",
        "book/part/figures/other.py": "looks = 1\n",
        "book/part/results/table.csv": "seed,1\n",
        "book/claims.yml": "".join(
            f'{name}:\n  page: part/{name}\n  needs: "> 1"\n  value: 2\n  format: "x"\n' for name in ("plain", "drawn")
        ),
        "dlgn_lib/one.py": "answer = 41\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    def changed(name, old, new):
        before = {page: page_key(tmp_path, f"part/{page}") for page in ("plain", "drawn", "tabled")}
        edit(tmp_path / name, old, new)
        return {page for page, key in before.items() if page_key(tmp_path, f"part/{page}") != key}

    assert changed("book/claims.yml", "value: 2", "value: 3") == set()
    assert changed(
        "book/claims.yml", '> 1"\n  value: 3\n  format: "x"\ndrawn', '> 2"\n  value: 3\n  format: "x"\ndrawn'
    ) == {"plain"}
    value = values_key(tmp_path, "part/plain")
    assert changed("book/claims.yml", '> 2"', '> 3"') == {"plain"} and values_key(tmp_path, "part/plain") == value
    assert changed("book/part/figures/other.py", "1", "2") == {"drawn", "tabled"}
    assert changed("book/part/results/table.csv", "1", "2") == {"tabled"}
    assert changed("dlgn_lib/one.py", "41", "42") == {"plain", "drawn", "tabled"}
