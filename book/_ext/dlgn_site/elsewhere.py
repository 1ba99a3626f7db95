"""How far each measured number moves when the machine is another one: `make elsewhere` writes it into the register.

A machine differs from the next in its instructions, the order of its sums and its number of threads, and a training run
makes something of a last bit. So the cells that measure are run again under variations that stand for other machines,
page by page, without drawing. The register then holds, for each claim that moved, from where to where it went, and
tests refuse a printed digit finer than that, and a bound inside it. Finished runs are kept, so a stopped command goes on.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import yaml
from tqdm.auto import tqdm

from dlgn_site import QUIET
from dlgn_site.cachekey import library_key, values_key

ROOT = Path(__file__).resolve().parents[3]
#: what stands for another machine: environment variables, and a seed if random numbers move by a unit in the last place
MACHINES = {
    "as it is": ({}, None),
    "older": ({"ATEN_CPU_CAPABILITY": "default", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2", "OMP_NUM_THREADS": "1"}, None),
    "other products": ({"MKL_CBWR": "COMPATIBLE", "OMP_NUM_THREADS": "2"}, None),
    "last place, first": ({"OMP_NUM_THREADS": "1"}, 0),
    "last place, second": ({"OMP_NUM_THREADS": "1"}, 1),
}
#: torch's ways of filling a tensor with random numbers, and of making one
_FILL, _MAKE = ("uniform_", "normal_"), ("rand", "randn", "rand_like", "randn_like", "normal")


def _move_last_places(seed: int) -> None:
    """Move every random number that torch draws from now on by one unit in the last place, up or down."""
    import torch

    whole = {torch.float32: torch.int32, torch.float64: torch.int64}

    def moved(drawn: "torch.Tensor") -> "torch.Tensor":
        bits = drawn.contiguous().view(whole[drawn.dtype])
        up = (bits >> (seed + 1)) % 2 == 1  # a bit of the number decides, so the same draw moves in the same way
        ends = drawn.new_full((), float("inf"))
        return torch.nextafter(drawn, torch.where(up, ends, -ends))

    def filling(original: Callable) -> Callable:
        def fill(self: "torch.Tensor", *args: object, **options: object) -> "torch.Tensor":
            with torch.no_grad():
                original(self, *args, **options)
                return self.copy_(moved(self.detach()))

        return fill

    def making(original: Callable) -> Callable:
        return lambda *args, **options: moved(original(*args, **options).detach())

    for name in _FILL:
        setattr(torch.Tensor, name, filling(getattr(torch.Tensor, name)))
    for name in _MAKE:
        setattr(torch, name, making(getattr(torch, name)))


def cells(page: str) -> list[str]:
    """Return the code of a page, cell by cell, without its exercises."""
    from myst_nb.core.read import read_myst_markdown_notebook

    text = (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")
    notebook = read_myst_markdown_notebook(text, add_source_map=False)
    return [
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and not {"solution", "check"} & set(cell.metadata.get("tags", []))
    ]


def measure(page: str, seed: int | None = None, prepare: Callable[[], None] | None = None) -> dict[str, list]:
    """Run the cells of a page, exercises and drawings left out, and return the values of its claims."""
    import dlgn_lib
    from dlgn_lib.book.claims import flat

    if seed is not None:
        _move_last_places(seed)
    if prepare is not None:
        prepare()
    measured = {}
    dlgn_lib.claim = lambda claim_id, values, seeds=None: measured.update({claim_id: flat(values)})
    dlgn_lib.explore = lambda *args, **options: None
    names = {"__name__": "__main__"}
    for cell in cells(page):
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(cell, page, "exec"), names)
    return measured


def run_page(page: str, name: str, folder: Path, module: str, settings: dict, *options: str) -> dict[str, list]:
    """Return what a page measures, from an earlier run of this name or a new one in a process of its own."""
    source = hashlib.sha256("\0".join(cells(page)).encode()).hexdigest()[:12]
    file = folder / name / f"{page.replace('/', '.')}-{values_key(ROOT, page)}-{source}.json"
    if not file.is_file():
        environment = (
            os.environ
            | QUIET
            | settings
            | {
                "PYTHONPATH": os.pathsep.join(
                    filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")])
                ),
                "DLGN_CACHE": str(folder / name / "runs"),
                "MPLBACKEND": "agg",
            }
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        half = file.with_suffix(".half")
        command = [
            sys.executable,
            "-m",
            module,
            "--page",
            page,
            "--out",
            str(half),
            *options,
        ]
        done = subprocess.run(
            command, cwd=(ROOT / "book" / page).parent, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode < 0:
            raise ChildProcessError(f"{page}, {name}: killed by signal {-done.returncode}")
        if done.returncode:
            raise RuntimeError(f"{page}, {name}: {done.stderr[-2000:]}")
        half.replace(file)
    return json.loads(file.read_text(encoding="utf-8"))


def _run(page: str, machine: str, folder: Path) -> dict[str, list]:
    settings, seed = MACHINES[machine]
    name = machine.replace(" ", "-").replace(",", "")
    options = [] if seed is None else [f"--seed={seed}"]
    return run_page(page, name, folder, "dlgn_site.elsewhere", settings, *options)


def run_all(pages: Sequence[str], machines: Sequence[str], jobs: int) -> dict[str, dict[str, list]]:
    """Return for each machine what it measured: {machine: {claim: values}}."""
    folder = ROOT / ".cache" / "elsewhere" / library_key(ROOT)
    found = {machine: {} for machine in machines}
    with ThreadPoolExecutor(jobs) as pool, tqdm(total=len(pages) * len(machines), unit="page") as bar:
        tasks = {}
        for machine in machines:  # one machine after another, so that its shared runs are trained once
            tasks |= {(page, machine): pool.submit(_run, page, machine, folder) for page in pages}
        for (_, machine), task in tasks.items():
            found[machine] |= task.result()
            bar.update()
    return found


def spread(values: Sequence[Sequence[float]]) -> dict[str, list[float]]:
    """Return from where to where minimum, median and maximum of a claim's values go over the machines.

    >>> spread([[1.0, 2.0, 4.0], [1.0, 2.5, 4.0]])
    {'min': [1.0, 1.0], 'median': [2.0, 2.5], 'max': [4.0, 4.0]}
    """
    rows = {"min": min, "median": statistics.median, "max": max}
    rows = {name: [statistic(row) for row in values] for name, statistic in rows.items()}
    return {name: [float(f"{end(row):.5g}") for end in (min, max)] for name, row in rows.items()}


def _entry(values: list[list]) -> str | None:
    """Return a claim's line for the register, or None if nothing moved."""
    if any(isinstance(value, str) for row in values for value in row):
        different = sorted({", ".join(map(str, row)) for row in values})
        return None if len(different) == 1 else f"  spread: {json.dumps(different, ensure_ascii=False)}"
    found = spread(values)
    if all(low == high for low, high in found.values()):
        return None
    if all(len(row) == 1 for row in values):
        return f"  spread: {found['median']}"
    return "  spread: {" + ", ".join(f"{name}: {ends}" for name, ends in found.items()) + "}"


