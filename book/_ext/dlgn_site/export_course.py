"""What makes a folder of notebooks an edition for a course: a manifest, a page to start from, the licences, one zip."""

import ast
import hashlib
import io
import json
import zipfile
from dataclasses import asdict
from pathlib import Path

import dlgn_lib
from dlgn_lib.book.exercises import RIGHT
from dlgn_site.course_data import PageData, read_pages

LICENCES = ("LICENSE", "LICENSE-TEXT")
_WHAT = {
    "student": "Exercises are stubs with a self-check. No file here holds a solution.",
    "teacher": "Solutions stand in place of the stubs; below each self-check is the expected result, and what learners "
    "often answer instead.",
}


def expected(check: str) -> str:
    """Return, as Markdown, what a check cell expects and the mistakes it knows, from its code.

    The build of the site runs every solution against it, so what stands here is what the solution gives.

    >>> print(expected('check(twice, [((1,), 2)], hints={"You squared.": lambda x: x**2})'))
    **Expected.** The self-check prints `✓ Right.` if:
    <BLANKLINE>
    - `twice(1)` is `2`
    <BLANKLINE>
    Likely mistakes that it names:
    <BLANKLINE>
    - You squared.
    """
    calls = [node for node in ast.walk(ast.parse(check)) if isinstance(node, ast.Call)]
    call = next(call for call in calls if getattr(call.func, "id", "") == "check")
    given = dict(zip(("answer", "cases", "hints"), call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords}
    answer, cases = ast.unparse(given["answer"]), given["cases"]
    lines = [f"**Expected.** The self-check prints `{RIGHT}` if:", ""]
    if isinstance(cases, ast.List) and isinstance(cases.elts[0], ast.Tuple):
        for case in cases.elts:
            arguments, value = case.elts
            lines.append(f"- `{answer}({', '.join(map(ast.unparse, arguments.elts))})` is `{ast.unparse(value)}`")
    elif isinstance(cases, ast.Call) and cases.func.id == "Between":
        low, high = map(ast.unparse, cases.args)
        lines.append(f"- `{answer}` is between {low} and {high}")
    else:
        lines.append(f"- `{answer}` is `{ast.unparse(cases)}`")
    hints = [key.value for key in given["hints"].keys] if "hints" in given else []
    return "\n".join(
        [*lines, *(["", "Likely mistakes that it names:", ""] if hints else []), *(f"- {h}" for h in hints)]
    )


def facts(page: PageData) -> str:
    """Return the line under a title: how long page and exercises take."""
    return f"*{page.minutes} minutes" + (f", and {page.working} for the exercises*" if page.exercises else "*")


def _readme(title: str, edition: str, pages: dict[str, PageData], names: list[str]) -> str:
    lines = [
        f"# {title}: {edition} edition",
        "",
        f"Version {dlgn_lib.__version__}. {_WHAT[edition]}",
        "",
        "On Colab, upload a notebook (File, Upload notebook) and run its first cell, which installs the library. On "
        'your own computer you need Python 3.11 or newer; run `pip install jupyterlab scikit-learn "git+…"` once, '
        "with the address in quotation marks from the first cell, then `jupyter lab` in this folder.",
        "",
        "| notebook | minutes | exercises | minutes of exercises |",
        "|---|---|---|---|",
    ]
    for name in names:
        page = pages[name.removesuffix(".ipynb")]
        lines.append(f"| [{page.title}]({name}) | {page.minutes} | {len(page.exercises)} | {page.working} |")
    text = "Text and figures: CC BY 4.0 (`LICENSE-TEXT` has a credit to copy). Code: MIT (`LICENSE`)."
    return "\n".join([*lines, "", text, "`manifest.json` lists every file with its checksum.", ""])


def edition_files(root: Path, title: str, edition: str, notebooks: dict[str, str]) -> dict[str, str]:
    """Return path -> text of every file of an edition: its notebooks, a README, the licences and the manifest.

    Args:
        root: folder of the book.
        title: of the book.
        edition: "student" or "teacher".
        notebooks: path -> text of each notebook, as `export_notebooks.export` gives them.
    """
    pages = read_pages(root)
    names = [f"{name}.ipynb" for name in pages if f"{name}.ipynb" in notebooks]
    files = {name: notebooks[name] for name in names}
    files |= {name: (root / name).read_text(encoding="utf-8") for name in LICENCES if (root / name).is_file()}
    files["README.md"] = _readme(title, edition, pages, names)
    entries = [
        {
            "file": name,
            "title": page.title,
            "minutes": page.minutes,
            "needs": [f"{need}.ipynb" for need in page.needs],
            "exercises": [asdict(exercise) for exercise in page.exercises],
        }
        for name in names
        for page in [pages[name.removesuffix(".ipynb")]]
    ]
    manifest = {
        "title": title,
        "version": dlgn_lib.__version__,
        "edition": edition,
        "notebooks": entries,
        "sha256": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()},
    }
    return files | {"manifest.json": json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"}


def packed(files: dict[str, str], folder: str) -> bytes:
    """Return the files as a zip that holds them in a folder: the same bytes for the same texts, on every machine."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:  # what deflate gives depends on its version
        for name, text in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, text.encode())
    return stream.getvalue()
