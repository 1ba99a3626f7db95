"""What the pages say about themselves: their length, what each needs, its exercises; and the plans of a course made of them.

Everything that tells a teacher a number reads it here: the page course/teaching and the manifests of the editions.
"""

import re
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import yaml

from dlgn_site.exercises import OPTIONS
from dlgn_site.length import Length, of_page

PLANS = "book/course/plans.yml"
_EXERCISE = re.compile(r"^(?:`{3,}|:{3,})\{exercise\} *(.+)\n((?::\w+:.*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class ExerciseData:
    """One exercise."""

    label: str
    title: str
    minutes: int
    difficulty: str
    trains: str


@dataclass(frozen=True)
class PageData:
    """One notebook page; `name` is its docname without "book/", as are `needs` and `helps`."""

    name: str
    part: str  # e.g. "Part I"; empty outside of the parts
    title: str
    short: str
    length: Length
    needs: tuple[str, ...]
    helps: tuple[str, ...]
    exercises: tuple[ExerciseData, ...]

    @property
    def minutes(self) -> int:
        """Return the minutes of a first reading, by the rule of `dlgn_site.length`."""
        return self.length.minutes

    @property
    def working(self) -> int:
        """Return the minutes that its exercises take together, which come on top."""
        return sum(exercise.minutes for exercise in self.exercises)


@dataclass(frozen=True)
class Session:
    """One session of a plan; all names are keys of the pages, all labels those of exercises."""

    title: str
    pages: tuple[str, ...]
    exercises: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


def _listed(root: Path) -> list[tuple[str, str]]:
    """Return (docname, caption of its part) of every page, in the order of the table of contents."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    found = [(toc["root"], "")]
    for part in toc.get("parts", [toc]):
        found += [(entry["file"], part.get("caption", "")) for entry in part["chapters"]]
    return found


def _exercise(path: Path, title: str, options: str) -> ExerciseData:
    given = dict(re.findall(r"^:(\w+): *(.*?) *$", options, re.MULTILINE))
    if missing := [name for name in OPTIONS if name not in given]:
        raise ValueError(f"{path}: exercise {title!r} lacks {', '.join(missing)}")
    return ExerciseData(title=title, **{name: convert(given[name]) for name, convert in OPTIONS.items()})


def read_pages(root: Path) -> dict[str, PageData]:
    """Return name -> data of every notebook page of the book at `root`, in the order of the table of contents.

    Raises ValueError if a page names a page that is not there, or if needs go round in a circle.
    """
    pages = {}
    for docname, caption in _listed(root):
        path = (root / docname).with_suffix(".md")
        text = path.read_text(encoding="utf-8")
        front = yaml.safe_load(text.split("---")[1]) if text.startswith("---") else {}
        if "kernelspec" not in front:
            continue
        name = docname.removeprefix("book/")
        title = next(iter(re.findall(r"^# (.+)$", text, re.MULTILINE)), name)  # the export names a page without one
        pages[name] = PageData(
            name,
            caption.partition(":")[0] if caption.startswith("Part") else "",
            title,
            front.get("short", title),
            of_page(text),
            tuple(front.get("needs", ())),
            tuple(front.get("helps", ())),
            tuple(_exercise(path, *found) for found in _EXERCISE.findall(text)),
        )
    for page in pages.values():
        if unknown := {*page.needs, *page.helps} - set(pages):
            raise ValueError(f"book/{page.name}.md needs or is helped by {sorted(unknown)}, which are no pages")
    TopologicalSorter({page.name: page.needs for page in pages.values()}).prepare()  # CycleError is a ValueError
    return pages


def owner(pages: dict[str, PageData]) -> dict[str, tuple[PageData, ExerciseData]]:
    """Return label -> (page, exercise) of every exercise."""
    return {exercise.label: (page, exercise) for page in pages.values() for exercise in page.exercises}


def session_minutes(session: Session, pages: dict[str, PageData]) -> int:
    """Return the minutes of the pages and exercises of a session."""
    exercises = owner(pages)
    return sum(pages[p].minutes for p in session.pages) + sum(exercises[e][1].minutes for e in session.exercises)


def read_plans(root: Path, pages: dict[str, PageData]) -> tuple[int, dict[str, list[Session]]]:
    """Return the minutes of a session and the plans by name.

    Raises ValueError that names plan and session if one is too long, names what is not there, or comes too early.
    """
    content = yaml.safe_load((root / PLANS).read_text(encoding="utf-8"))
    plans = {
        name: [Session(**{k: v if k == "title" else tuple(v) for k, v in one.items()}) for one in sessions]
        for name, sessions in content["plans"].items()
    }
    exercises = owner(pages)
    for name, sessions in plans.items():
        seen = set()
        for number, session in enumerate(sessions, 1):
            where = f"{PLANS}: plan {name!r}, session {number}"
            for page in (*session.before, *session.pages):
                if page not in pages:
                    raise ValueError(f"{where}: there is no page {page!r}")
                if page in seen or (late := set(pages[page].needs) - seen):
                    raise ValueError(f"{where}: {page} " + ("comes twice" if page in seen else f"needs {sorted(late)}"))
                seen.add(page)
            for label in session.exercises:
                if label not in exercises or exercises[label][0].name not in seen:
                    raise ValueError(f"{where}: {label} is an exercise of no page so far")
            if (total := session_minutes(session, pages)) > content["minutes"]:
                raise ValueError(f"{where} takes {total} minutes, a session has {content['minutes']}")
    return content["minutes"], plans
