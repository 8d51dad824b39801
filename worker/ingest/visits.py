"""One run of a source: drains it into the catalogue, batch by batch, and keeps the figures. Knows no source by name.

What was yielded stands, whatever comes after it: each batch is a transaction of its own, with the figures of the run beside it. One record
that cannot be kept is skipped, counted and named.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from config.log import logger
from worker.ingest import days, resolution, runlog
from worker.ingest.days import Span
from worker.ingest.intake import take_in
from worker.ingest.papers import Record
from worker.ingest.port import Progress, Skipped, Source, SourceError
from worker.ingest.runlog import Account, Tally
from worker.ingest.sanitise import clean

BATCH = 250  # records
OUT_OF_REACH = (OperationalError, InterfaceError)  # the database's trouble, and no record's

Notify = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the runs of one call share. `notify` is told what is being fetched; without `owed_since` an operator chose the days."""

    database: Database
    clock: Clock
    source: Source
    owed_since: date | None
    notify: Notify | None = None

    def open(self, session: Session, span: Span) -> "Visit":
        """Begin a run over `span`, whose row is there for others to see once `session` has committed."""
        run_id = runlog.open_run(session, self.source.name, span, self.owed_since, self.clock.now())
        return Visit(self, span, run_id)

    def read(self, span: Span) -> Account:
        """Begin a run over `span`, and see it through."""
        with self.database.transaction() as session:
            visit = self.open(session, span)
        return visit.read()


@dataclass(slots=True)
class Visit:
    """One run under way: what it read and has not yet handed to the catalogue, and its figures."""

    desk: Desk
    span: Span
    run_id: int
    tally: Tally = field(default_factory=Tally)
    batch: list[Record] = field(default_factory=list)

    def read(self) -> Account:
        """Read the span to its end, or as far as it goes; the run's row, closed."""
        try:
            error = self._drain()
            self._hand_over()
        except BaseException:  # Ctrl-C, a worker told to stop, a database out of reach
            with suppress(SQLAlchemyError):
                self._close(runlog.BROKEN_OFF)
            raise
        return self._close(error)

    def _drain(self) -> str | None:
        try:
            for item in self.desk.source.read(self.span.since, self.span.until):
                self._take(item)
        except OUT_OF_REACH:
            raise
        except SourceError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - a fault in one source must not stop the others, and what it gave stands
            logger(__name__).exception("a source broke", source=self.desk.source.name)
            return f"{type(error).__name__}: {error}"
        return None

    def _take(self, item: Record | Skipped | Progress) -> None:
        match item:
            case Progress(words):
                self._hand_over(words)
                if self.desk.notify:
                    self.desk.notify(words)
            case Skipped(entry, reason):
                self.tally.skip(entry, reason)
            case Record():
                self.tally.seen += 1
                self._keep(item)

    def _keep(self, record: Record) -> None:
        try:
            cleaned = clean(record)
        except Exception as error:  # noqa: BLE001 - whatever one entry holds, the rest goes on
            self.tally.skip(str(record.external_id), f"cannot be read: {type(error).__name__}: {error}")
            return
        if not (cleaned.title and cleaned.external_id):
            self.tally.skip(cleaned.external_id or cleaned.title, "has no title" if cleaned.external_id else "has no id of its own")
            return
        self.batch.append(cleaned)
        if len(self.batch) >= BATCH:
            self._hand_over()

    def _hand_over(self, words: str | None = None) -> None:
        batch, self.batch = self.batch, []
        self._store(batch)
        with self.desk.database.transaction() as session:
            runlog.touch(session, self.run_id, self.tally, self.desk.clock.now(), words)

    def _store(self, records: Sequence[Record]) -> None:
        if not records:
            return
        try:
            self._take_in(records)
        except OUT_OF_REACH:
            raise
        except Exception as error:  # noqa: BLE001 - one record that no row takes must not cost the page it came with
            if len(records) == 1:
                self.tally.skip(records[0].external_id, f"cannot be kept: {type(error).__name__}: {str(error).partition(chr(10))[0]}")
                return
            half = len(records) // 2
            self._store(records[:half])
            self._store(records[half:])

    def _take_in(self, records: Sequence[Record]) -> None:
        now = self.desk.clock.now()
        with self.desk.database.transaction() as session:
            done = take_in(session, resolution.with_known_ids(session, records), now)
            tally = replace(
                self.tally,
                new=self.tally.new + done.new,
                changed=self.tally.changed + done.changed,
                fresh=self.tally.fresh + done.fresh,
            )
            runlog.touch(session, self.run_id, tally, now)
        self.tally = tally

    def _close(self, error: str | None) -> Account:
        now = self.desk.clock.now()
        with self.desk.database.transaction() as session:
            runlog.close(session, self.run_id, self.tally, now, error)
            runlog.judge(session, self.run_id, days.judged_day(now, self.desk.source.expects_on))
            run = runlog.account(session, self.run_id)
        words = {"source": run.source, "since": str(run.since), "until": str(run.until), "error": run.error}
        logger(__name__).info("source read", **words, seen=run.seen, new=run.new, changed=run.changed, skipped=run.skips)
        return run
