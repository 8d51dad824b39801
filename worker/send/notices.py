"""What the operator must hear of: one plain mail a cause a day, through the same ledger as everything else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from sqlalchemy.orm import Session

from subscribers import audience
from worker.ingest import runs
from worker.send import heartbeats, waves
from worker.send.ledger import lookups, writing
from worker.send.models import OPERATOR_ID, Kind, State

STALE_AFTER = timedelta(hours=24)
TWO_TICKS = 2 * waves.TICK
MANY = 100  # the count stops there


@dataclass(frozen=True, slots=True)
class Notice:
    """One cause: a key that stays the same while it lasts, a subject, and what to do."""

    cause: str
    subject: str
    words: str


def causes(session: Session, *, sources: Iterable[str], now: datetime) -> list[Notice]:
    """Everything that is wrong right now."""
    return [*_sources(session, sources, now), *_accounts(session, now), *_overdue(session, now), *silence(session, now)]


def silence(session: Session, now: datetime) -> list[Notice]:
    """The clock that stands still; the web process asks, since nobody else would notice."""
    last = heartbeats.last(session, heartbeats.BEAT)
    if last is None or now - last < heartbeats.SILENT_AFTER:
        return []
    words = f"The clock last beat at {last:%d %B %H:%M} UTC. Nothing is planned until it does. Look at: docker compose ps beat worker redis"
    return [Notice("beat", "The clock has stopped", words)]


def write(session: Session, notices: Iterable[Notice], *, now: datetime) -> list[int]:
    """Add a letter to the operator for each cause that has none today yet; the ids of the deliveries."""
    rows = [
        {
            "subscriber_id": OPERATOR_ID,
            "occasion": f"notice:{_short(notice.cause)}:{now:%Y-%m-%d}",
            "kind": Kind.LETTER,
            "state": State.WAITING,
            "due_at": now,
            "stale_at": now + STALE_AFTER,
            "next_attempt_at": now,
            "content": {"letter": "operator", "subject": notice.subject, "words": notice.words},
        }
        for notice in notices
    ]
    writing.write(session, rows)
    return lookups.ids(session, OPERATOR_ID, [str(row["occasion"]) for row in rows])


def _short(cause: str) -> str:
    return blake2b(cause.encode(), digest_size=8).hexdigest()


def _sources(session: Session, sources: Iterable[str], now: datetime) -> Iterable[Notice]:
    for source in sources:
        trouble = runs.trouble(session, source, now)
        if trouble:
            yield Notice(f"source {source}", f"{source} {trouble.headline}", trouble.words)


def _accounts(session: Session, now: datetime) -> Iterable[Notice]:
    for wave in waves.unbalanced(session, since=now - timedelta(days=1)):
        counted, balance = wave.account["counted"], wave.account["balance"]
        words = (
            f"The planner counted {counted} readers, the ledger holds {counted + balance} rows: {wave.account}. Look at: paperboy status"
        )
        yield Notice(f"account {wave.id}", f"The account of the wave of {wave.due_at:%d %B %H:%M} UTC does not add up", words)


def _overdue(session: Session, now: datetime) -> Iterable[Notice]:
    if count := len(audience.overdue(session, now - TWO_TICKS)):
        who = "One reader is" if count == 1 else f"{count}{' or more' * (count >= MANY)} readers are"
        words = "Due more than two ticks ago, and no wave took them. Look at: paperboy status, and the worker's log"
        yield Notice("overdue", f"{who} overdue", words)
