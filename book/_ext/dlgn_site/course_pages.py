"""A course of some pages: which they are, what they need that is left out, and a plan for them."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from dlgn_site.course_data import PLANS, PageData


def _found(pages: dict[str, PageData], given: str) -> list[str]:
    wanted = given.strip().removeprefix("book/").removesuffix(".md").removesuffix(".ipynb").casefold()
    ways = [lambda page: page.name, lambda page: page.name.rpartition("/")[2], lambda page: page.short]
    return next((found for way in ways if (found := [n for n, p in pages.items() if way(p).casefold() == wanted])), [])


def choose(pages: dict[str, PageData], given: str) -> list[str]:
    """Return the names of the pages that `given` lists, in its order.

    A page is called by its name ("experts/paths"), the last part of it ("paths") or its short title ("Paths"). Names
    stand between blanks, or between commas if there is a comma: short titles may have blanks in them.

    Raises ValueError for a name of no page, and for one of several; it lists the names that there are. Also for a page
    that comes twice.
    """
    chosen: list[str] = []
    for one in filter(str.strip, given.split(",") if "," in given else given.split()):
        found = _found(pages, one)
        if len(found) != 1:
            what = f"is one of {', '.join(found)}: give the whole name" if found else "is no page"
            known = "\n".join(f"  {name} ({page.short})" for name, page in pages.items())
            raise ValueError(f"PAGES: {one.strip()!r} {what}. The pages are:\n{known}")
        if found[0] in chosen:
            raise ValueError(f"PAGES: {found[0]} comes twice")
        chosen += found
    return chosen


def missing(pages: dict[str, PageData], chosen: Sequence[str]) -> dict[str, list[str]]:
    """Return page -> pages that need it, of all that the chosen pages need, or these in turn, and that is not chosen."""
    needed: dict[str, list[str]] = {}
    waiting = list(chosen)
    for name in waiting:
        for need in pages[name].needs:
            if need not in chosen:
                needed.setdefault(need, []).append(name)
                waiting += [need] if need not in waiting else []
    return {name: needed[name] for name in pages if name in needed}


def left_out(pages: dict[str, PageData], chosen: Sequence[str]) -> list[str]:
    """Return, as lines to print, which needed pages are missing, and which come after a page that needs them."""
    lines = [
        f"{name} ({pages[name].short}) is not in this course; needed by {', '.join(users)}"
        for name, users in missing(pages, chosen).items()
    ]
    for place, name in enumerate(chosen):
        lines += [f"{name} comes before {need}, which it needs" for need in pages[name].needs if need in chosen[place:]]
    return lines


def session_limit(root: Path) -> int:
    """Return the minutes of a session, which the plans of the book say."""
    return yaml.safe_load((root / PLANS).read_text(encoding="utf-8"))["minutes"]


def sessions(pages: dict[str, PageData], chosen: Sequence[str], limit: int) -> list[list[str]]:
    """Return the chosen pages in their order, split into sessions.

    A session takes pages as long as they and all their exercises fit into `limit` minutes; a page that does not fit
    has a session of its own, and some of its exercises are homework.
    """
    plan: list[list[str]] = []
    left = 0
    for name in chosen:
        minutes = pages[name].minutes + pages[name].working
        if not plan or minutes > left:
            plan.append([])
            left = limit
        plan[-1].append(name)
        left -= minutes
    return plan
