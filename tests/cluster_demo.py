"""Sweeps on a cluster of processes of their own: `make cluster-demo`.

A scheduler and two workers on loopback addresses, the library on the workers from its wheel. The sweep over fresh seeds
(`make reseed`) runs on them for a few pages, one worker is killed on the way, and the table must be, bit for bit, that
of the same sweep in this process. Then what a point costs beyond its own work, and what a waiting one takes.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import joblib
import pandas as pd
from distributed import Client

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from dlgn_site import reseed  # noqa: E402

from dlgn_lib.runs.sweeps import sweep  # noqa: E402

PAGES = ["experts/paths", "kernels/overlap", "neighbours/selectivity"]
SETS = [0, 21]


def nothing(number: int) -> dict[str, int]:
    """Return at once: what is left is the sweep's own time."""
    return {"value": number}


def library(folder: Path) -> Path:
    """Build the wheel, install it alone into a folder, and return that."""
    run = [sys.executable, "-m"]
    subprocess.run(
        [*run, "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", ROOT],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    wheel = next((folder / "dist").glob("*.whl"))
    install = ["pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"]
    subprocess.run([*run, *install, folder / "library", wheel], check=True)
    print(f"{wheel.name} is on the workers", flush=True)
    return folder / "library"


@contextmanager
def cluster(folder: Path, workers: int, paths: list[Path]) -> Iterator[tuple[Client, list[subprocess.Popen]]]:
    """Start a scheduler and workers, processes of their own on 127.0.0.1; yield a client and the workers."""
    address = folder / "scheduler.json"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths)), "DLGN_PROGRESS": "0"}
    quiet = {"env": environment, "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

    def start(part: str, options: str) -> subprocess.Popen:
        options = f"--host 127.0.0.1 --no-dashboard {options} --scheduler-file"
        return subprocess.Popen([sys.executable, "-m", f"distributed.cli.{part}", *options.split(), address], **quiet)

    started = [start("dask_scheduler", "--port 0")]
    try:
        while not address.is_file():
            time.sleep(0.1)
        started += [start("dask_worker", "--nworkers 1 --nthreads 1 --no-nanny") for _ in range(workers)]
        with Client(scheduler_file=str(address)) as client:
            client.wait_for_workers(workers, timeout=120)
            yield client, started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()
        address.unlink(missing_ok=True)  # the next cluster of this folder has another address


def memory(pid: int) -> float:
    """Return the memory that a process holds, in bytes (Linux)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def kill_one(workers: list[subprocess.Popen], folder: Path, after: int) -> None:
    """Kill the first worker as soon as `after` points are there."""
    while len(list(folder.glob("*.json"))) < after:
        time.sleep(0.05)
    workers[0].send_signal(signal.SIGKILL)
    print(f"after {after} points a worker was killed", flush=True)


def main() -> None:
    """Run the demonstration; raise AssertionError if the two tables differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", nargs="*", default=PAGES, help="pages whose claims are measured afresh")
    parser.add_argument("--points", type=int, default=2000, help="points of a sweep that does nothing, for its cost")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [library(folder), ROOT / "book" / "_ext", ROOT / "tests"]
        grid = {"number": SETS, "page": options.pages}
        os.environ["DLGN_KEPT"] = str(folder / "serial-pages")
        serial = sweep(reseed.measured, folder / "serial", **grid)
        os.environ["DLGN_KEPT"] = str(folder / "cluster-pages")  # the workers measure all anew
        with cluster(folder, 2, paths) as (client, workers):
            where = client.run(lambda: __import__("dlgn_lib").__file__)
            assert all(file.startswith(str(paths[0])) for file in where.values()), where
            killer = threading.Thread(target=kill_one, args=(workers, folder / "cluster", 1))
            killer.start()
            with joblib.parallel_config("dask"):
                parallel = sweep(reseed.measured, folder / "cluster", **grid)
            killer.join()
        pd.testing.assert_frame_equal(serial, parallel, check_exact=True)
        print(
            f"{len(parallel)} points on two workers, one of them killed: the table is that of one process, bit for bit"
        )

        start = time.perf_counter()
        sweep(nothing, folder / "alone", number=range(options.points), progress=False)
        alone = time.perf_counter() - start
        with cluster(folder, 2, paths) as (client, _), joblib.parallel_config("dask"):
            pid = client.run_on_scheduler(os.getpid)
            sweep(nothing, folder / "warm", number=range(10), progress=False)
            before, start = memory(pid), time.perf_counter()
            sweep(nothing, folder / "many", number=range(options.points), progress=False)
            spent = time.perf_counter() - start
            held = memory(pid) - before
        size = sum(file.stat().st_size for file in (folder / "many").glob("*.json")) / options.points
        points = options.points
        print(
            f"a point that does nothing: {1e3 * alone / points:.2g} ms alone, {1e3 * spent / points:.2g} ms on the cluster"
        )
        print(
            f"the scheduler grew by {held / points / 1e3:.2g} kB a point; a finished point is a file of {size:.0f} bytes"
        )


if __name__ == "__main__":
    main()
