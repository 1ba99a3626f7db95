"""How often each claim holds on fresh seeds: `make reseed` writes it into book/reseed.csv, and the ledger reads it.

Every generator of a page, of torch and of Python, gets another seed, hence other weights, data, splits and orders. Then the
cells that measure are run again, as `make elsewhere` does it. Sets of seeds are numbered; a finished page is kept, so a
stopped command goes on. What is read from committed results does not change, and is not counted. With `--add`, further
sets join those of the committed table; a claim with another bound than there is judged by the new sets alone.
"""

import argparse
import csv
import hashlib
import json
import os
import platform
import random
import re
import statistics
import sys
from collections.abc import Container, Sequence
from datetime import date
from pathlib import Path

import joblib

from dlgn_lib.book.register import PRINTED, Claim, find, satisfies
from dlgn_lib.numbers import show_number
from dlgn_lib.runs.sweeps import sweep
from dlgn_site.cachekey import library_key, values_key
from dlgn_site.elsewhere import ROOT, _pages, cells, measure, run_page

TABLE = ROOT / "book" / "reseed.csv"
#: Sets 1 to 5 were used while the pages were written; bounds follow from 6 to 12, too, and 13 to 15 judge them,
#: but for some that were drawn in after all of these.
SETS = list(range(6, 16))
STEP = 1_000_003  # from the seeds of one set to those of the next


def fresh_seeds(number: int) -> None:
    """Give every generator that is made from now on, and torch's global one, seeds of their own in this set."""
    import torch

    shift = STEP * number

    class Generator(torch.Generator):
        def manual_seed(self, seed: int) -> torch.Generator:
            return super().manual_seed(seed + shift)

    class Random(random.Random):
        def __init__(self, seed: int | None = None) -> None:
            super().__init__(seed + shift if isinstance(seed, int) else seed)

    whole = torch.manual_seed
    torch.Generator = Generator  # type: ignore[misc]
    torch.manual_seed = lambda seed: whole(seed + shift)
    random.Random = Random  # type: ignore[misc]


def rows(found: dict[int, dict[str, list]], home: dict[str, list], known: Container[str] = ()) -> list[list]:
    """Return (claim, its bound, sets in which it held, sets, smallest and largest of what is printed) for claims that moved.

    `found` holds the values of each set, `home` those of the book's own seeds; `known` moved in earlier sets.
    """
    table = []
    for claim_id, own in home.items():
        sets = [values[claim_id] for values in found.values() if claim_id in values]
        if not sets or (claim_id not in known and all(values == own for values in sets)):
            continue
        claim = find(claim_id)
        held = sum(all(satisfies(value, claim.needs) for value in values) for values in sets)
        if any(isinstance(value, str) for values in sets for value in values):
            ends = ["", ""]
        else:
            printed = [float(PRINTED.get(claim.show, statistics.median)(values)) for values in sets]
            ends = [f"{end:.4g}" for end in (min(printed), max(printed))]
        table.append([claim_id, claim.needs, held, len(sets), *ends])
    return table


def joined(table: list[list], earlier: dict[str, dict[str, str]]) -> list[list]:
    """Return a table with the counts of earlier sets added to rows with the same bound, and the rows that are there alone."""
    measured = {row[0] for row in table}
    whole = [list(row.values()) for claim_id, row in earlier.items() if claim_id not in measured]
    for claim_id, needs, held, sets, *ends in table:
        row = earlier.get(claim_id, {"needs": None})
        if row["needs"] == needs:
            held, sets = held + int(row["held"]), sets + int(row["sets"])
            if ends[0]:
                ends = [min(ends[0], row["least"], key=float), max(ends[1], row["most"], key=float)]
        whole.append([claim_id, needs, held, sets, *ends])
    return whole


def measured(page: str, number: int) -> dict[str, str]:
    """Return what a page measures on a set, as JSON, or what stopped it: one point of the sweep, in a process of its own."""
    try:
        values = run_page(page, f"set-{number}", kept(), "dlgn_site.reseed", {}, f"--set={number}")
    except RuntimeError as error:
        return {"values": "{}", "wrong": str(error).strip().splitlines()[-1]}
    return {"values": json.dumps(values), "wrong": ""}


def kept() -> Path:
    """Return the folder of finished pages, below `$DLGN_KEPT` if that is set."""
    return Path(os.environ.get("DLGN_KEPT") or ROOT / ".cache" / "reseed") / library_key(ROOT)


