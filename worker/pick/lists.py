"""Lists of papers, one a reader, end to end; and taking the first of each that may be shown, for a whole block in step. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lists:
    """A list a reader: those of reader r are papers[ends[r]:ends[r + 1]]."""

    readers: Ints  # whose each paper is, rising
    papers: Ints
    ends: Ints

    @classmethod
    def of(cls, readers: Ints, papers: Ints, count: int) -> "Lists":
        """Papers that stand reader by reader, of `count` readers."""
        return cls(readers, papers, np.concatenate(([0], np.cumsum(np.bincount(readers, minlength=count)))))

    def where(self, kept: Bools | Ints) -> "Lists":
        """Some of the papers; places that rise, or a mask."""
        return Lists.of(self.readers[kept], self.papers[kept], len(self.ends) - 1)


def merged(parts: Sequence[Lists]) -> Lists:
    """Each reader's lists behind one another, in the order of the parts."""
    readers = np.concatenate([part.readers for part in parts])
    order = np.argsort(readers.astype(np.uint16), kind="stable")
    return Lists.of(readers[order], np.concatenate([part.papers for part in parts])[order], len(parts[0].ends) - 1)


@dataclass(frozen=True, slots=True)
class Quota:
    """That no wish fills more than its reader's share."""

    wishes: NDArray[np.int32]  # of each paper in the lists, by number
    shares: Ints  # by reader


class Taken:
    """The groups of near-duplicates of which each reader has one already: one paper of a group is enough."""

    def __init__(self, readers: int, twins: Ints) -> None:
        """`twins`: a number a paper, the same for near-duplicates."""
        self._twins = twins
        self._out = np.zeros((readers, int(twins.max(initial=-1)) + 1), np.bool_)

    def one(self, readers: Ints, paper: int) -> Ints:
        """Give one paper to these readers; to whom it went, since no near-duplicate was theirs."""
        group = self._twins[paper]
        free: Ints = readers[~self._out[readers, group]]
        self._out[free, group] = True
        return free

    def first(self, lists: Lists, wanted: Ints, quota: Quota | None = None) -> Bools:
        """Take the first so many papers of each list that may be taken; which they are.

        All readers go through their lists in step, so that a step costs the same few operations however many there are.
        """
        chosen = np.zeros(lists.papers.size, np.bool_)
        cards = np.zeros(int(quota.wishes.max(initial=-1)) + 1 if quota else 0, np.int64)
        groups, last = self._twins[lists.papers], lists.ends[1:]
        alive = np.flatnonzero((wanted > 0) & (lists.ends[:-1] < last))
        at, left = lists.ends[alive], wanted[alive]
        while alive.size:
            group = groups[at]
            free = ~self._out[alive, group]
            if quota:
                free &= cards[quota.wishes[at]] < quota.shares[alive]
                cards[quota.wishes[at[free]]] += 1
            self._out[alive[free], group[free]] = True
            chosen[at[free]] = True
            left, at = left - free, at + 1
            goes_on = (left > 0) & (at < last[alive])
            alive, at, left = alive[goes_on], at[goes_on], left[goes_on]
        return chosen

    def spread(self, lists: Lists, wanted: Ints, quota: Quota) -> Bools:
        """The same with a quota; where that leaves room, those that were passed over for it follow. Which they are."""
        # Without near-duplicates a wish is represented by its first papers: what lies behind them need not be gone through.
        within = (_ranks(quota.wishes) < quota.shares[lists.readers]) | self._crowded(lists)[lists.readers]
        some = np.flatnonzero(within)
        chosen = np.zeros(lists.papers.size, np.bool_)
        chosen[some] = self.first(lists.where(some), wanted, Quota(quota.wishes[some], quota.shares))
        room = wanted - np.bincount(lists.readers[chosen], minlength=wanted.size)
        return chosen | self.first(lists, room)

    def _crowded(self, lists: Lists) -> Bools:
        """Readers for whom one paper of their list rules out another, or something taken does."""
        groups = self._twins[lists.papers]
        crowded = np.zeros(len(lists.ends) - 1, np.bool_)
        if self._out.any():
            crowded[lists.readers[self._out[lists.readers, groups]]] = True
        alike = np.flatnonzero(np.bincount(self._twins)[groups] > 1)
        places = np.sort(lists.readers[alike] * self._out.shape[1] + groups[alike])
        crowded[places[1:][places[1:] == places[:-1]] // max(1, self._out.shape[1])] = True
        return crowded


def _ranks(wishes: NDArray[np.int32]) -> Ints:
    """Of each place how many before it have the same wish."""
    fits = int(wishes.max(initial=0)) < 1 << 16
    order = np.argsort(wishes.astype(np.uint16) if fits else wishes, kind="stable")
    grouped = wishes[order]
    starts = np.flatnonzero(np.concatenate(([True], grouped[1:] != grouped[:-1])))[: grouped.size]
    ranks = np.empty(wishes.size, np.int64)
    ranks[order] = np.arange(wishes.size) - np.repeat(starts, np.diff(np.append(starts, wishes.size)))
    return ranks
