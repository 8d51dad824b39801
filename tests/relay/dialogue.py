"""One connection to the relay, as the server sees it (RFC 5321), with its faults. Anything a client may not do is noted."""

import base64
import re
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.relay.faults import Fault

if TYPE_CHECKING:
    from tests.relay.server import Relay

_MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>\r\n]*>)", re.IGNORECASE | re.MULTILINE)
_PATH = re.compile(r"(?:FROM|TO):<([^>]*)>(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the relay took responsibility for; `answered`: and said so in full."""

    connection: int
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    data: bytes
    answered: bool


class Closed(Exception):
    """The line is to be closed now."""


class Dialogue:
    """Speaks with one client until it leaves or a fault ends it."""

    def __init__(self, relay: "Relay", sock: socket.socket, number: int) -> None:
        self.relay = relay
        self.sock = sock
        self.number = number
        self._in = bytearray()
        self._out: list[bytes] = []
        self._logged_in = False
        self._sender: str | None = None
        self._recipients: list[str] = []

    def run(self) -> None:
        """The whole dialogue; never raises for what the client does."""
        try:
            if self.relay.tls and not self.relay.starttls:
                self._encrypt()
            welcome = self._answer("connect", "") and self._answer("greeting", "220 relay.test ESMTP")
            self._flush()
            while welcome:
                self._obey(self._line())
        except (Closed, OSError):
            pass
        finally:
            self.sock.close()

    def _obey(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        self.relay.note(self.number, line)
        obey: dict[str, Callable[[str], None]] = {
            "EHLO": self._ehlo,
            "HELO": lambda _: self._do("ehlo", "250 relay.test"),
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": lambda _: self._data(),
            "RSET": lambda _: self._rset(),
            "NOOP": lambda _: self._say("250 2.0.0 OK"),
            "QUIT": lambda _: self._quit(),
        }
        obey.get(verb.upper(), self._unknown)(rest)
        if b"\n" not in self._in:
            self._flush()  # answers to a pipelined group leave together, as a real server's do
        elif not self.relay.pipelining:
            self.relay.complain(self.number, f"spoke on after {verb} without waiting for the answer")

    def _unknown(self, _rest: str) -> None:
        self._say("500 5.5.2 no such command")

    # -- commands --------------------------------------------------------------------------------------------------

    def _ehlo(self, _rest: str) -> None:
        offers = ["relay.test"]
        offers += ["PIPELINING"] if self.relay.pipelining else []
        offers += [f"SIZE {self.relay.size}"] if self.relay.size else []
        offers += ["STARTTLS"] if self.relay.starttls and not self._encrypted else []
        offers += ["AUTH " + " ".join(self.relay.mechanisms)] if self.relay.logins else []
        offers += ["ENHANCEDSTATUSCODES", "8BITMIME"]
        self._do("ehlo", "\r\n".join(f"250{'-' if offer is not offers[-1] else ' '}{offer}" for offer in offers))

    def _starttls(self, _rest: str) -> None:
        if not self.relay.starttls or self._encrypted:
            self._say("503 5.5.1 not now")
        elif self._answer("starttls", "220 2.0.0 go ahead"):
            self._flush()
            self._in.clear()
            self._encrypt()

    def _auth(self, rest: str) -> None:
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() not in self.relay.mechanisms:
            self._say("504 5.5.4 unknown mechanism")
            return
        if mechanism.upper() == "PLAIN":
            _, user, password = _decoded(initial or self._challenge("")).split("\0")
        else:
            user = _decoded(initial or self._challenge("Username:"))
            password = _decoded(self._challenge("Password:"))
        self.relay.note_login(self.number, user, encrypted=self._encrypted)
        self._logged_in = self.relay.logins.get(user) == password
        self._do("auth", "235 2.7.0 welcome" if self._logged_in else "535 5.7.8 wrong user or password")

    def _mail(self, rest: str) -> None:
        path = _PATH.match(rest)
        if self.relay.logins and not self._logged_in:
            self._say("530 5.7.0 log in first")
        elif self._sender is not None:
            self.relay.complain(self.number, "MAIL inside a transaction")
            self._say("503 5.5.1 nested MAIL")
        elif not path:
            self._say("501 5.5.4 cannot read that")
        elif (size := re.search(r"SIZE=(\d+)", path[2])) and self.relay.size and int(size[1]) > self.relay.size:
            self._say("552 5.3.4 too big")
        elif self._answer("mail", "250 2.1.0 OK"):
            self._sender, self._recipients = path[1], []

    def _rcpt(self, rest: str) -> None:
        path = _PATH.match(rest)
        if self._sender is None:
            self._say("503 5.5.1 MAIL first")
        elif not path:
            self._say("501 5.1.3 cannot read that")
        elif self._answer("rcpt", "250 2.1.5 OK", (path[1],)):
            self._recipients.append(path[1])

    def _data(self) -> None:
        if self._sender is None or not (self._recipients or self.relay.lax):
            self._say("503 5.5.1 MAIL and RCPT first")
        elif self._answer("data", "354 end with a dot", self._recipients):
            if self._in:
                self.relay.complain(self.number, "wrote a body before 354")
            self._flush()
            self._take(self._body())

    def _rset(self) -> None:
        self._sender, self._recipients = None, []
        self._do("rset", "250 2.0.0 OK")

    def _quit(self) -> None:
        self._do("quit", "221 2.0.0 bye")
        self._flush()
        raise Closed

    # -- bodies ----------------------------------------------------------------------------------------------------

    def _body(self) -> bytes:
        if struck := self.relay.script.strikes("body", self._recipients):
            self._receive()
            self._misbehave(struck, "")
        end = b"\r\n.\r\n"
        if self._starts_with_dot():
            return b""
        searched = 0
        while (found := self._in.find(end, searched)) < 0:
            searched = max(0, len(self._in) - len(end))
            self._receive()
        data = bytes(self._in[: found + 2])
        del self._in[: found + len(end)]
        return re.sub(rb"(?m)^\.", b"", data) if b"\n." in data or data.startswith(b".") else data

    def _starts_with_dot(self) -> bool:
        while len(self._in) < 3:
            self._receive()
        if self._in.startswith(b".\r\n"):
            del self._in[:3]
            return True
        return False

    def _take(self, data: bytes) -> None:
        sender, recipients = self._sender or "", tuple(self._recipients)
        self._sender, self._recipients = None, []
        if not recipients:
            self._say("554 5.5.1 no valid recipients")
            return
        struck = self.relay.script.strikes("dot", recipients)
        if struck and (struck.action in {"drop", "reset"} or (struck.action == "reply" and struck.argument[:1] in "45")):
            self._misbehave(struck, "")
            return
        found = _MESSAGE_ID.search(data)
        taken = Taken(self.number, sender, recipients, found[1].decode() if found else "", data, answered=not struck)
        queue_id = self.relay.take(taken)
        self._struck_or_say(struck, f"250 2.0.0 Ok: queued as {queue_id}")

    # -- answers ---------------------------------------------------------------------------------------------------

    def _do(self, place: str, reply: str) -> None:
        self._answer(place, reply)

    def _answer(self, place: str, reply: str, recipients: "tuple[str, ...] | list[str]" = ()) -> bool:
        """Say the reply, or what a fault makes of it; whether the thing itself happened."""
        return self._struck_or_say(self.relay.script.strikes(place, recipients), reply)

    def _struck_or_say(self, struck: Fault | None, reply: str) -> bool:
        if struck:
            return self._misbehave(struck, reply)
        if reply:
            self._say(reply)
        return True

    def _misbehave(self, struck: Fault, reply: str) -> bool:
        match struck.action:
            case "reply":
                self._say(struck.argument.replace("\\n", "\r\n"))
                if struck.argument.startswith("421"):
                    self._flush()
                    raise Closed
                return False
            case "late":
                self._flush()
                self.relay.sleep(float(struck.argument))
                self._say(reply)
            case "garbage":
                self._out.append(b"\x15\x03\x01 not a reply \xff\r\n")
            case "twice":
                self._say(reply)
                self._say(reply)
            case "inject":
                self._say(reply)
                self._say(struck.argument)
            case _:
                self._end(struck, reply)
        return True

    def _end(self, struck: Fault, reply: str) -> None:
        self._flush()
        match struck.action:
            case "half":
                self.sock.sendall(reply[: len(reply) // 2].encode())
            case "reset":
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case "hang":
                self.relay.sleep(3600)
            case "badtls" if isinstance(self.sock, ssl.SSLSocket):
                with socket.socket(fileno=self.sock.detach()) as bare:
                    bare.sendall(b"250 in the clear\r\n")
        raise Closed

    def _challenge(self, words: str) -> str:
        self._say("334 " + base64.b64encode(words.encode()).decode())
        self._flush()
        return self._line()

    def _say(self, reply: str) -> None:
        self._out.append(reply.encode() + b"\r\n")

    def _flush(self) -> None:
        if self._out:
            data = b"".join(self._out)
            self._out.clear()
            self.sock.sendall(data)

    # -- the socket ------------------------------------------------------------------------------------------------

    @property
    def _encrypted(self) -> bool:
        return isinstance(self.sock, ssl.SSLSocket)

    def _encrypt(self) -> None:
        self.sock = self.relay.tls_context().wrap_socket(self.sock, server_side=True)

    def _line(self) -> str:
        while (end := self._in.find(b"\n")) < 0:
            self._receive()
        line = self._in[:end].decode("utf-8", "replace").rstrip("\r")
        del self._in[: end + 1]
        return line

    def _receive(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise Closed
        self.relay.reads += 1
        self._in += data


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
