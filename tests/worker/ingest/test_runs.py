"""Runs of sources: what was yielded stands, what failed is named, missed days are read, and silence is noticed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from config.clock import SetClock
from config.database import Database
from tests.worker.ingest.records import Item, Shelf, ToldSource, a_record, daily, listing, unlinked
from worker.ingest import catalogue, runlog, runs
from worker.ingest.days import Span
from worker.ingest.models import Run
from worker.ingest.papers import Record
from worker.ingest.port import Progress, Skipped, SourceError

NAME = "huggingface"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AFTERNOON = datetime(2026, 6, 17, 14, 0, tzinfo=UTC)  # a Wednesday


@pytest.fixture
def clock() -> SetClock:
    return SetClock(AFTERNOON)


def rows(database: Database) -> list[Run]:
    with database.transaction() as session:
        return list(session.scalars(select(Run).order_by(Run.id)))


def papers(database: Database) -> int:
    with database.reading() as session:
        return catalogue.counts(session).papers


def days_of(source: ToldSource) -> set[date]:
    return {since + DAY * number for since, until in source.asked for number in range((until - since).days + 1)}


def failing_after(*items: Item, error: Exception | None = None) -> ToldSource:
    def tell(_since: date, _until: date) -> Iterator[Item]:
        yield from items
        raise error or SourceError("papers.example.org does not answer; try again later")

    return ToldSource(tell)


def test_a_first_start_fills_the_catalogue_from_the_last_seven_listing_days(database: Database, clock: SetClock) -> None:
    source = ToldSource(daily())
    said: list[str] = []
    done = runs.ingest(database, clock, source, notify=said.append)
    assert (done.seen, done.new, done.changed, done.skips, done.error, done.stale) == (14, 14, 0, 0, None, False)
    assert sum(day.weekday() < 5 for day in days_of(source)) == 7
    assert source.asked[0][1] == date(2026, 6, 17)
    assert "the papers of 2026-06-09" in said
    with database.reading() as session:
        found = catalogue.first_seen_between(session, AFTERNOON, AFTERNOON + HOUR)
    assert {paper.listed_on for paper in found} == {day for day in days_of(source) if day.weekday() < 5}


def test_every_run_leaves_a_row_with_its_figures(database: Database, clock: SetClock) -> None:
    runs.ingest(database, clock, Shelf(listing(a_record(1), Skipped("entry 2", "has no title"), a_record(3)), "file:week.csv"))
    clock.sleep(60)
    runs.ingest(database, clock, Shelf(listing(a_record(1, votes=5), a_record(3)), "file:week.csv"))
    first, second = rows(database)
    assert (first.source, first.begun_at, first.ended_at, first.progress, first.error) == ("file:week.csv", AFTERNOON, AFTERNOON, "", None)
    assert (first.seen, first.new, first.changed, first.fresh, first.skips, first.skipped) == (2, 2, 0, 2, 1, {"entry 2": "has no title"})
    assert (second.seen, second.new, second.changed, second.fresh, second.skips) == (2, 0, 1, 0, 0)


def test_a_page_that_fails_loses_nothing_already_read(database: Database, clock: SetClock) -> None:
    done = runs.ingest(database, clock, failing_after(a_record(1), a_record(2)))
    assert (done.new, papers(database)) == (2, 2)
    assert done.error == "papers.example.org does not answer; try again later"
    assert rows(database)[-1].error == done.error


def test_a_source_that_breaks_is_an_error_of_its_run_and_no_exception(database: Database, clock: SetClock) -> None:
    done = runs.ingest(database, clock, failing_after(a_record(1), error=ZeroDivisionError("division by zero")))
    assert (done.new, done.error) == (1, "ZeroDivisionError: division by zero")


def test_after_a_failure_the_older_days_wait_for_the_next_run(database: Database, clock: SetClock) -> None:
    source = failing_after(a_record(1))
    runs.ingest(database, clock, source)
    assert len(source.asked) == 1
    source.tell = daily()
    runs.ingest(database, clock, source)
    assert days_of(source) >= {date(2026, 6, 9) + DAY * number for number in range(9)}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (a_record(9, title=" \u200b "), "no title"),
        (a_record(9, external_id=""), "no id"),
        (a_record(9, title=None), "cannot be read: TypeError"),
        (a_record(9, votes="many"), "cannot be"),
        (a_record(9, authors=7), "cannot be"),
    ],
)
def test_one_record_that_cannot_be_taken_is_skipped_and_named(database: Database, clock: SetClock, record: Record, reason: str) -> None:
    done = runs.ingest(database, clock, Shelf(listing(a_record(1), record, a_record(2)), "file:odd"))
    assert (done.new, done.skips, done.error) == (2, 1, None)
    assert reason in next(iter(done.skipped.values()))


def test_one_record_that_the_catalogue_cannot_take_costs_none_of_those_around_it(database: Database, clock: SetClock) -> None:
    around = [a_record(number) for number in range(1, 40)]
    hostile = a_record(99, listed_on="yesterday")
    done = runs.ingest(database, clock, Shelf(listing(*around[:20], hostile, *around[20:]), "file:odd"))
    assert (done.error, done.seen, done.new, papers(database)) == (None, 40, 39, 39)
    assert done.skipped["2606.00099"].startswith("cannot be kept: TypeError")


def test_a_long_list_of_skips_is_counted_whole_and_named_in_part(database: Database, clock: SetClock) -> None:
    items = [Skipped(f"entry {number} " + "x" * 500, "odd " * 500) for number in range(1, 301)]
    runs.ingest(database, clock, Shelf(listing(*items), "file:odd"))
    (row,) = rows(database)
    assert (row.skips, len(row.skipped)) == (300, runlog.NAMED_SKIPS)
    assert all(len(entry) <= 200 and len(reason) <= 300 for entry, reason in row.skipped.items())


def test_what_is_being_fetched_is_seen_by_other_processes(database: Database, clock: SetClock) -> None:
    seen: list[tuple[str, int]] = []

    def tell(_since: date, _until: date) -> Iterator[Item]:
        yield Progress("the daily papers of 17 June, 1 of 2")
        yield a_record(1)
        yield Progress("the daily papers of 16 June, 2 of 2")
        with database.reading() as session:
            seen.append((runs.under_way(session, clock.now())[NAME], catalogue.counts(session).papers))

    runs.ingest(database, clock, ToldSource(tell), since=date(2026, 6, 16))
    assert seen == [("the daily papers of 16 June, 2 of 2", 1)]
    with database.reading() as session:
        assert runs.under_way(session, clock.now()) == {}


def test_an_outage_is_made_up_for_day_by_day(database: Database, clock: SetClock) -> None:
    source = ToldSource(daily())
    runs.ingest(database, clock, source)
    clock.sleep(12 * DAY.total_seconds())
    source.asked.clear()
    done = runs.ingest(database, clock, source)
    assert days_of(source) == {date(2026, 6, 17) + DAY * number for number in range(13)}
    assert (done.new, done.error) == (8 * 2, None)


def test_an_operator_may_ask_for_every_day_since_a_date(database: Database, clock: SetClock) -> None:
    source = ToldSource(daily())
    runs.ingest(database, clock, source)
    source.asked.clear()
    runs.ingest(database, clock, source, since=date(2026, 5, 30))
    assert days_of(source) == {date(2026, 5, 30) + DAY * number for number in range(19)}
    source.asked.clear()
    runs.ingest(database, clock, source)
    assert days_of(source) == {date(2026, 6, 16), date(2026, 6, 17)}
    with pytest.raises(ValueError, match="since 2026-06-18 lies ahead of today, 2026-06-17"):
        runs.ingest(database, clock, source, since=date(2026, 6, 18))


def test_a_source_without_a_rhythm_is_read_once_and_is_never_stale(database: Database, clock: SetClock) -> None:
    source = Shelf(listing(unlinked("Only loop once is enough")), "file:page.txt")
    for _ in range(3):
        done = runs.ingest(database, clock, source)
        clock.sleep(2 * DAY.total_seconds())
    assert (len(source.asked), done.stale) == (3, False)


def test_the_same_ids_as_the_day_before_are_stale(database: Database, clock: SetClock) -> None:
    source = ToldSource(lambda _since, until: iter([a_record(1, listed_on=until), a_record(2, listed_on=until)]))
    stale = []
    for _ in range(3):
        stale.append(runs.ingest(database, clock, source).stale)
        clock.sleep(DAY.total_seconds())
    assert stale == [False, True, True]


def test_nothing_at_all_is_stale_on_a_listing_day(database: Database, clock: SetClock) -> None:
    assert runs.ingest(database, clock, ToldSource(listing())).stale
    with database.reading() as session:
        found = runs.trouble(session, NAME, clock.now())
    assert found is not None
    assert found.headline == "lists nothing new"


def test_a_weekend_and_an_early_morning_make_nobody_stale(database: Database, clock: SetClock) -> None:
    source = ToldSource(daily())
    clock.move_to(datetime(2026, 6, 19, 14, 0, tzinfo=UTC))
    for moment in ((19, 14), (20, 3), (20, 15), (21, 12), (22, 6)):
        clock.move_to(datetime(2026, 6, moment[0], moment[1], 0, tzinfo=UTC))
        assert not runs.ingest(database, clock, source).stale, moment
        source.tell = listing()
    clock.move_to(datetime(2026, 6, 22, 13, 0, tzinfo=UTC))
    assert runs.ingest(database, clock, source).stale


def test_a_source_wakes_up_and_is_stale_no_more(database: Database, clock: SetClock) -> None:
    source = ToldSource(listing())
    runs.ingest(database, clock, source)
    source.tell = daily()
    assert not runs.ingest(database, clock, source).stale
    with database.reading() as session:
        assert runs.trouble(session, NAME, clock.now()) is None


def test_a_run_killed_half_way_covers_nothing_and_misleads_nobody_for_long(database: Database, clock: SetClock) -> None:
    def killed(_since: date, _until: date) -> Iterator[Item]:
        yield a_record(1)
        yield Progress("page 2")
        raise KeyboardInterrupt

    source = ToldSource(killed)
    with pytest.raises(KeyboardInterrupt):
        runs.ingest(database, clock, source)
    assert (papers(database), rows(database)[0].error) == (1, runlog.BROKEN_OFF)
    source.tell, source.asked = daily(), []
    assert runs.ingest_if_due(database, clock, source) is not None
    assert sum(day.weekday() < 5 for day in days_of(source)) == 7


def leave_open(database: Database, now: datetime) -> None:
    """What `kill -9` leaves: a row that nobody will close."""
    with database.transaction() as session:
        span = Span(date(2026, 6, 14), date(2026, 6, 17))
        runlog.touch(session, runlog.open_run(session, NAME, span, date(2026, 6, 9), now), runlog.Tally(), now, "page 7")


def test_a_row_nobody_closes_holds_up_the_next_run_for_minutes_only(database: Database, clock: SetClock) -> None:
    source = ToldSource(daily())
    leave_open(database, clock.now())
    with database.reading() as session:
        assert runs.under_way(session, clock.now()) == {NAME: "page 7"}
    assert runs.ingest_if_due(database, clock, source) is None
    clock.sleep(runlog.SILENT_AFTER.total_seconds())
    with database.reading() as session:
        assert runs.under_way(session, clock.now()) == {}
        assert runs.latest(session, [NAME])[NAME].state(clock.now()) == runlog.BROKEN_OFF
    assert runs.ingest_if_due(database, clock, source) is not None
    assert (rows(database)[0].error, rows(database)[0].ended_at) == (runlog.BROKEN_OFF, AFTERNOON)
    assert sum(day.weekday() < 5 for day in days_of(source)) == 7


def test_a_clock_that_was_a_day_ahead_holds_up_no_run(database: Database, clock: SetClock) -> None:
    leave_open(database, clock.now() + DAY)
    assert runs.ingest_if_due(database, clock, ToldSource(daily())) is not None
    assert runs.ingest_if_due(database, clock, ToldSource(daily())) is None


def test_an_operator_is_not_held_up_by_another_run(database: Database, clock: SetClock) -> None:
    leave_open(database, clock.now())
    assert runs.ingest(database, clock, ToldSource(daily())).new == 14


def test_a_source_is_due_at_once_then_every_hour(database: Database, clock: SetClock) -> None:
    source = ToldSource(daily())
    due = []
    for _ in range(8):
        due.append(runs.ingest_if_due(database, clock, source) is not None)
        clock.sleep(20 * 60)
    assert due == [True, False, False, True, False, False, True, False]


def test_days_still_missed_are_due_at_once(database: Database, clock: SetClock) -> None:
    source = ToldSource(daily())
    assert [runs.ingest_if_due(database, clock, source, seconds=0) is not None for _ in range(5)] == [True] * 4 + [False]
    assert sum(day.weekday() < 5 for day in days_of(source)) == 7


def test_after_failures_a_source_is_asked_later_and_later(database: Database, clock: SetClock) -> None:
    source = failing_after()
    asked = []
    for minute in range(0, 240, 5):
        if runs.ingest_if_due(database, clock, source):
            asked.append(minute)
        clock.sleep(5 * 60)
    assert asked == [0, 5, 15, 35, 75, 135, 195]


def test_two_ticks_at_once_read_a_source_once(database: Database, clock: SetClock) -> None:
    source = ToldSource(daily())
    with ThreadPoolExecutor(6) as crowd:
        done = list(crowd.map(lambda _: runs.ingest_if_due(database, clock, source), range(6)))
    assert len(source.asked) == len(set(source.asked)) == 4
    assert sum(summary.new for summary in done if summary) == papers(database) == 14


def test_a_source_that_keeps_failing_is_told_to_the_operator_after_the_third_time(database: Database, clock: SetClock) -> None:
    source = failing_after()
    told = []
    for _ in range(4):
        runs.ingest(database, clock, source)
        with database.reading() as session:
            told.append(runs.trouble(session, NAME, clock.now()))
        clock.sleep(60)
    assert [trouble is not None for trouble in told] == [False, False, True, True]
    assert told[3] is not None
    assert told[3].headline == "keeps failing"
    leave_open(database, clock.now())
    with database.reading() as session:
        assert runs.trouble(session, NAME, clock.now()) == told[3]
    assert "does not answer; try again later. It was never read without an error." in told[3].words


def test_sources_with_names_of_any_length_are_told_apart(database: Database, clock: SetClock) -> None:
    long, longer = ("feed:https://example.org/" + "é" * 500 + end for end in ("a", "ab"))
    runs.ingest(database, clock, ToldSource(daily(), long))
    with database.reading() as session:
        found = runs.latest(session, [long, longer])
    assert [latest.state(clock.now()) for latest in found.values()] == ["read", "to be read"]
    assert runs.ingest_if_due(database, clock, ToldSource(daily(), long)) is None


def test_the_words_of_an_error_carry_no_password(database: Database, clock: SetClock) -> None:
    runs.ingest(database, clock, failing_after(error=SourceError("https://reader:secret@example.org answers 403")))
    assert rows(database)[0].error == "https://…@example.org answers 403"


def test_the_state_of_each_source_is_told_in_words(database: Database, clock: SetClock) -> None:
    runs.ingest(database, clock, ToldSource(daily()))
    runs.ingest(database, clock, ToldSource(failing_after().tell, "arxiv:cs.LG"))
    runs.ingest(database, clock, ToldSource(listing(), "arxiv:cs.CV"))
    with database.reading() as session:
        found = runs.latest(session, [NAME, "arxiv:cs.LG", "arxiv:cs.CV", "feed:new"])
    assert [latest.cells(clock.now())[-1].partition(":")[0] for latest in found.values()] == ["read", "failed", "stale", "to be read"]
    assert found["feed:new"].cells(clock.now())[0] == "never"
