"""A source that lists what a test says, read through the real ingest."""

from collections.abc import Iterator
from datetime import date

from config.clock import SetClock
from config.database import Database
from worker.ingest import runs
from worker.ingest.papers import Record


class Shelf:
    """Lists the same records on every day, until they are changed."""

    name = "shelf"

    def __init__(self, *records: Record) -> None:
        self.records = records

    def expects_on(self, _day: date) -> bool:
        return False

    def read(self, _since: date, _until: date) -> Iterator[Record]:
        yield from self.records


def a_record(number: int, *, votes: int | None = None, day: date | None = None, title: str = "", doi: str | None = None) -> Record:
    """Paper `number` as a source lists it; without a number of arXiv's when it has a DOI."""
    return Record(
        source="shelf",
        external_id=f"entry-{number}",
        title=title or f"Paper {number} on subject{number}",
        arxiv_id=None if doi else f"2606.{number:05}",
        doi=doi,
        listed_on=day,
        votes=votes,
    )


def take_in(database: Database, clock: SetClock, *records: Record) -> None:
    """One run over these records, now."""
    summary = runs.ingest(database, clock, Shelf(*records), since=clock.now().date())
    assert summary.error is None, summary
    assert not summary.skipped, summary
