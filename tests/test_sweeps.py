"""Sweeps: every engine gives the same table to the bit, and whatever is killed, nothing finished is lost or run again."""

import importlib
import json
import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import pandas as pd
import pytest
import torch
from cases import seeded
from joblib.externals.loky import get_reusable_executor
from tqdm import tqdm

from dlgn_lib import progress
from dlgn_lib.data import circle
from dlgn_lib.models import DLGN, ReLUNet
from dlgn_lib.runs import sweep, sweeps
from dlgn_lib.training import train

# The functions that are swept. Each says in a log file that it has begun, and in which process.


def note(log, *words):
    with open(log, "a") as file:
        file.write(" ".join(map(str, (*words, os.getpid()))) + "\n")


def noted(log):
    return [line.split() for line in Path(log).read_text().splitlines()] if Path(log).exists() else []


def fit(log, model, seed):
    """Train a small net, and add up numbers enough for several threads."""
    note(log, model, seed)
    net = {"ReLU": ReLUNet, "DLGN": DLGN}[model](2, 8, 3, generator=seeded(seed))
    losses = train(net, *circle(40), steps=15, lr=1e-2, progress=False).losses
    total = torch.rand(10**6, generator=seeded(seed)).sum()
    return {
        "loss": losses[-1].item(),
        "total": total.item(),
        "threads": torch.get_num_threads(),
        "net": type(net).__name__,
    }


def square(log, seed, seconds=0.0):
    note(log, seed)
    time.sleep(seconds)
    return {"square": seed**2}


def square_but_die(log, seed, times):
    """Kill the process that runs seed 3, so many times."""
    note(log, seed)
    if seed == 3 and sum(line[0] == "3" for line in noted(log)) <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return {"square": seed**2}


def fail_at_three(runs, seed):
    """Fail at seed 3, as soon as two other points are finished."""
    while seed == 3:
        time.sleep(0.01)
        if len(list(Path(runs).glob("*.json"))) >= 2:
            raise ArithmeticError("three is too many")
    return {"square": seed**2}


def stop_at_three(log, seed):
    note(log, seed)
    if seed == 3:
        raise KeyboardInterrupt
    return {"square": seed**2}


def give(kind):
    """Return what no run may return."""
    return {
        "number": 3.0,
        "nan": {"loss": math.nan},
        "tensor": {"loss": torch.tensor(3.0)},
        "none": {"loss": None},
        "parameter": {"kind": 1},
        "number for a name": {1: 1},
    }[kind]


# The engines


