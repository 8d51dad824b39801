"""What was decided: rows are written once an occasion, and the past of a reader is read for the next decision."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from worker.send.models import HELD, Delivery, State


def write(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Add deliveries, leaving out those whose reader already has one for the occasion (law 2); how many were new."""
    if not rows:
        return 0
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    written = 0
    for start in range(0, len(rows), 500):
        statement = dialect.insert(Delivery).values(list(rows[start : start + 500])).on_conflict_do_nothing()
        written += len(session.execute(statement.returning(Delivery.id)).all())
    return written


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier occasion of a reader, as planning reads it."""

    subscriber_id: int
    occasion: str
    state: State
    due_at: datetime
    papers: bytes


def past(session: Session, subscriber_ids: Collection[int], *, since: datetime) -> list[Past]:
    """What these readers were sent or spared since a moment, in the order of time: one statement."""
    rows = session.execute(
        select(Delivery.subscriber_id, Delivery.occasion, Delivery.state, Delivery.due_at, Delivery.papers)
        .where(
            Delivery.subscriber_id.in_(subscriber_ids),
            Delivery.due_at >= since,
            or_(Delivery.state.in_(HELD), Delivery.state == State.SKIPPED),
        )
        .order_by(Delivery.subscriber_id, Delivery.due_at)
    )
    return [Past(reader, occasion, State(state), due_at, papers) for reader, occasion, state, due_at, papers in rows]


def existing(session: Session, subscriber_ids: Collection[int], occasions: Collection[str]) -> dict[tuple[int, str], Delivery]:
    """The rows that these readers already have for any of these occasions."""
    found = session.scalars(select(Delivery).where(Delivery.subscriber_id.in_(subscriber_ids), Delivery.occasion.in_(occasions)))
    return {(row.subscriber_id, row.occasion): row for row in found}
