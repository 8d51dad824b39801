"""Replies and what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.send.port import Verdict
from worker.send.smtp.replies import Phase, Reply, plain, reply_line, turns_us_away, verdict


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"250 OK\r\n", (250, False, b"OK")),
        (b"250-more\r\n", (250, True, b"more")),
        (b"250\r\n", (250, False, b"")),
        (b"354 \n", (354, False, b"")),
        (b"25\r\n", None),
        (b"2500 OK\r\n", None),
        (b"250_OK\r\n", None),
        (b"+25 OK\r\n", None),
        (b" 250 OK\r\n", None),
        (b"150 OK\r\n", None),
        (b"650 OK\r\n", None),
        (b"250 OK", None),
        (b"\r\n", None),
    ],
)
def test_a_line_is_a_reply_or_it_is_none(line: bytes, expected: tuple[int, bool, bytes] | None) -> None:
    assert reply_line(line) == expected


@given(st.binary(max_size=200))
def test_no_bytes_confuse_the_reading_of_a_line(line: bytes) -> None:
    parsed = reply_line(line)
    if parsed:
        assert 200 <= parsed[0] < 600
        assert str(Reply(parsed[0], parsed[2])).isprintable()


def test_an_enhanced_status_counts_when_it_agrees_with_the_code() -> None:
    assert Reply(550, b"5.1.1 no such user").label == "550 5.1.1"
    assert Reply(550, b"5.1.1 no such user").words == "no such user"
    assert Reply(550, b"2.1.1 odd").label == "550"
    assert Reply(550, b"5.1.1.2 an address of a machine").label == "550"
    assert Reply(550, b"5.1.1 one\n5.1.1 two").words == "one two"


def test_words_are_one_line_bounded_and_without_control_characters() -> None:
    assert plain("a\x1b[31m\nb\u202ec") == "a [31m b c"
    assert len(plain("word " * 1000)) <= 200
    assert Reply(550, b"\xff\xfe").words == "\ufffd\ufffd"


@pytest.mark.parametrize(
    ("text", "queue_id"),
    [
        (b"2.0.0 Ok: queued as 4bXyZ12345", "4bXyZ12345"),
        (b"OK id=1rXy12-0003Gh-7q", "1rXy12-0003Gh-7q"),
        (b"2.0.0 taken", ""),
    ],
)
def test_the_queue_id_is_read_where_servers_tell_it(text: bytes, queue_id: str) -> None:
    assert Reply(250, text).queue_id == queue_id


@pytest.mark.parametrize(
    ("phase", "reply", "expected"),
    [
        (Phase.MAIL, "550 5.7.1 sender refused", Verdict.DEFERRED),
        (Phase.MAIL, "501 5.1.7 bad sender", Verdict.DEFERRED),
        (Phase.MAIL, "552 too big", Verdict.REFUSED),
        (Phase.MAIL, "523 5.3.4 too big", Verdict.REFUSED),
        (Phase.MAIL, "452 4.3.1 disk", Verdict.DEFERRED),
        (Phase.RCPT, "550 5.1.1 nobody", Verdict.REFUSED),
        (Phase.RCPT, "550 nobody", Verdict.REFUSED),
        (Phase.RCPT, "551 moved", Verdict.REFUSED),
        (Phase.RCPT, "553 no such name", Verdict.REFUSED),
        (Phase.RCPT, "501 5.1.3 bad address", Verdict.REFUSED),
        (Phase.RCPT, "556 5.1.10 takes no mail", Verdict.REFUSED),
        (Phase.RCPT, "552 5.2.2 full", Verdict.REFUSED),
        (Phase.RCPT, "552 5.5.3 too many", Verdict.DEFERRED),
        (Phase.RCPT, "554 5.7.1 relay access denied", Verdict.DEFERRED),
        (Phase.RCPT, "530 5.7.0 log in", Verdict.DEFERRED),
        (Phase.RCPT, "503 5.5.1 MAIL first", Verdict.DEFERRED),
        (Phase.RCPT, "450 4.2.0 greylisted", Verdict.DEFERRED),
        (Phase.DATA, "554 5.6.0 no", Verdict.REFUSED),
        (Phase.DATA, "503 5.5.1 RCPT first", Verdict.DEFERRED),
        (Phase.BODY, "554 5.7.1 spam", Verdict.REFUSED),
        (Phase.BODY, "552 5.3.4 too big", Verdict.REFUSED),
        (Phase.BODY, "550 5.7.8 log in", Verdict.DEFERRED),
        (Phase.BODY, "451 4.3.0 later", Verdict.DEFERRED),
    ],
)
def test_a_refusal_is_about_the_reader_the_message_or_us(phase: Phase, reply: str, expected: Verdict) -> None:
    assert verdict(phase, Reply(int(reply[:3]), reply[4:].encode())) is expected


@given(st.sampled_from(Phase), st.integers(400, 599), st.binary(max_size=40))
def test_a_negative_answer_is_never_called_accepted_or_unknown(phase: Phase, code: int, text: bytes) -> None:
    reply = Reply(code, text)
    assert verdict(phase, reply) in {Verdict.REFUSED, Verdict.DEFERRED}
    if turns_us_away(phase, reply):
        assert verdict(phase, reply) is Verdict.DEFERRED
