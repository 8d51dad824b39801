"""The ledger: what was decided for whom, who holds it, and what became of it. The only module that touches deliveries.

A row goes waiting -> claimed -> (accepted | refused | failed | unknown | stale | cancelled), or is written as skipped or
stale at once. Claim and settle are bulk statements of their own short transactions (law 3).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, Table, and_, any_, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from config.log import redact
from worker.send.models import Delivery, Kind, State
from worker.send.port import Outcome, Verdict

# After the first failure, the second, and so on; a delivery that would be stale by then has failed for good.
RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720))
WORDS = 300  # letters of a server's answer that are kept

_ENDS = {
    Verdict.ACCEPTED: State.ACCEPTED,
    Verdict.REFUSED: State.REFUSED,
    Verdict.UNKNOWN: State.UNKNOWN,
    Verdict.DEFERRED: State.FAILED,  # unless there is a next attempt
}

# States in which the reader has, or may have, or will have, the papers of a delivery.
HELD = (State.WAITING, State.CLAIMED, State.ACCEPTED, State.UNKNOWN)
OPEN = (State.WAITING, State.CLAIMED)


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
    return list(session.scalars(found.order_by(Delivery.kind.desc(), Delivery.id)))


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


def held(session: Session, owner: int, delivery_ids: Collection[int]) -> list[Claimed]:
    """Those of these deliveries that `owner` still has claimed."""
    condition = and_(Delivery.owner == owner, Delivery.state == State.CLAIMED, Delivery.id.in_(delivery_ids))
    return [Claimed(*row) for row in session.execute(select(*_CLAIMED).where(condition))]
