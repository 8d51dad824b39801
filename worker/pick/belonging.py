"""Which papers belong to which topics, and how surely: categories where a source gave them, and words always. Pure.

Of topics that share no category with another, arXiv tells which papers belong, and so how often words were right:

- filed: a paper in one of the topic's own categories belongs.
- sure: of a paper without categories, its words decide, names among them, by a threshold learned by topic from papers whose categories are
  known: nearly all that reached it were filed there. Where no threshold is that reliable, nothing is shown: of papers that only bear the
  topic's name half were filed under robotics, and one in three over all such topics.
- named: a paper with other categories is shown all the same when title or keywords bear the topic's name, its text keeps speaking of it and
  sounds like it. Its authors did not file it there; a reader who asked for the topic still wants it (authors file few papers under every
  field they touch: of those titled as speech some 30 % are in cs.SD or eess.AS).

Topics that share categories, or have none, and an operator's own that nothing was learned of, go by their names:

- named: a phrase of the topic stands in its title or keywords, and the rest sounds like it too;
- told: no title names the topic, but the abstract keeps speaking of it; a paper whose categories are known must be in one of the topic's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from subscribers.topics import Catalogue
from worker.ingest.papers import Paper
from worker.pick.corpus import Corpus
from worker.pick.lesson import Lesson, lesson, within
from worker.pick.topic_model import Bools, Floats, TopicModel, aligned, named, scores, supported, told

NAMED_LEAST = 1.0  # what a named paper must score, in standard deviations above the mean paper
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


def grounds(papers: Lesson, model: TopicModel, inside: Bools, bare: Bools) -> Grounds:
    """The grounds on which these papers belong to topics.

    `inside` (papers x topics): in a category the topic names. `bare` (papers x 1): in no category at all.
    """
    known = aligned(model, papers.topics, papers.terms)
    score = scores(papers, known)
    never_heard = known.sizes == 0  # an operator's own topic: its phrases have the word alone
    judged = papers.exclusive & ~never_heard
    bears, keeps = named(papers), told(papers, score, known)
    sure = bare & judged & (supported(papers, score, known) >= known.thresholds)
    by_name = bears & np.where(judged, np.where(bare, sure, keeps), never_heard | (score >= NAMED_LEAST))
    by_telling = keeps & np.where(judged, sure, inside | bare) & ~bears
    return Grounds(papers.filed, sure, by_name, by_telling, score)


def belonging(words: Corpus, papers: Sequence[Paper], catalogue: Catalogue, model: TopicModel) -> csr_matrix:
    """Papers x topics, float32: how surely a paper belongs, above 0 and below 1; no entry where it does not."""
    read = lesson(words, papers, catalogue, model.terms)
    inside = within([paper.categories for paper in papers], [topic.categories for topic in catalogue.topics])
    bare = np.array([not paper.categories for paper in papers], np.bool_)[:, None]
    first = within([paper.categories[:1] for paper in papers], [catalogue.owned(topic) for topic in catalogue.topics])
    return csr_matrix(grounds(read, model, inside, bare).strengths(first), dtype=np.float32)
