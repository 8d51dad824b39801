"""What people and tasks ask of the ledger. Changes nothing."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from worker.send.models import HELD, Delivery, Kind, State

_LANES = case({kind: place for place, kind in enumerate(Kind)}, value=Delivery.kind)


def history(session: Session, subscriber_id: int, limit: int = 10) -> list[Delivery]:
    """A reader's last occasions, the newest first."""
    return list(
        session.scalars(
            select(Delivery)
            .where(Delivery.subscriber_id == subscriber_id)
            .order_by(Delivery.due_at.desc(), Delivery.id.desc())
            .limit(limit)
        )
    )


def digests(session: Session, subscriber_id: int, limit: int) -> list[Delivery]:
    """A reader's last digests that went out or will, the welcome among them, the newest first."""
    mine = (Delivery.subscriber_id == subscriber_id, Delivery.state.in_(HELD), Delivery.papers != b"")
    return list(session.scalars(select(Delivery).where(*mine).order_by(Delivery.due_at.desc(), Delivery.id.desc()).limit(limit)))


def one(session: Session, delivery_id: int) -> Delivery | None:
    """One delivery, for the web view and for votes."""
    return session.get(Delivery, delivery_id)


def waiting(session: Session, *, now: datetime) -> dict[Kind, int]:
    """How many deliveries are due for an attempt, by kind."""
    rows = session.execute(
        select(Delivery.kind, func.count()).where(Delivery.state == State.WAITING, Delivery.next_attempt_at <= now).group_by(Delivery.kind)
    )
    return {Kind(kind): count for kind, count in rows}


def later(session: Session, *, now: datetime) -> tuple[int, datetime | None]:
    """How many deliveries wait for an attempt that is still to come, and when the first of them is due."""
    ahead = (Delivery.state == State.WAITING, Delivery.next_attempt_at > now)
    count, first = session.execute(select(func.count(), func.min(Delivery.next_attempt_at)).where(*ahead)).one()
    return count, first


def waiting_for(session: Session, subscriber_ids: Collection[int]) -> list[int]:
    """Every delivery to these readers that nobody has taken yet, letters first."""
    found = select(Delivery.id).where(Delivery.subscriber_id.in_(subscriber_ids), Delivery.state == State.WAITING)
    return list(session.scalars(found.order_by(_LANES, Delivery.id)))


def ended(session: Session, states: Collection[State], *, since: datetime, limit: int) -> list[Delivery]:
    """Deliveries that came to one of these ends since a moment, the first of them."""
    found = select(Delivery).where(Delivery.state.in_(states), Delivery.settled_at >= since).order_by(Delivery.id).limit(limit)
    return list(session.scalars(found))


def states_of(session: Session, ids: Sequence[int]) -> dict[State, int]:
    """How these deliveries stand."""
    states: Counter[State] = Counter()
    for start in range(0, len(ids), 1000):
        rows = session.scalars(select(Delivery.state).where(Delivery.id.in_(ids[start : start + 1000])))
        states.update(State(state) for state in rows)
    return dict(states)


def ids(session: Session, subscriber_id: int, occasions: Collection[str]) -> list[int]:
    """The deliveries of these occasions that still wait."""
    return list(
        session.scalars(
            select(Delivery.id).where(
                Delivery.subscriber_id == subscriber_id, Delivery.occasion.in_(occasions), Delivery.state == State.WAITING
            )
        )
    )
