"""One round: a wave of all readers, from the tick that opens it to the last settled row, with what it cost and whether it adds up."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import select

from config.database import Database
from tests.bench.postfix import PostfixSink
from tests.bench.processes import Kinds, calibration, spent
from tests.bench.readers import World
from tests.bench.sink import Process
from worker.send import waves
from worker.send.models import OPEN, Delivery, State, Wave, stands

STANDSTILL = 240.0  # seconds without a mail after which a round has failed

Step = Callable[[int], object]


class Stuck(Exception):
    """Nothing moved any more; the words say where it stood."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one way of sending did with so many mails."""

    mails: int
    seconds: float
    cpu: dict[str, float]  # seconds by kind of process
    size: int  # bytes of all mails, on the wire
    calibration: float  # seconds
    peak: int = 0  # bytes that one worker process held at most
    faults: tuple[str, ...] = field(default=())

    @property
    def per_second(self) -> float:
        return self.mails / self.seconds

    @property
    def microseconds(self) -> dict[str, float]:
        """CPU a mail, by kind of process."""
        return {kind: 1e6 * seconds / self.mails for kind, seconds in self.cpu.items()}

    @property
    def own(self) -> float:
        """Microseconds of CPU a mail in everything but the sink."""
        return sum(cost for kind, cost in self.microseconds.items() if kind != "sink")


def wave(world: World, sink: Process | PostfixSink, kinds: Kinds, done: Step) -> Round:
    """Make everybody due after a new ranking, and watch. The tick that sees them comes from beat, as in production. Raises Stuck."""
    world.forget_waves()
    world.tidy()
    world.rank()
    sink.forget()
    measured = calibration()
    world.make_due()
    opened_at = _opened_at(world.database)
    before = kinds.cpu()
    _until_taken(sink, world.readers, done)
    _until_settled(world.database)
    cpu = spent(before, kinds.cpu())
    seen = sink.seen()
    return Round(
        mails=world.readers,
        seconds=max(seen.last_at - opened_at, 1e-3),
        cpu=cpu,
        size=seen.size,
        calibration=measured,
        peak=kinds.peak("worker"),
        faults=_faults(world, seen.recipients, seen.messages),
    )


def _opened_at(database: Database) -> float:
    deadline = time.monotonic() + STANDSTILL
    while time.monotonic() < deadline:
        with database.reading() as session:
            if opened_at := session.scalars(select(Wave.opened_at).order_by(Wave.id)).first():
                return opened_at.timestamp()
        time.sleep(0.1)
    raise Stuck(f"no wave was opened within {STANDSTILL:g} s")


def _until_taken(sink: Process | PostfixSink, wanted: int, done: Step) -> None:
    taken, moved_at = 0, time.monotonic()
    while taken < wanted:
        time.sleep(0.2)
        now = sink.seen().messages
        if now > taken:
            done(now - taken)
            taken, moved_at = now, time.monotonic()
        elif time.monotonic() - moved_at > STANDSTILL:
            raise Stuck(f"{taken} of {wanted} mails came, and none in the last {STANDSTILL:g} s")


def _until_settled(database: Database) -> None:
    deadline = time.monotonic() + STANDSTILL
    # By the indexes of what is open: reading all of the past each time would be a tenth of what PostgreSQL is measured to do.
    open_ones = [select(Delivery.id).where(stands(state)).limit(1) for state in OPEN]
    while time.monotonic() < deadline:
        with database.reading() as session:
            if all(session.scalar(one) is None for one in open_ones):
                return
        time.sleep(0.2)
    raise Stuck(f"deliveries were still open {STANDSTILL:g} s after the last mail")


def _faults(world: World, recipients: int, messages: int) -> tuple[str, ...]:
    """What does not add up."""
    with world.database.reading() as session:
        accounts = [waves.account(session, one) for one in session.scalars(select(Wave))]
    counted = sum(account.counted for account in accounts)
    accepted = sum(account.states.get(State.ACCEPTED, 0) for account in accounts)
    checks = {
        f"{recipients} of {world.readers} readers got a mail": recipients == world.readers,
        f"{messages - recipients} mails came twice": messages == recipients,
        f"{counted} of {world.readers} readers were counted": counted == world.readers,
        f"{accepted} of {world.readers} deliveries were accepted": accepted == world.readers,
        "a wave's account does not add up": not any(account.balance for account in accounts),
    }
    return tuple(words for words, holds in checks.items() if not holds)
