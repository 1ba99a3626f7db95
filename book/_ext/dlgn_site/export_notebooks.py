"""Write the notebooks that Colab opens and courses copy, from the pages of the book.

    python -m dlgn_site.export_notebooks                       # notebooks/, as committed
    python -m dlgn_site.export_notebooks --check               # only compare; exit code 1 names what differs
    python -m dlgn_site.export_notebooks --edition student     # _build/course/student/ and .zip, without solutions
    python -m dlgn_site.export_notebooks --edition course      # all editions of a course, each a folder and a zip
    python -m dlgn_site.export_notebooks --edition course --pages "experts/paths experts/gating"    # of these pages

Sphinx reads the book without running it, so it knows every number and every target; then each page becomes a notebook
without outputs, the same bytes on every run.
"""

import argparse
import hashlib
import io
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import nbformat
from jupyter_book.config import get_final_config
from myst_nb.core.read import read_myst_markdown_notebook
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import docutils_namespace, patch_docutils

from dlgn_lib.book.exercises import stub
from dlgn_lib.book.words import said
from dlgn_site import export_otter
from dlgn_site.colab_button import colab_url, notebook_path
from dlgn_site.course_data import PageData, read_pages
from dlgn_site.course_pages import choose, left_out
from dlgn_site.export_cells import FOLDED, form, setup_cell, words_cell
from dlgn_site.export_course import edition_files, expected, facts
from dlgn_site.export_directives import details
from dlgn_site.export_files import Contents, Target, compare
from dlgn_site.export_markdown import ExportError, Translator
from dlgn_site.export_references import References

COURSE = ("student", "teacher", "otter", "autograder")
EDITIONS = ("colab", *COURSE)
TAGS = ("hide-input", "solution", "check", "skip-export")


