"""More like this, or not for me: one vote a reader and paper, the last one counts, and any can be withdrawn."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from sqlalchemy import delete
from sqlalchemy.orm import Session

from config.database import upsert
from subscribers import audience
from subscribers.models import Vote


class Value(IntEnum):
    """What a vote says."""

    MORE = 1
    LESS = -1


@dataclass(frozen=True, slots=True)
class Cast:
    """One vote of a reader."""

    paper_key: str
    value: Value
    voted_at: datetime


def cast(session: Session, subscriber_id: int, paper_key: str, value: Value, now: datetime) -> None:
    """Count a vote; an earlier one of the same paper is replaced."""
    made = upsert(session, Vote).values(subscriber_id=subscriber_id, paper_key=paper_key, value=int(value), voted_at=now)
    session.execute(made.on_conflict_do_update(index_elements=["subscriber_id", "paper_key"], set_={"value": int(value), "voted_at": now}))


def withdraw(session: Session, subscriber_id: int, paper_key: str) -> bool:
    """Take a vote back; False if there was none."""
    gone = delete(Vote).where(Vote.subscriber_id == subscriber_id, Vote.paper_key == paper_key).returning(Vote.paper_key)
    return session.scalars(gone).first() is not None


def of(session: Session, subscriber_id: int) -> list[Cast]:
    """A reader's votes, the newest first."""
    return [Cast(key, Value(value), at) for _, key, value, at in audience.votes_of(session, [subscriber_id])]
