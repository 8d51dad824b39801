"""What became of it: outcomes are settled in groups, and every row comes to one end."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, and_, bindparam, func, or_, update
from sqlalchemy.orm import Session

from config.log import redact
from worker.send.ledger.claims import WORDS, Claimed
from worker.send.models import Delivery, State
from worker.send.port import Outcome, Verdict

# After the first failure, the second, and so on; a delivery that would be stale by then has failed for good.
RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720))

_ENDS = {
    Verdict.ACCEPTED: State.ACCEPTED,
    Verdict.REFUSED: State.REFUSED,
    Verdict.UNKNOWN: State.UNKNOWN,
    Verdict.DEFERRED: State.FAILED,  # unless there is a next attempt
}


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is written when the fate of one claim is known."""

    id: int
    state: State
    now: datetime
    reason: str = ""
    code: str = ""
    mailer: str = ""
    provider_id: str = ""
    address_hash: bytes | None = None
    next_attempt_at: datetime | None = None
    uncounted: int = 0  # attempts to take back: 1 when it was never begun


def settlement(claimed: Claimed, outcome: Outcome, *, now: datetime, mailer: str) -> Settlement:
    """What an outcome means for the row: an end, or the next moment (law 8: the ledger alone decides on retries)."""
    later = next_attempt(claimed.attempts, claimed.stale_at, now) if outcome.verdict is Verdict.DEFERRED else None
    return Settlement(
        claimed.id,
        State.WAITING if later else _ENDS[outcome.verdict],
        now,
        reason=redact(outcome.words)[:WORDS],  # servers like to quote the address, and a delivery holds none (law 10)
        code=outcome.code[:16],
        mailer=mailer[:40],
        provider_id=outcome.provider_id[:200],
        next_attempt_at=later,
    )


def next_attempt(attempts: int, stale_at: datetime, now: datetime) -> datetime | None:
    """When a delivery that failed `attempts` times is tried again; None when there is no use any more."""
    if attempts > len(RETRY_AFTER):
        return None
    later = now + RETRY_AFTER[max(0, attempts - 1)]
    return later if later < stale_at else None


def settle(session: Session, owner: int, settlements: Iterable[Settlement]) -> None:
    """Write a group of outcomes in one statement a kind.

    A row that this owner lost meanwhile takes only the good news, and only while nobody else holds it: that a mail was
    accepted after all is what keeps it from going out twice.
    """
    ours, late = [], []
    for one in settlements:
        row = {
            "row_id": one.id,
            "to_state": one.state,
            "to_reason": one.reason,
            "to_code": one.code,
            "to_mailer": one.mailer,
            "to_provider_id": one.provider_id,
            "to_address_hash": one.address_hash,
            "to_next_attempt_at": one.next_attempt_at,
            "uncounted": one.uncounted,
            "to_settled_at": None if one.state is State.WAITING else one.now,
        }
        ours.append(row)
        if one.state is State.ACCEPTED:
            late.append(row)
    if not ours:
        return
    mine = and_(Delivery.owner == owner, Delivery.state == State.CLAIMED)
    session.connection().execute(_settling(mine), ours)
    if late:
        session.connection().execute(_settling(or_(Delivery.state == State.WAITING, Delivery.state == State.UNKNOWN)), late)


def _settling(condition: ColumnElement[bool]) -> Any:  # noqa: ANN401 - SQLAlchemy types an executemany update no further
    table = cast("Table", Delivery.__table__)
    return (
        update(table)
        .where(table.c.id == bindparam("row_id"), condition)
        .values(
            state=bindparam("to_state"),
            owner=None,
            reason=bindparam("to_reason"),
            code=bindparam("to_code"),
            mailer=bindparam("to_mailer"),
            provider_id=bindparam("to_provider_id"),
            address_hash=bindparam("to_address_hash"),
            attempts=table.c.attempts - bindparam("uncounted"),
            next_attempt_at=func.coalesce(bindparam("to_next_attempt_at", type_=table.c.next_attempt_at.type), table.c.next_attempt_at),
            settled_at=bindparam("to_settled_at", type_=table.c.settled_at.type),
        )
    )


def resend_unknown(session: Session, *, now: datetime) -> int:
    """The policy `resend`: what is unknown and not stale goes out again, under the same Message-ID; how many."""
    resent = session.execute(
        update(Delivery)
        .where(Delivery.state == State.UNKNOWN, Delivery.stale_at > now, Delivery.attempts <= len(RETRY_AFTER), Delivery.due_at <= now)
        .values(state=State.WAITING, next_attempt_at=now, settled_at=None)
        .returning(Delivery.id),
        execution_options={"synchronize_session": False},
    )
    return len(resent.all())


def expire(session: Session, *, now: datetime) -> int:
    """What waits past its use is stale; how many."""
    expired = session.execute(
        update(Delivery)
        .where(Delivery.state == State.WAITING, Delivery.stale_at <= now)
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
