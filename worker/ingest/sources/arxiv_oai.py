"""arXiv by OAI-PMH (https://info.arxiv.org/help/oa/): every record of some archives that changed on the days asked for, page by page.

A record changes when its paper is new, revised or published. Each is given, with the day on which arXiv announced the paper itself: a
revision of a paper from 2017 is listed in 2017. Deleted records say nothing of a paper and are passed over.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

from worker.ingest import foreign_xml as xml
from worker.ingest.arxiv_days import announced_on, announces_on
from worker.ingest.client import Client
from worker.ingest.foreign import Unfit, as_day, as_moment
from worker.ingest.papers import Record, arxiv_id, doi
from worker.ingest.port import Progress, Skipped, SourceError
from worker.ingest.reading import Part, Said, in_turn, records, unreadable
from worker.ingest.replies import Patience
from worker.ingest.sanitise import line

SOURCE = "arxiv-oai"
MOST_PAGES = 1_000
# A page holds up to 1,300 records, and arXiv may take half a minute to begin it.
PATIENCE = Patience(silence=35, attempt=38, whole=42)
NEW_WITHIN = timedelta(days=7)  # from a paper's submission to the change that announced it, holidays included


class _BadToken(SourceError):
    """The token of the next page has expired, or never was one."""


@dataclass(slots=True)
class _Harvest:
    """What one list has given so far; `token` leads to its next page."""

    token: str = ""
    tokens: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)


class ArxivOai:
    """The `sets` ("cs", "stat", "physics:hep-th") of the repository at `url`."""

    def __init__(self, sets: Sequence[str], url: str, client: Client) -> None:
        self.name = f"{SOURCE}:{','.join(sets)}"
        self._sets = tuple(sets)
        self._url = url
        self._client = client

    def expects_on(self, day: date) -> bool:
        """Monday to Friday."""
        return announces_on(day)

    def read(self, since: date, until: date) -> Iterator[Record | Skipped | Progress]:
        """What changed from `since` to `until`, a set after the other."""
        return in_turn([Part(f"arXiv's records of {one}", one, partial(self._set, one, since, until)) for one in self._sets])

    def _set(self, name: str, since: date, until: date) -> Said:
        """One list; when its token dies half-way it is begun anew, once, and what was given before is not given again."""
        first = {"metadataPrefix": "arXiv", "set": name, "from": since.isoformat(), "until": until.isoformat()}
        harvest = _Harvest()
        try:
            yield from self._pages(first, harvest)
        except _BadToken:
            yield from self._pages(first, _Harvest(seen=harvest.seen))

    def _pages(self, first: dict[str, str], harvest: _Harvest) -> Said:
        arguments = first
        for _page in range(MOST_PAGES):
            for record in self._page(arguments, harvest):
                if isinstance(record, Skipped) or record.external_id not in harvest.seen:
                    yield record
                if isinstance(record, Record):
                    harvest.seen.add(record.external_id)
            if not harvest.token:
                return
            if harvest.token in harvest.tokens:
                raise SourceError("arXiv leads from a page back to one before; the next run asks again")
            harvest.tokens.add(harvest.token)
            arguments = {"resumptionToken": harvest.token}
        raise SourceError(f"arXiv lists more than {MOST_PAGES} pages; ask for fewer days or a smaller set")

    def _page(self, arguments: dict[str, str], harvest: _Harvest) -> Said:
        answer = self._client.get(f"{self._url}?{urlencode({'verb': 'ListRecords', **arguments})}", PATIENCE)
        harvest.token = ""
        try:
            yield from records(self._entries(answer.body, harvest), _record, _name)
        except Unfit as error:
            raise unreadable(answer.url, error) from error
        # A page behind a token has an address that never comes again; one with a token is worthless once the token has died.
        if not harvest.token and "resumptionToken" not in arguments:
            self._client.keep(answer)

    def _entries(self, body: bytes, harvest: _Harvest) -> Iterator[Element]:
        for element in xml.elements(body, "record", "resumptionToken", "error", root=("OAI-PMH",)):
            match xml.local(element):
                case "record":
                    yield element
                case "resumptionToken":
                    harvest.token = (element.text or "").strip()
                case _:
                    _raise_error(element.get("code", ""), line(element.text or "", 200))


def _raise_error(code: str, words: str) -> None:
    """Errors of the protocol (https://www.openarchives.org/OAI/openarchivesprotocol.html#ErrorConditions); no records is none."""
    if code == "noRecordsMatch":
        return
    if code == "badResumptionToken":
        raise _BadToken(f"arXiv forgot the list half-way ({words}); the next run asks again")
    raise SourceError(f"arXiv refuses the list: {line(code, 40)} {words}; check the set and the days")


def _record(entry: Element) -> Record | None:
    header = next(iter(xml.children(entry, "header")), None)
    if header is None:
        raise Unfit("has no header")
    if header.get("status") == "deleted":
        return None
    metadata = next((inner for outer in xml.children(entry, "metadata") for inner in outer), None)
    if metadata is None:
        raise Unfit("has no metadata")
    found = arxiv_id(xml.text(metadata, "id")) or arxiv_id(xml.text(header, "identifier"))
    if not found:
        raise Unfit("has no arXiv id")
    created = xml.text(metadata, "created")
    return Record(
        source=SOURCE,
        external_id=found,
        title=xml.text(metadata, "title"),
        abstract=xml.text(metadata, "abstract"),
        authors=tuple(_author(one) for group in xml.children(metadata, "authors") for one in xml.children(group, "author")),
        arxiv_id=found,
        doi=doi(re.split(r"[,;\s]+(?=10\.)", xml.text(metadata, "doi").strip())[0]),
        url=f"https://arxiv.org/abs/{found}",
        listed_on=_listed_on(as_day(xml.text(header, "datestamp")), as_day(created)),
        published_at=as_moment(created),
        categories=tuple(xml.text(metadata, "categories").split()),
    )


def _listed_on(changed: date | None, created: date | None) -> date | None:
    """The day of the change for a new paper; for a revised one, the day on which its first version was announced."""
    if created is None or changed is None:
        return changed
    if timedelta(0) <= changed - created <= NEW_WITHIN:
        return changed
    return announced_on(datetime.combine(created, time(12), UTC))


def _author(author: Element) -> str:
    """A name in reading order; collaborations come as the key name alone, or cut in two like a person's."""
    return " ".join(filter(None, (xml.text(author, part).strip() for part in ("forenames", "keyname", "suffix"))))


def _name(number: int, entry: Element) -> str:
    header = next(iter(xml.children(entry, "header")), None)
    return (xml.text(header, "identifier") if header is not None else "") or f"record {number}"
