"""Which days a source is asked for next, and by which it is judged. Pure.

A first start reads the last seven listing days. After that each run reads from the listing day before today (votes come late), and every
day since the first one that no finished run covers: after an outage each missed day, and a day that failed until it is read.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

FIRST_START = 7  # listing days
DAYS_A_RUN = 2  # listing days: one of arXiv is a quarter of a minute of requests, and no task outlasts a whole one
LONGEST_REST = 14  # days without a listing day: such a source has no rhythm to hold it to
# arXiv's lists are out by 01:00 UTC and its feeds by 05:00, Hugging Face lists all morning: before noon, silence says nothing about today.
JUDGED_FROM = time(12)

Expects = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Span:
    """Days asked for together, both ends included."""

    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Reading:
    """One earlier run over a span. `owed_since`: the first day that was owed then; None when an operator chose the days.

    `whole`: it ended without an error.
    """

    span: Span
    begun_on: date
    owed_since: date | None
    whole: bool

    @property
    def covered(self) -> Iterable[date]:
        """The days it read to their end: not the one it was begun on, which went on after it."""
        return between(self.span.since, min(self.span.until, self.begun_on - timedelta(days=1))) if self.whole else ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to read now, the newest days first, and since when days are owed."""

    spans: tuple[Span, ...]
    owed_since: date


def plan(readings: Sequence[Reading], today: date, expects_on: Expects) -> Plan:
    """The routine days and every missed one. A source without a rhythm is asked for what it shows today."""
    owed = [*missed(readings, today, expects_on), *between(routine_from(today, expects_on), today)]
    return Plan(tuple(spans(owed, expects_on)), min(owed))


def catching_up(readings: Sequence[Reading], today: date, expects_on: Expects) -> Plan | None:
    """What is left to read besides the routine days, which come round by themselves; None when nothing is."""
    owed = missed(readings, today, expects_on)
    return Plan(tuple(spans(owed, expects_on)), min(owed)) if owed else None


def asked_for(since: date, today: date, expects_on: Expects) -> list[Span]:
    """Every day from `since` on, for an operator; what has no rhythm shows the same whatever day is asked for, so it is asked once."""
    return spans(between(since, today), expects_on) if _listing_days(today, expects_on) else [Span(since, today)]


def missed(readings: Sequence[Reading], today: date, expects_on: Expects) -> list[date]:
    """The days before the routine ones that no run has covered yet."""
    listing_days = _listing_days(today, expects_on)
    if not listing_days:
        return []
    horizon = min((reading.owed_since for reading in readings if reading.owed_since), default=listing_days[-1])
    if readings:  # a day that no request ever reads is given up when the runs of its time are forgotten
        horizon = max(horizon, min(reading.begun_on for reading in readings) - timedelta(days=LONGEST_REST))
    covered = {day for reading in readings for day in reading.covered}
    return [day for day in between(horizon, routine_from(today, expects_on) - timedelta(days=1)) if day not in covered]


def routine_from(today: date, expects_on: Expects) -> date:
    """The first day that every run reads: the last listing day before today."""
    return next((day for day in _listing_days(today, expects_on) if day < today), today)


def spans(days: Iterable[date], expects_on: Expects) -> list[Span]:
    """The days as spans with at most DAYS_A_RUN listing days each, the newest first."""
    found: list[Span] = []
    for day in sorted(days, reverse=True):
        last = found[-1] if found else None
        if last and last.since == day + timedelta(days=1) and sum(map(expects_on, between(day, last.until))) <= DAYS_A_RUN:
            found[-1] = Span(day, last.until)
        else:
            found.append(Span(day, day))
    return found


def judged_day(now: datetime, expects_on: Expects) -> date | None:
    """The newest day by which a source must have listed something new, or None for one without a rhythm."""
    now = now.astimezone(UTC)
    last = now.date() if now.time() >= JUDGED_FROM else now.date() - timedelta(days=1)
    return next(iter(_listing_days(last, expects_on)), None)


def _listing_days(last: date, expects_on: Expects) -> list[date]:
    """The last seven days on which the source lists, the newest first; none for a source without a rhythm."""
    found: list[date] = []
    day = last
    while len(found) < FIRST_START and (found[-1] if found else last) - day < timedelta(days=LONGEST_REST):
        if expects_on(day):
            found.append(day)
        day -= timedelta(days=1)
    return found


def between(since: date, until: date) -> Iterable[date]:
    """The days from `since` to `until`, both included."""
    return (since + timedelta(days=number) for number in range((until - since).days + 1))
