"""Print the oldest version of each dependency that pyproject.toml allows, for pip: `torch>=2.4` becomes `torch==2.4.*`."""

import re
import tomllib
from pathlib import Path


def pins(dependencies: list[str]) -> list[str]:
    """Return exact versions from floors.

    Raises:
        ValueError: if a dependency has no floor, or more than a floor.
    """
    found = []
    for text in dependencies:
        match = re.fullmatch(r"([\w.-]+)>=(\d+(?:\.\d+)*)", text.strip())
        if match is None:
            raise ValueError(f"a dependency must read like 'torch>=2.4', got {text!r}")
        # the first releases of a line often cannot be installed any more, its last one can
        version = match[2] if "." in match[2] else f"{match[2]}.0"
        found.append(f"{match[1]}=={version}.*")
    return found


if __name__ == "__main__":
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    print("\n".join(pins(project["dependencies"])))
