"""An operator's hand on the mail: one switch that halts everything; waves held back, let go, called off. Twice is the same as once.

Planning goes on meanwhile: readers are counted, what waits grows stale at its time, and every account still adds up.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from config.database import upsert
from worker.send import waves
from worker.send.ledger import steering
from worker.send.models import Course, State, Switch, Wave

HALT = "halt"
CALLED_OFF = "the operator cancelled the wave"


@dataclass(frozen=True, slots=True)
class Steered:
    """What became of one wave."""

    wave_id: int
    due_at: datetime
    was: Course  # before this was asked for
    deliveries: int  # that are held back, go on, or were cancelled
    on_their_way: int = 0  # claimed: they are answered, whatever was asked for


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of the wish to try again."""

    again: int  # failed deliveries that wait once more
    refused: int  # of the same days: the other side said never, and is not asked again


class SteeringError(Exception):
    """A wave that is not there, or that is over; the message names it and why."""


def halted(session: Session) -> datetime | None:
    """Since when nothing goes out, neither letters nor digests; None while mail flows."""
    return session.scalar(select(Switch.turned_at).where(Switch.name == HALT))


def halt(session: Session, *, now: datetime) -> bool:
    """Nothing is claimed from here on; what is on the wire is answered. False when it was halted already."""
    turned = upsert(session, Switch).values(name=HALT, turned_at=now).on_conflict_do_nothing().returning(Switch.name)
    return session.scalar(turned) is not None


def go_on(session: Session) -> bool:
    """Mail flows again. False when it was not halted."""
    return session.scalar(delete(Switch).where(Switch.name == HALT).returning(Switch.name)) is not None


def pause(session: Session, wave_ids: Collection[int] | None) -> list[Steered]:
    """Hold back what waits of these waves, or of every open one. Raises SteeringError."""
    return [_steered(session, wave, Course.PAUSED) for wave in _wanted(session, wave_ids)]


def resume(session: Session, wave_ids: Collection[int] | None) -> list[Steered]:
    """Let these waves, or every paused one, go on. Raises SteeringError."""
    return [_steered(session, wave, Course.OPEN) for wave in _wanted(session, wave_ids)]


def cancel(session: Session, wave_ids: Collection[int] | None, *, now: datetime) -> list[Steered]:
    """Call these waves off, or every open one: what waits is cancelled, and its papers may come again. Raises SteeringError.

    What is claimed is on its way and is answered; if it would be tried again, `sweep` cancels it. Ranges still to be planned
    are written down as cancelled.
    """
    called_off = []
    for wave in _wanted(session, wave_ids, over=(Course.CLOSED,)):
        was, wave.state = wave.state, Course.CANCELLED
        session.flush()
        cancelled = steering.cancel_waves(session, [wave.id], now=now, reason=CALLED_OFF)
        called_off.append(Steered(wave.id, wave.due_at, was, cancelled, waves.account(session, wave).states.get(State.CLAIMED, 0)))
    return called_off


def retry_failed(session: Session, only: Collection[int] | None, *, now: datetime) -> Retried:
    """Let what failed and is not stale wait again, with all its attempts before it; of everybody, or of these readers.

    A wave that was over is open again until that is settled. What a cancelled wave left failed stays so.
    """
    again, wave_ids = steering.retry_failed(session, only, now=now)
    session.execute(
        update(Wave).where(Wave.id.in_(wave_ids), Wave.closed_at.is_not(None)).values(state=Course.OPEN, closed_at=None, account={})
    )
    return Retried(again, steering.refused(session, only, now=now))


def sweep(session: Session, *, now: datetime) -> int:
    """Cancel what came back to wait in a wave that was called off; how many."""
    called_off = session.scalars(select(Wave.id).where(Wave.state == Course.CANCELLED, Wave.closed_at.is_(None))).all()
    return steering.cancel_waves(session, called_off, now=now, reason=CALLED_OFF) if called_off else 0


def _steered(session: Session, wave: Wave, course: Course) -> Steered:
    was, wave.state = wave.state, course
    states = waves.account(session, wave).states
    return Steered(wave.id, wave.due_at, was, states.get(State.WAITING, 0), states.get(State.CLAIMED, 0))


def _wanted(session: Session, wave_ids: Collection[int] | None, over: Sequence[Course] = (Course.CLOSED, Course.CANCELLED)) -> list[Wave]:
    """The waves, locked: ranges that are just being planned are written first (they share the lock)."""
    found = select(Wave).order_by(Wave.id).with_for_update()
    if wave_ids is None:
        return list(session.scalars(found.where(Wave.closed_at.is_(None), Wave.state.not_in(over))))
    rows = {wave.id: wave for wave in session.scalars(found.where(Wave.id.in_(wave_ids)))}
    for number in wave_ids:
        if number not in rows:
            raise SteeringError(f"there is no wave {number}")
        if (wave := rows[number]).state in over:
            end = "was cancelled, and what is cancelled is not sent" if wave.state == Course.CANCELLED else "is over: nothing of it waits"
            raise SteeringError(f"wave {number} of {wave.due_at:%a %d %b %H:%M} UTC {end}")
    return list(rows.values())
