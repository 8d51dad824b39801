"""How far a wave is: what is done, how fast, for whom it still waits. Reads only what one open wave holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from worker.send.models import OPEN, Delivery, State

SPAN = timedelta(minutes=1)  # what "a second" is measured over


@dataclass(frozen=True, slots=True)
class Progress:
    """One wave at one moment."""

    total: int
    done: int
    lately: int  # settled in the last minute by being handed over
    oldest: datetime | None  # the due moment of what waits longest
    retried: int  # waits for another attempt

    @property
    def a_second(self) -> float:
        """Deliveries settled a second, over the last minute."""
        return self.lately / SPAN.total_seconds()

    @property
    def left(self) -> timedelta | None:
        """How long the rest takes at this rate; None while nothing moves."""
        return timedelta(seconds=(self.total - self.done) / self.a_second) if self.lately else None


class Share(NamedTuple):
    """What one recipient domain, or one mailer, has of a wave."""

    name: str
    waiting: int
    accepted: int
    other: int  # refused, failed, unknown, stale, cancelled


def of_wave(session: Session, wave_id: int, *, now: datetime) -> Progress:
    """How far the wave is."""
    waits = Delivery.state.in_(OPEN)
    row = session.execute(
        select(
            func.count(),
            _count(~waits),
            _count(Delivery.settled_at > now - SPAN, Delivery.state != State.SKIPPED),
            func.min(case((waits, Delivery.due_at))),
            _count(waits, Delivery.attempts > 0, Delivery.state == State.WAITING),
        ).where(Delivery.wave_id == wave_id)
    ).one()
    return Progress(row[0], row[1] or 0, row[2] or 0, row[3], row[4] or 0)


def by_domain(session: Session, wave_id: int, limit: int) -> Sequence[Share]:
    """The recipient domains for which most waits."""
    return _shares(session, wave_id, Delivery.domain, limit)


def by_mailer(session: Session, wave_id: int, limit: int) -> Sequence[Share]:
    """The mailers that took or refused anything; what waits without an attempt has none."""
    return [one for one in _shares(session, wave_id, Delivery.mailer, limit) if one.name]


def _shares(session: Session, wave_id: int, name: InstrumentedAttribute[str], limit: int) -> Sequence[Share]:
    waiting = _count(Delivery.state.in_(OPEN)).label("waiting")
    accepted = _count(Delivery.state == State.ACCEPTED)
    other = _count(Delivery.state.not_in((*OPEN, State.ACCEPTED)))
    found = select(name, waiting, accepted, other).where(Delivery.wave_id == wave_id, Delivery.state != State.SKIPPED)
    rows = session.execute(found.group_by(name).order_by(waiting.desc(), func.count().desc(), name).limit(limit))
    return [Share._make(row) for row in rows]


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(*conditions)
