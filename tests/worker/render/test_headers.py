"""Headers on the wire: what RFC 2047, 2369, 3834, 5322 and 8058 ask for, and nothing that anyone could inject."""

import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.render.builders import BASE, TOKEN, a_press, a_selection, an_addressee, received, settings, some_papers
from worker.render.addressee import Urls
from worker.render.headers import (
    BadAddress,
    fitting,
    link_header,
    mailbox,
    mailbox_header,
    message_id,
    raw_header,
    split_mailbox,
    text_header,
)
from worker.render.message import Message
from worker.render.plain import clean
from worker.render.press import Press


def a_message(press: Press | None = None, **values: object) -> Message:
    papers = some_papers(2)
    return (press or a_press()).digest(a_selection(papers), papers, an_addressee(**values))


def lines(message: Message) -> list[bytes]:
    return message.wire().partition(b"\r\n\r\n")[0].split(b"\r\n")


def test_a_digest_carries_the_headers_of_a_list() -> None:
    head = lines(a_message())
    assert b"From: Paperboy <papers@example.org>" in head
    assert b"To: Ada Lovelace <ada@example.org>" in head
    assert b"Date: Wed, 17 Jun 2026 12:00:00 +0000" in head
    assert b"List-Id: Paperboy <digests.example.org>" in head
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head
    assert b"Auto-Submitted: auto-generated" in head
    assert b"MIME-Version: 1.0" in head
    assert not [line for line in head if line.startswith((b"Reply-To", b"Feedback-ID"))]


def test_list_unsubscribe_is_one_raw_line() -> None:
    head = lines(a_message())
    at = head.index(f"List-Unsubscribe: <{BASE}/unsubscribe/{TOKEN}>".encode())
    assert not head[at + 1].startswith((b" ", b"\t"))


def test_a_long_link_is_never_folded_or_encoded() -> None:
    leave = f"https://{'a' * 60}.example.org/unsubscribe/{TOKEN}"
    assert f"List-Unsubscribe: <{leave}>".encode() in lines(a_message(urls=Urls(leave=leave)))


@pytest.mark.parametrize(
    "url", ["https://example.org/a b", "https://example.org/\r\nBcc: x", "mailto:x@y", "https://exämple.org/", "https://x/>"]
)
def test_a_link_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="List-Unsubscribe"):
        link_header("List-Unsubscribe", url)


def test_settings_add_reply_to_and_feedback_id() -> None:
    press = Press(settings(reply_to='"Editors, all" <editor@example.org>', feedback_id="digest:paperboy:example"))
    mail = received(a_message(press))
    assert str(mail["Reply-To"]) == '"Editors, all" <editor@example.org>'
    assert mail["Feedback-ID"] == "digest:paperboy:example"


def test_a_delivery_keeps_its_message_id_and_two_deliveries_never_share_one() -> None:
    assert a_message().message_id == a_message(sent_at=datetime(2026, 6, 18, tzinfo=UTC)).message_id
    others = {a_message(delivery_id=4712).message_id, a_message(occasion="digest:2026-06-18").message_id}
    assert len({a_message().message_id, *others}) == 3
    assert message_id(1, "x", "example.org").endswith("@example.org>")
    assert received(a_message())["Message-ID"] == a_message().message_id


def test_a_preview_is_marked_and_has_a_message_id_of_its_own() -> None:
    preview = a_message(mark="[test]")
    assert preview.parts().subject.startswith("[test] Paper 1")
    assert preview.message_id != a_message().message_id
    assert preview.message_id != a_message(mark="[test]", sent_at=datetime(2026, 6, 18, tzinfo=UTC)).message_id


def test_a_name_that_reads_as_a_link_is_dropped() -> None:
    for name in ("evil.com", "Win at http://evil", "a@b", "x <y>", "www.example.org now"):
        assert mailbox_header("To", name, "ada@example.org").wire == b"To: ada@example.org\r\n"


@pytest.mark.parametrize("name", ["Ada", 'A "B" C, Jr.', "Dr. No; (x)", "Žofie 😀", "日本語 日本語", "=?utf-8?q?x?=", "O'Neil & Co"])
def test_a_display_name_reads_back(name: str) -> None:
    wire = mailbox_header("To", name, "ada@example.org").wire
    mail = email.message_from_bytes(wire + b"\r\n", policy=email.policy.default)
    assert mail["To"].addresses[0].display_name == name
    assert mail["To"].defects == ()


@given(st.text(max_size=300))
def test_any_subject_reads_back_from_short_ascii_lines(subject: str) -> None:
    header = text_header("Subject", subject)
    mail = email.message_from_bytes(header.wire + b"\r\n", policy=email.policy.default)
    assert str(mail["Subject"]) == header.value == clean(subject, 900)
    assert header.wire.isascii()
    assert all(len(line) <= 78 for line in header.wire.split(b"\r\n") if b"=?" in line)


@given(st.text(max_size=100))
def test_a_fitting_name_is_one_encoded_word_at_most(name: str) -> None:
    wire = mailbox_header("To", fitting(name), "ada@example.org").wire
    assert wire.count(b"=?utf-8") <= 1


@pytest.mark.parametrize(
    ("address", "expected"),
    [("ada@example.org", "ada@example.org"), ("ada+papers@exämple.org", "ada+papers@xn--exmple-cua.org"), ("o'neil@example.co.uk",) * 2],
)
def test_an_address_is_ascii_in_the_envelope(address: str, expected: str) -> None:
    assert mailbox(address) == expected


@pytest.mark.parametrize("address", ["", "ada", "ada@", "üda@example.org", "a@b\r\nRCPT TO:<x@y>", "<a@b.c>", "a b@example.org"])
def test_an_address_that_cannot_be_written_is_refused_by_name(address: str) -> None:
    with pytest.raises(BadAddress):
        mailbox(address)


def test_the_sender_may_have_a_name_in_any_script() -> None:
    name = "Еженедельник научных статей и препринтов"
    press = Press(settings(sender=f'"{name}" <papers@example.org>'))
    sender = received(a_message(press))["From"].addresses[0]
    assert sender.display_name.replace(" ", "") == name.replace(" ", "")  # Python 3.11 puts a blank between encoded-words (gh-92081)
    assert split_mailbox("papers@example.org") == ("", "papers@example.org")


def test_a_raw_header_takes_ascii_only() -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        raw_header("Feedback-ID", "a\r\nBcc: evil@example.org")
