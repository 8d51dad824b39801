from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.links import LinkError, LinkFault, Links, Purpose, Verified

NOW = datetime(2026, 6, 17, 6, 0, tzinfo=UTC)
LINKS = Links(("the-key-that-signs-today", "the-key-that-signed-before"), "https://papers.example.org")
REAL = [purpose for purpose in Purpose if purpose is not Purpose.INERT]

purposes = st.sampled_from(REAL)
ids = st.integers(0, 2**40 - 1)


@contextmanager
def refused(fault: LinkFault) -> Iterator[None]:
    with pytest.raises(LinkError) as caught:
        yield
    assert caught.value.fault is fault


@given(purposes, ids)
def test_a_token_says_what_it_was_made_for(purpose: Purpose, number: int) -> None:
    token = LINKS.token(purpose, number, NOW)

    assert len(token) == 27
    assert LINKS.read(token, NOW) == Verified(purpose, number)
    assert LINKS.read(token, NOW, purpose) == Verified(purpose, number)


@given(purposes, ids, st.integers(0, 159))
def test_any_flipped_bit_makes_it_worthless(purpose: Purpose, number: int, bit: int) -> None:
    raw = bytearray(urlsafe_b64decode(LINKS.token(purpose, number, NOW) + "="))
    raw[bit // 8] ^= 1 << bit % 8

    with refused(LinkFault.FORGED):
        LINKS.read(urlsafe_b64encode(raw).decode().rstrip("="), NOW)


@given(purposes, ids, st.integers(0, 26), st.characters())
def test_any_changed_letter_makes_it_worthless(purpose: Purpose, number: int, place: int, letter: str) -> None:
    token = LINKS.token(purpose, number, NOW)
    changed = token[:place] + letter + token[place + 1 :]

    if changed != token:
        with pytest.raises(LinkError):
            LINKS.read(changed, NOW)


@given(st.text(max_size=40))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    with pytest.raises(LinkError):
        LINKS.read(text, NOW)


@given(purposes, purposes, ids)
def test_a_token_is_good_for_one_purpose(made_for: Purpose, used_for: Purpose, number: int) -> None:
    token = LINKS.token(made_for, number, NOW)

    if made_for is not used_for:
        with refused(LinkFault.FOREIGN):
            LINKS.read(token, NOW, used_for)


@pytest.mark.parametrize(
    "token", ["", "A", "AQAAAAAFI140fx_3MoVbrzeeaU", "AQAAAAAFI140fx_3MoVbrzeeaUg=", "AQAAAAAFI140fx 3MoVbrzeeaUg", "A" * 999]
)
def test_a_token_cut_short_or_stretched_says_so(token: str) -> None:
    with refused(LinkFault.BROKEN):
        LINKS.read(token, NOW)


@pytest.mark.parametrize(
    ("purpose", "good_for", "slack"),
    [
        (Purpose.FRESH, timedelta(minutes=30), timedelta(seconds=1)),
        (Purpose.CONFIRM, timedelta(days=3), timedelta(seconds=1)),
        (Purpose.CHOOSE, timedelta(days=60), timedelta(days=1)),
        (Purpose.BACK, timedelta(minutes=30), timedelta(seconds=1)),
        (Purpose.FORM, timedelta(days=1), timedelta(seconds=1)),
    ],
)
def test_links_that_change_things_expire(purpose: Purpose, good_for: timedelta, slack: timedelta) -> None:
    made_at = NOW + timedelta(milliseconds=900)
    token = LINKS.token(purpose, 7, made_at)

    assert LINKS.read(token, made_at + good_for - timedelta(microseconds=1)) == Verified(purpose, 7)
    with refused(LinkFault.EXPIRED):
        LINKS.read(token, made_at + good_for + slack)


@pytest.mark.parametrize("purpose", [Purpose.LEAVE, Purpose.READ])
def test_links_to_leave_and_to_read_never_expire(purpose: Purpose) -> None:
    token = LINKS.token(purpose, 7, NOW)

    assert LINKS.read(token, NOW + timedelta(days=36_500)) == Verified(purpose, 7)


def test_a_retired_key_still_verifies_and_a_foreign_one_does_not() -> None:
    old = Links(("the-key-that-signed-before",), "https://papers.example.org").token(Purpose.LEAVE, 7)
    foreign = Links(("a-key-of-somebody-else",), "https://papers.example.org").token(Purpose.LEAVE, 7)

    assert LINKS.read(old, NOW) == Verified(Purpose.LEAVE, 7)
    assert LINKS.token(Purpose.LEAVE, 7) != old
    with refused(LinkFault.FORGED):
        LINKS.read(foreign, NOW)


def test_links_of_a_preview_open_nothing() -> None:
    inert = LINKS.inert()

    for url in (inert.leave(7), inert.preferences(7, NOW), inert.view(7), inert.fresh(7, NOW), inert.confirm(7, NOW)):
        token = url.rpartition("/")[2]
        assert len(token) == 27
        with refused(LinkFault.INERT):
            LINKS.read(token, NOW)


def test_the_addresses_of_pages_hold_their_tokens() -> None:
    assert LINKS.home() == "https://papers.example.org/"
    assert LINKS.leave(7) == f"https://papers.example.org/unsubscribe/{LINKS.token(Purpose.LEAVE, 7)}"
    assert LINKS.papers(9) == f"{LINKS.view(9)}/papers/"
    assert LINKS.view(9).startswith("https://papers.example.org/digests/")


def test_a_leave_link_fits_a_header_line_on_a_thirty_letter_base() -> None:
    base = "https://" + "a" * 18 + ".org"
    assert len(base) == 30

    assert len(Links(("0123456789abcdef",), base).leave(2**40 - 1)) <= 70


def test_an_id_beyond_what_a_token_holds_is_refused() -> None:
    with pytest.raises(OverflowError):
        LINKS.leave(2**40)
