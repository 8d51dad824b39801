"""Papers made ready for a topic model: what there is to learn from, or to score. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from subscribers.topics import Catalogue, Topic, covers
from worker.ingest.papers import Paper
from worker.pick.corpus import Corpus
from worker.pick.wording import Wording, wording

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lesson:
    """Papers by topics and by terms; any of its rows are a lesson too."""

    topics: tuple[str, ...]  # the signature of each
    terms: tuple[str, ...]
    counts: csr_matrix  # papers x terms: log(1 + occurrences)
    wording: Wording
    filed: Bools  # papers x topics: in a category that is the topic's own
    exclusive: Bools  # topics: has categories, and shares none
    fingerprints: NDArray[np.int64]  # of the papers

    def rows(self, chosen: Bools) -> "Lesson":
        """The lesson of the chosen papers alone."""
        return Lesson(
            self.topics,
            self.terms,
            self.counts[chosen],
            self.wording.rows(chosen),
            self.filed[chosen],
            self.exclusive,
            self.fingerprints[chosen],
        )


def lesson(words: Corpus, papers: Sequence[Paper], catalogue: Catalogue, terms: Sequence[str]) -> Lesson:
    """The lesson of these papers, whose corpus is `words`, over the given terms."""
    topics = catalogue.topics
    owned = [catalogue.owned(topic) for topic in topics]
    return Lesson(
        topics=tuple(signature(topic) for topic in topics),
        terms=tuple(terms),
        counts=words.counts(terms),
        wording=wording(words, catalogue),
        filed=within([paper.categories for paper in papers], owned),
        exclusive=np.array([0 < len(own) == len(topic.categories) for own, topic in zip(owned, topics, strict=True)]),
        fingerprints=np.array([fingerprint(paper) for paper in papers], np.int64),
    )


def within(filed: Sequence[Sequence[str]], named: Sequence[Sequence[str]]) -> Bools:
    """Whether any category of each of `filed` (rows) is covered by one of each of `named` (columns)."""
    rows = {
        category: np.array([any(covers(own, category) for own in owns) for owns in named], np.bool_)
        for category in set(chain.from_iterable(filed))
    }
    table = np.zeros((len(filed), len(named)), np.bool_)
    for number, categories in enumerate(filed):
        for category in categories:
            table[number] |= rows[category]
    return table


def signature(topic: Topic) -> str:
    """What a model knows a topic by: changed categories make it another topic."""
    return " ".join([topic.key, *sorted(topic.categories)])


def fingerprint(paper: Paper) -> int:
    """31 bits by which a paper is known again."""
    return int.from_bytes(blake2b(paper.key.encode(), digest_size=4).digest()) >> 1
