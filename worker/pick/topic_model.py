"""How strongly each paper belongs to each topic: from its categories when a source gave them, from its words when not. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from subscribers.topics import Catalogue
from worker.ingest.papers import Paper
from worker.pick.corpus import Corpus


@dataclass(frozen=True, slots=True)
class TopicModel:
    """What was learned of topics' words."""


def bundled_model() -> TopicModel:
    """The model that comes with the service."""
    return TopicModel()


def belonging(corpus: Corpus, papers: Sequence[Paper], catalogue: Catalogue, model: TopicModel) -> csr_matrix:
    """Papers x topics, float32: how sure it is (above 0, at most 1) that a paper belongs; no entry where it does not."""
    belief = np.zeros((len(papers), len(catalogue.topics)), np.float32)
    for column, topic in enumerate(catalogue.topics):
        owned = catalogue.owned(topic)
        for row, paper in enumerate(papers):
            if any(category in owned for category in paper.categories):
                belief[row, column] = 0.9
        for phrase in topic.phrases:
            hits = corpus.find(phrase)
            belief[hits.papers, column] = np.maximum(belief[hits.papers, column], hits.weights)
    return csr_matrix(np.where(belief >= 0.5, belief, 0))
