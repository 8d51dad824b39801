"""How fast each recipient domain is written to, by all workers together: who is in trouble is slowed down alone, and recovers slowly.

A domain without a row goes as fast as it can. Trouble halves its pace and opens a pause that grows; every claim that is taken
well adds a little, until the row is forgotten (additive increase, multiplicative decrease). A claim of a paced domain moves its
next one on, so one claim at a time holds it: pace and concurrency are one rule, and rows are written only while there is trouble.

A domain over which the relay takes long, while it is quick with others, is given the pace that one lane can keep: it may be slow,
but in one lane only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from config.database import upsert
from config.log import redact
from worker.send.ledger import claims
from worker.send.models import Delivery, DomainPace, Kind
from worker.send.port import Blame, Outcome, Verdict

FIRST, SLOWEST, FREE = 8.0, 1 / 60, 16.0  # messages a second: after the first trouble, at least, and when it is over
STEP = 0.5  # messages a second, added by a claim that was taken well
SPAN = 5.0  # seconds' worth of messages in one claim
PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=15)
STRIKES = 3  # deferrals in a row that make trouble; one, where there was trouble already
SLOW = 1.0  # seconds over a message, STRIKES times in a row
_CLOSING = "421"  # costs a connection each time: once is enough
QUIET = timedelta(hours=1)  # without any news, a domain is free again
_KNOWN = 500  # domains whose seconds are remembered


class Pulse:
    """How many seconds a message takes, by domain, as one process sees it; shared by its lanes, so that each may compare."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}  # a mean that forgets

    def feel(self, domain: str, seconds: float) -> None:
        if len(self._seconds) > _KNOWN:
            self._seconds.clear()
        before = self._seconds.get(domain, seconds)
        self._seconds[domain] = before + (seconds - before) / 4

    def is_alone(self, domain: str) -> bool:
        """Whether the relay is quick with some other domain, or none is known yet: then it is not the relay that is slow."""
        others = [seconds for known, seconds in list(self._seconds.items()) if known != domain]
        return not others or min(others) < SLOW / 2


@dataclass(slots=True)
class Answers:
    """How the domains of one group answered, in order. `paced`: those that were in trouble when it was claimed."""

    paced: frozenset[str]
    since: datetime  # when it was claimed: what was decided later knows more
    pulse: Pulse = field(default_factory=Pulse)
    troubled: dict[str, str] = field(default_factory=dict)  # domain -> the answer that showed it
    slow: dict[str, float] = field(default_factory=dict)  # domain -> seconds it takes over a message
    _lingered: dict[str, int] = field(default_factory=dict)
    _strikes: dict[str, int] = field(default_factory=dict)
    _took: set[str] = field(default_factory=set)

    def hear(self, domain: str, outcome: Outcome, seconds: float = 0.0) -> None:
        """One answer, and how long it took; a domain that defers again and again is in trouble, one deferred reader is not."""
        self._time(domain, seconds)
        if outcome.verdict is Verdict.ACCEPTED:
            self._strikes.pop(domain, None)
            self._took.add(domain)
        elif outcome.verdict is Verdict.DEFERRED and outcome.blame is Blame.DOMAIN:
            self._strikes[domain] = self._strikes.get(domain, 0) + 1
            if domain in self.paced or self._strikes[domain] >= STRIKES or outcome.code.startswith(_CLOSING):
                self.troubled.setdefault(domain, redact(f"{outcome.code} {outcome.words}".strip()))  # servers quote addresses

    def _time(self, domain: str, seconds: float) -> None:
        self.pulse.feel(domain, seconds)
        if seconds < SLOW:
            self._lingered.pop(domain, None)
            return
        self._lingered[domain] = self._lingered.get(domain, 0) + 1
        if (domain in self.paced or self._lingered[domain] >= STRIKES) and self.pulse.is_alone(domain):
            self.slow[domain] = seconds

    def bars(self, domain: str) -> bool:
        """Whether nothing more may begin for this domain in this group."""
        return domain in self.troubled or domain in self.slow

    @property
    def recovered(self) -> set[str]:
        """Paced domains that took what they were given, and in good time."""
        return (self._took & self.paced) - set(self.troubled) - set(self._strikes) - set(self.slow)

    @property
    def is_news(self) -> bool:
        return bool(self.troubled or self.slow or self.recovered)


def domain_of(address: str) -> str:
    """The domain of an address, as deliveries keep it."""
    return address.rpartition("@")[2].lower()


def note(session: Session, answers: Answers, *, now: datetime) -> None:
    """Write down what a group learned; what another worker decided since the group was claimed stands."""
    begun = _begin(session, answers.troubled, now) | _begin_slowly(session, answers.slow, now)
    wanted = (answers.recovered | set(answers.troubled) | set(answers.slow)) - begun
    rows = session.scalars(select(DomainPace).where(DomainPace.domain.in_(wanted)).order_by(DomainPace.domain).with_for_update())
    for row in rows.all():
        if row.changed_at > answers.since:
            continue
        if words := answers.troubled.get(row.domain):
            _slow_down(row, words, now)
        elif seconds := answers.slow.get(row.domain):
            row.pace, row.words, row.changed_at = min(row.pace, _lane_pace(seconds)), _lingers(seconds), now
        else:
            _speed_up(session, row, now)


def _begin(session: Session, troubled: Mapping[str, str], now: datetime) -> set[str]:
    """A row for each that had none, which says all there is to say of it."""
    return _insert(session, [_new(domain, FIRST, now + PAUSE, words, now) | {"troubles": 1} for domain, words in troubled.items()])


def _begin_slowly(session: Session, slow: Mapping[str, float], now: datetime) -> set[str]:
    """The same for those that only take long: no pause, what one lane can keep."""
    return _insert(session, [_new(domain, _lane_pace(seconds), now, _lingers(seconds), now) for domain, seconds in slow.items()])


def _new(domain: str, pace: float, free_at: datetime, words: str, now: datetime) -> dict[str, Any]:
    return {"domain": domain, "pace": pace, "free_at": free_at, "troubles": 0, "words": words[:200], "changed_at": now}


def _insert(session: Session, rows: list[dict[str, Any]]) -> set[str]:
    if not rows:
        return set()
    rows.sort(key=lambda row: str(row["domain"]))
    return set(session.scalars(upsert(session, DomainPace).values(rows).on_conflict_do_nothing().returning(DomainPace.domain)))


def _lane_pace(seconds: float) -> float:
    return max(SLOWEST, min(FIRST, 1 / seconds))


def _lingers(seconds: float) -> str:
    return f"{seconds:.1f} s over a message"


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
