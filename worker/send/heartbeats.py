"""When something that should beat last did: the one row that says whether the clock of the service runs."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from config.database import upsert
from worker.send.models import Heartbeat

BEAT = "beat"
SILENT_AFTER = timedelta(minutes=30)


def beat(session: Session, name: str, *, now: datetime) -> None:
    """Note that `name` is alive."""
    statement = upsert(session, Heartbeat).values(name=name, beat_at=now)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"beat_at": now}))


def last(session: Session, name: str) -> datetime | None:
    """When `name` last beat; None if it never did."""
    row = session.get(Heartbeat, name)
    return row.beat_at if row else None
