"""The bundled week as a source: real papers of June 2026, listed day by day, with votes that grow. Asks nobody anything.

What is recorded, what is played, and where it comes from: `data/README.md`.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from math import exp2
from pathlib import Path
from typing import Any

from config.clock import Clock
from worker.ingest.papers import Record
from worker.ingest.port import Progress, Skipped

NAME = "demo"
FIRST, LAST = date(2026, 6, 15), date(2026, 6, 22)  # Monday to Monday
PAGE = "file:daily_papers_apr3.jsonl"  # the sample page, as the `file` source would name it

_WEEK = Path(__file__).with_name("data") / "week.jsonl.gz"
_HALF = 18.0  # hours in which half of the votes to come arrive
_GROWN = 72.0  # hours after which the recorded number is reached
_SATURDAY = 5

_Line = Mapping[str, Any]  # one line of the bundle


class Week:
    """A `Source` that lists the bundled papers; their votes are those of the clock's moment."""

    name = NAME

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def expects_on(self, day: date) -> bool:
        """Monday to Friday, as Hugging Face and arXiv."""
        return day.weekday() < _SATURDAY

    def read(self, since: date, until: date) -> Iterator[Record | Skipped | Progress]:
        """The papers that either source, or the page, listed on these days, a day after the other."""
        now = self._clock.now()
        for day in (since + timedelta(days=number) for number in range((until - since).days + 1)):
            listed = listings().get(day, ())
            if listed:
                yield Progress(f"the bundled papers of {day:%-d %B}")
            for record in listed:
                yield grown(record, now)


def grown(record: Record, now: datetime) -> Record:
    """The record as it stood at `now`: with the votes and comments that had come by then."""
    if record.listed_on is None or record.votes is None:
        return record
    age = (now - datetime.combine(record.listed_on, time(), UTC)) / timedelta(hours=1)
    return replace(record, votes=int(record.votes * share(age)), comments=int((record.comments or 0) * share(age)))


def share(hours: float) -> float:
    """How much of the recorded votes a paper has `hours` after its listing day began: 0 to 1."""
    if hours >= _GROWN:
        return 1.0
    return (1 - exp2(-max(0.0, hours) / _HALF)) / (1 - exp2(-_GROWN / _HALF))


@cache
def listings() -> Mapping[date, tuple[Record, ...]]:
    """Every listing of the week by its day, with the votes as they were recorded."""
    found: dict[date, list[Record]] = {}
    with gzip.open(_WEEK, "rt", encoding="utf-8") as lines:
        for line in lines:
            for record in _records(json.loads(line)):
                found.setdefault(record.listed_on or FIRST, []).append(record)
    return {day: tuple(records) for day, records in sorted(found.items())}


def _records(line: _Line) -> Iterator[Record]:
    """What each source said of a paper."""
    if "page" in line:
        yield Record(source=PAGE, external_id=f"line {line['page']}", title=line["title"], abstract=line["abstract"], listed_on=FIRST)
        return
    bare = Record(
        source="arxiv",
        external_id=line["id"],
        title=line["title"],
        abstract=line["abstract"],
        authors=tuple(line["authors"]),
        arxiv_id=line["id"],
        url=f"https://arxiv.org/abs/{line['id']}",
        published_at=datetime.combine(date.fromisoformat(line["published"]), time(), UTC) if "published" in line else None,
    )
    if "arxiv" in line:
        yield replace(bare, listed_on=date.fromisoformat(line["arxiv"]), categories=tuple(line["categories"]))
    if voted := line.get("huggingface"):
        yield _voted(bare, voted)


def _voted(bare: Record, voted: _Line) -> Record:
    return replace(
        bare,
        source="huggingface",
        listed_on=date.fromisoformat(voted["day"]),
        votes=voted["votes"],
        comments=voted.get("comments", 0),
        summary=voted.get("summary"),
        keywords=tuple(voted.get("keywords", ())),
        repository=voted.get("repository"),
        stars=voted.get("stars"),
        organisation=voted.get("organisation"),
    )
