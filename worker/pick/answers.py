"""Every wish of a block of readers, spread out over the papers that answer it: some hundred entries a reader. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.pick.features import Table

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Answers:
    """A wish goes by its number, its place in the readers' matrix of wishes, so that a reader's numbers lie together and rise."""

    shape: tuple[int, int]  # readers x papers
    wishes: Numbers  # the number of the wish, rising
    pairs: Numbers  # reader and paper as one: reader * papers + paper
    strengths: NDArray[np.float32]

    @classmethod
    def of(cls, asked: Table) -> "Answers":
        """What was asked for; that a reader wants less of something answers nothing."""
        wishes, answers = asked.wishes, asked.matches
        lengths = np.diff(answers.indptr)[wishes.indices]
        lengths[wishes.data <= 0] = 0
        first = np.repeat(np.arange(wishes.shape[0], dtype=np.int32) * np.int32(answers.shape[1]), np.diff(wishes.indptr))
        # Repeating is ten times as fast as indexing, and int32 holds a block's readers x papers; these arrays are the longest of all.
        wish = np.repeat(np.arange(wishes.nnz, dtype=np.int32), lengths)
        shift = (answers.indptr[wishes.indices] - np.cumsum(lengths) + lengths).astype(np.int32)
        place = np.repeat(shift, lengths) + np.arange(wish.size, dtype=np.int32)
        strengths = np.repeat(wishes.data, lengths) * answers.data[place]
        return cls((wishes.shape[0], answers.shape[1]), wish, np.repeat(first, lengths) + answers.indices[place], strengths)

    def where(self, shown: Bools) -> "Answers":
        """The answers that readers may be shown."""
        kept = np.flatnonzero(shown.ravel()[self.pairs])
        return Answers(self.shape, self.wishes[kept], self.pairs[kept], self.strengths[kept])

    def strongest(self) -> Numbers:
        """The wish that each paper answers most strongly, readers x papers; of equally strong ones the first, and 0 where there is none."""
        size = self.shape[0] * self.shape[1]
        best = np.zeros(size, np.float32)
        np.maximum.at(best, self.pairs, self.strengths)
        wins = np.flatnonzero(self.strengths == best[self.pairs])[::-1]  # backwards: the first is written last
        strongest = np.zeros(size, np.int32)
        strongest[self.pairs[wins]] = self.wishes[wins]
        return strongest

    def ranked(self, pairs: Ints, most: int) -> tuple[Ints, Numbers]:
        """The wishes that each of some pairs answers, the strongest first, up to `most`: places among `pairs`, rising, and numbers.

        A pair that is asked for twice is answered in one of its places.
        """
        places = np.full(self.shape[0] * self.shape[1], -1, np.int32)
        places[pairs] = np.arange(pairs.size, dtype=np.int32)
        where = places[self.pairs]
        kept = np.flatnonzero(where >= 0)
        where = where[kept]
        order = np.lexsort((-self.strengths[kept], where))  # stable: of equally strong wishes the first stays first
        where, wishes = where[order], self.wishes[kept][order]
        starts = np.searchsorted(where, where)
        told = np.arange(where.size) - starts < most
        return where[told].astype(np.int64), wishes[told]
