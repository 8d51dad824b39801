"""Who holds what: deliveries are claimed by a process, and taken back from one that died."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Select, Table, and_, any_, func, literal, or_, select, true, tuple_, update
from sqlalchemy.orm import Session

from worker.send.models import Delivery, DomainPace, Kind, State, stands

WORDS = 300  # letters of a reason that are kept


class Claimed(NamedTuple):
    """A delivery that this process owns until it is settled. One a mail, so a plain tuple."""

    id: int
    subscriber_id: int
    occasion: str
    kind: Kind
    due_at: datetime
    stale_at: datetime
    attempts: int
    content: dict[str, Any]
    next_attempt_at: datetime | None = None  # with its id: its place among those that waited


# The table itself: rows that pass the ORM cost twice as much, and these are read by the hundred.
_TABLE = cast("Table", Delivery.__table__)
_CLAIMED = tuple(_TABLE.c[name] for name in Claimed._fields)
_IS_WAITING = stands(State.WAITING)


@dataclass(frozen=True, slots=True)
class Front:
    """Where a claim looks."""

    after: tuple[datetime, int] | None = None  # behind this place (next_attempt_at, id): nothing before it is walked past again
    held_back: Collection[int] = ()  # in none of these waves
    domain: str = ""  # in this recipient domain alone
    unpaced: bool = False  # in no domain that is paced


ANYWHERE = Front()


def claim(session: Session, *, owner: int, kind: Kind, now: datetime, limit: int, front: Front = ANYWHERE) -> list[Claimed]:  # noqa: PLR0913 - names, no knobs
    """Take up to `limit` deliveries that are due for an attempt, the longest waiting first."""
    due = waiting(kind, now)
    if front.after:
        place = tuple_(Delivery.next_attempt_at, Delivery.id)
        due = due.where(place > tuple_(literal(front.after[0], Delivery.next_attempt_at.type), literal(front.after[1])))
    due = due.where(_in_none_of(front.held_back))
    if front.domain:
        due = due.where(Delivery.domain == front.domain)
    elif front.unpaced:
        due = due.where(Delivery.domain.not_in(select(DomainPace.domain)))
    first = due.order_by(Delivery.next_attempt_at, Delivery.id).limit(limit)
    return _take(session, first.with_for_update(of=Delivery, skip_locked=True), owner)


def claim_these(session: Session, delivery_ids: Collection[int], *, owner: int, held_back: Collection[int] = ()) -> list[Claimed]:
    """Take those of these deliveries that wait, whenever their next attempt would be, and in none of the waves that are held back."""
    due = select(Delivery.id).where(Delivery.id.in_(delivery_ids), _IS_WAITING, _in_none_of(held_back))
    return _take(session, due.with_for_update(skip_locked=True), owner)


def _in_none_of(waves: Collection[int]) -> ColumnElement[bool]:
    return or_(Delivery.wave_id.is_(None), Delivery.wave_id.not_in(waves)) if waves else true()


def waiting(kind: Kind, now: datetime) -> Select[Any]:
    """Ids of what is due for an attempt."""
    return select(Delivery.id).where(_IS_WAITING, Delivery.kind == kind, Delivery.next_attempt_at <= now)


def count_waiting(session: Session, kinds: Collection[Kind], *, now: datetime, most: int) -> int:
    """How many are due for an attempt; counts no further than `most`."""
    return sum(session.scalar(select(func.count()).select_from(waiting(kind, now).limit(most).subquery())) or 0 for kind in kinds)


def _take(session: Session, due: Select[Any], owner: int) -> list[Claimed]:
    taken = (
        update(_TABLE)
        .where(_among(session, due))
        .values(state=State.CLAIMED, owner=owner, attempts=_TABLE.c.attempts + 1)
        .returning(*_CLAIMED)
    )
    return sorted((Claimed._make(row) for row in session.execute(taken)), key=lambda claimed: claimed.id)


def _among(session: Session, ids: Select[Any]) -> ColumnElement[bool]:
    """`id` is one of `ids`, in the form the planner cannot turn into a walk over the whole table."""
    if session.get_bind().dialect.name == "sqlite":
        return Delivery.id.in_(ids)
    return Delivery.id == any_(func.array(ids.scalar_subquery()))


def held(session: Session, owner: int, delivery_ids: Collection[int]) -> list[Claimed]:
    """Those of these deliveries that `owner` still has claimed."""
    condition = and_(Delivery.owner == owner, Delivery.state == State.CLAIMED, Delivery.id.in_(delivery_ids))
    return [Claimed._make(row) for row in session.execute(select(*_CLAIMED).where(condition))]


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
