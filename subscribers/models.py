"""The subscribers' rows. Relationships are left out: a range of readers is read with one named statement a table."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import NEVER_REUSED, Base, Id, Instant


class Standing(StrEnum):
    """Whether we may write."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    LEFT = "left"
    SUPPRESSED = "suppressed"


class InterestKind(StrEnum):
    """What a reader may ask for, or ask to be spared."""

    TOPIC = "topic"
    KEYWORD = "keyword"
    AUTHOR = "author"
    MUTE = "mute"


class RequestKind(StrEnum):
    """A letter that a reader asked for; `send` turns the row into a delivery."""

    CONFIRM = "confirm"
    WELCOME = "welcome"
    FRESH_LINK = "link"
    NEW_ADDRESS = "address"
    ADDRESS_CHANGED = "changed"


class Subscriber(Base):
    """One address that asked for mail, with its choices. Erasing deletes the row; the id is never given out again."""

    __tablename__ = "subscribers"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    address: Mapped[str] = mapped_column(String(320))
    # HMAC-SHA256 of the normalised address under the kept key: unique without a case-folding index on the address itself.
    address_key: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    standing: Mapped[Standing] = mapped_column(String(12), default=Standing.PENDING)
    zone: Mapped[str] = mapped_column(String(64), default="UTC")
    cadence: Mapped[str] = mapped_column(String(8), default="weekdays")
    hour: Mapped[int] = mapped_column(SmallInteger, default=8)
    weekday: Mapped[int] = mapped_column(SmallInteger, default=0)  # ISO Monday is 0; read for weekly readers only
    for_you: Mapped[int] = mapped_column(SmallInteger, default=5)  # papers in "For you"
    trending: Mapped[int] = mapped_column(SmallInteger, default=5)  # papers in "Trending today"
    next_due_at: Mapped[datetime | None] = mapped_column(Instant)  # the clock's queue; empty while nothing may be due
    last_digest_at: Mapped[datetime | None] = mapped_column(Instant)  # due moment of the last digest planned
    # The greatest keys of occasions used so far ("2026-06-17", "2026-W25"): no change of zone or cadence brings one back.
    last_day: Mapped[str] = mapped_column(String(10), default="")
    last_week: Mapped[str] = mapped_column(String(8), default="")
    paused_until: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    consent_at: Mapped[datetime | None] = mapped_column(Instant)
    consent_source: Mapped[str] = mapped_column(String(80), default="")  # the page, or the file that was imported
    consent_wording: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        Index("ix_subscribers_next_due_at", "next_due_at", "id", postgresql_where=text("next_due_at IS NOT NULL")),
        NEVER_REUSED,
    )


class Interest(Base):
    """One topic, keyword, author or mute of one subscriber, in its checked form."""

    __tablename__ = "interests"

    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[InterestKind] = mapped_column(String(8), primary_key=True)
    value: Mapped[str] = mapped_column(String(120), primary_key=True)


class Vote(Base):
    """More like this (+1) or not for me (-1); names a paper by its key, since subscribers know no papers."""

    __tablename__ = "votes"

    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True)
    paper_key: Mapped[str] = mapped_column(String(120), primary_key=True)
    value: Mapped[int] = mapped_column(SmallInteger)
    voted_at: Mapped[datetime] = mapped_column(Instant)


class Request(Base):
    """A letter asked for and not yet turned into a delivery (`handled_at` empty), or one whose link may still be used."""

    __tablename__ = "requests"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    kind: Mapped[RequestKind] = mapped_column(String(8))
    detail: Mapped[str] = mapped_column(String(320), default="")  # the new address, when one is to be confirmed
    requested_at: Mapped[datetime] = mapped_column(Instant)
    handled_at: Mapped[datetime | None] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    # What a confirmation's link puts in force, when that is not what the reader's row holds already: choices, page and wording.
    sign_up: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    __table_args__ = (
        Index("ix_requests_waiting", "id", postgresql_where=text("handled_at IS NULL"), sqlite_where=text("handled_at IS NULL")),
        NEVER_REUSED,
    )


class Knock(Base):
    """Somebody at the door: an address and what it asks for, until it is looked up whether we know it."""

    __tablename__ = "knocks"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    address: Mapped[str] = mapped_column(String(320))
    sign_up: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # empty: asks for a fresh link
    knocked_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (NEVER_REUSED,)


class Feed(Base):
    """A reader's own feed, off until they ask for it: its link names this row, so that a new row is a new link and kills the old one."""

    __tablename__ = "feeds"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), unique=True)
    made_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (NEVER_REUSED,)


class Suppression(Base):
    """An address never written to again, kept as its HMAC so that it outlives the subscriber (law 10)."""

    __tablename__ = "suppressions"

    address_key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    reason: Mapped[str] = mapped_column(String(20))  # bounced, complained, operator, provider
    detail: Mapped[str] = mapped_column(String(200), default="")
    since: Mapped[datetime] = mapped_column(Instant)


class SignupLetter(Base):
    """That a confirmation was asked for an address, kept as its HMAC: the limit outlives the sign-up it counts (law 10)."""

    __tablename__ = "signup_letters"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    address_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    asked_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_signup_letters_address_key", "address_key", "asked_at"), NEVER_REUSED)


class KeptKey(Base):
    """A key made once and kept beside the data it protects, apart from the secret that rotates (law 10)."""

    __tablename__ = "kept_keys"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary(32))
