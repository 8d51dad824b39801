"""Whether we may write: the transitions as a table, and the use cases that walk it. Sends nothing.

Everything here may be done twice: the second time changes nothing. Who left comes back by `confirm`, after a letter that the address
itself answered, or by `take_back`, from the page on which they left. A suppressed address comes back by `lift`, which is the operator's,
or is asked anew by `reopen`, some time after a bounce.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from config.database import upsert
from subscribers import audience
from subscribers.cadence import Past, next_due
from subscribers.models import Standing, Subscriber, Suppression


class Act(StrEnum):
    """What changes a standing."""

    CONFIRM = "confirm"
    PAUSE = "pause"
    RESUME = "resume"
    LEAVE = "leave"
    RETURN = "return"
    SUPPRESS = "suppress"
    REOPEN = "reopen"
    LIFT = "lift"


class Reason(StrEnum):
    """Why an address is suppressed, the weakest first: a stronger reason replaces a weaker one, never the reverse."""

    BOUNCED = "bounced"
    PROVIDER = "provider"
    COMPLAINED = "complained"
    OPERATOR = "operator"


_P, _A, _Z, _L, _S = Standing.PENDING, Standing.ACTIVE, Standing.PAUSED, Standing.LEFT, Standing.SUPPRESSED
# What is missing changes nothing. Who left stays so when the address is suppressed as well: lifting that must not bring them back.
TRANSITIONS: dict[tuple[Standing, Act], Standing] = {
    (_P, Act.CONFIRM): _A,
    (_L, Act.CONFIRM): _A,
    (_A, Act.PAUSE): _Z,
    (_Z, Act.PAUSE): _Z,
    (_Z, Act.RESUME): _A,
    (_P, Act.LEAVE): _L,
    (_A, Act.LEAVE): _L,
    (_Z, Act.LEAVE): _L,
    (_S, Act.LEAVE): _L,
    (_L, Act.RETURN): _A,
    (_P, Act.SUPPRESS): _S,
    (_A, Act.SUPPRESS): _S,
    (_Z, Act.SUPPRESS): _S,
    (_S, Act.REOPEN): _P,
    (_S, Act.LIFT): _A,
}


def confirm(row: Subscriber, now: datetime) -> bool:
    """The address answered: the reader is active. The first time, due at the first moment from 20 hours on: a welcome digest goes out now.

    False, and nothing changed, unless the reader was pending or had left.
    """
    if not _walk(row, Act.CONFIRM):
        return False
    welcomed = audience.past_of(row) if row.confirmed_at else Past(now, row.last_day, row.last_week)
    row.confirmed_at = now
    row.paused_until = None
    row.next_due_at = next_due(row.cadence, row.hour, row.weekday, row.zone, now, welcomed)
    return True


def pause(row: Subscriber, until: datetime, now: datetime) -> bool:
    """No digest until `until`; the pause ends by itself. A moment that has passed changes nothing."""
    if until <= now or not _walk(row, Act.PAUSE):
        return False
    row.paused_until = until
    row.next_due_at = audience.next_due_of(row, until)
    return True


def resume(row: Subscriber, now: datetime) -> bool:
    """Digests again, from the next due moment on."""
    if not _walk(row, Act.RESUME):
        return False
    row.paused_until = None
    row.next_due_at = audience.next_due_of(row, now)
    return True


def leave(row: Subscriber) -> bool:
    """No mail any more, at the reader's own word; False if that was so before."""
    if not _walk(row, Act.LEAVE):
        return False
    row.paused_until = row.next_due_at = None
    return True


def leave_all(session: Session, ids: Iterable[int]) -> frozenset[int]:
    """`leave` for all of these in one statement, for mail programs' clicks: who had not left before. Rows are locked in order of id."""
    may_leave = [standing for standing, act in TRANSITIONS if act is Act.LEAVE]
    leaving = select(Subscriber.id).where(Subscriber.id.in_(sorted(ids)), Subscriber.standing.in_(may_leave)).order_by(Subscriber.id)
    left = update(Subscriber).where(Subscriber.id.in_(leaving.with_for_update()))
    written = left.values(standing=Standing.LEFT, paused_until=None, next_due_at=None).returning(Subscriber.id)
    return frozenset(session.connection().execute(written).scalars())


def take_back(session: Session, row: Subscriber, now: datetime) -> bool:
    """Undo a leave, from the page that followed it. Who had never confirmed, or is suppressed, has nothing to come back to."""
    if row.confirmed_at is None or suppression(session, row.address_key) or not _walk(row, Act.RETURN):
        return False
    row.next_due_at = audience.next_due_of(row, now)
    return True


def suppress(session: Session, address_key: bytes, reason: Reason, now: datetime, detail: str = "") -> bool:
    """No mail to this address, by whomever it is signed up again; False if that was so before.

    Works for an address nobody signed up, too. `detail` is the provider's words, for the operator.
    """
    known = session.get(Suppression, address_key, with_for_update=True)
    if known is None:
        made = upsert(session, Suppression).values(address_key=address_key, reason=reason, detail=detail[:200], since=now)
        session.execute(made.on_conflict_do_nothing())
    elif _rank(reason) > _rank(known.reason):
        known.reason, known.detail = reason, detail[:200]
    row = audience.by_address_key(session, address_key)
    if row and _walk(row, Act.SUPPRESS):
        row.next_due_at = None
    return known is None


def suppression(session: Session, address_key: bytes) -> Suppression | None:
    """Why and since when nothing goes to this address; None when something may."""
    return session.get(Suppression, address_key)


def forget_words(session: Session, address_key: bytes) -> None:
    """Keep that the address is suppressed, and not what was said of it: servers quote addresses, and so do people."""
    session.execute(update(Suppression).where(Suppression.address_key == address_key).values(detail=""))


def reopen(session: Session, address_key: bytes) -> None:
    """A bounced address asks again: it may get one confirmation, and is pending until it answers."""
    _forget_suppression(session, address_key)
    if row := audience.by_address_key(session, address_key):
        _walk(row, Act.REOPEN)


def lift(session: Session, address_key: bytes, now: datetime) -> bool:
    """The operator allows mail again; False if nothing was suppressed.

    A reader who had confirmed is active again (or paused, while the pause lasts), one who had not is pending, and one who had
    complained has left: whoever says "spam" is asked before the next mail.
    """
    known = session.get(Suppression, address_key)
    if known is None:
        return False
    complained = known.reason == Reason.COMPLAINED
    _forget_suppression(session, address_key)
    row = audience.by_address_key(session, address_key)
    if row is None or row.standing != Standing.SUPPRESSED:
        return True
    if complained:
        leave(row)
    elif row.confirmed_at is None:
        _walk(row, Act.REOPEN)
    else:
        _back(row, now)
    return True


def _back(row: Subscriber, now: datetime) -> None:
    _walk(row, Act.LIFT)
    if row.paused_until and pause(row, row.paused_until, now):
        return
    row.paused_until = None
    row.next_due_at = audience.next_due_of(row, now)


def _forget_suppression(session: Session, address_key: bytes) -> None:
    session.execute(delete(Suppression).where(Suppression.address_key == address_key))


def _rank(reason: str) -> int:
    return list(Reason).index(Reason(reason))


def _walk(row: Subscriber, act: Act) -> bool:
    """Take the step of the table; False when there is none."""
    target = TRANSITIONS.get((Standing(row.standing), act))
    if target is None:
        return False
    row.standing = target
    return True
