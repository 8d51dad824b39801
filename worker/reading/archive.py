"""The editions behind the public pages: which papers a day closed with, and which of them belong to a topic. Nothing personal."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from subscribers.topics import Catalogue, Topic
from worker.ingest import catalogue
from worker.ingest.papers import Paper
from worker.pick import editions
from worker.pick.editions import EditionPage
from worker.pick.features import index
from worker.pick.topic_file import bundled_model

MOST_PAPERS = 100  # of one edition; what trends less than that is nobody's news
_KEPT = 60  # days whose topics are kept


@dataclass(frozen=True, slots=True)
class Day:
    """One edition with its papers, the most trending first."""

    page: EditionPage
    papers: tuple[Paper, ...]

    @property
    def day(self) -> date:
        return self.page.day

    @property
    def is_closed(self) -> bool:
        return self.page.closed_at is not None

    @property
    def moment(self) -> datetime:
        """When it took its present shape, as far as is known."""
        return self.page.closed_at or datetime.combine(self.day, datetime.min.time(), UTC)

    def only(self, ids: frozenset[int]) -> "Day":
        """The same edition with some of its papers."""
        return Day(self.page, tuple(paper for paper in self.papers if paper.id in ids))


class Archive:
    """Reads editions, and keeps what belongs to which topic: learning that takes a second a day. One object a process."""

    def __init__(self, topics: Catalogue) -> None:
        self.topics = topics
        self._kept: OrderedDict[tuple[int, ...], Mapping[str, frozenset[int]]] = OrderedDict()
        self._lock = threading.Lock()

    def days(self, session: Session, now: datetime) -> list[date]:
        """The days that have an edition, the newest first; the one under way among them once it has papers."""
        closed = editions.days(session, most=400)
        today = now.astimezone(UTC).date()
        return [today, *closed] if today not in closed and editions.edition_of(session, today) else closed

    def edition(self, session: Session, day: date) -> Day | None:
        """One day's edition; None when it had none."""
        page = editions.edition_of(session, day)
        if page is None:
            return None
        ids = page.paper_ids[:MOST_PAPERS]
        found = catalogue.papers_by_id(session, ids)
        return Day(page, tuple(found[number] for number in ids if number in found))

    def newest(self, session: Session, now: datetime) -> Day | None:
        """The newest edition."""
        for day in self.days(session, now)[:2]:
            if found := self.edition(session, day):
                return found
        return None

    def of_topic(self, edition: Day, topic: Topic) -> Day:
        """The papers of an edition that belong to a topic."""
        return edition.only(self._members(edition.papers).get(topic.key, frozenset()))

    def topics_of(self, edition: Day) -> Sequence[tuple[Topic, int]]:
        """The topics that an edition has papers of, with how many, in the catalogue's order."""
        members = self._members(edition.papers)
        return [(topic, len(members[topic.key])) for topic in self.topics.topics if members.get(topic.key)]

    def _members(self, papers: Sequence[Paper]) -> Mapping[str, frozenset[int]]:
        key = tuple(paper.id for paper in papers)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = _members(papers, self.topics)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]


def _members(papers: Sequence[Paper], topics: Catalogue) -> Mapping[str, frozenset[int]]:
    if not papers:
        return {}
    indexed = index(papers, topics, bundled_model())
    rows = indexed.topics
    places = [rows.indices[rows.indptr[number] : rows.indptr[number + 1]].tolist() for number in range(len(topics.topics))]
    return {topic.key: frozenset(papers[place].id for place in found) for topic, found in zip(topics.topics, places, strict=True)}
