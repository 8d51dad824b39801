"""Planning one range of a wave: read its readers once, pick for all of them in one product, write their deliveries.

One transaction does all of it, so that a reader's delivery (or the reason for none) and the next due moment are one fact.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from subscribers import audience, cadence
from subscribers.models import InterestKind, Subscriber
from worker.pick.choices import Quiet, Selection
from worker.pick.readers import Reader
from worker.pick.selection import select, window
from worker.send import ledger, waves
from worker.send.models import Kind, State
from worker.send.today import Today

MEMORY = timedelta(days=16)


@dataclass(frozen=True, slots=True)
class Due:
    """One reader and one occasion."""

    subscriber: Subscriber
    occasion: str
    due_at: datetime
    stale_at: datetime


def plan_range(database: Database, today: Today, clock: Clock, range_id: int) -> int:
    """Plan one range; how many occasions it counted. A range that was planned already, or is being, counts none."""
    now = clock.now()
    with database.transaction() as session:
        held = waves.hold_range(session, range_id)
        if held is None:
            return 0
        span, wave = held
        rows = audience.due_in_range(session, span.first_id, span.last_id, wave.due_at)
        due = [one for row in rows for one in occasions(row, now)]
        counted = _write(session, today, due, now=now, wave_id=wave.id)
        audience.advance(session, [advanced(row, now) for row in rows])
        span.readers, span.planned_at = counted, now
    return counted
