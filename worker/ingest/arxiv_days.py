"""arXiv's calendar: which submissions an announcement day lists. Pure.

arXiv announces from Sunday to Thursday at 20:00 in New York, so its lists carry the dates Monday to Friday; a list holds what was
submitted until 14:00 on the day before, since 14:00 on the working day before that (https://info.arxiv.org/help/availability.html).
Holidays move lists by a day or two; a paper then carries the day on which it would have been listed.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_NEW_YORK = ZoneInfo("America/New_York")
_DEADLINE = time(14)
_MONDAY, _TUESDAY, _SATURDAY = 0, 1, 5


def announces_on(day: date) -> bool:
    """Whether arXiv has a list of that date."""
    return day.weekday() < _SATURDAY


def submitted_for(day: date) -> tuple[datetime, datetime]:
    """From when (included) until when (excluded) in UTC a paper was submitted that the list of `day` announces; `day` is no weekend."""
    last = day - timedelta(days=3 if day.weekday() == _MONDAY else 1)
    first = day - timedelta(days=4 if day.weekday() in {_MONDAY, _TUESDAY} else 2)
    return _deadline(first), _deadline(last)


def announced_on(submitted: datetime) -> date:
    """The date of the list that announces a paper submitted at that moment."""
    day = submitted.astimezone(_NEW_YORK).date()
    while not (announces_on(day) and submitted < submitted_for(day)[1]):
        day += timedelta(days=1)
    return day


def _deadline(day: date) -> datetime:
    return datetime.combine(day, _DEADLINE, _NEW_YORK).astimezone(UTC)
