"""Whose turn it is to ask a host that wants one request at a time: a row per host, claimed in short transactions, never across the network.

arXiv's terms (https://info.arxiv.org/help/api/tou.html): one request every three seconds, and a single connection, whatever the number of
machines. A turn is claimed at the moment it is used, for as long as the request may take, and given back when the answer is there; so a
process that dies holds the others up for one request's time, and no slot is reserved that is not used.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database, upsert
from worker.ingest.models import HostTurn

PAUSE = timedelta(seconds=3)
LONGEST_HOLD = timedelta(hours=1)  # a host that asks for more is asked again after an hour
# No turn lies further ahead, so one that does was written by a clock that was wrong.
_ABSURD = 2 * LONGEST_HOLD
_LOOK_AGAIN = 1.0  # seconds; a turn may be given back before it runs out


class TooLong(Exception):
    """The turn does not come in time; `until` says when to ask again."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"its next turn is at {until:%H:%M:%S} UTC")
        self.until = until


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to ask `host` once, until `until`."""

    host: str
    until: datetime


def claim(session: Session, host: str, *, now: datetime, until: datetime) -> datetime | None:
    """Take the turn of `host` from `now` until `until`; or the moment at which it is free."""
    session.execute(upsert(session, HostTurn).values(host=host, next_at=now).on_conflict_do_nothing())
    free = or_(HostTurn.next_at <= now, HostTurn.next_at > now + _ABSURD)
    taken = update(HostTurn).where(HostTurn.host == host, free).values(next_at=until).returning(HostTurn.host)
    if session.scalars(taken).first():
        return None
    return session.scalars(select(HostTurn.next_at).where(HostTurn.host == host)).one()


def give_back(session: Session, turn: Turn, *, now: datetime) -> None:
    """Let the next one ask after the pause; a turn that ran out and was taken by another is left alone."""
    session.execute(update(HostTurn).where(HostTurn.host == turn.host, HostTurn.next_at == turn.until).values(next_at=now + PAUSE))


def hold_off(session: Session, host: str, *, until: datetime) -> None:
    """Let nobody ask `host` before `until`."""
    session.execute(update(HostTurn).where(HostTurn.host == host, HostTurn.next_at < until).values(next_at=until))


def take(database: Database, clock: Clock, host: str, *, length: timedelta, deadline: float) -> Turn:
    """Wait for the turn of `host` and take it for `length`. TooLong when it does not come before `deadline` (monotonic seconds)."""
    while True:
        now = clock.now()
        turn = Turn(host, now + length)
        with database.transaction() as session:
            free_at = claim(session, host, now=now, until=turn.until)
        if free_at is None:
            return turn
        wait = (free_at - now).total_seconds()
        left = deadline - clock.monotonic()
        # Another's request may end early; a host that told us to hold off does not change its mind.
        if left <= 0 or wait > max(left, length.total_seconds()):
            raise TooLong(free_at)
        clock.sleep(min(max(wait, 0.01), _LOOK_AGAIN, left))
