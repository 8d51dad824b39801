"""A topic model as a file: half-precision numbers, compressed. Reads and writes nothing else."""

from functools import cache
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from worker.pick.topic_model import TopicModel

BUNDLED = Path(__file__).with_name("topics.npz")


@cache
def bundled_model() -> TopicModel:
    """The model that comes with the service."""
    return read_model(BUNDLED)


def write_model(model: TopicModel, path: Path) -> None:
    """Write the model; numbers lose what half precision cannot hold, which moves no score by a hundredth."""
    sums = csr_matrix(model.sums)
    np.savez_compressed(
        path,
        topics=np.array(model.topics),
        terms=np.array("\n".join(model.terms)),
        papers=model.papers,
        holding=model.holding.astype(np.uint32),
        total=model.total.astype(np.float32),
        sums=sums.data.astype(np.float16),
        columns=sums.indices.astype(np.int32),
        ends=sums.indptr.astype(np.int32),
        sizes=model.sizes,
        scale=model.scale,
        thresholds=model.thresholds,
        seen=np.array(sorted(model.seen), np.int64),
    )


def read_model(path: Path) -> TopicModel:
    """The model in the file. Raises OSError, KeyError or ValueError for a file that holds none."""
    with np.load(path, allow_pickle=False) as kept:
        terms = tuple(str(kept["terms"]).split("\n"))
        sums = csr_matrix((kept["sums"].astype(np.float64), kept["columns"], kept["ends"]), shape=(len(kept["topics"]), len(terms)))
        return TopicModel(
            topics=tuple(kept["topics"].tolist()),
            terms=terms,
            papers=int(kept["papers"]),
            holding=kept["holding"].astype(np.float64),
            total=kept["total"].astype(np.float64),
            sums=sums.toarray(),
            sizes=kept["sizes"],
            scale=kept["scale"],
            thresholds=kept["thresholds"],
            seen=frozenset(kept["seen"].tolist()),
        )
