"""Which papers belong to which topics, and how surely: categories where a source gave them, and words always. Pure.

A paper belongs to a topic when one of these holds:

- filed: it is in a category that the topic alone names;
- sure: its words sound so much like the topic's papers that nearly all that did so were filed there (a threshold learned by topic, where
  there was enough to learn from);
- named: a phrase of the topic stands in its title or keywords, and the rest sounds like it too;
- told: no title names the topic, but the abstract keeps speaking of it; a paper whose categories are known must be in one of the topic's.

Authors file few papers under every field they touch (of those titled as speech some 30 % are in cs.SD or eess.AS), so that a threshold held
to categories alone would hide most of what a reader asked for: names stand beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from subscribers.topics import Catalogue
from worker.ingest.papers import Paper
from worker.pick.corpus import Corpus
from worker.pick.lesson import Lesson, lesson, within
from worker.pick.topic_model import Floats, TopicModel, aligned, rarity, scores

Bools = NDArray[np.bool_]

# What a named paper must score, in standard deviations above the mean paper. Topics with categories of their own are rarer, so that a
# paper on one stands out further; and it may be found by its category.
NAMED_LEAST, NAMED_LEAST_EXCLUSIVE = 1.0, 3.0
TOLD_LEAST, TOLD_PHRASES = 5.0, 6.0  # what a told paper must score, and what its phrases must add up to
# What each kind of evidence counts; the strength is 1 - exp(-sum / 2), so that the primary category and a title together come to 0.92.
FILED_FIRST, FILED, SURE, NAMED, TOLD = 3.0, 2.0, 2.0, 1.5, 0.8
SOUND, SOUND_MOST = 0.12, 12.0  # for each standard deviation, and the most of these


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why papers belong to topics; each is papers x topics."""

    filed: Bools
    sure: Bools
    named: Bools
    told: Bools
    scores: Floats

    @property
    def belongs(self) -> Bools:
        """Whether the paper belongs, on any ground."""
        every: Bools = self.filed | self.sure | self.named | self.told
        return every

    def strengths(self, first: Bools) -> Floats:
        """How surely each paper belongs, above 0 and below 1, and 0 where it does not; `first`: by its primary category."""
        evidence = FILED * self.filed + (FILED_FIRST - FILED) * first + SURE * self.sure + NAMED * self.named + TOLD * self.told
        evidence = evidence + SOUND * np.clip(self.scores, 0, SOUND_MOST)
        strength: Floats = np.where(self.belongs, 1 - np.exp(-evidence / 2), 0)
        return strength


def grounds(papers: Lesson, model: TopicModel, fitting: Bools) -> Grounds:
    """The grounds on which these papers belong to topics; `fitting` (papers x topics): in a category the topic names, or in none at all."""
    known = aligned(model, papers.topics, papers.terms)
    score = scores(papers, known)
    never_heard = known.sizes == 0  # an operator's own topic: its phrases have the word alone
    named = papers.wording.named.toarray() > 0
    named &= never_heard | (score >= np.where(papers.exclusive, NAMED_LEAST_EXCLUSIVE, NAMED_LEAST))
    told = (papers.wording.told(rarity(known)) >= TOLD_PHRASES) & (never_heard | (score >= TOLD_LEAST)) & fitting & ~named
    return Grounds(papers.filed, score >= known.thresholds, named, told, score)


def belonging(words: Corpus, papers: Sequence[Paper], catalogue: Catalogue, model: TopicModel) -> csr_matrix:
    """Papers x topics, float32: how surely a paper belongs, above 0 and below 1; no entry where it does not."""
    read = lesson(words, papers, catalogue, model.terms)
    named = within([paper.categories for paper in papers], [topic.categories for topic in catalogue.topics])
    unfiled = np.array([not paper.categories for paper in papers], np.bool_)[:, None]
    first = within([paper.categories[:1] for paper in papers], [catalogue.owned(topic) for topic in catalogue.topics])
    return csr_matrix(grounds(read, model, named | unfiled).strengths(first), dtype=np.float32)
