"""Delivering: claim, hand over, settle, in three short acts, letters first. Holds no transaction across the network (law 3)."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from config.log import logger
from worker.send.ledger import claims, outcomes
from worker.send.ledger.claims import Claimed
from worker.send.ledger.outcomes import Settlement
from worker.send.models import Kind, State
from worker.send.ownership import Ownership
from worker.send.port import Mailer, Outcome, Parcel, Unavailable
from worker.send.rates import Pace, PaceLost

CLAIM = 200  # deliveries a claim: what the loss of a host without its journal leaves unknown at most
GROUP = 100  # outcomes settled in one statement, while sending goes on
PAUSE_AFTER_UNAVAILABLE = timedelta(seconds=30)

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """A claim with its message."""

    claimed: Claimed
    parcel: Parcel | None = None  # none while it is not composed
    address_hash: bytes | None = None


class Composer(Protocol):
    """Turns claims into parcels; says of the rest why they must not go out."""

    def compose(self, claims: Sequence[Claimed]) -> tuple[list[Ready], list[Settlement]]:
        """What may go out now, and what ends here (the reader left, the content is stale)."""
        ...


@dataclass(slots=True)
class Tally:
    """What a run of delivering did, by state; `open` counts what went back to wait."""

    states: dict[State, int] = field(default_factory=dict)
    unavailable: str = ""  # why nothing more could be handed over, if so

    def add(self, settlements: Sequence[Settlement]) -> None:
        for one in settlements:
            self.states[one.state] = self.states.get(one.state, 0) + 1

    def merge(self, other: "Tally") -> None:
        for state, count in other.states.items():
            self.states[state] = self.states.get(state, 0) + count
        self.unavailable = self.unavailable or other.unavailable

    @property
    def total(self) -> int:
        return sum(self.states.values())


class Settled(Protocol):
    """What hears that everything answered so far stands in the ledger: the journal, which may then forget it."""

    def settled(self) -> None: ...


@dataclass(slots=True)
class Deliverer:
    """The hands: claims by one process's ownership, hands over to the first mailer that is there, settles in groups.

    What could not be written because the database was away is owed, kept, and written before anything else is begun.
    """

    database: Database
    clock: Clock
    composer: Composer
    mailers: Sequence[Mailer]
    pace: Pace
    post_letters: Callable[[Session], object]  # turns requests into deliveries, in the transaction that claims
    journal: Settled
    _owed: list[tuple[int, Settlement]] = field(default_factory=list)  # owner, and what it learned
    _drawn: set[int] = field(default_factory=set)  # handed to a mailer in this group
    _halted: threading.Event = field(default_factory=threading.Event)
    _over_at: float = 0.0  # by the monotonic clock

    def halt(self) -> None:
        """Begin no further message; what was begun is answered and settled (SIGTERM)."""
        self._halted.set()

    def run(self, owner: Ownership, *, seconds: float, only: Sequence[int] = ()) -> Tally:
        """Deliver what is due, letters first, until nothing is, or `seconds` have passed; `only`: just these, due or not."""
        tally = Tally()
        self._over_at = self.clock.monotonic() + seconds
        groups = iter([only[start : start + CLAIM] for start in range(0, len(only), CLAIM)])
        with owner:
            while self._may_start(owner):
                taken = self._claim_these(owner, next(groups, ())) if only else self._claim(owner)
                if not taken or not self._deliver(owner, taken, tally):
                    break
        return tally

    def _may_start(self, owner: Ownership) -> bool:
        return self._may_draw(owner) and self._pay(owner)

    def _may_draw(self, owner: Ownership) -> bool:
        """Whether one more message may begin: this is ours, nobody told us to stop, and our time is not over."""
        return owner.may_start and not self._halted.is_set() and self.clock.monotonic() < self._over_at

    def _claim(self, owner: Ownership) -> list[Claimed]:
        """The next group: letters as long as there are any (law 9)."""
        now = self.clock.now()
        with self.database.transaction() as session:
            self.post_letters(session)
            for kind in (Kind.LETTER, Kind.DIGEST):
                if taken := claims.claim(session, owner=owner.id, kind=kind, now=now, limit=CLAIM):
                    return taken
        return []

    def _claim_these(self, owner: Ownership, group: Sequence[int]) -> list[Claimed]:
        with self.database.transaction() as session:
            return [one for wanted in group for one in claims.claim_one(session, wanted, owner=owner.id)]

    def _deliver(self, owner: Ownership, taken: Sequence[Claimed], tally: Tally) -> bool:
        """Compose and hand over one group of claims; whether to go on."""
        waiting = {claimed.id: Ready(claimed) for claimed in taken}
        self._drawn.clear()
        try:
            ready, ended = self.composer.compose(taken)
            self._settle(owner, ended, tally)
            waiting = {one.claimed.id: one for one in ready}
            return self._by_first_mailer(owner, waiting, tally)
        finally:
            # Whoever only ran out of time leaves the rest due; a mailer that is away is left alone for a while.
            again_at = self.clock.now() + (PAUSE_AFTER_UNAVAILABLE if tally.unavailable else timedelta())
            self._settle(owner, [self._unfinished(one, again_at) for one in waiting.values()], Tally())

    def _by_first_mailer(self, owner: Ownership, waiting: dict[int, Ready], tally: Tally) -> bool:
        for mailer in self.mailers:
            try:
                return self._hand_over(owner, mailer, waiting, tally)
            except Unavailable as error:
                tally.unavailable = f"{mailer.name}: {error}"
                log.warning("mailer unavailable", mailer=mailer.name, error=str(error))
        return False

    def _hand_over(self, owner: Ownership, mailer: Mailer, waiting: dict[int, Ready], tally: Tally) -> bool:
        """Everything that waits, through one mailer; whether all of it was begun."""
        while waiting:
            try:
                allowed = self.pace.take(mailer.name, len(waiting))
            except PaceLost as error:
                tally.unavailable = str(error)
                log.warning("pace lost", error=str(error))
                return False
            if not self._may_start(owner):
                return False
            if not allowed:
                self.clock.sleep(0.2)
                continue
            self._settle_as_answered(owner, mailer, list(waiting.values())[:allowed], waiting, tally)
        return True

    def _settle_as_answered(
        self, owner: Ownership, mailer: Mailer, batch: Sequence[Ready], waiting: dict[int, Ready], tally: Tally
    ) -> None:
        group: list[Settlement] = []
        # Every answer is taken, even when the database is away: what was begun has a fate, and only we know it.
        for outcome in mailer.deliver(self._draw(owner, batch)):
            group.append(self._settlement(waiting.pop(outcome.delivery_id), outcome, mailer))
            if len(group) >= GROUP:
                self._settle(owner, group, tally)
                group = []
        self._settle(owner, group, tally)
        if not self._owed:
            self.journal.settled()  # between two batches nothing is on the wire

    def _draw(self, owner: Ownership, batch: Sequence[Ready]) -> Iterator[Parcel]:
        """Parcels one by one, as long as this process may begin messages."""
        for one in batch:
            if self._owed or one.parcel is None or not self._may_draw(owner):
                return
            self._drawn.add(one.claimed.id)
            yield one.parcel

    def _settlement(self, ready: Ready, outcome: Outcome, mailer: Mailer) -> Settlement:
        made = outcomes.settlement(ready.claimed, outcome, now=self.clock.now(), mailer=mailer.name)
        return replace(made, address_hash=ready.address_hash)

    def _unfinished(self, ready: Ready, again_at: datetime) -> Settlement:
        """The claim of a group that was broken off: back to wait if no mailer ever held it, else unknown."""
        now = self.clock.now()
        if ready.claimed.id in self._drawn:
            return Settlement(ready.claimed.id, State.UNKNOWN, now, reason="the mailer broke off without an answer")
        return Settlement(ready.claimed.id, State.WAITING, now, next_attempt_at=again_at, uncounted=1)

    def _settle(self, owner: Ownership, group: Sequence[Settlement], tally: Tally) -> None:
        self._owed += [(owner.id, one) for one in group]
        tally.add(group)
        self._pay(owner)

    def _pay(self, owner: Ownership) -> bool:
        """Write what is owed; whether nothing is owed any more."""
        if not self._owed:
            return True
        try:
            with self.database.transaction() as session:
                for who in {who for who, _ in self._owed}:
                    outcomes.settle(session, who, [one for owed_by, one in self._owed if owed_by == who])
        except SQLAlchemyError as error:
            log.warning("could not settle yet", owed=len(self._owed), owner=owner.id, error=str(error).splitlines()[0])
            return False
        self._owed.clear()
        return True
