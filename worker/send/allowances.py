"""What a mailer may take in a UTC day, its warm-up included: counted in the ledger, exact across workers, in one row a mailer and day.

A batch is set aside before it begins and what was not taken is given back, so no two workers ever pass the cap together; a
crash leaves at most its batch counted though it was not sent. The last part of a day is kept for letters (law 9).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database, upsert
from config.log import logger
from worker.send.models import Kind, MailerDay
from worker.send.rates import PaceLost
from worker.send.terms import Terms

LETTERS_SHARE = 0.05  # of a day: only letters take these

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class DayOf:
    """How a mailer's day stands, for `status`."""

    mailer: str
    cap: int
    taken: int

    @property
    def kept(self) -> int:
        """For letters alone."""
        return max(1, int(self.cap * LETTERS_SHARE)) if self.cap > 1 else 0

    def left(self, kind: Kind) -> int:
        """How many more messages of this kind it may take today."""
        return max(0, self.cap - self.taken - (0 if kind is Kind.LETTER else self.kept))

    def __str__(self) -> str:
        return f"{self.mailer}: {self.taken} of {self.cap} today"


@dataclass(frozen=True, slots=True)
class Grant:
    """Messages set aside for a batch."""

    count: int
    day: date | None = None  # None: nobody counts


class Allowance:
    """The days of all mailers; `terms` by mailer name."""

    def __init__(self, database: Database, clock: Clock, terms: Mapping[str, Terms]) -> None:
        self._database = database
        self._clock = clock
        self._terms = terms

    def day(self, mailer: str) -> DayOf | None:
        """How today stands; None where nothing is counted. Raises PaceLost."""
        if not self._counts(mailer):
            return None
        with _reachable(), self._database.reading() as session:
            return today(session, mailer, self._terms[mailer], now=self._clock.now())

    def take(self, mailer: str, want: int, kind: Kind) -> Grant:
        """Set aside up to `want` messages. Raises PaceLost."""
        if not self._counts(mailer):
            return Grant(want)
        now = self._clock.now()
        with _reachable(), self._database.transaction() as session:
            _begin_day(session, mailer, now.date())
            row = session.scalars(select(MailerDay).where(_is(mailer, now.date())).with_for_update()).one()
            stands = today(session, mailer, self._terms[mailer], now=now)
            granted = min(want, stands.left(kind)) if stands else want
            row.taken += granted
        return Grant(granted, now.date())

    def give_back(self, mailer: str, grant: Grant, count: int) -> None:
        """So many of a grant were not taken. What cannot be given back stays counted."""
        if grant.day is None or count <= 0:
            return
        try:
            with self._database.transaction() as session:
                session.execute(update(MailerDay).where(_is(mailer, grant.day)).values(taken=MailerDay.taken - count))
        except SQLAlchemyError as error:
            log.warning("could not give back", mailer=mailer, count=count, error=str(error).splitlines()[0])

    def _counts(self, mailer: str) -> bool:
        terms = self._terms.get(mailer)
        return terms is not None and terms.counts_days


class _reachable:  # noqa: N801 - a context manager, read as a word
    """A database that is away loses the count, and with it the right to send."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, SQLAlchemyError):
            raise PaceLost(f"the database is out of reach, so sending pauses: {str(error).splitlines()[0]}") from error


def today(session: Session, mailer: str, terms: Terms, *, now: datetime) -> DayOf | None:
    """How a mailer's UTC day stands; None when it has no limit."""
    used = session.scalar(
        select(func.count()).select_from(MailerDay).where(MailerDay.mailer == mailer[:80], MailerDay.day < now.date(), MailerDay.taken > 0)
    )
    cap = terms.cap(used or 0)
    taken = session.scalar(select(MailerDay.taken).where(_is(mailer, now.date())))
    return None if cap is None else DayOf(mailer, cap, taken or 0)


def _begin_day(session: Session, mailer: str, day: date) -> None:
    session.execute(upsert(session, MailerDay).values(mailer=mailer[:80], day=day, taken=0).on_conflict_do_nothing())


def _is(mailer: str, day: date) -> ColumnElement[bool]:
    return and_(MailerDay.mailer == mailer[:80], MailerDay.day == day)
