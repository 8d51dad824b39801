"""What a reader may choose, as a value, and the checks between a form (or a line of a file) and that value. Pure.

Every fault is found at once and names its field, the value and the remedy.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from subscribers.cadence import WEEKDAYS, Cadence
from subscribers.names import tidy_name
from subscribers.topics import Catalogue, Rejected, check_author, check_keyword, check_mute, check_topic, tidy
from subscribers.zones import ZoneError, check_zone

MOST_PAPERS = 20  # of each part of a digest
WISHES = 60  # at most so many topics, keywords, authors or mutes of one reader
_HOUR = re.compile(r"(\d{1,2})(?::00)?")


class Field(StrEnum):
    """The fields of a form of choices, as a browser sends them."""

    NAME = "name"
    TOPICS = "topics"
    KEYWORDS = "keywords"
    AUTHORS = "authors"
    MUTES = "mutes"
    CADENCE = "cadence"
    WEEKDAY = "weekday"
    HOUR = "hour"
    ZONE = "timezone"
    FOR_YOU = "for_you"
    TRENDING = "trending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Checked choices; the defaults are what an address alone signs up for."""

    name: str = ""
    topics: tuple[str, ...] = ()  # keys of the catalogue
    keywords: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    mutes: tuple[str, ...] = ()
    cadence: Cadence = Cadence.WEEKDAYS
    weekday: int = 0
    hour: int = 8
    zone: str = "UTC"
    for_you: int = 5
    trending: int = 5

    def packed(self) -> dict[str, Any]:
        """Plain values for a JSON column; `unpacked` reads them back."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field, in words that name the value and the remedy."""

    field: Field
    value: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.field} {self.value!r}: {self.remedy}"


class ChoicesError(ValueError):
    """All that is wrong with a form."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


@dataclass(slots=True)
class _Desk:
    """Collects the faults while one field after the other is looked at."""

    typed: Mapping[str, Sequence[str]]
    faults: list[Fault] = field(default_factory=list)

    def values(self, name: Field) -> Sequence[str]:
        return [text for text in map(tidy, self.typed.get(name, ())) if text]

    def one(self, name: Field) -> str:
        return next(iter(self.values(name)), "")

    def number(self, name: Field, default: int, least: int, most: int) -> int:
        text = self.one(name)
        if not text:
            return default
        if re.fullmatch(r"\d{1,4}", text) and least <= int(text) <= most:
            return int(text)
        self.fault(name, text, f"give a number from {least} to {most}")
        return default

    def fault(self, name: Field, value: str, remedy: str) -> None:
        self.faults.append(Fault(name, value[:60], remedy))

    def each(self, name: Field, check: Callable[[str], str]) -> tuple[str, ...]:
        kept: dict[str, str] = {}
        for text in self.values(name):
            try:
                checked = check(text)
            except Rejected as error:
                self.fault(name, error.value, error.remedy)
            else:
                kept.setdefault(checked.casefold(), checked)
        if len(kept) > WISHES:
            self.fault(name, f"{len(kept)} of them", f"keep at most {WISHES}")
        return tuple(kept.values())


def check_choices(typed: Mapping[str, Sequence[str]], catalogue: Catalogue, default: Choices | None = None) -> Choices:
    """The choices that a form's fields mean; a field that is missing or blank takes its value in `default` (lists are then empty).

    Raises ChoicesError with every fault.
    """
    desk, given = _Desk(typed), default or Choices()
    cadence, weekday = _cadence(desk, given)
    choices = Choices(
        name=tidy_name(desk.one(Field.NAME)),
        topics=desk.each(Field.TOPICS, lambda text: check_topic(text, catalogue)),
        keywords=desk.each(Field.KEYWORDS, check_keyword),
        authors=desk.each(Field.AUTHORS, check_author),
        mutes=desk.each(Field.MUTES, check_mute),
        cadence=cadence,
        weekday=weekday,
        hour=_hour(desk, given.hour),
        zone=_zone(desk, given.zone),
        for_you=desk.number(Field.FOR_YOU, given.for_you, 0, MOST_PAPERS),
        trending=desk.number(Field.TRENDING, given.trending, 0, MOST_PAPERS),
    )
    if choices.for_you + choices.trending == 0:
        desk.fault(Field.TRENDING, "0", "a digest without papers is none; keep one paper at least, or pause")
    if desk.faults:
        raise ChoicesError(desk.faults)
    return choices


def unpacked(row: Mapping[str, Any]) -> Choices:
    """The Choices that `packed` wrote."""
    lists = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
    return Choices(**{**row, **lists, "cadence": Cadence(row["cadence"])})


def in_lines(text: str) -> list[str]:
    """What a reader typed into one box: a wish a line, or several on a line with semicolons."""
    return [part.strip() for part in re.split(r"[\r\n;]+", text[:10_000]) if part.strip()]


def _cadence(desk: _Desk, given: Choices) -> tuple[Cadence, int]:
    """Files write "weekly friday" in one cell; forms send "weekly" and the day in a field of its own."""
    text = desk.one(Field.CADENCE)
    word, _, day = text.casefold().replace(":", " ").partition(" ")
    if text and word not in set(Cadence):
        desk.fault(Field.CADENCE, text, "write daily, weekdays, weekly, or weekly and a day such as 'weekly friday'")
        return given.cadence, given.weekday
    cadence = Cadence(word) if text else given.cadence
    return cadence, _weekday(desk, day.strip() or desk.one(Field.WEEKDAY), given.weekday)


def _weekday(desk: _Desk, text: str, default: int) -> int:
    if not text:
        return default
    if re.fullmatch(r"[0-6]", text):
        return int(text)
    found = [day for day, name in enumerate(WEEKDAYS) if len(text) > 1 and name.casefold().startswith(text.casefold())]
    if len(found) != 1:
        desk.fault(Field.WEEKDAY, text, "write a day of the week, such as friday")
        return default
    return found[0]


def _hour(desk: _Desk, default: int) -> int:
    text = desk.one(Field.HOUR)
    if not text:
        return default
    found = _HOUR.fullmatch(text)
    if found and int(found[1]) < 24:  # noqa: PLR2004 - hours of a day
        return int(found[1])
    desk.fault(Field.HOUR, text, "give a full hour from 0 to 23, such as 8 or 08:00")
    return default


def _zone(desk: _Desk, default: str) -> str:
    text = desk.one(Field.ZONE)
    if not text:
        return default
    try:
        return check_zone(text)
    except ZoneError as error:
        desk.fault(Field.ZONE, text, error.remedy)
        return default
