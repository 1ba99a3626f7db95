"""Change the library in a random sample of small ways and see whether the tests of each module notice: `make mutants`.

The ways are those of cosmic-ray (another operator, number, comparison, condition, …), drawn with a seed from the modules
of the mathematics; type annotations are left alone. A module's own tests, its laws in test_properties.py and its doctests
are run on a copy of the library. A mutant that survives is printed with its line. Those in `EQUIVALENT` compute the same,
and so does a `zip` that is no longer strict: it zips what has one length by construction.
"""

import argparse
import ast
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = [
    "kernels/overlap", "kernels/tangent", "kernels/measures", "paths", "features", "regions", "normals",
    "training/settings", "training/descent", "training/stacked", "training/ensemble", "training/trajectory",
    "gdln/layers", "gdln/descent", "gdln/nets", "gdln/dynamics", "models/separate", "models/steps", "models/routed", "routes",
    "slices",
]  # fmt: skip
TESTS = {
    "normals": "regions",
    "models/steps": "routed",
    "models/routed": "routed",
    "routes": "routed",
    "slices": "routed",
}  # where the tests are, if not in the file of that name
GOAL = 0.9
#: (module, the line as it became): why no test can tell it from the original
EQUIVALENT: dict[tuple[str, str], str] = {
    ("training/ensemble", "nets[ -1],"): "nets of all seeds have one shape",
    ("gdln/descent", "if step >= steps:"): "the loop ends at `steps`",
    ("paths", 'return f"{widths[ -1]}**{len(widths)}" if same else " · ".join(map(str, widths))'): "all are the same",
    ("paths", "step = max(1, MAX_ENTRIES // (100 * max(1, len(x)) | net.out_dim))"): "another size of blocks",
    (
        "regions",
        "constant = net.value_layers[ -1].bias is not None  # with absorbed biases unit M is the constant one",
    ): "all layers have biases, or none",
    ("regions", "if points.shape[1] <= 1:"): "there are one or two",
    (
        "kernels/overlap",
        "if len(x) > _BLOCK and all(((g == 0) ^ (g == 1)).all() for g in gates) and _counts_in_bfloat16(x.device):",
    ): "never both",
    (
        "kernels/tangent",
        "sums[k], [outputs[layer] for layer in reached], retain_graph=k * 1 < len(sums), allow_unused=True",
    ): "the graph is kept a little longer",
}


def annotations(source: str) -> set[int]:
    """Return the (line, column) places that lie in type annotations."""
    places = set()
    for node in ast.walk(ast.parse(source)):
        for hint in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if hint is not None:
                last = hint.end_lineno * 1000 + hint.end_col_offset
                places |= set(range(hint.lineno * 1000 + hint.col_offset, last))
    return places


def sample(size: int, seed: int, modules: list[str]) -> list:
    """Return mutations of these modules, drawn at random without replacement."""
    from cosmic_ray.commands.init import _all_work_items  # installed by `make mutants` alone

    found = []
    for module in modules:
        path = ROOT / "dlgn_lib" / f"{module}.py"
        hints = annotations(path.read_text(encoding="utf-8"))
        for item in _all_work_items([path], {}):
            (mutation,) = item.mutations
            line, column = mutation.start_pos
            if line * 1000 + column not in hints:
                found.append(mutation)
    print(f"{len(found)} mutants in {', '.join(modules)}; {size} of them drawn with seed {seed}", flush=True)
    return random.Random(seed).sample(found, size)


def mutated(mutation) -> tuple[str, str, str]:
    """Return (source, the line that changed, the line it became)."""
    import cosmic_ray.plugins
    from cosmic_ray.mutating import mutate_code

    source = Path(mutation.module_path).read_text(encoding="utf-8")
    operator = cosmic_ray.plugins.get_operator(mutation.operator_name)(**mutation.operator_args)
    changed = mutate_code(source, operator, mutation.occurrence)
    before, after = source.splitlines(), changed.splitlines()
    place = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before) - 1)
    return changed, before[place].strip(), after[place].strip()


