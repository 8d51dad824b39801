"""What becomes of deliveries without an answer: they wait again, grow stale, or are called off."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from config.database import among
from worker.send.ledger.outcomes import RETRY_AFTER
from worker.send.models import Course, Delivery, State, Wave, stands

LONGEST_USE = timedelta(hours=72)  # of a weekly digest: no delivery that is due for longer is of use


def resend_unknown(session: Session, *, now: datetime) -> int:
    """The policy `resend`: what is unknown and not stale goes out again, under the same Message-ID; how many."""
    resent = session.execute(
        update(Delivery)
        .where(stands(State.UNKNOWN), Delivery.stale_at > now, Delivery.attempts <= len(RETRY_AFTER), Delivery.due_at <= now)
        .values(state=State.WAITING, next_attempt_at=now, settled_at=None)
        .returning(Delivery.id),
        execution_options={"synchronize_session": False},
    )
    return len(resent.all())


def expire(session: Session, *, now: datetime) -> int:
    """What waits past its use is stale; how many."""
    expired = session.execute(
        update(Delivery)
        .where(stands(State.WAITING), Delivery.stale_at <= now)
        .values(state=State.STALE, settled_at=now, reason=func.coalesce(func.nullif(Delivery.reason, ""), "too old to be of use"))
        .returning(Delivery.id),
        execution_options={"synchronize_session": False},
    )
    return len(expired.all())


def cancel_for(session: Session, subscriber_id: int, *, now: datetime, reason: str) -> int:
    """Nothing that waits for this reader goes out any more; how many."""
    cancelled = session.execute(
        update(Delivery)
        .where(Delivery.subscriber_id == subscriber_id, Delivery.state == State.WAITING)
        .values(state=State.CANCELLED, settled_at=now, reason=reason)
        .returning(Delivery.id),
        execution_options={"synchronize_session": False},
    )
    return len(cancelled.all())


def cancel_waves(session: Session, wave_ids: Collection[int], *, now: datetime, reason: str) -> int:
    """Nothing that waits of these waves goes out any more; how many."""
    cancelled = session.execute(
        update(Delivery)
        .where(Delivery.wave_id.in_(wave_ids), Delivery.state == State.WAITING)
        .values(state=State.CANCELLED, settled_at=now, reason=reason)
        .returning(Delivery.id),
        execution_options={"synchronize_session": False},
    )
    return len(cancelled.all())


def retry_failed(session: Session, only: Collection[int] | None, *, now: datetime) -> tuple[int, set[int]]:
    """What failed and is of use still waits again, as if it had never been tried; how many, and of which waves. Not of cancelled ones."""
    called_off = select(Wave.id).where(Wave.state == Course.CANCELLED)
    again = session.execute(
        update(Delivery)
        .where(*_of_use(session, State.FAILED, only, now), Delivery.wave_id.is_(None) | Delivery.wave_id.not_in(called_off))
        .values(state=State.WAITING, next_attempt_at=now, attempts=0, settled_at=None)
        .returning(Delivery.wave_id),
        execution_options={"synchronize_session": False},
    ).all()
    return len(again), {wave for (wave,) in again if wave is not None}


def refused(session: Session, only: Collection[int] | None, *, now: datetime) -> int:
    """How many were refused that would be of use still."""
    return session.scalar(select(func.count()).where(*_of_use(session, State.REFUSED, only, now))) or 0


def _of_use(session: Session, state: State, only: Collection[int] | None, now: datetime) -> Sequence[ColumnElement[bool]]:
    of_use = (Delivery.state == state, Delivery.stale_at > now, Delivery.due_at > now - LONGEST_USE)
    return of_use if only is None else (*of_use, among(session, Delivery.subscriber_id, only))
