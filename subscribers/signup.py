"""Signing up: what an address and a pressed button lead to. Only rows are written (law 9).

Anybody can type anybody's address, so a sign-up changes nothing of a row that is there already: what was chosen travels with the letter
that it leads to, and counts once that letter's own link is confirmed. An unconfirmed address gets at most one letter an hour and three
in thirty days; a reader who is there gets a fresh link instead, in place of a second subscription. An address that complained, or that
operator or provider suppressed, gets nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from config.database import upsert
from subscribers import audience, preferences, privacy, requests, standing
from subscribers.addresses import address_key, kept_key, known_key
from subscribers.choices import Choices, unpacked
from subscribers.models import Request, RequestKind, SignupLetter, Standing, Subscriber
from subscribers.privacy import Holder

UNCONFIRMED_KEPT = timedelta(days=30)
BOUNCED_MAY_ASK_AGAIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `letters` within `span`."""

    letters: int
    span: timedelta


_READS = (Standing.ACTIVE, Standing.PAUSED)
UNCONFIRMED = (Limit(1, timedelta(hours=1)), Limit(3, timedelta(days=30)))
CONFIRMED = (Limit(1, timedelta(minutes=5)), Limit(6, timedelta(days=1)))


@dataclass(frozen=True, slots=True)
class SignUp:
    """One press of Subscribe: a checked address, checked choices, the page and the words that were agreed to."""

    address: str
    choices: Choices
    page: str
    wording: str

    def packed(self) -> dict[str, Any]:
        """All but the address, as plain values for a JSON column."""
        return {"choices": self.choices.packed(), "page": self.page, "wording": self.wording}


def from_packed(address: str, row: dict[str, Any]) -> SignUp:
    """The SignUp that `packed` wrote, of this address."""
    return SignUp(address, unpacked(row["choices"]), row["page"], row["wording"])


def sign_up(session: Session, asked: SignUp, now: datetime) -> None:
    """Write what follows from a sign-up."""
    key = address_key(kept_key(session), asked.address)
    if not _may_be_written_to(session, key, now):
        return
    row, is_new = _row(session, key, asked, now)
    if row.standing in _READS:
        _ask_fresh_link(session, row, now)
        return
    if is_new:
        _put_in_force(session, row, asked, now)
    _ask_confirmation(session, row, now, None if is_new else asked)


def ask_fresh_link(session: Session, address: str, now: datetime) -> None:
    """Mail a fresh link to a reader who asks for one; somebody unconfirmed is asked to confirm again."""
    known = known_key(session)
    row = audience.by_address_key(session, address_key(known, address)) if known else None
    if row is None or standing.suppression(session, row.address_key):
        return
    session.refresh(row, with_for_update=True)
    if row.standing == Standing.PENDING:
        _ask_confirmation(session, row, now)
    elif row.standing != Standing.SUPPRESSED:
        _ask_fresh_link(session, row, now)


def confirm(session: Session, request_id: int, now: datetime) -> tuple[Subscriber, bool]:
    """Use a confirmation link: the reader is active, by what the link carries; and whether a welcome digest goes out. Raises LinkError."""
    request, row = requests.find(session, request_id, [RequestKind.CONFIRM])
    session.refresh(row, with_for_update=True)
    requests.use(session, request_id, now)
    requests.use_up(session, row.id, [RequestKind.CONFIRM], now)
    if request.sign_up and row.standing not in _READS:
        _put_in_force(session, row, from_packed(row.address, request.sign_up), request.requested_at)
    return row, activate(session, row, now)


def choices_of(session: Session, request: Request, row: Subscriber) -> Choices:
    """The choices that a confirmation's link puts in force."""
    return unpacked(request.sign_up["choices"]) if request.sign_up and row.standing not in _READS else preferences.read(session, row)


def activate(session: Session, row: Subscriber, now: datetime) -> bool:
    """The address answered: the reader is active. Whether that was the first time, and a welcome digest is asked for."""
    is_new = row.confirmed_at is None
    if not (standing.confirm(row, now) and is_new):
        return False
    requests.ask(session, row.id, RequestKind.WELCOME, now)
    return True


def counts_letter(session: Session, key: bytes, now: datetime) -> bool:
    """Count one more letter to an address that has not confirmed; False, and nothing counted, when it had enough.

    Whoever counts for the same address at the same time waits until this transaction ends.
    """
    if session.get_bind().dialect.name != "sqlite":  # where only one writes at a time
        session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(key[:8], signed=True))))
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


def _row(session: Session, key: bytes, asked: SignUp, now: datetime) -> tuple[Subscriber, bool]:
    """The row of this address, locked, and whether it was made now."""
    made = upsert(session, Subscriber).values(address=asked.address, address_key=key, standing=Standing.PENDING, created_at=now)
    is_new = session.scalars(made.on_conflict_do_nothing(index_elements=["address_key"]).returning(Subscriber.id)).first() is not None
    return session.scalars(select(Subscriber).where(Subscriber.address_key == key).with_for_update()).one(), is_new


def _put_in_force(session: Session, row: Subscriber, asked: SignUp, at: datetime) -> None:
    preferences.save(session, row, asked.choices, at)
    row.consent_at, row.consent_source, row.consent_wording = at, asked.page[:80], asked.wording


def _ask_confirmation(session: Session, row: Subscriber, now: datetime, asked: SignUp | None = None) -> None:
    if counts_letter(session, row.address_key, now):
        requests.ask(session, row.id, RequestKind.CONFIRM, now, sign_up=asked.packed() if asked else None)


def _ask_fresh_link(session: Session, row: Subscriber, now: datetime) -> None:
    for limit in CONFIRMED:
        mine = (Request.subscriber_id == row.id, Request.kind == RequestKind.FRESH_LINK, Request.requested_at > now - limit.span)
        if (session.scalar(select(func.count()).where(*mine)) or 0) >= limit.letters:
            return
    requests.ask(session, row.id, RequestKind.FRESH_LINK, now)
