"""The recipe of CONTRIBUTING.md, followed to the letter on a copy of the project."""

import os
import re
import shutil
import subprocess
import sys

from test_cache import FRONT, ROOT, build, copy_machinery

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_page_of_the_recipe_becomes_a_chapter(tmp_path):
    (chapter,) = re.findall(r"^````markdown\n(.*?)^````$", TEXT, re.M | re.S)
    (claim,) = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.M | re.S)
    name = re.search(r"`book/([\w/-]+)\.md`", TEXT)[1]

    book = tmp_path / "book"
    copy_machinery(book)
    (book / "book" / "intro.md").write_text(FRONT + "# First\n\nWords.\n\n```{code-cell}\nprint(1)\n```\n")
    (book / "_toc.yml").write_text(f"format: jb-book\nroot: book/intro\nchapters: [{{file: book/{name}}}]\n")
    (book / "book" / "claims.yml").write_text(claim)
    (book / "book" / f"{name}.md").parent.mkdir(exist_ok=True)
    (book / "book" / f"{name}.md").write_text(chapter)

    # the library finds its register of claims beside itself
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(book), str(ROOT / "book" / "_ext")])}
    export = [sys.executable, "-m", "dlgn_site.export_notebooks", "--root", str(book)]
    done = subprocess.run(export, capture_output=True, text=True, cwd=book, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    notebook = (book / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
    assert "### Exercise: Rows of unequal width" in notebook and "32,768" in notebook

    succeeded, printed = build(book)
    assert succeeded, printed
    site = (book / "_build" / "html" / "book" / f"{name}.html").read_text(encoding="utf-8")
    assert "✓ Right." in site and "dlgn-claim holds" in site and "32,768" in site


def test_the_layer_of_the_recipe_is_taken(tmp_path):
    section = TEXT.split("## A layer kind")[1].split("\n## ")[0]
    kind, joined, look = re.findall(r"^```python\n(.*?)^```$", section, re.M | re.S)
    library = tmp_path / "dlgn_lib"
    shutil.copytree(ROOT / "dlgn_lib", library, ignore=shutil.ignore_patterns("__pycache__", "fashion_mnist"))
    for name, branch, above in [
        ("models/steps.py", kind, "    if isinstance(layer, nn.Flatten):\n"),
        ("routes.py", joined, "    return _Value(count, channels)  # a normalisation"),
    ]:
        source = (library / name).read_text(encoding="utf-8")
        assert source.count(above) == 1
        (library / name).write_text(source.replace(above, branch + above), encoding="utf-8")
    script = tmp_path / "scripts" / "look.py"
    script.parent.mkdir()
    script.write_text(look)
    for folder, works in ((tmp_path, True), (ROOT, False)):
        environment = os.environ | {"PYTHONPATH": str(folder)}
        done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment)
        assert (done.returncode == 0) == works, done.stderr
        assert float(done.stdout) < 1e-12 if works else "ZeroPad2d, which cannot be taken" in done.stderr


def test_the_recipe_names_files_that_exist():
    made = {"conf.py"}  # by `make book-sphinx`
    named = set(re.findall(r"`([\w./-]+\.(?:py|yml|md|toml|cff))`", TEXT))
    paths = {path for path in named - made if "doors" not in path}
    assert len(paths) > 5
    assert not [path for path in paths if not (ROOT / path).is_file()]