def run_all(
    pages: Sequence[str], sets: Sequence[int], folder: Path | None = None
) -> tuple[dict[int, dict[str, list]], list[str]]:
    """Return the values of each set, set 0 being the book's own seeds, and what went wrong where.

    Runs on what `joblib.parallel_config` names. Finished points lie in `folder`, else in one for this state of the pages.
    """
    if folder is None:
        state = "".join(f"{page}-{values_key(ROOT, page)}{cells(page)}" for page in pages)
        folder = kept() / f"sweep-{hashlib.sha256(state.encode()).hexdigest()[:12]}"
    table = sweep(measured, folder, number=list(sets), page=list(pages))
    found: dict[int, dict[str, list]] = {number: {} for number in sets}
    for number, values in zip(table["number"], table["values"], strict=True):
        found[number] |= json.loads(values)
    failed = table[table["wrong"] != ""]
    return found, [f"{row.page}, set {row.number}: {row.wrong}" for row in failed.itertuples()]


def write(table: list[list], wrong: list[str], sets: Sequence[int], path: Path) -> None:
    """Write the table in one move."""
    import torch

    half = path.with_suffix(".half")
    with half.open("w", newline="", encoding="utf-8") as file:
        file.write("# made by: make reseed\n")
        file.write(f"# torch {torch.__version__}, Python {platform.python_version()}; {date.today()}\n")
        file.write(
            f"# sets of seeds: {', '.join(map(str, sets))}; every seed s becomes s + {STEP} times the set's number\n"
        )
        file.writelines(f"# not measured: {text}\n" for text in wrong)
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(["claim", "needs", "held", "sets", "least", "most"])
        lines.writerows(table)
    half.replace(path)


def read(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of the table by claim; none before it was made."""
    if not path.is_file():
        return {}
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {row["claim"]: row for row in csv.DictReader(lines)}


def sets_of(path: Path) -> list[int]:
    """Return the numbers of the sets that a table was made from, as its head tells them."""
    found = re.search(r"^# sets of seeds: ([\d, ]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return [int(number) for number in found[1].split(",")] if found else []


def always(row: dict[str, str]) -> bool:
    """Return whether a claim held in every set, given its row of the table."""
    return row["held"] == row["sets"]


def rate(row: dict[str, str] | None) -> str:
    """Return in how many sets a claim held, as "8/9", or nothing if it did in every set that there is."""
    return "" if row is None or always(row) else f"{row['held']}/{row['sets']}"


def told(claim: Claim, row: dict[str, str]) -> str:
    """Return how often a claim held on fresh seeds, and from where to where the printed value goes, as the ledger says it."""
    held = f"{row['held']} of {row['sets']} sets"
    if not row["least"] or claim.show == "bound":
        return held
    whole = claim.format.endswith("d}")
    ends = (float(row[end]) for end in ("least", "most"))
    least, most = (show_number(round(end) if whole else end, claim.format) for end in ends)
    return f"{held}, {least}" + (f" to {most}" if most != least else "")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure one page for a parent process, or all pages on all sets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", nargs="*", default=list(_pages()), help="only these")
    parser.add_argument("--sets", nargs="*", type=int, default=SETS, help="which sets")
    parser.add_argument("--add", action="store_true", help="add the sets to those of the committed table")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="pages at a time")
    parser.add_argument("--page", help=argparse.SUPPRESS)
    parser.add_argument("--set", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.page:
        prepare = (lambda: fresh_seeds(options.set)) if options.set else None
        options.out.write_text(json.dumps(measure(options.page, prepare=prepare)), encoding="utf-8")
        return
    before = sets_of(TABLE) if options.add else []
    if known := sorted(set(before) & set(options.sets)):
        parser.error(f"--sets {known}: the table holds these already")
    with joblib.parallel_config("threading", n_jobs=options.jobs):  # a page has a process of its own
        found, wrong = run_all(options.pages, [0, *options.sets])
    earlier = read(TABLE) if options.add else {}
    table = rows({number: found[number] for number in options.sets}, found[0], earlier)
    failing = [row for row in table if row[2] < row[3]]
    for claim_id, needs, held, sets, least, most in failing:
        print(f"{claim_id}: held in {held} of {sets} sets, {least} to {most}, needs {needs}")
    write(joined(table, earlier), wrong, [*before, *options.sets], TABLE)
    for text in wrong:
        print(f"not measured: {text}")
    print(
        f"{len(table)} claims depend on seeds; {len(failing)} of them fail in at least one of {len(options.sets)} sets"
    )


if __name__ == "__main__":
    sys.exit(main())
