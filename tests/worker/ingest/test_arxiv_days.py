"""arXiv's calendar, against what its availability page promises and what its feeds and listings showed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ingest.arxiv_days import announced_on, announces_on, submitted_for


@pytest.mark.parametrize(
    ("listed", "since", "until"),
    [
        (date(2026, 6, 15), datetime(2026, 6, 11, 18, tzinfo=UTC), datetime(2026, 6, 12, 18, tzinfo=UTC)),  # Monday: Thursday to Friday
        (date(2026, 6, 16), datetime(2026, 6, 12, 18, tzinfo=UTC), datetime(2026, 6, 15, 18, tzinfo=UTC)),  # Tuesday: over the weekend
        (date(2026, 6, 17), datetime(2026, 6, 15, 18, tzinfo=UTC), datetime(2026, 6, 16, 18, tzinfo=UTC)),
        (date(2026, 1, 14), datetime(2026, 1, 12, 19, tzinfo=UTC), datetime(2026, 1, 13, 19, tzinfo=UTC)),  # New York's winter
        (date(2026, 3, 10), datetime(2026, 3, 6, 19, tzinfo=UTC), datetime(2026, 3, 9, 18, tzinfo=UTC)),  # across its change
    ],
)
def test_a_list_holds_what_was_submitted_until_two_in_new_york_the_day_before(listed: date, since: datetime, until: datetime) -> None:
    assert submitted_for(listed) == (since, until)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - the bounds of aware moments
def test_every_submission_is_announced_on_exactly_one_day(submitted: datetime) -> None:
    day = announced_on(submitted)
    assert announces_on(day)
    begin, end = submitted_for(day)
    assert begin <= submitted < end
    assert timedelta(0) < day - submitted.date() <= timedelta(days=4) or day - submitted.date() == timedelta(days=0)


def test_weekends_have_no_list() -> None:
    assert [announces_on(date(2026, 6, day)) for day in range(15, 22)] == [True] * 5 + [False] * 2
