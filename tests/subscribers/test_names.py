import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.names import LETTERS, tidy_name


@pytest.mark.parametrize("name", ["Ada Lovelace", "J.R.R. Tolkien", "李明", "O'Neil-Smith", "Anne-Marie d’Arc, PhD", "محمد", ""])
def test_a_name_stays_as_it_is(name: str) -> None:
    assert tidy_name(name) == name


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("evil.com", "evil. com"),
        ("https://evil.com/win?x=1", "https evil. com win x 1"),
        ("evil。com", "evil. com"),
        ("Ada\r\nBcc: bob@example.org", "Ada Bcc bob example. org"),
        ("<b>Ada</b>", "b Ada b"),
        ("A\u202edA\u0000", "A dA"),
        ("St.John", "St. John"),
    ],
)
def test_a_name_can_put_neither_a_link_nor_a_header_into_a_letter(typed: str, kept: str) -> None:
    assert tidy_name(typed) == kept


@given(st.text(max_size=200))
def test_no_name_holds_what_a_mail_program_takes_for_a_link(typed: str) -> None:
    kept = tidy_name(typed)

    assert len(kept) <= LETTERS
    assert kept.isprintable()
    assert not re.search(r"[@/<>:]|\w\.\w\w", kept)
    assert tidy_name(kept) == kept
