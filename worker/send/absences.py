"""Which mailers were found away, as the process that asked last saw it: for `status`, since a breaker lives and dies in its process."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database, upsert
from config.log import logger, redact
from worker.send.models import MailerAbsence

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Absence:
    """A mailer that is left alone."""

    mailer: str
    words: str  # why
    again_at: datetime  # when it is asked again


def teller(database: Database, clock: Clock, mailer: str) -> Callable[[str, float], None]:
    """What a breaker tells: why its mailer is away, and for how many seconds it is left alone; no words: it is back.

    Never raises: sending does not depend on it.
    """

    def tell(words: str, pause: float) -> None:
        try:
            with database.transaction() as session:
                _note(session, mailer[:80], redact(words)[:200], clock.now() + timedelta(seconds=pause))
        except SQLAlchemyError as error:
            log.warning("could not note how a mailer stands", mailer=mailer, error=str(error).splitlines()[0])

    return tell


def now_away(session: Session, *, now: datetime) -> list[Absence]:
    """The mailers that are left alone now. What a process noted that has died since is over with its pause."""
    rows = session.scalars(select(MailerAbsence).where(MailerAbsence.again_at > now).order_by(MailerAbsence.mailer))
    return [Absence(row.mailer, row.words, row.again_at) for row in rows]


def _note(session: Session, mailer: str, words: str, again_at: datetime) -> None:
    if not words:
        session.execute(delete(MailerAbsence).where(MailerAbsence.mailer == mailer))
        return
    values = {"words": words, "again_at": again_at}
    made = upsert(session, MailerAbsence).values(mailer=mailer, **values)
    session.execute(made.on_conflict_do_update(index_elements=["mailer"], set_=values))
