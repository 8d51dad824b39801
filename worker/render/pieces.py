"""A piece: one bit of a body as UTF-8 and as quoted-printable, so that joining pieces is all that composing does. Escapes; never cleans."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from markupsafe import escape

LINE = 76  # RFC 2045, section 6.7, rule 5: letters an encoded line may have, the soft break's "=" included
_HEX = 3
_SAFE_LINE = re.compile(rb"[!-\-/-<>-~ \t][!-<>-~ \t]{0,74}")
_MARKUP = re.compile("[&<>\"']")
_UNSAFE = re.compile(rb"[^!-<>-~ \t]")


class Piece(NamedTuple):
    """Some text (lines end in LF) and its quoted-printable form, which begins and ends at the edge of a wire line.

    Because every wire form ends in a soft or a hard break, any pieces in any order join to valid quoted-printable.
    """

    utf8: bytes
    wire: bytes

    @property
    def text(self) -> str:
        """What the piece says."""
        return self.utf8.decode()


EMPTY = Piece(b"", b"")


def piece(text: str) -> Piece:
    """`text` as it stands: words of a plain body, or markup that is already safe."""
    utf8 = text.encode()
    return Piece(utf8, encoded(utf8))


def escaped(text: str) -> Piece:
    """`text` from a stranger, as HTML that shows it; also inside a quoted attribute."""
    return piece(str(escape(text)) if _MARKUP.search(text) else text)


def joined(pieces: Iterable[Piece]) -> str:
    """What the pieces say, one after the other."""
    return b"".join([part.utf8 for part in pieces]).decode()


def encoded(data: bytes) -> bytes:
    """Quoted-printable of RFC 2045 with CRLF; ends in a soft break unless `data` ends in a line feed.

    No line starts with "." (SMTP would stuff it, RFC 5321 section 4.5.2) or with "From " (mbox would quote it).
    """
    if _SAFE_LINE.fullmatch(data) and not data.startswith(b"From "):
        return data + b"=\r\n"
    *lines, rest = data.split(b"\n")
    wire = [wire_line for line in lines for wire_line in _wire_lines(line, b"")]
    return b"".join(wire + (_wire_lines(rest, b"=") if rest else []))


def _wire_lines(line: bytes, end: bytes) -> list[bytes]:
    """One line of text as wire lines; `end` is what stands before the last CRLF."""
    quoted = _UNSAFE.sub(_quote, line)
    if not end and quoted[-1:] in {b" ", b"\t"}:
        quoted = quoted[:-1] + b"=%02X" % quoted[-1]
    lines, start = [], 0
    while True:
        head = _guarded(quoted[start : start + 5])
        room = LINE - (len(head) - len(quoted[start : start + 5]))
        if len(quoted) - start <= room - len(end):
            lines.append(head + quoted[start + 5 :] + end + b"\r\n")
            return lines
        stop = _before_hex(quoted, start + room - 1)
        lines.append(head + quoted[start + 5 : stop] + b"=\r\n")
        start = stop


def _quote(found: re.Match[bytes]) -> bytes:
    return b"=%02X" % found[0][0]


def _guarded(head: bytes) -> bytes:
    """The first letters of a wire line, so written that no server on the way touches the line."""
    if head.startswith(b".") or head == b"From ":
        return b"=%02X" % head[0] + head[1:]
    return head


def _before_hex(quoted: bytes, stop: int) -> int:
    """`stop`, or the start of the "=XX" it would cut in two."""
    equals = quoted.rfind(b"=", stop - _HEX + 1, stop)
    return stop if equals < 0 else equals
