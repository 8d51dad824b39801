"""arXiv by category: today's announcement feed, and for days past the query API, asked for what that day's list announced.

The feed (https://info.arxiv.org/help/rss.html) lists new papers, cross-lists and replacements. A replacement is no new listing: the paper
was listed when it was new, so it is passed over without a word. The feed knows no yesterday; the query API does, by date of submission.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from xml.etree.ElementTree import Element

from config.clock import Clock
from worker.ingest import foreign_xml as xml
from worker.ingest.arxiv_days import announces_on, submitted_for
from worker.ingest.arxiv_query import ArxivQuery
from worker.ingest.arxiv_wording import LISTED, announcement
from worker.ingest.bylines import authors
from worker.ingest.client import Client
from worker.ingest.foreign import Unfit, as_day, as_moment
from worker.ingest.papers import Record, arxiv_id, doi
from worker.ingest.port import Progress, Skipped
from worker.ingest.reading import Part, Said, in_turn, of, records, unreadable

SOURCE = "arxiv"


class Arxiv:
    """The papers of `categories`, each once, however many of the categories list it."""

    def __init__(self, categories: Sequence[str], feed_url: str, query: ArxivQuery, client: Client, clock: Clock) -> None:
        self.name = f"{SOURCE}:{','.join(categories)}"
        self._categories = tuple(categories)
        self._feed_url = f"{feed_url}/{'+'.join(categories)}"
        self._query = query
        self._client = client
        self._clock = clock

    def expects_on(self, day: date) -> bool:
        """Monday to Friday."""
        return announces_on(day)

    def read(self, since: date, until: date) -> Iterator[Record | Skipped | Progress]:
        """Today's announcements first, then the lists of days past, the newest day first."""
        today = self._clock.now().date()
        days = [until - timedelta(days=back) for back in range((until - since).days + 1)]
        parts = [Part("today's announcements of arXiv", "today", partial(self._announced, today))] if today in days else []
        parts += [
            Part(f"arXiv's list of {of(day)}", of(day), partial(self._listed, day)) for day in days if day < today and announces_on(day)
        ]
        return in_turn(parts)

    def _announced(self, today: date) -> Said:
        answer = self._client.get(self._feed_url)
        try:
            announced = xml.elements(answer.body, "entry", "item", root=("feed", "rss", "RDF"))
            yield from records(announced, partial(_announcement, today), _name)
        except Unfit as error:
            raise unreadable(answer.url, error) from error
        self._client.keep(answer)

    def _listed(self, day: date) -> Said:
        for record in self._query.submitted(self._categories, *submitted_for(day)):
            yield replace(record, listed_on=day) if isinstance(record, Record) else record


def _announcement(today: date, entry: Element) -> Record | None:
    kind, abstract = announcement(xml.text(entry, "summary") or xml.text(entry, "description"))
    if (xml.text(entry, "announce_type").strip().lower() or kind) not in LISTED:
        return None
    links = [element.get("href") or element.text or "" for element in xml.children(entry, "link")]
    found = next(filter(None, map(arxiv_id, (xml.text(entry, "id"), xml.text(entry, "guid"), *links))), None)
    if not found:
        raise Unfit("has no arXiv id")
    published = xml.text(entry, "published") or xml.text(entry, "pubDate")
    return Record(
        source=SOURCE,
        external_id=found,
        title=xml.text(entry, "title"),
        abstract=abstract,
        authors=tuple(name for creator in xml.texts(entry, "creator") for name in authors(creator)),
        arxiv_id=found,
        doi=doi(xml.text(entry, "DOI") or xml.text(entry, "doi")),
        url=f"https://arxiv.org/abs/{found}",
        listed_on=_day(published, today),
        published_at=as_moment(published),
        categories=tuple(element.get("term") or element.text or "" for element in xml.children(entry, "category")),
    )


def _day(published: str, today: date) -> date:
    """The feed's own date, which is New York's, unless it is not of these days; early in the morning it is still yesterday's list."""
    day = as_day(published)
    return day if day and timedelta(0) <= today - day <= timedelta(days=7) else today


def _name(number: int, entry: Element) -> str:
    return xml.text(entry, "id") or xml.text(entry, "guid") or xml.text(entry, "title") or f"entry {number}"
