"""One house a module for tests that ask thousands of times: a server, a database, a clock; and how a source is read to its end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import delete

from config.clock import SetClock
from config.database import Base, Database
from config.settings import Settings
from tests.playing import Playing, playing, settings_for
from worker.ingest import models, registry
from worker.ingest.arxiv_query import ArxivQuery
from worker.ingest.papers import Record
from worker.ingest.port import Progress, Skipped, Source, SourceError

DATA = Path(__file__).parents[3] / "data" / "ingest"
TODAY = date(2026, 6, 22)  # a Monday
MORNING = datetime(2026, 6, 22, 9, tzinfo=UTC)
_Kind = TypeVar("_Kind", Record, Skipped, Progress)


@dataclass
class House:
    """Where sources live while they are tested; 09:00 UTC on TODAY."""

    server: Playing
    settings: Settings
    database: Database
    clock: SetClock

    def tidy(self) -> None:
        """Forget every answer, turn and play, and go back to the morning."""
        with self.database.transaction() as session:
            session.execute(delete(models.Fetch))
            session.execute(delete(models.HostTurn))
        self.server.forget()
        self.clock.move_to(MORNING)

    def source(self, word: str) -> Source:
        return registry.source_named(word, self.settings, self.database, self.clock)

    @property
    def query(self) -> ArxivQuery:
        return registry.arxiv_query(self.settings, self.database, self.clock)

    def read(self, word: str, since: date = TODAY, until: date = TODAY) -> "Reading":
        return read(self.source(word), since, until)


@dataclass
class Reading:
    """All that a source said, and how it ended."""

    items: list[Record | Skipped | Progress] = field(default_factory=list)
    error: str | None = None

    def of(self, kind: type[_Kind]) -> list[_Kind]:
        return [item for item in self.items if isinstance(item, kind)]

    @property
    def records(self) -> list[Record]:
        return self.of(Record)

    @property
    def skipped(self) -> dict[str, str]:
        return {item.entry: item.reason for item in self.of(Skipped)}

    @property
    def ids(self) -> list[str]:
        return [record.external_id for record in self.records]


def read(source: Source, since: date = TODAY, until: date = TODAY) -> Reading:
    """Everything up to the end or the SourceError; any other exception is a failure of the test."""
    reading = Reading()
    try:
        for item in source.read(since, until):
            reading.items.append(item)
    except SourceError as error:
        reading.error = str(error)
    return reading


@contextmanager
def a_house(folder: Path) -> Iterator[House]:
    """A house whose database is a new SQLite file."""
    database = Database(f"sqlite:///{folder}/house.db")
    Base.metadata.create_all(database.engine)
    with playing() as server:
        yield House(server, settings_for(server, folder), database, SetClock(MORNING))
    database.close()


def recorded(path: str) -> bytes:
    """A recorded answer, as it came."""
    return (DATA / path).read_bytes()
