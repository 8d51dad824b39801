from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.cadence import REST, Cadence, Past, in_words, next_due, occasion, past_with, stale_after, zone_named

ZONES = [
    "UTC",
    "America/New_York",
    "America/Los_Angeles",
    "America/Nuuk",
    "America/Sao_Paulo",
    "Europe/London",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Africa/Casablanca",
]
moments = st.datetimes(datetime(2011, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive by Hypothesis's rule
wishes = st.tuples(st.sampled_from(Cadence), st.integers(0, 23), st.integers(0, 6), st.sampled_from(ZONES))


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def days(wish: tuple[str, int, int, str], *, after: datetime, number: int) -> list[datetime]:
    found: list[datetime] = []
    for _ in range(number):
        found.append(next_due(*wish, found[-1] if found else after))
    return found


@given(wishes, moments)
def test_the_next_moment_lies_strictly_later_and_not_too_far(wish: tuple[str, int, int, str], after: datetime) -> None:
    due = next_due(*wish, after)

    assert due > after
    assert due - after <= timedelta(days=15)  # a week's weekday may vanish at the date line


@given(wishes, moments)
def test_the_local_hour_is_the_reader_s_own_or_the_first_moment_after_a_gap(wish: tuple[str, int, int, str], after: datetime) -> None:
    cadence, hour, weekday, zone = wish
    due = next_due(*wish, after)
    local = due.astimezone(zone_named(zone))
    before = (due - timedelta(seconds=1)).astimezone(zone_named(zone))

    on_the_hour = (local.hour, local.minute, local.second) == (hour, 0, 0)
    behind_a_gap = local.replace(tzinfo=None) - before.replace(tzinfo=None) > timedelta(seconds=1)
    assert on_the_hour or behind_a_gap
    assert cadence != Cadence.WEEKLY or local.weekday() == weekday or behind_a_gap
    assert cadence != Cadence.WEEKDAYS or local.weekday() < 5


@given(wishes, moments)
def test_a_reader_who_changes_nothing_gets_every_occasion_once(wish: tuple[str, int, int, str], after: datetime) -> None:
    cadence, _, _, zone = wish
    keys = [occasion(cadence, due, zone) for due in days(wish, after=after, number=12)]

    assert len(set(keys)) == 12
    assert keys == sorted(keys)


@given(st.lists(st.tuples(wishes, st.integers(0, 200), st.booleans()), min_size=2, max_size=12), moments)
def test_whatever_changes_no_two_digests_lie_closer_than_twenty_hours_and_no_occasion_comes_twice(
    changes: list[tuple[tuple[str, int, int, str], int, bool]], start: datetime
) -> None:
    past, now, digests, keys = Past(), start, [], []
    for wish, hours_until_the_change, was_quiet in changes:
        due = next_due(*wish, now, past)
        now = max(now, now + timedelta(hours=hours_until_the_change))
        while due <= now:
            keys.append(occasion(wish[0], due, wish[3]))
            if not was_quiet:
                digests.append(due)
            past = past_with(past, keys[-1], None if was_quiet else due)
            due = next_due(*wish, due, past)

    assert all(later - earlier >= REST for earlier, later in pairwise(digests))
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("zone", "hour", "after", "expected"),
    [
        pytest.param("America/New_York", 8, "2026-03-07 13:00", ["2026-03-08 12:00", "2026-03-09 12:00"], id="New York moves an hour"),
        pytest.param("America/New_York", 2, "2026-03-07 12:00", ["2026-03-08 07:00", "2026-03-09 06:00"], id="New York has no two o'clock"),
        pytest.param("America/New_York", 1, "2026-10-31 12:00", ["2026-11-01 05:00", "2026-11-02 06:00"], id="New York has two ones"),
        pytest.param("Europe/London", 1, "2026-03-28 12:00", ["2026-03-29 01:00", "2026-03-30 00:00"], id="London has no one o'clock"),
        pytest.param("Europe/London", 1, "2026-10-24 12:00", ["2026-10-25 00:00", "2026-10-26 01:00"], id="London has two ones"),
        pytest.param("Australia/Sydney", 2, "2026-10-03 12:00", ["2026-10-03 16:00", "2026-10-04 15:00"], id="Sydney has no two o'clock"),
        pytest.param("Australia/Sydney", 2, "2026-04-04 12:00", ["2026-04-04 15:00", "2026-04-05 16:00"], id="Sydney has two twos"),
        pytest.param("Asia/Kathmandu", 7, "2026-06-17 00:00", ["2026-06-17 01:15", "2026-06-18 01:15"], id="Kathmandu is a quarter off"),
        pytest.param(
            "Australia/Lord_Howe", 2, "2026-10-03 12:00", ["2026-10-03 15:30", "2026-10-04 15:00"], id="Lord Howe moves half an hour"
        ),
        pytest.param("Pacific/Apia", 8, "2011-12-29 17:00", ["2011-12-29 18:00", "2011-12-30 18:00"], id="Samoa has no 30 December 2011"),
    ],
)
def test_local_hours_hold_across_clock_changes(zone: str, hour: int, after: str, expected: list[str]) -> None:
    assert days(("daily", hour, 0, zone), after=at(after), number=2) == [at(moment) for moment in expected]


def test_an_hour_that_comes_twice_is_used_once_even_by_one_who_asks_in_between() -> None:
    between = at("2026-11-01 05:30")  # 01:30 in New York, the first of the two

    assert next_due("daily", 1, 0, "America/New_York", between) == at("2026-11-02 06:00")


def test_a_friday_that_the_date_line_took_is_read_at_the_first_moment_after_it() -> None:
    due = next_due("weekly", 8, 4, "Pacific/Apia", at("2011-12-28 12:00"))

    assert due == at("2011-12-31 00:00", "Pacific/Apia")
    assert occasion("weekly", due, "Pacific/Apia") == "digest:2011-W52"


def test_an_hour_that_a_gap_carries_into_the_next_day_is_left_out() -> None:
    # Nuuk goes from 23:00 on Saturday to 00:00 on Sunday: Sunday's own digest keeps Sunday's occasion.
    assert days(("daily", 23, 0, "America/Nuuk"), after=at("2026-03-27 12:00"), number=2) == [
        at("2026-03-28 01:00"),
        at("2026-03-30 00:00"),
    ]


def test_weekday_readers_rest_at_the_weekend() -> None:
    found = days(("weekdays", 8, 0, "Europe/London"), after=at("2026-06-18 12:00"), number=2)

    assert [moment.strftime("%A") for moment in found] == ["Friday", "Monday"]


def test_five_thousand_imported_at_noon_are_mailed_at_their_hour_of_the_next_day() -> None:
    assert next_due("daily", 8, 0, "Europe/London", at("2026-06-17 12:00", "Europe/London")) == at("2026-06-18 08:00", "Europe/London")


def test_a_move_from_auckland_to_los_angeles_brings_no_date_twice_and_no_second_digest_within_twenty_hours() -> None:
    # In January Los Angeles is 21 hours behind: the same local morning comes again.
    had = at("2026-01-10 08:00", "Pacific/Auckland")
    past = past_with(Past(), occasion("daily", had, "Pacific/Auckland"), had)

    due = next_due("daily", 8, 0, "America/Los_Angeles", had, past)

    assert due == at("2026-01-11 08:00", "America/Los_Angeles")
    assert occasion("daily", due, "America/Los_Angeles") == "digest:2026-01-11"


def test_a_weekly_reader_who_turns_daily_waits_twenty_hours() -> None:
    had = at("2026-06-17 20:00")
    past = past_with(Past(), occasion("weekly", had, "UTC"), had)

    assert next_due("daily", 8, 0, "UTC", had, past) == at("2026-06-19 08:00")


def test_a_weekly_reader_who_turned_daily_and_back_has_had_this_week_s_digest() -> None:
    past = past_with(past_with(Past(), "digest:2026-W25", at("2026-06-15 08:00")), "digest:2026-06-17", at("2026-06-17 08:00"))

    assert next_due("weekly", 8, 4, "UTC", at("2026-06-17 08:00"), past) == at("2026-06-26 08:00")


def test_a_quiet_day_uses_its_occasion_but_starts_no_rest() -> None:
    past = past_with(Past(at=at("2026-06-16 08:00"), day="2026-06-16"), "digest:2026-06-17", None)

    assert past == Past(at=at("2026-06-16 08:00"), day="2026-06-17")


def test_weeks_are_iso_weeks_of_the_local_date() -> None:
    assert occasion("weekly", at("2027-01-03 20:00"), "UTC") == "digest:2026-W53"
    assert occasion("weekly", at("2027-01-03 20:00"), "Asia/Tokyo") == "digest:2027-W01"
    assert occasion("daily", at("2026-06-16 23:00"), "Asia/Tokyo") == "digest:2026-06-17"


def test_weekly_digests_keep_longer() -> None:
    assert (stale_after("daily"), stale_after("weekdays"), stale_after("weekly")) == (
        timedelta(hours=20),
        timedelta(hours=20),
        timedelta(hours=72),
    )


def test_a_zone_that_the_database_dropped_counts_as_utc() -> None:
    assert next_due("daily", 8, 0, "Mars/Olympus", at("2026-06-17 07:00")) == at("2026-06-17 08:00")


@pytest.mark.parametrize(("cadence", "hour", "weekday"), [("monthly", 8, 0), ("daily", 24, 0), ("daily", -1, 0), ("weekly", 8, 7)])
def test_a_cadence_that_does_not_exist_is_refused(cadence: str, hour: int, weekday: int) -> None:
    with pytest.raises(ValueError, match=r"not a valid Cadence|out of range"):
        next_due(cadence, hour, weekday, "UTC", at("2026-06-17 07:00"))


def test_cadences_are_said_in_words() -> None:
    assert in_words("daily", 7, 0) == "Every day at 07:00"
    assert in_words("weekdays", 8, 0) == "Weekdays at 08:00"
    assert in_words("weekly", 18, 4) == "Fridays at 18:00"
