"""Who holds what: deliveries are claimed by a process, and taken back from one that died."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, any_, func, select, update
from sqlalchemy.orm import Session

from worker.send.models import Delivery, Kind, State

WORDS = 300  # letters of a reason that are kept


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this process owns until it is settled."""

    id: int
    subscriber_id: int
    occasion: str
    kind: Kind
    due_at: datetime
    stale_at: datetime
    attempts: int
    content: dict[str, Any]


_CLAIMED = (
    Delivery.id,
    Delivery.subscriber_id,
    Delivery.occasion,
    Delivery.kind,
    Delivery.due_at,
    Delivery.stale_at,
    Delivery.attempts,
    Delivery.content,
)


def claim(session: Session, *, owner: int, kind: Kind, now: datetime, limit: int) -> list[Claimed]:
    """Take up to `limit` deliveries that are due for an attempt, the longest waiting first."""
    due = (
        select(Delivery.id)
        .where(Delivery.state == State.WAITING, Delivery.kind == kind, Delivery.next_attempt_at <= now)
        .order_by(Delivery.next_attempt_at, Delivery.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return _take(session, due, owner)


def claim_one(session: Session, delivery_id: int, *, owner: int) -> list[Claimed]:
    """Take one delivery if it waits, whenever its next attempt would be."""
    due = select(Delivery.id).where(Delivery.id == delivery_id, Delivery.state == State.WAITING).with_for_update(skip_locked=True)
    return _take(session, due, owner)


def _take(session: Session, due: Select[Any], owner: int) -> list[Claimed]:
    taken = (
        update(Delivery)
        .where(_among(session, due))
        .values(state=State.CLAIMED, owner=owner, attempts=Delivery.attempts + 1)
        .returning(*_CLAIMED)
        .execution_options(synchronize_session=False)
    )
    return sorted((Claimed(*row) for row in session.execute(taken)), key=lambda claimed: claimed.id)


def _among(session: Session, ids: Select[Any]) -> ColumnElement[bool]:
    """`id` is one of `ids`, in the form the planner cannot turn into a walk over the whole table."""
    if session.get_bind().dialect.name == "sqlite":
        return Delivery.id.in_(ids)
    return Delivery.id == any_(func.array(ids.scalar_subquery()))


def held(session: Session, owner: int, delivery_ids: Collection[int]) -> list[Claimed]:
    """Those of these deliveries that `owner` still has claimed."""
    condition = and_(Delivery.owner == owner, Delivery.state == State.CLAIMED, Delivery.id.in_(delivery_ids))
    return [Claimed(*row) for row in session.execute(select(*_CLAIMED).where(condition))]


def give_back_unbegun(session: Session, owner: int, begun: Collection[int], *, now: datetime) -> int:
    """What a dead owner had claimed and surely never begun waits again at once; how many."""
    given = session.execute(
        update(Delivery)
        .where(Delivery.owner == owner, Delivery.state == State.CLAIMED, Delivery.id.not_in(begun))
        .values(state=State.WAITING, owner=None, attempts=Delivery.attempts - 1, next_attempt_at=now)
        .returning(Delivery.id),
        execution_options={"synchronize_session": False},
    )
    return len(given.all())


def mark_unknown(session: Session, owner: int, *, now: datetime, words: str) -> int:
    """What a dead owner had claimed and may have handed over is unknown; how many."""
    marked = session.execute(
        update(Delivery)
        .where(Delivery.owner == owner, Delivery.state == State.CLAIMED)
        .values(state=State.UNKNOWN, owner=None, reason=words[:WORDS], settled_at=now)
        .returning(Delivery.id),
        execution_options={"synchronize_session": False},
    )
    return len(marked.all())
