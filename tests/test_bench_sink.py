"""The sink that benches send to: what it counts must be right however the bytes are cut."""

import socket
from random import Random

import pytest

from tests.bench.sink import CHUNK, Line, Sink

ENVELOPE = b"MAIL FROM:<papers@example.org>\r\nRCPT TO:<reader%d@example.org>\r\nDATA\r\n"
BODY = b"Subject: x\r\n\r\n" + b"a line that ends in a dot .\r\n" * 40


def talk(pieces: list[bytes]) -> tuple[Sink, bytes]:
    sink, buffer = Sink(), bytearray(CHUNK)
    line, answers = Line(sink), b""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for piece in pieces:
            ours.sendall(piece)
            answers += line.read(theirs, buffer) or b""
    return sink, answers


@pytest.mark.parametrize("longest", [1, 2, 3, 5, 700, 5_000])
def test_messages_and_readers_are_counted_however_the_stream_is_cut(longest: int) -> None:
    stream = b"".join(ENVELOPE % number + BODY + b".\r\n" for number in (1, 2, 2)) + b"QUIT\r\n"
    random, pieces = Random(longest), []
    while stream:
        cut = random.randint(1, longest)
        pieces.append(stream[:cut])
        stream = stream[cut:]
    sink, answers = talk(pieces)
    assert (sink.messages, len(sink.recipients)) == (3, 2)
    assert [answer[:3] for answer in answers.splitlines()] == [b"250", b"250", b"354", b"250"] * 3 + [b"221"]


def test_a_pipelined_group_is_answered_in_one_write() -> None:
    _, answers = talk([ENVELOPE % 1, BODY + b".\r\n" + ENVELOPE % 2])
    assert answers.count(b"\r\n") == 7


def test_bytes_of_bodies_are_counted_whole() -> None:
    whole, _ = talk([ENVELOPE % 1, BODY + b".\r\n"])
    cut, _ = talk([ENVELOPE % 1, BODY[:100], BODY[100:], b".", b"\r\n"])
    assert whole.size == cut.size
