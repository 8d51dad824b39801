"""What the send room holds about a reader: exported, and erased so that accounts still add up (law 10)."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from config.clock import Clock
from subscribers.models import Subscriber
from subscribers.privacy import Json
from worker.pick.choices import spelled_out
from worker.send import announcements
from worker.send.ledger import steering
from worker.send.models import OPEN, OPERATOR_ID, Delivery

_NOTHING: dict[str, Any] = {"address_hash": None, "domain": "", "reason": "", "provider_id": "", "papers": b"", "content": {}}


class LedgerHolder:
    """The ledger's part of `subscribers.privacy`. The rows stay, with nothing in them by which anybody could be known again."""

    name = "mails"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def export(self, session: Session, subscriber_id: int) -> Json:
        """Each mail that was due: when, why, what became of it, and the ids of the papers in it."""
        rows = session.scalars(select(Delivery).where(Delivery.subscriber_id == subscriber_id).order_by(Delivery.id)).all()
        subjects = announcements.subjects(session, rows)
        return [
            {
                "occasion": row.occasion,
                "due_at": row.due_at.isoformat(timespec="seconds"),
                "state": str(row.state),
                "answer": f"{row.code} {row.reason}".strip(),
                "content": spelled_out(row.content) | ({"subject": subjects[row.content["notice"]]} if "notice" in row.content else {}),
            }
            for row in rows
        ]

    def erase(self, session: Session, subscriber_id: int) -> None:
        """Take back what waits, and empty every row; one that is just being handed over is emptied again by `scrub`."""
        steering.cancel_for(session, subscriber_id, now=self._clock.now(), reason="the reader was erased")
        session.execute(update(Delivery).where(Delivery.subscriber_id == subscriber_id).values(_NOTHING))


def scrub(session: Session, since: datetime) -> int:
    """Empty what was due since then and settled after its reader was erased; how many rows."""
    gone = ~select(Subscriber.id).where(Subscriber.id == Delivery.subscriber_id).exists()
    settled = and_(Delivery.due_at >= since, Delivery.state.not_in(OPEN), Delivery.subscriber_id != OPERATOR_ID)
    emptied = update(Delivery).where(settled, Delivery.address_hash.is_not(None), gone).values(_NOTHING).returning(Delivery.id)
    return len(session.scalars(emptied, execution_options={"synchronize_session": False}).all())
