"""Forgets what nobody needs any more, a bite at a time, so that nobody waits for it. Papers and their listings are kept for good."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Date, cast, delete, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from worker.ingest import fetches, runlog
from worker.ingest.models import Snapshot

BITE = 2_000  # rows


def thin_snapshots(session: Session, before: datetime, *, most: int = BITE) -> int:
    """Of the snapshots taken before `before`, let up to `most` go that are not their paper's last of a day (UTC); how many went.

    Call again, each time in a transaction of its own, until nothing went.
    """
    old, later = aliased(Snapshot), aliased(Snapshot)
    same_day = _day(session, later.taken_at) == _day(session, old.taken_at)
    outlived = select(later.paper_id).where(later.paper_id == old.paper_id, later.taken_at > old.taken_at, same_day).exists()
    gone = select(old.paper_id, old.taken_at).where(old.taken_at < before, outlived).limit(most)
    result = session.execute(delete(Snapshot).where(tuple_(Snapshot.paper_id, Snapshot.taken_at).in_(gone)))
    return result.rowcount if isinstance(result, CursorResult) else 0


def forget_runs(session: Session, before: datetime, *, most: int = BITE) -> int:
    """Let go of up to `most` runs that ended before `before`, all but what tells the next run from where to go on; how many went."""
    return runlog.forget_before(session, before, most=most)


def forget_answers(session: Session, before: datetime, *, most: int = 200) -> int:
    """Let go of up to `most` answers of sources held since before `before`; how many went. They are kilobytes each."""
    return fetches.forget_before(session, before, most=most)


def _day(session: Session, moment: InstrumentedAttribute[datetime]) -> ColumnElement[Any]:
    if session.get_bind().dialect.name == "sqlite":  # keeps moments as text in UTC
        return func.date(moment)
    return cast(func.timezone("UTC", moment), Date)
