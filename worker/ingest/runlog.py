"""The rows that say what each run of a source did: opened, touched while it lives, closed; and what they tell about the next one.

A row that nobody closes misleads nobody: days count as read only by runs that ended without error, a run that has not moved for minutes
is no longer under way, and the next one closes it. The wall clock decides no ownership here: were a silent run alive after all, two
would read the same days, which costs the source a few requests and changes nothing else.
"""

from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from config.log import redact
from worker.ingest.days import Reading, Span
from worker.ingest.models import Run
from worker.ingest.sanitise import line

SILENT_AFTER = timedelta(minutes=5)  # more than a request with all its retries may take (client.Patience.whole)
BROKEN_OFF = "broken off before its end; its days are read again"
NAMED_SKIPS = 50
NAME, ENTRY, REASON, ERROR, PROGRESS = 200, 200, 300, 1_000, 200  # letters


@dataclass(slots=True)
class Tally:
    """What a run has done so far."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    fresh: int = 0
    skips: int = 0
    skipped: dict[str, str] = field(default_factory=dict)

    def skip(self, entry: str, reason: str) -> None:
        """Count an entry that could not be taken, and name it while there is room."""
        self.skips += 1
        if len(self.skipped) < NAMED_SKIPS:
            self.skipped[line(entry, ENTRY) or "an entry without a name"] = line(reason, REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a run's row says."""

    source: str
    since: date
    until: date
    begun_at: datetime
    touched_at: datetime
    ended_at: datetime | None
    progress: str
    seen: int
    new: int
    changed: int
    skips: int
    skipped: dict[str, str]
    error: str | None
    stale: bool

    def is_under_way(self, now: datetime) -> bool:
        """Whether the run lives, as far as its row tells; a sign of life from the future is a clock that was wrong."""
        return self.ended_at is None and timedelta(0) <= now - self.touched_at < SILENT_AFTER


def open_run(session: Session, source: str, span: Span, owed_since: date | None, now: datetime) -> int:
    """Add the row of a run that begins; close those of the same source that nobody will."""
    silent = (Run.source == _kept(source), Run.ended_at.is_(None), Run.touched_at <= now - SILENT_AFTER)
    session.execute(update(Run).where(*silent).values(ended_at=Run.touched_at, error=BROKEN_OFF, progress=""))
    row = Run(source=_kept(source), begun_at=now, touched_at=now, since=span.since, until=span.until, owed_since=owed_since)
    session.add(row)
    session.flush()
    return row.id


def touch(session: Session, run_id: int, tally: Tally, now: datetime, words: str | None = None) -> None:
    """Show that the run lives, how far it is, and, given `words`, what it is fetching."""
    progress = {} if words is None else {"progress": line(words, PROGRESS)}
    session.execute(update(Run).where(Run.id == run_id).values(**_figures(tally), **progress, touched_at=now))


def close(session: Session, run_id: int, tally: Tally, now: datetime, error: str | None = None) -> None:
    """End the run."""
    touch(session, run_id, tally, now, words="")
    words = None if error is None else line(redact(error), ERROR)
    session.execute(update(Run).where(Run.id == run_id).values(ended_at=now, error=words))


def judge(session: Session, run_id: int, judged: date | None) -> None:
    """Call a run stale when its source has listed nothing new since the `judged` day began; a day that is None judges nobody."""
    run = account(session, run_id)
    if run.error is None and judged is not None:
        since = datetime.combine(judged, time(), UTC)
        fresh = session.scalar(select(func.sum(Run.fresh)).where(Run.source == run.source, Run.begun_at >= since))
        session.execute(update(Run).where(Run.id == run_id).values(stale=not fresh))


def account(session: Session, run_id: int) -> Account:
    """What the row of a run says now."""
    return _accounts(session, Run.id == run_id)[0]


def newest(session: Session, source: str) -> Account | None:
    """The run of the source that began last, whatever its clock said."""
    return _last(session, Run.source == _kept(source))


def newest_ended(session: Session, source: str) -> Account | None:
    """The last run of the source that is over."""
    return _last(session, Run.source == _kept(source), Run.ended_at.is_not(None))


def under_way(session: Session, now: datetime) -> list[Account]:
    """The runs that are reading now, the oldest first."""
    return [run for run in _accounts(session, Run.ended_at.is_(None)) if run.is_under_way(now)]


def readings(session: Session, source: str) -> list[Reading]:
    """Every run of the source on record, as the days it covers."""
    columns = (Run.since, Run.until, Run.begun_at, Run.owed_since, _whole())
    rows = session.execute(select(*columns).where(Run.source == _kept(source))).all()
    return [Reading(Span(since, until), begun.date(), owed_since, bool(whole)) for since, until, begun, owed_since, whole in rows]


def failures_since(session: Session, source: str, moment: datetime) -> int:
    """How many runs begun since then ended in an error of the source."""
    failed = (Run.source == _kept(source), Run.begun_at >= moment, Run.error.is_not(None), Run.error != BROKEN_OFF)
    return session.scalar(select(func.count()).where(*failed)) or 0


def last_whole(session: Session, source: str) -> datetime | None:
    """When a run of the source last ended without an error."""
    return session.scalar(select(func.max(Run.ended_at)).where(Run.source == _kept(source), _whole()))


def brought(session: Session) -> str:
    """What all runs on record have brought so far, as a word that is another one as soon as any of them brings or changes something.

    A batch and its figures are committed together: read the word first, and nothing that comes later can hide behind it.
    """
    figures = select(func.count(), func.coalesce(func.max(Run.id), 0), func.coalesce(func.sum(Run.new + Run.changed), 0))
    return ":".join(map(str, session.execute(figures.where(Run.new + Run.changed > 0)).one()))


def forget_before(session: Session, moment: datetime, *, most: int = 500) -> int:
    """Let go of up to `most` runs that ended before `moment`, but for each source's newest whole one: it says from where to go on."""
    kept = select(func.max(Run.id)).where(_whole()).group_by(Run.source)
    old = select(Run.id).where(Run.touched_at < moment, Run.id.not_in(kept)).limit(most)
    ids = session.scalars(old).all()
    session.execute(delete(Run).where(Run.id.in_(ids)))
    return len(ids)


def _kept(source: str) -> str:
    """The name of a source as its rows carry it: the URL of a feed, or a path, may be longer than the column."""
    return source if len(source) <= NAME else f"{source[: NAME - 17]}#{blake2b(source.encode(), digest_size=8).hexdigest()}"


def _last(session: Session, *conditions: ColumnElement[bool]) -> Account | None:
    last = select(func.max(Run.id)).where(*conditions).scalar_subquery()
    return next(iter(_accounts(session, Run.id == last)), None)


def _accounts(session: Session, *conditions: ColumnElement[bool]) -> list[Account]:
    columns = [Run.__table__.c[each.name] for each in fields(Account)]
    return [Account(**row) for row in session.execute(select(*columns).where(*conditions).order_by(Run.id)).mappings()]


def _whole() -> ColumnElement[bool]:
    return Run.ended_at.is_not(None) & Run.error.is_(None)


def _figures(tally: Tally) -> dict[str, object]:
    return {
        "seen": tally.seen,
        "new": tally.new,
        "changed": tally.changed,
        "fresh": tally.fresh,
        "skips": tally.skips,
        "skipped": dict(tally.skipped),
    }
