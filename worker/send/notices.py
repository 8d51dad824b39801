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
from worker.send.letters import STALE_AFTER
from worker.send.models import OPERATOR_ID, Kind, State
from worker.send.waves import Account

MANY = 100  # the count stops there
NAMED = 5  # readers


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


def of_account(account: Account) -> Notice:
    """How a wave ended, with every state it came to; what is wrong comes first."""
    of = f"the wave of {account.due_at:%d %B %H:%M} UTC"
    ends = ", ".join(f"{count} {state}" for state, count in sorted(account.states.items())) or "no row"
    words = f"The planner counted {account.counted} readers, the ledger holds {account.counted + account.balance} rows: {ends}."
    if not account.is_wrong:
        return Notice(
            f"sums {account.wave_id} {account.counted}", f"Wave {account.wave_id}: {ends}", f"How {of} ended. {words} It adds up."
        )
    if account.overdue:
        words += f" {_many(account.overdue)} due by then that neither it nor a later wave took."
    return Notice(f"account {account.wave_id}", f"The account of {of} does not add up", f"{words} Look at: paperboy status")


def _accounts(session: Session, now: datetime) -> Iterable[Notice]:
    return map(of_account, waves.wrong(session, since=now - timedelta(days=1)))


def _overdue(session: Session, now: datetime) -> Iterable[Notice]:
    if late := audience.overdue(session, now - waves.TWO_TICKS, limit=MANY):
        who = ", ".join(map(str, late[:NAMED])) + (", …" if len(late) > NAMED else "")
        words = f"Due more than two ticks ago, and no wave took them (by their ids: {who}). Look at: paperboy status, and the worker's log"
        yield Notice("overdue", f"{_many(len(late))} overdue", words)


def _many(readers: int) -> str:
    return "One reader is" if readers == 1 else f"{readers}{' or more' * (readers >= MANY)} readers are"
