"""Put together what a release carries: site, PDF, EPUB, slides, editions of the course, checksums.

    python -m dlgn_site.release --label v0.1.0     # into _build/release, from what the other commands have made in _build

Zips are the same for the same content.
"""

import argparse
import hashlib
import shutil
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[3]


def zip_folder(folder: Path, to: Path, inside: str) -> None:
    """Write all files of a folder to a zip, in the order of their names and without their times."""
    with zipfile.ZipFile(to, "w") as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
            entry = zipfile.ZipInfo(f"{inside}/{file.relative_to(folder).as_posix()}", (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


def checksums(folder: Path) -> str:
    """Return what `sha256sum -c` reads, for all files of a folder but the notes, which the release shows itself."""
    files = sorted(file for file in folder.iterdir() if file.name not in ("SHA256SUMS", "notes.md"))
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)


def collect(build: Path, out: Path, label: str, course: Path) -> None:
    """Fill the folder `out` from the folder `build`, with the editions in `course`; names end in the label.

    Raises FileNotFoundError if something has not been made.
    """
    zip_folder(build / "html", out / f"site-{label}.zip", f"site-{label}")
    zip_folder(build / "pdf" / "chapters", out / f"chapters-pdf-{label}.zip", f"chapters-pdf-{label}")
    if not (build / "slides" / "index.html").is_file():
        raise FileNotFoundError(f"there is no {build / 'slides' / 'index.html'}: run `make slides`")
    zip_folder(build / "slides", out / f"slides-{label}.zip", f"slides-{label}")
    shutil.copyfile(build / "pdf" / "book.pdf", out / f"book-{label}.pdf")
    shutil.copyfile(build / "epub" / "book.epub", out / f"book-{label}.epub")
    for edition in ("student", "teacher", "otter", "autograder"):
        shutil.copyfile(course / f"{edition}.zip", out / f"course-{edition}-{label}.zip")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--label", required=True, help="what the names of the files end in, for example v0.1.0")
    parser.add_argument("--course", type=Path, default=ROOT / "_build" / "course", help="folder of the editions")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "release")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        collect(ROOT / "_build", options.out, options.label, options.course)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    (options.out / "SHA256SUMS").write_text(checksums(options.out), encoding="utf-8")
    for file in sorted(options.out.iterdir()):
        print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
