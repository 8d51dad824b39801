"""Which days are read next, and by which a source is judged. 17 June 2026 is a Wednesday."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ingest.days import DAYS_A_RUN, FIRST_START, Expects, Reading, Span, asked_for, between, judged_day, missed, plan, spans

WEDNESDAY = date(2026, 6, 17)


def working_day(day: date) -> bool:
    return day.weekday() < 5


def never(day: date) -> bool:
    del day
    return False


def june(day: int) -> date:
    return date(2026, 6, day)


def a_reading(since: int, until: int, begun: int, *, whole: bool = True, owed: int | None = None) -> Reading:
    return Reading(Span(june(since), june(until)), june(begun), june(owed or since), whole)


def wanted(readings: list[Reading], today: date, expects_on: Expects) -> list[Span]:
    return list(plan(readings, today, expects_on).spans)


def days_of(found: list[Span]) -> set[date]:
    return {day for span in found for day in between(span.since, span.until)}


def test_a_first_start_reads_the_last_seven_listing_days_the_newest_first() -> None:
    found = wanted([], WEDNESDAY, working_day)
    assert found == [Span(june(16), june(17)), Span(june(12), june(15)), Span(june(10), june(11)), Span(june(9), june(9))]
    assert sum(map(working_day, days_of(found))) == FIRST_START


def test_after_it_each_run_reads_today_and_the_listing_day_before() -> None:
    read = [a_reading(9, 17, 17)]
    assert wanted(read, WEDNESDAY, working_day) == [Span(june(16), june(17))]
    assert missed(read, WEDNESDAY, working_day) == []


@pytest.mark.parametrize("today", [20, 21, 22])
def test_from_saturday_to_monday_the_listing_day_before_is_friday(today: int) -> None:
    assert wanted([a_reading(9, 19, 20), a_reading(19, 20, 21)], june(today), working_day) == [Span(june(19), june(today))]


def test_after_an_outage_each_missed_day_is_read() -> None:
    found = wanted([a_reading(1, 9, 9)], WEDNESDAY, working_day)
    assert days_of(found) == set(between(june(9), june(17)))


def test_the_day_a_run_was_begun_on_went_on_after_it() -> None:
    assert june(9) in missed([a_reading(1, 9, 9)], WEDNESDAY, working_day)
    assert june(9) not in missed([a_reading(1, 9, 10)], WEDNESDAY, working_day)


def test_a_run_that_failed_or_was_killed_covers_nothing() -> None:
    read = [a_reading(1, 8, 9), a_reading(9, 12, 15, whole=False), a_reading(13, 16, 16)]
    assert set(between(june(9), june(12))) <= set(missed(read, WEDNESDAY, working_day))


def test_days_that_failed_are_read_again_while_newer_ones_go_on() -> None:
    read = [a_reading(14, 17, 17), a_reading(10, 13, 17, whole=False)]
    assert set(missed(read, WEDNESDAY, working_day)) == set(between(june(10), june(13)))


@pytest.mark.parametrize("whole", [True, False])
def test_a_first_start_that_ended_early_goes_on_with_its_days(whole: bool) -> None:
    first = plan([], WEDNESDAY, working_day)
    newest = Reading(first.spans[0], WEDNESDAY, first.owed_since, whole)
    assert days_of(wanted([newest], june(18), working_day)) == set(between(june(9), june(18))) - set(newest.covered)


def test_an_operator_is_given_every_day_and_a_file_is_read_once() -> None:
    assert days_of(asked_for(june(3), WEDNESDAY, working_day)) == set(between(june(3), WEDNESDAY))
    assert asked_for(june(3), WEDNESDAY, never) == [Span(june(3), WEDNESDAY)]


def test_a_day_that_can_never_be_read_is_given_up_with_the_runs_of_its_time() -> None:
    kept = [a_reading(16, 17, 17, owed=1), a_reading(1, 1, 17, whole=False)]
    assert missed(kept, WEDNESDAY, working_day)[0] == june(3)


def test_days_that_an_operator_asked_for_widen_no_later_run() -> None:
    by_hand = Reading(Span(june(1), june(4)), WEDNESDAY, None, whole=False)
    assert missed([by_hand, a_reading(9, 17, 17)], WEDNESDAY, working_day) == []


def test_a_source_without_a_rhythm_is_asked_for_what_it_shows_today() -> None:
    assert wanted([a_reading(1, 1, 1)], WEDNESDAY, never) == [Span(WEDNESDAY, WEDNESDAY)]
    assert missed([a_reading(1, 1, 1)], WEDNESDAY, never) == []


def test_a_source_with_one_listing_day_a_week_is_read_too() -> None:
    found = wanted([], WEDNESDAY, lambda day: day.weekday() == 0)
    assert found[0].until == WEDNESDAY
    assert june(8) in days_of(found)


@given(st.sets(st.integers(0, 60)))
def test_spans_hold_each_day_once_the_newest_first_and_none_is_long(numbers: set[int]) -> None:
    days = {june(1) + timedelta(days=number) for number in numbers}
    found = spans(days, working_day)
    assert sorted(day for span in found for day in between(span.since, span.until)) == sorted(days)
    assert found == sorted(found, key=lambda span: span.until, reverse=True)
    assert all(sum(map(working_day, between(span.since, span.until))) <= DAYS_A_RUN for span in found)


outages = st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=30)


@given(outages)
def test_whatever_fails_every_day_since_the_first_is_read_once_the_source_answers(steps: list[tuple[int, bool]]) -> None:
    """A run a day, on days that go on in leaps, each of whose spans is read or fails."""
    today, read, seen = WEDNESDAY, list[Reading](), set[date]()
    first = plan([], WEDNESDAY + timedelta(days=steps[0][0] if steps else 1), working_day).owed_since
    for leap, answers in [*steps, (1, True)]:
        today += timedelta(days=leap)
        found = plan(read, today, working_day)
        for span in found.spans[: None if answers else 1]:
            read.append(Reading(span, today, found.owed_since, whole=answers))
            seen |= set(between(span.since, span.until)) if answers else set()
    assert set(between(first, today)) <= seen


@pytest.mark.parametrize(
    ("moment", "judged"),
    [
        (datetime(2026, 6, 17, 11, 59, tzinfo=UTC), 16),
        (datetime(2026, 6, 17, 12, 0, tzinfo=UTC), 17),
        (datetime(2026, 6, 20, 18, 0, tzinfo=UTC), 19),
        (datetime(2026, 6, 22, 9, 0, tzinfo=UTC), 19),
        (datetime(2026, 6, 22, 13, 0, tzinfo=UTC), 22),
    ],
)
def test_a_source_is_judged_by_its_newest_listing_day_today_from_noon_on(moment: datetime, judged: int) -> None:
    assert judged_day(moment, working_day) == june(judged)
    assert judged_day(moment, never) is None
