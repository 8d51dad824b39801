"""Announcing: one notice to many readers, through the ledger. Deliveries are written range by range, and go when nothing else is due.

A notice goes to nobody twice: its occasion is a key of its words, or the name it was given. It is for those who read when it was
announced; a call that was broken off is taken up where it ended, and one that had ended does nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database, upsert
from subscribers import circles
from subscribers.circles import Circle
from subscribers.models import Standing
from worker.render import notices
from worker.send.domains import domain_of
from worker.send.ledger import writing
from worker.send.letters import STALE_AFTER
from worker.send.models import Delivery, Kind, Notice, State

RANGE = 2000  # readers a transaction
NAME_LETTERS = 40


class TakenError(ValueError):
    """The name belongs to a notice with other words."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is announced, under which key, to whom."""

    key: str
    notice: notices.Notice
    circle: Circle

    @property
    def occasion(self) -> str:
        return f"notice:{self.key}"


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whom an announcement would reach now."""

    readers: int  # who would get it
    had: int  # who have it already, by this notice to another circle or by an earlier call
    standings: Mapping[Standing, int]  # the rest of the circle, who are not written to
    announced_at: datetime | None = None  # when it was, if it was
    is_over: bool = False  # everybody it was for has it


@dataclass(slots=True)
class Announced:
    """What a call wrote."""

    readers: int = 0
    had: int = 0
    announced_at: datetime | None = field(default=None)


def key_of(notice: notices.Notice) -> str:
    """The key of a notice without a name: the same words have the same."""
    return blake2b(f"{notice.subject}\n{notice.words}".encode(), digest_size=8).hexdigest()


def outlook(session: Session, one: Announcement, *, now: datetime) -> Outlook:
    """What announcing it would do. Writes nothing. Raises TakenError."""
    row = _row(session, one)
    last_id, before = (row.last_id, row.announced_at) if row else (circles.newest(session), now)
    standings = circles.standings(session, one.circle, last_id)
    active, had = standings.pop(Standing.ACTIVE, 0), _had(session, one, last_id)
    is_over = row is not None and row.written_at is not None
    readers = 0 if is_over else max(0, active - had)
    return Outlook(readers, had, standings, before if row else None, is_over)


def announce(database: Database, clock: Clock, one: Announcement) -> Announced:
    """Open the announcement, or find the one that was broken off. Raises TakenError."""
    with database.transaction() as session:
        row = _row(session, one) or _opened(session, one, clock.now())
        return Announced(announced_at=row.announced_at)


def write_range(database: Database, clock: Clock, one: Announcement, done: Announced) -> int:
    """Write the deliveries of the next readers in order of id; how many were looked at: fewer than a range is the end."""
    now = clock.now()
    with database.transaction() as session:
        row = _row(session, one, is_held=True)
        if row is None or row.written_at is not None:
            return 0
        found = circles.members(session, one.circle, row.reached_id, row.last_id, row.announced_at, RANGE)
        written = writing.write(session, [_delivery(row, one, reader, address, now) for reader, address in found])
        done.readers += written
        done.had += len(found) - written
        row.reached_id = found[-1][0] if found else row.last_id
        row.written_at = now if len(found) < RANGE else None
    return len(found)


def by_id(session: Session, ids: Collection[int]) -> Mapping[int, notices.Notice]:
    """The words of these notices."""
    found = session.execute(select(Notice.id, Notice.subject, Notice.words).where(Notice.id.in_(ids))) if ids else ()
    return {number: notices.Notice(subject, words) for number, subject, words in found}


def subjects(session: Session, deliveries: Iterable[Delivery]) -> dict[int, str]:
    """The subjects of the notices among these deliveries, by the notices' ids."""
    ids = {row.content["notice"] for row in deliveries if "notice" in row.content}
    return {number: one.subject for number, one in by_id(session, ids).items()}


def _row(session: Session, one: Announcement, *, is_held: bool = False) -> Notice | None:
    """The row of this notice to this circle. Raises TakenError when the key stands for other words."""
    found = select(Notice).where(Notice.key == one.key).order_by(Notice.id)
    rows = session.scalars(found.with_for_update() if is_held else found).all()
    if other := next((row for row in rows if (row.subject, row.words) != (one.notice.subject, one.notice.words)), None):
        raise TakenError(f"{one.key!r} is the name of a notice of {other.announced_at:%d %B %Y} with other words, {other.subject!r}")
    return next((row for row in rows if row.audience == str(one.circle)), None)


def _opened(session: Session, one: Announcement, now: datetime) -> Notice:
    values = {"key": one.key, "audience": str(one.circle), "subject": one.notice.subject, "words": one.notice.words}
    made = upsert(session, Notice).values(**values, announced_at=now, last_id=circles.newest(session), reached_id=0)
    session.execute(made.on_conflict_do_nothing())
    row = _row(session, one)
    if row is None:
        raise TakenError(f"{one.key!r} was announced by somebody else this moment; look again")
    return row


def _had(session: Session, one: Announcement, last_id: int) -> int:
    mine = (Delivery.occasion == one.occasion, Delivery.subscriber_id == circles.ids(one.circle, last_id).c.id)
    return session.scalar(select(func.count()).select_from(Delivery).where(*mine)) or 0


def _delivery(row: Notice, one: Announcement, reader: int, address: str, now: datetime) -> dict[str, object]:
    return {
        "subscriber_id": reader,
        "occasion": one.occasion,
        "kind": Kind.NOTICE,
        "state": State.WAITING,
        "due_at": row.announced_at,
        "stale_at": now + STALE_AFTER,
        "next_attempt_at": now,
        "domain": domain_of(address),
        "content": {"notice": row.id},
    }
