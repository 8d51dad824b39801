"""Letters are short, carry one link, and never a stranger's words."""

import pytest

from tests.worker.render.builders import BASE, TOKEN, a_press, an_addressee, links, of_class, received, tree, words
from worker.render import letters
from worker.render.letters import Letter, LetterKind
from worker.render.plain import WIDTH

LINK = f"{BASE}/confirm/{TOKEN}"
ALL = [
    letters.confirm(LINK),
    letters.fresh_link(LINK),
    letters.new_address(LINK),
    letters.address_changed(),
    letters.operator_notice("Hugging Face lists nothing", ["The same ids as yesterday.", "Run ./paperboy doctor."]),
]


def test_every_kind_has_a_letter() -> None:
    assert {letter.kind for letter in ALL} == set(LetterKind)


@pytest.mark.parametrize("letter", ALL, ids=lambda letter: letter.kind)
def test_a_letter_says_the_same_in_both_bodies(letter: Letter) -> None:
    message = a_press().letter(letter, an_addressee())
    parts, root = message.parts(), tree(message.parts().html)
    text = " ".join(parts.text.split())
    assert of_class(root, "letter-title") == [parts.subject]
    for paragraph in letter.paragraphs:
        assert paragraph in text
        assert paragraph in words(root)
    if letter.link:
        assert [element.get("href") for element in root.find_class("button")] == [LINK]
        assert parts.text.split().count(LINK) == 1
    assert "Example Ltd, 1 High Street" in text
    assert all(len(line) <= WIDTH or line.startswith("https://") for line in parts.text.splitlines())
    assert received(message)["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("letter", ALL, ids=lambda letter: letter.kind)
def test_a_letter_never_carries_the_readers_name(letter: Letter) -> None:
    evil = an_addressee(name="Win now at https://evil.example \r\nBcc: x@evil.example")
    message = a_press().letter(letter, evil)
    assert b"evil" not in message.wire()
    assert all(link.startswith(BASE) for link in links(tree(message.parts().html)))


def test_no_letter_says_how_to_leave_since_each_was_asked_for() -> None:
    assert not [letter.kind for letter in ALL if received(a_press().letter(letter, an_addressee()))["List-Unsubscribe"]]


def test_the_line_under_the_subject_is_the_opening() -> None:
    parts = a_press().letter(letters.confirm(LINK), an_addressee()).parts()
    assert of_class(tree(parts.html), "preheader")[0].startswith("Someone, most likely you, asked for Paperboy")
