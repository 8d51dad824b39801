"""What a source says of a work (Record), what we hold of it (Paper), and how its names are normalised. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

# https://info.arxiv.org/help/arxiv_identifier.html: YYMM.NNNN from April 2007, YYMM.NNNNN from 2015, before them archive(.SC)/YYMMNNN.
# A pattern that took any digits would find identifiers in prices, pages and paths of other sites.
_NEW_ID = re.compile(
    r"(?:(?<![\d.])|(?<=xiv\.))((?:0(?:7(?:0[4-9]|1[0-2])|[89](?:0[1-9]|1[0-2]))|1[0-4](?:0[1-9]|1[0-2]))\.\d{4}"
    r"|(?:1[5-9]|[2-9]\d)(?:0[1-9]|1[0-2])\.\d{5})(?:v\d+)?(?!\d)",
    re.IGNORECASE,
)
_OLD_ID = re.compile(
    r"\b(acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|funct-an|gr-qc"
    r"|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|q-alg|q-bio|quant-ph|solv-int"
    r"|supr-con)(?:\.[a-z]{2})?/((?:9[1-9]|0[0-7])(?:0[1-9]|1[0-2])\d{3})(?:v\d+)?(?!\d)",
    re.IGNORECASE,
)
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>]+)", re.IGNORECASE)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+)", re.IGNORECASE)
# arXiv's own pages and those that mirror it (alphaxiv.org, ar5iv.org); huggingface.co/papers/2606.18023.
_PAGE_OF_ARXIV = re.compile(r"xiv|/papers/", re.IGNORECASE)

SEARCH = "https://arxiv.org/search/"
LONGEST_NAME = 300  # letters; the column of names is that wide
SHORTEST_TITLE = 8  # letters and digits: "Mamba" may be anybody's

# Titles that say what kind of text it is, not which one: they never make two records one work.
_GENERIC = re.compile(
    r"abstracts|acknowledge?ments|afterword|annualreport|appendix|(author|subject)index|backmatter|bibliography|blogpost|bookreviews?"
    r"|callforpapers|casereport|commentary|conclusions?|contributors|corrections?|corrigend(um|a)|discussion|editorial(board)?|editorsnote"
    r"|executivesummary|extendedabstract|(final|preliminary|progress|research|technical|workshop)report|foreword|frontmatter"
    r"|furtherreading|glossary|guesteditorial|(research)?highlights|inmemoriam|introduction(tothespecialissue)?|invitedtalk|lecturenotes"
    r"|lettertotheeditor|listof(contributors|reviewers)|literaturereview|masthead|(model|system)card|newsandviews|obituary|openproblems"
    r"|overview|(position|short|white)paper|perspective|posterabstract|problemset|proceedings|prologue|publicationinformation|references"
    r"|rejoinder|replytocomments|(research|technical)note|researchproposal|responsetoreviewers|retraction(notice)?|specialissue|supplement"
    r"|supplementary(materials?|information)|tableofcontents|titlepage|tutorial|untitled|workinprogress"
)


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
    key: str  # the first name it was known by, for good: "arxiv:2606.18023", "doi:10.1145/…", or "title:" and 16 hex digits
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


@dataclass(frozen=True, slots=True)
class Links:
    """Where a work is read. `origin` says who gave the page: "arxiv", a source, "doi" or "search"."""

    url: str
    pdf_url: str | None
    origin: str


def arxiv_id(text: str | None) -> str | None:
    """The arXiv identifier in `text` (bare, with version, `arXiv:…`, a URL or DOI), without its version; or None."""
    if not text:
        return None
    if found := _ARXIV_DOI.search(text):
        text = found.group(1)
    elif "://" in text and not _PAGE_OF_ARXIV.search(text):
        return None
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


def title_name(title: str) -> str | None:
    """The name that a title gives its work, or None for one too short or too generic to tell works apart."""
    key = title_key(title)
    return None if len(key) < SHORTEST_TITLE or _GENERIC.fullmatch(key) else f"title:{_digest(key)}"


def aliases(record: Record) -> tuple[str, ...]:
    """Every name under which this record's work may be known already, the strongest first; one at least.

    A work whose only name would be a generic title is known by what its source calls it, so that reading it twice finds it again.
    """
    names = [f"arxiv:{record.arxiv_id}"] if record.arxiv_id else []
    if record.doi and len(record.doi) < LONGEST_NAME - len("doi:"):
        names.append(f"doi:{record.doi}")
    if name := title_name(record.title):
        names.append(name)
    return tuple(names) or (f"title:{_digest(record.source, record.external_id, title_key(record.title))}",)


def links(*, names: Iterable[str], title: str, own_url: str | None, own_origin: str) -> Links:
    """Where the work known by `names` is read: at arXiv, where its source says, where its DOI leads, or behind a search for its title.

    The first that there is, so no link is ever dead. Of several arXiv identifiers the earliest counts.
    """
    names = sorted(names)
    if found := next((name.removeprefix("arxiv:") for name in names if name.startswith("arxiv:")), None):
        return Links(f"https://arxiv.org/abs/{found}", f"https://arxiv.org/pdf/{found}", "arxiv")
    if own_url:
        path = urlsplit(own_url).path
        return Links(own_url, own_url if path.lower().endswith(".pdf") else None, own_origin)
    if found := next((name.removeprefix("doi:") for name in names if name.startswith("doi:")), None):
        return Links(f"https://doi.org/{quote(found, safe='/')}", None, "doi")
    return Links(search_url(title), None, "search")


def search_url(title: str) -> str:
    """A search of arXiv for this very title (https://info.arxiv.org/help/search.html): a page that exists for every title."""
    words = " ".join(re.sub(r'[{}$\\"]', " ", title).split())
    return SEARCH + "?" + urlencode({"query": f'"{words}"', "searchtype": "title"}, errors="replace")


def packed(record: Record) -> dict[str, object]:
    """Plain values for a JSON column: what the source said, without what it left out; `unpacked` reads them back."""
    values = ((each.name, getattr(record, each.name)) for each in fields(record))
    return {name: _plain(value) for name, value in values if value not in (None, "", ())}


def unpacked(row: Mapping[str, Any]) -> Record:
    """The Record that `packed` wrote."""
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    if day := row.get("listed_on"):
        values["listed_on"] = date.fromisoformat(day)
    if moment := row.get("published_at"):
        values["published_at"] = datetime.fromisoformat(moment)
    return Record(**{"title": "", **values})


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) else value


def _digest(*words: str) -> str:
    return blake2b("\x1f".join(words).encode("utf-8", "replace"), digest_size=8).hexdigest()
