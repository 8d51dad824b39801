"""The ledger's rows: waves, their ranges, deliveries, and the processes that own claims."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ColumnElement, Date, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, bindparam, text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import NEVER_REUSED, Base, Id, Instant

# Letters to PAPERBOY_OPERATOR go through the same ledger; nobody's id is 0.
OPERATOR_ID = 0


class State(StrEnum):
    """Where a delivery stands. Waiting and claimed pass; the rest is the account that must add up (law 3)."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    STALE = "stale"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


# States in which the reader has, or may have, or will have, the papers of a delivery.
HELD = (State.WAITING, State.CLAIMED, State.ACCEPTED, State.UNKNOWN)
OPEN = (State.WAITING, State.CLAIMED)


class Kind(StrEnum):
    """The lanes, in the order in which they go: letters first (law 9), then what is due at an hour, then what many are told."""

    LETTER = "letter"
    DIGEST = "digest"
    NOTICE = "notice"


class Course(StrEnum):
    """Where a wave stands: it passes from open to closed, unless somebody pauses or cancels it."""

    OPEN = "open"
    PAUSED = "paused"  # planned as ever, but nothing of it goes out
    CANCELLED = "cancelled"  # what waited is cancelled, and so is what is planned from here on
    CLOSED = "closed"


class Wave(Base):
    """All readers due in one tick of the clock. Closed once its account adds up."""

    __tablename__ = "waves"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    due_at: Mapped[datetime] = mapped_column(Instant, unique=True)  # the tick: two beats open one wave
    opened_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    state: Mapped[Course] = mapped_column(String(9), default=Course.OPEN)
    account: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # state -> count, when closed

    __table_args__ = (NEVER_REUSED,)


class Range(Base):
    """The subscribers first_id..last_id of one wave: one planning task, one transaction."""

    __tablename__ = "wave_ranges"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("waves.id", ondelete="CASCADE"), index=True)
    first_id: Mapped[int] = mapped_column(Id)
    last_id: Mapped[int] = mapped_column(Id)
    readers: Mapped[int] = mapped_column(Integer, default=0)  # how many the planner read
    planned_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (NEVER_REUSED,)


class Delivery(Base):
    """This reader, this occasion: at most one (law 2). Holds no address (law 10), and what was chosen, packed."""

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    subscriber_id: Mapped[int] = mapped_column(Id)
    occasion: Mapped[str] = mapped_column(String(80))
    kind: Mapped[Kind] = mapped_column(String(6))
    state: Mapped[State] = mapped_column(String(9), default=State.WAITING)
    # No foreign key: PostgreSQL would look the wave up again for each row. Whoever plans holds it locked, and it goes after its rows.
    wave_id: Mapped[int | None] = mapped_column(Id)
    due_at: Mapped[datetime] = mapped_column(Instant)
    stale_at: Mapped[datetime] = mapped_column(Instant)  # not sent any more from here on
    next_attempt_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    owner: Mapped[int | None] = mapped_column(Id)  # processes.id, while claimed
    domain: Mapped[str] = mapped_column(String(255), default="")
    address_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    reason: Mapped[str] = mapped_column(String(300), default="")  # why skipped, or the last answer, in words
    code: Mapped[str] = mapped_column(String(16), default="")  # the answer's code: "250", "550 5.1.1"
    mailer: Mapped[str] = mapped_column(String(40), default="")
    provider_id: Mapped[str] = mapped_column(String(200), default="")
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    ranking_id: Mapped[int | None] = mapped_column(Id)  # what it was chosen from; rankings are forgotten sooner than deliveries
    papers: Mapped[bytes] = mapped_column(LargeBinary, default=b"")  # little-endian int64: every paper shown, cards and lines
    content: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # the Selection or the Letter, as plain values

    __table_args__ = (
        UniqueConstraint("subscriber_id", "occasion"),
        # Partial: claimed and settled rows leave the index, so a claim never walks past them (measurements, section 5).
        Index(
            "ix_deliveries_waiting",
            "kind",
            "next_attempt_at",
            "id",
            postgresql_where=text("state = 'waiting'"),
            sqlite_where=text("state = 'waiting'"),
        ),
        # For what is written to slowly: a domain's own front, however many others wait before it. On PostgreSQL this one and the next
        # say that a column is there, as it always is, so that only who asks by it is led here: when nothing waited at the last ANALYZE,
        # any index of what waits looks good enough for a claim, which then reads and sorts all that waits for every two hundred.
        Index(
            "ix_deliveries_domain",
            "domain",
            "next_attempt_at",
            "id",
            postgresql_where=text("state = 'waiting' AND domain IS NOT NULL"),
            sqlite_where=text("state = 'waiting'"),
        ),
        Index("ix_deliveries_owner", "owner", postgresql_where=text("state = 'claimed'"), sqlite_where=text("state = 'claimed'")),
        # Looked for by every sweep, and as a rule there are none: neither of what has grown old nor of what is unknown.
        Index(
            "ix_deliveries_stale",
            "stale_at",
            postgresql_where=text("state = 'waiting' AND stale_at IS NOT NULL"),
            sqlite_where=text("state = 'waiting'"),
        ),
        Index("ix_deliveries_unknown", "id", postgresql_where=text("state = 'unknown'"), sqlite_where=text("state = 'unknown'")),
        Index("ix_deliveries_wave_id", "wave_id", "state"),
        # Asked of what is settled alone; each state a row passes through before that would be one more entry.
        Index("ix_deliveries_due_at", "due_at", postgresql_where=text("state NOT IN ('waiting', 'claimed')")),
        NEVER_REUSED,
    )


