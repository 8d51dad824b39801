"""Bringing today's occasion forward (`send --now`): the same keys, the same rows, before their hour. Refuses nobody in silence."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from subscribers import audience, cadence
from subscribers.models import Standing, Subscriber
from worker.pick.choices import Quiet, Selection
from worker.pick.today import Today
from worker.send import ledger, planning
from worker.send.planning import Decided, Due, Plan

BLOCK = 1000


@dataclass(slots=True)
class Forwarded:
    """What became of each reader, by address."""

    planned: list[int] = field(default_factory=list)  # delivery ids
    quiet: list[tuple[str, str]] = field(default_factory=list)  # address, reason
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def told(self) -> bool:
        """Whether there is anything to say of anybody."""
        return bool(self.planned or self.quiet or self.refused)

    def add(self, other: "Forwarded") -> None:
        self.planned += other.planned
        self.quiet += other.quiet
        self.refused += other.refused


def bring_forward(database: Database, today: Today, clock: Clock, ids: Sequence[int]) -> Forwarded:
    """Plan today's occasion now for these readers, as far as the laws allow: once an occasion, 20 hours apart."""
    result = Forwarded()
    for start in range(0, len(ids), BLOCK):
        now = clock.now()
        with database.transaction() as session:
            rows = audience.locked(session, ids[start : start + BLOCK])
            due = [one for row in rows if (one := _today(session, row, now, result))]
            decided = planning.decide(session, today, due, now=now)
            planning.write(session, today, Plan(decided), now=now)
            _note(session, decided, result)
    return result


def rehearse(session: Session, today: Today, rows: Sequence[Subscriber], *, now: datetime) -> list[Decided]:
    """What these readers would get now; nothing is written."""
    due = [Due(row, cadence.occasion(row.cadence, now, row.zone), now, now + cadence.stale_after(row.cadence)) for row in rows]
    return planning.decide(session, today, due, now=now)


def _today(session: Session, row: Subscriber, now: datetime, result: Forwarded) -> Due | None:
    occasion = cadence.occasion(row.cadence, now, row.zone)
    if refusal := _refusal(session, row, occasion, now):
        result.refused.append((row.address, refusal))
        return None
    return Due(row, occasion, now, now + cadence.stale_after(row.cadence))


def _refusal(session: Session, row: Subscriber, occasion: str, now: datetime) -> str | None:
    if row.standing != Standing.ACTIVE:
        return f"is {row.standing}"
    if ledger.existing(session, [row.id], [occasion]):
        return f"already had {occasion}"
    if row.last_digest_at and now - row.last_digest_at < cadence.REST:
        return f"had a digest at {row.last_digest_at:%a %H:%M} UTC, less than 20 hours ago"
    return None


def _note(session: Session, decided: Sequence[Decided], result: Forwarded) -> None:
    for one in decided:
        if isinstance(one.outcome, Quiet):
            result.quiet.append((one.due.row.address, one.outcome.reason))
        elif isinstance(one.outcome, Selection):
            result.planned += ledger.ids(session, one.due.row.id, [one.due.occasion])
