"""What is known of the readers of a range, as picking wants it: their wishes, what they had, how they voted. One statement a table."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from subscribers import audience, cadence
from subscribers.audience import Scheduled
from subscribers.models import InterestKind
from worker.pick.facts import on
from worker.pick.readers import Reader
from worker.pick.selection import window
from worker.pick.today import Desk
from worker.send.ledger import writing
from worker.send.ledger.steering import LONGEST_USE
from worker.send.ledger.writing import Remembered

MEMORY = timedelta(days=16)
LATELY = timedelta(days=4)  # from Friday to Monday, and a late planner

Had = Mapping[int, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class _Memory:
    """What each table says, by reader."""

    wishes: Mapping[tuple[int, InterestKind], tuple[str, ...]]
    had: Had
    quiet: Mapping[int, Sequence[datetime]]
    votes: Mapping[int, Sequence[tuple[int, int, datetime]]]  # paper id, value, when


def readers_of(session: Session, desk: Desk, due: Sequence[tuple[Scheduled, datetime]], now: datetime) -> list[Reader]:
    """The readers of these rows, each for the occasion that is due at the moment beside it."""
    ids = sorted({row.id for row, _ in due})
    wishes = {(reader, kind): values for reader, kind, values in audience.wishes_of(session, ids)}
    memory = _Memory(wishes, *_past(session, desk, [row for row, _ in due], now), _votes(session, ids, desk))
    return [_reader(row, due_at, memory, now) for row, due_at in due]


def _reader(row: Scheduled, due_at: datetime, memory: _Memory, now: datetime) -> Reader:
    number, wishes, today = row.id, memory.wishes, cadence.day_of(due_at, row.zone)
    votes, quiet = memory.votes.get(number, ()), memory.quiet.get(number, ())
    return Reader(
        id=number,
        since=window(row.last_digest_at, now),
        last_digest_at=row.last_digest_at,
        today=today,
        topics=wishes.get((number, InterestKind.TOPIC), ()),
        keywords=wishes.get((number, InterestKind.KEYWORD), ()),
        authors=wishes.get((number, InterestKind.AUTHOR), ()),
        mutes=wishes.get((number, InterestKind.MUTE), ()),
        for_you=row.for_you,
        trending=row.trending,
        had=memory.had.get(number, _NOTHING),
        liked={paper: on(cadence.day_of(at, row.zone), today) for paper, value, at in votes if value > 0},
        disliked=tuple([paper for paper, value, _ in votes if value < 0]),
        quiet_days=tuple([_in_words(at, row.zone) for at in quiet]),
    )


def _past(session: Session, desk: Desk, readers: Sequence[Scheduled], now: datetime) -> tuple[Had, dict[int, Sequence[datetime]]]:
    """What each reader was sent, by the ids of today, and the days each was spared since: unpacked for all of them at once."""
    rows = _remembered(session, desk, readers, now)
    papers = desk.standing(np.frombuffer(b"".join([row.papers for row in rows]), "<i8"))
    ends = np.cumsum([0, *(len(row.papers) // papers.itemsize for row in rows)]).tolist()
    had = {row.subscriber_id: papers[start:end] for row, (start, end) in zip(rows, pairwise(ends), strict=True)}
    return had, {row.subscriber_id: row.quiet for row in rows if row.quiet}


def _remembered(session: Session, desk: Desk, readers: Sequence[Scheduled], now: datetime) -> list[Remembered]:
    """Sixteen days are read where they may matter, as a rule fewer.

    Who had a digest lately is shown papers first seen since a few days, and the operator's pins. None of them can have been in a mail
    that was due longer ago than any mail is of use, counted from when the paper was first seen. The days before the last mail are no
    quiet days, so who has one among these needs no others.
    """
    seen = desk.candidates.first_seen_at
    oldest = min([(now - LATELY).timestamp(), *(float(seen[pin]) for pin in desk.candidates.pins)])
    near = max(now - MEMORY, datetime.fromtimestamp(oldest, UTC) - LONGEST_USE)
    lately = {row.id for row in readers if row.last_digest_at and row.last_digest_at >= now - LATELY}
    found = [row for row in writing.remembered(session, sorted(lately), since=near) if row.papers]
    rest = {row.id for row in readers} - {row.subscriber_id for row in found}
    return found + (writing.remembered(session, sorted(rest), since=now - MEMORY) if rest else [])


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
