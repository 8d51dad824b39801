"""How fast each recipient domain is written to, by all workers together: who is in trouble is slowed down alone, and recovers slowly.

A domain without a row goes as fast as it can. Trouble halves its pace and opens a pause that grows; every claim that is taken
well adds a little, until the row is forgotten (additive increase, multiplicative decrease). A claim of a paced domain moves its
next one on, so one claim at a time holds it: pace and concurrency are one rule, and rows are written only while there is trouble.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from config.log import redact
from worker.send.ledger import claims
from worker.send.models import Delivery, DomainPace, Kind
from worker.send.port import Blame, Outcome, Verdict

FIRST, SLOWEST, FREE = 8.0, 1 / 60, 16.0  # messages a second: after the first trouble, at least, and when it is over
STEP = 0.5  # messages a second, added by a claim that was taken well
SPAN = 5.0  # seconds' worth of messages in one claim
PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=15)
STRIKES = 3  # deferrals in a row that make trouble; one, where there was trouble already
_CLOSING = "421"  # costs a connection each time: once is enough
QUIET = timedelta(hours=1)  # without any news, a domain is free again


@dataclass(slots=True)
class Answers:
    """How the domains of one group answered, in order. `paced`: those that were in trouble when it was claimed."""

    paced: frozenset[str]
    since: datetime  # when it was claimed: what was decided later knows more
    troubled: dict[str, str] = field(default_factory=dict)  # domain -> the answer that showed it
    _strikes: dict[str, int] = field(default_factory=dict)
    _took: set[str] = field(default_factory=set)

    def hear(self, domain: str, outcome: Outcome) -> None:
        """One answer; a domain that defers again and again is in trouble, one deferred reader is not."""
        if outcome.verdict is Verdict.ACCEPTED:
            self._strikes.pop(domain, None)
            self._took.add(domain)
        elif outcome.verdict is Verdict.DEFERRED and outcome.blame is Blame.DOMAIN:
            self._strikes[domain] = self._strikes.get(domain, 0) + 1
            if domain in self.paced or self._strikes[domain] >= STRIKES or outcome.code.startswith(_CLOSING):
                self.troubled.setdefault(domain, redact(f"{outcome.code} {outcome.words}".strip()))  # servers quote addresses

    @property
    def recovered(self) -> set[str]:
        """Paced domains that took what they were given."""
        return (self._took & self.paced) - set(self.troubled) - set(self._strikes)

    @property
    def is_news(self) -> bool:
        return bool(self.troubled or self.recovered)


def domain_of(address: str) -> str:
    """The domain of an address, as deliveries keep it."""
    return address.rpartition("@")[2].lower()


def note(session: Session, answers: Answers, *, now: datetime) -> None:
    """Write down what a group learned; what another worker decided since the group was claimed stands."""
    begun = _begin(session, answers.troubled, now)
    wanted = (answers.recovered | set(answers.troubled)) - begun
    rows = session.scalars(select(DomainPace).where(DomainPace.domain.in_(wanted)).order_by(DomainPace.domain).with_for_update())
    for row in rows.all():
        if row.changed_at > answers.since:
            continue
        if words := answers.troubled.get(row.domain):
            _slow_down(row, words, now)
        else:
            _speed_up(session, row, now)


def _begin(session: Session, troubled: Mapping[str, str], now: datetime) -> set[str]:
    """A row for each that had none, which says all there is to say of it."""
    if not troubled:
        return set()
    rows = [
        {"domain": one, "pace": FIRST, "free_at": now + PAUSE, "troubles": 1, "words": words[:200], "changed_at": now}
        for one, words in sorted(troubled.items())
    ]
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    return set(session.scalars(dialect.insert(DomainPace).values(rows).on_conflict_do_nothing().returning(DomainPace.domain)))


def _slow_down(row: DomainPace, words: str, now: datetime) -> None:
    row.pace = max(SLOWEST, row.pace / 2)
    row.free_at = now + min(LONGEST_PAUSE, PAUSE * 2.0**row.troubles)
    row.troubles, row.words, row.changed_at = min(row.troubles + 1, 10), words[:200], now


def _speed_up(session: Session, row: DomainPace, now: datetime) -> None:
    row.pace, row.troubles, row.changed_at = row.pace + STEP, max(0, row.troubles - 1), now
    if row.pace >= FREE:
        session.delete(row)


def names(session: Session) -> frozenset[str]:
    """The domains that are paced."""
    return frozenset(session.scalars(select(DomainPace.domain)))


def free(session: Session, *, kind: Kind, now: datetime, limit: int = 8) -> list[DomainPace]:
    """Paced domains that may be written to now and for which something of this kind waits, locked, the longest free first."""
    waits = claims.waiting(kind, now).where(Delivery.domain == DomainPace.domain).exists()
    # A wall clock that was set back must not hold a domain for as long as it leapt.
    due = or_(DomainPace.free_at <= now, DomainPace.free_at > now + 2 * LONGEST_PAUSE)
    found = select(DomainPace).where(due, waits).order_by(DomainPace.free_at).limit(limit)
    return list(session.scalars(found.with_for_update(skip_locked=True)))


def share(row: DomainPace) -> int:
    """Messages that one claim may take of it."""
    return max(1, int(row.pace * SPAN))


def taken(row: DomainPace, count: int, now: datetime) -> None:
    """So many were claimed: the next claim comes when they had their time."""
    if count:
        row.free_at = now + timedelta(seconds=count / row.pace)


@dataclass(frozen=True, slots=True)
class Paced:
    """One domain in trouble, for `status`."""

    domain: str
    pace: float  # messages a second
    free_at: datetime
    words: str


def paced(session: Session, limit: int = 100) -> list[Paced]:
    """The domains in trouble, the slowest first."""
    rows = session.scalars(select(DomainPace).order_by(DomainPace.pace, DomainPace.domain).limit(limit))
    return [Paced(row.domain, row.pace, row.free_at, row.words) for row in rows]


def forget(session: Session, *, now: datetime) -> int:
    """Domains of which nothing was heard for long are free again; how many."""
    gone = delete(DomainPace).where(DomainPace.changed_at < now - QUIET, DomainPace.free_at < now).returning(DomainPace.domain)
    return len(session.execute(gone, execution_options={"synchronize_session": False}).all())
