"""The paper on the book, the reviewers' checklist, and the files by which archives and indexes know the book."""

import json
import re
import tomllib
from datetime import date

import pytest
import yaml
from built_site import ADDRESS, CONFIG, REPOSITORY, ROOT
from pybtex.database import parse_file

PAPER = (ROOT / "paper" / "paper.md").read_text(encoding="utf-8")
FRONT, BODY = yaml.safe_load(PAPER.split("---\n")[1]), PAPER.split("---\n", 2)[2]
CHECKLIST = (ROOT / "paper" / "checklist.md").read_text(encoding="utf-8")
ENTRIES = parse_file(ROOT / "paper" / "paper.bib").entries
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
AUTHORS = [author["name"] for author in CITATION["authors"]]
CODEMETA, ZENODO = (json.loads((ROOT / name).read_text(encoding="utf-8")) for name in ("codemeta.json", ".zenodo.json"))
#: what a paper on a learning module must say, in this order
SECTIONS = [
    *(
        "Summary",
        "Statement of need",
        "Learning objectives",
        "Content and sequence",
        "Instructional design",
        "Adoption",
    ),
    *("Experience of use", "Story of the project", "Acknowledgements", "References"),
]
#: the points of the reviewers' checklist for learning modules that the authors can answer
POINTS = [
    *("Repository", "License", "Version", "Authorship"),
    *("A statement of need", "Installation instructions", "Usage", "Community guidelines"),
    *("Learning objectives", "Content scope and length", "Pedagogy", "Content quality", "Instructional design"),
    *("Authors", "A statement of need", "Description", "Use in the classroom, and adoption"),
    *("Could someone else teach with it", "The story", "References"),
]


def test_all_files_name_the_same_title_version_authors_and_licences():
    version = PROJECT["version"]
    assert {CITATION["title"], CODEMETA["name"], ZENODO["title"]} == {CONFIG["title"]}
    assert {CITATION["version"], CODEMETA["version"], ZENODO["version"]} == {version}
    assert CODEMETA["dateModified"] == CITATION["date-released"]
    assert AUTHORS == [CONFIG["author"]] == [author["name"] for author in PROJECT["authors"]]
    assert AUTHORS == [author["name"] for author in CODEMETA["author"]] == [c["name"] for c in ZENODO["creators"]]
    licences = CITATION["license"]
    assert licences == [address.rsplit("/", 1)[1] for address in CODEMETA["license"]]
    assert licences[0] == PROJECT["license"] == ZENODO["license"]
    assert all(licence in ZENODO["notes"] for licence in licences)
    assert CODEMETA["keywords"] == ZENODO["keywords"] == PROJECT["keywords"]
    assert CODEMETA["description"] == ZENODO["description"]
    assert CODEMETA["runtimePlatform"] == f"Python {PROJECT['requires-python']}"


def test_all_files_lead_to_the_same_addresses():
    assert CODEMETA["codeRepository"] == PROJECT["urls"]["Repository"] == REPOSITORY
    assert CODEMETA["issueTracker"] == PROJECT["urls"]["Issues"] == f"{REPOSITORY}/issues"
    assert CODEMETA["url"] == PROJECT["urls"]["Documentation"] == ADDRESS
    related = {one["relation"]: one["identifier"] for one in ZENODO["related_identifiers"]}
    assert related["isSupplementTo"] == REPOSITORY and related["isDocumentedBy"] == ADDRESS


def test_the_archive_is_told_which_papers_the_book_reruns():
    cited = {one["identifier"] for one in ZENODO["related_identifiers"] if one["scheme"] == "doi"}
    assert cited == {ENTRIES[key].fields["doi"] for key in ("halfspace", "featuremap", "haste")}


def test_a_doi_of_the_book_is_given_only_if_it_is_one():
    """The place of the DOI is a comment until an archive has given one."""
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"(?m)^#? ?doi: ", text)
    assert "doi" not in CITATION or re.fullmatch(r"10\.\d{4,9}/\S+", CITATION["doi"])


def test_the_paper_has_the_head_that_the_journal_asks_for():
    assert FRONT["title"].startswith(CONFIG["title"]) and len(FRONT["tags"]) >= 3
    assert [author["name"] for author in FRONT["authors"]] == AUTHORS
    indices = {entry["index"] for entry in FRONT["affiliations"] if entry["name"]}
    assert {author["affiliation"] for author in FRONT["authors"]} <= indices
    released = date.fromisoformat(CITATION["date-released"])
    assert FRONT["date"] == f"{released.day} {released:%B %Y}"
    assert (ROOT / "paper" / FRONT["bibliography"]).is_file()


def test_the_paper_is_short_and_says_what_it_must():
    assert re.findall(r"(?m)^# (.+)$", BODY) == SECTIONS
    sections = dict(zip(SECTIONS, re.split(r"(?m)^# .+\n", BODY)[1:], strict=True))
    assert all(len(sections[name].split()) > 15 for name in SECTIONS[:-1])
    assert 600 < len(BODY.split()) <= 1000
    assert "not yet been used in a class" in sections["Experience of use"]


def test_the_paper_has_no_number_that_could_grow_old():
    text = re.sub(r"CC BY 4\.0|<https://\S+>", "", BODY)
    assert not re.findall(r"\d+", text)
    plans = yaml.safe_load((ROOT / "book" / "course" / "plans.yml").read_text(encoding="utf-8"))
    assert list(plans["plans"]) == ["one", "three", "six"] and plans["minutes"] == 90
    assert "plans for one, three and six sessions of ninety minutes" in BODY


def test_every_reference_is_cited_once_has_a_doi_and_agrees_with_the_book():
    assert set(re.findall(r"@([a-z]+)", BODY)) == set(ENTRIES)
    ours = parse_file(ROOT / "book" / "references.bib").entries
    for key, entry in ENTRIES.items():
        doi = entry.fields["doi"]
        assert re.fullmatch(r"10\.\d{4,9}/\S+", doi), key
        if key in ours:
            assert entry.fields["title"] == ours[key].fields["title"]
            assert doi == f"10.48550/arXiv.{ours[key].fields['url'].rsplit('/', 1)[1]}"


def rows():
    """Return (point, answer, where) of the checklist, without its headings."""
    lines = [line.strip("|").split("|") for line in CHECKLIST.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line] for line in lines]
    return [row for row in cells[2:] if not row[0].startswith("**")]


def test_every_point_of_the_checklist_is_answered():
    assert [row[0] for row in rows()] == POINTS
    assert all(len(row) == 3 and len(row[1].split()) >= 5 and row[2] for row in rows())


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([\w./-]+)`", CHECKLIST))))
def test_what_the_checklist_points_at_is_there(path):
    assert (ROOT / path).is_file()
