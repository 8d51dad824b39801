"""Learning a topic model from papers whose categories are known, on top of what was learned before. Pure.

At five to fifty known papers a topic, which is what days of listings hold, a centroid did as well as ridge regression and better than naive
Bayes; and being a sum, it is added to, never learned anew. The catalogue's phrases point to papers to learn from while there are few known
ones. Every paper is scored without itself, as if it were of another day, and those scores set the scale and the thresholds.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from worker.pick.lesson import Lesson
from worker.pick.topic_model import TopicModel, aligned, combined, rarities, rarity, supported, unit_vectors

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEAST = 2  # papers that must hold a word or pair before it can teach anything
# Papers that the phrases point to count as so many known ones, for topics with categories of their own and for those without.
BORROWED, BORROWED_ALONE = 5.0, 20.0
BORROW_FROM, BORROW_TO = 2.0, 6.0  # standard deviations of the phrases' score: the least that points, and the most that counts
# A threshold takes so many known papers, and that of those above it this share belongs, 19 times in 20 (Wilson's bound, one side). What is
# asked for is 70 %; the rest is for days to come, which resemble those learned from less than these resemble one another.
KNOWN = 15
PRECISION = 0.75
DOUBT = 1.645
LEAST_THRESHOLD = 3.0  # where most papers are of one topic, any of them is likely to be: on other days it is not


def learn(papers: Lesson, before: TopicModel) -> TopicModel:
    """The model that knows these papers beside what it knew before; its topics and terms are the lesson's."""
    known = aligned(before, papers.topics, papers.terms)
    known = replace(known, papers=known.papers + papers.counts.shape[0], holding=known.holding + _holding(papers.counts))
    vectors = unit_vectors(papers.counts, known.holding)
    spoken = papers.wording.scores(rarity(known))
    belonging = papers.filed + _borrowed(spoken, papers)
    known = replace(
        known,
        total=known.total + np.asarray(vectors.sum(axis=0)).ravel(),
        sums=known.sums + vectors.T.dot(belonging).T,
        sizes=known.sizes + belonging.sum(axis=0),
        seen=known.seen | frozenset(papers.fingerprints.tolist()),
    )
    sound = _without_itself(vectors, belonging, known)
    known = replace(known, scale=_scale(sound, spoken))
    return replace(known, thresholds=_thresholds(supported(papers, combined(sound, spoken, known), known), papers))


def _holding(counts: csr_matrix) -> Floats:
    held: Floats = np.bincount(counts.indices, minlength=counts.shape[1]).astype(np.float64)
    return held


def _borrowed(spoken: Floats, papers: Lesson) -> Floats:
    """Papers x topics: how much each paper counts as the topic's on the word of phrases; by topic the sum is BORROWED or BORROWED_ALONE."""
    spread = (spoken - spoken.mean(axis=0)) / np.maximum(spoken.std(axis=0), 1e-9)
    pointed = np.clip(spread - BORROW_FROM, 0, BORROW_TO - BORROW_FROM)
    share: Floats = pointed / np.maximum(pointed.sum(axis=0), 1e-9)
    return share * np.where(papers.exclusive, BORROWED, BORROWED_ALONE)


def _without_itself(vectors: csr_matrix, belonging: Floats, model: TopicModel) -> Floats:
    """Papers x topics: the centroid's score of each paper, had it not been learned from."""
    weights = rarities(model) ** 2
    itself = np.asarray(vectors.multiply(vectors).dot(weights))[:, None]
    topical = vectors.dot((model.sums * weights).T) - belonging * itself
    common = vectors.dot(model.total * weights)[:, None] - itself
    others = model.sizes - belonging
    centroid = np.where(others > 1e-6, topical / np.maximum(others, 1e-6), 0)  # noqa: PLR2004 - a topic of this one paper
    alone: Floats = centroid - common / max(model.papers - 1, 1)
    return alone


def _scale(sound: Floats, spoken: Floats) -> Floats:
    columns = [sound.mean(axis=0), np.maximum(sound.std(axis=0), 1e-9), spoken.mean(axis=0), np.maximum(spoken.std(axis=0), 1e-9)]
    return np.stack(columns, axis=1)


def _thresholds(scores: Floats, papers: Lesson) -> Floats:
    thresholds = np.full(scores.shape[1], np.inf)
    for topic in np.flatnonzero(papers.exclusive & (papers.filed.sum(axis=0) >= KNOWN)):
        order = np.argsort(-scores[:, topic], kind="stable")
        sure = np.flatnonzero(_least_share(np.cumsum(papers.filed[order, topic])) >= PRECISION)
        if sure.size:
            thresholds[topic] = max(LEAST_THRESHOLD, scores[order[sure[-1]], topic])
    return thresholds


def _least_share(hits: NDArray[np.int64]) -> Floats:
    """The lower end of Wilson's interval for the share of hits among the first 1, 2, 3, … (J. Am. Stat. Assoc. 22, 1927, 209)."""
    trials = np.arange(1, hits.size + 1)
    share, square = hits / trials, DOUBT**2
    middle = share + square / (2 * trials)
    least: Floats = (middle - DOUBT * np.sqrt(share * (1 - share) / trials + square / (4 * trials**2))) / (1 + square / trials)
    return least
