"""The page course/teaching on the site: plans of a course, the table of prerequisites, and the index of exercises."""

from collections.abc import Iterable
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from dlgn_site.course_data import PLANS, PageData, owner, read_pages, read_plans, session_minutes


def table(head: list[str], rows: Iterable[list[object]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in lines)


def links(names: Iterable[str], pages: dict[str, PageData]) -> str:
    """Return links to pages, by their short names."""
    return ", ".join(f"{{doc}}`{pages[name].short} </book/{name}>`" for name in names)


def _exercise_link(label: str, title: str) -> str:
    return f"{{ref}}`{title} <{label}>`"


class FromMetadata(SphinxDirective):
    """A directive that is made from what all pages say about themselves, so it is read again when one of them changes."""

    def run(self) -> list[nodes.Node]:
        """Return what the metadata give; whatever is wrong with them is an error of the build."""
        root = Path(self.env.srcdir)
        try:
            self.pages = read_pages(root)
            made = self.make(root)
        except ValueError as error:
            raise self.error(str(error)) from error
        for name in ["_toc.yml", PLANS, *(f"book/{page}.md" for page in self.pages)]:
            self.env.note_dependency(str(root / name))
        return made


class CoursePlan(FromMetadata):
    """A plan of book/course/plans.yml: one table per session, with the minutes of its pages and exercises."""

    required_arguments = 1

    def make(self, root: Path) -> list[nodes.Node]:
        """Return the tables."""
        limit, plans = read_plans(root, self.pages)
        if self.arguments[0] not in plans:
            raise ValueError(f"there is no plan {self.arguments[0]!r} in {PLANS}, only {', '.join(plans)}")
        exercises, tables = owner(self.pages), []
        for number, session in enumerate(plans[self.arguments[0]], 1):
            rows = [[f"{{doc}}`/book/{name}`", self.pages[name].minutes] for name in session.pages]
            for label in session.exercises:
                page, exercise = exercises[label]
                rows.append([f"Exercise of {page.short}: {_exercise_link(label, exercise.title)}", exercise.minutes])
            rows.append([f"**together, of {limit}**", f"**{session_minutes(session, self.pages)}**"])
            if session.before:
                minutes = sum(self.pages[name].minutes for name in session.before)
                rows.append([f"*Before the session, to read:* {links(session.before, self.pages)}", f"*{minutes}*"])
            tables.append(table([f"Session {number}: {session.title}", "minutes"], rows))
        return self.parse_text_to_nodes("\n\n".join(tables))


class Prerequisites(FromMetadata):
    """Which page needs which, and what is only helpful, as a table."""

    def make(self, root: Path) -> list[nodes.Node]:
        """Return the table."""
        chapters = {name: page for name, page in self.pages.items() if page.part}
        rows = [
            [
                links([page.name], self.pages),
                page.minutes,
                links(page.needs, self.pages),
                links(page.helps, self.pages),
            ]
            for page in chapters.values()
        ]
        return self.parse_text_to_nodes(table(["Page", "minutes", "needs", "is helped by"], rows))


class ExerciseIndex(FromMetadata):
    """Every exercise of the book, with what it takes and what it trains."""

    def make(self, root: Path) -> list[nodes.Node]:
        """Return the index as one table."""
        rows = []
        for page in self.pages.values():
            if page.exercises:
                rows.append([f"**{links([page.name], self.pages)}**", f"**{page.working}**", "", ""])
            rows += [[_exercise_link(e.label, e.title), e.minutes, e.difficulty, e.trains] for e in page.exercises]
        return self.parse_text_to_nodes(table(["Exercise", "minutes", "difficulty", "trains"], rows))


def setup(app: Sphinx) -> dict:
    """Register the directives."""
    app.add_directive("course-plan", CoursePlan)
    app.add_directive("prerequisites", Prerequisites)
    app.add_directive("exercise-index", ExerciseIndex)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
