"""Tools of the pages: claims that the build checks, exercises, committed results, figures with sliders."""

from dlgn_lib.book.claims import ClaimError, claim
from dlgn_lib.book.exercises import Between, check
from dlgn_lib.book.results import committed_results
from dlgn_lib.book.widgets import explore, show

__all__ = [
    "Between",
    "ClaimError",
    "check",
    "claim",
    "committed_results",
    "explore",
    "show",
]
