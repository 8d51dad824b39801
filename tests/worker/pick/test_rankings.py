"""Rankings: when one is made, what is in it, and when it is forgotten. On both databases."""

from datetime import datetime, timedelta

import pytest

from config.clock import SetClock
from config.database import Database
from tests.worker.pick.listings import a_record, take_in
from tests.worker.pick.offers import TOPICS
from worker.ingest import catalogue
from worker.pick import editions, rankings
from worker.pick.candidates import Candidates, Marks
from worker.pick.topic_model import empty_model

DAY = timedelta(days=1)


def _make(database: Database, now: datetime) -> int | None:
    with database.transaction() as session:
        ranking = rankings.make_ranking(session, now)
        return ranking.id if ranking else None


def _keys(database: Database) -> list[str]:
    with database.reading() as session:
        ranking = rankings.newest(session)
        assert ranking
        ids, scores = rankings.unpacked(ranking)
        assert len(ids) == len(scores) == ranking.size
        assert sorted(scores, reverse=True) == scores.tolist()
        papers = catalogue.papers_by_id(session, ids.tolist())
        return [papers[paper_id].key.removeprefix("arxiv:2606.000") for paper_id in ids.tolist()]


def _candidates(database: Database, marks: Marks | None = None) -> Candidates:
    with database.reading() as session:
        return rankings.candidates(session, rankings.newest(session), TOPICS, empty_model(), marks or Marks())


def test_without_papers_there_is_no_ranking(database: Database, clock: SetClock) -> None:
    assert _make(database, clock.now()) is None
    with database.reading() as session:
        assert rankings.newest(session) is None
    assert _candidates(database).papers == ()


def test_a_ranking_is_made_after_an_ingest_that_changed_something_and_only_then(database: Database, clock: SetClock) -> None:
    take_in(database, clock, a_record(1, votes=3), a_record(2, votes=9))
    first = _make(database, clock.now())
    assert first
    assert _keys(database) == ["02", "01"]
    clock.sleep(3600)
    assert _make(database, clock.now()) is None
    take_in(database, clock, a_record(1, votes=3), a_record(2, votes=9))
    assert _make(database, clock.now()) is None
    take_in(database, clock, a_record(1, votes=30), a_record(2, votes=9))
    second = _make(database, clock.now())
    assert second
    assert second > first
    assert _keys(database) == ["01", "02"]


def test_a_changed_title_makes_a_new_ranking_so_that_what_is_matched_is_what_is_shown(database: Database, clock: SetClock) -> None:
    take_in(database, clock, a_record(1, votes=3))
    _make(database, clock.now())
    clock.sleep(60)
    take_in(database, clock, a_record(1, votes=3, title="Withdrawn: a paper on subject1"))
    assert _make(database, clock.now())


def test_what_an_ingest_commits_while_a_ranking_is_made_is_ranked_the_next_time(database: Database, clock: SetClock) -> None:
    """The ingest began before the ranking and committed after it: its rows carry the earlier time."""
    take_in(database, clock, a_record(1, votes=3))
    _make(database, clock.now() + timedelta(seconds=5))
    take_in(database, clock, a_record(2, votes=9))
    assert _make(database, clock.now() + timedelta(seconds=10))
    assert _keys(database) == ["02", "01"]


def test_candidates_are_the_papers_first_seen_in_the_last_eight_days(database: Database, clock: SetClock) -> None:
    for number in range(1, 12):
        take_in(database, clock, a_record(number, votes=number))
        clock.sleep(DAY.total_seconds())
    _make(database, clock.now())
    assert sorted(_keys(database)) == ["04", "05", "06", "07", "08", "09", "10", "11"]


def test_across_days_young_votes_count_more(database: Database, clock: SetClock) -> None:
    take_in(database, clock, a_record(1, votes=50), a_record(2, votes=20), a_record(3))
    clock.sleep(3 * DAY.total_seconds())
    take_in(database, clock, a_record(4, votes=30), a_record(2, votes=49), a_record(5))
    _make(database, clock.now())
    assert _keys(database) == ["02", "04", "01", "05", "03"]


def test_papers_of_a_past_listing_day_that_are_read_today_are_as_old_as_their_day(database: Database, clock: SetClock) -> None:
    today = clock.now().date()
    take_in(database, clock, a_record(1, votes=40, day=today - 4 * DAY), a_record(2, votes=20, day=today))
    _make(database, clock.now())
    assert _keys(database) == ["02", "01"]


def test_a_ranking_becomes_candidates_in_its_order_with_the_operators_hand(database: Database, clock: SetClock) -> None:
    take_in(database, clock, *(a_record(number, votes=number) for number in range(1, 6)))
    _make(database, clock.now())
    with database.reading() as session:
        ids = {key: catalogue.find(session, f"2606.{key:05}")[0].id for key in range(1, 6)}
    made = _candidates(database, Marks(pins=frozenset({ids[2], ids[4], 4711}), hides=frozenset({ids[5]})))
    assert [paper.id for paper in made.papers] == [ids[number] for number in (5, 4, 3, 2, 1)]
    assert made.hidden.tolist() == [True, False, False, False, False]
    assert [made.papers[place].id for place in made.pins] == [ids[4], ids[2]]
    assert made.facts[1].words(clock.now().date()) == "most voted today, 4 votes"


def test_works_that_were_merged_since_are_one_candidate(database: Database, clock: SetClock) -> None:
    take_in(database, clock, a_record(1, votes=9), a_record(2, doi="10.1000/two", title="Quite another title"), a_record(3, votes=4))
    _make(database, clock.now())
    with database.reading() as session:
        stands, gone = (catalogue.find(session, words)[0].id for words in ("2606.00001", "10.1000/two"))
    take_in(database, clock, a_record(1, votes=9, title="Quite another title"))
    with database.reading() as session:
        assert catalogue.redirects(session) == {gone: stands}
    made = _candidates(database, Marks(hides=frozenset({gone})))
    assert [paper.id for paper in made.papers].count(stands) == 1
    assert len(made.papers) == 2
    assert made.hidden.tolist() == [True, False]


def test_old_rankings_are_forgotten_but_for_the_newest_and_those_still_pointed_to(database: Database, clock: SetClock) -> None:
    made: list[int] = []
    for number in range(1, 7):
        take_in(database, clock, a_record(number))
        made.append(_make(database, clock.now()) or 0)
        clock.sleep(DAY.total_seconds() / 2)
    with database.transaction() as session:
        assert len(editions.close_ended(session, clock.now())) == 3  # 17, 18 and 19 June, closed by the second, fourth and sixth
    with database.transaction() as session:
        assert rankings.forget_before(session, clock.now() - 20 * DAY) == 0
        assert rankings.forget_before(session, clock.now(), most=1) == 1
        assert rankings.forget_before(session, clock.now()) == 2
        assert [one for one in made if rankings.one(session, one)] == [made[1], made[3], made[5]]


@pytest.mark.parametrize("ahead", [0, 30, 3600])
def test_a_paper_seen_by_a_process_whose_clock_is_ahead_is_ranked_all_the_same(database: Database, clock: SetClock, ahead: int) -> None:
    take_in(database, clock, a_record(1))
    _make(database, clock.now() - timedelta(seconds=ahead))
    assert _keys(database) == ["01"]
