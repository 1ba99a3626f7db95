"""The exporter as a whole: every run gives the same bytes, editions differ in their solutions only, bad pages fail."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from dlgn_site.export_notebooks import EDITIONS, export, main
from sample_book import FRONT, PAGE, ROOT, sample_claims, write_sample

EXERCISE = "```{exercise} Twice\n:label: ex-twice\n:minutes: 5\n:difficulty: easy\n:trains: doubling\nWrite it.\n```"


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    with sample_claims():
        yield write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def editions(sample):
    return {edition: export(sample, edition) for edition in EDITIONS}


def cells_of(text):
    return nbformat.reads(text, as_version=4).cells


def test_two_runs_give_the_same_bytes(sample, editions, tmp_path, capsys):
    out = tmp_path / "notebooks"
    arguments = ["--root", str(sample), "--out", str(out)]
    assert main(arguments) == 0
    first = {file: file.read_bytes() for file in out.rglob("*.ipynb")}
    assert {file.relative_to(out).as_posix(): text.decode() for file, text in first.items()} == editions["colab"]
    assert main([*arguments, "--check"]) == 0
    assert main(arguments) == 0 and "0 written" in capsys.readouterr().out
    assert all(text.endswith(b"}\n") for text in first.values())


def test_check_names_what_differs_and_export_repairs_it(sample, tmp_path, capsys):
    out = tmp_path / "notebooks"
    arguments = ["--root", str(sample), "--out", str(out)]
    main(arguments)
    (out / "intro.ipynb").write_text("{}")
    gone, other = out / "part" / "gone.ipynb", out / "mine.ipynb"
    gone.write_text((out / "part" / "page.ipynb").read_text())
    other.write_text(json.dumps({"metadata": {}}))
    capsys.readouterr()
    assert main([*arguments, "--check"]) == 1
    complaint = capsys.readouterr().err
    assert "intro.ipynb" in complaint and "gone.ipynb" in complaint
    assert "page.ipynb" not in complaint and "mine.ipynb" not in complaint
    assert (out / "intro.ipynb").read_text() == "{}" and gone.exists()
    assert main(arguments) == 0
    assert not gone.exists() and other.exists()
    assert main([*arguments, "--check"]) == 0


BAD_PAGES = {
    "unknown directive": (FRONT + "# T\n\ntext\n\n```{glossary}\n```\n", 10, "unknown directive {glossary}"),
    "unknown role": (FRONT + "# T\n\n```{code-cell}\nx = 1\n```\n\n{glue}`x`\n", 12, "unknown role {glue}"),
    "no title": (FRONT + "text\n", 6, "starts with its title"),
    "unknown tag": (
        FRONT + "# T\n\n```{code-cell}\n:tags: [remove-cell]\nx = 1\n```\n",
        8,
        "unknown tag ['remove-cell']",
    ),
    "solution alone": (
        FRONT + "# T\n\n```{code-cell}\n:tags: [solution]\nx = 1\n```\n",
        8,
        "the text of an exercise before it",
    ),
    "exercise without check": (
        FRONT + "# T\n\n" + EXERCISE + "\n\n```{code-cell}\n:tags: [solution]\nx = 1\n```\n\ntext\n",
        21,
        "expected a cell tagged `check`, got a markdown cell",
    ),
}


@pytest.mark.parametrize("case", BAD_PAGES)
def test_bad_page_fails_the_command(tmp_path, capsys, case):
    page, line, message = BAD_PAGES[case]
    assert main(["--root", str(write_sample(tmp_path, page))]) == 1
    complaint = capsys.readouterr().err
    assert f"book/part/page.md:{line}: " in complaint and message in complaint
    assert not (tmp_path / "notebooks").exists()


def test_notebooks_are_valid_and_start_alike(editions):
    setups = set()
    for edition, texts in editions.items():
        others = {"README.md", "manifest.json"} if edition != "colab" else set()
        others |= {"grade.py", "part/page.zip"} if edition == "autograder" else set()
        assert set(texts) - others == {"intro.ipynb", "part/page.ipynb"}
        for name, text in ((name, text) for name, text in texts.items() if name.endswith(".ipynb")):
            notebook = nbformat.reads(text, as_version=4)
            nbformat.validate(notebook)
            title, setup = notebook.cells[:2]
            page = "book/" + name.removesuffix(".ipynb")
            assert (
                title.source.startswith("# ") and f"(https://example-org.github.io/sample/{page}.html)" in title.source
            )
            colab = f"https://colab.research.google.com/github/example-org/sample/blob/main/notebooks/{name}"
            assert (colab in title.source) == (edition == "colab")
            assert "--no-deps" in setup.source and "git+https://github.com/example-org/sample@main" in setup.source
            setups.add(setup.source)
            assert notebook.metadata.kernelspec.name == "python3" and "colab" in notebook.metadata
            assert all(not c.outputs and c.execution_count is None for c in notebook.cells if c.cell_type == "code")
            assert "not exported" not in text
    assert len(setups) == 1


def test_release_exports_with_its_tag(sample):
    text = export(sample, ref="v1.0")["part/page.ipynb"]
    assert "sample@v1.0" in text and "/blob/v1.0/notebooks/" in text and "sample/v1.0/book/part/pic.png" in text


def test_an_edit_changes_no_other_cell_id(sample, editions, tmp_path):
    edited = write_sample(tmp_path, PAGE.replace("After the exercise.", "After the exercise.\n\n+++\n\nOne more."))
    before, after = (cells_of(t["part/page.ipynb"]) for t in (editions["colab"], export(edited)))
    assert len(after) == len(before) + 1
    assert {(c.id, c.source) for c in before} < {(c.id, c.source) for c in after}


def test_exercise_in_each_edition(editions):
    shapes, texts = {}, {}
    for edition in EDITIONS:
        cells = [
            c
            for c in cells_of(editions[edition]["part/page.ipynb"])
            if set(c.metadata.get("tags", [])) - {"setup", "hide-input"}
        ]
        shapes[edition] = [(c.cell_type, *c.metadata.tags) for c in cells]
        texts[edition] = [c.source for c in cells]
    assert shapes["student"] == [("code", "exercise"), ("code", "check")]
    assert shapes["colab"] == [*shapes["student"], ("markdown", "solution")]
    assert shapes["teacher"] == [("code", "solution"), ("code", "check"), ("markdown", "expected")]
    assert shapes["otter"] == [("code", "otter-setup"), ("code", "otter_ignore"), *shapes["student"]]
    assert shapes["autograder"] == [*shapes["otter"][:2], ("code", "solution"), ("code", "check")]
    assert texts["otter"][2] == texts["student"][0] and texts["autograder"][2] == texts["teacher"][0]
    assert texts["colab"][0] == 'import math\n\n\ndef twice(x):\n    "Twice x."\n    ...  # your code here'
    assert texts["colab"][2].startswith("<details><summary>Solution</summary>\n\n```python\n")
    assert "return 2 * x  # secret" in texts["colab"][2] and "return 2 * x  # secret" in texts["teacher"][0]
    assert all("secret" not in editions[edition]["part/page.ipynb"] for edition in ("student", "otter"))


def test_hidden_input_is_a_form(editions):
    forms = {
        c.source: c for c in cells_of(editions["colab"]["part/page.ipynb"]) if c.metadata.get("cellView") == "form"
    }
    assert forms['#@title The picture\nprint("drawn")'].metadata.jupyter.source_hidden


def test_a_self_check_is_a_form_whose_hints_are_not_in_sight(editions):
    for edition in editions.values():
        for cell in cells_of(edition["part/page.ipynb"]):
            if "check" in cell.metadata.get("tags", []):
                assert (
                    cell.source.startswith(("#@title Self-check", "#@title Check:"))
                    and cell.metadata.jupyter.source_hidden
                )


def test_buttons_lead_to_the_same_notebook(tmp_path):
    root = write_sample(tmp_path)
    build = [str(Path(sys.executable).parent / "jupyter-book"), "build", str(root)]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    missing = subprocess.run(build, capture_output=True, text=True, env=environment, check=True).stderr
    assert "notebooks/part/page.ipynb is missing: run `make notebooks`" in missing

    main(["--root", str(root)])
    done = subprocess.run([*build, "--all"], capture_output=True, text=True, env=environment, check=True).stderr
    assert "is missing" not in done
    site = root / "_build" / "html"
    page = (site / "book" / "part" / "page.html").read_text(encoding="utf-8")
    links = set(re.findall(r'href="([^"]*\.ipynb)"', page))
    colab = "https://colab.research.google.com/github/example-org/sample/blob/main/notebooks/part/page.ipynb"
    written = colab.replace("part/page", "intro")  # by the role `colab` in the text
    assert links == {colab, written, "../../notebooks/part/page.ipynb"}
    for name in ("intro.ipynb", "part/page.ipynb"):
        assert (site / "notebooks" / name).read_bytes() == (root / "notebooks" / name).read_bytes()
    assert sorted(site.rglob("*.ipynb")) == [site / "notebooks" / name for name in ("intro.ipynb", "part/page.ipynb")]
    assert ".ipynb" not in (site / "book" / "references.html").read_text(encoding="utf-8")


# The book itself


def test_committed_notebooks_are_what_the_pages_give(capsys):
    assert (ROOT / "notebooks" / "intro.ipynb").is_file(), "there is no notebooks/intro.ipynb: run `make notebooks`"
    assert main(["--check"]) == 0, capsys.readouterr().err