def read_book(root: Path) -> Sphinx:
    """Return the Sphinx application after it has read the book at `root` without running or writing anything.

    Warnings are left to the build of the site, which turns them into errors.
    """
    overrides = {"nb_execution_mode": "off", "external_toc_path": "_toc.yml", "latex_individualpages": False}
    config, _ = get_final_config(user_yaml=root / "_config.yml", cli_config=overrides, sourcedir=root)
    with (
        tempfile.TemporaryDirectory() as scratch,
        patch_docutils(str(root)),
        docutils_namespace(),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # deprecations inside Sphinx's own extensions
        out = Path(scratch, "out")  # myst-nb writes beside it
        app = Sphinx(root, None, out, out, "dummy", config, status=None, warning=io.StringIO(), freshenv=True)
        app.build(force_all=True)
    return app


class Page:
    """One page on its way to a notebook."""

    def __init__(self, app: Sphinx, docname: str, edition: str, ref: str, data: PageData):
        """Read the source of one page.

        Args:
            app: the application of `read_book`.
            docname: the page, e.g. "book/experts/paths".
            edition: one of `EDITIONS`.
            ref: branch or tag that the setup cell installs and Colab opens.
            data: what the page says about itself.
        """
        self.docname, self.edition, self.ref, self.data = docname, edition, ref, data
        self.path = os.path.relpath(app.env.doc2path(docname), app.srcdir)
        self.words = Path(app.srcdir, "words", f"{data.name}.json")  # of a translated book
        self.repository = app.config.html_theme_options["repository_url"].rstrip("/")
        self.references = References(app, docname, ref)
        macros = (app.config.mathjax3_config or {}).get("tex", {}).get("macros", {})
        self.translator = Translator(self.references, app.env.myst_config, macros, self.path)
        text = Path(app.env.doc2path(docname)).read_text(encoding="utf-8")
        source = read_myst_markdown_notebook(text, app.env.myst_config, add_source_map=True)
        starts, lines = source.metadata["source_map"], text.splitlines()
        self.source = []  # (line of the page, cell)
        for start, cell in zip(starts, source.cells, strict=True):
            while cell.cell_type == "markdown" and not lines[start]:
                start += 1
            self.source.append((start + (cell.cell_type == "markdown"), cell))
        self.cells, self.questions = [], []
        if edition in ("otter", "autograder"):
            code = [(tag, cell.source) for _, cell in self.source for tag in cell.metadata.get("tags", [])]
            self.questions = export_otter.questions(data, code)
        self.next_question = iter(self.questions)

    def notebook(self) -> nbformat.NotebookNode:
        """Return the page as a valid notebook without outputs.

        Raises ExportError, with page and line, for whatever cannot be exported.
        """
        waiting = []  # the tags that must come next: an exercise is followed by its solution and its check
        for line, cell in self.source:
            tags = cell.metadata.get("tags", [])
            if unknown := set(tags) - set(TAGS):
                raise ExportError(
                    f"{self.path}:{line}: unknown tag {sorted(unknown)} of a cell; known: {', '.join(TAGS)}"
                )
            role = next((tag for tag in ("solution", "check") if tag in tags), None)
            if (waiting or [None])[0] != role:
                wanted = f"a cell tagged `{waiting[0]}`" if waiting else "the text of an exercise before it"
                raise ExportError(f"{self.path}:{line}: expected {wanted}, got a {role or cell.cell_type} cell")
            if waiting:
                waiting.pop(0)
            if "skip-export" in tags:
                continue
            if cell.cell_type == "markdown":
                self._markdown(self.translator.translate(cell.source, line), line)
                if len(self.translator.exercises) > 1:
                    raise ExportError(
                        f"{self.path}:{self.translator.exercises[1]}: two exercises without cells between them"
                    )
                waiting = ["solution", "check"] if self.translator.exercises else []
            elif role == "solution":
                self._exercise(cell.source)
            elif role == "check" and self.questions:
                self._check_by_otter()
            elif role == "check":
                source = f"#@title {said('Self-check: run this cell after yours')}\n{cell.source}"
                self._add("code", source, "check", **FOLDED)
                if self.edition == "teacher":
                    self._add("markdown", expected(cell.source), "expected")
                elif self.edition == "colab":
                    self._add("markdown", details(said("Solution"), f"```python\n{self.solution}\n```"), "solution")
            elif "hide-input" in tags:
                self._add("code", form(cell.source), "hide-input", **FOLDED)
            else:
                self._add("code", cell.source)
        if waiting:
            raise ExportError(
                f"{self.path}:{self.source[-1][0]}: the last exercise has no {' and '.join(waiting)} cell"
            )
        metadata = {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "colab": {"provenance": [], "toc_visible": True},
            "generated_from": self.path,
        }
        if self.questions:
            metadata["otter"] = {"assignment_name": self.data.name}
        return nbformat.v4.new_notebook(cells=self.cells, metadata=metadata)

    def _markdown(self, text: str, line: int) -> None:
        if not self.cells:
            title, _, text = text.partition("\n")
            if not title.startswith("# "):
                raise ExportError(f"{self.path}:{line}: a page starts with its title, '# ...', got {title!r}")
            links = [f"[{said('Read this page online')}]({self.references.url(self.docname)})"]
            if self.edition == "colab":
                links.append(f"[{said('Open it in Colab')}]({colab_url(self.repository, self.ref, self.docname)})")
            lines = [title, " · ".join(links), facts(self.data)]
            self._add("markdown", "\n\n".join(lines))
            self._add("code", setup_cell(self.repository, self.ref), "setup")
            if self.words.is_file():
                self._add("code", words_cell(self.words), "words", **FOLDED)
            if self.questions:
                self._add("code", export_otter.SETUP, "otter-setup", **FOLDED)
                self._add("code", export_otter.writing(self.questions), "otter_ignore", **FOLDED)
        if text.strip():
            self._add("markdown", text.strip("\n"))

    def _exercise(self, solution: str) -> None:
        self.solution = solution
        self.question = next(self.next_question, None)
        solved = self.edition in ("teacher", "autograder")
        label = self.question and self.question.exercise.label
        metadata = {"nbgrader": export_otter.nbgrader(label)} if label else {}
        self._add("code", solution if solved else stub(solution), "solution" if solved else "exercise", **metadata)

    def _check_by_otter(self) -> None:
        label, points = self.question.exercise.label, self.question.points
        metadata = {"nbgrader": export_otter.nbgrader(f"{label}-check", points), "deletable": False, "editable": False}
        source = export_otter.CHECK.format(label=label, points=points)
        self._add("code", source, "check", **FOLDED, **metadata)

    def _add(self, kind: str, source: str, tag: str | None = None, **metadata: object) -> None:
        """Append a cell whose id depends on page and content only, so that an edit changes no other cell."""
        if tag:
            metadata["tags"] = [tag]
        new = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
        used = {cell.id for cell in self.cells}
        digests = (
            hashlib.sha1(f"{self.docname}:{kind}:{source}:{n}".encode()).hexdigest()[:10] for n in range(len(used) + 1)
        )
        self.cells.append(new(source, metadata=metadata, id=next(d for d in digests if d not in used)))


def exports(
    root: Path, editions: Sequence[str], ref: str | None = None, chosen: Sequence[str] | None = None
) -> dict[str, Contents]:
    """Return edition -> path below its folder -> content of every file, of the book at `root`, which is read once.

    Args:
        root: folder of the book.
        editions: some of `EDITIONS`.
        ref: branch or tag that the setup cells install; the branch of `_config.yml` if not given.
        chosen: the pages of a course, in its order; all pages if not given.

    Raises ExportError that names, for every page that cannot be exported, its first bad line.
    """
    app, pages = read_book(root), read_pages(root)
    ref = ref or app.config.html_theme_options["repository_branch"]
    texts: dict[str, Contents] = {edition: {} for edition in editions}
    problems = []
    for docname in sorted(app.env.found_docs):
        name = docname.removeprefix("book/")
        if "kernelspec" not in app.env.metadata[docname] or (chosen and name not in chosen):
            continue
        try:
            for edition in editions:
                page = Page(app, docname, edition, ref, pages[name])
                notebook = page.notebook()
                nbformat.validate(notebook)
                path = notebook_path(docname).removeprefix("notebooks/")
                texts[edition][path] = nbformat.writes(notebook, nbformat.NO_CONVERT) + "\n"
                if edition == "autograder" and page.questions:
                    texts[edition][f"{name}.zip"] = export_otter.autograder(page.data, page.questions)
        except ExportError as error:
            problems.append(str(error))
    if problems:
        raise ExportError("\n".join(problems))
    site = f"{app.config.html_baseurl.rstrip('/')}/"
    return {
        edition: found
        if edition == "colab"
        else edition_files(root, app.config.html_title, site, edition, found, chosen)
        for edition, found in texts.items()
    }


def export(root: Path, edition: str = "colab", ref: str | None = None) -> Contents:
    """Return path -> content of every file of one edition, with all pages; arguments and errors as for `exports`."""
    return exports(root, (edition,), ref)[edition]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[3], help="folder with _config.yml")
    parser.add_argument(
        "--out", type=Path, help="output folder (notebooks/, _build/course/<edition>/ or _build/course/)"
    )
    parser.add_argument("--edition", choices=(*EDITIONS, "course"), default="colab", help="course: all but colab")
    parser.add_argument("--pages", default="", help="the pages of a course, in its order (all)")
    parser.add_argument("--ref", help="branch or tag the setup cell installs (repository.branch of _config.yml)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a notebook differs")
    options = parser.parse_args(arguments)
    root = options.root.resolve()
    course = root / "_build" / "course"
    if options.edition == "course":
        places = {edition: (options.out or course) / edition for edition in COURSE}
    else:
        default = root / "notebooks" if options.edition == "colab" else course / options.edition
        places = {options.edition: options.out or default}
    try:
        pages = read_pages(root) if options.pages.strip() else {}
        chosen = choose(pages, options.pages) if pages else None
        contents = exports(root, list(places), options.ref, chosen)
    except (ExportError, SphinxError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    for warning in left_out(pages, chosen or []):
        print(f"warning: {warning}", file=sys.stderr)
    targets = [Target(out, edition, contents[edition]) for edition, out in places.items()]
    return compare(targets) if options.check else write(targets)


def write(targets: list[Target]) -> int:
    """Write the editions, and say so; return 1 if one cannot be written."""
    for target in targets:
        try:
            target.write()
        except OSError as error:
            print(f"{target.out} cannot be written: {error}", file=sys.stderr)
            return 1
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
