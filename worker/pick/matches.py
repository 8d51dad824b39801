"""Which candidates each reader of a block may be shown, and which answer a wish, the best first. Pure; leaves the choice to others."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.pick.candidates import Candidates
from worker.pick.fit import CauseKind, Fit, fit
from worker.pick.lists import Lists
from worker.pick.readers import Reader

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

# Fits within a tenth of one another are as good as equal: votes decide between them.
TIE = 0.1
# Steps of fit that count. Sums of wishes reach 16 at most in this scale, 65,535 steps; equal steps are ordered by trending.
STEP = 1 / 4096


class Matches:
    """One block of readers against all candidates; readers and candidates go by their positions."""

    def __init__(self, readers: Sequence[Reader], candidates: Candidates) -> None:
        self.fit = fit(candidates.index, readers)
        self.open = _open(readers, candidates, self.fit)
        news = np.array([reader.news_since.timestamp() for reader in readers], np.float64)
        self.news: Bools = self.open & (candidates.first_seen_at[None, :] >= news[:, None])
        answers, wishes = self.fit.answers.where(self.open), self.fit.wishes.nnz
        self.best = _best_first(self.fit, self.open, candidates.scores)  # each reader's matches
        self.counts = np.diff(self.best.ends)
        # The wish that each match answers most strongly, by number; and how many wishes of each reader are such a one.
        self.wishes = answers.strongest()[self.best.readers * self.open.shape[1] + self.best.papers]
        self._owners = np.repeat(np.arange(len(readers)), np.diff(self.fit.wishes.indptr))
        self._answered = np.bincount(answers.wishes, minlength=wishes) > 0
        self.causes = np.bincount(self._owners[np.bincount(self.wishes, minlength=wishes) > 0], minlength=len(readers))

    def have_news(self) -> Bools:
        """Of each reader, whether any match is news."""
        fresh = self.news[self.best.readers, self.best.papers]
        counted: Bools = np.bincount(self.best.readers[fresh], minlength=len(self.counts)) > 0
        return counted

    def quiet_topics(self) -> dict[int, set[str]]:
        """The keys of the topics that a reader follows and for which there is nothing, by reader."""
        found: dict[int, set[str]] = defaultdict(set)
        topics = np.array([kind is CauseKind.TOPIC for kind, _ in self.fit.features], np.bool_)
        silent = np.flatnonzero(~self._answered & topics[self.fit.wishes.indices])
        for reader, feature in zip(self._owners[silent].tolist(), self.fit.wishes.indices[silent].tolist(), strict=True):
            found[reader].add(str(self.fit.features[feature][1]))
        return found


def _open(readers: Sequence[Reader], candidates: Candidates, fitted: Fit) -> Bools:
    """Readers x papers: new to the reader, not hidden, not had, not muted. A pin is new whenever it was first seen."""
    since = np.array([reader.since.timestamp() for reader in readers], np.float64)
    shown: Bools = candidates.first_seen_at[None, :] >= since[:, None]
    shown[:, list(candidates.pins)] = True
    shown[:, candidates.hidden] = False
    who, which = _had(readers, candidates)
    shown[who, which] = False
    muted = fitted.muted.tocoo()
    shown[muted.row[muted.data], muted.col[muted.data]] = False
    return shown


def _had(readers: Sequence[Reader], candidates: Candidates) -> tuple[Ints, Ints]:
    """Which reader had which candidate, by their positions."""
    counts = [len(reader.had) for reader in readers]
    had = np.concatenate([np.empty(0, np.int64), *(_ids(reader.had) for reader in readers)])
    if not candidates.papers:
        return had[:0], had[:0]
    ids = candidates.ids
    # Candidates are the papers of a few days, and ids are given out in order: a table over their range is short.
    first = ids.min() - 1
    table = np.full(ids.max() - first + 2, -1, np.int64)
    table[ids - first] = np.arange(ids.size)
    places = table[np.clip(had - first, 0, table.size - 1)]
    return np.repeat(np.arange(len(readers)), counts)[places >= 0], places[places >= 0]


def _ids(had: frozenset[int] | Ints) -> Ints:
    return had if isinstance(had, np.ndarray) else np.fromiter(had, np.int64, len(had))


def _best_first(fitted: Fit, shown: Bools, trending: NDArray[np.float64]) -> Lists:
    """The open matches of all readers, by how near each is to a perfect fit, in steps; equal ones as they trend."""
    scores = fitted.scores
    reader = np.repeat(np.arange(scores.shape[0], dtype=np.uint16), np.diff(scores.indptr))
    kept = shown[reader, scores.indices]
    reader, papers = reader[kept], scores.indices[kept]
    lift = np.log1p(trending) / np.log1p(trending.max(initial=1e-9))
    quality = scores.data[kept] * (1 + TIE * lift[papers])
    steps = 65_535 - np.clip(np.rint(quality / STEP), 0, 65_535).astype(np.uint16)
    # Papers stand in the ranking's order, which stable sorts keep; of numbers of 16 bits they take one pass over the digits.
    order = np.argsort(steps, kind="stable")
    order = order[np.argsort(reader[order], kind="stable")]
    return Lists.of(reader[order].astype(np.int64), papers[order].astype(np.int64), scores.shape[0])
