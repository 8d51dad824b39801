"""Judging topics day by day: a paper's categories are hidden, and no model has seen any paper listed on the judged day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from subscribers.topics import Catalogue, Topic
from tests.eval.listings import LISTED, Listing
from worker.ingest.papers import Paper
from worker.pick.corpus import corpus
from worker.pick.fit import fit, index
from worker.pick.lesson import Lesson, lesson, within
from worker.pick.readers import Reader
from worker.pick.topic_learning import LEAST, learn
from worker.pick.topic_model import TopicModel, aligned, empty_model, scores

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tally:
    """Cards of one topic: shown, and of these in its categories."""

    shown: int
    filed: int

    @property
    def share(self) -> float | None:
        return self.filed / self.shown if self.shown else None


def together(tallies: Iterable[Tally]) -> Tally:
    """Several tallies as one."""
    every = list(tallies)
    return Tally(sum(tally.shown for tally in every), sum(tally.filed for tally in every))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found of one topic."""

    topic: Topic
    exclusive: bool
    papers: int
    auc: float | None
    cards: Tally


def judge(days: Sequence[Listing], catalogue: Catalogue, model: TopicModel) -> list[Verdict]:
    """Every topic of the catalogue over these days, one day at a time."""
    papers = list({paper.key: paper for day in days for paper in day.papers}.values())
    words = corpus(papers)
    terms = dict.fromkeys((*model.terms, *words.terms(LEAST)))
    every = lesson(words, papers, catalogue, tuple(terms))
    belongs = within([paper.categories for paper in papers], [topic.categories for topic in catalogue.topics])
    score = np.zeros(belongs.shape)
    shown = np.zeros_like(belongs)
    for listed, judged in _first_days(days, papers):
        before, learned_more = _models(every, listed, model)
        score[judged] = scores(every.rows(judged), aligned(learned_more, every.topics, every.terms))
        shown[judged] = _shown([paper for paper, here in zip(papers, judged, strict=True) if here], catalogue, before)
    return [
        Verdict(
            topic=topic,
            exclusive=bool(every.exclusive[column]),
            papers=int(belongs[:, column].sum()),
            auc=auc(belongs[:, column], score[:, column]),
            cards=Tally(int(shown[:, column].sum()), int((shown & belongs)[:, column].sum())),
        )
        for column, topic in enumerate(catalogue.topics)
    ]


def _first_days(days: Sequence[Listing], papers: Sequence[Paper]) -> list[tuple[Bools, Bools]]:
    """For each day, which papers it lists, and which of these no earlier day listed; days that list nothing new are left out."""
    judged = np.zeros(len(papers), np.bool_)
    first = []
    for day in days:
        keys = {paper.key for paper in day.papers}
        listed = np.array([paper.key in keys for paper in papers], np.bool_)
        if (listed & ~judged).any():
            first.append((listed, listed & ~judged))
        judged |= listed
    return first


def _models(every: Lesson, listed: Bools, model: TopicModel) -> tuple[TopicModel, TopicModel]:
    """The given model, and the one that also learned the other days; the second twice where the given one has seen the day."""
    known = np.isin(every.fingerprints, list(model.seen))
    spoiled = bool((known & listed).any())
    before = empty_model(every.topics, every.terms) if spoiled else model
    others = ~listed & ~np.isin(every.fingerprints, list(before.seen))
    more = learn(every.rows(others), before) if others.any() else before
    return more if spoiled else before, more


def _shown(papers: Sequence[Paper], catalogue: Catalogue, model: TopicModel) -> Bools:
    """Papers x topics: whether a reader who follows the topic alone would be shown the paper, had it come without categories."""
    hidden = [replace(paper, id=number, categories=()) for number, paper in enumerate(papers)]
    readers = [Reader(id=number, since=LISTED, topics=(topic.key,)) for number, topic in enumerate(catalogue.topics)]
    fits: Bools = fit(index(hidden, catalogue, model), readers).scores.toarray().T > 0
    return fits


def auc(belongs: Bools, score: Floats) -> float | None:
    """How often a paper that belongs scores above one that does not, a tie counting half (Mann and Whitney, 1947); None without both."""
    inside, outside = int(belongs.sum()), int((~belongs).sum())
    if not inside or not outside:
        return None
    return float((rankdata(score)[belongs].sum() - inside * (inside + 1) / 2) / (inside * outside))


def learned(days: Sequence[Listing], catalogue: Catalogue) -> TopicModel:
    """A model that knows these days' papers and nothing else."""
    papers = list({paper.key: paper for day in days for paper in day.papers}.values())
    words = corpus(papers)
    every = lesson(words, papers, catalogue, words.terms(LEAST))
    return learn(every, empty_model(every.topics, every.terms))
