"""What the readers' forms show of papers: today's digest as everybody gets it, or as given choices would make it. Remembers nothing."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from jinja2 import Environment
from markupsafe import Markup
from sqlalchemy.orm import Session

from config.database import Database
from config.settings import Settings
from subscribers.cadence import zone_named
from subscribers.choices import Choices
from subscribers.links import Links
from worker.ingest import catalogue, runs
from worker.pick.candidates import Candidates
from worker.pick.choices import Quiet, Selection
from worker.pick.features import CauseKind, Index
from worker.pick.fit import topic_counts
from worker.pick.readers import Reader
from worker.pick.selection import select, window
from worker.pick.today import Desk, Today
from worker.reading.history import told
from worker.reading.shown import shown
from worker.send import ledger

DAYS_OF_CANDIDATES = 7  # a ranking reaches back eight days, one of which is never whole
TEASED = 3  # cards on the front page


class ReadingShowcase:
    """Fills in what `subscribers.web` asks to show. One object a process; picking waits its turn behind a lock."""

    def __init__(self, settings: Settings, database: Database, links: Links, templates: Environment) -> None:
        self._settings = settings
        self._database = database
        self._links = links
        self._templates = templates
        self._today = Today(settings)
        self._lock = threading.Lock()
        self._teased: tuple[object, Markup] | None = None

    def today(self, now: datetime) -> Markup:
        with self._database.reading() as session:
            desk = self._desk(session, now)
            key = (desk.ranking_id, desk.marks, now.date())
            if self._teased and self._teased[0] == key and desk.ranking_id:
                return self._teased[1]
            made = self._digest(session, desk, Choices(for_you=0, trending=TEASED), now, title="Today’s digest")
        self._teased = (key, made)
        return made

    def preview(self, choices: Choices, now: datetime) -> Markup:
        with self._database.reading() as session:
            return self._digest(session, self._desk(session, now), choices, now, title="Your digest today")

    def papers_a_day(self, now: datetime) -> Mapping[str, float]:
        with self._database.reading() as session:
            candidates = self._desk(session, now).candidates
        if not candidates.papers:
            return {}
        return {topic: count / DAYS_OF_CANDIDATES for topic, count in topic_counts(candidates.index).items()}

    def history(self, subscriber_id: int, now: datetime) -> Markup:
        with self._database.reading() as session:
            rows = told(ledger.history(session, subscriber_id), self._links)
        return self._fragment("history", rows=rows)

    def titles(self, paper_keys: Iterable[str]) -> Mapping[str, str]:
        with self._database.reading() as session:
            ids = catalogue.ids_by_key(session, paper_keys)
            papers = catalogue.papers_by_id(session, ids.values())
        return {key: papers[number].title for key, number in ids.items() if number in papers}

    def _desk(self, session: Session, now: datetime) -> Desk:
        with self._lock:
            return self._today.desk(session, now)

    def _digest(self, session: Session, desk: Desk, choices: Choices, now: datetime, *, title: str) -> Markup:
        day = now.astimezone(zone_named(choices.zone)).date()
        if not desk.candidates.papers:
            return self._fragment("empty", title=title, day=day, fetching=list(runs.under_way(session, now).values()))
        candidates = _apart(desk.candidates)
        chosen, brought = _choose(choices, candidates, now), _brought(choices, candidates.index)
        if isinstance(chosen, Quiet):
            return self._fragment("quiet", title=title, day=day, reason=chosen.reason, brought=brought)
        papers = catalogue.papers_by_id(session, chosen.paper_ids)
        return self._fragment(
            "digest",
            title=title,
            day=day,
            candidates=chosen.candidates,
            matched=chosen.matched,
            for_you=shown(chosen.for_you, papers),
            trending=shown(chosen.trending, papers),
            more=shown(chosen.more, papers),
            brought=brought,
        )

    def _fragment(self, name: str, **context: object) -> Markup:
        return Markup(self._templates.get_template(f"pages/parts/{name}.html").render(context))  # noqa: S704 - a template of ours, escaped


def _choose(choices: Choices, candidates: Candidates, now: datetime) -> Selection | Quiet:
    reader = Reader(
        id=0,
        since=window(None, now),
        today=now.astimezone(zone_named(choices.zone)).date(),
        topics=choices.topics,
        keywords=choices.keywords,
        authors=choices.authors,
        mutes=choices.mutes,
        for_you=choices.for_you,
        trending=choices.trending,
    )
    [chosen] = select([reader], candidates, now)
    return chosen


def _brought(choices: Choices, index: Index) -> list[tuple[str, float]]:
    """How many papers a day each word and name brings."""
    wishes = [(CauseKind.KEYWORD, word) for word in choices.keywords] + [(CauseKind.AUTHOR, name) for name in choices.authors]
    return [(wish[1], len(index.match(wish)[0]) / DAYS_OF_CANDIDATES) for wish in wishes]


def _apart(candidates: Candidates) -> Candidates:
    """The same, remembering nothing of what strangers type: an index keeps what it looked up."""
    return replace(candidates, index=replace(candidates.index, _found={}))
