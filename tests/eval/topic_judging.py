"""Judging topics day by day: a paper's categories are hidden, and no model has seen any paper listed on the judged day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from subscribers.topics import Catalogue, Topic
from tests.eval.listings import Listing
from worker.ingest.papers import Paper
from worker.pick.belonging import Grounds, grounds
from worker.pick.corpus import corpus
from worker.pick.lesson import Lesson, lesson, within
from worker.pick.topic_learning import LEAST, learn
from worker.pick.topic_model import TopicModel, empty_model

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

CARDS = 5  # a topic a day, at most


@dataclass(slots=True)
class Tally:
    """Cards of one topic: shown, and of these in its categories."""

    shown: int = 0
    filed: int = 0

    def add(self, filed: bool) -> None:
        self.shown += 1
        self.filed += filed

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
    sure: Tally
    named: Tally


def judge(days: Sequence[Listing], catalogue: Catalogue, model: TopicModel) -> list[Verdict]:
    """Every topic of the catalogue over these days, one day at a time."""
    papers = list({paper.key: paper for day in days for paper in day.papers}.values())
    words = corpus(papers)
    terms = dict.fromkeys((*model.terms, *words.terms(LEAST)))
    every = lesson(words, papers, catalogue, tuple(terms))
    belongs = within([paper.categories for paper in papers], [topic.categories for topic in catalogue.topics])
    scores = np.zeros(belongs.shape)
    tallies = [(Tally(), Tally()) for _ in catalogue.topics]
    for day, judged in _first_days(days, papers):
        found = _found(every, day, judged, model)
        scores[judged] = found.scores
        _deal(found, belongs[judged], tallies)
    return [
        Verdict(
            topic=topic,
            exclusive=bool(every.exclusive[column]),
            papers=int(belongs[:, column].sum()),
            auc=auc(belongs[:, column], scores[:, column]),
            sure=tallies[column][0],
            named=tallies[column][1],
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


def _found(every: Lesson, listed: Bools, judged: Bools, model: TopicModel) -> Grounds:
    """The grounds of the judged papers, their categories hidden, by a model that never saw a paper listed that day."""
    known = np.isin(every.fingerprints, list(model.seen))
    before = empty_model(every.topics, every.terms) if (known & listed).any() else model
    others = ~listed & ~np.isin(every.fingerprints, list(before.seen))
    learned = learn(every.rows(others), before) if others.any() else before
    hidden = every.rows(judged)
    hidden = replace(hidden, filed=np.zeros_like(hidden.filed))
    return grounds(hidden, learned, np.ones(hidden.filed.shape, np.bool_))


def _deal(found: Grounds, belongs: Bools, tallies: Sequence[tuple[Tally, Tally]]) -> None:
    strengths = found.strengths(np.zeros_like(belongs))
    for topic, (sure, named) in enumerate(tallies):
        for paper in np.argsort(-strengths[:, topic], kind="stable")[:CARDS]:
            if strengths[paper, topic] > 0:
                (sure if found.sure[paper, topic] else named).add(bool(belongs[paper, topic]))


def auc(belongs: Bools, scores: Floats) -> float | None:
    """How often a paper that belongs scores above one that does not, a tie counting half (Mann and Whitney, 1947); None without both."""
    inside, outside = int(belongs.sum()), int((~belongs).sum())
    if not inside or not outside:
        return None
    return float((rankdata(scores)[belongs].sum() - inside * (inside + 1) / 2) / (inside * outside))


def learned(days: Sequence[Listing], catalogue: Catalogue) -> TopicModel:
    """A model that knows these days' papers and nothing else."""
    papers = list({paper.key: paper for day in days for paper in day.papers}.values())
    words = corpus(papers)
    every = lesson(words, papers, catalogue, words.terms(LEAST))
    return learn(every, empty_model(every.topics, every.terms))
