"""The digest that given choices would make right now, for the pages and for programs alike. Remembers nothing of who asked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from config.runtime import Runtime
from subscribers.cadence import zone_named
from subscribers.choices import Choices
from worker.ingest import runs
from worker.pick.candidates import Candidates
from worker.pick.choices import Quiet, Selection
from worker.pick.features import CauseKind, Index
from worker.pick.fit import topic_counts
from worker.pick.readers import Reader
from worker.pick.selection import select, window
from worker.pick.today import Desk, Today
from worker.reading.shown import Shown, shown

LATELY = 1.0  # seconds
DAYS_OF_CANDIDATES = 7  # a ranking reaches back eight days, one of which is never whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a reader with these choices would get now: papers, or why there would be no mail, or what is being fetched."""

    day: date  # where the reader lives
    for_you: tuple[Shown, ...] = ()
    trending: tuple[Shown, ...] = ()
    more: tuple[Shown, ...] = ()
    candidates: int = 0
    matched: bool = True
    quiet: str = ""  # why there would be no mail
    is_empty: bool = False  # no paper is known yet
    fetching: tuple[str, ...] = ()
    brought: tuple[tuple[str, float], ...] = ()  # each keyword and author, with the papers a day it brings


class Newsdesk:
    """One object a process: making a ranking ready takes a second, and it is kept."""

    def __init__(self, runtime: Runtime) -> None:
        self._database = runtime.database
        self._clock = runtime.clock
        self._today = Today(runtime.settings)
        self._looked: tuple[float, Desk] | None = None
        self._counted: tuple[Desk | None, Mapping[str, float]] = (None, {})

    def look(self, now: datetime) -> Desk:
        """What there is to choose from now, or was within the last second: looking each time cost half of the front page."""
        moment = self._clock.monotonic()
        if self._looked and moment - self._looked[0] < LATELY:
            return self._looked[1]
        with self._database.reading() as session:
            desk = self._today.desk(session, now)
        self._looked = (moment, desk) if desk.candidates.papers else None
        return desk

    def draft(self, desk: Desk, choices: Choices, now: datetime) -> Draft:
        """The digest of these choices."""
        day = now.astimezone(zone_named(choices.zone)).date()
        if desk.candidates.papers:
            return _draft(choices, _apart(desk.candidates), now, day)
        with self._database.reading() as session:
            return Draft(day=day, is_empty=True, fetching=tuple(runs.under_way(session, now).values()))

    def papers_a_day(self, desk: Desk) -> Mapping[str, float]:
        """How many papers each topic brings, by its key, over the last week; empty while nothing is known."""
        if not desk.candidates.papers:
            return {}
        if self._counted[0] is not desk:
            counts = topic_counts(desk.candidates.index)
            self._counted = (desk, {topic: count / DAYS_OF_CANDIDATES for topic, count in counts.items()})
        return self._counted[1]


def _draft(choices: Choices, candidates: Candidates, now: datetime, day: date) -> Draft:
    chosen, brought = _choose(choices, candidates, now, day), _brought(choices, candidates.index)
    if isinstance(chosen, Quiet):
        return Draft(day=day, quiet=chosen.reason, brought=brought)
    papers = {paper.id: paper for paper in candidates.papers}
    return Draft(
        day=day,
        for_you=shown(chosen.for_you, papers),
        trending=shown(chosen.trending, papers),
        more=shown(chosen.more, papers),
        candidates=chosen.candidates,
        matched=chosen.matched,
        brought=brought,
    )


def _choose(choices: Choices, candidates: Candidates, now: datetime, day: date) -> Selection | Quiet:
    reader = Reader(
        id=0,
        since=window(None, now),
        today=day,
        topics=choices.topics,
        keywords=choices.keywords,
        authors=choices.authors,
        mutes=choices.mutes,
        for_you=choices.for_you,
        trending=choices.trending,
    )
    [chosen] = select([reader], candidates, now)
    return chosen


def _brought(choices: Choices, index: Index) -> tuple[tuple[str, float], ...]:
    wishes = [(CauseKind.KEYWORD, word) for word in choices.keywords] + [(CauseKind.AUTHOR, name) for name in choices.authors]
    return tuple((wish[1], len(index.match(wish)[0]) / DAYS_OF_CANDIDATES) for wish in wishes)


def _apart(candidates: Candidates) -> Candidates:
    """The same, remembering nothing of what strangers type: an index keeps what it looked up."""
    return replace(candidates, index=replace(candidates.index, _found={}))
