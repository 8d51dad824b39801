"""Letters that readers asked for: written here as rows, turned into deliveries by `send` (law 9), and used up by their links once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from subscribers.audience import Scheduled
from subscribers.links import LinkError, LinkFault
from subscribers.models import Request, RequestKind, Standing, Subscriber

# Which letters each standing still allows; read by `send` at claim. A sign-up is answered for those who left, too.
MAY_BE_SENT: dict[RequestKind, frozenset[Standing]] = {
    RequestKind.CONFIRM: frozenset({Standing.PENDING, Standing.LEFT}),
    RequestKind.WELCOME: frozenset({Standing.ACTIVE}),
    RequestKind.FRESH_LINK: frozenset({Standing.ACTIVE, Standing.PAUSED, Standing.LEFT}),
    RequestKind.NEW_ADDRESS: frozenset({Standing.ACTIVE, Standing.PAUSED}),
    RequestKind.ADDRESS_CHANGED: frozenset({Standing.ACTIVE, Standing.PAUSED}),
}


def ask(  # noqa: PLR0913 - a row's columns, no knobs
    session: Session,
    subscriber_id: int,
    kind: RequestKind,
    now: datetime,
    detail: str = "",
    *,
    sign_up: dict[str, Any] | None = None,
) -> int:
    """Write down that a letter is wanted; its id.

    `detail` is the address it goes to, when that is not the reader's own; `sign_up` what a confirmation's link puts in force.
    """
    request = Request(subscriber_id=subscriber_id, kind=kind, detail=detail, requested_at=now, sign_up=sign_up)
    session.add(request)
    session.flush()
    return request.id


def waiting(session: Session, limit: int) -> Sequence[Request]:
    """The oldest requests that no delivery was made of yet, locked; what another process holds is passed over."""
    found = select(Request).where(Request.handled_at.is_(None)).order_by(Request.id).limit(limit)
    return session.scalars(found.with_for_update(skip_locked=True)).all()


def unposted(session: Session) -> int:
    """How many requests no delivery was made of yet."""
    return session.scalar(select(func.count()).where(Request.handled_at.is_(None))) or 0


def handled(session: Session, ids: Iterable[int], now: datetime) -> None:
    """Note that deliveries were made of these."""
    session.execute(update(Request).where(Request.id.in_(ids)).values(handled_at=now))


def occasion(request: Request) -> str:
    """Why the letter is sent, as a key: "confirm:17". A welcome comes once in a reader's life, so its key is "welcome:1"."""
    if request.kind == RequestKind.WELCOME:
        return "welcome:1"
    return f"{RequestKind(request.kind)}:{request.id}"


def recipient(request: Request, subscriber: Subscriber | Scheduled) -> str:
    """The address the letter goes to: a new one to be confirmed, the old one that is told, or else the reader's own."""
    return request.detail or subscriber.address


def find(session: Session, request_id: int, kinds: Iterable[RequestKind]) -> tuple[Request, Subscriber]:
    """The request behind a verified link, and whose it is. Raises LinkError when it was used, or its reader is gone."""
    request = session.get(Request, request_id)
    subscriber = session.get(Subscriber, request.subscriber_id) if request else None
    if request is None or subscriber is None:
        raise LinkError(LinkFault.EXPIRED)
    if request.kind not in set(kinds):
        raise LinkError(LinkFault.FOREIGN)
    if request.used_at is not None:
        raise LinkError(LinkFault.USED)
    return request, subscriber


def use(session: Session, request_id: int, now: datetime) -> None:
    """Use a link that is good for once. Raises LinkError when somebody was faster."""
    used = update(Request).where(Request.id == request_id, Request.used_at.is_(None)).values(used_at=now).returning(Request.id)
    if session.scalars(used).first() is None:
        raise LinkError(LinkFault.USED)


def use_up(session: Session, subscriber_id: int, kinds: Iterable[RequestKind], now: datetime) -> None:
    """Make every open link of these kinds worthless: what was asked for is done."""
    session.execute(
        update(Request)
        .where(Request.subscriber_id == subscriber_id, Request.kind.in_(list(kinds)), Request.used_at.is_(None))
        .values(used_at=now)
    )


def by_id(session: Session, ids: Iterable[int]) -> dict[int, Request]:
    """These requests; one whose reader was erased is missing."""
    return {row.id: row for row in session.scalars(select(Request).where(Request.id.in_(ids)))}


def forget(session: Session, before: datetime, limit: int = 1000) -> int:
    """Drop up to `limit` requests handled before `before`; how many. Their links have expired long since."""
    old = select(Request.id).where(Request.handled_at < before).order_by(Request.id).limit(limit)
    return len(session.scalars(delete(Request).where(Request.id.in_(old)).returning(Request.id)).all())
