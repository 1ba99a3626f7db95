"""Make the book one's own: `make adopt REPO=owner/name` writes a repository's address everywhere it stands.

The address stands once in `_config.yml`; README, CITATION and the other texts at the top repeat it, and the notebooks are
made from it. Whoever adopts the book is left with what only a person can do; the command says what that is.
"""

import argparse
import re
import sys
from pathlib import Path

import yaml

from dlgn_site import export_notebooks

ROOT = Path(__file__).resolve().parents[3]
#: tracked files that hold the address; notebooks are made anew, and tests have addresses of their own
TEXTS = [
    *("_config.yml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "pyproject.toml"),
    *("CITATION.cff", "codemeta.json", ".zenodo.json", "paper/paper.md", "paper/checklist.md"),
]
LEFT = """\
The book is now that of {repo}. What is left for a person:
- push it to {url}, and turn on Pages there (Settings, Pages, source: GitHub Actions); the site will be {site}
- look at the first run of the workflow; it calls `make book` and `make test`
- for something to cite: a release (a tag like v0.1.0), and, if you like, a DOI from Zenodo into CITATION.cff
- for the package index: a name of your own in pyproject.toml, and a trusted publisher there (CONTRIBUTING.md says which)
- the licences ask you to keep LICENSE, LICENSE-TEXT and the names in them\
"""


def pages_address(repo: str) -> str:
    """Return where GitHub Pages shows a repository.

    >>> pages_address("Some/book"), pages_address("some/some.github.io")
    ('https://some.github.io/book/', 'https://some.github.io/')
    """
    owner, name = repo.split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def adopt(root: Path, repo: str, author: str | None = None) -> list[str]:
    """Write the address of `repo` (owner/name), and the `author` if given, into the texts; return which have changed.

    Raises:
        ValueError: if `repo` does not read like owner/name, if `author` cannot stand in YAML as it is, or if the address
            in `_config.yml` is none on GitHub.
    """
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?/[\w.-]+", repo):
        raise ValueError(f"REPO must read like owner/name, as in the address of the repository on GitHub, got {repo!r}")
    if author and not re.fullmatch(r"[^\W\d_](?:[\w .,'-]*[\w.])?", author):
        raise ValueError(f"AUTHOR must be a name of letters, spaces and . , ' -, got {author!r}")
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    before, site = (address.rstrip("/") for address in (config["repository"]["url"], config["html"]["baseurl"]))
    if not before.startswith("https://github.com/"):
        raise ValueError(f"repository.url of _config.yml must be an address on GitHub, got {before}")
    old = before.removeprefix("https://github.com/")
    changes = {site: pages_address(repo).rstrip("/"), old: repo}
    if author:
        changes[config["author"]] = author
    pattern = re.compile("|".join(rf"{re.escape(text)}(?![\w-])" for text in sorted(changes, key=len, reverse=True)))
    changed = []
    for name in TEXTS:
        file = root / name
        text = file.read_text(encoding="utf-8")
        new = pattern.sub(lambda found: changes[found[0]], text)
        if new != text:
            file.write_text(new, encoding="utf-8")
            changed.append(name)
    return changed


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("repo", help="owner/name on GitHub")
    parser.add_argument("--author", help="who signs the book, in _config.yml and CITATION.cff")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder with _config.yml")
    options = parser.parse_args(arguments)
    try:
        changed = adopt(options.root, options.repo, options.author)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"changed: {', '.join(changed) or 'nothing'}")
    if failed := export_notebooks.main(["--root", str(options.root)]):
        return failed
    print(LEFT.format(repo=options.repo, url=f"https://github.com/{options.repo}", site=pages_address(options.repo)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
