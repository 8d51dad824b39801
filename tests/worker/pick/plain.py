"""The rules of choosing as one would write them down, a reader at a time and paper by paper: what the block-wise way must come to."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import numpy as np

from worker.pick.candidates import Candidates
from worker.pick.choices import Choice, Quiet, Selection
from worker.pick.facts import since
from worker.pick.features import CauseKind
from worker.pick.fit import Fit, fit
from worker.pick.matches import STEP, TIE
from worker.pick.readers import Reader
from worker.pick.selection import ENOUGH, MORE, PINNED


class Plain:
    """One reader and the candidates, which go by their positions."""

    def __init__(self, reader: Reader, candidates: Candidates, now: datetime) -> None:
        self.reader, self.candidates, self.now = reader, candidates, now
        self.fit: Fit = fit(candidates.index, [reader])
        self.taken: set[int] = set()  # groups of near-duplicates
        self.open = [place for place in range(len(candidates.papers)) if self._is_open(place)]
        scores = self.fit.scores.toarray()[0]
        self.matches = sorted(
            (place for place in self.open if scores[place] > 0), key=lambda place: (self._steps(scores[place], place), place)
        )

    def outcome(self) -> Selection | Quiet:
        reader = self.reader
        following = reader.asks or bool(self.matches)
        room = reader.trending if following else reader.for_you + reader.trending
        trending = self._first((pin for pin in self.candidates.pins if pin in self.open), room)
        for_you = self._spread()
        trending += self._first(self.open, room - len(trending))
        more = self._first(self.matches, MORE)
        news = [place for place in self.open if self.candidates.papers[place].first_seen_at >= reader.news_since]
        if self._too_little(following, for_you, trending, more, news):
            return Quiet(self._why_quiet(following, len(news)))
        return Selection(
            for_you=self._fitting(for_you),
            trending=tuple(Choice(self.candidates.papers[place].id, self._why_trending(place)) for place in trending),
            more=self._fitting(more),
            candidates=len(self.open),
            matched=not following or bool(self.matches),
            still=self._still(),
            quiet_days=reader.quiet_days,
        )

    def _is_open(self, place: int) -> bool:
        paper = self.candidates.papers[place]
        is_new = paper.first_seen_at >= self.reader.since or place in self.candidates.pins
        return is_new and not self.candidates.hidden[place] and paper.id not in self.reader.had and not self.fit.muted[0, place]

    def _steps(self, score: np.float32, place: int) -> int:
        trending = self.candidates.scores
        lift = np.log1p(trending) / np.log1p(trending.max(initial=1e-9))
        quality = (np.array([score], np.float32) * (1 + TIE * lift[[place]]))[0]
        return -int(min(65_535, np.rint(quality / STEP)))

    def _first(self, places: Iterable[int], size: int) -> list[int]:
        chosen: list[int] = []
        for place in places:
            if len(chosen) < size and self.candidates.twins[place] not in self.taken:
                self.taken.add(self.candidates.twins[place])
                chosen.append(place)
        return chosen

    def _spread(self) -> list[int]:
        size, cards = self.reader.for_you, Counter[str]()
        leading = {place: str(self.fit.causes(0, place)[0]) for place in self.matches}
        share = -(-size // max(1, min(len(set(leading.values())), size)))
        chosen: list[int] = []
        for place in self.matches:
            if cards[leading[place]] < share and self._first([place], size - len(chosen)):
                cards[leading[place]] += 1
                chosen.append(place)
        chosen += self._first(self.matches, size - len(chosen))
        return sorted(chosen, key=self.matches.index)

    def _too_little(self, following: bool, for_you: list[int], trending: list[int], more: list[int], news: list[int]) -> bool:
        reader = self.reader
        if following and not reader.trending:
            return not ((for_you or more) and set(news) & set(self.matches))
        room = reader.for_you + reader.trending
        return min(len(news), len(for_you) + len(trending)) < min(ENOUGH, room) or not (room or more)

    def _why_quiet(self, following: bool, new: int) -> str:
        when = since(self.reader.news_since.date(), self.reader.today or self.now.date())
        if not new:
            return f"nothing new{when}"
        if following and not self.reader.trending:
            return f"none of {new} new papers{when} matches" if new > 1 else f"the only new paper{when} does not match"
        return f"only {new} new paper{'s' if new > 1 else ''}{when}"

    def _fitting(self, places: list[int]) -> tuple[Choice, ...]:
        return tuple(Choice(self.candidates.papers[place].id, self.fit.reason(0, place)) for place in places)

    def _why_trending(self, place: int) -> str:
        facts = self.candidates.facts[place]
        return PINNED if place in self.candidates.pins else facts.words(self.reader.today or self.now.date())

    def _still(self) -> tuple[str, ...]:
        told = {cause.key for place in self.open for cause in self.fit.causes(0, place) if cause.kind is CauseKind.TOPIC}
        names = {topic.key: topic.name for topic in self.candidates.index.catalogue.topics}
        return tuple(names[key] for key in self.reader.topics if key in names and key not in told)
