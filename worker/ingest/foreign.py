"""Bytes from elsewhere turned into plain values of exact types. Never follows a reference, never takes more than it was told to."""

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import cast

_GZIP_OR_ZLIB = 47  # wbits: 15 for the window, 32 to know either header (https://docs.python.org/3/library/zlib.html)
_SIGNS = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"PK\x03\x04", "a ZIP archive, or an office document"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
)
_HTML = re.compile(rb"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body|title|p|div|h1)\b", re.IGNORECASE | re.DOTALL)


class Unfit(Exception):
    """Something foreign that cannot be read; the words say what was found."""


class TooLarge(Unfit):
    """More than was to be taken."""


def kind(body: bytes) -> str:
    """What `body` looks like, in words for a message."""
    start = body[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        return "nothing"
    for sign, words in _SIGNS:
        if body.startswith(sign):
            return words
    if _HTML.match(start):
        return "a web page (HTML)"
    if start.startswith(b"<"):
        return "XML"
    if start[:1] in b"[{":
        return "JSON"
    return "binary data" if b"\0" in start and not body.startswith((b"\xff\xfe", b"\xfe\xff")) else "plain text"


def inflate(body: bytes, *, most: int) -> bytes:
    """What a gzip or zlib `body` holds. TooLarge before memory is filled, Unfit when it is damaged or ends early."""
    out, fault = inflated(body, most=most)
    if fault:
        raise fault
    return out


def inflated(body: bytes, *, most: int) -> tuple[bytes, Unfit | None]:
    """What a gzip or zlib `body` holds as far as it can be unpacked, and what is wrong with it, if anything is."""
    out = bytearray()
    while body:
        one = zlib.decompressobj(_GZIP_OR_ZLIB)
        try:
            out += one.decompress(body, most + 1 - len(out))
        except zlib.error as error:
            return bytes(out), Unfit(f"is damaged gzip: {error}")
        if len(out) > most:
            return b"", TooLarge(f"unpacks to more than {most // 1_000_000} MB")
        if not one.eof:
            return bytes(out), Unfit("is gzip that ends early")
        body = one.unused_data.lstrip(b"\0")  # gzip members may follow each other; tapes padded them with zeros
    return bytes(out), None


def json_items(text: str) -> Iterator[object]:
    """The items of a JSON array, one by one, so that what stands before a damaged one is not lost. Unfit at the damage."""
    return (item for _at, item in json_items_at(text))


def json_items_at(text: str) -> Iterator[tuple[int, object]]:
    """Like `json_items`, each item with the letter at which it begins."""
    decoder = json.JSONDecoder()
    at = _past_blanks(text, 0)
    if text[at : at + 1] != "[":
        raise Unfit(_no_array(text[at:]))
    at = _past_blanks(text, at + 1)
    while text[at : at + 1] != "]":
        try:
            item, end = decoder.raw_decode(text, at)
        except RecursionError:
            raise Unfit("is nested too deeply") from None
        except ValueError as error:
            raise Unfit(f"is damaged JSON: {error}") from None
        yield at, item
        at = _past_blanks(text, end)
        if text[at : at + 1] == ",":
            at = _past_blanks(text, at + 1)
        elif text[at : at + 1] != "]":
            raise Unfit(f"is damaged JSON: it breaks off at letter {at}")


def json_value(text: str) -> object:
    """The one JSON value that `text` is. Unfit when it is none."""
    try:
        return cast("object", json.loads(text))
    except RecursionError:
        raise Unfit("is nested too deeply") from None
    except ValueError as error:
        raise Unfit(f"is not JSON: {error}") from None


def as_text(value: object) -> str:
    """`value` if it is text, else nothing."""
    return value if isinstance(value, str) else ""


def as_texts(value: object) -> tuple[str, ...]:
    """The texts of a list."""
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list | tuple) else ()


def as_mapping(value: object) -> Mapping[str, object]:
    """`value` if it is an object, else an empty one."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def as_count(value: object) -> int | None:
    """A whole number, also when it was written as 73.0 or "73"."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,10}(\.0*)?\s*", value, re.ASCII):
        return int(float(value))
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def as_moment(value: object) -> datetime | None:
    """The moment, in UTC, that ISO 8601 or RFC 5322 text names; one without a zone is taken for UTC, a day alone for its midnight."""
    found = _written(value)
    if found is None:
        return None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def as_day(value: object) -> date | None:
    """The day that such text names, as it is written: the zone does not move it."""
    found = _written(value)
    return found.date() if found else None


def _written(value: object) -> datetime | None:
    text = value.strip()[:64] if isinstance(value, str) else ""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(text)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def _past_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n\ufeff":
        at += 1
    return at


def _no_array(text: str) -> str:
    if not text:
        return "is empty"
    if text.startswith("{"):
        said = as_mapping(json_value(text))
        words = as_text(said.get("error")) or as_text(said.get("message"))
        return f"says: {words[:200]}" if words else "is a JSON object, not a list"
    return f"is {kind(text[:4096].encode(errors='replace'))}, not a JSON list"
