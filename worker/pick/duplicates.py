"""Near-duplicates: papers whose words are so alike that one digest should not carry two of them. Pure; judges no work the better one."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

# Among 6,132 papers listed in 2024-25, reworked and split papers have a cosine of 0.90 and more, the closest two that are not 0.64.
TWINS = 0.8
_ROWS = 256  # of the product at a time: a few MB instead of the square of all papers


def twins(vectors: csr_matrix) -> NDArray[np.int64]:
    """A number a paper, the same for papers that are near-duplicates, directly or by way of others.

    `vectors` are papers x terms, L2-normalised. Measured: 0.1 s for 1,400 papers with abstracts.
    """
    papers = vectors.shape[0]
    ones, others = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start in range(0, papers, _ROWS):
        cosines = (vectors[start : start + _ROWS] @ vectors.T).tocoo()
        alike = cosines.data >= TWINS
        ones.append(cosines.row[alike].astype(np.int64) + start)
        others.append(cosines.col[alike].astype(np.int64))
    one, other = np.concatenate(ones), np.concatenate(others)
    graph = coo_matrix((np.ones(one.size, np.int8), (one, other)), shape=(papers, papers))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)
