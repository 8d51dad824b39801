"""Which candidates each reader of a block may be shown, and which answer a wish, the best first. Pure; leaves the choice to others."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from worker.pick.candidates import Candidates
from worker.pick.fit import CauseKind, Fit, fit
from worker.pick.readers import Reader

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

# Fits within a tenth of one another are as good as equal: votes decide between them.
TIE = 0.1
# Steps of fit that count. Sums of wishes reach 16 at most in this scale, 65,535 steps; equal steps are ordered by trending.
STEP = 1 / 4096
TOP = 64  # matches that are put in order at first; few readers ever need the rest


# A candidate that answers a wish: its position, and the wish it answers most strongly (a feature of the fit).
Match = tuple[int, int]


class Matches:
    """One block of readers against all candidates; readers and candidates go by their positions."""

    def __init__(self, readers: Sequence[Reader], candidates: Candidates) -> None:
        self.fit = fit(candidates.index, readers)
        self.open = _open(readers, candidates, self.fit)
        self._strongest, self._answered, self._leading = _strongest(self.fit, self.open)
        news = np.array([reader.news_since.timestamp() for reader in readers], np.float64)
        self.news = self.open & (candidates.first_seen_at[None, :] >= news[:, None])
        self._ends, self._papers, self._quality = _matching(self.fit, self.open, candidates.scores)

    def of(self, reader: int) -> Iterator[Match]:
        """The reader's matches, the best first."""
        here = slice(self._ends[reader], self._ends[reader + 1])
        papers, quality = self._papers[here], self._quality[here]
        # The papers stand in the ranking's order, so that a stable sort leaves equal fits to trending and key.
        order = np.argsort(quality, kind="stable")
        for start in (0, TOP):
            places = papers[order[start : TOP if start == 0 else None]]
            yield from zip(places.tolist(), self._strongest[reader, places].tolist(), strict=True)

    def count(self, reader: int) -> int:
        """How many matches the reader has."""
        return int(self._ends[reader + 1] - self._ends[reader])

    def news_among(self, reader: int) -> bool:
        """Whether any of the reader's matches is news."""
        return bool(self.news[reader, self._papers[self._ends[reader] : self._ends[reader + 1]]].any())

    def causes(self, reader: int) -> int:
        """How many of the reader's wishes are the one answered most strongly by some match."""
        return int(self._leading[reader])

    def quiet_topics(self, reader: int) -> list[str]:
        """The keys of the topics the reader follows for which there is nothing."""
        here = slice(self.fit.wishes.indptr[reader], self.fit.wishes.indptr[reader + 1])
        silent = self.fit.wishes.indices[here][~self._answered[here]]
        causes = (self.fit.features[feature] for feature in silent.tolist())
        return [cause.key for cause in causes if cause.kind is CauseKind.TOPIC]


def _open(readers: Sequence[Reader], candidates: Candidates, fitted: Fit) -> Bools:
    """Readers x papers: new to the reader, not hidden, not had, not muted. A pin is new whenever it was first seen."""
    since = np.array([reader.since.timestamp() for reader in readers], np.float64)
    shown: Bools = candidates.first_seen_at[None, :] >= since[:, None]
    shown[:, list(candidates.pins)] = True
    shown[:, candidates.hidden] = False
    who, which = _had(readers, candidates)
    shown[who, which] = False
    muted = fitted.muted.tocoo()
    shown[muted.row[muted.data], muted.col[muted.data]] = False
    return shown


def _had(readers: Sequence[Reader], candidates: Candidates) -> tuple[Ints, Ints]:
    """Which reader had which candidate, by their positions."""
    counts = [len(reader.had) for reader in readers]
    had = np.concatenate([np.empty(0, np.int64), *(_ids(reader.had) for reader in readers)])
    if not candidates.papers:
        return had[:0], had[:0]
    ids = np.array([paper.id for paper in candidates.papers], np.int64)
    # Candidates are the papers of a few days, and ids are given out in order: a table over their range is short.
    first = ids.min() - 1
    table = np.full(ids.max() - first + 2, -1, np.int64)
    table[ids - first] = np.arange(ids.size)
    places = table[np.clip(had - first, 0, table.size - 1)]
    return np.repeat(np.arange(len(readers)), counts)[places >= 0], places[places >= 0]


def _ids(had: frozenset[int] | Ints) -> Ints:
    return had if isinstance(had, np.ndarray) else np.fromiter(had, np.int64, len(had))


def _strongest(fitted: Fit, shown: Bools) -> tuple[NDArray[np.int32], Bools, Ints]:
    """The wish each open paper answers most strongly; whether each wish is answered; how many wishes lead, by reader.

    All wishes are spread out over the papers that answer them, which is some hundred entries a reader.
    """
    wishes, answers = fitted.wishes, fitted.matches.T.tocsr()
    lengths = np.diff(answers.indptr)[wishes.indices]
    lengths[wishes.data <= 0] = 0
    reader = np.repeat(np.arange(wishes.shape[0], dtype=np.int32), np.diff(wishes.indptr))
    # Repeating is ten times as fast as indexing, and int32 holds a block's readers x papers; these arrays are the longest of all.
    wish = np.repeat(np.arange(wishes.nnz, dtype=np.int32), lengths)
    shift = (answers.indptr[wishes.indices] - np.cumsum(lengths) + lengths).astype(np.int32)
    place = np.repeat(shift, lengths) + np.arange(wish.size, dtype=np.int32)
    flat = np.repeat(reader * np.int32(shown.shape[1]), lengths) + answers.indices[place]
    kept = np.flatnonzero(shown.ravel()[flat])
    wish, flat, place = wish[kept], flat[kept], place[kept]
    strength = wishes.data[wish] * answers.data[place]
    best = np.zeros(shown.size, strength.dtype)
    np.maximum.at(best, flat, strength)
    wins = np.flatnonzero(strength == best[flat])[::-1]  # backwards: of equally strong wishes the first is written last
    strongest = np.zeros(shown.size, np.int32)
    strongest[flat[wins]] = wishes.indices[wish[wins]]
    answered = np.bincount(wish, minlength=wishes.nnz) > 0
    leads = np.bincount(wish[strongest[flat] == wishes.indices[wish]], minlength=wishes.nnz) > 0
    leading = np.bincount(reader[leads], minlength=wishes.shape[0])
    return strongest.reshape(shown.shape), answered, leading


def _matching(fitted: Fit, shown: Bools, trending: NDArray[np.float64]) -> tuple[Ints, NDArray[np.int32], NDArray[np.uint16]]:
    """The open matches of all readers, end to end in the papers' order, and how far each is from a perfect fit, in steps."""
    scores: csr_matrix = fitted.scores
    reader = np.repeat(np.arange(scores.shape[0]), np.diff(scores.indptr))
    kept = shown[reader, scores.indices]
    papers = scores.indices[kept]
    lift = np.log1p(trending) / np.log1p(trending.max(initial=1e-9))
    quality = scores.data[kept] * (1 + TIE * lift[papers])
    steps = 65_535 - np.clip(np.rint(quality / STEP), 0, 65_535).astype(np.uint16)
    ends = np.concatenate(([0], np.cumsum(np.bincount(reader[kept], minlength=scores.shape[0]))))
    return ends, papers, steps
