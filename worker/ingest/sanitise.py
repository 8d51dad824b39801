"""Foreign text made fit to keep and to show: one place for it. Knows no source and refuses nothing; what cannot stay is left out.

Whatever comes out is free of control characters, bidirectional overrides, invisible tags and lone surrogates, has single blanks and a
bounded length, and links only to http and https. Doing it twice changes nothing, so an adapter and the catalogue may both do it.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from urllib.parse import SplitResult, quote, urlsplit

from worker.ingest.papers import Record, arxiv_id, doi

TITLE = 500  # letters
ABSTRACT = 20_000
SUMMARY = 1_000
NAME = 200
AUTHORS = 2_000  # the largest collaborations sign with some 3,000 names; no card shows more than three
CATEGORIES = 20
KEYWORDS = 30
EXTERNAL_ID = 300
ARXIV_ID = 40
DOI = 250
LINK = 2_000
BIGGEST_COUNT = 2**31 - 1  # what an INTEGER column holds
EARLIEST, LATEST = datetime(1800, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

_BLANK = re.compile(r"[\s\x85\u2028\u2029]+")
# Controls, soft hyphens and zero-width blanks, bidirectional embeddings, overrides and isolates (UAX 9), tags (which hide whole sentences
# from a reader's eye), noncharacters, and halves of surrogate pairs, which no database takes. Joiners stay: emoji and Persian need them.
_UNWANTED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u200b\u202a-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_LETTER = re.compile(r"\w")
_HOST = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?", re.IGNORECASE)
_IPV6 = re.compile(r"[0-9a-f:.]{2,45}", re.IGNORECASE)


def line(text: str, most: int) -> str:
    """`text` as one line of at most `most` letters; what is cut off leaves an ellipsis."""
    # Four times the bound is plenty for what may be dropped, and spares the patterns a text of megabytes.
    text = _UNWANTED.sub("", _BLANK.sub(" ", text[: 4 * most + 1000]))
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def lines(texts: Iterable[str], *, each: int, most: int) -> tuple[str, ...]:
    """The texts that hold a letter or digit, each once, in their order."""
    kept: dict[str, None] = {}
    for text in texts:
        if len(kept) == most:
            break
        if _LETTER.search(cleaned := line(text, each)):
            kept[cleaned] = None
    return tuple(kept)


def link(text: str | None) -> str | None:
    """`text` as an ASCII http(s) URL without credentials, or None."""
    if not text or len(text) > LINK:
        return None
    try:
        return _link(urlsplit(_UNWANTED.sub("", text).strip()))
    except ValueError:  # a bracket that never closes, a port that is no number, a host that is no name (UnicodeError)
        return None


def count(number: int | None) -> int | None:
    """`number` if a count column can hold it."""
    return number if number is not None and 0 <= number <= BIGGEST_COUNT else None


def moment(value: datetime | None) -> datetime | None:
    """`value` in UTC (a value without a zone is taken for UTC), or None when no paper can be so old or so new."""
    if value is None:
        return None
    try:
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return value if EARLIEST <= value < LATEST else None


def clean(record: Record) -> Record:
    """`record` fit to store. Its title or external id may come out empty; then there is nothing to keep of it."""
    return replace(
        record,
        source=line(record.source, NAME),
        external_id=_name(record.external_id),
        title=line(record.title, TITLE),
        abstract=line(record.abstract, ABSTRACT),
        authors=lines(record.authors, each=NAME, most=AUTHORS),
        arxiv_id=_arxiv_id(record.arxiv_id),
        doi=_doi(record.doi),
        url=link(record.url),
        published_at=moment(record.published_at),
        categories=lines(record.categories, each=40, most=CATEGORIES),
        votes=count(record.votes),
        comments=count(record.comments),
        summary=line(record.summary or "", SUMMARY) or None,
        keywords=lines(record.keywords, each=100, most=KEYWORDS),
        repository=link(record.repository),
        stars=count(record.stars),
        organisation=line(record.organisation or "", NAME) or None,
    )


def _link(parts: SplitResult) -> str | None:
    host, port = parts.hostname or "", parts.port
    host = host if host.isascii() else host.encode("idna").decode("ascii")
    if (
        parts.scheme not in {"http", "https"}
        or "@" in parts.netloc
        or not (_HOST.fullmatch(host) or (":" in host and _IPV6.fullmatch(host)))
    ):
        return None
    place = f"[{host}]" if ":" in host else host
    place += f":{port}" if port is not None else ""
    rest = _quoted(parts._replace(scheme="", netloc="").geturl())
    url = f"{parts.scheme}://{place}{rest if rest.startswith(('/', '?', '#')) or not rest else '/' + rest}"
    return url if len(url) <= LINK else None


def _quoted(part: str) -> str:
    return quote(part, safe="%/:=&?#~+!$,;@()*[]-._|")


def _name(text: str) -> str:
    """A source's own name of an entry; one too long keeps its beginning and a hash of the rest, so that names stay apart."""
    text = line(text, LINK)
    if len(text) <= EXTERNAL_ID:
        return text
    return f"{text[: EXTERNAL_ID - 17]}#{blake2b(text.encode(), digest_size=8).hexdigest()}"


def _arxiv_id(text: str | None) -> str | None:
    found = arxiv_id((text or "")[:NAME])
    return found if found and len(found) <= ARXIV_ID else None


def _doi(text: str | None) -> str | None:
    found = doi(line(text or "", LINK))
    return found if found and len(found) <= DOI else None
