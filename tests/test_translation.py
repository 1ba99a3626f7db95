"""Translations: units go back byte for byte, what a unit must keep is kept, what changed is English, English stays as it was."""

import json
import re

import nbformat
import pytest
from dlgn_site import catalogues, extract, translate
from dlgn_site.export_notebooks import exports, read_book
from dlgn_site.units import Unit, faults, kept, put_back, units
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from sample_book import PAGE, ROOT, sample_claims, write_sample

from dlgn_lib.book import words
from dlgn_lib.book.exercises import verdict
from dlgn_lib.book.picture import picture

PAGES = {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in ROOT.glob("book/**/*.md")}
UNITS = {name: units(text) for name, text in PAGES.items()}


@pytest.fixture(autouse=True)
def english(monkeypatch):
    """Every test begins and ends in English."""
    monkeypatch.delenv("DLGN_WORDS", raising=False)
    monkeypatch.delenv(words.SEEN, raising=False)
    yield
    words.use({})


@pytest.mark.parametrize("name", PAGES)
def test_translations_that_equal_the_originals_give_the_same_page(name):
    page, found = PAGES[name], UNITS[name]
    catalog = catalogues.updated(catalogues.Catalog(), [(unit.kind, unit.text) for unit in found], name)
    for message in catalog:
        message.string = message.id
    known = catalogues.translations(catalog, name)
    assert found and set(known) == {unit.text for unit in found}
    assert translate.translated(page, known, name) == page


def marked(unit):
    """Return a text with one more word, and an umlaut in it."""
    return f"| Ölwörter {unit.text[1:]}" if unit.kind == "row" else f"{unit.text} Ölwörter"


@given(st.sampled_from(sorted(PAGES)), st.data())
def test_only_what_is_translated_changes(name, data):
    page, found = PAGES[name], UNITS[name]
    chosen = {unit.text for unit in data.draw(st.lists(st.sampled_from(found), min_size=1, max_size=40))}
    new = translate.translated(page, {unit.text: marked(unit) for unit in found if unit.text in chosen}, name)
    changed = [unit for unit in found if unit.text in chosen]
    assert new.count("Ölwörter") == len(changed)
    assert re.sub(r"(?<=\|) Ölwörter | Ölwörter", "", new) == page
    assert all(kept(unit.kind, marked(unit)) == kept(unit.kind, unit.text) for unit in changed)


def test_units_are_what_a_reader_sees():
    page = (
        "---\nkernelspec: {}\nshort: Doors\n---\n\n# Doors\n\n- one *door*\n  or two\n\n```{exercise} Count\n:label: ex-a\n"
        ":trains: counting\n\nWrite `f`.\n```\n\n```{code-cell}\n:tags: [check]\n\n# what follows\nname = 'not shown'\n"
        'print(f"{name} doors", name["key"])\ncheck(f, [], hints={"One too many.": 1})\nx = 2  # given\n```\n\n'
        "```{math}\na\n```\n\n| A | $x$ |\n|---|---|\n| $1$ | $2$ |\n"
    )
    assert [(unit.kind, unit.text) for unit in units(page)] == [
        ("short", "Doors"),
        ("heading", "Doors"),
        ("paragraph", "one *door*\nor two"),
        ("title", "Count"),
        ("trains", "counting"),
        ("paragraph", "Write `f`."),
        ("comment", "what follows"),
        ("print", "{name} doors"),
        ("hint", "One too many."),
        ("row", "| A | $x$ |"),
    ]


@pytest.mark.parametrize(
    "kind, text, translation, told",
    [
        ("paragraph", "See {doc}`gating`.", "Siehe dort.", "role {doc} 'gating': expected once, came not at all"),
        ("paragraph", "{claim}`a` of them", "{claim}`b` davon", "role {claim} 'b': expected not at all, came once"),
        ("paragraph", "All $M^2$.", "Alle $M^3$.", "formula '$M^2$': expected once, came not at all"),
        ("paragraph", "It is 512 wide.", "Es ist 521 breit.", "number '512': expected once, came not at all"),
        ("paragraph", "Call `f(x)`.", "Rufe `f(y)`.", "code '`f(x)`': expected once, came not at all"),
        ("paragraph", "[a](b.md)", "[a](c.md)", "target 'b.md': expected once, came not at all"),
        ("print", "x = {x:g}", "x = {y:g}", "placeholder '{x:g}': expected once, came not at all"),
        ("figure", "on {1} of {2}", "an auf {1}", "placeholder '{2}': expected once, came not at all"),
        ("row", "| a | b |", "| a b |", "bar '|': expected 3 times, came 2 times"),
        ("heading", "One line", "Eine\nZeile", "a heading stands on one line"),
        ("hint", "Too low.", " Zu klein. ", "expected no blanks around it"),
    ],
)
def test_a_translation_that_lost_something_is_refused(kind, text, translation, told):
    catalog = catalogues.updated(catalogues.Catalog(), [(kind, text)], "book/a.md")
    catalog[text].string = translation
    with pytest.raises(catalogues.TranslationError, match=re.escape(told)) as error:
        catalogues.translations(catalog, "a.po")
    assert str(error.value).startswith(f"a.po: {text!r}: ")


