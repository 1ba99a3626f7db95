"""The settings with which plain Sphinx builds the book: what _config.yml asks for, without Jupyter Book."""

import os
import subprocess
import sys

import pytest
import yaml
from built_site import ROOT
from dlgn_site import sphinx_config

ASKED = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def theirs():
    """What Jupyter Book makes of _config.yml."""
    from jupyter_book.config import get_final_config

    found, _ = get_final_config(
        user_yaml=ROOT / "_config.yml", sourcedir=str(ROOT), cli_config={"latex_individualpages": False}
    )
    return found


def test_every_setting_is_that_of_jupyter_book_but_for_what_is_left_out(theirs):
    ours = sphinx_config.settings(ROOT)
    assert set(ours["extensions"]) == set(theirs["extensions"]) - set(sphinx_config.DROPPED)
    assert set(sphinx_config.DROPPED) <= set(theirs["extensions"])
    left_out = {"extensions", "latex_engine", "use_jupyterbook_latex", "use_multitoc_numbering"}
    kept = {name: value for name, value in theirs.items() if name not in left_out}
    assert {name for name in kept if name not in ours} == set()
    differing = {name for name, value in kept.items() if ours[name] != value and sorted_(ours[name]) != sorted_(value)}
    assert differing == set()


def sorted_(value):
    return sorted(map(str, value)) if isinstance(value, (list, tuple, set)) else value


def test_the_file_can_be_run_from_anywhere_and_names_files_from_its_own_folder(tmp_path):
    folder = tmp_path / "made" / "conf"
    path = os.pathsep.join([str(ROOT / "book" / "_ext")])
    command = [sys.executable, "-m", "dlgn_site.sphinx_config", str(folder), "--root", str(ROOT)]
    subprocess.run(command, check=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": path})
    made = {"__file__": str(folder / "conf.py")}
    before = list(sys.path)
    try:
        exec((folder / "conf.py").read_text(encoding="utf-8"), made)
        assert str(ROOT / "book" / "_ext") in sys.path
    finally:
        sys.path[:] = before
    for file in (made["html_logo"], made["html_favicon"], *made["bibtex_bibfiles"]):
        assert (folder / file).is_file()
    assert (
        made["html_title"] == ASKED["title"]
        and made["html_theme_options"]["repository_url"] == ASKED["repository"]["url"]
    )


def test_a_key_without_a_setting_is_named(tmp_path):
    (tmp_path / "_config.yml").write_text("title: T\nlatex: {engine: xelatex}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"latex\.engine has no setting in plain Sphinx"):
        sphinx_config.settings(tmp_path)
