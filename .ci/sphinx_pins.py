"""Print the pins of `make book-sphinx`: constraints.txt, where .ci/sphinx-constraints.txt says nothing else."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def pins(common: str, other: str) -> list[str]:
    r"""Return the pins of the first text without those of packages that the second text pins, then those of the second.

    >>> pins("# all\nA_b==1\nc==2", "a-B==3")
    ['c==2', 'a-B==3']
    """
    first, second = ([line for line in text.splitlines() if re.match(r"\w", line)] for text in (common, other))

    def name(line: str) -> str:
        return re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower()

    own = {name(line) for line in second}
    return [line for line in first if name(line) not in own] + second


if __name__ == "__main__":
    files = (ROOT / "constraints.txt", ROOT / ".ci" / "sphinx-constraints.txt")
    print("\n".join(pins(*(file.read_text(encoding="utf-8") for file in files))))
