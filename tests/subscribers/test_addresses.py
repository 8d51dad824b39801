import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.database import Database
from config.log import redact
from subscribers.addresses import AddressError, address_key, check_address, kept_key, known_key, shown


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace@Example.ORG ", "Ada.Lovelace@example.org"),
        ("ada+papers@example.org", "ada+papers@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("dokimi@παράδειγμα.ελ", "dokimi@xn--hxajbheg2az3al.xn--qxam"),
        ("o'hara@sub.example.co.uk", "o'hara@sub.example.co.uk"),
        ("!#$%&'*+/=?^`{|}~-@example.org", "!#$%&'*+/=?^`{|}~-@example.org"),
        ("Ada Lovelace <ada@example.org>", "ada@example.org"),
        ("mailto:ada@example.org", "ada@example.org"),
        ("ada@example.org\u200b", "ada@example.org"),
        ("reader@papers.test", "reader@papers.test"),
    ],
)
def test_unusual_but_valid_addresses_are_taken(typed: str, kept: str) -> None:
    assert check_address(typed) == kept
    assert check_address(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@localhost",
        "ada@[127.0.0.1]",
        '"ada lovelace"@example.org',
        "δοκιμή@example.org",
        "ada@example..org",
        "ada@example.org, bob@example.org",
        "ada@example.org\r\nBcc: bob@example.org",
        "a\n@example.org",
        "a" * 65 + "@example.org",
        "a@" + "b" * 300 + ".org",
        "a" * 5000,
        "ada@exam\x00ple.org",
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(typed: str) -> None:
    with pytest.raises(AddressError) as caught:
        check_address(typed)

    assert caught.value.remedy
    assert len(str(caught.value)) < 700


@given(st.one_of(st.text(), st.emails()))
def test_a_kept_address_is_one_line_in_one_form(typed: str) -> None:
    try:
        kept = check_address(typed)
    except AddressError:
        return
    assert check_address(kept) == kept
    assert kept.isprintable()
    assert kept.rpartition("@")[2].isascii()


def test_addresses_are_shown_as_people_write_them() -> None:
    assert shown("ada@xn--bcher-kva.example") == "ada@bücher.example"
    assert shown("ada@example.org") == "ada@example.org"


def test_case_makes_no_second_reader_and_a_plus_does() -> None:
    key = b"k" * 32

    assert address_key(key, "Ada@example.org") == address_key(key, "ada@example.org")
    assert address_key(key, "ada+papers@example.org") != address_key(key, "ada@example.org")
    assert address_key(b"x" * 32, "ada@example.org") != address_key(key, "ada@example.org")


def test_reading_never_makes_the_key(database: Database) -> None:
    with database.reading() as session:
        assert known_key(session) is None


def test_the_key_is_made_once_by_however_many_come_first(database: Database) -> None:
    together, found = threading.Barrier(4), []

    def come() -> None:
        together.wait()
        with database.transaction() as session:
            found.append(kept_key(session))

    threads = [threading.Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    assert len(set(found)) == 1


@pytest.mark.parametrize(
    "address", ["ada@example.org", "ada+x@xn--hxajbheg2az3al.xn--qxam", "o'hara@example.org", "!#$%&'*+/=?^`{|}~-@example.org"]
)
def test_no_address_that_we_take_reaches_the_log(address: str) -> None:
    local = address.rpartition("@")[0]

    assert local.strip('"') not in redact(f"could not write to {address} today")
