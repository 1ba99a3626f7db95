"""Sweeps: one function at every point of a grid; each finished run is kept, so that nothing is computed twice.

Page: learning/images.
"""

import hashlib
import inspect
import itertools
import json
import math
import os
import platform
import re
import tempfile
import time
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path

import joblib
import pandas as pd
import torch
from joblib.parallel import get_active_backend

from dlgn_lib.progress import progress_bar
from dlgn_lib.store import in_one_move, stored
from dlgn_lib.threads import one_thread


def sweep(
    run: Callable[..., dict], folder: str | os.PathLike, *, progress: bool = True, **grid: Sequence
) -> pd.DataFrame:
    """Run `run(**point)` at every point of a grid and return a table: a row per point, its parameters, then its results.

    Runs go one after another; on several processes, or on a Dask cluster, inside `joblib.parallel_config`::

        with joblib.parallel_config(n_jobs=4):          # or backend="dask", with a distributed.Client
            table = sweep(run, "runs", model=["ReLU", "DLGN"], seed=range(5))

    The table is the same to the last bit, on machines of one kind: every run has one torch thread to itself.

    The worker that finishes a run writes it into `folder` in one move, as JSON: point, result, seconds, versions. A
    sweep that was stopped goes on with what is missing; on a Dask cluster a lost worker's unfinished point goes to
    another worker. A cluster's workers must be able to import dlgn_lib and the module of `run` (a notebook's own
    functions are sent); they need not share the folder.

    Args:
        run: a function of its parameters alone, defined by `def` at the top level of a module or notebook, that returns
            a dict of finite numbers and strings. When its own text changes, its points are run again; when something
            that it calls changes, empty the folder. What else decides the result belongs into the grid (`steps=[500]`).
        folder: where the finished runs lie; made if it is missing.
        progress: whether a sweep of more than two seconds shows a progress bar (unless `$DLGN_PROGRESS` is 0).
        grid: the values of each parameter, a list, tuple or range; all combinations are run, the last parameter
            changing fastest. Values are strings, finite numbers, True, False or None.

    Raises:
        TypeError: if `run` or the values of a parameter are not of that kind, or `run` returns something else.
        ValueError: if a parameter has no value or one twice, there is no parameter, or a result is not finite.
        OSError: if the folder cannot be written.
        RuntimeError: if `run` fails at a point, which it names, or keeps killing its workers, or one of several
            processes is killed; what has finished stays written.

    >>> def area(width, height):
    ...     return {"area": width * height}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = sweep(area, folder, width=[1, 2], height=(3, 4))
    >>> table.to_dict("list")
    {'width': [1, 1, 2, 2], 'height': [3, 4, 3, 4], 'area': [3, 4, 6, 8]}
    """
    grid_points = _points(grid)
    identity = _identity(run)
    folder = Path(folder).absolute()  # workers stand in other places
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OSError(f"folder must be a folder that can be written, got {folder} ({error})") from error
    points = {folder / _file_name(identity, point): point for point in grid_points}
    finished = {}
    for path, point in points.items():
        if record := _read(path, point):
            finished[path] = record
    _warn_of_other_versions(finished)
    text = f"sweep, {len(finished)} already there" if finished else "sweep"
    bar = progress_bar(len(points), text, "run", progress, len(finished))
    waiting = {path: point for path, point in points.items() if path not in finished}
    with bar, one_thread(), closing(_execute(run, waiting)) as results:
        for path, record in results:
            finished[path] = record
            if _read(path, points[path], quiet=True) is None:  # the worker has another disk
                _write(path, record)
            bar.update()
    return pd.DataFrame([{**point, **finished[path]["result"]} for path, point in points.items()])


def _points(grid: dict[str, Sequence]) -> list[dict]:
    """Return all combinations of values, or say which parameter does not fit."""
    if not grid:
        raise ValueError("grid must name at least one parameter and its values, e.g. seed=range(5), got none")
    for name, values in grid.items():
        if not isinstance(values, Sequence) or isinstance(values, str | bytes):
            raise TypeError(f"{name} must be a list, tuple or range of values, got {values!r}")
        if len(values) == 0:
            raise ValueError(f"{name} must have at least one value, got {values!r}")
        for value in values:
            if not (value is None or _is_plain(value)):
                raise TypeError(
                    f"{name} must have strings, finite numbers, True, False or None for values, "
                    f"got {value!r} ({type(value).__name__})"
                )
        texts = [json.dumps(value) for value in values]
        twice = [text for text in texts if texts.count(text) > 1]
        if twice:
            raise ValueError(f"{name} must have different values, got {twice[0]} twice")
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def _is_plain(value: object) -> bool:
    """Return whether JSON gives the value back as it was: a string or a finite number."""
    return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def _identity(run: Callable) -> list[str]:
    if not inspect.isfunction(run) or "<" in run.__qualname__:  # <lambda>, or <locals> that may differ under one name
        raise TypeError(f"run must be a function defined by `def` at the top level of a module, got {run!r}")
    try:
        source = inspect.getsource(run)
    except OSError:  # typed into a plain interpreter
        source = ""
    return [run.__module__, run.__qualname__, source]