def write(measured: dict[str, dict[str, list]], register: Path) -> int:
    """Write the spread of every claim that was measured into the register; return how many moved."""
    lines, moved, claim_id = [], 0, None
    machines = list(measured.values())
    for line in register.read_text(encoding="utf-8").splitlines():
        claim_id = line[:-1] if re.fullmatch(r"[\w-]+:", line) else claim_id
        known = claim_id in machines[0]
        if known and line.startswith("  spread: "):
            continue
        lines.append(line)
        if known and line.startswith("  value: "):
            entry = _entry([machine[claim_id] for machine in machines])
            lines += [entry] if entry else []
            moved += entry is not None
    register.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return moved


def _pages() -> Iterator[str]:
    """Yield the pages that measure claims."""
    entries = yaml.safe_load((ROOT / "book" / "claims.yml").read_text(encoding="utf-8"))
    yield from dict.fromkeys(entry["page"] for entry in entries.values())


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure one page for a parent process, or all pages on all machines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", nargs="*", default=list(_pages()), help="only these")
    parser.add_argument("--machines", nargs="*", default=list(MACHINES), choices=list(MACHINES), help="only these")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="pages at a time")
    parser.add_argument("--page", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.page:
        options.out.write_text(json.dumps(measure(options.page, options.seed)), encoding="utf-8")
        return
    measured = run_all(options.pages, options.machines, options.jobs)
    moved = write(measured, ROOT / "book" / "claims.yml")
    print(
        f"{date.today()}: {len(measured[options.machines[0]])} claims on {len(options.machines)} machines, {moved} moved"
    )


if __name__ == "__main__":
    main()
