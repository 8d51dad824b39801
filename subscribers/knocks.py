"""The door: whoever signs up or asks for a link is written down in one statement, the same for everybody, and looked up later.

So neither the words of the answer nor its time say whether an address reads here: when it is given, nobody has looked yet. `send`
opens in the run that hands letters over, seconds later, one transaction a knock: one that cannot be dealt with stops no other.
"""

from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from config.database import Database
from config.log import logger
from subscribers import signup
from subscribers.models import Knock
from subscribers.signup import SignUp

BATCH = 100  # knocks dealt with at once, so that letters asked for by others do not wait long

log = logger(__name__)


def sign_up(session: Session, asked: SignUp, now: datetime) -> None:
    """Somebody presses Subscribe."""
    _knock(session, asked.address, asked, now)


def ask_fresh_link(session: Session, address: str, now: datetime) -> None:
    """Somebody asks for a fresh link."""
    _knock(session, address, None, now)


def is_anybody_there(session: Session) -> bool:
    """Whether a knock waits."""
    return session.scalar(select(Knock.id).limit(1)) is not None


def open_door(database: Database) -> None:
    """Look up the oldest who knocked, and write the letters that follow. A knock that another process holds is passed over."""
    with database.reading() as session:
        ids = session.scalars(select(Knock.id).order_by(Knock.id).limit(BATCH)).all()
    for number in ids:
        try:
            _open(database, number)
        except (OperationalError, InterfaceError, NoConnection):
            raise  # the database is away, or two were in each other's way: the next run tries again
        except Exception:
            log.exception("cannot answer a knock", knock=number)


def forget(session: Session, before: datetime, limit: int = 1000) -> int:
    """Drop up to `limit` knocks that old, which nobody could deal with; how many."""
    old = select(Knock.id).where(Knock.knocked_at < before).order_by(Knock.id).limit(limit)
    return len(session.scalars(delete(Knock).where(Knock.id.in_(old)).returning(Knock.id)).all())


def _knock(session: Session, address: str, asked: SignUp | None, now: datetime) -> None:
    session.execute(insert(Knock).values(address=address, sign_up=asked.packed() if asked else None, knocked_at=now))


def _open(database: Database, number: int) -> None:
    with database.transaction() as session:
        knock = session.get(Knock, number, with_for_update={"skip_locked": True})
        if knock is None:
            return
        if knock.sign_up:
            signup.sign_up(session, signup.from_packed(knock.address, knock.sign_up), knock.knocked_at)
        else:
            signup.ask_fresh_link(session, knock.address, knock.knocked_at)
        session.delete(knock)
