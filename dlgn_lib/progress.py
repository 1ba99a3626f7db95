"""Progress of long work."""

import os

from tqdm.auto import tqdm


def quiet() -> bool:
    """Return whether `$DLGN_PROGRESS` is 0: no progress bars, as in builds of the site."""
    return os.environ.get("DLGN_PROGRESS", "1") == "0"


def progress_bar(total: int, text: str, unit: str, wanted: bool = True, done: int = 0) -> tqdm:
    """Return a progress bar that shows after two seconds; never if it is not `wanted`, or `quiet`."""
    return tqdm(total=total, initial=done, delay=2, desc=text, unit=unit, disable=not wanted or quiet())
