"""Trending: what ranks above what, and why."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.pick.trending import DAY, HALF_LIFE, HOUR, Snapshots, best_first, scores

MIDNIGHT = 20_000 * DAY


def _scores(papers: list[tuple[float, float]], snapshots: list[tuple[int, float, int]], now: float) -> list[float]:
    """Papers as (listed_on, first_seen_at), snapshots as (paper, taken_at, votes)."""
    listed, seen = (np.array(column, dtype=np.float64) for column in zip(*papers, strict=True))
    paper, taken, votes = zip(*snapshots, strict=True) if snapshots else ((), (), ())
    growth = Snapshots(np.array(paper, dtype=np.int64), np.array(taken, dtype=np.float64), np.array(votes, dtype=np.int64))
    return [float(score) for score in scores(listed, seen, growth, now)]


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 23)), min_size=2, max_size=30))
def test_on_its_listing_day_a_paper_ranks_by_votes_however_often_and_whenever_it_was_seen(seen: list[tuple[int, float]]) -> None:
    papers = [(MIDNIGHT, MIDNIGHT + hour * HOUR) for _, hour in seen]
    snapshots = [(place, MIDNIGHT + hour * HOUR, votes // 2) for place, (votes, hour) in enumerate(seen)]
    snapshots += [(place, MIDNIGHT + hour * HOUR + 50 * 60, votes) for place, (votes, hour) in enumerate(seen)]
    score = _scores(papers, snapshots, MIDNIGHT + DAY)
    for one, (votes, _) in zip(score, seen, strict=True):
        for other, (fewer, _) in zip(score, seen, strict=True):
            assert (one > other) == (votes > fewer)


def test_two_days_cost_half_the_votes() -> None:
    today, earlier = _scores(
        [(MIDNIGHT, MIDNIGHT), (MIDNIGHT - HALF_LIFE, MIDNIGHT - HALF_LIFE)],
        [(0, MIDNIGHT, 40), (1, MIDNIGHT - HALF_LIFE, 80)],
        MIDNIGHT + 7 * HOUR,
    )
    assert today == pytest.approx(earlier, rel=1e-3)


def test_what_rises_late_beats_what_rose_early() -> None:
    listed = MIDNIGHT - 3 * DAY
    early, late = _scores(
        [(listed, listed), (listed, listed)],
        [(0, listed, 0), (0, listed + DAY, 60), (1, listed, 0), (1, listed + DAY, 5), (1, listed + 3 * DAY, 55)],
        MIDNIGHT,
    )
    assert late > early


def test_a_paper_known_before_anyone_could_vote_has_its_votes_dated_when_they_came() -> None:
    seen = MIDNIGHT - 3 * DAY
    known, listed_today = _scores(
        [(seen, seen), (MIDNIGHT, MIDNIGHT + HOUR)], [(0, MIDNIGHT + HOUR, 30), (1, MIDNIGHT + HOUR, 29)], MIDNIGHT + HOUR
    )
    assert known > listed_today


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 90)), max_size=30), st.floats(0, 8 * DAY))
def test_the_order_stays_while_no_votes_come_in(votes: list[tuple[int, int]], later: float) -> None:
    papers = [(MIDNIGHT - day * DAY, MIDNIGHT - day * DAY + HOUR) for day, _ in votes]
    snapshots = [(place, MIDNIGHT - day * DAY + HOUR, count) for place, (day, count) in enumerate(votes)]
    if not papers:
        return
    now, then = (np.array(_scores(papers, snapshots, MIDNIGHT + DAY + wait)) for wait in (0.0, later))
    assert np.allclose(then / now, 2 ** (-later / HALF_LIFE))


def test_without_votes_the_newest_come_first_and_after_all_that_have_any() -> None:
    week = MIDNIGHT - 7 * DAY
    today, yesterday, voted = _scores(
        [(MIDNIGHT, MIDNIGHT), (MIDNIGHT - DAY, MIDNIGHT - DAY), (week, week)], [(2, week, 1)], MIDNIGHT + HOUR
    )
    assert voted > today > yesterday > 0


def test_a_withdrawn_vote_never_counted() -> None:
    fell, never = _scores(
        [(MIDNIGHT, MIDNIGHT)] * 2,
        [(0, MIDNIGHT, 50), (0, MIDNIGHT + 5 * HOUR, 12), (0, MIDNIGHT + 9 * HOUR, 15), (1, MIDNIGHT, 12), (1, MIDNIGHT + 9 * HOUR, 15)],
        MIDNIGHT + DAY,
    )
    assert fell == pytest.approx(never)


def test_a_listing_day_in_the_future_is_no_younger_than_the_day_it_was_seen() -> None:
    honest, boasting, unknown = _scores(
        [(MIDNIGHT, MIDNIGHT + HOUR), (MIDNIGHT + 900 * DAY, MIDNIGHT + HOUR), (float("nan"), MIDNIGHT + HOUR)],
        [(place, MIDNIGHT + HOUR, 9) for place in range(3)],
        MIDNIGHT + 20 * DAY,
    )
    assert honest == boasting == unknown


def test_a_paper_listed_years_ago_keeps_its_place_by_votes() -> None:
    years = MIDNIGHT - 4_000 * DAY
    few, many = _scores([(years, MIDNIGHT), (years, MIDNIGHT)], [(0, MIDNIGHT, 3), (1, MIDNIGHT, 4)], MIDNIGHT + HOUR)
    assert many > few > 0


@given(st.permutations(range(6)))
def test_ties_go_by_key_whatever_the_order_of_the_input(order: list[int]) -> None:
    score, keys = [3.0, 1.0, 3.0, 0.5, 1.0, 3.0], ["e", "d", "c", "b", "a", "f"]
    best = best_first(np.array([score[place] for place in order]), [keys[place] for place in order])
    assert [keys[order[place]] for place in best] == ["c", "e", "f", "a", "d", "b"]
