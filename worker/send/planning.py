"""Planning: who is due, what each gets or why nothing, written with the next due moment in one transaction.

A range's readers are read with one statement a table, and picked for in one product. What was missed while nobody planned is
written down as stale, occasion by occasion: nothing is skipped in silence (law 3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from subscribers import audience, cadence
from subscribers.audience import Scheduled
from subscribers.cadence import Past
from subscribers.models import Standing
from worker.pick.choices import Packed, Quiet, Selection
from worker.pick.selection import pick
from worker.pick.today import Today
from worker.send import control, memory, waves
from worker.send.domains import domain_of
from worker.send.ledger import writing
from worker.send.models import Course, Kind, State


class Due(NamedTuple):
    """One reader and one occasion."""

    row: Scheduled
    occasion: str
    due_at: datetime
    stale_at: datetime
    kind: Kind = Kind.DIGEST


class Decided(NamedTuple):
    """What one occasion would come to, for people to look at."""

    due: Due
    outcome: Selection | Quiet


class Chosen(NamedTuple):
    """What one occasion came to, as it is written."""

    due: Due
    outcome: Packed | Quiet


@dataclass(frozen=True, slots=True)
class Plan:
    """What is written at once: the occasions decided, those that were missed, and those called off, of one wave or of none."""

    decided: Sequence[Chosen]
    missed: Sequence[Due] = ()
    called_off: Sequence[Due] = ()
    wave_id: int | None = None


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
        missed, of_use = [one for one in due if one.stale_at <= now], [one for one in due if one.stale_at > now]
        called_off = of_use if wave.state == Course.CANCELLED else []
        decided = [] if called_off else choose(session, today, of_use, now=now)
        write(session, today, Plan(decided, missed, called_off, wave.id), now=now)
        span.readers, span.planned_at = len(due), now
    return len(due)


def occasions(row: Scheduled, now: datetime) -> list[Due]:
    """What is due for a reader: as a rule one occasion; after an outage each that was missed, and perhaps one still worth sending."""
    rhythm = (row.cadence, row.hour, row.weekday, row.zone)
    return [Due(row, *one) for one in _occasions(rhythm, row.next_due_at, audience.past_of(row), now)]


@lru_cache(maxsize=4096)  # readers of one tick differ in little
def _occasions(
    rhythm: tuple[str, int, int, str], due_at: datetime | None, past: Past, now: datetime
) -> tuple[tuple[str, datetime, datetime], ...]:
    kind, _, _, zone = rhythm
    found = []
    while due_at is not None and due_at <= now:
        key = cadence.occasion(kind, due_at, zone)
        stale_at = due_at + cadence.stale_after(kind)
        found.append((key, due_at, stale_at))
        past = cadence.past_with(past, key, due_at if stale_at > now else None)
        due_at = cadence.next_due(*rhythm, due_at, past)
    return tuple(found)


def decide(session: Session, today: Today, due: Sequence[Due], *, now: datetime) -> list[Decided]:
    """What these readers would get; nothing is written."""
    chosen = choose(session, today, due, now=now)
    return [Decided(one.due, one.outcome if isinstance(one.outcome, Quiet) else one.outcome.selection) for one in chosen]


def choose(session: Session, today: Today, due: Sequence[Due], *, now: datetime) -> list[Chosen]:
    """Choose for all of them at once."""
    if not due:
        return []
    desk = today.desk(session, now)
    readers = memory.readers_of(session, desk, [(one.row, one.due_at) for one in due], now)
    return list(map(Chosen, due, pick(readers, desk.candidates, now)))


def write(session: Session, today: Today, plan: Plan, *, now: datetime) -> None:
    """Write deliveries, skips and what was missed, and move the readers on."""
    rows = [_missed(one, now, plan.wave_id) for one in plan.missed]
    rows += [_called_off(one, now, plan.wave_id) for one in plan.called_off]
    rows += [_row(one, now, plan.wave_id, today.ranking_id) for one in plan.decided]
    writing.write(session, rows)
    used: dict[int, dict[str, datetime | None]] = {}
    for one in (*plan.missed, *plan.called_off):
        used.setdefault(one.row.id, {})[one.occasion] = None
    for one, outcome in plan.decided:
        used.setdefault(one.row.id, {})[one.occasion] = None if isinstance(outcome, Quiet) else one.due_at
    readers = {one.row.id: one.row for one in (*plan.missed, *plan.called_off, *(one.due for one in plan.decided))}
    audience.advance(session, [audience.advanced(row, used[reader], now) for reader, row in readers.items()])


def write_welcome(session: Session, today: Today, decided: Sequence[Chosen], *, now: datetime) -> None:
    """Write first digests. A welcome uses up no day: the first regular one is due when confirming said so.

    Whoever gets none, since there is too little, need not rest from it: they are due at their next hour.
    """
    writing.write(session, [_row(one, now, None, today.ranking_id) for one in decided])
    audience.digested(session, [one.due.row.id for one in decided if isinstance(one.outcome, Packed)], now)
    quiet = [one.due.row for one in decided if isinstance(one.outcome, Quiet) and one.due.row.standing == Standing.ACTIVE]
    audience.advance(session, [audience.advanced(row, {}, now) for row in quiet])


def _row(one: Chosen, now: datetime, wave_id: int | None, ranking_id: int | None) -> dict[str, Any]:
    common = _common(one.due, wave_id)
    if isinstance(one.outcome, Quiet):
        return common | {"state": State.SKIPPED, "reason": one.outcome.reason, "settled_at": now}
    return common | {"state": State.WAITING, "ranking_id": ranking_id, "papers": one.outcome.papers, "content": one.outcome.content}


def _missed(one: Due, now: datetime, wave_id: int | None) -> dict[str, Any]:
    return _common(one, wave_id) | {"state": State.STALE, "settled_at": now, "reason": "nothing was planned while it was due"}


def _called_off(one: Due, now: datetime, wave_id: int | None) -> dict[str, Any]:
    return _common(one, wave_id) | {"state": State.CANCELLED, "settled_at": now, "reason": control.CALLED_OFF}


def _common(one: Due, wave_id: int | None) -> dict[str, Any]:
    return {
        "subscriber_id": one.row.id,
        "occasion": one.occasion,
        "kind": one.kind,
        "wave_id": wave_id,
        "due_at": one.due_at,
        "stale_at": one.stale_at,
        "next_attempt_at": one.due_at,
        "domain": domain_of(one.row.address),
    }
