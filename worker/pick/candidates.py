"""What a digest is chosen from, made ready once a ranking for any number of readers. Pure; the order is the ranking's."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from subscribers.topics import Catalogue
from worker.ingest.papers import Paper
from worker.pick.duplicates import twins
from worker.pick.facts import Fact, facts
from worker.pick.fit import Index, index
from worker.pick.topic_model import TopicModel
from worker.pick.trending import best_first


@dataclass(frozen=True, slots=True)
class Marks:
    """The operator's hand for one day: ids of papers shown first, and of papers never shown."""

    pins: frozenset[int] = frozenset()
    hides: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidates:
    """The papers of a ranking, the most trending first (equal ones by key), and beside each what choosing needs."""

    index: Index
    ids: NDArray[np.int64]
    scores: NDArray[np.float64]  # trending
    first_seen_at: NDArray[np.float64]  # POSIX seconds
    hidden: NDArray[np.bool_]
    pins: tuple[int, ...]  # positions, the most trending first
    twins: NDArray[np.int64]  # papers of one number are near-duplicates
    facts: tuple[Fact, ...]

    @property
    def papers(self) -> tuple[Paper, ...]:
        return self.index.papers


def gather(papers: Sequence[Paper], scores: Iterable[float], catalogue: Catalogue, model: TopicModel, marks: Marks) -> Candidates:
    """The candidates that these papers are, with their trending scores beside them, in any order."""
    score = np.fromiter(scores, np.float64, len(papers))
    order = best_first(score, [paper.key for paper in papers])
    ranked = [papers[place] for place in order]
    indexed = index(ranked, catalogue, model)
    hidden = _among(ranked, marks.hides)
    return Candidates(
        index=indexed,
        ids=np.array([paper.id for paper in ranked], np.int64),
        scores=score[order],
        first_seen_at=np.array([paper.first_seen_at.timestamp() for paper in ranked], np.float64),
        hidden=hidden,
        pins=tuple(int(place) for place in np.flatnonzero(_among(ranked, marks.pins) & ~hidden)),
        twins=twins(indexed.vectors),
        facts=facts(ranked, hidden.tolist()),
    )


def _among(papers: Iterable[Paper], ids: Collection[int]) -> NDArray[np.bool_]:
    return np.array([paper.id in ids for paper in papers], np.bool_)