def stands(state: State) -> ColumnElement[bool]:
    """Whether a delivery is in this state: written into the statement, not bound, so that a plan that is kept uses the partial indexes."""
    return Delivery.state == bindparam(None, state, literal_execute=True, type_=Delivery.state.type, unique=True)


class Notice(Base):
    """What the operator announces to one audience. Its deliveries name it, so that the words are kept once."""

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(40))  # of the occasion, "notice:<key>": a name, or a hash of the words
    audience: Mapped[str] = mapped_column(String(80))  # "active", "topic:robotics"
    subject: Mapped[str] = mapped_column(String(150))
    words: Mapped[str] = mapped_column(Text)  # Markdown
    announced_at: Mapped[datetime] = mapped_column(Instant)
    last_id: Mapped[int] = mapped_column(Id)  # the newest reader there was then: who comes later is not told
    reached_id: Mapped[int] = mapped_column(Id, default=0)  # how far the deliveries are written
    written_at: Mapped[datetime | None] = mapped_column(Instant)  # when the last of them was

    __table_args__ = (UniqueConstraint("key", "audience"), NEVER_REUSED)


class Process(Base):
    """A process that may own claims: it bumps its counter while it lives (law 3: no wall time decides)."""

    __tablename__ = "processes"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(120))  # host and pid, for people
    folder: Mapped[str] = mapped_column(String(32), default="")  # where its journal lies: who sees the same folder may read it
    counter: Mapped[int] = mapped_column(Integer, default=0)
    begun_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (NEVER_REUSED,)


class Switch(Base):
    """What an operator turned off until they turn it on again. In the database, so that it holds while Redis is away."""

    __tablename__ = "switches"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)  # "halt": nothing goes out
    turned_at: Mapped[datetime] = mapped_column(Instant)


class Heartbeat(Base):
    """When something that should beat last did: "beat", the clock of the service."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    beat_at: Mapped[datetime] = mapped_column(Instant)


class Bucket(Base):
    """A token bucket of one mailer where there is no Redis: rates and pacing live in the database (embedded)."""

    __tablename__ = "buckets"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    tokens: Mapped[float] = mapped_column()
    filled_at: Mapped[datetime] = mapped_column(Instant)


class MailerDay(Base):
    """How many messages one mailer may have taken on one UTC day, for its daily cap and its warm-up."""

    __tablename__ = "mailer_days"

    mailer: Mapped[str] = mapped_column(String(80), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    taken: Mapped[int] = mapped_column(Integer, default=0)  # accepted, uncertain, or set aside for a batch under way


class MailerAbsence(Base):
    """A mailer that was found away, and until when it is left alone. Only told of: what decides is the breaker of each process."""

    __tablename__ = "mailer_absences"

    mailer: Mapped[str] = mapped_column(String(80), primary_key=True)
    words: Mapped[str] = mapped_column(String(200))
    again_at: Mapped[datetime] = mapped_column(Instant)


class DomainPace(Base):
    """A recipient domain that was in trouble, and how slowly all workers together write to it. No row: as fast as it goes."""

    __tablename__ = "domain_paces"

    domain: Mapped[str] = mapped_column(String(255), primary_key=True)
    pace: Mapped[float] = mapped_column()  # messages a second
    free_at: Mapped[datetime] = mapped_column(Instant)  # nothing is claimed for it before
    troubles: Mapped[int] = mapped_column(Integer)  # how many in a row: they lengthen the pause
    words: Mapped[str] = mapped_column(String(200))  # the answer that slowed it down
    changed_at: Mapped[datetime] = mapped_column(Instant)
