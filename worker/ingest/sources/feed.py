"""Any RSS or Atom feed: what it shows now. An entry with a title is a paper; its arXiv id or DOI is known by its links."""

import re
from collections.abc import Iterator
from datetime import UTC, date
from functools import partial
from urllib.parse import unquote, urljoin, urlsplit

from worker.ingest.arxiv_wording import LISTED, announcement
from worker.ingest.bylines import people
from worker.ingest.client import Client
from worker.ingest.feeds import Entry, parse
from worker.ingest.foreign import Unfit
from worker.ingest.markup import plain
from worker.ingest.papers import Record, arxiv_id, doi
from worker.ingest.port import Progress, Skipped
from worker.ingest.reading import Part, Said, in_turn, records, unreadable
from worker.ingest.replies import Patience
from worker.ingest.sanitise import link

PATIENCE = Patience(size=5_000_000)
_CATEGORY = re.compile(
    r"(?:astro-ph|cond-mat|gr-qc|hep-(?:ex|lat|ph|th)|math-ph|nucl-(?:ex|th)|quant-ph|[a-z]+(?:-[a-z]+)?\.[A-Z][A-Za-z-]+)"
)
# What publishers put behind the DOI in the address of a paper's page: .../10.3389/frai.2024.1/full, .../10.1101/2024.01.01.574v2
_BEHIND_DOI = re.compile(
    r"(?:/(?:full|abstract|abs|pdf|epdf|html|meta|fulltext|summary)|\.pdf|(?<=\d)v\d+(?:\.[a-z.]+)?)+/?$", re.IGNORECASE
)


class Feed:
    """The feed at `url`."""

    def __init__(self, url: str, client: Client) -> None:
        self.name = f"feed:{url}"
        self._url = url
        self._host = urlsplit(url).hostname or ""
        self._client = client

    def expects_on(self, day: date) -> bool:
        """Never: a feed has a rhythm of its own."""
        del day
        return False

    def read(self, since: date, until: date) -> Iterator[Record | Skipped | Progress]:
        """All that the feed shows now, whatever its dates; it has no memory, so what is passed over now would be lost."""
        del since
        return in_turn([Part(f"the feed of {self._host}", self._host, partial(self._entries, until))])

    def _entries(self, until: date) -> Said:
        answer = self._client.get(self._url, PATIENCE)
        try:
            found = parse(answer.body)
        except Unfit as error:
            raise unreadable(answer.url, error) from error
        yield from records(found.entries, partial(self._record, answer.url, until), _name)
        if not found.whole:
            raise unreadable(answer.url, Unfit("breaks off"))
        if found.sound:  # else the next answer may be mended, though its server calls it the same
            self._client.keep(answer)

    def _record(self, base: str, until: date, entry: Entry) -> Record | None:
        kind, text = announcement(plain(entry.text))
        if kind not in LISTED:
            return None
        links = _links(base, entry)
        title = plain(entry.title)
        if not title.strip():
            raise Unfit("has no title")
        return Record(
            source=f"feed:{self._host}",
            external_id=entry.id or (links[0] if links else title),
            title=title,
            abstract=text,
            authors=people(entry.authors[0]) if len(entry.authors) == 1 else entry.authors,
            arxiv_id=next(filter(None, map(arxiv_id, (*links, *entry.dois, _named_arxiv(entry.id)))), None),
            doi=next(filter(None, (doi(one) for one in (*entry.dois, *map(_doi_in, links), _doi_in(entry.id)))), None),
            url=links[0] if links else None,
            listed_on=min(entry.published.astimezone(UTC).date(), until) if entry.published else until,
            published_at=entry.published,
            categories=tuple(tag for tag in entry.tags if _CATEGORY.fullmatch(tag)),
            keywords=tuple(plain(tag) for tag in entry.tags if not _CATEGORY.fullmatch(tag)),
        )


def _links(base: str, entry: Entry) -> list[str]:
    """Where the entry leads, its own page first; an id is an address only if it is a whole one."""
    own_id = entry.id if entry.id.startswith(("http://", "https://")) else ""
    # Where there is no link, feedparser gives the id for one.
    own_page = entry.link if entry.link != entry.id else own_id
    given = dict.fromkeys(one for one in (own_page, *entry.links, own_id) if one.strip())
    return [found for one in given if (found := _absolute(base, one))]


def _absolute(base: str, reference: str) -> str | None:
    try:
        return link(urljoin(base, reference.strip()))
    except ValueError:  # a bracket that never closes
        return None


def _named_arxiv(name: str) -> str:
    """`name` if it says itself that it is arXiv's: oai:arXiv.org:2508.13426v1, arXiv:2508.13426."""
    return name if re.match(r"(?:oai:)?arxiv", name, re.IGNORECASE) else ""


def _doi_in(url: str) -> str:
    """What of `url` may hold a DOI and nothing after it."""
    bare = unquote(url.partition("?")[0].partition("#")[0])
    return _BEHIND_DOI.sub("", bare)


def _name(number: int, entry: Entry) -> str:
    return entry.title or entry.id or entry.link or f"entry {number}"
