"""Daily, weekdays or weekly at a local hour: the next moment a digest is due, and its occasion's key. Pure; reads no clock.

Local hours follow the tz database. An hour that a clock change leaves out counts at the first moment after the gap; an hour that
happens twice counts the first time, once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from itertools import count
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

REST = timedelta(hours=20)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SATURDAY = 5
_DAY = timedelta(days=1)


class Cadence(StrEnum):
    """How often a reader wants a digest."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Past:
    """What a reader's digests so far rule out: `at` the last one was due, `day` and `week` are the greatest keys used."""

    at: datetime | None = None
    day: str = ""  # "2026-06-17"
    week: str = ""  # "2026-W25"


NOTHING_YET = Past()


# Readers of one tick differ in little: what is worked out for one of them holds for nearly all.
@lru_cache(maxsize=16384)
def next_due(cadence: str, hour: int, weekday: int, zone: str, after: datetime, past: Past = NOTHING_YET) -> datetime:  # noqa: PLR0913, PLR0917 - the reader's four wishes and two facts
    """The first moment (UTC) strictly after `after` at which this reader's next digest is due.

    It is 20 hours or more after `past.at`, and its occasion's key is greater than every key of its kind in `past`: whatever a
    reader changes, no two digests lie closer and no occasion comes twice. `weekday` (Monday is 0) is read for weekly readers only.
    Raises ValueError for a cadence, hour or weekday that does not exist.
    """
    wanted = Cadence(cadence)
    if not 0 <= hour <= 23 or not 0 <= weekday <= 6:  # noqa: PLR2004 - hours of a day, days of a week
        raise ValueError(f"hour {hour} or weekday {weekday} is out of range; hours are 0-23, weekdays 0 (Monday) to 6")
    local = zone_named(zone)
    rested = past.at + REST if past.at else after
    # The day before: a zone that crosses the date line can repeat one.
    first = max(after, rested).astimezone(local).date() - _DAY
    return next(
        moment
        for key, moment in _moments(wanted, hour, weekday, local, first)
        if moment > after and moment >= rested and key > _used(wanted, past)
    )


@lru_cache(maxsize=16384)
def occasion(cadence: str, due: datetime, zone: str) -> str:
    """The key of the digest due at `due`: the local date, "digest:2026-06-17", or for weekly readers its ISO week, "digest:2026-W25"."""
    return "digest:" + _key(Cadence(cadence), day_of(due, zone))


@lru_cache(maxsize=16384)
def day_of(moment: datetime, zone: str) -> date:
    """The date that `moment` falls on where the reader is."""
    return moment.astimezone(zone_named(zone)).date()


def past_with(past: Past, occasion: str, digest_due: datetime | None) -> Past:
    """`past` after `occasion` was used; `digest_due` is its due moment when there was a digest, None when the day was skipped."""
    key = occasion.removeprefix("digest:")
    at = digest_due or past.at
    if "W" in key:
        return Past(at, past.day, max(past.week, key))
    return Past(at, max(past.day, key), past.week)


def stale_after(cadence: str) -> timedelta:
    """How long after its due moment a digest is still worth sending."""
    return timedelta(hours=72) if Cadence(cadence) is Cadence.WEEKLY else timedelta(hours=20)


def in_words(cadence: str, hour: int, weekday: int) -> str:
    """A cadence as a reader says it: "Fridays at 08:00"."""
    match Cadence(cadence):
        case Cadence.DAILY:
            days = "Every day"
        case Cadence.WEEKDAYS:
            days = "Weekdays"
        case Cadence.WEEKLY:
            days = f"{WEEKDAYS[weekday]}s"
    return f"{days} at {hour:02d}:00"


@lru_cache(maxsize=1024)
def zone_named(name: str) -> tzinfo:
    """The zone of this name. One that the tz database does not know (any more) counts as UTC: a row must not stop a range."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _moments(cadence: Cadence, hour: int, weekday: int, zone: tzinfo, first: date) -> Iterator[tuple[str, datetime]]:
    for day in (first + _DAY * step for step in count()):
        if not _falls_on(cadence, weekday, day):
            continue
        moment = _moment(day, hour, zone)
        key = _key(cadence, day)
        # A gap at midnight can carry a day's hour into the next day, which has an occasion of its own: then this one is left out.
        if key == _key(cadence, moment.astimezone(zone).date()):
            yield key, moment


def _falls_on(cadence: Cadence, weekday: int, day: date) -> bool:
    match cadence:
        case Cadence.DAILY:
            return True
        case Cadence.WEEKDAYS:
            return day.weekday() < _SATURDAY
        case Cadence.WEEKLY:
            return day.weekday() == weekday


def _key(cadence: Cadence, day: date) -> str:
    if cadence is not Cadence.WEEKLY:
        return day.isoformat()
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def _used(cadence: Cadence, past: Past) -> str:
    return past.week if cadence is Cadence.WEEKLY else past.day


def _moment(day: date, hour: int, zone: tzinfo) -> datetime:
    wall = datetime.combine(day, time(hour))
    moment = wall.replace(tzinfo=zone).astimezone(UTC)  # fold=0: the first of two
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    return _end_of_gap(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), moment, zone)


def _end_of_gap(before: datetime, behind: datetime, zone: tzinfo) -> datetime:
    # In a gap, fold=1 lies before the change and fold=0 at or behind it (PEP 495); changes happen on whole seconds.
    offset = before.astimezone(zone).utcoffset()
    while behind - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((behind - before).total_seconds() // 2))
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            behind = middle
    return behind
