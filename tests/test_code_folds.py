"""Where code and claims of a cell go: below what it shows, cells in a row on one line, a false claim in sight."""

import pytest
from dlgn_site.claim_details import details
from dlgn_site.code_folds import _arrange, code_fold
from docutils import nodes
from docutils.utils import new_document

from dlgn_lib.book.claims import Verdict
from dlgn_lib.book.register import Claim


def cell(source, *outputs, hidden=True):
    """Return a cell as the notebook reader makes it; an output is a claim that holds or does not, or a figure."""
    code = nodes.literal_block(source, source)
    made = nodes.container("", nodes.container("", code, nb_element="cell_code_source"), nb_element="cell_code")
    made["cell_metadata"] = {"tags": ["hide-input"]} if hidden else {}
    shown = {
        True: Verdict("c", True, "1", "true")._repr_html_(),
        False: Verdict("c", False, "1", "false")._repr_html_(),
        "figure": "<img>",
    }
    if outputs:
        made += nodes.container(
            "", *(nodes.raw("", shown[o], format="html") for o in outputs), nb_element="cell_code_output"
        )
    return made


def arranged(*cells):
    """Return the lines of a page after the cells have been arranged: what each cell shows, and its folds."""
    document = new_document("page")
    document += nodes.section("", *cells)
    _arrange(None, document)
    names = {"literal_block": "code", "raw": "output"}
    return [
        [
            [(fold["title"], fold["code"], fold["claims"]) for fold in part.children]
            if "dlgn-folds" in part.get("classes", [])
            else names[part.children[0].__class__.__name__]
            for part in cell.children
        ]
        for cell in document[0].children
    ]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([cell("# Figure: it", "figure")], [["output", [("Figure: it", True, 0)]]]),
        ([cell("# Check", True, True)], [[[("Check", True, 2)]]]),
        ([cell("# Check", True, False)], [["output", [("Check", True, 1)]]]),
        ([cell("x = 1", True, hidden=False)], [["code", [("", False, 1)]]]),
        ([cell("x = 1", hidden=False)], [["code"]]),
        (
            [cell("# Runs"), cell("# Figure", "figure"), cell("# Check", True)],
            [["output", [("Runs", True, 0), ("Figure", True, 0), ("Check", True, 1)]]],
        ),
        ([cell("# Runs"), cell("# More")], [[[("Runs", True, 0), ("More", True, 0)]]]),
        (
            [cell("# Runs"), cell("x = 1", True, hidden=False), cell("# Check", True)],
            [[[("Runs", True, 0)], "code", [("", False, 1), ("Check", True, 1)]]],
        ),
    ],
)
def test_folds_stand_below(cells, expected):
    assert arranged(*(c.deepcopy() for c in cells)) == expected


def test_a_word_between_two_cells_parts_their_lines():
    document = new_document("page")
    document += nodes.section("", cell("# Runs"), nodes.paragraph("", "words"), cell("# Figure", "figure"))
    _arrange(None, document)
    assert [len(list(part.findall(code_fold))) for part in document[0].children] == [1, 0, 1]


UNMOVED = "The same on all fresh seeds, or not measured on them."


@pytest.mark.parametrize(
    ("options", "verdict", "fresh", "told"),
    [
        ({}, {}, None, ["It is so.", "Measured: 0.7. Needs: >\xa00.5.", UNMOVED]),
        (
            {"format": "{:.1f}"},
            {"over": "20 seeds"},
            {"held": "5", "sets": "6", "least": "0.4", "most": "0.8"},
            [
                "It is so.",
                "Measured: 0.7, the median of 20 seeds. Needs: >\xa00.5 in every one.",
                "Fresh seeds: held in 5 of 6 sets, 0.4 to 0.8.",
            ],
        ),
        (
            {"show": "bound"},
            {"over": "3 nets"},
            None,
            ["It is so.", "Measured: within the bound, in 3 nets. Needs: >\xa00.5 in every one.", UNMOVED],
        ),
    ],
)
def test_what_a_number_tells_about_itself(options, verdict, fresh, told):
    claim = Claim(
        **({"id": "c", "statement": "it is so", "source": "s", "page": "p", "needs": "> 0.5", "value": 1} | options)
    )
    assert details(claim, {"shown": "0.7", "over": "–"} | verdict, fresh) == told
