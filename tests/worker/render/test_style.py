"""House style: name, accent, postal address and templates of the operator's own, each escaped, the accent always readable."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.templating import TEMPLATES
from tests.worker.render.builders import a_press, a_selection, an_addressee, of_class, settings, some_papers, tree
from worker.render import letters
from worker.render.colours import CHALK, INK, NIGHT, PAPER, READABLE, contrast, readable_on, text_on
from worker.render.house import house_of
from worker.render.letters import LetterKind
from worker.render.press import Press

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
def test_any_accent_can_be_read_by_day_and_by_night(accent: str) -> None:
    house = house_of(settings(accent=accent))
    assert contrast(house.accent, PAPER) >= READABLE
    assert contrast(house.accent_by_night, NIGHT) >= READABLE
    assert contrast(house.on_accent, house.accent) >= READABLE
    assert contrast(house.on_accent_by_night, house.accent_by_night) >= READABLE


def test_an_accent_that_can_be_read_is_left_alone() -> None:
    assert readable_on("#b3401f", PAPER) == "#b3401f"
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast(INK, PAPER) > 12
    assert contrast(CHALK, NIGHT) > 12
    assert text_on("#ffff00") == "#000000"


def test_name_accent_and_address_are_the_operators_and_escaped() -> None:
    press = Press(settings(name='Lab <b>& "Papers"</b>', accent="#0b6e4f", postal_address="1 <i>High</i> St & Sons"))
    papers = some_papers(1)
    parts = press.digest(a_selection(papers), papers, an_addressee()).parts()
    root = tree(parts.html)
    assert of_class(root, "name") == ['Lab <b>& "Papers"</b>']
    assert "1 <i>High</i> St & Sons" in of_class(root, "foot-text")
    assert "1 <i>High</i> St & Sons" in parts.text
    assert "color:#0b6e4f" in parts.html
    assert "#b3401f" not in parts.html


def test_without_a_postal_address_nothing_stands_in_its_place() -> None:
    papers = some_papers(1)
    parts = Press(settings(postal_address="")).digest(a_selection(papers), papers, an_addressee()).parts()
    assert len(of_class(tree(parts.html), "foot-text")) == 2
    assert parts.text.endswith("https://papers.example.org/\n")


def test_templates_of_the_operators_folder_come_first(tmp_path: Path) -> None:
    folder = tmp_path / "email" / "digest"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("Today: {{ lead }} (+{{ others }})\n", encoding="utf-8")
    (folder / "line.html").write_text(
        "<tr><td class='one'><a class='headline' href='{{ card.url }}'>* {{ card.line }}</a></td></tr>", encoding="utf-8"
    )
    (folder / "card.txt").write_text("\n{{ number }}{{ reason }}: {{ card.title }} <{{ card.url }}>\n", encoding="utf-8")
    press, papers = Press(settings(templates=str(tmp_path))), some_papers(3)
    parts = press.digest(a_selection(papers), papers, an_addressee()).parts()
    assert parts.subject == "Today: Paper 1: A Title (+2)"
    assert " 1. Robotics; keyword sight: Paper 1: A Title <https://arxiv.org/abs/2606.00001>\n" in parts.text
    assert len(of_class(tree(parts.html), "title")) == 3


def test_every_mail_has_its_three_templates_and_each_says_its_language() -> None:
    for name in ("digest", *LetterKind):
        assert {"subject.txt", "body.txt", "body.html"} <= {file.name for file in (TEMPLATES / "email" / name).iterdir()}
    html = a_press().letter(letters.address_changed(), an_addressee()).parts().html
    assert re.search(r'<html lang="en"', html)


def test_a_template_uses_no_name_that_is_not_given() -> None:
    for letter in (letters.operator_notice("A", ["b"]), letters.address_changed()):
        a_press().letter(letter, an_addressee(urls=type(an_addressee().urls)()))
