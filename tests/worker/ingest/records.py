"""Builders of records, a source that says what it is told to, and the recorded week."""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from config.database import Database
from worker.ingest import intake
from worker.ingest.intake import Intake
from worker.ingest.papers import Paper, Record, unpacked
from worker.ingest.port import Progress, Skipped

WEEK = Path(__file__).parents[2] / "data" / "ingest" / "week.jsonl.gz"
NOW = datetime(2026, 6, 17, 14, 0, tzinfo=UTC)  # a Wednesday

Item = Record | Skipped | Progress
WORDS = ("Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliet")


def a_record(number: int = 1, **values: object) -> Record:
    """Record `number` of Hugging Face, unlike that of any other number."""
    title = " ".join(WORDS[int(digit)] for digit in str(number)) + " networks learn"
    usual = Record(
        source="huggingface",
        external_id=f"2606.{number:05}",
        title=title,
        abstract="We show it.",
        authors=("Ada Lovelace",),
        arxiv_id=f"2606.{number:05}",
        listed_on=date(2026, 6, 17),
    )
    return replace(usual, **values)  # type: ignore[arg-type]  # a builder takes any field


def unlinked(title: str, **values: object) -> Record:
    """A record as the client's page gives it: a title, and nothing to find it by."""
    usual = Record(source="file:page.txt", external_id=title, title=title, listed_on=date(2026, 6, 17))
    return replace(usual, **values)  # type: ignore[arg-type]  # a builder takes any field


def take_in(database: Database, *records: Record, now: datetime = NOW) -> Intake:
    """One batch, committed."""
    with database.transaction() as session:
        return intake.take_in(session, records, now)


def recorded_week() -> list[Record]:
    """15 to 22 June 2026: 148 records of Hugging Face, then 2,053 of arXiv's lists."""
    return [unpacked(json.loads(line)) for line in gzip.decompress(WEEK.read_bytes()).splitlines()]


def only(papers: Sequence[Paper]) -> Paper:
    (paper,) = papers
    return paper


class ToldSource:
    """A source that lists what it is told to, and remembers what it was asked."""

    def __init__(self, tell: Callable[[date, date], Iterator[Item]], name: str = "huggingface") -> None:
        self.name = name
        self.asked: list[tuple[date, date]] = []
        self.tell = tell

    def expects_on(self, day: date) -> bool:
        return day.weekday() < 5

    def read(self, since: date, until: date) -> Iterator[Item]:
        self.asked.append((since, until))
        return self.tell(since, until)


class Shelf(ToldSource):
    """A source without a rhythm, such as a file."""

    def expects_on(self, day: date) -> bool:
        del day
        return False


def listing(*items: Item) -> Callable[[date, date], Iterator[Item]]:
    """Says the same whatever day is asked for."""
    return lambda _since, _until: iter(items)


def daily(number_a_day: int = 2) -> Callable[[date, date], Iterator[Item]]:
    """A few papers of its own for each working day."""

    def tell(since: date, until: date) -> Iterator[Item]:
        for ordinal in range(since.toordinal(), until.toordinal() + 1):
            day = date.fromordinal(ordinal)
            yield Progress(f"the papers of {day}")
            if day.weekday() < 5:
                for place in range(number_a_day):
                    yield a_record(ordinal % 10_000 * 10 + place, listed_on=day)

    return tell
