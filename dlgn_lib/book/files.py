"""Where the files are that belong to the pages: the register of claims, committed results."""

from pathlib import Path


def register_path() -> Path:
    """Return the path of claims.yml: beside a source checkout's pages, or inside the installed package."""
    package = Path(__file__).parents[1]
    source = package.parent / "book" / "claims.yml"
    return source if source.exists() else package / "_book" / "claims.yml"
