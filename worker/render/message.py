"""A message: an envelope, headers and bodies in pieces, for the wire or in parts. Knows nothing of papers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from worker.render.pieces import Piece, joined

# "=_" cannot occur in quoted-printable (RFC 2045, section 6.7), so no body can hold this line.
_BOUNDARY = b"=_paperboy_alternative"
_MIME = (b"MIME-Version: 1.0\r\n", b'Content-Type: multipart/alternative; boundary="%b"\r\n' % _BOUNDARY)
_TEXT_FOLLOWS = b"--%b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" % _BOUNDARY
_HTML_FOLLOWS = b"\r\n--%b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" % _BOUNDARY
_WIRE = attrgetter("wire")
_END = b"\r\n--%b--\r\n" % _BOUNDARY

# From whole header lines and the body, the headers that sign them.
Sign = Callable[[Sequence[bytes], bytes], bytes]


@dataclass(frozen=True, slots=True)
class Header:
    """One header: its value as people read it, and its folded ASCII line(s) with the closing CRLF."""

    name: str
    value: str
    wire: bytes


@dataclass(frozen=True, slots=True)
class Parts:
    """A message for providers that take JSON, and for the view in a browser. Lines end in LF.

    `headers` are all of them but those of MIME, in Unicode, From, To and Subject included.
    """

    subject: str
    html: str
    text: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Rendered content (law 6): `wire` and `parts` join the same pieces."""

    sender: str  # bare address of the envelope (MAIL FROM)
    recipient: str  # bare address of the envelope (RCPT TO)
    message_id: str  # with its angle brackets; the same whenever the delivery is sent again
    headers: tuple[Header, ...]
    text: tuple[Piece, ...]
    html: tuple[Piece, ...]
    sign: Sign | None = None  # none where the operator has no key

    def wire(self) -> bytes:
        """The whole message (RFC 5322): ASCII, CRLF, multipart/alternative in quoted-printable; ready after DATA, no dot to stuff."""
        headers = [*[header.wire for header in self.headers], *_MIME]
        body = [_TEXT_FOLLOWS, *map(_WIRE, self.text), _HTML_FOLLOWS, *map(_WIRE, self.html), _END]
        if self.sign:
            body = [b"".join(body)]
            headers.insert(0, self.sign(headers, body[0]))
        return b"".join([*headers, b"\r\n", *body])

    def parts(self) -> Parts:
        """The same content, decoded."""
        headers = tuple((header.name, header.value) for header in self.headers)
        subject = next((value for name, value in headers if name == "Subject"), "")
        return Parts(subject=subject, html=joined(self.html), text=joined(self.text), headers=headers)
