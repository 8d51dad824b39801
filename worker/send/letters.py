"""Letters: what readers asked for becomes deliveries, in a lane of its own (law 9)."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from subscribers import audience, requests
from subscribers.audience import Scheduled
from subscribers.models import Request, RequestKind
from worker.pick.today import Today
from worker.send import planning
from worker.send.domains import domain_of
from worker.send.ledger import writing
from worker.send.models import Kind, State
from worker.send.planning import Due

STALE_AFTER = timedelta(hours=24)  # what is no digest is of no use later
BATCH = 200


def post(session: Session, today: Today, *, now: datetime) -> int:
    """Turn waiting requests into deliveries; how many. Runs in the transaction that claims, so that a letter never waits for a tick."""
    waiting = requests.waiting(session, BATCH)
    if not waiting:
        return 0
    readers = {row.id: row for row in audience.locked(session, {one.subscriber_id for one in waiting})}
    welcomes = [one for one in waiting if one.kind == RequestKind.WELCOME]
    letters = [one for one in waiting if one.kind != RequestKind.WELCOME]
    writing.write(session, [_row(one, readers[one.subscriber_id]) for one in letters])
    _welcome(session, today, [readers[one.subscriber_id] for one in welcomes], now)
    requests.handled(session, [one.id for one in waiting], now)
    return len(waiting)


def _row(request: Request, reader: Scheduled) -> dict[str, Any]:
    return {
        "subscriber_id": reader.id,
        "occasion": requests.occasion(request),
        "kind": Kind.LETTER,
        "state": State.WAITING,
        "due_at": request.requested_at,
        "stale_at": request.requested_at + STALE_AFTER,
        "next_attempt_at": request.requested_at,
        "domain": domain_of(requests.recipient(request, reader)),
        "content": {"letter": str(request.kind), "request": request.id},
    }


def _welcome(session: Session, today: Today, readers: list[Scheduled], now: datetime) -> None:
    """The first digest, at once: in the letters' lane, since somebody sits and waits for it."""
    if not readers:
        return
    due = [Due(row, "welcome:1", now, now + STALE_AFTER, Kind.LETTER) for row in readers]
    planning.write_welcome(session, today, planning.choose(session, today, due, now=now), now=now)
