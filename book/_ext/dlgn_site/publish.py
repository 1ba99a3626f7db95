"""Put the built site and the sites of releases into one folder, as the host shows them.

    python -m dlgn_site.publish OUT --releases FOLDER --languages de      # make publish OUT=... RELEASES=... INTO=de

The site that was just built lies at the root: corrections reach the reader at once, and it has passed every test. Each
`site-v1.2.0.zip` of the folder of releases lies in `v1.2.0/`. Every one of them gets a `versions.json` with the ways to all
others; nothing else of a release is touched. The book in another language, as `make book-in` builds it, lies in `de/`.
"""

import argparse
import json
import re
import shutil
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from dlgn_site import versions

ROOT = Path(__file__).resolve().parents[3]
_ARCHIVE = re.compile(r"site-(v(\d+)\.(\d+)\.(\d+))\.zip")
LIMIT = 1e9  # bytes that GitHub Pages takes


def newest_first(archives: Sequence[Path]) -> dict[str, Path]:
    """Return tag -> archive of the site, the newest version first.

    Raises ValueError if a file is not named like site-v1.2.0.zip.

    >>> list(newest_first([Path("site-v0.9.0.zip"), Path("site-v0.10.0.zip")]))
    ['v0.10.0', 'v0.9.0']
    """
    found = []
    for file in archives:
        name = _ARCHIVE.fullmatch(file.name)
        if name is None:
            raise ValueError(f"the site of a release must be named like site-v1.2.0.zip, got {file.name}")
        found.append((tuple(map(int, name.groups()[1:])), name[1], file))
    return {tag: file for _, tag, file in sorted(found, reverse=True)}


def unpack(archive: Path, tag: str, out: Path) -> None:
    """Write the site in a release's archive to the folder `out`.

    Raises ValueError if the archive is broken, holds anything beside the folder site-<tag>, or no site.
    """
    try:
        with zipfile.ZipFile(archive) as files:
            names = [PurePosixPath(name) for name in files.namelist()]
            strange = [
                str(name)
                for name in names
                if name.is_absolute() or ".." in name.parts or name.parts[0] != f"site-{tag}"
            ]
            if strange:
                raise ValueError(f"{archive.name} must hold the folder site-{tag} alone, got {strange[0]}")
            if PurePosixPath(f"site-{tag}", "index.html") not in names:
                raise ValueError(f"{archive.name} holds no site: there is no index.html")
            files.extractall(out.parent / ".unpacked")
    except zipfile.BadZipFile as error:
        raise ValueError(f"{archive.name} is no zip: {error}") from error
    (out.parent / ".unpacked" / f"site-{tag}").rename(out)
    (out.parent / ".unpacked").rmdir()


def entry(site: Path, tag: str = "") -> dict[str, str]:
    """Return what a site tells of itself; a release made before sites did is known by its tag."""
    file = site / versions.FILE
    if not file.is_file():
        return {"version": tag.removeprefix("v"), "commit": ""}
    told = json.loads(file.read_text(encoding="utf-8"))
    return told["versions"][told["here"]]


def publish(
    site: Path, archives: Sequence[Path], out: Path, translations: Mapping[str, Path] | None = None
) -> list[dict[str, str]]:
    """Fill the folder `out`; return the versions in it, as the root shows them.

    Args:
        site: the built site.
        archives: `site-v1.2.0.zip` of each release.
        out: a folder that is not there, or empty.
        translations: language -> its built site.

    Raises:
        ValueError: if `out` has files, or an archive is not the site of a release.
        FileNotFoundError: if `site` or a translation is no built site.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"OUT must be a new or an empty folder, got {out}")
    if not (site / versions.FILE).is_file():
        raise FileNotFoundError(f"{site / versions.FILE} is not there: run `make book`")
    for language, folder in (translations or {}).items():
        if not (folder / "index.html").is_file():
            raise FileNotFoundError(f"{folder / 'index.html'} is not there: run `make book-in INTO={language}`")
    releases = newest_first(archives)
    shutil.copytree(site, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))
    for tag, archive in releases.items():
        unpack(archive, tag, out / tag)
    for language, folder in (translations or {}).items():
        shutil.copytree(folder, out / language, ignore=shutil.ignore_patterns(".*"))
    folders = ["", *(f"{tag}/" for tag in releases)]
    told = [entry(site), *(entry(out / tag, tag) for tag in releases)]
    for here, folder in enumerate(folders):
        up = "../" if folder else "./"
        ways = ["./" if other == folder else f"{up}{other}" for other in folders]
        text = versions.written([found | {"path": way} for found, way in zip(told, ways, strict=True)], here)
        (out / folder / versions.FILE).write_text(text, encoding="utf-8")
    return [found | {"path": folder or "./"} for found, folder in zip(told, folders, strict=True)]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path, help="folder to fill; it must be new or empty")
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--releases", type=Path, help="folder with site-v1.2.0.zip of each release")
    parser.add_argument("--languages", nargs="*", default=[], help="whose pages `make book-in` has built")
    options = parser.parse_args(arguments)
    translations = {language: ROOT / "_build" / language / "_build" / "html" for language in options.languages}
    archives = sorted(options.releases.glob("*.zip")) if options.releases else []
    try:
        made = publish(options.site, archives, options.out, translations)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for found in made:
        print(f"{found['path']}: version {found['version']}")
    size = sum(file.stat().st_size for file in options.out.rglob("*") if file.is_file())
    print(f"{size / 1e6:.0f} MB")
    if size > LIMIT:
        print(f"the host takes {LIMIT / 1e6:.0f} MB: leave old releases out", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
