"""One connection to a relay: `smtplib` dials, starts TLS and logs in; replies and long writes are ours, because fates hang on them.

`smtplib` takes half a line before the end of the stream for a reply, and cannot say how much of a write left: with either, a
message would be called accepted or lost without proof.
"""

import re
import select
import smtplib
import socket
import ssl
from dataclasses import dataclass

from config.clock import Clock
from worker.send.smtp.replies import ONE_LINE, Reply, plain, reply_line

_RECEIVE = 65536
_TLS_RECORD = 16384  # RFC 8446, section 5.1: what one record carries at most, so what one failing write may have sent
_LONGEST_LINE = 4096  # RFC 5321, section 4.5.3.1.5 says 512; generous, but bounded
_MOST_LINES = 128


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait; RFC 5321, section 4.5.3.2 asks for minutes, since a reply that comes too late costs a message its certainty."""

    connect: float = 30
    command: float = 120  # the greeting and every answer before the body; nothing is at stake yet
    write: float = 180  # one chunk of a body
    final: float = 600  # the answer to the body: giving up sooner leaves a message unknown that was taken
    farewell: float = 2


class LineBroken(smtplib.SMTPServerDisconnected):
    """The line is closed, silent or out of step, and must not be used again. `given`: bytes of the last write that may have left."""

    def __init__(self, words: str, *, given: int = 0) -> None:
        super().__init__(words)
        self.words = words
        self.given = given


class Line(smtplib.SMTP):
    """A connection in clear text, until `starttls`."""

    def __init__(self, place: tuple[str, int], *, helo: str | None, patience: Patience, clock: Clock) -> None:
        """Connect to a host and port, and read the greeting; `helo`: the name to greet with, None: the host's own."""
        self._prepare(patience, clock)
        smtplib.SMTP.__init__(self, *place, helo, timeout=patience.connect)
        self._settle_socket()

    def _prepare(self, patience: Patience, clock: Clock) -> None:
        self.patience = patience
        self.messages = 0  # envelopes begun on this line
        self.settled = 0  # parcels whose fate was told without breaking it
        self._clock = clock
        self._received = bytearray()
        self._waits: float | None = None
        self._news = select.poll()

    def _settle_socket(self) -> None:
        self._socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._news.register(self._socket(), select.POLLIN)  # STARTTLS keeps the number

    # -- what the relay offers ------------------------------------------------------------------------------------

    @property
    def pipelines(self) -> bool:
        return self.has_extn("pipelining")

    @property
    def size_limit(self) -> int | None:
        """Bytes the relay takes (RFC 1870); None when it sets no limit."""
        offered = self.esmtp_features.get("size", "")
        return int(offered) if offered.isascii() and offered.isdigit() and int(offered) else None

    @property
    def is_encrypted(self) -> bool:
        return isinstance(self.sock, ssl.SSLSocket)

    # -- smtplib's own dialogue, on our reading of replies -----------------------------------------------------------

    def getreply(self) -> tuple[int, bytes]:
        """What `smtplib` reads its dialogue with."""
        reply = self.reply(self.patience.command)
        return reply.code, reply.text

    def encrypt(self, context: ssl.SSLContext) -> None:
        """STARTTLS. What was said in clear behind the relay's consent is an intruder's, and breaks the line (CVE-2011-0411)."""
        self.starttls(context=context)
        self._waits = None
        if self._received:
            raise self._broken("the relay spoke in clear after it agreed to TLS")
        self.ehlo_or_helo_if_needed()

    # -- ours ------------------------------------------------------------------------------------------------------

    def reply(self, patience: float) -> Reply:
        """The next whole reply. Raises LineBroken when it does not come, comes in part, or is none."""
        if not self._received:
            self._wait_up_to(patience)
            self._receive(patience)
        return self._whole_reply() or self._long_reply(patience)

    def takes(self, wanted: re.Pattern[bytes], patience: float) -> bool:
        """Whether what comes next is `wanted`, whole: then it is taken at once, which spares a group that went well reply by reply."""
        if not self._received:
            self._wait_up_to(patience)
            self._receive(patience)
        found = wanted.match(self._received)
        if found is not None:
            del self._received[: found.end()]
        return found is not None

    def _whole_reply(self) -> Reply | None:
        """A reply of one line that is already here: nearly every one, and three of four in a pipelined group."""
        found = ONE_LINE.match(self._received)
        if found is None:
            return None
        reply = Reply(int(found[1]), found[2])
        del self._received[: found.end()]
        return reply

    def _long_reply(self, patience: float) -> Reply:
        deadline = self._clock.monotonic() + patience
        self._wait_up_to(patience)
        texts: list[bytes] = []
        first: int | None = None
        while len(texts) < _MOST_LINES:
            line = self._next_line(deadline, patience)
            parsed = reply_line(line)
            if parsed is None or (first is not None and parsed[0] != first):
                raise self._broken(f"the relay answered what is no reply: {plain(line.decode('ascii', 'replace'))!r}")
            first, more, text = parsed
            texts.append(text)
            if not more:
                return Reply(first, b"\n".join(texts))
        raise self._broken(f"the relay's reply has more than {_MOST_LINES} lines")

    def ask(self, command: bytes) -> Reply:
        """One command, one reply."""
        self.write(command)
        return self.reply(self.patience.command)

    def write(self, *parts: bytes) -> None:
        """All of `parts`, in order. Raises LineBroken, whose `given` says how much may have left at most."""
        self._wait_up_to(self.patience.write)
        sock, size, given = self._socket(), sum(map(len, parts)), 0
        step = _TLS_RECORD if self.is_encrypted else size
        try:
            if size and not self.is_encrypted:
                given = sock.sendmsg(parts)  # nearly always all of them, and not copied into one first
            view = memoryview(b"".join(parts)) if given < size else memoryview(b"")
            while given < size:
                given += sock.send(view[given : given + step])
        except OSError as error:
            # A record of TLS that failed may have left in part; a plain send that failed gave nothing.
            at_most = min(size, given + step) if self.is_encrypted else given
            raise self._broken(f"the line broke while writing: {_said(error)}", given=at_most) from error

    def expect_silence(self) -> None:
        """Where no answer is owed, none may be there: it would be taken for the answer to what is said next."""
        if not self._received and self._news.poll(0):
            # Readable need not mean speech: TLS sends tickets and keys of its own.
            self._wait_up_to(0)
            self._receive(0)
        if self._received:
            raise self._broken(f"the relay spoke out of turn: {plain(self._received.decode('ascii', 'replace'))!r}")

    def hang_up(self) -> None:
        """QUIT, briefly awaited, and close."""
        if self.sock is None:
            return
        try:
            self.write(b"QUIT\r\n")
            self.reply(self.patience.farewell)
        except LineBroken:
            return
        self.close()

    def _socket(self) -> socket.socket:
        if self.sock is None:
            raise LineBroken("the line is closed")
        return self.sock

    def _wait_up_to(self, seconds: float) -> None:
        if self._waits != seconds:  # each change is a system call
            self._socket().settimeout(seconds)
            self._waits = seconds

    def _next_line(self, deadline: float, patience: float) -> bytes:
        while (end := self._received.find(b"\n")) < 0:
            if len(self._received) > _LONGEST_LINE:
                raise self._broken(f"the relay's reply has a line of more than {_LONGEST_LINE} bytes")
            if self._clock.monotonic() >= deadline:
                raise self._broken(f"the relay did not finish its reply within {patience:g} s")
            self._receive(patience)
        line = bytes(self._received[: end + 1])
        del self._received[: end + 1]
        return line

    def _receive(self, patience: float) -> None:
        try:
            data = self._socket().recv(_RECEIVE)
        except (BlockingIOError, ssl.SSLWantReadError):
            return  # asked without patience, and nothing is there
        except TimeoutError as error:
            raise self._broken(f"the relay did not answer within {patience:g} s") from error
        except OSError as error:
            raise self._broken(f"the line broke while waiting for a reply: {_said(error)}") from error
        if not data:
            raise self._broken("the relay closed the line" + (" in the middle of a reply" if self._received else ""))
        self._received += data

    def _broken(self, words: str, *, given: int = 0) -> LineBroken:
        self.close()
        return LineBroken(words, given=given)


class TlsLine(Line, smtplib.SMTP_SSL):
    """A connection that begins with TLS (RFC 8314, section 3.3)."""

    def __init__(self, place: tuple[str, int], *, helo: str | None, patience: Patience, clock: Clock, context: ssl.SSLContext) -> None:
        self._prepare(patience, clock)
        smtplib.SMTP_SSL.__init__(self, *place, helo, timeout=patience.connect, context=context)
        self._settle_socket()


def _said(error: OSError) -> str:
    return plain(error.strerror or str(error) or type(error).__name__)
