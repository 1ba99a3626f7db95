"""The map of the chapters that the first page draws from its table."""

import pytest
from dlgn_site.chapter_map import chapter_map
from dlgn_site.not_found import base_path
from docutils.core import publish_doctree
from docutils.nodes import table

TABLE = """\
======================== ================
page                     question
======================== ================
**Part I: One**          *What is one?*
`first <first.html>`_    First, or not?
`second <second.html>`_  And then?
**Part II: Two**         *What is two?*
`third <third.html>`_    Why?
======================== ================
"""


def drawn(text):
    (found,) = publish_doctree(text, settings_overrides={"report_level": 5}).findall(table)
    return chapter_map(found, {"first": 30, "second": 5, "third": 7})


def test_every_row_is_a_station_of_its_part():
    lines = [[" ".join(part.astext().split()) for part in line.children] for line in drawn(TABLE).children]
    assert lines == [
        ["Part I: One What is one? 35 min", "first 30 min First, or not? second 5 min And then?"],
        ["Part II: Two What is two? 7 min", "third 7 min Why?"],
    ]
    assert 'refuri="third.html"' in str(drawn(TABLE))


def test_a_chapter_without_a_part_is_an_error():
    lines = TABLE.splitlines(keepends=True)
    with pytest.raises(ValueError, match="must be a part"):
        drawn("".join(lines[:3] + lines[4:]))


@pytest.mark.parametrize(
    ("address", "path"),
    [("https://org.github.io/book/", "/book/"), ("https://org.github.io/a/b", "/a/b/"), ("https://book.org", "/")],
)
def test_base_path_has_a_slash_at_both_ends(address, path):
    assert base_path(address) == path
