"""Run the pages that the execution cache does not hold as many at a time as there are cores, and say what they cost.

Jupyter Book runs one page after another, while it reads it. This extension runs them before that and puts them into the
cache, where myst-nb finds them. A page that fails is left out, so that myst-nb runs it again and reports the failure.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from dlgn_site.cachekey import cache_folder

logger = logging.getLogger(__name__)
BUDGET = 480  # seconds that all pages together may take to run, on two quiet cores
PAGE_BUDGET = 30  # seconds of one page


def _waiting(
    app: Sphinx, env: BuildEnvironment, docnames: list[str]
) -> list[tuple[Path, NotebookNode, JupyterCacheAbstract]]:
    """Return the notebooks among these pages that their caches do not hold, in the order of the table of contents."""
    order = list(env.config.external_site_map) if "external_site_map" in env.config else []
    found = []
    for docname in sorted(docnames, key=lambda name: (order.index(name) if name in order else -1, name)):
        path = Path(env.doc2path(docname))
        text = path.read_text(encoding="utf-8")
        reader = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text)
        if reader is None:
            continue
        notebook, cache = reader.read(text), get_cache(cache_folder(app, docname))
        with suppress(KeyError):
            cache.match_cache_notebook(notebook)
            continue
        found.append((path, notebook, cache))
    return found


@contextmanager
def _threads(workers: int) -> Iterator[None]:
    """Share the cores out among the kernels, unless the user has said how many threads each has."""
    name = "OMP_NUM_THREADS"
    if name in os.environ:
        yield
        return
    os.environ[name] = str(max(1, (os.cpu_count() or 1) // workers))
    try:
        yield
    finally:
        del os.environ[name]


def _run(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    config = env.mystnb_config
    workers = int(os.environ.get("DLGN_PAGES", os.cpu_count() or 1))
    if config.execution_mode != "cache" or workers < 2 or len(waiting := _waiting(app, env, docnames)) < 2:
        return

    def execute(path: Path, notebook: NotebookNode) -> ExecutionResult:
        logger.info("%s: Executing notebook", path)
        return single_nb_execution(
            notebook, cwd=str(path.parent), timeout=config.execution_timeout, allow_errors=config.execution_allow_errors
        )

    with _threads(workers), ThreadPoolExecutor(workers) as pool:
        tasks = [(path, cache, pool.submit(execute, path, notebook)) for path, notebook, cache in waiting]
        for path, cache, task in tasks:
            result = task.result()
            if result.err is None:
                bundle = CacheBundleIn(result.nb, str(path), data={"execution_seconds": result.time})
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
                logger.info("%s: Executed notebook in %.0f seconds", path, result.time)


def run_seconds(env: BuildEnvironment) -> dict[str, float]:
    """Return document -> seconds that its cells took when they ran last, in this build or an earlier one."""
    metadata = getattr(env, "nb_metadata", {})
    found = {name: (data.get("exec_data") or {}).get("runtime") for name, data in sorted(metadata.items())}
    return {name: value for name, value in found.items() if value}


def _tell(app: Sphinx, error: Exception | None) -> None:
    seconds = run_seconds(app.env)
    if error or not seconds:
        return
    total, slow = sum(seconds.values()), {name: value for name, value in seconds.items() if value > PAGE_BUDGET}
    logger.info("pages ran for %.0f seconds in all, of a budget of %d", total, BUDGET)
    for name, value in sorted(slow.items(), key=lambda item: -item[1]):
        logger.info("  %s ran for %.0f seconds, more than %d", name, value, PAGE_BUDGET)


def setup(app: Sphinx) -> dict:
    """Register the extension."""
    app.connect("env-before-read-docs", _run)
    app.connect("build-finished", _tell)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
