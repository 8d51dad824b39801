"""Reads the sources into the catalogue when it is time to, and says how they are doing. Knows no source by name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from worker.ingest import days, runlog
from worker.ingest.days import Plan, Span
from worker.ingest.intake import queue_up
from worker.ingest.port import Source
from worker.ingest.runlog import Account
from worker.ingest.visits import Desk, Notify

EVERY = timedelta(hours=1)
AGAIN = timedelta(minutes=5)  # after a failure; then twice as long each time, up to EVERY
FAILURES = 3  # within a day, before the operator must hear of it
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What one or more runs of a source did."""

    source: str
    seen: int = 0
    new: int = 0
    changed: int = 0
    skips: int = 0
    skipped: dict[str, str] = field(default_factory=dict)  # entry -> reason, the first of them
    error: str | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Latest:
    """How the newest run of a source stands; `run` is None for one that was never read."""

    run: Account | None

    def cells(self, now: datetime) -> tuple[str, str, str, str, str, str]:
        """Last run, seen, new, changed, skipped and state, in words."""
        if self.run is None:
            return ("never", "", "", "", "", "to be read")
        run = self.run
        return (f"{run.begun_at:%a %d %b %H:%M} UTC", str(run.seen), str(run.new), str(run.changed), str(run.skips or ""), self.state(now))

    def state(self, now: datetime) -> str:
        """What is being fetched right now, or how the run ended."""
        if self.run is None:
            return "to be read"
        if self.run.is_under_way(now):
            return self.run.progress or "reading"
        if self.run.ended_at is None or self.run.error == runlog.BROKEN_OFF:
            return runlog.BROKEN_OFF
        return f"failed: {self.run.error}" if self.run.error else "stale: nothing new" if self.run.stale else "read"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the operator must look at a source: `headline` follows its name ("huggingface is failing")."""

    headline: str
    words: str


def ingest(database: Database, clock: Clock, source: Source, *, since: date | None = None, notify: Notify | None = None) -> Summary:
    """Read what is wanted now, or every day from `since` on (UTC), whoever else may be reading.

    A source that fails is no exception but the summary's `error`. ValueError when `since` lies ahead.
    """
    today = _today(clock)
    if since is not None and since > today:
        raise ValueError(f"since {since} lies ahead of today, {today}: give a day that has been")
    if since:
        return _read_all(Desk(database, clock, source, None, notify), days.asked_for(since, today, source.expects_on))
    with database.reading() as session:
        plan = _plan(session, source, today)
    return _read_all(Desk(database, clock, source, plan.owed_since, notify), plan.spans)


def ingest_if_due(database: Database, clock: Clock, source: Source, *, seconds: float = 30, notify: Notify | None = None) -> Summary | None:
    """Read what is wanted now, if it is time to and nobody else does; no new span is begun after `seconds`. None: it is not time.

    The next call goes on where this one ended: days missed are due at once, the routine ones every hour, after a failure later and later.
    """
    deadline = clock.monotonic() + seconds
    with database.transaction() as session:
        queue_up(session)  # two that come at once: one finds the other's run
        plan = _due(session, source, clock.now())
        if plan is None:
            return None
        desk = Desk(database, clock, source, plan.owed_since, notify)
        visit = desk.open(session, plan.spans[0])
    ended = [visit.read()]
    for span in plan.spans[1:]:
        if ended[-1].error or clock.monotonic() >= deadline:
            break
        with database.transaction() as session:
            queue_up(session)
            if _taken_over(session, source, ended[-1]):  # between two spans, whose days it found missing
                break
            visit = desk.open(session, span)
        ended.append(visit.read())
    return _total(source.name, ended)


def latest(session: Session, sources: Iterable[str]) -> dict[str, Latest]:
    """How each of the sources stands."""
    return {source: Latest(runlog.newest(session, source)) for source in sources}


def under_way(session: Session, now: datetime) -> dict[str, str]:
    """What is being fetched right now, in words, by source."""
    return {run.source: run.progress or "reading" for run in runlog.under_way(session, now)}


def trouble(session: Session, source: str, now: datetime) -> Trouble | None:
    """What the operator must hear of: a source that keeps failing, or one that lists nothing new when it should."""
    run = runlog.newest_ended(session, source)
    if run is None:
        return None
    whole = runlog.last_whole(session, source)
    last = f"It was last read without an error on {whole:%d %B at %H:%M} UTC." if whole else "It was never read without an error."
    if run.error and runlog.failures_since(session, source, now - DAY) >= FAILURES:
        return Trouble("keeps failing", f"{run.error}. {last} Missed days are read once it answers. Try: paperboy ingest {source}")
    if run.stale:
        return Trouble(
            "lists nothing new", f"It answers, but with nothing that it did not list before. {last} Look at what it shows today."
        )
    return None


def _due(session: Session, source: Source, now: datetime) -> Plan | None:
    """What it is time to read, if anything."""
    today = now.astimezone(UTC).date()
    run = runlog.newest(session, source.name)
    if run is not None and run.is_under_way(now):
        return None
    if run is None or run.ended_at is None or run.error == runlog.BROKEN_OFF:
        return _plan(session, source, today)
    since_then = abs(now - run.ended_at)  # a run that ended ahead of now was timed by a clock that was wrong
    if since_then >= _pause(session, run, now):
        return _plan(session, source, today)
    return None if run.error else days.catching_up(runlog.readings(session, source.name), today, source.expects_on)


def _taken_over(session: Session, source: Source, ours: Account) -> bool:
    """Whether another process has begun a run of this source since `ours`."""
    newest = runlog.newest(session, source.name)
    return newest is not None and (newest.since, newest.begun_at) != (ours.since, ours.begun_at)


def _pause(session: Session, run: Account, now: datetime) -> timedelta:
    """How long a source is left alone after this run."""
    if not run.error:
        return EVERY
    failures = runlog.failures_since(session, run.source, now - DAY)
    return min(EVERY, AGAIN * (1 << min(max(0, failures - 1), 10)))


def _plan(session: Session, source: Source, today: date) -> Plan:
    return days.plan(runlog.readings(session, source.name), today, source.expects_on)


def _read_all(desk: Desk, spans: Iterable[Span]) -> Summary:
    """Span after span, until one fails: then the source is down, and the older days would fail too."""
    ended: list[Account] = []
    for span in spans:
        ended.append(desk.read(span))
        if ended[-1].error:
            break
    return _total(desk.source.name, ended)


def _total(source: str, ended: Sequence[Account]) -> Summary:
    skipped = {entry: reason for run in ended for entry, reason in run.skipped.items()}
    return Summary(
        source=source,
        seen=sum(run.seen for run in ended),
        new=sum(run.new for run in ended),
        changed=sum(run.changed for run in ended),
        skips=sum(run.skips for run in ended),
        skipped=skipped,
        error=next((run.error for run in ended if run.error), None),
        stale=bool(ended) and ended[-1].stale,
    )


def _today(clock: Clock) -> date:
    return clock.now().astimezone(UTC).date()
