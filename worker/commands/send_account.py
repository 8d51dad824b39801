"""What `send` says at its end: what was planned, what became of it, and what comes next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from config.runtime import Runtime
from subscribers import audience
from worker.commands.terminal import say
from worker.send import waves
from worker.send.forward import Forwarded
from worker.send.group import Tally
from worker.send.ledger import lookups
from worker.send.models import State

HOUR = 60  # minutes
NAMED = 50  # readers whose mail failed
LOST = (State.REFUSED, State.FAILED)


@dataclass(slots=True)
class Round:
    """What one call planned and handed over."""

    begun_at: datetime
    only: Sequence[int] = ()  # these readers alone
    ranges: list[int] = field(default_factory=list)
    counted: int = 0  # readers in them
    forwarded: Forwarded = field(default_factory=Forwarded)
    tally: Tally = field(default_factory=Tally)
    stopped: int = 0  # the signal that ended it early

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.tally.total or self.tally.unavailable or self.counted or self.forwarded.told)


def account(runtime: Runtime, done: Round) -> None:
    """What was planned, what became of it, and what is held back."""
    with runtime.database.reading() as session:
        paused = waves.paused(session, done.only, now=runtime.clock.now())
        skips = waves.skips(session, done.ranges)
        lost = lookups.ended(session, LOST, since=done.begun_at, limit=NAMED)
        readers = audience.addresses(session, {one.subscriber_id for one in lost})
        stand = lookups.states_of(session, [*done.forwarded.planned, *done.forwarded.waiting])
    if done.is_empty and not paused:
        nothing_due(runtime)
        return
    for line in (*_planned(done, skips), *_handed_over(done, stand)):
        say(line)
    for one in lost:
        to = readers[one.subscriber_id].address if one.subscriber_id in readers else "the operator, or somebody erased"
        say(f"  {one.state}: {to}: {one.code} {one.reason}")
    for wave_id, count in paused:
        say(f"held back: {count} of wave {wave_id}, which is paused; let it go on with: paperboy send --resume {wave_id}")
    if done.tally.unavailable:
        say(("paused", "bold red"), f" {done.tally.unavailable}; what waits is tried again by the clock, or by the next send")


def _planned(done: Round, skips: Mapping[str, int]) -> Iterator[str]:
    if planned := done.counted + len(done.forwarded.planned):
        yield f"planned: {planned}"
    yield from (f"  no mail for {count}: {reason}" for reason, count in skips.items())
    yield from (f"  no mail for {address}: {reason}" for address, reason in done.forwarded.quiet)
    yield from (f"  not again: {address} {reason}" for address, reason in done.forwarded.refused)


def _handed_over(done: Round, stand: Mapping[State, int]) -> Iterator[str]:
    for state, count in sorted(done.tally.states.items()):
        yield f"{'to be tried again' if state is State.WAITING else state}: {count}"
    by_others = stand.get(State.ACCEPTED, 0) - done.tally.states.get(State.ACCEPTED, 0) + stand.get(State.CLAIMED, 0)
    if by_others > 0:
        yield f"handed over by another process: {by_others}"


def nothing_due(runtime: Runtime) -> None:
    """Say that nothing is due, and when something will be."""
    now = runtime.clock.now()
    with runtime.database.reading() as session:
        due, readers = audience.next_due_at(session, now), sum(audience.counts(session).values())
        later, first = lookups.later(session, now=now)
    if first:
        say(f"{later} not taken yet; next tried on {_moment(first, now)}.")
    if due:
        say(f"Nothing is due. The next digest is due on {_moment(due, now)}; --now brings it forward.")
    elif readers:
        say("Nothing is due, and nobody is active. Look with: paperboy subscribers list")
    else:
        say("Nobody subscribes yet. Add one: paperboy subscribers add EMAIL --confirmed")


def _moment(due: datetime, now: datetime) -> str:
    return f"{due:%a %d %b} at {due:%H:%M} UTC, in {_span(due, now)}"


def _span(due: datetime, now: datetime) -> str:
    minutes = int((due - now).total_seconds() // 60) + 1
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= HOUR else f"{minutes} min"
