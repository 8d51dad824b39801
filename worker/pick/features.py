"""What a reader can ask for - a topic, a keyword, an author, more like a paper - and which papers answer it, and how well. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, repeat

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
LIKE = 2.0  # times a cosine, which is seldom above 0.25
# Cosine of tf-idf vectors from which a paper counts as like another: on a day of 200 papers, some one paper in three hundred.
ALIKE = 0.15


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


Wish = tuple[CauseKind, str | int]  # a topic's key, a phrase, an author's name; or the id of a paper
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
    rows: dict[int, int]  # the position of each paper's id
    topic_rows: dict[str, int]
    _found: dict[Wish, Match] = field(default_factory=dict, repr=False)  # what earlier blocks looked up
    _causes: dict[Wish, Cause] = field(default_factory=dict, repr=False)
    _muted_topics: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def knows(self, wish: Wish) -> bool:
        """Whether the wish can be looked up: an operator may have dropped a topic, and liked papers leave with time."""
        if wish in self._found:
            return True
        kind, value = wish
        match kind:
            case CauseKind.TOPIC:
                return value in self.topic_rows
            case CauseKind.LIKE:
                return value in self.rows
        return True

    def match(self, wish: Wish) -> Match:
        """The papers that answer a wish, rising, and how strongly (above 0)."""
        if wish not in self._found:
            self._found[wish] = self._look_up(*wish)
        return self._found[wish]

    def cause(self, wish: Wish) -> Cause:
        """The wish as a cause, with the name to show."""
        if wish not in self._causes:
            self._causes[wish] = self._name(*wish)
        return self._causes[wish]

    def muted_topics(self, mute: str) -> tuple[str, ...]:
        """The keys of the topics that a mute names: one or none."""
        if mute not in self._muted_topics:
            topic = self.catalogue.named(mute)
            self._muted_topics[mute] = (topic.key,) if topic else ()
        return self._muted_topics[mute]

    def _name(self, kind: CauseKind, value: str | int) -> Cause:
        match kind:
            case CauseKind.TOPIC:
                topic = self.catalogue.topics[self.topic_rows[str(value)]]
                return Cause(kind, topic.name, topic.key)
            case CauseKind.LIKE:
                paper = self.papers[self.rows[int(value)]]
                return Cause(kind, paper.title, paper.key)
        return Cause(kind, str(value), str(value))

    def _look_up(self, kind: CauseKind, value: str | int) -> Match:
        match kind:
            case CauseKind.TOPIC:
                papers, strengths = row(self.topics, self.topic_rows[str(value)])
                return papers, TOPIC * strengths
            case CauseKind.KEYWORD:
                hits = self.corpus.find(str(value))
                return hits.papers, KEYWORD * hits.weights
            case CauseKind.AUTHOR:
                papers = np.array(self.authors.find(str(value)), np.int64)
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


@dataclass(frozen=True, slots=True)
class Table:
    """The wishes of a block of readers, and the papers that answer them."""

    wishes: csr_matrix  # readers x features: the weight of each wish, below 0 for less of it
    matches: csr_matrix  # features x papers: how strongly each paper answers
    features: tuple[Wish, ...]  # sorted, so that equally strong ones are told in one order whoever else is in the block


def table(index: Index, asked: Sequence[tuple[CauseKind, float, Sequence[Collection[str | int]]]]) -> Table:
    """The table of what is asked for: of a kind, with a weight, a collection a reader. What the index does not know is left out."""
    parts = [(kind, weight, [len(values) for values in lists], list(chain.from_iterable(lists))) for kind, weight, lists in asked]
    features, places = _features(index, [(kind, values) for kind, _, _, values in parts])
    readers = np.concatenate([np.repeat(np.arange(len(lengths)), lengths) for _, _, lengths, _ in parts])
    weights = np.concatenate([np.full(len(values), weight, np.float32) for _, weight, _, values in parts])
    columns = np.array([place for kind, _, _, values in parts for place in map(places[kind].get, values, repeat(-1))], np.int64)
    known = columns >= 0
    shape = (len(parts[0][2]), len(features))
    wishes = csr_matrix((weights[known], (readers[known], columns[known])), shape=shape)
    return Table(wishes, _stacked(list(map(index.match, features)), len(index.papers)), features)


def _features(
    index: Index, asked: Iterable[tuple[CauseKind, Iterable[str | int]]]
) -> tuple[tuple[Wish, ...], dict[CauseKind, dict[str | int, int]]]:
    """What is asked for and known, in order; and the place of each value there, by its kind."""
    by_kind: dict[CauseKind, set[str | int]] = defaultdict(set)
    for kind, values in asked:
        by_kind[kind].update(values)
    features = [(kind, value) for kind in sorted(by_kind) for value in sorted(by_kind[kind]) if index.knows((kind, value))]
    places: dict[CauseKind, dict[str | int, int]] = {kind: {} for kind in by_kind}
    for place, (kind, value) in enumerate(features):
        places[kind][value] = place
    return tuple(features), places


def _stacked(matches: Sequence[Match], papers: int) -> csr_matrix:
    """Features x papers."""
    ends = np.cumsum([0, *(found.size for found, _ in matches)])
    indices = np.concatenate([np.empty(0, np.int32), *(found for found, _ in matches)]).astype(np.int32)
    strengths = np.concatenate([np.empty(0, np.float32), *(strengths for _, strengths in matches)])
    return csr_matrix((strengths, indices, ends), shape=(len(matches), papers))


def row(matrix: csr_matrix, number: int) -> Match:
    """The columns, rising, and the values of one row."""
    here = slice(matrix.indptr[number], matrix.indptr[number + 1])
    return matrix.indices[here], matrix.data[here]
