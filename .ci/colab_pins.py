"""Print the versions of the packages that the notebooks use, from Colab's own list: python .ci/colab_pins.py ADDRESS."""

import re
import sys
import urllib.request

#: what tests/test_notebooks.py installs, and the packages that decide how widgets show
PACKAGES = (
    "torch", "numpy", "pandas", "matplotlib", "seaborn", "pillow", "pyyaml", "tqdm", "scikit-learn", "scipy",
    "ipywidgets", "ipykernel", "ipython", "traitlets", "tornado", "pyzmq", "jupyter-client", "nbformat",
)  # fmt: skip


def pins(freeze: str) -> list[str]:
    """Return `name==version` for each of `PACKAGES`, in the order of the list, without local versions such as +cu128.

    Raises ValueError for a package that is not in the list.
    """
    found = {}
    for line in freeze.splitlines():
        # torch stands there as "torch @ https://.../torch-2.11.0%2Bcu128-...whl" at times
        match = re.match(r"([\w.-]+)\s*(?:==|@\s*\S*/[\w.]+-)([\w.]+)", line)
        if match:
            found[match[1].lower().replace("_", "-")] = match[2]
    missing = [name for name in PACKAGES if name not in found]
    if missing:
        raise ValueError(f"not in Colab's list: {', '.join(missing[:3])}" + ", ..." * (len(missing) > 3))
    return [f"{name}=={found[name]}" for name in PACKAGES]


if __name__ == "__main__":
    with urllib.request.urlopen(sys.argv[1], timeout=60) as answer:
        print("\n".join(pins(answer.read().decode())))
