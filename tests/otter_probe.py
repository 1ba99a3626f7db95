"""Answer every exercise of a notebook in all ways that are known, and let Otter's tests judge. Runs where otter is.

    python otter_probe.py solved.ipynb stubs.ipynb autograder.zip

The cells of the solved notebook run in their order, but for figures. At each check the solution stands in its place
first, then the stub, then every wrong answer that the self-check lists. Prints, as JSON, for each try: the exercise,
its kind, what was tried, the hint that belongs to it, the points, and what Otter prints.
"""

import contextlib
import io
import json
import sys
import zipfile
from pathlib import Path
from tempfile import mkdtemp

import matplotlib
import otter  # noqa: F401  the tests import it
from otter.execute import Checker
from otter.nbmeta_config import NBMetadataConfig

import dlgn_lib
import dlgn_lib.book
from dlgn_lib.book.exercises import Between, _examples

SKIPPED = {"setup", "otter-setup", "otter_ignore"}


def cells(path):
    """Return (source, tags) of the cells of code of a notebook, without those that prepare it."""
    found = [
        cell for cell in json.loads(Path(path).read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"
    ]
    pairs = [("".join(cell["source"]), set(cell["metadata"].get("tags", []))) for cell in found]
    return [(source, tags) for source, tags in pairs if not tags & SKIPPED]


def listed(test, values):
    """Return name, kind and hints of the answer that a test asks for, by running its self-check without judging."""
    asked = {}

    def note(answer, cases, hints=None):
        asked.update(cases=cases, hints=hints)

    file = {}
    exec(test.read_text(encoding="ascii"), file)
    before = dlgn_lib.check, dlgn_lib.book.check
    dlgn_lib.check = dlgn_lib.book.check = note
    exec(file["CHECK"], dict(values))
    dlgn_lib.check, dlgn_lib.book.check = before
    name = test.read_text(encoding="ascii").split('env.get("')[1].split('"')[0]
    function = isinstance(asked["cases"], list) and isinstance(asked["cases"][0], tuple)
    kind = "between" if isinstance(asked["cases"], Between) else "function" if function else "value"
    return name, kind, asked["hints"]


def main(solved, stubs, autograder):
    """Try all answers of a page; print what came of each."""
    folder = Path(mkdtemp())
    zipfile.ZipFile(autograder).extractall(folder)
    dlgn_lib.explore = dlgn_lib.show = lambda *given, **options: None
    matplotlib.use("agg")
    values, stubbed, tried = {"__name__": "__main__"}, {}, []
    for (source, tags), (stub, _) in zip(cells(solved), cells(stubs), strict=True):
        if "check" in tags:
            label = source.split('grader.check("')[1].split('"')[0]
            test = folder / "tests" / f"{label}.py"
            name, kind, hints = listed(test, values)
            tries = [("solution", "", values[name]), ("stub", "", stubbed[name])]
            tries += [("mistake", hint, one) for hint, wrong in hints.items() for one in _examples(wrong)]
            for what, hint, answer in tries:
                result = Checker.check(str(test), NBMetadataConfig(), global_env=values | {name: answer})
                tried.append([label, kind, what, hint, result.score, result.possible, result.summary(public_only=True)])
        else:
            with contextlib.redirect_stdout(io.StringIO()):
                if "solution" in tags:
                    stubbed = dict(values)
                    exec(stub, stubbed)
                exec(source, values)
    print(json.dumps(tried))


if __name__ == "__main__":
    main(*sys.argv[1:])
