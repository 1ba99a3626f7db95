"""Print the notes of a release from CHANGELOG.md, and refuse a tag that the project's files do not agree with.

python .ci/release_notes.py v0.1.0
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def notes(tag: str, root: Path = ROOT) -> str:
    """Return what CHANGELOG.md says of the version with this tag.

    Raises ValueError if pyproject.toml or CITATION.cff have another version, or the changelog has no such section.
    """
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    cited = re.search(r"(?m)^version: *(\S+)", (root / "CITATION.cff").read_text(encoding="utf-8"))[1]
    if tag != f"v{version}" or cited != version:
        raise ValueError(f"the tag {tag} needs that version in pyproject.toml ({version}) and CITATION.cff ({cited})")
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(rf"(?ms)^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## \[|^\[|\Z)", changes)
    if not section or not section[1].strip():
        raise ValueError(f"CHANGELOG.md says nothing under `## [{version}]`")
    return section[1].strip()


if __name__ == "__main__":
    try:
        print(notes(sys.argv[1]))
    except (IndexError, ValueError) as error:
        sys.exit(str(error) if isinstance(error, ValueError) else __doc__)
