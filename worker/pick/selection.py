"""Chooses each reader's digest from the candidates, or says why there is none. Pure; a reader's choice depends on nobody else's.

"For you" is what answers the reader's wishes best, votes deciding between fits within a tenth of one another; no wish fills more
than its share while others have something to show. "Trending today" is what the operator pinned, then what trends most. Of near-
duplicates the one chosen first stays. What else answers a wish follows as one line each. A reader who follows nothing gets a
trending part of both sizes.

A day is quiet, and the reader gets no mail, when fewer than three papers are news since the last digest, or fewer than three cards
can be filled; than the reader has room for, where that is less. What lost against others before is no reason to write, but comes
along. Who wants no trending part asked to hear of matches alone, so one that is news is enough for them. Nothing is lost: the next
digest reaches back to the last one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from worker.pick.candidates import Candidates
from worker.pick.choices import Choice, Quiet, Selection
from worker.pick.facts import since
from worker.pick.matches import Match, Matches
from worker.pick.readers import Reader

SHORTEST = timedelta(hours=72)
LONGEST = timedelta(days=8)
BLOCK = 1000  # readers at once: masks of readers x papers stay at a few MB
MORE = 15  # one-line titles
ENOUGH = 3  # cards that are worth a mail
FEW = 32  # of the trending, hardly a reader needs more
PINNED = "picked by the editor"


def window(last_digest_at: datetime | None, now: datetime) -> datetime:
    """The moment from which papers are new to a reader: the last digest, at least 72 hours and at most 8 days back.

    A reader who never had a digest gets all 8 days.
    """
    if last_digest_at is None:
        return now - LONGEST
    return min(now - SHORTEST, max(now - LONGEST, last_digest_at))


def select(readers: Sequence[Reader], candidates: Candidates, now: datetime) -> list[Selection | Quiet]:
    """What each reader gets at the moment `now`, in the readers' order."""
    chosen: list[Selection | Quiet] = []
    for start in range(0, len(readers), BLOCK):
        chosen += _Block(readers[start : start + BLOCK], candidates, now).selections()
    return chosen


@dataclass(slots=True)
class _Draft:
    """Positions of the papers chosen for one reader so far, and the groups of near-duplicates that are thereby out."""

    following: bool  # whether the reader follows anything, or liked what is like a candidate
    for_you: list[int] = field(default_factory=list)
    trending: list[int] = field(default_factory=list)
    more: list[int] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)


