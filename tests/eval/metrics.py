"""How close one order of papers comes to another: nDCG, Spearman and top-5 overlap, all fair to ties.

Equal scores are no order: each metric is the mean over all orders that the scores allow, so that neither luck nor the
file's order decides (McSherry and Najork, "Computing information retrieval performance measures efficiently in the
presence of tied scores", ECIR 2008).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]


def ndcg(score: Floats, truth: Floats, depth: int = 10) -> float | None:
    """Normalised discounted cumulative gain: gain is the truth itself, discount 1 / log2(place + 1). None if all gains are 0."""
    discount = np.zeros(len(truth))
    discount[:depth] = 1 / np.log2(np.arange(2, min(depth, len(truth)) + 2))
    ideal = float(np.sort(truth)[::-1] @ discount)
    if ideal <= 0:
        return None
    return float(truth @ _mean_over_ties(score, discount)) / ideal


def spearman(score: Floats, truth: Floats) -> float | None:
    """Spearman's rank correlation with mean ranks. None if the truth holds no order; 0 if only the score holds none."""
    ranks, true_ranks = rankdata(score) - (len(score) + 1) / 2, rankdata(truth) - (len(truth) + 1) / 2
    spread = float(true_ranks @ true_ranks)
    if spread == 0:
        return None
    own = float(ranks @ ranks)
    return float(ranks @ true_ranks) / (own * spread) ** 0.5 if own else 0.0


def overlap(score: Floats, truth: Floats, depth: int = 5) -> float | None:
    """The share of the first `depth` that truly reach the value of place `depth`. None if no more than `depth` papers compete."""
    if len(truth) <= depth:
        return None
    chosen = np.zeros(len(score))
    chosen[:depth] = 1 / depth
    belongs = truth >= np.sort(truth)[::-1][depth - 1]
    return float(_mean_over_ties(score, chosen) @ belongs)


def _mean_over_ties(score: Floats, of_place: Floats) -> Floats:
    """What each paper gets of a value given by place (the best first), shared evenly among equal scores."""
    _, tie = np.unique(-score, return_inverse=True)
    order = np.argsort(tie, kind="stable")
    total = np.bincount(tie[order], weights=of_place)
    shared: Floats = (total / np.bincount(tie))[tie]
    return shared