def copy(folder: Path) -> Path:
    """Copy what the tests need."""
    for name in ("dlgn_lib", "tests", "book", "notebooks", "pyproject.toml", "_config.yml", "_toc.yml"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def command(module: str) -> list[str]:
    """Return how the tests of a module are run, those first that are most likely to notice."""
    laws = [
        f"tests/test_properties.py::{test}[{name}]"
        for name in laws_of(module)
        for test in ("test_it_gives_the_truth", "test_hostile_arguments_give_the_truth_or_the_documented_error")
    ]
    own = [f"tests/test_{TESTS.get(module, module.split('/')[0])}.py", f"dlgn_lib/{module}.py"]
    return [sys.executable, "-m", "pytest", "-x", "-qq", "-p", "no:cacheprovider", "--durations=0", *laws, *own]


def laws_of(module: str) -> list[str]:
    """Return the names of the laws about functions of a module."""
    from test_properties import LAWS

    return [
        name for name, (function, _, _) in LAWS.items() if function.__module__ == f"dlgn_lib.{module}".replace("/", ".")
    ]


def notices(folder: Path, module: str, source: str, limit: float) -> bool:
    """Return whether the tests fail, or do not end, on a copy of the library with this source."""
    file = folder / "dlgn_lib" / f"{module}.py"
    original = file.read_text(encoding="utf-8")
    environment = {**os.environ, "DLGN_BUILD": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    file.write_text(source, encoding="utf-8")
    try:
        done = subprocess.run(command(module), cwd=folder, env=environment, capture_output=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return True
    finally:
        file.write_text(original, encoding="utf-8")
    if done.returncode not in (0, 1, 2, 3, 4):
        raise RuntimeError(f"pytest ended with {done.returncode}: {done.stdout.decode()[-2000:]}")
    return done.returncode != 0


def main() -> int:
    """Run the sample; return 0 if the goal is reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=200, help="how many mutants (default 200)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample (default 0)")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="how many at a time (default: one a core)")
    parser.add_argument("--only", nargs="+", choices=MODULES, default=MODULES, help="modules (default: all)")
    options = parser.parse_args()
    mutations = sample(options.sample, options.seed, options.only)
    killed, survived, equivalent = 0, [], 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.workers) as pool:
        copies: queue.Queue = queue.Queue()
        for number in range(options.workers):
            copies.put(copy(Path(folder) / str(number)))
        limits = {}
        for module in options.only:
            start, place = time.monotonic(), copies.get()
            if notices(place, module, (place / "dlgn_lib" / f"{module}.py").read_text(encoding="utf-8"), 3600):
                print(f"The tests of {module} fail without any change; mend that first.")
                return 2
            copies.put(place)
            limits[module] = 60 + 5 * (time.monotonic() - start)
            print(f"{module}: tests take {time.monotonic() - start:.0f} s", flush=True)

        def trial(mutation) -> tuple:
            module = Path(mutation.module_path).relative_to(ROOT / "dlgn_lib").with_suffix("").as_posix()
            source, before, after = mutated(mutation)
            place = copies.get()
            try:
                return module, mutation, before, after, notices(place, module, source, limits[module])
            finally:
                copies.put(place)

        for number, (module, mutation, before, after, noticed) in enumerate(pool.map(trial, mutations), start=1):
            if noticed:
                killed += 1
            elif (module, after) in EQUIVALENT or after == before.replace("strict=True", "strict=False"):
                equivalent += 1
            else:
                survived.append((module, after))
                print(
                    f"SURVIVED {module}:{mutation.start_pos[0]} {mutation.operator_name}\n  - {before}\n  + {after}",
                    flush=True,
                )
            if number % 20 == 0:
                print(f"{number} of {len(mutations)}: {killed} killed, {equivalent} equivalent", flush=True)
    share = killed / max(1, killed + len(survived))
    print(f"{killed} killed, {len(survived)} survived, {equivalent} equivalent: {share:.1%} killed (goal {GOAL:.0%})")
    return int(share < GOAL)


if __name__ == "__main__":
    sys.exit(main())
