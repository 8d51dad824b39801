"""Headers, folded and encoded for the wire: ASCII, CRLF, no line over 998, and nothing a title, a name or a setting could inject."""

import re
from base64 import b64encode
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from hashlib import blake2b

from email_validator import EmailNotValidError, validate_email

from worker.render.message import Header
from worker.render.plain import clean

_LINE = 76  # RFC 2047, section 2: a line that holds an encoded-word
_LONGEST = 900  # letters of a value: RFC 5322 bars lines over 998
_NAME = 60  # letters of a display name that are kept
_ASCII = re.compile(r"[ -~]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_MAILBOX = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")
_LINK = re.compile(r"https?://[!-;=?-~]{1,900}")
# A name that reads as an address or a site is a name nobody has: clients make links of it.
_LINKISH = re.compile(r"[/@\\<>]|\w\.\w{2,}", re.ASCII)
_SPACE = 0x20
_Q_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


class BadAddress(ValueError):
    """An address that mail in ASCII cannot be sent to; the words name it and why."""


@lru_cache(maxsize=1024)
def text_header(name: str, value: str) -> Header:
    """An unstructured header (Subject): folded at blanks when it is ASCII, else in encoded-words (RFC 2047)."""
    value = clean(value, _LONGEST)
    if _ASCII.fullmatch(value) and "=?" not in value:
        return Header(name, value, _folded(f"{name}: {value}"))
    return Header(name, value, f"{name}: {_encoded(value, len(name) + 2)}\r\n".encode())


def raw_header(name: str, value: str) -> Header:
    """A header that must stay as it is, on one line. Raises ValueError for anything but printable ASCII."""
    if not _ASCII.fullmatch(value) or len(value) > _LONGEST:
        raise ValueError(f"{name}: {value[:80]!r} is not one line of printable ASCII of at most {_LONGEST} letters")
    return Header(name, value, f"{name}: {value}\r\n".encode())


def link_header(name: str, url: str) -> Header:
    """`<url>`, never folded: a receiver ignores a List-Unsubscribe that an encoder cut in pieces (RFC 2369, RFC 8058)."""
    if not _LINK.fullmatch(url):
        raise ValueError(f"{name}: {url[:80]!r} is no http(s) address in ASCII")
    return raw_header(name, f"<{url}>")


@lru_cache(maxsize=1024)
def mailbox_header(name: str, display: str, address: str) -> Header:
    """From, To, Reply-To: the display name as atoms, quoted or encoded, whichever it needs; dropped when it reads as a link."""
    display = clean(display, _NAME)
    if not display or _LINKISH.search(display):
        return raw_header(name, address)
    if _ATOMS.fullmatch(display) and "=?" not in display:
        phrase = display
    elif _ASCII.fullmatch(display) and "=?" not in display:
        phrase = '"' + display.replace('"', '\\"') + '"'
    else:
        phrase = _encoded(display, len(name) + 2)
    fold = "\r\n " if len(name) + len(phrase) + len(address) > _LINE else " "
    return Header(name, f"{display} <{address}>", f"{name}: {phrase}{fold}<{address}>\r\n".encode())


def fitting(display: str) -> str:
    """A reader's name, cut so that it fits one encoded-word: the `email` package of Python 3.11 puts blanks between two of them."""
    display = clean(display, _NAME)
    if _ASCII.fullmatch(display):
        return display
    while "\r\n" in _encoded(display, len("To: ")):
        display = display[:-2].rstrip() + "…"
    return display


@lru_cache(maxsize=256)
def date_header(moment: datetime) -> Header:
    """The Date of a message; `moment` is aware."""
    return raw_header("Date", format_datetime(moment))


def message_id(delivery_id: int, once: str, domain: str) -> str:
    """The same whenever the same is sent again; `once` keeps apart what two installations, or a new database, number alike."""
    return f"<{delivery_id}.{blake2b(once.encode(errors='replace'), digest_size=6).hexdigest()}@{domain}>"


def mailbox(address: str) -> str:
    """`address` for an envelope: ASCII, its domain in the form of IDNA. Raises BadAddress."""
    if _MAILBOX.fullmatch(address):
        return address
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True).ascii_email
    except EmailNotValidError as error:
        raise BadAddress(f"{address[:80]!r} is no address: {error}") from error
    if not found or not _MAILBOX.fullmatch(found):
        raise BadAddress(f"{address[:80]!r} needs SMTPUTF8, which few servers take; use an address in ASCII")
    return found


def split_mailbox(text: str) -> tuple[str, str]:
    """Display name and envelope address of a setting such as "Paperboy <papers@example.org>". Raises BadAddress."""
    try:
        found = validate_email(text, check_deliverability=False, allow_display_name=True, test_environment=True)
    except EmailNotValidError as error:
        raise BadAddress(f"{text[:80]!r} is no address: {error}") from error
    return found.display_name or "", mailbox(found.normalized)


def _folded(line: str) -> bytes:
    lines, current = [], ""
    for word in line.split(" "):
        if current and len(current) + 1 + len(word) > _LINE and not current.endswith(":"):
            lines.append(current)
            current = ""
        current = f"{current} {word}" if current or lines else word
    return ("\r\n".join([*lines, current]) + "\r\n").encode()


def _encoded(value: str, used: int) -> str:
    """Encoded-words of whole letters, the shorter of Q and B, each line at most _LINE long; `used` letters stand before the first."""
    quoted = sum(1 if letter in _Q_PLAIN or letter == _SPACE else 3 for letter in value.encode())
    form, write = ("q", _q) if quoted <= 4 * len(value.encode()) / 3 else ("b", _b)
    words, chunk, room = [], "", _LINE - used - len("=?utf-8?q??=")
    for letter in value:
        if len(write(chunk + letter)) > room:
            words.append(chunk)
            chunk, room = "", _LINE - 1 - len("=?utf-8?q??=")
        chunk += letter
    return "\r\n ".join(f"=?utf-8?{form}?{write(word)}?=" for word in [*words, chunk])


def _q(text: str) -> str:
    return "".join(chr(letter) if letter in _Q_PLAIN else "_" if letter == _SPACE else f"={letter:02X}" for letter in text.encode())


def _b(text: str) -> str:
    return b64encode(text.encode()).decode()