def test_what_may_change_is_accepted():
    assert not faults("paragraph", "{doc}`gating` of 2", "2 von {doc}`dem Nächsten <gating>`")
    assert not faults("paragraph", "one line", "zwei\nZeilen")


@pytest.mark.parametrize(
    "text, translation, told",
    [
        ("Words.", "- Words.\n- More.", "expected a paragraph '- Words"),
        ("Too low.", 'Zu "klein".', "expected a hint 'Zu"),
        ("The end.", "# The end.", "expected a paragraph '# The end.'"),
    ],
)
def test_a_translation_that_breaks_its_block_is_refused(text, translation, told):
    page = '# Title\n\nWords.\n\n```{code-cell}\ncheck(f, 1, hints={"Too low.": 0})\n```\n\nThe end.\n'
    with pytest.raises(catalogues.TranslationError, match=re.escape(told)):
        translate.translated(page, {text: translation}, "a")


def test_what_has_changed_is_english_until_it_is_translated_again(tmp_path):
    path, entry = tmp_path / "de" / "a.po", ("paragraph", "The gate is on where the unit is.")
    catalog = catalogues.updated(
        catalogues.read(path, "de"), [entry, ("paragraph", "Gone soon, all of it.")], "book/a.md"
    )
    catalog[entry[1]].string, catalog["Gone soon, all of it."].string = "Das Gate ist an.", "Bald weg."
    catalogues.write(path, catalog)
    before = path.read_bytes()
    catalogues.write(path, catalogues.read(path, "de"))
    assert path.read_bytes() == before

    changed = ("paragraph", "The gate is on where its unit is.")
    catalog = catalogues.updated(catalogues.read(path, "de"), [changed, ("paragraph", "New.")], "book/a.md")
    catalogues.write(path, catalog)
    catalog = catalogues.read(path, "de")
    assert catalog[changed[1]].fuzzy and catalog[changed[1]].string == "Das Gate ist an."
    assert catalogues.translations(catalog, "a.po") == {}
    assert str(catalogues.state(catalog)) == "0 of 2 units translated, 1 fuzzy, 1 without translation"
    text = path.read_text(encoding="utf-8")
    assert text.index("#~ msgid") > text.index('msgid "New."')
    assert translate.translated(f"{changed[1]}\n", catalogues.translations(catalog, "a.po"), "a") == f"{changed[1]}\n"

    back = catalogues.updated(catalog, [changed, ("paragraph", "Gone soon, all of it.")], "book/a.md")
    assert catalogues.translations(back, "a.po") == {"Gone soon, all of it.": "Bald weg."}


def a_figure():
    figure, ax = plt.subplots(figsize=(3, 2))
    ax.plot([0, 1], label="green unit")
    ax.set(xlabel="active on 0.25 of it", xticks=[0, 1], xticklabels=["off", "on"])
    ax.legend()
    return figure


def test_a_figure_is_drawn_in_the_language_and_in_english_it_has_the_same_bytes(monkeypatch):
    before = picture(a_figure())
    monkeypatch.setattr("dlgn_lib.book.picture.translate_figure", lambda figure: None)
    assert picture(a_figure()) == before
    monkeypatch.undo()
    words.use({"something else": "etwas anderes"})
    assert picture(a_figure()) == before
    words.use({"green unit": "grün", "active on {1} of it": "auf {1} davon aktiv", "on": "an"})
    figure = a_figure()
    assert picture(figure) != before
    (ax,) = figure.axes
    shown = [ax.get_xlabel(), ax.get_legend().texts[0].get_text(), *(tick.get_text() for tick in ax.get_xticklabels())]
    assert shown == ["auf 0.25 davon aktiv", "grün", "off", "an"]


def test_verdicts_speak_the_language():
    words.use({"✗ Not quite. {hint}": "✗ Noch nicht. {hint}", "✓ Right.": "✓ Richtig."})
    assert verdict(6, [((), 9)], {"Zu klein.": 6}) == (False, "✗ Noch nicht. Zu klein.")
    assert verdict(9, [((), 9)]) == (True, "✓ Richtig.")


