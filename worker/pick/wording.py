"""What the catalogue's phrases and hints find in papers: how much each topic is spoken of, and which papers bear its name. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from subscribers.topics import Catalogue, Topic
from worker.pick.corpus import KEYWORD_WEIGHT, Corpus
from worker.pick.text import FUNCTION_WORDS, tokens

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

HINT = 0.5  # a hint says half of what a phrase says


@dataclass(frozen=True, slots=True)
class Wording:
    """The phrases of a catalogue in some papers. A phrase that two topics share stands here twice."""

    evidence: csr_matrix  # papers x phrases: the weight of the best place times 1 + log(occurrences)
    named: csr_matrix  # papers x topics: how many of the topic's phrases stand in the title or the keywords
    shares: csr_matrix  # phrases x topics: 1 for a topic's phrases, HINT for its hints
    terms: tuple[tuple[str, ...], ...]  # the words or pairs of words that each phrase is made of

    def rows(self, chosen: Bools) -> "Wording":
        """The wording of the chosen papers alone."""
        return Wording(self.evidence[chosen], self.named[chosen], self.shares, self.terms)

    def scores(self, rarity: Callable[[str], float]) -> Floats:
        """Papers x topics: the evidence of each topic's phrases and hints, each times how rare its rarest part is."""
        return self._summed(rarity, self.shares)

    def told(self, rarity: Callable[[str], float]) -> Floats:
        """The same of the phrases alone."""
        return self._summed(rarity, self.shares.floor())

    def _summed(self, rarity: Callable[[str], float], shares: csr_matrix) -> Floats:
        weights = np.array([max(map(rarity, terms), default=0.0) for terms in self.terms])
        scores: Floats = (self.evidence.multiply(weights[None, :]).tocsr() @ shares).toarray()
        return scores


def wording(words: Corpus, catalogue: Catalogue) -> Wording:
    """Where the phrases and hints of each topic occur in the corpus."""
    spoken = [(column, text, share) for column, topic in enumerate(catalogue.topics) for text, share in _spoken(topic)]
    hits = [words.find(text) for _, text, _ in spoken]
    papers = np.concatenate([np.empty(0, np.int64), *(found.papers for found in hits)])
    phrases = np.repeat(np.arange(len(spoken)), [found.papers.size for found in hits])
    columns = np.array([column for column, _, _ in spoken], np.int64)
    weights = np.concatenate([np.empty(0), *(found.weights for found in hits)])
    counts = np.concatenate([np.empty(0), *(found.counts for found in hits)])
    shares = np.array([share for _, _, share in spoken])
    bears = (weights >= KEYWORD_WEIGHT) & (shares[phrases] == 1)
    size = (words.size, len(spoken))
    return Wording(
        evidence=csr_matrix((weights * (1 + np.log(np.maximum(counts, 1))), (papers, phrases)), shape=size),
        named=csr_matrix((np.ones(int(bears.sum())), (papers[bears], columns[phrases[bears]])), shape=(words.size, len(catalogue.topics))),
        shares=csr_matrix((shares, (np.arange(len(spoken)), columns)), shape=(len(spoken), len(catalogue.topics))),
        terms=tuple(_terms(text) for _, text, _ in spoken),
    )


def _spoken(topic: Topic) -> list[tuple[str, float]]:
    return [*((phrase, 1.0) for phrase in topic.phrases), *((hint, HINT) for hint in topic.hints)]


def _terms(text: str) -> tuple[str, ...]:
    stems = tokens(text)
    pairs = [f"{one} {other}" for one, other in pairwise(stems) if not {one, other} & FUNCTION_WORDS]
    return tuple(pairs or [stem for stem in stems if stem not in FUNCTION_WORDS] or stems)
