"""The files of an edition: all of them in one zip, and on the disk, where only what differs is written."""

import io
import json
import sys
import zipfile
from pathlib import Path

from dlgn_lib.store import in_one_move

Contents = dict[str, str | bytes]


def as_bytes(content: str | bytes) -> bytes:
    """Return what stands in a file: a text as UTF-8, anything else as it is."""
    return content.encode() if isinstance(content, str) else content


def packed(files: Contents, folder: str = "") -> bytes:
    """Return the files as a zip that holds them in a folder: the same bytes for the same files, on every machine."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:  # what deflate gives depends on its version
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}" if folder else name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, as_bytes(content))
    return stream.getvalue()


class Target:
    """A folder that is to hold the files of an edition, and a zip beside it if it is one of a course."""

    def __init__(self, out: Path, edition: str, contents: Contents):
        """Compare the folder `out` with the files that the edition should have there (path below it -> content)."""
        self.out = out
        self.files = {out / name: as_bytes(content) for name, content in contents.items()}
        if edition != "colab":
            self.files[out.with_name(f"{out.name}.zip")] = packed(contents, edition)
        self.changed = [
            file for file, content in self.files.items() if not file.is_file() or file.read_bytes() != content
        ]
        self.gone = self._stale()

    def _stale(self) -> list[Path]:
        """Return what an earlier export wrote and this one does not: its notebooks and zips; others are left alone."""
        found = []
        for file in sorted(file for kind in ("*.ipynb", "*.zip") for file in self.out.rglob(kind)):
            if file not in self.files and (self._listed(file) or self._generated(file)):
                found.append(file)
        return found

    def _listed(self, file: Path) -> bool:
        manifest = self.out / "manifest.json"
        known = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
        return file.relative_to(self.out).as_posix() in known.get("sha256", {})

    @staticmethod
    def _generated(file: Path) -> bool:
        return file.suffix == ".ipynb" and "generated_from" in json.loads(file.read_text(encoding="utf-8")).get(
            "metadata", {}
        )

    def write(self) -> None:
        """Write what differs and remove what is stale; raises OSError if the disk refuses."""
        for path in self.changed:
            path.parent.mkdir(parents=True, exist_ok=True)
            with in_one_move(path) as file:
                file.write_bytes(self.files[path])
        for path in self.gone:
            path.unlink()

    def __str__(self) -> str:
        """Return the line that tells what was done."""
        return f"{self.out}: {len(self.files)} files, {len(self.changed)} written, {len(self.gone)} removed"


def compare(targets: list[Target]) -> int:
    """Name every file that is not what the pages give; return 1 if there is one."""
    differ = [file for target in targets for file in target.changed + target.gone]
    for file in differ:
        print(f"{file} is not what the pages give: run `make notebooks`", file=sys.stderr)
    return 1 if differ else 0
