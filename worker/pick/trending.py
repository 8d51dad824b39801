"""Trending: one score a paper, the same for every reader, from our own snapshots of its votes. Pure; refuses to guess at votes to come.

    score(now) = SUM over votes of 2^(-age of the vote's day / 48 h)  +  0.001 * 2^(-age of the listing day / 48 h)

A vote counts half after two days. On which day (UTC) it was cast is known from our own snapshots: it came between two of them, and is
dated at the later. Votes that a paper had already when it was first seen are dated on its listing day. So the one sum holds votes,
their velocity (what grew lately has young votes), the age since first seen and the listing day:

- Papers of one listing day rank by votes alone until it ends. Early votes are by far the best known guess at final votes. A correction
  by the hour would rest on hours of listing that sources are known to get wrong, and adds noise (tried on simulated growth: Spearman
  falls by 0.001 to 0.005 when votes are dated to the minute).
- Across days, a paper needs twice the votes of one that is two days younger. What rises late rises: its votes are young.
- Exponential decay keeps the order of all papers as it is while no votes come in, so a ranking stays right until the next ingest.
  The Hacker News form, (p - 1) / (t + 2)^1.8, does not: it reorders papers by the mere passing of hours, and among papers of one day
  it favours the one listed a few hours later over the one with more votes.
- A listing is worth a thousandth of a vote: papers without votes come after all that have any, the newest first.
- A vote that was withdrawn never counted: of a falling count only what remained is dated.

Equal scores are ordered by the paper's key (`best_first`), so that the order never depends on the order of the input.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOUR = 3600.0
DAY = 24 * HOUR
HALF_LIFE = 48 * HOUR
LISTING = 0.001  # votes; an eight days old vote still weighs 0.06
# A snapshot taken this soon after a paper was first seen says what it had before we knew it.
FIRST_LOOK = 1 * HOUR
# Beyond this, all ages are one: it keeps the sum of a paper listed years ago from vanishing, and its place by votes.
OLDEST = 30 * DAY


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Votes at moments, a row each, in any order: `paper` is the paper's place in the arrays beside which it is given."""

    paper: Ints
    taken_at: Floats  # POSIX seconds
    votes: Ints


def scores(listed_on: Floats, first_seen_at: Floats, snapshots: Snapshots, now: float) -> Floats:
    """The trending score of each paper, in votes of this moment, always positive.

    `listed_on` is the start of the listing day, NaN when no source named one; all times are POSIX seconds.
    """
    started = _started(listed_on, first_seen_at)
    score: Floats = LISTING * _weight(now - started)
    paper, dated, gained = _gains(started, first_seen_at, snapshots)
    np.add.at(score, paper, gained * _weight(now - dated))
    return score


def best_first(score: Floats, keys: Sequence[str]) -> Ints:
    """The papers' places ordered by score, equal ones by key."""
    by_key: Ints = np.argsort(np.asarray(keys, dtype=np.str_), kind="stable")
    return by_key[np.argsort(-score[by_key], kind="stable")]


def _weight(age: Floats) -> Floats:
    weight: Floats = np.exp2(-np.clip(age, 0.0, OLDEST) / HALF_LIFE)
    return weight


def _started(listed_on: Floats, first_seen_at: Floats) -> Floats:
    # A day in the future is a source's mistake: nothing is listed after it was seen.
    seen_on: Floats = np.floor(first_seen_at / DAY) * DAY
    return np.fmin(listed_on, seen_on)


def _gains(started: Floats, first_seen_at: Floats, snapshots: Snapshots) -> tuple[Ints, Floats, Floats]:
    """Which paper gained how many votes on which day, from one snapshot to the next."""
    order = np.lexsort((snapshots.taken_at, snapshots.paper))
    paper, taken_at = snapshots.paper[order], snapshots.taken_at[order]
    votes = _kept(paper, np.maximum(snapshots.votes[order], 0))
    first = np.ones(len(paper), dtype=np.bool_)
    first[1:] = paper[1:] != paper[:-1]
    before = np.where(first, 0, np.concatenate(([0], votes[:-1])))
    first_look = first & (taken_at - first_seen_at[paper] <= FIRST_LOOK)
    dated = np.where(first_look, started[paper], np.floor(taken_at / DAY) * DAY)
    return paper, dated, (votes - before).astype(np.float64)


def _kept(paper: Ints, votes: Ints) -> Ints:
    """Each count reduced to the least that follows for the same paper; rows are sorted by paper and time."""
    if not len(votes):
        return votes
    # Walking backwards, each paper's counts lie a whole band below those of the papers before, so that one running minimum serves all.
    band = paper * (int(votes.max()) + 1)
    kept: Ints = np.minimum.accumulate((votes + band)[::-1])[::-1] - band
    return kept
