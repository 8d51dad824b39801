"""A change of address: confirmed at the new one, announced at the old one, done in between and never half."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subscribers import audience, requests, signup, standing
from subscribers.addresses import address_key, kept_key
from subscribers.models import Request, RequestKind, Standing, Subscriber

_READS = (Standing.ACTIVE, Standing.PAUSED)


class TakenError(Exception):
    """The new address reads already, or may not be written to; nothing was changed."""


def ask(session: Session, row: Subscriber, address: str, now: datetime) -> None:
    """Ask the new address to confirm. Says nothing: an address that is taken or suppressed gets no letter, and nobody learns of it."""
    key = address_key(kept_key(session), address)
    if _is_taken(session, row, key) or not signup.counts_letter(session, key, now):
        return
    requests.ask(session, row.id, RequestKind.NEW_ADDRESS, now, address)


def move(session: Session, request_id: int, now: datetime) -> Subscriber:
    """The new address answered: everything goes there from now on, and the old one is told. Raises LinkError, TakenError."""
    request, row = requests.find(session, request_id, [RequestKind.NEW_ADDRESS])
    key = address_key(kept_key(session), request.detail)
    if _is_taken(session, row, key):
        raise TakenError
    try:
        with session.begin_nested():
            _move(session, request, row, key, now)
    except IntegrityError:  # somebody was faster by less than a transaction
        raise TakenError from None
    return row


def _move(session: Session, request: Request, row: Subscriber, key: bytes, now: datetime) -> None:
    requests.use(session, request.id, now)
    requests.use_up(session, row.id, [RequestKind.NEW_ADDRESS], now)
    if (other := _locked(session, key)) and other.id != row.id:
        if other.standing in _READS:  # since we looked: somebody was faster
            raise TakenError
        session.delete(other)  # whoever signed up or left with that address is the one who has just shown that it is theirs
        session.flush()
    requests.ask(session, row.id, RequestKind.ADDRESS_CHANGED, now, row.address)
    row.address, row.address_key = request.detail, key


def _locked(session: Session, key: bytes) -> Subscriber | None:
    """The row of an address as it stands now, and until we are done."""
    rows = select(Subscriber).where(Subscriber.address_key == key).with_for_update().execution_options(populate_existing=True)
    return session.scalars(rows).first()


def _is_taken(session: Session, row: Subscriber, key: bytes) -> bool:
    other = audience.by_address_key(session, key)
    return standing.suppression(session, key) is not None or (other is not None and other.id != row.id and other.standing in _READS)
