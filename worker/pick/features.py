"""What a reader can ask for - a topic, a keyword, an author, more like a paper - and which papers answer it, and how well. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from subscribers.topics import Catalogue
from worker.ingest.papers import Paper
from worker.pick.belonging import belonging
from worker.pick.corpus import Corpus, corpus
from worker.pick.names import Authors
from worker.pick.topic_model import TopicModel

# An author is the surest wish there is, a keyword chosen by hand surer than a topic; a like only leans.
TOPIC = 0.8
KEYWORD = 1.0
AUTHOR = 1.5
LIKE = 0.6
# Cosine of tf-idf vectors from which a paper counts as like another.
ALIKE = 0.2


class CauseKind(StrEnum):
    """What made a paper fit."""

    TOPIC = "topic"
    KEYWORD = "keyword"
    AUTHOR = "author"
    LIKE = "like"


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing a reader asked for that a paper answers; `name` is what to show, `key` the wish as it is kept."""

    kind: CauseKind
    name: str
    key: str


Wish = tuple[CauseKind, str]  # a topic's key, a phrase, a name, or a paper's key
Wishes = Sequence[tuple[Wish, float]]  # of one reader; below 0: less like this
Match = tuple[NDArray[np.integer], NDArray[np.floating]]  # positions of papers, and how strongly each answers


@dataclass(frozen=True, slots=True)
class Index:
    """A ranking's papers, made ready for matching; good for any number of blocks of readers."""

    papers: tuple[Paper, ...]
    vectors: csr_matrix  # papers x terms, float32, L2-normalised tf-idf
    catalogue: Catalogue
    topics: csr_matrix  # topics x papers, float32: how surely a paper belongs, above 0 and at most 1
    corpus: Corpus
    authors: Authors
    rows: dict[int, int]  # position of each paper id
    topic_rows: dict[str, int]
    _found: dict[Wish, Match] = field(default_factory=dict, repr=False)  # what earlier blocks looked up

    def match(self, wish: Wish) -> Match:
        """The papers that answer a wish, rising, and how strongly (above 0)."""
        if wish not in self._found:
            self._found[wish] = self._look_up(*wish)
        return self._found[wish]

    def cause(self, wish: Wish) -> Cause:
        """The wish as a cause, with the name to show."""
        kind, value = wish
        match kind:
            case CauseKind.TOPIC:
                return Cause(kind, self.catalogue.topics[self.topic_rows[value]].name, value)
            case CauseKind.LIKE:
                paper = self.papers[self.rows[int(value)]]
                return Cause(kind, paper.title, paper.key)
        return Cause(kind, value, value)

    def _look_up(self, kind: CauseKind, value: str) -> Match:
        match kind:
            case CauseKind.TOPIC:
                papers, strengths = row(self.topics, self.topic_rows[value])
                return papers, TOPIC * strengths
            case CauseKind.KEYWORD:
                hits = self.corpus.find(value)
                return hits.papers, KEYWORD * hits.weights
            case CauseKind.AUTHOR:
                papers = np.array(self.authors.find(value), np.int64)
                return papers, np.full(papers.size, AUTHOR, np.float32)
            case CauseKind.LIKE:
                return self._alike(self.rows[int(value)])

    def _alike(self, liked: int) -> Match:
        cosines = (self.vectors @ self.vectors[liked].T).toarray().ravel()
        cosines[liked] = 0
        papers = np.flatnonzero(cosines >= ALIKE)
        return papers, LIKE * cosines[papers]


def index(papers: Sequence[Paper], catalogue: Catalogue, model: TopicModel) -> Index:
    """The index of these papers, whose order gives their positions."""
    words = corpus(papers)
    return Index(
        papers=tuple(papers),
        vectors=words.vectors(),
        catalogue=catalogue,
        topics=belonging(words, papers, catalogue, model).T.tocsr(),
        corpus=words,
        authors=Authors(paper.authors for paper in papers),
        rows={paper.id: row for row, paper in enumerate(papers)},
        topic_rows={topic.key: row for row, topic in enumerate(catalogue.topics)},
    )


class Table:
    """The distinct wishes of a block of readers, as columns."""

    def __init__(self, index: Index, readers: Iterable[Wishes]) -> None:
        asked = list(readers)
        # Sorted, so that a reader's equally strong causes are told in one order, whoever else is in the block.
        columns = {wish: column for column, wish in enumerate(sorted({wish for wishes in asked for wish, _ in wishes}))}
        ends, indices, weights = [0], [], []
        for wishes in asked:
            for wish, weight in wishes:
                indices.append(columns[wish])
                weights.append(weight)
            ends.append(len(indices))
        self.causes = tuple(index.cause(wish) for wish in columns)
        self.wishes = csr_matrix((np.array(weights, np.float32), np.array(indices, np.int32), ends), shape=(len(ends) - 1, len(columns)))
        self.wishes.sum_duplicates()
        self.matches = _stacked([index.match(wish) for wish in columns], len(index.papers))


def _stacked(matches: Sequence[Match], papers: int) -> csr_matrix:
    """Features x papers."""
    ends = np.cumsum([0, *(found.size for found, _ in matches)])
    indices = np.fromiter(chain.from_iterable(found for found, _ in matches), np.int32, int(ends[-1]))
    strengths = np.concatenate([np.empty(0, np.float32), *(strengths for _, strengths in matches)])
    return csr_matrix((strengths, indices, ends), shape=(len(matches), papers))


def row(matrix: csr_matrix, number: int) -> Match:
    """The columns, rising, and the values of one row."""
    here = slice(matrix.indptr[number], matrix.indptr[number + 1])
    return matrix.indices[here], matrix.data[here]
