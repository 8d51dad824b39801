"""How long things are kept, and forgetting in small bites, so that no wave ever waits for it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from worker.send import ownership
from worker.send.models import OPEN, Delivery, Range, Wave

DELIVERIES = timedelta(days=90)
PROCESSES = timedelta(days=2)
BITE = 1000  # rows a transaction
PAUSE = 0.02  # seconds between two bites: where only one may write at a time (SQLite), others get their turn

Bite = Callable[[Session], int]


def prune(database: Database, clock: Clock, bites: Sequence[Bite], *, seconds: float) -> int:
    """Bite until nothing is left or `seconds` have passed; how many rows are gone. The next hour goes on."""
    begun, gone = clock.monotonic(), 0
    for bite in bites:
        while clock.monotonic() - begun < seconds:
            with database.transaction() as session:
                bitten = bite(session)
            gone += bitten
            if not bitten:
                break
            clock.sleep(PAUSE)
    return gone


def ledger_bites(now: datetime) -> tuple[Bite, ...]:
    """What the send room forgets."""
    before = now - DELIVERIES
    old = select(Delivery.id).where(Delivery.due_at < before, Delivery.state.not_in(OPEN)).limit(BITE)
    closed = Delivery.wave_id.is_(None) | Delivery.wave_id.in_(select(Wave.id).where(Wave.closed_at.is_not(None)))
    settled = old.where(closed).with_for_update(of=Delivery, skip_locked=True)
    # A wave's row is small, but one a quarter of an hour adds up; what it closed with went with its deliveries.
    empty = ~select(Delivery.id).where(Delivery.wave_id == Wave.id).exists() & ~select(Range.id).where(Range.wave_id == Wave.id).exists()
    over = select(Wave.id).where(Wave.closed_at < before, empty).order_by(Wave.id).limit(BITE)
    spans = select(Range.id).where(Range.wave_id.in_(select(Wave.id).where(Wave.closed_at < before))).limit(BITE)
    return (
        lambda session: len(session.execute(delete(Delivery).where(Delivery.id.in_(settled)).returning(Delivery.id)).all()),
        lambda session: len(session.execute(delete(Range).where(Range.id.in_(spans)).returning(Range.id)).all()),
        lambda session: len(session.execute(delete(Wave).where(Wave.id.in_(over)).returning(Wave.id)).all()),
        lambda session: ownership.forget(session, now - PROCESSES),
    )
