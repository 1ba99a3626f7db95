"""Fresh seeds: what they change, how claims are counted, and what the ledger says of them."""

import subprocess
import sys

import pytest
from dlgn_site import elsewhere, reseed

from dlgn_lib.book.register import Claim, registry


def test_every_generator_gets_another_seed():
    code = (
        "import random, sys, torch; sys.path.insert(0, 'book/_ext'); from dlgn_site import reseed\n"
        "def draw(shift=0):\n"
        "    torch.manual_seed(3 + shift); layer = torch.nn.Linear(5, 5)\n"
        "    mine = torch.rand(5, generator=torch.Generator().manual_seed(7 + shift))\n"
        "    return [layer.weight.detach(), mine, torch.tensor([random.Random(2 + shift).random()])]\n"
        "home, moved = draw(), draw(2 * reseed.STEP); reseed.fresh_seeds(2); fresh = draw()\n"
        "assert all(torch.equal(a, b) for a, b in zip(moved, fresh))\n"
        "assert not any(torch.equal(a, b) for a, b in zip(home, fresh))\n"
        "from dlgn_lib import ReLUNet; ReLUNet(2, 3, 1, generator=torch.Generator().manual_seed(0))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=elsewhere.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def entries(monkeypatch):
    fields = {"statement": "s", "source": "this book", "page": "p", "value": 0.6, "format": "{:.1f}"}
    known = {
        "share": Claim(id="share", needs="> 0.5", **fields),
        "end": Claim(id="end", needs="> 0.5", show="max", **fields),
        "word": Claim(id="word", needs="= yes", **fields),
        "fixed": Claim(id="fixed", needs="> 0", **fields),
        "count": Claim(id="count", needs="> 0", **fields | {"format": "{:,d}"}),
    }
    monkeypatch.setattr(reseed, "find", known.__getitem__)
    return known


def test_a_claim_holds_in_a_set_if_all_of_its_values_do(entries, tmp_path):
    home = {"share": [0.6, 0.7, 0.8], "end": [0.6, 0.7], "word": ["yes"], "fixed": [1.0]}
    found = {
        1: {"share": [0.4, 0.6, 0.9], "end": [0.8, 0.9], "word": ["yes"], "fixed": [1.0]},
        2: {"share": [0.6, 0.7, 0.9], "end": [0.7, 0.8], "word": ["no"], "fixed": [1.0]},
        3: {"end": [0.7, 0.75], "word": ["yes"], "fixed": [1.0]},  # the page of the first could not be measured
    }
    table = reseed.rows(found, home)
    counts = [row[:4] for row in table]  # the fixed one does not move
    assert counts == [["share", "> 0.5", 1, 2], ["end", "> 0.5", 3, 3], ["word", "= yes", 2, 3]]
    assert table[0][4:] == ["0.6", "0.7"]  # medians of the sets
    assert table[1][4:] == ["0.75", "0.9"]  # largest values
    reseed.write(table, ["page, set 3: an error"], [1, 2, 3], tmp_path / "reseed.csv")
    text = (tmp_path / "reseed.csv").read_text(encoding="utf-8")
    assert "# not measured: page, set 3: an error" in text and "# sets of seeds: 1, 2, 3" in text
    told = {name: reseed.told(entries[name], row) for name, row in reseed.read(tmp_path / "reseed.csv").items()}
    assert told["share"] == "1 of 2 sets, 0.6 to 0.7"
    assert told["end"] == "3 of 3 sets, 0.8 to 0.9"
    assert told["word"] == "2 of 3 sets"


def test_further_sets_join_those_of_the_table(tmp_path):
    path = tmp_path / "reseed.csv"
    earlier = [["share", "> 0.5", 5, 6, "0.55", "0.9"], ["end", "> 0.4", 6, 6, "0.6", "0.7"]]
    reseed.write([*earlier, ["word", "= yes", 6, 6, "", ""]], [], [6, 7, 8, 9, 10, 11], path)
    assert reseed.sets_of(path) == [6, 7, 8, 9, 10, 11]
    new = [
        ["share", "> 0.5", 1, 2, "1e-3", "0.7"],
        ["end", "> 0.5", 2, 2, "0.8", "0.9"],
        ["word", "= yes", 1, 2, "", ""],
    ]
    share, end, word = reseed.joined(new, reseed.read(path))
    assert reseed.joined(new[:1], reseed.read(path))[2][:2] == ["share", "> 0.5"]  # and the two of other pages stay
    assert share == ["share", "> 0.5", 6, 8, "1e-3", "0.9"] and word == ["word", "= yes", 7, 8, "", ""]
    assert end == new[1]  # its bound is another one now


def test_the_sweep_over_pages_and_sets_is_resumed_and_tells_what_failed(monkeypatch, tmp_path):
    asked = []

    def run_page(page, name, *arguments):
        asked.append((page, name))
        if (page, name) == ("b", "set-2"):
            raise RuntimeError("Traceback ...\nValueError: no seed arrived")
        return {f"claim-{page}": [len(page), name[-1] == "2", 0.1 + 0.2]}

    monkeypatch.setattr(reseed, "run_page", run_page)
    found, wrong = reseed.run_all(["a", "b"], [0, 2], tmp_path)
    assert found == {
        0: {"claim-a": [1, False, 0.1 + 0.2], "claim-b": [1, False, 0.1 + 0.2]},
        2: {"claim-a": [1, True, 0.1 + 0.2]},
    }
    assert wrong == ["b, set 2: ValueError: no seed arrived"]
    assert len(asked) == 4
    assert reseed.run_all(["a", "b"], [0, 2], tmp_path) == (found, wrong) and len(asked) == 4
    reseed.run_all(["a", "b"], [0, 2, 3], tmp_path)
    assert sorted(asked[4:]) == [("a", "set-3"), ("b", "set-3")]


def test_no_set_is_counted_twice(capsys):
    with pytest.raises(SystemExit):
        reseed.main(["--add", "--sets", str(reseed.sets_of(reseed.TABLE)[0])])
    assert "the table holds these already" in capsys.readouterr().err


def test_every_form_of_a_number_is_told(entries):
    row = {"held": "5", "sets": "5", "least": "1234", "most": "1250"}
    assert reseed.told(entries["count"], row) == "5 of 5 sets, 1,234 to 1,250"
    assert all(reseed.told(registry()[name], row) for name, row in reseed.read(reseed.TABLE).items())


def test_the_committed_table_is_about_registered_claims():
    table = reseed.read(reseed.TABLE)
    assert set(table) <= set(registry()) and len(table) > 400
    assert all(0 <= int(row["held"]) <= int(row["sets"]) for row in table.values())
