"""What papers of each topic sound like, and how much other papers sound so. Pure; learned by worker.pick.topic_learning.

A topic's sound is a centroid (Rocchio): the mean tf-idf vector of its papers less the mean of all. Beside it stand the catalogue's phrases.
Scores are standard deviations from the mean paper, and so are the thresholds, which a named paper reaches sooner.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from worker.pick.corpus import normalised
from worker.pick.lesson import Lesson

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PHRASES = 0.5  # a standard deviation of the phrases' score weighs so much against one of the centroid's
UNKNOWN_SPREAD = 8.0  # standard deviation of the phrases' score where none was measured
NAME = 2.5  # a paper that bears a topic's name, or keeps speaking of it, is nearer to the threshold by so many standard deviations
TOLD_LEAST, TOLD_PHRASES = 5.0, 6.0  # it keeps speaking of it when it scores so much, and its phrases add up to so much


@dataclass(frozen=True, slots=True, eq=False)  # known by identity: what follows from a model is worked out once
class TopicModel:
    """What was learned; one without topics knows nothing, and phrases alone count. Nobody changes it."""

    topics: tuple[str, ...]  # the signature of each
    terms: tuple[str, ...]
    papers: int  # learned from
    holding: Floats  # terms: how many of the papers hold it
    total: Floats  # terms: the sum of all papers' vectors
    sums: Floats  # topics x terms: the sum of the vectors of the topic's papers
    sizes: Floats  # topics: how many papers these are
    scale: Floats  # topics x 4
    thresholds: Floats  # topics: the score with support from which words alone decide; infinite where they never do
    seen: frozenset[int]  # fingerprints of the papers


def empty_model(topics: Sequence[str] = (), terms: Sequence[str] = ()) -> TopicModel:
    """A model of these topics and terms that has learned nothing."""
    return TopicModel(
        topics=tuple(topics),
        terms=tuple(terms),
        papers=0,
        holding=np.zeros(len(terms)),
        total=np.zeros(len(terms)),
        sums=np.zeros((len(topics), len(terms))),
        sizes=np.zeros(len(topics)),
        scale=np.tile([0.0, 1.0, 0.0, UNKNOWN_SPREAD], (len(topics), 1)),
        thresholds=np.full(len(topics), np.inf),
        seen=frozenset(),
    )


def aligned(model: TopicModel, topics: Sequence[str], terms: Sequence[str]) -> TopicModel:
    """The model over these topics and terms; of what it does not know it has learned nothing."""
    if model.topics == tuple(topics) and model.terms == tuple(terms):
        return model
    into, blank = np.ix_, empty_model(topics, terms)
    topic, its_topic = _shared(topics, model.topics)
    term, its_term = _shared(terms, model.terms)
    blank.holding[term], blank.total[term] = model.holding[its_term], model.total[its_term]
    blank.sums[into(topic, term)] = model.sums[into(its_topic, its_term)]
    blank.sizes[topic], blank.scale[topic] = model.sizes[its_topic], model.scale[its_topic]
    blank.thresholds[topic] = model.thresholds[its_topic]
    return replace(blank, papers=model.papers, seen=model.seen)


def scores(papers: Lesson, model: TopicModel) -> Floats:
    """Papers x topics: how much each paper sounds like each topic, in standard deviations above the mean paper.

    `model` is aligned with the lesson.
    """
    sound = unit_vectors(papers.counts, model.holding) @ directions(model).T
    return combined(sound, papers.wording.scores(rarity(model)), model)


def combined(sound: Floats, spoken: Floats, model: TopicModel) -> Floats:
    """The two scores of papers x topics as one; a topic that was never learned has its phrases alone."""
    heard = (sound - model.scale[:, 0]) / model.scale[:, 1]
    read = (spoken - model.scale[:, 2]) / model.scale[:, 3]
    total: Floats = np.where(model.sizes > 0, heard, 0) + PHRASES * read
    return total


def named(papers: Lesson) -> Bools:
    """Papers x topics: whether a phrase of the topic stands in the title or the keywords."""
    bears: Bools = papers.wording.named.toarray() > 0
    return bears


def told(papers: Lesson, score: Floats, model: TopicModel) -> Bools:
    """Papers x topics: whether the paper keeps speaking of the topic, in the title or not, and sounds like it."""
    never_heard = model.sizes == 0
    keeps: Bools = (papers.wording.told(rarity(model)) >= TOLD_PHRASES) & (never_heard | (score >= TOLD_LEAST))
    return keeps


def supported(papers: Lesson, score: Floats, model: TopicModel) -> Floats:
    """Papers x topics: the scores, and on top what a name counts; these are held to the thresholds."""
    total: Floats = score + NAME * (named(papers) | told(papers, score, model))
    return total


def unit_vectors(counts: csr_matrix, holding: Floats) -> csr_matrix:
    """Papers x terms of length 1, over the terms that some paper learned from holds."""
    return normalised(csr_matrix(counts.multiply((holding > 0)[None, :])))


@lru_cache(maxsize=2)
def directions(model: TopicModel) -> Floats:
    """Topics x terms: where each topic's centroid lies from that of all papers; inverse document frequency counts on both sides."""
    centroids = model.sums / np.maximum(model.sizes, 1e-9)[:, None]
    far: Floats = (centroids - model.total / max(model.papers, 1)) * rarities(model) ** 2
    return np.where(model.sizes[:, None] > 0, far, 0)


def rarities(model: TopicModel) -> Floats:
    """Inverse document frequency of each term: 1 + log(papers / papers that hold it)."""
    found: Floats = 1 + np.log(max(model.papers, 1) / np.maximum(model.holding, 1))
    return found


@lru_cache(maxsize=2)
def rarity(model: TopicModel) -> Callable[[str], float]:
    """The inverse document frequency of a word or pair; one that was never met is as rare as one met once."""
    known = dict(zip(model.terms, rarities(model).tolist(), strict=True))
    rarest = 1 + float(np.log(max(model.papers, 150)))
    return lambda term: known.get(term, rarest)


def _shared(wanted: Sequence[str], known: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions in both of what both hold."""
    places = {name: place for place, name in enumerate(known)}
    pairs = [(place, places[name]) for place, name in enumerate(wanted) if name in places]
    found = np.array(pairs, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]