class _Block:
    """A thousand readers at most: what is costly is computed for all at once, then each is dealt with by the few best papers."""

    def __init__(self, readers: Sequence[Reader], candidates: Candidates, now: datetime) -> None:
        self._readers = readers
        self._candidates = candidates
        self._now = now
        self._matches = Matches(readers, candidates)
        self._ids = [paper.id for paper in candidates.papers]
        self._told: dict[tuple[int, date], str] = {}

    def selections(self) -> Iterator[Selection | Quiet]:
        drafts = [self._draft(place, reader) for place, reader in enumerate(self._readers)]
        pairs = [(place, paper) for place, draft in enumerate(drafts) for paper in chain(draft.for_you, draft.more)]
        reasons = iter(self._matches.fit.reasons([place for place, _ in pairs], [paper for _, paper in pairs]))
        new, news = (mask.sum(axis=1).tolist() for mask in (self._matches.open, self._matches.news))
        for place, (reader, draft) in enumerate(zip(self._readers, drafts, strict=True)):
            for_you = self._choices(draft.for_you, reasons)
            more = self._choices(draft.more, reasons)
            if self._too_little(place, draft, news[place]):
                yield Quiet(_why_quiet(reader, draft, news[place], self._now.date()))
            else:
                yield self._selection(place, draft, for_you, more, new[place])

    def _draft(self, place: int, reader: Reader) -> _Draft:
        shown, twins = self._matches.open[place], self._candidates.twins
        draft = _Draft(following=reader.asks or self._matches.count(place) > 0)
        room = reader.trending if draft.following else reader.for_you + reader.trending
        draft.trending = _first((pin for pin in self._candidates.pins if shown[pin]), room, twins, draft.taken)
        matches = self._matches.of(place)
        draft.for_you, passed = _spread(matches, reader.for_you, self._matches.causes(place), twins, draft.taken)
        draft.trending += _first(_positions(shown), room - len(draft.trending), twins, draft.taken)
        draft.more = _first(chain(passed, (paper for paper, _ in matches)), MORE, twins, draft.taken)
        return draft

    def _too_little(self, place: int, draft: _Draft, news: int) -> bool:
        reader = self._readers[place]
        if draft.following and not reader.trending:
            return not ((draft.for_you or draft.more) and self._matches.news_among(place))
        room = reader.for_you + reader.trending
        return min(news, len(draft.for_you) + len(draft.trending)) < min(ENOUGH, room) or not (room or draft.more)

    def _selection(self, place: int, draft: _Draft, for_you: tuple[Choice, ...], more: tuple[Choice, ...], new: int) -> Selection:
        reader = self._readers[place]
        today = reader.today or self._now.date()
        return Selection(
            for_you=for_you,
            trending=self._choices(draft.trending, (self._why_trending(paper, today) for paper in draft.trending)),
            more=more,
            candidates=new,
            matched=not draft.following or self._matches.count(place) > 0,
            still=self._still(place, reader),
            quiet_days=reader.quiet_days,
        )

    def _choices(self, papers: Sequence[int], reasons: Iterable[str]) -> tuple[Choice, ...]:
        """The papers with a reason each; takes no more reasons than there are papers."""
        return tuple(map(Choice, map(self._ids.__getitem__, papers), reasons))

    def _why_trending(self, paper: int, today: date) -> str:
        if paper in self._candidates.pins:
            return PINNED
        if (paper, today) not in self._told:
            self._told[paper, today] = self._candidates.facts[paper].words(today)
        return self._told[paper, today]

    def _still(self, place: int, reader: Reader) -> tuple[str, ...]:
        silent = self._matches.quiet_topics(place)
        if not silent:
            return ()
        index = self._candidates.index
        return tuple(index.catalogue.topics[index.topic_rows[key]].name for key in reader.topics if key in silent)


def _spread(matches: Iterator[Match], size: int, causes: int, twins: Sequence[int], taken: set[int]) -> tuple[list[int], list[int]]:
    """The best matches, no wish having more than its share while others have any; and those passed over for that."""
    share = -(-size // max(1, min(causes, size)))
    cards: Counter[int] = Counter()
    places: dict[int, int] = {}  # of the papers looked at, among the matches
    chosen: list[int] = []
    passed: list[int] = []
    while len(chosen) < size and (match := next(matches, None)):
        paper, feature = match
        if twins[paper] in taken:
            continue
        places[paper] = len(places)
        if cards[feature] == share:
            passed.append(paper)
            continue
        cards[feature] += 1
        taken.add(twins[paper])
        chosen.append(paper)
    chosen += _first(passed, size - len(chosen), twins, taken)
    return sorted(chosen, key=places.__getitem__), passed


def _first(papers: Iterable[int], size: int, twins: Sequence[int], taken: set[int]) -> list[int]:
    """The first `size` papers none of whose near-duplicates is taken; takes them."""
    chosen: list[int] = []
    if size <= 0:
        return chosen
    for paper in papers:
        if twins[paper] not in taken:
            taken.add(twins[paper])
            chosen.append(paper)
            if len(chosen) == size:
                break
    return chosen


def _positions(shown: NDArray[np.bool_]) -> Iterator[int]:
    """The positions that are true, rising; the first few at little cost."""
    places = np.flatnonzero(shown)
    yield from places[:FEW].tolist()
    yield from places[FEW:].tolist()


def _why_quiet(reader: Reader, draft: _Draft, new: int, utc: date) -> str:
    when = since(reader.news_since.date(), reader.today or utc)
    if not new:
        return f"nothing new{when}"
    if draft.following and not reader.trending:
        return f"none of {new} new papers{when} matches" if new > 1 else f"the only new paper{when} does not match"
    return f"only {new} new paper{'s' if new > 1 else ''}{when}"
