"""Compare this build with another: versions, machine, claims, seconds of pages.

    python -m dlgn_site.compare OTHER                  # an address, a folder with a site, or a build.json
    python -m dlgn_site.compare OTHER --this FOLDER    # not _build/html

It reads the file `build.json` that each build writes beside its pages (`dlgn_site.build_record`). The exit code is 1 if a
claim holds in one build and not in the other, 2 if a file cannot be read.
"""

import argparse
import json
import sys
import urllib.request
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from dlgn_lib.book.register import agree, registry
from dlgn_site.build_record import FILE, FORMAT

SITE = Path(__file__).resolve().parents[3] / "_build" / "html"
#: a page is much slower if it takes this many times as long, and at least so many seconds more
TIMES, MORE = 2, 5
PARTS = ("machine", "versions", "seconds", "claims")
Row = tuple[str, ...]


def _text(where: str) -> str:
    if where.startswith(("http://", "https://")):
        address = where if where.endswith(".json") else f"{where.rstrip('/')}/{FILE}"
        with urllib.request.urlopen(address, timeout=60) as answer:
            return answer.read().decode("utf-8")
    path = Path(where)
    inside = [path / FILE, path / "html" / FILE, path / "_build" / "html" / FILE] if path.is_dir() else [path]
    return next((file for file in inside if file.is_file()), inside[0]).read_text(encoding="utf-8")


def read(where: str) -> dict:
    """Return the record of a build at an address, in a folder or in a file. Only an address uses the network.

    Raises:
        OSError: if nothing is there.
        ValueError: if what is there is no record of a build, or of another format.
    """
    try:
        found = json.loads(_text(where))
    except ValueError as error:
        raise ValueError(f"{where} must hold the {FILE} of a build, but it is no JSON ({error})") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        came = found.get("format") if isinstance(found, dict) else type(found).__name__
        raise ValueError(f"{where} must hold the {FILE} of a build in format {FORMAT}, got {came!r}")
    if missing := [part for part in PARTS if not isinstance(found.get(part), dict)]:
        raise ValueError(f"{where} must hold the {FILE} of a build, but it lacks {', '.join(missing)}")
    return found


def _differing(this: dict, other: dict) -> list[Row]:
    names = [*this, *(name for name in other if name not in this)]
    return [
        (name, str(this.get(name, "–")), str(other.get(name, "–")))
        for name in names
        if this.get(name) != other.get(name)
    ]


def _about(build: dict) -> dict:
    return {"library": build.get("version"), "commit": build.get("commit")} | build["machine"]


def _both(this: dict, other: dict) -> list[tuple[str, dict, dict]]:
    return [(name, this["claims"][name], other["claims"][name]) for name in this["claims"] if name in other["claims"]]


def _told(entry: dict) -> str:
    return f"{ {True: 'holds', False: 'fails'}.get(entry['holds'], 'not measured') }: {entry['shown'] or '–'}"


def verdicts(this: dict, other: dict) -> list[Row]:
    """Return the claims that hold in one build and not in the other: id, here, there, bounds."""
    return [
        (name, _told(a), _told(b), a["needs"] if a["needs"] == b["needs"] else f"{a['needs']}; there {b['needs']}")
        for name, a, b in _both(this, other)
        if a["holds"] != b["holds"]
    ]


def _expected(name: str, here: str | None, there: str | None) -> bool:
    """Return whether the register of claims says that another machine may print so."""
    if name not in registry() or here is None or there is None:
        return False
    return agree(replace(registry()[name], value=here), there)


def values(this: dict, other: dict) -> list[Row]:
    """Return the claims whose printed value is another one: id, here, there, whether other machines may print so."""
    return [
        (
            name,
            a["shown"] or "–",
            b["shown"] or "–",
            "as other machines may" if _expected(name, a["shown"], b["shown"]) else "",
        )
        for name, a, b in _both(this, other)
        if a["shown"] != b["shown"]
    ]


def alone(this: dict, other: dict) -> list[Row]:
    """Return the claims that only one of the builds has: id, which."""
    one, two = this["claims"], other["claims"]
    return [(n, "only here") for n in one if n not in two] + [(n, "only there") for n in two if n not in one]


def paces(this: dict, other: dict) -> list[Row]:
    """Return the pages that one build takes much longer for: page, seconds here and there."""
    pairs = [
        (page, this["seconds"][page], other["seconds"][page]) for page in this["seconds"] if page in other["seconds"]
    ]
    return [
        (page, f"{a:.0f}", f"{b:.0f}") for page, a, b in pairs if max(a, b) > TIMES * min(a, b) and abs(a - b) >= MORE
    ]


def _lines(head: Row, rows: Iterable[Row]) -> list[str]:
    """Return rows under a head, in columns; what is not to be printed, as in a file from elsewhere, becomes a question mark."""
    cells = [[*map(_printable, row)] for row in [head, *rows]]
    widths = [max(len(row[place]) for row in cells) for place in range(len(head))]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    ]


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def report(this: dict, other: dict) -> str:
    """Return what differs between two builds, in words and tables."""
    tables = {
        "Versions and machine": (("", "here", "there"), _differing(_about(this), _about(other))),
        "Packages": (("", "here", "there"), _differing(this["versions"], other["versions"])),
        "Claims that hold in one of the two": (("claim", "here", "there", "needs"), verdicts(this, other)),
        "Claims that print another value": (("claim", "here", "there", ""), values(this, other)),
        "Claims of one of the two": (("claim", ""), alone(this, other)),
        f"Pages that take more than {TIMES} times as long": (("page", "seconds here", "there"), paces(this, other)),
    }
    parts = []
    for title, (head, rows) in tables.items():
        parts.append("\n".join([f"{title}: {len(rows) or 'none'}", *(_lines(head, rows) if rows else [])]))
    parts.append(f"{len(_both(this, other))} claims were compared.")
    return "\n\n".join(parts)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("other", help="address of a site, folder with a site, or build.json")
    parser.add_argument("--this", default=str(SITE), help="the build to compare with (default: _build/html)")
    options = parser.parse_args(arguments)
    if not options.other:
        print("OTHER must be the address of a site, a folder, or a build.json, got nothing", file=sys.stderr)
        return 2
    try:
        this, other = read(options.this), read(options.other)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print(report(this, other))
    return 1 if verdicts(this, other) else 0


if __name__ == "__main__":
    sys.exit(main())
