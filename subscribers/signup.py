"""Signing up: what an address and a pressed button lead to. Only rows are written (law 9); the answer never says who is known.

An unconfirmed address gets at most one letter an hour and three in thirty days; a reader who is there gets a fresh link instead, in
place of a second subscription. An address that complained, or that operator or provider suppressed, gets nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from subscribers import audience, preferences, privacy, requests, standing
from subscribers.addresses import address_key, kept_key, known_key
from subscribers.choices import Choices
from subscribers.models import Request, RequestKind, SignupLetter, Standing, Subscriber
from subscribers.privacy import Holder

UNCONFIRMED_KEPT = timedelta(days=30)
BOUNCED_MAY_ASK_AGAIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `letters` within `span`."""

    letters: int
    span: timedelta


UNCONFIRMED = (Limit(1, timedelta(hours=1)), Limit(3, timedelta(days=30)))
CONFIRMED = (Limit(1, timedelta(minutes=5)), Limit(6, timedelta(days=1)))


@dataclass(frozen=True, slots=True)
class SignUp:
    """One press of Subscribe: a checked address, checked choices, the page and the words that were agreed to."""

    address: str
    choices: Choices
    page: str
    wording: str


def sign_up(session: Session, asked: SignUp, now: datetime) -> None:
    """Write what follows from a sign-up. Says nothing: whatever the address's standing, the page answers in the same words."""
    key = address_key(kept_key(session), asked.address)
    if not _may_be_written_to(session, key, now):
        return
    row = _row(session, key, asked, now)
    if row.standing in (Standing.ACTIVE, Standing.PAUSED):
        _ask_fresh_link(session, row, now)
        return
    preferences.save(session, row, asked.choices, now)
    row.consent_at, row.consent_source, row.consent_wording = now, asked.page[:80], asked.wording
    _ask_confirmation(session, row, now)


def ask_fresh_link(session: Session, address: str, now: datetime) -> None:
    """Mail a fresh link to a reader who asks for one; somebody unconfirmed is asked to confirm again. Says nothing, like `sign_up`."""
    known = known_key(session)
    row = audience.by_address_key(session, address_key(known, address)) if known else None
    if row is None or standing.suppression(session, row.address_key):
        return
    if row.standing == Standing.PENDING:
        _ask_confirmation(session, row, now)
    elif row.standing != Standing.SUPPRESSED:
        _ask_fresh_link(session, row, now)


def confirm(session: Session, request_id: int, now: datetime) -> tuple[Subscriber, bool]:
    """Use a confirmation link: the reader is active; and whether a welcome digest goes out. Raises LinkError."""
    _, row = requests.find(session, request_id, [RequestKind.CONFIRM])
    requests.use(session, request_id, now)
    requests.use_up(session, row.id, [RequestKind.CONFIRM], now)
    return row, activate(session, row, now)


def activate(session: Session, row: Subscriber, now: datetime) -> bool:
    """The address answered: the reader is active. Whether that was the first time, and a welcome digest is asked for."""
    is_new = row.confirmed_at is None
    if not (standing.confirm(row, now) and is_new):
        return False
    requests.ask(session, row.id, RequestKind.WELCOME, now)
    return True


def counts_letter(session: Session, key: bytes, now: datetime) -> bool:
    """Count one more letter to an address that has not confirmed; False, and nothing counted, when it had enough."""
    for limit in UNCONFIRMED:
        counted = select(func.count()).where(SignupLetter.address_key == key, SignupLetter.asked_at > now - limit.span)
        if (session.scalar(counted) or 0) >= limit.letters:
            return False
    session.add(SignupLetter(address_key=key, asked_at=now))
    session.flush()
    return True


def forget_unconfirmed(session: Session, now: datetime, holders: Collection[Holder] = (), limit: int = 200) -> int:
    """Erase up to `limit` sign-ups that nobody confirmed for thirty days, and the counts of letters that old; how many rows.

    They are erased like anybody: what other rooms hold of them goes, too.
    """
    before = now - UNCONFIRMED_KEPT
    asked_since = select(Request.id).where(Request.subscriber_id == Subscriber.id, Request.requested_at >= before)
    old = (
        select(Subscriber)
        .where(Subscriber.standing == Standing.PENDING, Subscriber.created_at < before, ~asked_since.exists())
        .order_by(Subscriber.id)
        .limit(limit)
    )
    counts = select(SignupLetter.id).where(SignupLetter.asked_at < before).order_by(SignupLetter.id).limit(limit)
    gone = session.scalars(old.with_for_update(skip_locked=True)).all()
    for row in gone:
        privacy.erase(session, row, holders)
    forgotten = session.scalars(delete(SignupLetter).where(SignupLetter.id.in_(counts)).returning(SignupLetter.id)).all()
    return len(gone) + len(forgotten)


def _may_be_written_to(session: Session, key: bytes, now: datetime) -> bool:
    known = standing.suppression(session, key)
    if known is None:
        return True
    if known.reason != standing.Reason.BOUNCED or known.since > now - BOUNCED_MAY_ASK_AGAIN:
        return False
    standing.reopen(session, key)
    return True


def _row(session: Session, key: bytes, asked: SignUp, now: datetime) -> Subscriber:
    """The row of this address, locked; made now if there is none."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    made = dialect.insert(Subscriber).values(address=asked.address, address_key=key, standing=Standing.PENDING, created_at=now)
    session.execute(made.on_conflict_do_nothing(index_elements=["address_key"]))
    return session.scalars(select(Subscriber).where(Subscriber.address_key == key).with_for_update()).one()


def _ask_confirmation(session: Session, row: Subscriber, now: datetime) -> None:
    if counts_letter(session, row.address_key, now):
        requests.ask(session, row.id, RequestKind.CONFIRM, now)


def _ask_fresh_link(session: Session, row: Subscriber, now: datetime) -> None:
    for limit in CONFIRMED:
        mine = (Request.subscriber_id == row.id, Request.kind == RequestKind.FRESH_LINK, Request.requested_at > now - limit.span)
        if (session.scalar(select(func.count()).where(*mine)) or 0) >= limit.letters:
            return
    requests.ask(session, row.id, RequestKind.FRESH_LINK, now)
