"""What a source says of a work (Record), what we hold of it (Paper), and how its names are normalised. Pure."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import blake2b

# https://info.arxiv.org/help/arxiv_identifier.html: since April 2007 YYMM.NNNN(N), before it archive(.SC)/YYMMNNN.
_NEW_ID = re.compile(r"(?<![\d.])(\d{2}(?:0[1-9]|1[0-2])\.\d{4,5})(?:v\d+)?(?![\d])", re.IGNORECASE)
_OLD_ID = re.compile(r"\b([a-z]+(?:-[a-z]+)?)(?:\.[a-z]{2})?/(\d{2}(?:0[1-9]|1[0-2])\d{3})(?:v\d+)?\b", re.IGNORECASE)
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>]+)", re.IGNORECASE)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One source's word on one work. Text is as the source gave it; `sanitise` runs before anything is stored."""

    source: str  # "huggingface", "arxiv", "feed:example.org", "file:week.csv"
    external_id: str  # the source's own name of the entry
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    arxiv_id: str | None = None  # canonical, without version: see arxiv_id()
    doi: str | None = None
    url: str | None = None
    listed_on: date | None = None  # the day the source listed it (UTC)
    published_at: datetime | None = None
    categories: tuple[str, ...] = ()  # arXiv categories, the primary first
    votes: int | None = None
    comments: int | None = None
    summary: str | None = None  # one or two sentences, written by the source's model: shown labelled
    keywords: tuple[str, ...] = ()
    repository: str | None = None
    stars: int | None = None
    organisation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One work, however many sources list it: what picking scores and rendering shows."""

    id: int
    key: str  # "arxiv:2606.18023", "doi:10.1145/…", or "title:" and 16 hex digits
    title: str
    abstract: str
    first_seen_at: datetime
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    published_at: datetime | None = None
    listed_on: date | None = None  # the earliest day a source listed it
    url: str = ""  # never dead: the source's, or arXiv's, or a search for the title
    pdf_url: str | None = None
    summary: str | None = None
    keywords: tuple[str, ...] = ()
    repository: str | None = None
    stars: int | None = None
    organisation: str | None = None
    votes: int = 0
    comments: int = 0
    revision: int = 1  # grows with every change of what a card shows: the key of card caches
    aliases: tuple[str, ...] = field(default=(), compare=False)


def arxiv_id(text: str | None) -> str | None:
    """The arXiv identifier in `text` (bare, with version, `arXiv:…`, a URL or DOI), without its version; or None."""
    if not text:
        return None
    if found := _ARXIV_DOI.search(text):
        text = found.group(1)
    if found := _OLD_ID.search(text):
        return f"{found.group(1).lower()}/{found.group(2)}"
    if found := _NEW_ID.search(text):
        return found.group(1)
    return None


def doi(text: str | None) -> str | None:
    """The DOI in `text`, lower-cased as DOIs compare (https://www.doi.org/the-identifier/resources/handbook), or None.

    A DataCite DOI of arXiv is no DOI here: it is an arXiv identifier in another spelling.
    """
    if not text or not (found := _DOI.search(text)):
        return None
    bare = found.group(1).rstrip(".,;)").lower()
    return None if _ARXIV_DOI.match(bare) else bare


def title_key(title: str) -> str:
    """A title reduced to its letters and digits: no case, accents, TeX, punctuation or blanks."""
    folded = unicodedata.normalize("NFKD", re.sub(r"\\[a-zA-Z]+|[{}$\\]", "", title)).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def aliases(record: Record) -> tuple[str, ...]:
    """Every name under which this record's work may be known already, the strongest first."""
    names = []
    if record.arxiv_id:
        names.append(f"arxiv:{record.arxiv_id}")
    if record.doi:
        names.append(f"doi:{record.doi}")
    if key := title_key(record.title):
        names.append("title:" + blake2b(key.encode(), digest_size=8).hexdigest())
    return tuple(names)