def test_every_catalogue_of_the_book_keeps_what_it_must():
    languages = [folder.name for folder in (ROOT / catalogues.LOCALE).iterdir()]
    assert "de" in languages
    for language in languages:
        assert "experts/paths" in catalogues.pages(ROOT, "de")
        for name in (catalogues.WORDS, *catalogues.pages(ROOT, language)):
            known = catalogues.translations(catalogues.read(catalogues.catalogue(ROOT, language, name), language), name)
            if name != catalogues.WORDS:
                assert translate.translated(PAGES[f"book/{name}.md"], known, name)


def test_the_words_of_the_site_are_found():
    found = extract.said_words(ROOT)
    assert {"✓ Right.", "Solution", "Figure {number}.", "Part I: Experts", "easy"} <= set(found)
    assert len(found) == len(set(found))


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The sample book, one page of it translated: its tree, and its editions."""
    root = write_sample(tmp_path_factory.mktemp("book"))
    german = {
        "The page": "Die Seite",
        "After the exercise.": "Nach der Aufgabe.",
        "Write `twice`.": "Schreibe `twice`.",
        "The picture": "Das Bild",
        "Train it here": "Trainiere es hier",
    }
    path = catalogues.catalogue(root, "de", "part/page")
    catalog = catalogues.updated(catalogues.read(path, "de"), [(unit.kind, unit.text) for unit in units(PAGE)], "x")
    for text, other in german.items():
        catalog[text].string = other
    catalogues.write(path, catalog)
    shared = catalogues.catalogue(root, "de", catalogues.WORDS)
    spoken = [("word", "Read this page online"), ("word", "your code here"), ("word", "Figure {number}.")]
    catalog = catalogues.updated(catalogues.read(shared, "de"), spoken, "y")
    for (_, text), other in zip(spoken, ("Diese Seite online lesen", "dein Code", "Abbildung {number}."), strict=True):
        catalog[text].string = other
    catalogues.write(shared, catalog)
    with sample_claims():
        lines = translate.write_tree(root, "de", root / "_build" / "de", read_book(root))
        editions = exports(root / "_build" / "de", ["student", "teacher"])
    words.use({})
    return root / "_build" / "de", lines, editions


def test_the_tree_has_the_translated_page_and_leads_to_the_original_for_the_others(tree):
    out, lines, _ = tree
    page = (out / "book" / "part" / "page.md").read_text(encoding="utf-8")
    assert "\n# Die Seite\n" in page and "Nach der Aufgabe." in page and "Trainiere es hier" in page
    assert "[Introduction](https://example-org.github.io/sample/book/intro.html#start)" in page
    assert "{prf:ref}`thm`" in page and "{eq}`eq-a`" in page and "{claim}`demo`" in page
    assert "/sample/book/part/page.html)" in page, "a link to the page in English"
    count = len({unit.text for unit in units(PAGE)})
    told = f"5 of {count} units translated, 0 fuzzy, {count - 5} without translation"
    assert lines[1] == f"book/locale/de/part/page.po: {told}"
    own = json.loads((out / "words" / "part" / "page.json").read_text(encoding="utf-8"))
    assert own == {"your code here": "dein Code"}, "what the notebook's library says, not what the site says"


def test_editions_of_the_translated_page(tree):
    *_, editions = tree
    student, teacher = (nbformat.reads(editions[name]["part/page.ipynb"], 4) for name in ("student", "teacher"))
    text = "\n".join(cell.source for cell in student.cells)
    assert "# Die Seite" in text and "Schreibe `twice`." in text and "...  # dein Code" in text
    assert "Diese Seite online lesen" in text and "**Abbildung A.1.**" in text and "words.use(" in text
    for file in editions["student"].values():
        assert "# secret" not in file and "2 * x" not in file
    assert any("# secret" in cell.source for cell in teacher.cells)


def test_a_language_without_catalogue_is_an_error_in_words(capsys):
    assert translate.main(["--language", "xx"]) == 1
    assert "got 'xx'" in capsys.readouterr().err


def test_a_unit_puts_its_prefix_back():
    assert Unit("paragraph", "a\nb", 0, 5, "> ").placed("c\nd") == "c\n> d"
    page = "> a\n> b\n\n- c\n  d\n"
    assert put_back(page, units(page), lambda unit: unit.text.upper()) == "> A\n> B\n\n- C\n  D\n"
