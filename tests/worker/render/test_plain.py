"""Foreign text is cleaned, bounded and wrapped; links are http(s) or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.render.kept import Kept
from worker.render.plain import WIDTH, clean, columns, link, wrapped
from worker.render.titles import in_sentence_case, shortened_title


@given(st.text(), st.integers(1, 80))
def test_clean_text_is_one_bounded_line_that_mail_can_carry(text: str, longest: int) -> None:
    made = clean(text, longest)
    assert len(made) <= longest
    assert made == made.strip()
    assert len(made.splitlines()) <= 1
    made.encode()


def test_clean_takes_out_what_turns_or_hides_text() -> None:
    assert clean("a\u202eb\u2066c\u200d\ufdd0d\U000e0041e\x00f\x9bg\ufeffh\u2028i\t\tj", 99) == "abc\u200ddefgh i j"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://arxiv.org/abs/2606.18023", "https://arxiv.org/abs/2606.18023"),
        ('https://example.org/a b?q="x"&y=<z>#é', "https://example.org/a%20b?q=%22x%22&y=%3Cz%3E#%C3%A9"),
        ("https://exämple.org:8443/", "https://xn--exmple-cua.org:8443/"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://bank.example@evil.example/", ""),
        ("//evil.example", ""),
        ("https://", ""),
        ("https://example.org:99999/", ""),
        ("https://exam\nple.org/", "https://example.org/"),
        ("https://example.org/" + "x" * 3_000, ""),
        (None, ""),
        ("", ""),
    ],
)
def test_a_link_is_http_and_ascii_or_nothing(url: str | None, expected: str) -> None:
    assert link(url) == expected


@given(st.text())
def test_no_link_can_break_out_of_its_line(text: str) -> None:
    made = link(f"https://example.org/{text}")
    assert made.isascii()
    assert not set(made) & set('\r\n\t <>"')


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.integers(0, 8))
def test_wrapped_text_keeps_its_words_within_72_columns(text: str, indent: int) -> None:
    made = wrapped(text, indent)
    assert "".join(made.split()) == "".join(text.split())
    assert all(columns(line) <= WIDTH and line.startswith(" " * indent) for line in made.splitlines())


def test_a_url_is_never_broken() -> None:
    url = "https://example.org/" + "x" * 100
    assert f"    {url}" in wrapped(f"See {url} for more", 4).splitlines()


def test_wide_letters_take_two_columns() -> None:
    assert columns("日本語") == 6
    assert columns("e\u0301") == 1


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("LoopCoder-v2: Only Loop Once for Efficient Test-Time Computation Scaling", "LoopCoder-v2: Only Loop Once"),
        ("Looped World Models", "Looped World Models"),
        ("GameCraft-Bench: Can Agents Build Playable Games End-to-End in a Real Game Engine?", "GameCraft-Bench"),
        ("Anunbrokenwordthatgoesonandonandonandonandonandonandonandonandonandon", "Anunbrokenwordthatgoesonandonandonandonandonandonando…"),
        ("Deep deeper deepest deep deeper deepest deep deeper deepest deep", "Deep deeper deepest deep deeper deepest deep deeper…"),
    ],
)
def test_a_title_is_shortened_where_it_can_be_read(title: str, expected: str) -> None:
    assert shortened_title(title, 54) == expected


@given(st.text(max_size=300), st.integers(10, 80))
def test_a_shortened_title_is_bounded(title: str, longest: int) -> None:
    assert len(shortened_title(title, longest)) <= longest


def test_sentence_case_needs_the_abstracts_word_for_it() -> None:
    assert in_sentence_case("LoopCoder-v2: Only Loop Once", "An extra loop helps.") == "LoopCoder-v2: only loop once"
    assert in_sentence_case("Study: In Alzheimer Patients", "Of patients with Alzheimer.") == "Study: In Alzheimer Patients"
    assert in_sentence_case("Looped World Models", "looped world models") == "Looped World Models"


def test_the_oldest_is_forgotten_first() -> None:
    kept: Kept[int, str] = Kept(2)
    for number in (1, 2, 1, 3):
        kept.keep(number, str(number))
    assert kept == {2: "2", 3: "3"}
    assert len(kept) == 2
