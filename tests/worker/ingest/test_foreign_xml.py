"""XML from elsewhere: nothing is expanded or fetched, and what stands before a damage is not lost."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ingest import foreign_xml as xml
from worker.ingest.foreign import Unfit

BOMB = b'<!DOCTYPE a [<!ENTITY a "ha">' + b"".join(b'<!ENTITY %c "&%c;&%c;">' % (c + 1, c, c) for c in range(97, 120)) + b"]><a>&x;</a>"


def words(body: bytes, *names: str) -> list[str]:
    return ["".join(element.itertext()) for element in xml.elements(body, *names)]


def test_elements_are_found_whatever_their_namespace() -> None:
    assert words(b'<f xmlns="urn:a"><entry>1</entry><x:entry xmlns:x="urn:b">2</x:entry><other>3</other></f>', "entry") == ["1", "2"]


def test_what_stands_before_a_damage_is_not_lost() -> None:
    found = xml.elements(b"<f><entry>1</entry><entry>2</entry><entry>3</en", "entry")
    assert [next(found).text, next(found).text] == ["1", "2"]
    with pytest.raises(Unfit, match="damaged XML"):
        next(found)


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        BOMB.decode().encode("utf-16"),
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]><a/>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
        b"<!DOCTYPE a><a/>",
    ],
)
def test_document_types_and_entities_are_refused(body: bytes) -> None:
    with pytest.raises(Unfit, match="document type or entities"):
        words(body, "a")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "nothing"),
        (b"<!doctype html><html>", "a web page"),
        (b'{"a": 1}', "JSON"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "encoding"),
        (b'<?xml version="1.0" encoding="hex"?><a/>', "encoding"),
        (b"<a>&nbsp;</a>", "damaged"),
        (b"plain words", "damaged"),
        (b"\xff\xfe<\0a", "damaged"),
        (b"<a>" * 100_000, "damaged"),
    ],
)
def test_what_is_no_xml_says_what_it_is(body: bytes, fault: str) -> None:
    with pytest.raises(Unfit, match=fault):
        words(body, "a")


def test_bytes_and_letters_that_xml_cannot_hold_cost_themselves_alone() -> None:
    assert words(b"<f><e>caf\xe9</e><e>a\x0bb</e><e>&#0;&#x1F;&#xD800;&#233;</e></f>", "e") == [
        "caf\ufffd",
        "a\ufffdb",
        "\ufffd\ufffd\ufffdé",
    ]


def test_other_encodings_are_read() -> None:
    assert words('<?xml version="1.0" encoding="iso-8859-1"?><e>café</e>'.encode("latin-1"), "e") == ["café"]
    assert words("<e>café</e>".encode("utf-16"), "e") == ["café"]
    assert words("\ufeff<e>café</e>".encode(), "e") == ["café"]


def test_depth_is_no_weapon() -> None:
    assert len(words(b"<a>" * 20_000 + b"<e/>" + b"</a>" * 20_000, "e")) == 1


@given(st.text(st.sampled_from("<>/aeb=\"'&;#x1!?[]- "), max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(Unfit):
        words(text.encode(), "e")
