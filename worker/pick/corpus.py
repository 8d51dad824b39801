"""The words of many papers as one array of numbers: phrases are found, and tf-idf vectors made, without a loop over papers. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from worker.ingest.papers import Paper
from worker.pick.text import tokens

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

_BREAK = "\0"  # stands between two fields, so that no phrase reaches across
# A reader looks at titles first: a phrase there says what the paper is about, in an abstract what it touches.
TITLE_WEIGHT = 1.0
KEYWORD_WEIGHT = 0.8
ABSTRACT_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Hits:
    """Where a phrase occurs: positions of papers, rising, and how strongly each carries it (the weight of its best place, 0 to 1)."""

    papers: Ints
    weights: Floats
    counts: Ints  # occurrences in each of the papers


_NOWHERE = Hits(np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class Corpus:
    """Papers' stemmed words, end to end: `words[i]` is a number of `vocabulary`, and stands in paper `papers[i]` at a place worth `weights[i]`."""

    size: int  # papers
    vocabulary: dict[str, int]
    words: Ints
    papers: Ints
    weights: Floats
    order: Ints  # positions of the array sorted by word; those of word w are order[starts[w]:starts[w + 1]]
    starts: Ints

    def find(self, phrase: str) -> Hits:
        """The papers that carry the phrase's stemmed words in a row, in one field; "data set" finds dataset too."""
        stems = tuple(tokens(phrase))
        places = self._places(stems)
        if len(stems) == 2:  # noqa: PLR2004 - a pair of words
            places = np.concatenate([places, self._places(("".join(stems),))])
        if not places.size:
            return _NOWHERE
        papers, inverse, counts = np.unique(self.papers[places], return_inverse=True, return_counts=True)
        weights = np.zeros(papers.size, np.float32)
        np.maximum.at(weights, inverse, self.weights[places])
        return Hits(papers, weights, counts)

    def _places(self, stems: tuple[str, ...]) -> Ints:
        numbers = [self.vocabulary.get(stem, -1) for stem in stems]
        if not numbers or -1 in numbers:
            return _NOWHERE.papers
        lengths = [int(self.starts[number + 1] - self.starts[number]) for number in numbers]
        rarest = lengths.index(min(lengths))
        number = numbers[rarest]
        places = self.order[self.starts[number] : self.starts[number + 1]] - rarest
        for offset, number in enumerate(numbers):
            # The array ends in a break, and starts with one: a phrase that would reach over an end meets it and fails.
            if offset != rarest:
                places = places[self.words[np.clip(places + offset, 0, self.words.size - 1)] == number]
        return places

    def vectors(self) -> csr_matrix:
        """One L2-normalised tf-idf row a paper over its single words and pairs that occur in more than one paper."""
        columns, kept = self._terms()
        counts = csr_matrix((self.weights[kept] * 2, (self.papers[kept], columns)), shape=(self.size, int(columns.max(initial=-1)) + 1))
        counts.sum_duplicates()
        counts.data = 1 + np.log1p(counts.data)
        frequencies = np.bincount(counts.indices, minlength=counts.shape[1])
        return _normalised(counts.multiply(np.log((1 + self.size) / (1 + frequencies)) + 1).tocsr().astype(np.float32))

    def _terms(self) -> tuple[Ints, Ints]:
        kept = np.flatnonzero(self.words)
        return self.words[kept] - 1, kept


def corpus(papers: Sequence[Paper]) -> Corpus:
    """The corpus of these papers' titles, keywords and abstracts, in the order given."""
    vocabulary = {_BREAK: 0}
    words, owners, weights = [0], [0], [0.0]
    for number, paper in enumerate(papers):
        for text, weight in _fields(paper):
            stems = tokens(text)
            words += [vocabulary.setdefault(stem, len(vocabulary)) for stem in stems]
            words.append(0)
            owners += [number] * (len(stems) + 1)
            weights += [weight] * (len(stems) + 1)
    array = np.array(words, np.int64)
    order = np.argsort(array, kind="stable")
    starts = np.searchsorted(array[order], np.arange(len(vocabulary) + 1))
    return Corpus(len(papers), vocabulary, array, np.array(owners, np.int64), np.array(weights, np.float32), order, starts)


def _fields(paper: Paper) -> list[tuple[str, float]]:
    keywords = [(keyword, KEYWORD_WEIGHT) for keyword in paper.keywords]
    return [(paper.title, TITLE_WEIGHT), *keywords, (paper.abstract, ABSTRACT_WEIGHT)]


def _normalised(matrix: csr_matrix) -> csr_matrix:
    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1)).A1
    return csr_matrix(matrix.multiply(1 / np.maximum(lengths, 1e-9)[:, None]))