def cluster(folder, workers):
    """Return a real Dask cluster of processes on this machine, on free ports."""
    from distributed import LocalCluster

    local = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "local_directory": folder}
    return LocalCluster(n_workers=workers, threads_per_worker=1, **local)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A client of two workers, for joblib to find."""
    import dask
    from distributed import Client

    with (
        # a killed worker is started again, but on a busy machine not within the 15 s after which it is given up
        dask.config.set({"distributed.deploy.lost-worker-timeout": "5 minutes"}),
        cluster(tmp_path_factory.mktemp("dask"), workers=2) as two,
        Client(two) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def processes():
    """End the processes that joblib keeps for later calls."""
    yield
    get_reusable_executor().shutdown(wait=True, kill_workers=True)


@pytest.fixture
def engine(request, processes):
    """Return a function that makes the context of an engine by name."""

    def choose(name):
        if name == "cluster":
            request.getfixturevalue("client")
            return joblib.parallel_config("dask")
        settings = {
            "processes": {"n_jobs": 2, "backend": "loky", "inner_max_num_threads": 2},
            "threads": {"n_jobs": 2, "backend": "threading"},
        }
        return joblib.parallel_config(**settings.get(name, {}))

    return choose


@pytest.fixture
def deadline():
    """Turn a sweep that waits for ever into an error."""

    def stop(*_):
        raise TimeoutError("the sweep still waits after two minutes")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(120)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def log(tmp_path):
    return str(tmp_path / "log")


def assert_same(one, other):
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def squares(log, seeds, **constant):
    return pd.DataFrame([{"log": log, "seed": s, **constant, "square": s**2} for s in seeds])


@pytest.mark.parametrize("name", ["processes", "threads", "cluster"])
def test_every_engine_gives_the_table_of_the_serial_one_to_the_bit(engine, deadline, name, tmp_path, log):
    grid = {"log": [log], "model": ("ReLU", "DLGN"), "seed": range(3)}
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        table = sweep(fit, tmp_path / "serial", **grid)
        serial = noted(log)
        with engine(name):
            assert_same(table, sweep(fit, tmp_path / name, **grid))
        with ThreadPoolExecutor(1) as later:
            assert torch.get_num_threads() == 2 == later.submit(torch.get_num_threads).result()
    finally:
        torch.set_num_threads(threads)
    assert list(table.columns) == ["log", "model", "seed", "loss", "total", "threads", "net"]
    assert list(zip(table["model"], table["seed"], strict=True)) == [(m, s) for m in ("ReLU", "DLGN") for s in range(3)]
    assert list(table["net"]) == ["ReLUNet"] * 3 + ["DLGN"] * 3 and set(table["threads"]) == {1}
    assert len(set(table["loss"])) == 6
    processes = {line[-1] for line in noted(log)[len(serial) :]}
    assert len(processes) == (1 if name == "threads" else 2)  # the engine was really used
    assert (str(os.getpid()) in processes) == (name == "threads")
    for path in (tmp_path / "serial").iterdir():
        one, other = (json.loads((tmp_path / folder / path.name).read_text()) for folder in ("serial", name))
        assert one["result"] == other["result"] and one["point"] == other["point"]
    assert_same(table, sweep(fit, tmp_path / name, **grid))  # read back
    assert len(noted(log)) == 12


# What is there is not run again


def test_only_what_is_missing_is_run(tmp_path, log):
    first = sweep(square, tmp_path / "runs", log=[log], seed=range(2))
    assert_same(first, squares(log, range(2)))
    more = sweep(square, tmp_path / "runs", seed=(3, 1, 0, 2), log=[log])
    assert_same(more, squares(log, (3, 1, 0, 2))[["seed", "log", "square"]])
    assert [seed for seed, _ in noted(log)] == ["0", "1", "3", "2"]


def test_a_record_says_what_was_run(tmp_path, log):
    sweep(square, tmp_path / "runs", log=[log], seed=[5])
    (path,) = (tmp_path / "runs").iterdir()
    assert path.name.endswith(".json") and "-5-" in path.name
    record = json.loads(path.read_text())
    assert record["point"] == {"log": log, "seed": 5} and record["result"] == {"square": 25}
    assert 0 <= record["seconds"] < 60 and record["versions"]["torch"] == str(torch.__version__)
    assert set(record["versions"]) == {"python", "torch", "dlgn_lib"}


def test_an_edited_function_is_run_again(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module, text = tmp_path / "swept_module.py", "def run(seed):\n    return {'value': seed + 1}\n"
    module.write_text(text)
    swept = importlib.import_module("swept_module")
    assert sweep(swept.run, tmp_path / "runs", seed=[1])["value"].item() == 2
    module.write_text("# a comment elsewhere changes nothing\n" + text)
    sweep(importlib.reload(swept).run, tmp_path / "runs", seed=[1])
    assert len(list((tmp_path / "runs").iterdir())) == 1
    module.write_text(text.replace("+ 1", "+ 2"))
    assert sweep(importlib.reload(swept).run, tmp_path / "runs", seed=[1])["value"].item() == 3
    assert len(list((tmp_path / "runs").iterdir())) == 2


@pytest.mark.parametrize("content", ["", "half", "[]", "another", "NaN", "text", "bytes"])
def test_a_damaged_record_is_a_warning_and_run_again(tmp_path, log, content):
    sweep(square, tmp_path / "runs", log=[log], seed=[2, 3])
    path, another = sorted((tmp_path / "runs").iterdir())
    whole = path.read_text()
    contents = {
        "half": whole[: len(whole) // 2],
        "another": another.read_text(),
        "NaN": whole.replace('"square": 4', '"square": NaN'),
        "text": json.dumps({"point": {}}),
    }
    path.write_bytes(b"\xff\xfe" if content == "bytes" else contents.get(content, content).encode())
    with pytest.warns(UserWarning, match="cannot be read .* it is run again") as caught:
        assert_same(sweep(square, tmp_path / "runs", log=[log], seed=[2, 3]), squares(log, [2, 3]))
    assert [str(path) in str(w.message) for w in caught] == [True] and caught[0].filename == __file__
    sweep(square, tmp_path / "runs", log=[log], seed=[2, 3])  # whole again: no warning
    assert [seed for seed, _ in noted(log)] == ["2", "3", "2"]


def test_runs_of_other_versions_are_a_warning(tmp_path, log):
    sweep(square, tmp_path / "runs", log=[log], seed=[1, 2])
    path = min((tmp_path / "runs").iterdir())
    path.write_text(path.read_text().replace(str(torch.__version__), "1.0"))
    with pytest.warns(UserWarning, match=r"1 of the runs in .* other versions.*'torch': '1.0'.* delete them") as caught:
        sweep(square, tmp_path / "runs", log=[log], seed=[1, 2])
    assert caught[0].filename == __file__
    assert len(noted(log)) == 2


def test_workers_write_what_they_finish(engine, tmp_path, log, monkeypatch):
    monkeypatch.setattr(sweeps, "_write", None)  # would fail if it were called in this process
    with engine("processes"):
        assert_same(sweep(square, tmp_path / "runs", log=[log], seed=range(3)), squares(log, range(3)))
    assert len(list((tmp_path / "runs").iterdir())) == 3


def test_a_point_given_out_again_is_read(tmp_path, log):
    """As a cluster does when a worker is lost that has finished points, but not said so."""
    point, path = {"log": log, "seed": 4}, tmp_path / "record"
    assert sweeps._run_point(square, point, path) == sweeps._run_point(square, point, path)
    assert len(noted(log)) == 1


def test_a_worker_without_the_folder_leaves_writing_to_the_caller(tmp_path, log, monkeypatch):
    write, refused = sweeps._write, []

    def write_the_second_time(path, record):
        if path not in refused:
            refused.append(path)
            raise PermissionError("another disk")
        write(path, record)

    monkeypatch.setattr(sweeps, "_write", write_the_second_time)
    sweep(square, tmp_path / "runs", log=[log], seed=range(3))
    assert len(refused) == 3
    sweep(square, tmp_path / "runs", log=[log], seed=range(3))
    assert len(noted(log)) == 3


def test_the_progress_bar_counts_what_was_there(tmp_path, log, monkeypatch, capsys):
    monkeypatch.setattr(progress, "tqdm", lambda **options: tqdm(**options | {"delay": 0}))
    sweep(square, tmp_path / "runs", log=[log], seed=[1])
    assert capsys.readouterr().err == ""  # a build
    monkeypatch.setenv("DLGN_PROGRESS", "1")
    sweep(square, tmp_path / "runs", log=[log], seed=[1, 2, 3], progress=False)
    assert capsys.readouterr().err == ""
    sweep(square, tmp_path / "runs", log=[log], seed=[1, 2, 3, 4])
    shown = capsys.readouterr().err
    assert "3 already there" in shown and "3/4" in shown and "4/4" in shown


# What is killed, interrupted or fails


@pytest.mark.parametrize("name", ["serial", "processes", "cluster"])
def test_a_failing_point_is_named_and_the_others_stay(engine, deadline, name, tmp_path):
    message = r"the point runs=.*, seed=3 failed: ArithmeticError: three is too many"
    with engine(name), pytest.raises(RuntimeError, match=message):
        sweep(fail_at_three, tmp_path, runs=[str(tmp_path)], seed=range(6))
    finished = [json.loads(path.read_text())["point"]["seed"] for path in tmp_path.glob("*.json")]
    assert 2 <= len(finished) <= 5 and 3 not in finished
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.json")}
    table = sweep(fail_at_three, tmp_path, runs=[str(tmp_path)], seed=finished)
    assert list(table["square"]) == [seed**2 for seed in finished]
    assert before.items() <= {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.json")}.items()


def test_a_sweep_killed_half_way_goes_on(tmp_path, log):
    """Kill the caller with SIGKILL, as a machine without memory does."""
    code = f"import test_sweeps as t; t.sweep(t.square, {str(tmp_path / 'runs')!r}, log=[{log!r}], seed=range(9), seconds=[0.1])"
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(sweeps.__file__).parents[2])])
    with subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": paths}) as process:
        try:
            while len(list((tmp_path / "runs").glob("*.json"))) < 4:
                assert process.poll() is None
                time.sleep(0.01)
        finally:
            process.kill()
    begun = [seed for seed, *_ in noted(log)]
    finished = [json.loads(path.read_text())["point"]["seed"] for path in (tmp_path / "runs").glob("*.json")]
    assert 4 <= len(finished) <= len(begun) < 9
    table = sweep(square, tmp_path / "runs", log=[log], seed=range(9), seconds=[0.1])
    after = [int(seed) for seed, *_ in noted(log)[len(begun) :]]
    assert sorted(after + finished) == list(range(9))
    assert_same(table, sweep(square, tmp_path / "uninterrupted", log=[log], seed=range(9), seconds=[0.1]))


def test_a_worker_of_a_cluster_killed_in_mid_run_loses_nothing(client, deadline, tmp_path, log):
    with joblib.parallel_config("dask"):
        table = sweep(square_but_die, tmp_path / "runs", log=[log], seed=range(8), times=[1])
    assert_same(table, squares(log, range(8), times=1))
    seeds = [int(seed) for seed, _ in noted(log)]
    assert sorted(seeds) == [0, 1, 2, 3, 3, 4, 5, 6, 7]  # the killed point again, nothing else
    assert len({process for seed, process in noted(log) if seed == "3"}) == 2
    assert len(list((tmp_path / "runs").glob("*.json"))) == 8


def test_a_point_that_kills_every_worker_is_named(client, deadline, tmp_path, log, monkeypatch):
    monkeypatch.setattr(client.cluster.scheduler, "allowed_failures", 1)
    with joblib.parallel_config("dask"), pytest.raises(RuntimeError, match=r"one of: .*seed=3,.*workers died"):
        sweep(square_but_die, tmp_path / "runs", log=[log], seed=range(8), times=[99])
    finished = len(list((tmp_path / "runs").glob("*.json")))
    assert 3 <= finished < 8


def test_a_cluster_without_workers_is_an_error(deadline, tmp_path, log):
    from distributed import Client

    with (
        cluster(tmp_path, workers=0) as none,
        Client(none, set_as_default=False) as client,
        joblib.parallel_config("dask", client=client, wait_for_workers_timeout=0.2),
        pytest.raises(TimeoutError, match="no worker"),
    ):
        sweep(square, tmp_path / "runs", log=[log], seed=[1])


def test_a_killed_process_is_an_error_and_the_sweep_goes_on(engine, deadline, tmp_path, log):
    with engine("processes"), pytest.raises(RuntimeError, match="terminated"):
        sweep(square_but_die, tmp_path / "runs", log=[log], seed=range(8), times=[1])
    finished = len(list((tmp_path / "runs").glob("*.json")))
    assert finished >= 1
    table = sweep(square_but_die, tmp_path / "runs", log=[log], seed=range(8), times=[1])
    assert_same(table, squares(log, range(8), times=1))


def test_an_interrupt_leaves_what_has_finished(tmp_path, log):
    with pytest.raises(KeyboardInterrupt):
        sweep(stop_at_three, tmp_path / "runs", log=[log], seed=range(6))
    assert len(list((tmp_path / "runs").glob("*.json"))) == 3


# What does not fit


@pytest.mark.parametrize(
    ("grid", "error", "message"),
    [
        ({}, ValueError, "grid must name at least one parameter .* got none"),
        ({"seed": []}, ValueError, r"seed must have at least one value, got \[\]"),
        ({"seed": 5}, TypeError, "seed must be a list, tuple or range of values, got 5"),
        ({"model": "DLGN"}, TypeError, "model must be a list, tuple or range of values, got 'DLGN'"),
        ({"model": {"DLGN"}}, TypeError, "model must be a list, tuple or range"),
        ({"seed": [1, 2, 1]}, ValueError, "seed must have different values, got 1 twice"),
        ({"seed": [torch.tensor(1)]}, TypeError, r"seed must have strings, .* got tensor\(1\) \(Tensor\)"),
        ({"lr": [0.1, math.nan]}, TypeError, "lr must have strings, finite numbers, .* got nan"),
        ({"width": [(8, 8)]}, TypeError, r"width must have strings, .* got \(8, 8\) \(tuple\)"),
        ({"kind": ["nan"], "typo": [1]}, RuntimeError, r"the point kind='nan', typo=1 failed: TypeError: .*'typo'"),
    ],
)
def test_a_bad_grid_is_refused(tmp_path, grid, error, message):
    with pytest.raises(error, match=message):
        sweep(give, tmp_path, **grid)


@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        ("number", TypeError, "got 3.0 at the point kind='number'"),
        ("nan", ValueError, r"got loss=nan \(float\) at the point kind='nan'"),
        ("tensor", TypeError, r"got loss=tensor\(3.\) \(Tensor\)"),
        ("none", TypeError, r"got loss=None \(NoneType\)"),
        ("parameter", ValueError, "by names that are no parameters, got the name 'kind'"),
        ("number for a name", ValueError, "got the name 1"),
    ],
)
def test_a_bad_result_is_refused(tmp_path, kind, error, message):
    with pytest.raises(error, match="run must return a dict of finite numbers and strings, .*" + message):
        sweep(give, tmp_path, kind=[kind])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "run",
    [lambda seed: {}, test_a_bad_result_is_refused, print, 3, DLGN],
    ids=["lambda", "test", "builtin", "number", "class"],
)
def test_only_functions_that_can_be_found_again_are_run(tmp_path, run):
    def inner(seed):
        return {}

    run = inner if run is test_a_bad_result_is_refused else run
    with pytest.raises(TypeError, match="run must be a function defined by `def` at the top level of a module, got"):
        sweep(run, tmp_path, seed=[1])


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_run(tmp_path, log):
    (tmp_path / "file").write_text("in the way")
    folders = [
        tmp_path / "file",
        tmp_path / "file" / "runs",
        Path("/proc"),
    ]  # a file; below one; nobody may write there
    for folder in folders if Path("/proc").is_dir() else folders[:2]:
        with pytest.raises(OSError, match=f"folder must be a folder that can be written, got {folder} "):
            sweep(square, folder, log=[log], seed=[1])
    assert noted(log) == []
