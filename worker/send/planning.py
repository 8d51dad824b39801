"""Planning: who is due, what each gets or why nothing, written with the next due moment in one transaction.

A range's readers are read with one statement a table, and picked for in one product. What was missed while nobody planned is
written down as stale, occasion by occasion: nothing is skipped in silence (law 3).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from subscribers import audience, cadence
from subscribers.audience import Scheduled
from subscribers.models import InterestKind, Standing
from worker.pick.choices import Quiet, Selection
from worker.pick.facts import on
from worker.pick.readers import Reader
from worker.pick.selection import select, window
from worker.pick.today import Desk, Today
from worker.send import control, waves
from worker.send.ledger import writing
from worker.send.ledger.writing import Remembered
from worker.send.models import Course, Kind, State

MEMORY = timedelta(days=16)


class Due(NamedTuple):
    """One reader and one occasion."""

    row: Scheduled
    occasion: str
    due_at: datetime
    stale_at: datetime
    kind: Kind = Kind.DIGEST


class Decided(NamedTuple):
    """What one occasion came to."""

    due: Due
    outcome: Selection | Quiet


@dataclass(frozen=True, slots=True)
class Plan:
    """What is written at once: the occasions decided, those that were missed, and those called off, of one wave or of none."""

    decided: Sequence[Decided]
    missed: Sequence[Due] = ()
    called_off: Sequence[Due] = ()
    wave_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Memory:
    """What is known of the readers of a block, read with one statement a table."""

    wishes: Mapping[tuple[int, str], Sequence[str]]
    had: Mapping[int, NDArray[np.int64]]
    quiet: Mapping[int, Sequence[datetime]]
    votes: Mapping[int, Sequence[tuple[int, int, datetime]]]  # paper id, value, when


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
        decided = [] if called_off else decide(session, today, of_use, now=now)
        write(session, today, Plan(decided, missed, called_off, wave.id), now=now)
        span.readers, span.planned_at = len(due), now
    return len(due)


def occasions(row: Scheduled, now: datetime) -> Iterator[Due]:
    """What is due for a reader: as a rule one occasion; after an outage each that was missed, and perhaps one still worth sending."""
    past, due_at = audience.past_of(row), row.next_due_at
    while due_at is not None and due_at <= now:
        key = cadence.occasion(row.cadence, due_at, row.zone)
        stale_at = due_at + cadence.stale_after(row.cadence)
        yield Due(row, key, due_at, stale_at)
        past = cadence.past_with(past, key, due_at if stale_at > now else None)
        due_at = cadence.next_due(row.cadence, row.hour, row.weekday, row.zone, due_at, past)


def decide(session: Session, today: Today, due: Sequence[Due], *, now: datetime) -> list[Decided]:
    """Choose for all of them at once."""
    if not due:
        return []
    desk = today.desk(session, now)
    readers = _readers(session, desk, due, now)
    return [Decided(one, outcome) for one, outcome in zip(due, select(readers, desk.candidates, now), strict=True)]


def write(session: Session, today: Today, plan: Plan, *, now: datetime) -> None:
    """Write deliveries, skips and what was missed, and move the readers on."""
    rows = [_missed(one, now, plan.wave_id) for one in plan.missed]
    rows += [_called_off(one, now, plan.wave_id) for one in plan.called_off]
    rows += [_row(one, now, plan.wave_id, today.ranking_id) for one in plan.decided]
    writing.write(session, rows)
    readers: dict[int, Scheduled] = {}
    used: dict[int, dict[str, datetime | None]] = defaultdict(dict)
    for one in (*plan.missed, *plan.called_off):
        readers[one.row.id] = one.row
        used[one.row.id][one.occasion] = None
    for decision in plan.decided:
        readers[decision.due.row.id] = decision.due.row
        used[decision.due.row.id][decision.due.occasion] = decision.due.due_at if isinstance(decision.outcome, Selection) else None
    audience.advance(session, [audience.advanced(row, used[reader], now) for reader, row in readers.items()])


def write_welcome(session: Session, today: Today, decided: Sequence[Decided], *, now: datetime) -> None:
    """Write first digests. A welcome uses up no day: the first regular one is due when confirming said so.

    Whoever gets none, since there is too little, need not rest from it: they are due at their next hour.
    """
    writing.write(session, [_row(one, now, None, today.ranking_id) for one in decided])
    audience.digested(session, [one.due.row.id for one in decided if isinstance(one.outcome, Selection)], now)
    quiet = [one.due.row for one in decided if isinstance(one.outcome, Quiet) and one.due.row.standing == Standing.ACTIVE]
    audience.advance(session, [audience.advanced(row, {}, now) for row in quiet])


def _row(one: Decided, now: datetime, wave_id: int | None, ranking_id: int | None) -> dict[str, Any]:
    common = _common(one.due, wave_id)
    if isinstance(one.outcome, Quiet):
        return common | {"state": State.SKIPPED, "reason": one.outcome.reason, "settled_at": now}
    papers = np.asarray(one.outcome.paper_ids, dtype="<i8").tobytes()
    return common | {"state": State.WAITING, "ranking_id": ranking_id, "papers": papers, "content": one.outcome.packed()}


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
        "domain": one.row.address.rpartition("@")[2].lower(),
        "ranking_id": None,
        "papers": b"",
        "content": {},
        "reason": "",
        "settled_at": None,
    }


def _readers(session: Session, desk: Desk, due: Sequence[Due], now: datetime) -> list[Reader]:
    ids = sorted({one.row.id for one in due})
    memory = _Memory(_wishes(session, ids), *_past(session, ids, desk, now), _votes(session, ids, desk))
    return [_reader(one, memory, now) for one in due]


def _reader(one: Due, memory: _Memory, now: datetime) -> Reader:
    row, wishes = one.row, memory.wishes
    votes, today = memory.votes.get(row.id, ()), cadence.day_of(one.due_at, row.zone)
    return Reader(
        id=row.id,
        since=window(row.last_digest_at, now),
        last_digest_at=row.last_digest_at,
        today=today,
        topics=tuple(wishes.get((row.id, InterestKind.TOPIC), ())),
        keywords=tuple(wishes.get((row.id, InterestKind.KEYWORD), ())),
        authors=tuple(wishes.get((row.id, InterestKind.AUTHOR), ())),
        mutes=tuple(wishes.get((row.id, InterestKind.MUTE), ())),
        for_you=row.for_you,
        trending=row.trending,
        had=memory.had.get(row.id, _NOTHING),
        liked={paper: on(cadence.day_of(at, row.zone), today) for paper, value, at in votes if value > 0},
        disliked=tuple(paper for paper, value, _ in votes if value < 0),
        quiet_days=tuple(_in_words(at, row.zone) for at in memory.quiet.get(row.id, ())),
    )


def _wishes(session: Session, ids: Sequence[int]) -> dict[tuple[int, str], list[str]]:
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for reader, kind, value in audience.interests_of(session, ids):
        found[reader, kind].append(value)
    return found


def _past(
    session: Session, ids: Sequence[int], desk: Desk, now: datetime
) -> tuple[dict[int, NDArray[np.int64]], dict[int, Sequence[datetime]]]:
    """What each reader was sent, by the ids of today, and the days each was spared since: unpacked for all of them at once."""
    rows: list[Remembered] = writing.remembered(session, ids, since=now - MEMORY)
    papers = desk.standing(np.frombuffer(b"".join(row.papers for row in rows), "<i8"))
    ends = np.cumsum([0, *(len(row.papers) // papers.itemsize for row in rows)]).tolist()
    had = {row.subscriber_id: papers[start:end] for row, (start, end) in zip(rows, pairwise(ends), strict=True)}
    return had, {row.subscriber_id: row.quiet for row in rows if row.quiet}


def _votes(session: Session, ids: Sequence[int], desk: Desk) -> dict[int, list[tuple[int, int, datetime]]]:
    found: dict[int, list[tuple[int, int, datetime]]] = defaultdict(list)
    for reader, key, value, at in audience.votes_of(session, ids):
        if (paper := desk.ids.get(key)) is not None:
            found[reader].append((paper, value, at))
    return found


@lru_cache(maxsize=4096)
def _in_words(moment: datetime, zone: str) -> str:
    """A day without a mail, in the reader's own dates."""
    return f"{moment.astimezone(cadence.zone_named(zone)):%a %-d %B}"


_NOTHING = np.empty(0, np.int64)
