"""The settings of plain Sphinx, from what `_config.yml` says in the words of Jupyter Book 1.

    python -m dlgn_site.sphinx_config _build/sphinx/conf     # writes conf.py into that folder

Jupyter Book does the same when it builds the site (`jupyter-book config sphinx` shows it); this module does it without it,
for the keys in `KEYS`. Another key is an error, so nothing that is asked for is lost. What is about LaTeX is left out.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from pprint import pformat
from typing import Any

import yaml

#: what Jupyter Book brings with itself and plain Sphinx does without: two hold settings of LaTeX and of the third, and the
#: third numbers chapters through where the table of contents asks for numbers, which `dlgn_site.chapters` does here
DROPPED = ("jupyter_book", "sphinx_jupyterbook_latex", "sphinx_multitoc_numbering")
#: key of _config.yml -> setting of Sphinx; after a dot, an entry of a setting that is a dictionary
KEYS = {
    "title": "html_title",
    "author": "author",
    "copyright": "copyright",
    "logo": "html_logo",
    "exclude_patterns": "exclude_patterns",
    "only_build_toc_files": "external_toc_exclude_missing",
    "bibtex_bibfiles": "bibtex_bibfiles",
    "execute.execute_notebooks": "nb_execution_mode",
    "execute.cache": "nb_execution_cache_path",
    "execute.exclude_patterns": "nb_execution_excludepatterns",
    "execute.timeout": "nb_execution_timeout",
    "execute.run_in_temp": "nb_execution_in_temp",
    "execute.allow_errors": "nb_execution_allow_errors",
    "execute.raise_on_error": "nb_execution_raise_on_error",
    "execute.stderr_output": "nb_output_stderr",
    "parse.myst_enable_extensions": "myst_enable_extensions",
    "parse.myst_url_schemes": "myst_url_schemes",
    "html.baseurl": "html_baseurl",
    "html.favicon": "html_favicon",
    "html.comments": "comments_config",
    "html.announcement": "html_theme_options.announcement",
    "html.analytics": "html_theme_options.analytics",
    "html.extra_footer": "html_theme_options.extra_footer",
    "html.home_page_in_navbar": "html_theme_options.home_page_in_toc",
    "html.use_edit_page_button": "html_theme_options.use_edit_page_button",
    "html.use_issues_button": "html_theme_options.use_issues_button",
    "html.use_repository_button": "html_theme_options.use_repository_button",
    "repository.url": "html_theme_options.repository_url",
    "repository.branch": "html_theme_options.repository_branch",
    "repository.path_to_book": "html_theme_options.path_to_docs",
    "launch_buttons": "html_theme_options.launch_buttons",
}
#: what Jupyter Book says where _config.yml is silent
DEFAULTS = """
execute: {exclude_patterns: [], run_in_temp: false, allow_errors: false, stderr_output: show}
parse: {myst_url_schemes: [mailto, http, https]}
html:
  announcement: ""
  analytics: {plausible_analytics_domain: "", plausible_analytics_url: "https://plausible.io/js/script.js", google_analytics_id: ""}
  comments: {hypothesis: false, utterances: false}
  home_page_in_navbar: true
  use_edit_page_button: false
repository: {path_to_book: ""}
launch_buttons: {notebook_interface: classic, binderhub_url: "", jupyterhub_url: "", thebe: false, colab_url: "", deepnote_url: ""}
"""
ALWAYS_EXCLUDED = ("_build", "Thumbs.db", ".DS_Store", "**.ipynb_checkpoints")
ALWAYS = {
    "external_toc_path": "_toc.yml",
    "html_theme": "sphinx_book_theme",
    "html_sourcelink_suffix": "",
    "numfig": True,
    "pygments_style": "sphinx",
    "suppress_warnings": ["myst.domains"],
}
#: settings that hold files, which Sphinx looks for from the folder of conf.py
FILES = ("html_logo", "html_favicon", "html_static_path", "bibtex_bibfiles")


def _flat(settings: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every key that `KEYS` has, with its value, and every other one that is no section."""
    for key, value in settings.items():
        name = f"{above}{key}"
        if name in KEYS or not isinstance(value, dict):
            yield name, value
        else:
            yield from _flat(value, f"{name}.")


def settings(root: Path) -> dict[str, Any]:
    """Return setting -> value for the book at `root`; files are named from there.

    Raises ValueError for a key of _config.yml that is not in `KEYS`.
    """
    asked = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    own = asked.pop("sphinx", {})
    found: dict[str, Any] = {"html_theme_options": {"search_bar_text": "Search this book..."}}
    for name, value in [*_flat(yaml.safe_load(DEFAULTS)), *_flat(asked)]:
        if name not in KEYS:
            raise ValueError(f"_config.yml: {name} has no setting in plain Sphinx; known are {', '.join(KEYS)}")
        setting, _, entry = KEYS[name].partition(".")
        place, key = (found[setting], entry) if entry else (found, setting)
        place[key] = place[key] | value if isinstance(place.get(key), dict) else value
    found["exclude_patterns"] = sorted({*ALWAYS_EXCLUDED, *found.get("exclude_patterns", [])})
    if found.get("nb_execution_mode") is False:  # YAML reads `off` as a truth value
        found["nb_execution_mode"] = "off"
    found |= ALWAYS | own.get("config", {})
    found["extensions"] = [name for name in found["extensions"] if name not in DROPPED]
    return found


def _path(root: Path, folder: Path, file: str | list[str]) -> str | list[str]:
    if isinstance(file, list):
        return [str(_path(root, folder, one)) for one in file]
    return Path(os.path.relpath(root / file, folder)).as_posix()


def conf(root: Path, folder: Path) -> str:
    """Return the text of the conf.py of the book at `root` that is to stand in `folder`."""
    own = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8")).get("sphinx", {})
    found = settings(root)
    found |= {name: _path(root, folder, found[name]) for name in FILES if found.get(name)}
    lines = [
        "# Written from _config.yml by `python -m dlgn_site.sphinx_config`: edit that file, not this one.",
        "import sys",
        "from pathlib import Path",
        "",
        *(
            f"sys.path.append(str((Path(__file__).parent / {_path(root, folder, place)!r}).resolve()))"
            for place in sorted({*own.get("local_extensions", {}).values()})
        ),
        *(f"{name} = {pformat(value, width=120, sort_dicts=False)}" for name, value in sorted(found.items())),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the conf.py of plain Sphinx from _config.yml.")
    parser.add_argument("folder", type=Path, help="where conf.py is to stand")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the book (default: this folder)")
    options = parser.parse_args()
    folder, root = options.folder.resolve(), options.root.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "conf.py").write_text(conf(root, folder), encoding="utf-8", newline="\n")
