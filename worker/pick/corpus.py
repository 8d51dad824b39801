"""The words of many papers as one array of numbers: phrases are found, and tf-idf vectors made, without a loop over papers. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from worker.ingest.papers import Paper
from worker.pick.text import FUNCTION_WORDS, tokens

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
    starts: Ints  # where each paper's occurrences begin among all of them
    occurrences: int = 0

    @property
    def counts(self) -> Ints:
        """Occurrences in each of the papers."""
        return np.diff(self.starts, append=self.occurrences)


_NOWHERE = Hits(np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class Corpus:
    """Papers' stemmed words, end to end: `words[i]`, by its number, stands in paper `papers[i]` at a place worth `weights[i]`."""

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
        if joined := _joined(stems):
            places = np.sort(np.concatenate([places, self._places((joined,))]))
        if not places.size:
            return _NOWHERE
        # Places rise, and so do the papers they are in.
        papers = self.papers[places]
        begins = np.empty(papers.size, np.bool_)
        begins[0] = True
        np.not_equal(papers[1:], papers[:-1], out=begins[1:])
        starts = begins.nonzero()[0]
        return Hits(papers[starts], np.maximum.reduceat(self.weights[places], starts), starts, papers.size)

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
                places = places[self.words.take(places + offset, mode="clip") == number]
        return places

    def vectors(self) -> csr_matrix:
        """Papers x words, float32: L2-normalised tf-idf rows, in which a word of the title counts twice."""
        counts = self._counted(np.arange(1, len(self.vocabulary)))
        frequencies = np.bincount(counts.indices, minlength=counts.shape[1])
        counts.data *= (np.log((1 + self.size) / (1 + frequencies)) + 1)[counts.indices]
        return normalised(counts)

    def terms(self, least: int) -> tuple[str, ...]:
        """The words, and pairs of neighbours, that stand in at least `least` papers and hold no function word."""
        codes, places = self._codes()
        known, columns = np.unique(codes, return_inverse=True)
        held = csr_matrix((np.ones(codes.size), (self.papers[places], columns)), shape=(self.size, known.size))
        held.sum_duplicates()
        often = known[np.bincount(held.indices, minlength=known.size) >= least]
        words = np.array(list(self.vocabulary), dtype=object)
        pairs = often >= words.size
        return (*words[often[~pairs]], *(words[often[pairs] // words.size] + " " + words[often[pairs] % words.size]))

    def counts(self, terms: Sequence[str]) -> csr_matrix:
        """Papers x terms, float32: log(1 + occurrences), those in a title counted twice."""
        firsts, seconds = _halves(tuple(terms))
        one, other = (np.array([self.vocabulary.get(word, -1) for word in words], np.int64) for words in (firsts, seconds))
        pair = np.array([bool(word) for word in seconds], np.bool_)
        codes = np.where(pair, one * len(self.vocabulary) + other, one)
        return self._counted(np.where((one < 0) | (pair & (other < 0)), -1, codes))

    def _counted(self, wanted: Ints) -> csr_matrix:
        codes, places = self._codes()
        order = np.argsort(wanted, kind="stable")
        found = np.minimum(np.searchsorted(wanted[order], codes), max(wanted.size - 1, 0))
        known = np.flatnonzero(wanted[order][found] == codes) if wanted.size else np.empty(0, np.int64)
        places = places[known]
        ones = np.where(self.weights[places] >= TITLE_WEIGHT, 2, 1).astype(np.float32)
        counts = csr_matrix((ones, (self.papers[places], order[found[known]])), shape=(self.size, wanted.size))
        counts.sum_duplicates()
        counts.data = np.log1p(counts.data)
        return counts

    def _codes(self) -> tuple[Ints, Ints]:
        """The number of every word and pair of words, and where in the array it stands; no break, no function word."""
        silent = np.zeros(len(self.vocabulary), np.bool_)
        silent[[0, *(self.vocabulary[word] for word in FUNCTION_WORDS & self.vocabulary.keys())]] = True
        speaks = ~silent[self.words]
        single, pair = np.flatnonzero(speaks), np.flatnonzero(speaks[:-1] & speaks[1:])
        pairs = self.words[pair] * len(self.vocabulary) + self.words[pair + 1]
        return np.concatenate([self.words[single], pairs]), np.concatenate([single, pair])


def corpus(papers: Sequence[Paper]) -> Corpus:
    """The corpus of these papers' titles, keywords and abstracts, in the order given."""
    vocabulary: defaultdict[str, int] = defaultdict()
    vocabulary.default_factory = vocabulary.__len__  # a new word gets the next number
    vocabulary[_BREAK] = 0
    words, owners, weights = [0], [0], [0.0]
    for number, paper in enumerate(papers):
        for text, weight in _fields(paper):
            stems = tokens(text)
            words += map(vocabulary.__getitem__, stems)
            words.append(0)
            owners += [number] * (len(stems) + 1)
            weights += [weight] * (len(stems) + 1)
    array = np.array(words, np.int64)
    order = np.argsort(array, kind="stable")
    starts = np.searchsorted(array[order], np.arange(len(vocabulary) + 1))
    return Corpus(len(papers), dict(vocabulary), array, np.array(owners, np.int64), np.array(weights, np.float32), order, starts)


@lru_cache(maxsize=4)  # a model's terms are thousands, and always the same
def _halves(terms: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The first word of each term, and its second, which is empty for a single word."""
    parts = [term.partition(" ") for term in terms]
    return tuple(first for first, _, _ in parts), tuple(second for _, _, second in parts)


def _joined(stems: tuple[str, ...]) -> str:
    """A pair of words as one, or nothing. A single letter joins only a number (3-D): "e-value" would become the stem of evaluate."""
    if len(stems) != 2:  # noqa: PLR2004 - a pair
        return ""
    return "".join(stems) if stems[0].isdigit() or min(map(len, stems)) > 1 else ""


def _fields(paper: Paper) -> list[tuple[str, float]]:
    keywords = [(keyword, KEYWORD_WEIGHT) for keyword in paper.keywords]
    return [(paper.title, TITLE_WEIGHT), *keywords, (paper.abstract, ABSTRACT_WEIGHT)]


def normalised(matrix: csr_matrix) -> csr_matrix:
    """The matrix with rows of length 1; an empty row stays empty."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1))).ravel()
    return csr_matrix(matrix.multiply(1 / np.maximum(lengths, 1e-9)[:, None]), dtype=np.float32)
