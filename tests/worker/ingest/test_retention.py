"""What is forgotten, a bite at a time, and what never is."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from config.clock import SetClock
from config.database import Database
from tests.worker.ingest.records import Shelf, ToldSource, a_record, daily, listing, take_in
from worker.ingest import retention, runlog, runs
from worker.ingest.days import Span
from worker.ingest.models import Run, Snapshot

START = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def history(database: Database) -> list[tuple[int, int]]:
    """Hours since the start, and votes."""
    with database.reading() as session:
        found = session.execute(select(Snapshot.taken_at, Snapshot.votes).order_by(Snapshot.paper_id, Snapshot.taken_at))
        return [(int((taken_at - START) / HOUR), votes) for taken_at, votes in found]


def thin(database: Database, before: datetime, most: int = 2_000) -> int:
    with database.transaction() as session:
        return retention.thin_snapshots(session, before, most=most)


def test_old_snapshots_keep_the_last_of_each_day_in_utc(database: Database) -> None:
    hours = [0, 1, 23, 24, 30, 47, 50, 75, 100]
    for votes, hour in enumerate(hours):
        take_in(database, a_record(1, votes=votes), now=START + hour * HOUR)
    assert thin(database, START + 72 * HOUR) == 4
    assert [hour for hour, _ in history(database)] == [23, 47, 50, 75, 100]
    assert thin(database, START + 72 * HOUR) == 0


def test_each_paper_keeps_its_own_last(database: Database) -> None:
    take_in(database, a_record(1, votes=1), a_record(2, votes=1), now=START)
    take_in(database, a_record(1, votes=2), now=START + HOUR)
    thin(database, START + 24 * HOUR)
    assert history(database) == [(1, 2), (0, 1)]


@pytest.mark.parametrize("most", [1, 3])
def test_thinning_goes_in_small_bites_until_nothing_is_left_to_do(database: Database, most: int) -> None:
    for hour in range(10):
        take_in(database, a_record(1, votes=hour), now=START + hour * HOUR)
    bites = [thin(database, START + 24 * HOUR, most) for _ in range(11)]
    assert sum(bites) == 9
    assert max(bites) == most
    assert history(database) == [(9, 9)]


def test_old_runs_go_but_the_one_that_says_where_to_go_on(database: Database) -> None:
    clock = SetClock(START)
    source = ToldSource(daily())
    runs.ingest(database, clock, source)
    runs.ingest(database, clock, Shelf(listing(a_record(1)), "file:week.csv"))
    clock.sleep(40 * 86_400)
    with database.transaction() as session:
        kept = runlog.open_run(session, "arxiv:cs.LG", Span(date(2026, 7, 1), date(2026, 7, 2)), None, clock.now())
        assert retention.forget_runs(session, clock.now() - timedelta(days=30), most=1) == 1
        assert retention.forget_runs(session, clock.now() - timedelta(days=30)) == 2
        assert retention.forget_runs(session, clock.now() - timedelta(days=30)) == 0
        assert set(session.scalars(select(Run.source))) == {"huggingface", "file:week.csv", "arxiv:cs.LG"}
        assert kept in session.scalars(select(Run.id)).all()
    source.asked.clear()
    runs.ingest(database, clock, source)
    assert min(since for since, _ in source.asked) <= date(2026, 6, 1)


def test_old_answers_of_sources_are_forgotten(database: Database) -> None:
    with database.transaction() as session:
        assert retention.forget_answers(session, START) == 0
