"""Waves: all readers due in one tick of the clock, cut into ranges; opened once, closed when the account adds up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from worker.send.models import OPEN, Course, Delivery, Range, State, Wave

READERS_A_RANGE = 2000  # a Celery task costs about 2 ms in all, so 1 us a reader (measurements, section 4)
TICK = timedelta(minutes=1)


def tick_of(now: datetime) -> datetime:
    """The tick that `now` belongs to: its full minute."""
    return now.replace(second=0, microsecond=0)


def open_wave(
    session: Session, due_ids: Sequence[int], *, due_at: datetime, now: datetime, readers_a_range: int = READERS_A_RANGE
) -> list[int]:
    """Open the wave of a tick over these readers, in the order of their ids; the ids of its ranges.

    A range takes in whoever else is due between its first and its last reader: with one reader a range, nobody.

    Opening it twice, as two beats do, opens it once: the second gets nothing.
    """
    uncovered = _uncovered(session, due_ids)
    if not uncovered:
        return []
    wave_id = _insert(session, due_at=due_at, now=now)
    if wave_id is None:
        return []
    ranges = [
        Range(wave_id=wave_id, first_id=chunk[0], last_id=chunk[-1])
        for chunk in (uncovered[start : start + readers_a_range] for start in range(0, len(uncovered), readers_a_range))
    ]
    session.add_all(ranges)
    session.flush()
    return [one.id for one in ranges]


def _insert(session: Session, *, due_at: datetime, now: datetime) -> int | None:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(Wave).values(due_at=due_at, opened_at=now, state=Course.OPEN, account={})
    return session.scalars(statement.on_conflict_do_nothing().returning(Wave.id)).first()


def _uncovered(session: Session, due_ids: Sequence[int]) -> list[int]:
    """Those that no range still to be planned covers: a slow planner is not handed the same readers every minute."""
    pending = session.execute(select(Range.first_id, Range.last_id).where(Range.planned_at.is_(None)).order_by(Range.first_id)).all()
    left: list[int] = []
    at, covered_to = 0, -1
    for reader in due_ids:
        while at < len(pending) and pending[at].first_id <= reader:
            covered_to = max(covered_to, pending[at].last_id)
            at += 1
        if reader > covered_to:
            left.append(reader)
    return left


def hold_range(session: Session, range_id: int) -> tuple[Range, Wave] | None:
    """Lock a range that is still to be planned; None when it has been, or is being. Its wave is locked too, shared with other ranges.

    Whoever cancels the wave waits for what is being planned, and finds it written.
    """
    held = session.scalars(select(Range).where(Range.id == range_id, Range.planned_at.is_(None)).with_for_update(skip_locked=True)).first()
    if held is None:
        return None
    return held, session.scalars(select(Wave).where(Wave.id == held.wave_id).with_for_update(read=True)).one()


def held_back(session: Session) -> list[int]:
    """The waves of which nothing may be claimed: paused ones, and cancelled ones in which something is still on its way."""
    return list(session.scalars(select(Wave.id).where(Wave.closed_at.is_(None), Wave.state.in_((Course.PAUSED, Course.CANCELLED)))))


def unplanned(session: Session) -> list[int]:
    """Ranges that nobody has planned yet: a lost task costs one tick and nothing else (law 1)."""
    return list(session.scalars(select(Range.id).where(Range.planned_at.is_(None)).order_by(Range.id)))


@dataclass(frozen=True, slots=True)
class Account:
    """What became of a wave: `counted` readers were read by the planner; every one of them has exactly one row."""

    wave_id: int
    due_at: datetime
    counted: int
    states: dict[State, int]

    @property
    def open(self) -> int:
        """Deliveries still on their way."""
        return sum(self.states.get(state, 0) for state in OPEN)

    @property
    def balance(self) -> int:
        """Rows minus readers counted: anything but zero is an error that is shown."""
        return sum(self.states.values()) - self.counted


def account(session: Session, wave: Wave) -> Account:
    """Add a wave up."""
    counted = session.scalar(select(func.coalesce(func.sum(Range.readers), 0)).where(Range.wave_id == wave.id)) or 0
    rows = session.execute(select(Delivery.state, func.count()).where(Delivery.wave_id == wave.id).group_by(Delivery.state))
    return Account(wave.id, wave.due_at, int(counted), {State(state): count for state, count in rows})


def close_finished(session: Session, *, now: datetime) -> list[Account]:
    """Close every open wave that is planned and settled; their accounts, the wrong ones among them."""
    still_planning = select(Range.wave_id).where(Range.planned_at.is_(None))
    waves = session.scalars(
        select(Wave).where(Wave.closed_at.is_(None), Wave.id.not_in(still_planning)).order_by(Wave.id).with_for_update(skip_locked=True)
    )
    closed = []
    for wave in waves.all():
        sums = account(session, wave)
        if sums.open:
            continue
        wave.state, wave.closed_at = Course.CANCELLED if wave.state == Course.CANCELLED else Course.CLOSED, now
        wave.account = {"counted": sums.counted, "balance": sums.balance, **{str(state): count for state, count in sums.states.items()}}
        closed.append(sums)
    return closed


def recent(session: Session, limit: int = 10) -> list[Account]:
    """The newest waves, added up, for `status`."""
    waves = session.scalars(select(Wave).order_by(Wave.id.desc()).limit(limit)).all()
    return [account(session, wave) for wave in waves]


def skips(session: Session, range_ids: Sequence[int]) -> dict[str, int]:
    """Why readers of the waves of these ranges get no mail, and how many each."""
    waves = select(Range.wave_id).where(Range.id.in_(range_ids))
    ended = (Delivery.wave_id.in_(waves), Delivery.state.in_((State.SKIPPED, State.STALE)))
    rows = session.execute(select(Delivery.reason, func.count()).where(*ended).group_by(Delivery.reason).order_by(Delivery.reason))
    return dict(rows.all())


def unbalanced(session: Session, *, since: datetime) -> list[Wave]:
    """Closed waves whose account does not add up."""
    waves = session.scalars(select(Wave).where(Wave.closed_at >= since))
    return [wave for wave in waves if wave.account.get("balance")]