def _file_name(identity: list[str], point: dict) -> str:
    """Return e.g. DLGN-0-128-0123456789abcdef.json: the values of a point, and a hash of it and of the function."""
    items = sorted(point.items())
    readable = re.sub(r"[^\w.+-]+", "_", "-".join(str(value) for _, value in items), flags=re.ASCII)[:80]
    return f"{readable}-{hashlib.sha256(json.dumps([identity, items]).encode()).hexdigest()[:16]}.json"


def _name(point: dict) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in point.items())


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), "torch": str(torch.__version__), "dlgn_lib": version("dlgn-lib")}


def _warn_of_other_versions(finished: dict[Path, dict]) -> None:
    others = [path for path, record in finished.items() if record["versions"] != _versions()]
    if others:
        warnings.warn(
            f"{len(others)} of the runs in {others[0].parent} were made with other versions, e.g. {others[0].name} with "
            f"{finished[others[0]]['versions']}, now {_versions()}; delete them to run them again",
            stacklevel=3,
        )


def _execute(run: Callable, waiting: dict[Path, dict]) -> Generator[tuple[Path, dict], None, None]:
    """Yield the path and record of each point as it finishes, by the engine that `joblib.parallel_config` names."""
    engine, _ = get_active_backend()
    client = getattr(engine, "client", None)
    if not waiting:
        return
    if client is None:
        tasks = (joblib.delayed(_run_point)(run, point, path) for path, point in waiting.items())
        yield from joblib.Parallel(return_as="generator_unordered")(tasks)
        return
    # joblib's own Dask engine (1.4 to 1.6) waits for ever for a point that Dask gave up: so ask Dask itself
    from distributed import KilledWorker, as_completed  # there is a client, so there is distributed

    joblib.effective_n_jobs()  # waits for the first worker; an error if none comes
    paths, points = list(waiting), list(waiting.values())
    futures = client.map(_run_point, [run] * len(paths), points, paths, pure=False, **engine.submit_kwargs)
    unfinished = dict(zip(futures, points, strict=True))
    del futures  # a future is forgotten as soon as it is read, or it would be run again if its worker died later
    try:
        for future in as_completed(list(unfinished)):
            point = unfinished.pop(future)
            try:
                yield future.result()
            except KilledWorker as error:
                # Dask blames a death on all that the worker had to do, so there may be innocent ones among them
                given_up = [point, *(other for future, other in unfinished.items() if future.status == "error")]
                names = "; ".join(map(_name, given_up))
                raise RuntimeError(
                    f"a point kills its workers (is it their memory?), one of: {names}. {error}"
                ) from error
    except BaseException:
        client.cancel(list(unfinished))
        raise


def _run_point(run: Callable, point: dict, path: Path) -> tuple[Path, dict]:
    """Run one point and store its record, unless that is there: a cluster repeats what a lost worker had finished."""
    if record := _read(path, point, quiet=True):
        return path, record
    start = time.perf_counter()
    try:
        with one_thread():  # with more, sums differ in their last bits
            result = run(**point)
    except Exception as error:
        raise RuntimeError(f"the point {_name(point)} failed: {type(error).__name__}: {error}") from error
    seconds = time.perf_counter() - start
    _check_result(point, result)
    record = {"point": point, "result": result, "seconds": seconds, "versions": _versions()}
    with suppress(OSError):  # a worker that does not see the folder: the caller writes, or raises
        _write(path, record)
    return path, json.loads(json.dumps(record))  # the plain numbers that a reader of the file would get


def _check_result(point: dict, result: object) -> None:
    expected = "run must return a dict of finite numbers and strings, by names that are no parameters"
    if not isinstance(result, dict):
        raise TypeError(f"{expected}, got {result!r} at the point {_name(point)}")
    for name, value in result.items():
        if not isinstance(name, str) or name in point:
            raise ValueError(f"{expected}, got the name {name!r} at the point {_name(point)}")
        if not _is_plain(value):
            kind = ValueError if isinstance(value, float) else TypeError
            raise kind(f"{expected}, got {name}={value!r} ({type(value).__name__}) at the point {_name(point)}")


def _read(path: Path, point: dict, quiet: bool = False) -> dict | None:
    """Return the record of a finished run, or None if there is none that can be read, with a warning unless `quiet`."""

    def load(path: Path) -> dict:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["point"] != point:
            raise ValueError("it is the record of another point")
        _check_result(point, record["result"])
        return {key: record[key] for key in ("point", "result", "seconds", "versions")}

    return stored(path, load, "the finished run {path} cannot be read ({error}); it is run again", quiet, level=4)


def _write(path: Path, record: dict) -> None:
    with in_one_move(path) as file:
        file.write_text(json.dumps(record, indent=1), encoding="utf-8")
