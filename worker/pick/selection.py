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

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np

from worker.pick.candidates import Candidates
from worker.pick.choices import Packed, Quiet, Selection, packed
from worker.pick.facts import since
from worker.pick.lists import Bools, Ints, Lists, Quota, Taken, merged
from worker.pick.matches import Matches
from worker.pick.readers import Reader

SHORTEST = timedelta(hours=72)
LONGEST = timedelta(days=8)
BLOCK = 1000  # readers at once: masks of readers x papers stay at a few MB
MORE = 15  # one-line titles
ENOUGH = 3  # cards that are worth a mail
FEW = 64  # of the trending, hardly a reader needs more
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
    return [one if isinstance(one, Quiet) else one.selection for one in pick(readers, candidates, now)]


def pick(readers: Sequence[Reader], candidates: Candidates, now: datetime) -> Iterator[Packed | Quiet]:
    """The same in the form in which it is kept."""
    for start in range(0, len(readers), BLOCK):
        yield from _Block(readers[start : start + BLOCK], candidates, now).outcomes()


class _Parts(NamedTuple):
    """What was chosen for a block of readers."""

    for_you: Lists
    trending: Lists
    more: Lists

    @property
    def counts(self) -> list[Ints]:
        """How many papers each reader has of each part."""
        return [np.diff(part.ends) for part in self]


class _Block:
    """A thousand readers at most, chosen for in step; only the last act, writing it down, goes reader by reader."""

    def __init__(self, readers: Sequence[Reader], candidates: Candidates, now: datetime) -> None:
        self._readers = readers
        self._candidates = candidates
        self._now = now
        self._matches = Matches(readers, candidates)
        self._for_you = np.array([reader.for_you for reader in readers], np.int64)
        self._trending = np.array([reader.trending for reader in readers], np.int64)
        # Whether the reader follows anything, or liked what is like a candidate.
        self._following: Bools = np.array([reader.asks for reader in readers], np.bool_) | (self._matches.counts > 0)

    def outcomes(self) -> Iterator[Packed | Quiet]:
        parts = self._chosen()
        new, news = (mask.sum(axis=1) for mask in (self._matches.open, self._matches.news))
        quiet = self._too_little(parts, news).tolist()
        following, counts = self._following.tolist(), self._matches.counts.tolist()
        still, new = self._still(), new.tolist()
        for place, (reader, (papers, reasons)) in enumerate(zip(self._readers, self._written(parts), strict=True)):
            if quiet[place]:
                yield Quiet(_why_quiet(reader, int(news[place]), self._now.date(), following=following[place]))
                continue
            matched = not following[place] or counts[place] > 0
            yield packed(papers, reasons, new[place], matched=matched, still=still.get(place, ()), quiet_days=reader.quiet_days)

    def _chosen(self) -> _Parts:
        """Pins first, then what fits, then what trends, then lines: of near-duplicates the first one stays."""
        matches, readers = self._matches, len(self._readers)
        taken = Taken(readers, self._candidates.twins)
        room = np.where(self._following, self._trending, self._for_you + self._trending)
        pinned = self._pinned(taken, room)
        room -= np.diff(pinned.ends)
        shares = -(-self._for_you // np.maximum(1, np.minimum(matches.causes, self._for_you)))
        for_you = matches.best.where(taken.spread(matches.best, self._for_you, Quota(matches.wishes, shares)))
        trending = merged([pinned, *self._rising(taken, room)])
        more = matches.best.where(taken.first(matches.best, np.full(readers, MORE)))
        return _Parts(for_you, trending, more)

    def _pinned(self, taken: Taken, room: Ints) -> Lists:
        count = len(self._readers)
        given, left = [], room.copy()
        for pin in self._candidates.pins:
            readers = taken.one(np.flatnonzero(self._matches.open[:, pin] & (left > 0)), pin)
            left[readers] -= 1
            given.append(Lists.of(readers, np.full(readers.size, pin), count))
        return merged([Lists.of(np.empty(0, np.int64), np.empty(0, np.int64), count), *given])

    def _rising(self, taken: Taken, room: Ints) -> Iterator[Lists]:
        """What trends most, for so many of each reader; the first few candidates are as a rule enough."""
        shown, left = self._matches.open, room.copy()
        for first, last in ((0, FEW), (FEW, shown.shape[1])):
            waiting = np.flatnonzero(left > 0)
            rows, columns = np.nonzero(shown[waiting, first:last])
            lists = Lists.of(waiting[rows], columns + first, left.size)
            found = lists.where(taken.first(lists, left))
            left -= np.diff(found.ends)
            yield found

    def _too_little(self, parts: _Parts, news: Ints) -> Bools:
        for_you, trending, more = parts.counts
        alone = self._following & (self._trending == 0)  # they asked to hear of matches only
        some_news = ((for_you > 0) | (more > 0)) & self._matches.have_news()
        room = self._for_you + self._trending
        few: Bools = np.minimum(news, for_you + trending) < np.minimum(ENOUGH, room)
        return np.where(alone, ~some_news, few | ((room == 0) & (more == 0)))

    def _written(self, parts: _Parts) -> Iterator[tuple[list[list[int]], list[str]]]:
        """Reader by reader: the ids of the papers, part by part, and the reason of each."""
        for_you, trending, more = parts
        fits = self._matches.fit.reasons(np.concatenate([for_you.readers, more.readers]), np.concatenate([for_you.papers, more.papers]))
        said = [fits[: for_you.papers.size], self._why_trending(trending), fits[for_you.papers.size :]]
        ids = [self._candidates.ids[part.papers].tolist() for part in parts]
        spans = zip(*(map(slice, ends[:-1], ends[1:]) for ends in (part.ends.tolist() for part in parts)), strict=True)
        for here in spans:
            reasons = [reason for words, span in zip(said, here, strict=True) for reason in words[span]]
            yield [papers[span] for papers, span in zip(ids, here, strict=True)], reasons

    def _why_trending(self, trending: Lists) -> list[str]:
        """The reason of each; what is said to one reader is said to all whose day it is."""
        theirs = np.array([(reader.today or self._now.date()).toordinal() for reader in self._readers], np.int64)
        asked, places = np.unique(theirs[trending.readers] * len(self._candidates.ids) + trending.papers, return_inverse=True)
        days_and_papers = (divmod(one, len(self._candidates.ids)) for one in asked.tolist())
        told = [self._why(paper, date.fromordinal(day)) for day, paper in days_and_papers]
        return list(map(told.__getitem__, places.tolist()))

    def _why(self, paper: int, today: date) -> str:
        return PINNED if paper in self._candidates.pins else self._candidates.facts[paper].words(today)

    def _still(self) -> dict[int, tuple[str, ...]]:
        """The names of the topics that a reader follows and for which there is nothing, as the reader lists them."""
        index = self._candidates.index
        return {
            place: tuple(index.catalogue.topics[index.topic_rows[key]].name for key in self._readers[place].topics if key in silent)
            for place, silent in self._matches.quiet_topics().items()
        }


def _why_quiet(reader: Reader, new: int, utc: date, *, following: bool) -> str:
    when = since(reader.news_since.date(), reader.today or utc)
    if not new:
        return f"nothing new{when}"
    if following and not reader.trending:
        return f"none of {new} new papers{when} matches" if new > 1 else f"the only new paper{when} does not match"
    return f"only {new} new paper{'s' if new > 1 else ''}{when}"
