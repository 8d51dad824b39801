"""Bringing today's occasion forward (`send --now`): the same keys, the same rows, before their hour. Refuses nobody in silence."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from subscribers import audience, cadence
from subscribers.audience import Scheduled
from subscribers.models import Standing
from worker.pick.choices import Quiet
from worker.pick.today import Today
from worker.send import planning
from worker.send.ledger import writing
from worker.send.models import Delivery, State
from worker.send.planning import Chosen, Decided, Due, Plan
from worker.send.words import told

BLOCK = 1000


@dataclass(slots=True)
class Forwarded:
    """What became of each reader, by address."""

    planned: list[int] = field(default_factory=list)  # delivery ids
    waiting: list[int] = field(default_factory=list)  # of deliveries planned earlier, which nobody has taken yet
    quiet: list[tuple[str, str]] = field(default_factory=list)  # address, why there is too little now; their hour stays
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def told(self) -> bool:
        """Whether there is anything to say of anybody."""
        return bool(self.planned or self.waiting or self.quiet or self.refused)

    def add(self, other: "Forwarded") -> None:
        self.planned += other.planned
        self.waiting += other.waiting
        self.quiet += other.quiet
        self.refused += other.refused


def bring_forward(database: Database, today: Today, clock: Clock, ids: Sequence[int]) -> Forwarded:
    """Plan today's occasion now for these readers, as far as the laws allow: once an occasion, 20 hours apart."""
    result = Forwarded()
    for start in range(0, len(ids), BLOCK):
        now = clock.now()
        with database.transaction() as session:
            due = open_to(session, audience.locked(session, ids[start : start + BLOCK]), result, now=now)
            decided = planning.choose(session, today, due, now=now)
            # Where there is too little now, nothing is used up: the hour is still to come, and may bring more.
            planning.write(session, today, Plan([one for one in decided if not isinstance(one.outcome, Quiet)]), now=now)
            _note(session, decided, result)
    return result


def open_to(session: Session, rows: Sequence[Scheduled], result: Forwarded, *, now: datetime) -> list[Due]:
    """The occasions of today that these readers may still have; of everybody else `result` notes why not. Writes nothing."""
    due = [_today(row, now) for row in rows]
    known = writing.existing(session, [row.id for row in rows], {one.occasion for one in due})
    free = []
    for one in due:
        before = known.get((one.row.id, one.occasion))
        if before is not None and before.state == State.WAITING and one.row.standing == Standing.ACTIVE:
            result.waiting.append(before.id)
        elif refusal := _refusal(one.row, before, now):
            result.refused.append((one.row.address, refusal))
        else:
            free.append(one)
    return free


def rehearse(session: Session, today: Today, rows: Sequence[Scheduled], *, now: datetime) -> list[Decided]:
    """What these readers would get now, whatever they had today; nothing is written."""
    return planning.decide(session, today, [_today(row, now) for row in rows], now=now)


def _today(row: Scheduled, now: datetime) -> Due:
    return Due(row, cadence.occasion(row.cadence, now, row.zone), now, now + cadence.stale_after(row.cadence))


def _refusal(row: Scheduled, before: Delivery | None, now: datetime) -> str | None:
    if row.standing != Standing.ACTIVE:
        return f"is {row.standing}"
    if before is not None:
        return f"already had {before.occasion}" if before.state == State.ACCEPTED else f"has {before.occasion} behind them: {told(before)}"
    if row.last_digest_at and now - row.last_digest_at < cadence.REST:
        return f"had a digest at {row.last_digest_at:%a %H:%M} UTC, less than 20 hours ago"
    return None


def _note(session: Session, decided: Sequence[Chosen], result: Forwarded) -> None:
    written = writing.existing(session, [one.due.row.id for one in decided], {one.due.occasion for one in decided})
    for one in decided:
        if isinstance(one.outcome, Quiet):
            result.quiet.append((one.due.row.address, one.outcome.reason))
        elif (delivery := written.get((one.due.row.id, one.due.occasion))) is not None:
            result.planned.append(delivery.id)
