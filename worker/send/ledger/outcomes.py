"""What became of it: outcomes are settled in groups, and every row comes to one end."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    Text,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from config.database import among
from config.log import redact
from worker.send.ledger.claims import WORDS, Claimed
from worker.send.models import Course, Delivery, State, Wave, stands
from worker.send.port import Outcome, Verdict

# After the first failure, the second, and so on; a delivery that would be stale by then has failed for good.
RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720))

LONGEST_USE = timedelta(hours=72)  # of a weekly digest: no delivery that is due for longer is of use

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
    """Write a group of outcomes in one statement.

    A row that this owner lost meanwhile takes only the good news, and only while nobody else holds it: that a mail was
    accepted after all is what keeps it from going out twice.
    """
    group = list(settlements)
    if not group:
        return
    mine = and_(_ROW.owner == owner, _ROW.state == State.CLAIMED)
    if _settle(session, mine, group) < len(group):
        good = [one for one in group if one.state is State.ACCEPTED]
        _settle(session, or_(_ROW.state == State.WAITING, _ROW.state == State.UNKNOWN), good)


_TABLE = cast("Table", Delivery.__table__)
_ROW = _TABLE.c
# What an outcome brings, and how PostgreSQL reads an array of it.
_BROUGHT: dict[str, TypeEngine[Any]] = {
    "id": BigInteger(),
    "state": Text(),
    "reason": Text(),
    "code": Text(),
    "mailer": Text(),
    "provider_id": Text(),
    "address_hash": LargeBinary(),
    "uncounted": Integer(),
    "next_attempt_at": DateTime(timezone=True),
    "settled_at": DateTime(timezone=True),
}


def _settle(session: Session, condition: ColumnElement[bool], group: Sequence[Settlement]) -> int:
    """Write outcomes to the rows that meet a condition; how many."""
    if not group:
        return 0
    brought = [_brought(one) for one in group]
    if session.get_bind().dialect.name == "sqlite":
        new: Mapping[str, ColumnElement[Any]] = {name: bindparam(f"to_{name}", type_=_kept(name)) for name in _BROUGHT}
        values: Any = [{f"to_{name}": value for name, value in zip(_BROUGHT, row, strict=True)} for row in brought]
    else:
        arrays: list[ColumnElement[Any]] = [bindparam(f"to_{name}", type_=ARRAY(kind)) for name, kind in _BROUGHT.items()]
        new = dict(func.unnest(*arrays).table_valued(*_BROUGHT).render_derived("brought").c)
        values = {f"to_{name}": list(column) for name, column in zip(_BROUGHT, zip(*brought, strict=True), strict=True)}
    settling = update(_TABLE).where(_ROW.id == new["id"], condition).values(_settled(new))
    return session.connection().execution_options(preserve_rowcount=True).execute(settling, values).rowcount


def _kept(name: str) -> TypeEngine[Any]:
    """A column's own type: SQLite's moments need it."""
    return _ROW[name].type if name in _ROW else _BROUGHT[name]


def _brought(one: Settlement) -> tuple[object, ...]:
    ended_at = None if one.state is State.WAITING else one.now
    return (
        one.id,
        str(one.state),
        one.reason,
        one.code,
        one.mailer,
        one.provider_id,
        one.address_hash,
        one.uncounted,
        one.next_attempt_at,
        ended_at,
    )


def _settled(new: Mapping[str, ColumnElement[Any]]) -> dict[str, Any]:
    kept = ("state", "reason", "code", "mailer", "provider_id", "address_hash", "settled_at")
    return {
        **{name: new[name] for name in kept},
        "owner": None,
        "attempts": _ROW.attempts - new["uncounted"],
        "next_attempt_at": func.coalesce(new["next_attempt_at"], _ROW.next_attempt_at),
    }


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
