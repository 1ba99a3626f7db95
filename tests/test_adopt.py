"""A fork gets its own address everywhere, and nothing of the old one stays."""

import subprocess

import pytest
from built_site import ROOT
from dlgn_site import adopt


@pytest.fixture
def fork(tmp_path):
    """A copy of what is tracked, as somebody who forks has it."""
    files = (
        subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    )
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def holding(root, text):
    """Return the files that hold a text, but for the tests."""
    files = (file for file in root.rglob("*") if file.is_file() and "tests" not in file.relative_to(root).parts)
    return sorted(file.relative_to(root).as_posix() for file in files if text.encode() in file.read_bytes())


def test_a_fork_has_its_own_address_everywhere_and_can_give_it_back(fork, capsys):
    before = {name: (fork / name).read_text(encoding="utf-8") for name in adopt.TEXTS}
    old = adopt.ROOT / "_config.yml"
    assert old.read_text(encoding="utf-8") == before["_config.yml"]
    owner = before["_config.yml"].split("https://github.com/")[1].split("/")[0]
    assert holding(fork, owner)
    assert adopt.main(["Some-One/a.fork", "--root", str(fork), "--author", "Some One"]) == 0
    said = capsys.readouterr().out
    assert "https://some-one.github.io/a.fork/" in said and "turn on Pages" in said
    assert holding(fork, owner) == []
    readme = (fork / "README.md").read_text(encoding="utf-8")
    assert "https://colab.research.google.com/github/Some-One/a.fork/blob/main/notebooks/intro.ipynb" in readme
    assert "https://some-one.github.io/a.fork/book/intro.html" in readme
    assert "name: Some One" in (fork / "CITATION.cff").read_text(encoding="utf-8")
    assert "git+https://github.com/Some-One/a.fork@main" in (fork / "notebooks/intro.ipynb").read_text(encoding="utf-8")
    repository = before["_config.yml"].split("https://github.com/")[1].split("\n")[0]
    author = before["_config.yml"].split("author: ")[1].split("\n")[0]
    assert set(adopt.adopt(fork, repository, author)) == set(adopt.TEXTS)
    assert {name: (fork / name).read_text(encoding="utf-8") for name in adopt.TEXTS} == before


@pytest.mark.parametrize("author", ["A: B", "A #1", '"A"', "- A", "A\nB", " "])
def test_an_author_that_would_break_the_files_is_refused(fork, author, capsys):
    before = (fork / "_config.yml").read_bytes()
    assert adopt.main(["some/book", "--author", author, "--root", str(fork)]) == 1
    assert "AUTHOR must be a name" in capsys.readouterr().err
    assert (fork / "_config.yml").read_bytes() == before


@pytest.mark.parametrize(
    "repo", ["book", "https://github.com/some/book", "some/book/more", "so--/book", "some/a book", ""]
)
def test_what_is_no_repository_is_refused_and_nothing_changes(fork, repo, capsys):
    before = (fork / "_config.yml").read_bytes()
    assert adopt.main([repo, "--root", str(fork)]) == 1
    assert "must read like owner/name" in capsys.readouterr().err
    assert (fork / "_config.yml").read_bytes() == before
