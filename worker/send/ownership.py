"""Who owns a claim, decided without wall time (law 3): a counter in the owner's row, and each side's own monotonic clock.

An owner that could not bump its counter for BUMP_GRACE seconds starts no further message. A sweeper gives an owner up
only after it has itself seen the same counter for PATIENCE seconds, which is longer.
"""

import threading
from types import TracebackType
from typing import Self

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from config.log import logger
from worker.send.models import Process

BUMP_EVERY = 4.0  # seconds
BUMP_GRACE = 15.0
PATIENCE = 40.0

log = logger(__name__)


class Ownership:
    """This process's row, kept alive by a thread while there is work: `with Ownership(...) as me:`."""

    def __init__(self, database: Database, clock: Clock, name: str) -> None:
        self._database = database
        self._clock = clock
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        with database.transaction() as session:
            row = Process(name=name[:120], begun_at=clock.now())
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
        """End the row; whatever is still claimed under it is the sweeper's."""
        with self._database.transaction() as session:
            session.execute(update(Process).where(Process.id == self.id).values(ended_at=self._clock.now()))

    def _keep_bumping(self) -> None:
        while not self._stopped.wait(BUMP_EVERY):
            self.bump()


class Sweeper:
    """Watches the counters of others. It must live as long as its process: what it remembers is the evidence."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[int, tuple[int, float]] = {}  # process id -> counter, and when we first saw it so

    def give_up_silent(self, session: Session, *, spare: int | None = None) -> list[int]:
        """End the processes whose counter has stood still for PATIENCE of our own seconds; their ids."""
        now = self._clock.monotonic()
        alive = {row.id: row.counter for row in session.execute(select(Process.id, Process.counter).where(Process.ended_at.is_(None)))}
        self._seen = {
            process: (counter, self._seen[process][1] if self._seen.get(process, (None, 0))[0] == counter else now)
            for process, counter in alive.items()
        }
        silent = [
            (process, counter) for process, (counter, since) in self._seen.items() if process != spare and now - since >= PATIENCE
        ]
        return [process for process, counter in silent if _end(session, process, counter, self._clock)]


def _end(session: Session, process: int, counter: int, clock: Clock) -> bool:
    """End a row unless its owner bumped it in this very moment."""
    ended = session.execute(
        update(Process)
        .where(Process.id == process, Process.counter == counter, Process.ended_at.is_(None))
        .values(ended_at=clock.now())
        .returning(Process.id)
    )
    return ended.first() is not None


def ended_owners(session: Session, owners: set[int]) -> set[int]:
    """Those of `owners` whose row has ended."""
    return set(session.scalars(select(Process.id).where(Process.id.in_(owners), Process.ended_at.is_not(None))))
