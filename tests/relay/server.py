"""The relay: listens on the loopback, a thread a connection, and keeps what it took and what clients did wrong."""

import hashlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from tests.relay.dialogue import Dialogue, Taken
from tests.relay.faults import Script, fault

TLS = Path(__file__).resolve().parents[1] / "data" / "tls"
AUTHORITY = TLS / "ca.pem"  # what a client trusts; the certificate is for localhost and 127.0.0.1


class Relay:
    """`with Relay("rcpt to=*@bad.example reply '550 5.1.1 no such user'") as relay:` listens on `relay.port`."""

    def __init__(
        self,
        *faults: str,
        port: int = 0,
        pipelining: bool = True,
        size: int | None = None,
        tls: bool = False,
        starttls: bool = False,
        logins: dict[str, str] | None = None,
        mechanisms: Sequence[str] = ("PLAIN", "LOGIN"),
        lax: bool = False,
        record: Path | None = None,
        keep_data: bool = True,
        seed: int = 0,
        pace: float | None = None,
    ) -> None:
        """`tls`: from the first byte; `lax`: DATA is taken without recipients (RFC 2920, section 3.1); `record`: a JSON line a message.

        `keep_data=False` keeps the size of a message and forgets its bytes. `pace`: messages a second that are answered, over all lines.
        """
        self.port = port
        self.pipelining, self.size, self.lax = pipelining, size, lax
        self.tls, self.starttls = tls or starttls, starttls
        self.logins, self.mechanisms = logins or {}, tuple(mechanisms)
        self.script = Script([fault(line) for line in faults], seed)
        self.taken: list[Taken] = []
        self.commands: list[tuple[int, str]] = []  # connection, line
        self.logins_seen: list[tuple[int, str, bool]] = []  # connection, user, whether encrypted
        self.complaints: list[tuple[int, str]] = []
        self.connections = 0
        self.reads = 0  # chunks received: what came in one write comes, if small, in one
        self._record_at = record
        self._record: TextIO | None = None
        self._keep_data = keep_data
        self.pace = pace
        self._next_answer = 0.0  # by the monotonic clock
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: set[Dialogue] = set()
        self._listener: socket.socket | None = None

    def __enter__(self) -> Self:
        self._record = self._record_at.open("a", encoding="utf-8") if self._record_at else None
        self.listen()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopped.set()
        self.refuse()
        self.cut()
        for thread in self._threads:
            thread.join(10)
        if self._record:
            self._record.close()

    # -- what tests and chaos do to it -----------------------------------------------------------------------------

    def listen(self, host: str = "127.0.0.1") -> None:
        """Take connections (again, on the same port)."""
        self._listener = socket.create_server((host, self.port), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._start(self._accept, self._listener)

    def refuse(self) -> None:
        """Refuse new connections; those that are open stay."""
        if self._listener:
            # On Linux only a shutdown wakes the thread that waits in accept().
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def cut(self) -> None:
        """Cut every open connection."""
        with self._lock:
            for dialogue in self._open:
                _shut(dialogue.sock)

    def mute(self, *faults: str, seed: int = 0) -> None:
        """From now on these faults, and no others."""
        self.script = Script([fault(line) for line in faults], seed)

    @property
    def recipients(self) -> list[str]:
        """Every recipient of every message taken, in order."""
        return [recipient for taken in self.taken for recipient in taken.recipients]

    def url(self, query: str = "", login: str = "") -> str:
        """As in PAPERBOY_MAILERS."""
        scheme = "smtps" if self.tls and not self.starttls else "smtp"
        return f"{scheme}://{login + '@' if login else ''}127.0.0.1:{self.port}{'?' + query if query else ''}"

    # -- what dialogues tell it ------------------------------------------------------------------------------------

    def note(self, connection: int, line: str) -> None:
        with self._lock:
            self.commands.append((connection, line))

    def note_login(self, connection: int, user: str, *, encrypted: bool) -> None:
        with self._lock:
            self.logins_seen.append((connection, user, encrypted))

    def complain(self, connection: int, words: str) -> None:
        with self._lock:
            self.complaints.append((connection, words))

    def take(self, taken: Taken) -> str:
        """Keep a message before it is answered; its queue id."""
        with self._lock:
            if self._record:
                _write(self._record, taken)
            self.taken.append(taken if self._keep_data else replace(taken, data=b""))
            queue_id = f"{len(self.taken):08X}"
            now = time.monotonic()
            self._next_answer = max(now, self._next_answer) + (1 / self.pace if self.pace else 0.0)
            wait = self._next_answer - now
        self.sleep(wait)
        return queue_id

    def sleep(self, seconds: float) -> None:
        """Wait, but not longer than the relay lives."""
        self._stopped.wait(seconds)

    def tls_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "relay.pem", TLS / "relay.key")
        return context

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopped.is_set():
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._start(self._serve, Dialogue(self, sock, self.connections))

    def _serve(self, dialogue: Dialogue) -> None:
        with self._lock:
            self._open.add(dialogue)
        try:
            dialogue.run()
        finally:
            with self._lock:
                self._open.discard(dialogue)

    def _start(self, work: object, argument: object) -> None:
        thread = threading.Thread(target=work, args=(argument,), daemon=True)  # type: ignore[arg-type]  # one of the two above
        self._threads.append(thread)
        thread.start()


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _write(record: TextIO, taken: Taken) -> None:
    line = {
        "connection": taken.connection,
        "sender": taken.sender,
        "recipients": taken.recipients,
        "message_id": taken.message_id,
        "bytes": len(taken.data),
        "sha256": hashlib.sha256(taken.data).hexdigest(),
        "answered": taken.answered,
    }
    record.write(json.dumps(line) + "\n")
    record.flush()
