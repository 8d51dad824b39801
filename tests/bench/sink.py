"""An SMTP server that takes everything and keeps nothing but counts: fast enough that it is never what a sender waits for.

It looks for the end of a body in whole chunks, answers a pipelined group in one write, and tells what it saw to whoever says XSEEN.
"""

import json
import selectors
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHUNK = 1 << 18
DOT = b"\r\n.\r\n"
HELLO = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n"
OK, GO_ON, TAKEN, BYE = b"250 2.0.0 ok\r\n", b"354 go on\r\n", b"250 2.0.0 taken\r\n", b"221 2.0.0 bye\r\n"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the sink took since it was last told to forget; moments in POSIX seconds."""

    messages: int
    recipients: int  # distinct ones
    size: int  # bytes of all bodies
    last_at: float


@dataclass(slots=True)
class Sink:
    """What all lines add to."""

    messages: int = 0
    size: int = 0
    last_at: float = 0.0
    recipients: set[bytes] = field(default_factory=set)

    def seen(self) -> bytes:
        told = {"messages": self.messages, "recipients": len(self.recipients), "size": self.size, "last_at": self.last_at}
        return f"250 {json.dumps(told)}\r\n".encode()

    def forget(self) -> None:
        self.messages, self.size, self.last_at = 0, 0, 0.0
        self.recipients.clear()


class Line:
    """One connection: what came of a line or a body that has not ended yet, and the envelope."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._rest = b""
        self._in_body = False
        self._recipients: list[bytes] = []

    def read(self, line: socket.socket, buffer: bytearray) -> bytes | None:
        """The answers to what is complete now; None when the line has ended. One buffer serves all lines: fresh memory is dear."""
        begun = len(self._rest)
        buffer[:begun] = self._rest
        got = line.recv_into(memoryview(buffer)[begun:])
        return self._answers(buffer, begun + got) if got else None

    def _answers(self, data: bytearray, size: int) -> bytes:
        at, answers = 0, []
        while (end := data.find(DOT if self._in_body else b"\n", at, size)) >= 0:
            if self._in_body:
                answers.append(self._taken(end - at))
                at = end + len(DOT)
            else:
                answers.append(self._obey(bytes(data[at:end])))
                at = end + 1
        kept = min(size - at, len(DOT) - 1) if self._in_body else size - at
        if self._in_body:
            self._sink.size += size - at - kept
        self._rest = bytes(data[size - kept : size])
        return b"".join(answers)

    def _taken(self, size: int) -> bytes:
        sink = self._sink
        self._in_body = False
        sink.messages += 1
        sink.size += size
        sink.last_at = time.time()
        sink.recipients.update(self._recipients)
        return TAKEN

    def _obey(self, command: bytes) -> bytes:
        match command[:4].upper():
            case b"MAIL":
                self._recipients = []
            case b"RCPT":
                self._recipients.append(command.partition(b"<")[2].partition(b">")[0])
            case b"DATA":
                self._in_body = True
                return GO_ON
            case b"EHLO":
                return HELLO
            case b"QUIT":
                return BYE
            case b"XSEE":
                return self._sink.seen()
            case b"XFOR":
                self._sink.forget()
        return OK


def serve(listening: socket.socket) -> None:
    """Until the process is ended."""
    sink, chosen, buffer = Sink(), selectors.DefaultSelector(), bytearray(CHUNK)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * CHUNK)
    chosen.register(listening, selectors.EVENT_READ, None)
    while True:
        for key, _ in chosen.select():
            if key.data is None:
                line, _ = listening.accept()
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                line.sendall(b"220 sink\r\n")
                chosen.register(line, selectors.EVENT_READ, Line(sink))
            elif isinstance(key.fileobj, socket.socket) and not _served(key.fileobj, key.data, buffer):
                chosen.unregister(key.fileobj)
                key.fileobj.close()


def _served(line: socket.socket, talk: Line, buffer: bytearray) -> bool:
    """Whether the line goes on."""
    try:
        if answers := talk.read(line, buffer):
            line.sendall(answers)
    except OSError:
        return False
    return answers is not None and not answers.endswith(BYE)


class Process:
    """The sink in a process of its own."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.pid = process.pid
        self.port = port
        self._line = smtplib.SMTP("127.0.0.1", port, local_hostname="bench")

    def seen(self) -> Seen:
        return Seen(**json.loads(self._line.docmd("XSEEN")[1]))

    def forget(self) -> None:
        self._line.docmd("XFORGET")

    def close(self) -> None:
        self._line.close()


@contextmanager
def running() -> Iterator[Process]:
    """The sink, for as long as the block."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        port = listening.getsockname()[1]
        command = [sys.executable, "-m", "tests.bench.sink", str(listening.fileno())]
        process = subprocess.Popen(command, cwd=ROOT, pass_fds=[listening.fileno()])
    try:
        sink = Process(process, port)
        yield sink
        sink.close()
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
