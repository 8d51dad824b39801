"""Who owns a claim, decided without wall time (law 3): a counter in the owner's row, and each side's own monotonic clock.

An owner that could not bump its counter for BUMP_GRACE seconds starts no further message. A sweeper suspects an owner
only after it has itself seen the same counter for PATIENCE seconds, which is longer, and gives it up only at a later look: a
database that was away for those seconds leaves everybody the time to bump again, and to write what they still owe.
"""

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Select, delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from config.log import logger
from worker.send.models import Delivery, Process, State, stands

BUMP_EVERY = 4.0  # seconds
BUMP_GRACE = 15.0
PATIENCE = 40.0

log = logger(__name__)


class Ownership:
    """This process's row, kept alive by a thread while there is work: `with Ownership(...) as me:`."""

    def __init__(self, database: Database, clock: Clock, name: str, folder: str = "") -> None:
        self._database = database
        self._clock = clock
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        with database.transaction() as session:
            row = Process(name=name[:120], folder=folder, begun_at=clock.now())
            session.add(row)
            session.flush()
            self.id = row.id
        self._bumped = clock.monotonic()
        self._lost = False

    def __enter__(self) -> Self:
        self._stopped.clear()
        self.bump()
        self._thread = threading.Thread(target=self._keep_bumping, name="ownership", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join()

    @property
    def may_start(self) -> bool:
        """Whether this process may begin one more message."""
        return not self._lost and self._clock.monotonic() - self._bumped < BUMP_GRACE

    @property
    def lost(self) -> bool:
        """Given up by a sweeper: the id is dead, and a new Ownership is needed."""
        return self._lost

    def bump(self) -> None:
        """Show that this process lives; learn it when a sweeper has decided otherwise."""
        asked = self._clock.monotonic()
        try:
            with self._database.transaction() as session:
                alive = session.execute(
                    update(Process)
                    .where(Process.id == self.id, Process.ended_at.is_(None))
                    .values(counter=Process.counter + 1)
                    .returning(Process.id)
                ).first()
        except SQLAlchemyError as error:
            log.warning("could not bump", process=self.id, error=str(error).splitlines()[0])
            return
        if alive is None:
            self._lost = True
        # The moment before the statement, not after it: a bump that hung counts from when it was sent.
        self._bumped = asked

    def close(self) -> None:
        """End the row; whatever is still claimed under it is the sweeper's (`left_behind`)."""
        with self._database.transaction() as session:
            session.execute(update(Process).where(Process.id == self.id).values(ended_at=self._clock.now()))

    def _keep_bumping(self) -> None:
        while not self._stopped.wait(BUMP_EVERY):
            self.bump()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a sweeper knows of one owner, by its own monotonic clock."""

    counter: int
    since: float
    suspected: float | None = None


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A process that no longer owns what it claimed, and the folder of its journal."""

    id: int
    folder: str


class Sweeper:
    """Watches the counters of others. It must live as long as its process: what it remembers is the evidence."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[int, _Seen] = {}  # by process id
        self._left: dict[int, float] = {}  # ended processes that hold claims: since when, by our clock

    def give_up_silent(self, session: Session, *, spare: int | None = None) -> list[GivenUp]:
        """End the processes whose counter has stood still for PATIENCE of our own seconds, and for BUMP_GRACE after that."""
        now = self._clock.monotonic()
        alive = session.execute(select(Process.id, Process.counter, Process.folder).where(Process.ended_at.is_(None))).all()
        self._seen = {row.id: self._looked_at(row.id, row.counter, now) for row in alive}
        silent = [row for row in alive if row.id != spare and self._is_silent(row.id, now)]
        return [GivenUp(row.id, row.folder) for row in silent if _end(session, row.id, row.counter, self._clock)]

    def left_behind(self, session: Session, *, here: str) -> list[GivenUp]:
        """Ended processes that still hold claims: cut off between a claim and its first note, or before they could give it back.

        Those whose journals lie in our folder `here` at once; those of other folders after PATIENCE, since whoever reads theirs knows more.
        """
        now = self._clock.monotonic()
        ended = session.execute(select(Process.id, Process.folder).where(Process.ended_at.is_not(None), Process.id.in_(_holders()))).all()
        self._left = {row.id: self._left.get(row.id, now) for row in ended}
        return [GivenUp(row.id, row.folder) for row in ended if row.folder == here or now - self._left[row.id] >= PATIENCE]

    def _looked_at(self, process: int, counter: int, now: float) -> _Seen:
        known = self._seen.get(process)
        if known is None or known.counter != counter:
            return _Seen(counter, now)
        return replace(known, suspected=now) if known.suspected is None and now - known.since >= PATIENCE else known

    def _is_silent(self, process: int, now: float) -> bool:
        suspected = self._seen[process].suspected
        return suspected is not None and now - suspected >= BUMP_GRACE


def _end(session: Session, process: int, counter: int, clock: Clock) -> bool:
    """End a row unless its owner bumped it in this very moment."""
    ended = session.execute(
        update(Process)
        .where(Process.id == process, Process.counter == counter, Process.ended_at.is_(None))
        .values(ended_at=clock.now())
        .returning(Process.id)
    )
    return ended.first() is not None


def end(session: Session, process: int, clock: Clock) -> None:
    """Note that a process is known to be dead: the lock of its journal is free."""
    session.execute(update(Process).where(Process.id == process, Process.ended_at.is_(None)).values(ended_at=clock.now()))


def forget(session: Session, before: datetime) -> int:
    """Remove rows of processes that ended before a moment and hold nothing; how many."""
    gone = session.execute(delete(Process).where(Process.ended_at < before, Process.id.not_in(_holders())).returning(Process.id))
    return len(gone.all())


def _holders() -> Select[Any]:
    """Ids of processes that hold claims."""
    return select(Delivery.owner).where(stands(State.CLAIMED), Delivery.owner.is_not(None))
