"""Which notebooks have run in Colab's versions as they are now: the record notebooks/checked.json.

Running them all takes minutes, so `make test` runs those that changed since they last ran, all of them if the library
did. `make colab` runs all and writes the record; the weekly workflow runs all.
"""

import hashlib
import json
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
RECORD = ROOT / "notebooks" / "checked.json"
PINS = ROOT / "tests" / "colab-constraints.txt"


def name_of(path: Path) -> str:
    """Return the name of a notebook in the record."""
    return path.relative_to(ROOT / "notebooks").as_posix()


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def library_key() -> str:
    """Return a hash of what every notebook stands on: the library with its data, and Colab's versions."""
    files = [file for file in (ROOT / "dlgn_lib").rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    files += [*(ROOT / "book").glob("*/results/*.csv"), PINS]
    claims = (ROOT / "book" / "claims.yml").read_bytes()
    bounds = re.sub(rb"(?m)^  (?:value|spread):.*\n", b"", claims)
    named = (file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes() for file in sorted(files))
    return _digest(bounds, *named)


def drawings(notebook: str) -> list[Path]:
    """Return the files with the drawings that a notebook imports."""
    named = re.findall(r"from dlgn_lib\.pages(?:\.(\w+))? import (\w+)", notebook)
    return [ROOT / "book" / part / "figures" / f"{page}.py" for part, page in named]


def code(path: Path) -> str:
    """Return the code cells of a notebook, which are all that runs."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\0".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def notebook_keys() -> dict[str, str]:
    """Return a hash of the code of every notebook, and of its drawings."""
    texts = {path: code(path) for path in NOTEBOOKS}
    return {
        name_of(path): _digest(text.encode(), *(file.read_bytes() for file in drawings(text)))
        for path, text in texts.items()
    }


def read() -> dict:
    """Return the record: the library's key, and that of each notebook that ran with it."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


def unchanged(record: dict | None = None) -> set[str]:
    """Return the notebooks that have run as they are, with the library as it is; none if `DLGN_ALL_NOTEBOOKS` is set."""
    record = read() if record is None else record
    if os.environ.get("DLGN_ALL_NOTEBOOKS") or record["library"] != library_key():
        return set()
    return {name for name, key in notebook_keys().items() if record["notebooks"].get(name) == key}


def to_run() -> list[Path]:
    """Return the notebooks that have changed, and always the first page: something must really run."""
    same = unchanged()
    return [path for path in NOTEBOOKS if name_of(path) not in same or name_of(path) == "intro.ipynb"]


if __name__ == "__main__":  # after all of them have run
    record = {"library": library_key(), "notebooks": notebook_keys()}
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"{len(NOTEBOOKS)} notebooks are recorded as run in Colab's versions")
