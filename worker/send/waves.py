"""Waves: all readers due in one tick of the clock, cut into ranges; opened once, closed when the account adds up."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.database import among, upsert
from subscribers import audience
from worker.send.models import OPEN, Course, Delivery, Range, State, Wave

READERS_A_RANGE = 2000  # a Celery task costs about 2 ms in all, so 1 us a reader (measurements, section 4)
TICK = timedelta(minutes=1)
TWO_TICKS = 2 * TICK

Span = tuple[int, int]  # ids of readers, first and last


def tick_of(now: datetime) -> datetime:
    """The tick that `now` belongs to: its full minute."""
    return now.replace(second=0, microsecond=0)


def open_wave(session: Session, spans: Sequence[Span], *, due_at: datetime, now: datetime) -> list[int]:
    """Open the wave of a tick over these spans of ids, first and last; the ids of its ranges.

    A range takes in whoever else is due between its first and its last reader. Opening it twice, as two beats do, opens it once:
    the second gets nothing.
    """
    if not spans:
        return []
    wave_id = _insert(session, due_at=due_at, now=now)
    if wave_id is None:
        return []
    ranges = [Range(wave_id=wave_id, first_id=first, last_id=last) for first, last in spans]
    session.add_all(ranges)
    session.flush()
    return [one.id for one in ranges]


def due_spans(session: Session, due_by: datetime, readers_a_range: int = READERS_A_RANGE) -> list[Span]:
    """Who is due at or before `due_by`, cut into ranges by the database: ids by the hundred thousand stay where they are.

    Whom a range still to be planned covers is left out: a slow planner is not handed the same readers every minute.
    """
    return [
        span
        for after, before in _gaps(session)
        for span in audience.due_spans(session, due_by, after=after, before=before, readers=readers_a_range)
    ]


def uncovered(session: Session, ids: Sequence[int]) -> list[Span]:
    """A span for each of a few readers whom no range still to be planned covers."""
    gaps = _gaps(session)
    return [(one, one) for one in ids if any(after < one and (before is None or one < before) for after, before in gaps)]


def _gaps(session: Session) -> list[tuple[int, int | None]]:
    """What lies between the ranges still to be planned: ids above one and below the next."""
    pending = session.execute(select(Range.first_id, Range.last_id).where(Range.planned_at.is_(None)).order_by(Range.first_id)).all()
    gaps: list[tuple[int, int | None]] = []
    covered_to = 0
    for first, last in pending:
        if first > covered_to + 1:
            gaps.append((covered_to, first))
        covered_to = max(covered_to, last)
    return [*gaps, (covered_to, None)]


def _insert(session: Session, *, due_at: datetime, now: datetime) -> int | None:
    statement = upsert(session, Wave).values(due_at=due_at, opened_at=now, state=Course.OPEN, account={})
    return session.scalars(statement.on_conflict_do_nothing().returning(Wave.id)).first()


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


def paused(session: Session, only: Collection[int] = (), *, now: datetime) -> list[tuple[int, int]]:
    """Each paused wave of which something is due for an attempt, and how much; `only`: for these readers."""
    waits = (Wave.closed_at.is_(None), Wave.state == Course.PAUSED, Delivery.state == State.WAITING, Delivery.next_attempt_at <= now)
    found = select(Wave.id, func.count()).join(Delivery, Delivery.wave_id == Wave.id).where(*waits).group_by(Wave.id).order_by(Wave.id)
    if only:
        found = found.where(among(session, Delivery.subscriber_id, only))
    return [(wave_id, count) for wave_id, count in session.execute(found)]


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
    course: Course = Course.OPEN
    overdue: int = 0  # readers who were due by its tick, and whom neither it nor a later one took

    @property
    def open(self) -> int:
        """Deliveries still on their way."""
        return sum(self.states.get(state, 0) for state in OPEN)

    @property
    def balance(self) -> int:
        """Rows minus readers counted: anything but zero is an error that is shown."""
        return sum(self.states.values()) - self.counted

    @property
    def is_wrong(self) -> bool:
        """Whether anybody is not accounted for."""
        return bool(self.balance or self.overdue)

    def packed(self) -> dict[str, int]:
        """Plain values for a JSON column, and for the log."""
        sums = {"counted": self.counted, "balance": self.balance, **{str(state): count for state, count in self.states.items()}}
        return sums | {"overdue": self.overdue} if self.overdue else sums


def account(session: Session, wave: Wave) -> Account:
    """Add a wave up."""
    counted = session.scalar(select(func.coalesce(func.sum(Range.readers), 0)).where(Range.wave_id == wave.id)) or 0
    rows = session.execute(select(Delivery.state, func.count()).where(Delivery.wave_id == wave.id).group_by(Delivery.state))
    return Account(wave.id, wave.due_at, int(counted), {State(state): count for state, count in rows}, Course(wave.state))


def close_finished(session: Session, *, now: datetime) -> list[Account]:
    """Close every open wave that is planned and settled; their accounts, the wrong ones among them."""
    still_planning = select(Range.wave_id).where(Range.planned_at.is_(None))
    waves = session.scalars(
        select(Wave).where(Wave.closed_at.is_(None), Wave.id.not_in(still_planning)).order_by(Wave.id).with_for_update(skip_locked=True)
    )
    closed = []
    for wave in waves.all():
        on_their_way = select(Delivery.id).where(Delivery.wave_id == wave.id, Delivery.state.in_(OPEN)).limit(1)
        if session.scalar(on_their_way) is not None:
            continue  # known from the index: adding all of it up at every sweep would read a million rows
        sums = account(session, wave)
        if sums.open:
            continue  # somebody let what failed wait again, this moment
        wave.state, wave.closed_at = Course.CANCELLED if wave.state == Course.CANCELLED else Course.CLOSED, now
        missed = len(audience.overdue(session, min(wave.due_at, now - TWO_TICKS)))
        sums = replace(sums, course=Course(wave.state), overdue=missed)
        wave.account = sums.packed()
        closed.append(sums)
    return closed


def recent(session: Session, limit: int = 10) -> list[Account]:
    """The newest waves for `status`: closed ones as they were added up then, open ones now."""
    waves = session.scalars(select(Wave).order_by(Wave.id.desc()).limit(limit)).all()
    return [_closed(wave) if wave.closed_at else account(session, wave) for wave in waves]


def added_up(session: Session) -> list[Account]:
    """Every wave, added up anew from its rows, whatever was found when it closed."""
    return [account(session, wave) for wave in session.scalars(select(Wave).order_by(Wave.id)).all()]


def _closed(wave: Wave) -> Account:
    sums: dict[str, int] = wave.account
    states = {state: sums[state] for state in State if state in sums}
    return Account(wave.id, wave.due_at, sums.get("counted", 0), states, Course(wave.state), sums.get("overdue", 0))


def skips(session: Session, range_ids: Sequence[int]) -> dict[str, int]:
    """Why readers of the waves of these ranges get no mail, and how many each."""
    waves = select(Range.wave_id).where(Range.id.in_(range_ids))
    ended = (Delivery.wave_id.in_(waves), Delivery.state.in_((State.SKIPPED, State.STALE)))
    rows = session.execute(select(Delivery.reason, func.count()).where(*ended).group_by(Delivery.reason).order_by(Delivery.reason))
    return dict(rows.all())


def wrong(session: Session, *, since: datetime) -> list[Account]:
    """The accounts of closed waves that do not add up."""
    closed = map(_closed, session.scalars(select(Wave).where(Wave.closed_at >= since).order_by(Wave.id)))
    return [account for account in closed if account.is_wrong]
