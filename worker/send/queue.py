"""What is due, taken from the front by the lanes of a process, one after the other: letters first, then digests, then notices.

What is held back (a wave, a domain) is walked past once and not by every claim: the queue remembers its place, and looks at the
whole again when nothing is behind it, or after a while (measurements, section 5: a claim that walks costs a multiple).
"""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from config.log import logger
from subscribers import knocks, requests
from worker.send import control, domains, waves
from worker.send.ledger import claims
from worker.send.ledger.claims import Claimed, Front
from worker.send.models import DomainPace, Kind

CLAIM = 200  # deliveries a claim: what the loss of a host without its journal leaves unknown at most, a connection
RESCAN = 10.0  # seconds for which something before our place may go unseen, while something is held back
MANY = tuple(kind for kind in Kind if kind is not Kind.LETTER)

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """A group of claims of one kind, and which domains were paced then."""

    claims: Sequence[Claimed]
    at: datetime
    kind: Kind = Kind.DIGEST
    paced: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Place:
    """Where the next claim of a kind looks."""

    after: tuple[datetime, int] | None = None
    begun_at: float = 0.0  # when it last looked at the whole, by the monotonic clock


class _Claim(Protocol):
    """`claims.claim`, but for how many and from where."""

    def __call__(self, *, limit: int, front: Front) -> list[Claimed]: ...


@dataclass(slots=True)
class Queue:
    """Shared by the lanes of a process; one of them takes at a time."""

    database: Database
    clock: Clock
    post_letters: Callable[[Session], object]  # turns requests into deliveries, in the transaction that claims
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _places: dict[Kind, _Place] = field(default_factory=lambda: {kind: _Place() for kind in Kind})

    def take(self, owner: int, kinds: Collection[Kind], most: int = CLAIM) -> Taken | None:
        """The next group for this owner; None when nothing is due, or everything is halted."""
        if Kind.LETTER in kinds:
            knocks.open_door(self.database)
        with self._lock, self.database.transaction() as session:
            if control.halted(session):
                return None
            if Kind.LETTER in kinds:
                self.post_letters(session)
            now = self.clock.now()  # only then: what was posted this moment is due by it
            return next((taken for kind in Kind if kind in kinds if (taken := self._of(session, kind, owner, now, most))), None)

    def take_these(self, owner: int, delivery_ids: Sequence[int]) -> list[Taken]:
        """The same for these deliveries, due or not, a group a kind; what is held back stays so."""
        with self.database.transaction() as session:
            if control.halted(session):
                return []
            found = claims.claim_these(session, delivery_ids, owner=owner, held_back=waves.held_back(session))
            now, paced = self.clock.now(), domains.names(session)
        groups = {kind: [one for one in found if one.kind == kind] for kind in Kind}
        return [Taken(group, now, kind, frozenset() if kind is Kind.LETTER else paced) for kind, group in groups.items() if group]

    def give_back(self, owner: int) -> None:
        """What this owner has claimed and nobody holds waits again."""
        with self.database.transaction() as session:
            if given := claims.give_back_unbegun(session, owner, (), now=self.clock.now()):
                log.warning("gave back claims that nobody held", process=owner, given_back=given)

    def lanes_of_work(self, most: int) -> int:
        """How many claims' worth of digests and notices is due, up to `most`."""
        with self.database.reading() as session:
            count = claims.count_waiting(session, MANY, now=self.clock.now(), most=most * CLAIM)
        return min(most, -(-count // CLAIM))

    def letters_wait(self) -> bool:
        """Whether a letter is due or asked for. A database that is away has none."""
        try:
            with self.database.reading() as session:
                due = claims.count_waiting(session, (Kind.LETTER,), now=self.clock.now(), most=1)
                return bool(due or requests.unposted(session) or knocks.is_anybody_there(session))
        except SQLAlchemyError:
            return False

    def is_halted(self) -> bool:
        """Whether the operator halted everything. While the database is away nothing is known: what is claimed goes on."""
        try:
            with self.database.reading() as session:
                return control.halted(session) is not None
        except SQLAlchemyError:
            return False

    def _of(self, session: Session, kind: Kind, owner: int, now: datetime, most: int) -> Taken | None:
        claim = partial(claims.claim, session, owner=owner, kind=kind, now=now)
        front = Front(held_back=waves.held_back(session))
        if kind is Kind.LETTER:
            found = claim(limit=most, front=front)
            return Taken(found, now, kind) if found else None
        paced = domains.names(session)
        found = self._of_paced(claim, domains.free(session, kind=kind, now=now), front, now, most) if paced else []
        found += self._from_place(claim, self._places[kind], replace(front, unpaced=bool(paced)), most - len(found))
        return Taken(sorted(found, key=lambda one: one.id), now, kind, paced) if found else None

    def _of_paced(self, claim: _Claim, rows: Sequence[DomainPace], front: Front, now: datetime, most: int) -> list[Claimed]:
        """What paced domains may have now, at most half of a claim."""
        found: list[Claimed] = []
        for row in rows:
            share = min(domains.share(row), most // 2 - len(found))
            if share > 0:
                of_it = claim(limit=share, front=replace(front, domain=row.domain))
                domains.taken(row, len(of_it), now)
                found += of_it
        return found

    def _from_place(self, claim: _Claim, place: _Place, front: Front, limit: int) -> list[Claimed]:
        if place.after is None:
            place.begun_at = self.clock.monotonic()
        found = claim(limit=limit, front=replace(front, after=place.after))
        if len(found) < limit and place.after and self._may_rescan(place, front):
            place.after, place.begun_at = None, self.clock.monotonic()
            found += claim(limit=limit - len(found), front=front)
        last = max(((one.next_attempt_at, one.id) for one in found if one.next_attempt_at), default=None)
        place.after = last or place.after
        return found

    def _may_rescan(self, place: _Place, front: Front) -> bool:
        """At once where nothing has to be walked past, else now and then."""
        return not (front.unpaced or front.held_back) or self.clock.monotonic() - place.begun_at >= RESCAN
