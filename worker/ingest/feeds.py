"""Any RSS, Atom or RDF as entries, by feedparser, which fetches nothing here: it is given bytes, and no entity reaches it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO

import feedparser

from worker.ingest import foreign_xml as xml
from worker.ingest.foreign import Unfit, as_mapping, as_text, kind

# A larger feed that is no well-formed XML is not guessed at: that takes feedparser 20 us a tag, and the square of a hostile one.
LARGEST_GUESSED = 500_000
# Feedparser takes the square of a tag's attributes: 46 s for one tag of 600 KB (measured).
_LONG_TAG = re.compile(rb"<[^!?<>][^<>]{20000}")
_END = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf|channel)\s*>", re.IGNORECASE)
_ROOT = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, as the feed words it: HTML may be anywhere, links may be relative."""

    id: str
    title: str
    text: str
    link: str
    links: tuple[str, ...]
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    dois: tuple[str, ...]
    published: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a feed held. `sound`: it was well-formed; `whole`: it had an end."""

    entries: tuple[Entry, ...]
    sound: bool
    whole: bool


def parse(body: bytes) -> Found:
    """The feed `body`. Unfit when it is none."""
    bare = body.replace(b"\0", b"")
    root = _ROOT.search(bare)
    if root is None:
        raise Unfit(f"is {kind(body)}, not a feed")
    if b"<!ENTITY" in bare[: root.start()]:
        raise Unfit("declares entities, which no feed needs")
    if _LONG_TAG.search(bare):
        raise Unfit("has a tag of more than 20,000 letters")
    if len(body) > LARGEST_GUESSED:
        for _element in xml.elements(body):
            pass
    # A stream, for feedparser takes text for the name of a file or a URL, and opens it.
    headers = {"content-type": "application/xml"}
    try:
        found = feedparser.parse(BytesIO(body), response_headers=headers, resolve_relative_uris=False, sanitize_html=False)
    except Exception as error:  # whatever foreign code stumbles on in foreign bytes: the feed is what is wrong
        raise Unfit(f"is no feed that can be read ({type(error).__name__})") from error
    if not found.get("entries") and (found.get("bozo") or not found.get("version")):
        raise Unfit(f"is {kind(body)}, not a feed")
    listed = tuple(_entry(as_mapping(entry)) for entry in found.get("entries", ()))
    return Found(listed, sound=not found.get("bozo"), whole=_END.search(bare) is not None)


def _entry(raw: Mapping[str, object]) -> Entry:
    # A plain dict: feedparser's own answers for one key what stands under another, with a warning.
    raw = dict(raw.items())
    content = [as_text(as_mapping(one).get("value")) for one in _list(raw.get("content"))]
    links = [as_text(as_mapping(one).get("href")) for one in _list(raw.get("links"))]
    return Entry(
        id=as_text(raw.get("id")),
        title=as_text(raw.get("title")),
        text=max([as_text(raw.get("summary")), *content], key=len),
        link=as_text(raw.get("link")),
        links=tuple(links),
        authors=tuple(as_text(as_mapping(one).get("name")) for one in _list(raw.get("authors"))),
        tags=tuple(as_text(as_mapping(one).get("term")) for one in _list(raw.get("tags"))),
        dois=tuple(as_text(raw.get(name)) for name in ("prism_doi", "dc_identifier")),
        published=_moment(raw.get("published_parsed")) or _moment(raw.get("updated_parsed")),
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _moment(parsed: object) -> datetime | None:
    """Feedparser's nine numbers in UTC (time.struct_time, a tuple of ints)."""
    if not isinstance(parsed, tuple):
        return None
    try:
        year, month, day, hour, minute, second = (int(number) for number in parsed[:6])
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)  # a leap second is the last of its minute
    except (ValueError, TypeError, OverflowError):
        return None
