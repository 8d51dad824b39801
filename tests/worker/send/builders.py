"""Rows of the ledger with good defaults, so that a test shows only what matters."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import Database
from worker.send.ledger import writing
from worker.send.models import Delivery, Kind, Process, State

NOW = datetime(2026, 6, 17, 6, 0, tzinfo=UTC)


def a_row(subscriber_id: int, **values: Any) -> dict[str, Any]:
    """A digest that waits since NOW."""
    due_at = values.pop("due_at", NOW)
    return {
        "subscriber_id": subscriber_id,
        "occasion": "digest:2026-06-17",
        "kind": Kind.DIGEST,
        "state": State.WAITING,
        "due_at": due_at,
        "stale_at": due_at + timedelta(hours=20),
        "next_attempt_at": due_at,
        "domain": "example.org",
        "wave_id": None,
        "owner": None,
        "content": {},
        "papers": b"",
        **values,
    }


def a_process(database: Database, name: str = "here:1") -> int:
    """The id of a process that may own claims."""
    with database.transaction() as session:
        row = Process(name=name, begun_at=NOW)
        session.add(row)
        session.flush()
        return row.id


def written(database: Database, *rows: dict[str, Any]) -> list[int]:
    """The ids of these rows, added in order."""
    with database.transaction() as session:
        writing.write(session, rows)
        return list(session.scalars(select(Delivery.id).order_by(Delivery.id)))


def states(session: Session) -> dict[int, State]:
    """Every delivery's state."""
    return {row.id: State(row.state) for row in session.execute(select(Delivery.id, Delivery.state))}
