"""`send`: plan what is due and deliver it now, with progress and a closing account."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import FrameType
from typing import Any

import click

from config.runtime import Runtime
from subscribers import audience
from subscribers.models import Standing
from worker.commands import rehearsal, steering
from worker.commands.common import FAILED, USAGE, busy, example, fail, progress, say, with_runtime
from worker.send import waves
from worker.send.forward import Forwarded
from worker.send.group import Tally
from worker.send.ledger import lookups
from worker.send.models import State
from worker.send.office import Office
from worker.send.queue import CLAIM

BLOCK = 1000  # readers at a time
STEP = 2.0  # seconds between two movements of the bar
HOUR = 60  # minutes
NAMED = 50  # readers whose mail failed
LOST = (State.REFUSED, State.FAILED)


@dataclass(slots=True)
class Round:
    """What one call planned and handed over."""

    begun_at: datetime
    ranges: list[int] = field(default_factory=list)
    counted: int = 0  # readers in them
    forwarded: Forwarded = field(default_factory=Forwarded)
    tally: Tally = field(default_factory=Tally)
    stopped: int = 0  # the signal that ended it early

    @property
    def is_empty(self) -> bool:
        return not (self.tally.total or self.tally.unavailable or self.counted or self.forwarded.told)


@click.command(
    epilog=example(
        "./paperboy send",
        "./paperboy send --dry-run",
        "./paperboy send --now --only ada@example.org",
        "./paperboy send --retry failed",
        "./paperboy send --pause 12",
        "./paperboy send --cancel all",
        "./paperboy send --halt",
    )
)
@click.option("--now", "forward", is_flag=True, help="Bring today's occasion forward, for readers who have not had it.")
@click.option("--only", metavar="EMAIL", multiple=True, help="Only this reader; may be given more than once.")
@click.option("--dry-run", is_flag=True, help="Say who would get what; nothing is written or mailed.")
@steering.options
@with_runtime
def send(runtime: Runtime, /, forward: bool, only: tuple[str, ...], dry_run: bool, **steered: Any) -> None:  # noqa: ANN401, FBT001 - click hands flags over so
    """Plan what is due and deliver it now, with progress and a closing account.

    The same ledger as the clock's: nobody gets an occasion twice, however often this is typed. With --now, today's occasion
    goes out under its own key, before its hour; those who already had it are named. Ends with 1 when something was refused,
    failed, or could not be handed over. Ctrl-C finishes what was begun; the rest waits.

    What steers the mail under way stands alone and sends nothing: --pause, --resume, --cancel, --halt, --go. Typing it
    twice does it once.
    """
    if wish := steering.wished(steered, forward, only, dry_run):
        steering.steer(runtime, wish)
        return
    if dry_run and steered["retry"]:
        fail("--dry-run: it does not go with --retry; leave one of them out", USAGE)
    readers = _readers(runtime, only)
    with closing(Office(runtime)) as office:
        with busy("reading templates and mailers"):
            office.make_ready()
        if dry_run:
            rehearse = rehearsal.of_today if forward else rehearsal.of_due
            if not rehearse(runtime, office.today, readers or (_active(runtime) if forward else [])):
                _nothing_due(runtime)
            return
        steering.refuse_if_halted(runtime)
        with busy("looking after what was left"):
            office.sweep()  # what a process left that died: it may be due again
        if steered["retry"]:
            _retry(office, readers)
        done = Round(runtime.clock.now())
        _plan(office, readers, done)
        if forward:
            _bring_forward(office, readers or _active(runtime), done)
        _deliver(runtime, office, readers, done)
        office.sweep()
    _account(runtime, done)
    if done.stopped:
        fail("broken off: what was begun is finished, the rest waits for the next send, or for the clock", 128 + done.stopped)
    raise SystemExit(FAILED if done.tally.unavailable or any(done.tally.states.get(state) for state in LOST) else 0)


def _retry(office: Office, readers: list[int]) -> None:
    retried = office.retry_failed(readers or None)
    say(f"to be tried again: {retried.again} that failed")
    if retried.refused:
        say(f"not tried again: {retried.refused} that were refused")


def _nothing_due(runtime: Runtime) -> None:
    """Say when something will be."""
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


def _readers(runtime: Runtime, only: tuple[str, ...]) -> list[int]:
    found: dict[int, None] = {}
    with runtime.database.reading() as session:
        for address in only:
            row = audience.by_address(session, address)
            if row is None:
                fail(f"--only: nobody subscribes as {address!r}; look with: paperboy subscribers list")
            found[row.id] = None
    return list(found)


def _active(runtime: Runtime) -> list[int]:
    ids: list[int] = []
    with runtime.database.reading() as session:
        while page := audience.page(session, after_id=ids[-1] if ids else 0, limit=BLOCK, standing=Standing.ACTIVE):
            ids += [row.id for row in page]
            session.expunge_all()
    return ids


def _plan(office: Office, readers: list[int], done: Round) -> None:
    done.ranges = office.open_wave_by_hand(readers)
    with progress("planning", len(done.ranges)) as step:
        for range_id in done.ranges:
            done.counted += office.plan_range(range_id)
            step(1)


def _bring_forward(office: Office, readers: list[int], done: Round) -> None:
    with progress("choosing", len(readers)) as step:
        for start in range(0, len(readers), BLOCK):
            block = readers[start : start + BLOCK]
            done.forwarded.add(office.bring_forward(block))
            step(len(block))


def _deliver(runtime: Runtime, office: Office, readers: list[int], done: Round) -> None:
    """Everything that is due, or what waits for `readers`; and what was brought forward, though its next try be later."""
    office.post_letters()
    wanted = done.forwarded.waiting
    if readers:
        with runtime.database.reading() as session:
            wanted = lookups.waiting_for(session, readers)
    blocks: list[Sequence[int]] = [wanted[start : start + CLAIM] for start in range(0, len(wanted), CLAIM)]
    total = len(wanted) if readers else office.waiting()
    with progress("handing over", total) as step, _stoppable(office, done):
        for block in blocks if readers else [(), *blocks]:
            while not (done.stopped or done.tally.unavailable):
                handed = office.deliver(seconds=STEP, only=block)
                done.tally.merge(handed)
                step(handed.total)
                if not handed.total:
                    break


@contextmanager
def _stoppable(office: Office, done: Round) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM lets what was begun end; the next one is meant as it is."""

    def stop(number: int, _frame: FrameType | None) -> None:
        if done.stopped:
            raise KeyboardInterrupt
        done.stopped = number
        office.halt()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _account(runtime: Runtime, done: Round) -> None:
    if done.is_empty:
        _nothing_due(runtime)
        return
    if planned := done.counted + len(done.forwarded.planned):
        say(f"planned: {planned}")
    with runtime.database.reading() as session:
        for reason, count in waves.skips(session, done.ranges).items():
            say(f"  no mail for {count}: {reason}")
        lost = lookups.ended(session, LOST, since=done.begun_at, limit=NAMED)
        readers = audience.addresses(session, {one.subscriber_id for one in lost})
        stand = lookups.states_of(session, [*done.forwarded.planned, *done.forwarded.waiting])
    for address, reason in done.forwarded.quiet:
        say(f"  no mail for {address}: {reason}")
    for address, reason in done.forwarded.refused:
        say(f"  not again: {address} {reason}")
    for state, count in sorted(done.tally.states.items()):
        say(f"{'to be tried again' if state is State.WAITING else state}: {count}")
    for one in lost:
        to = readers[one.subscriber_id].address if one.subscriber_id in readers else "the operator, or somebody erased"
        say(f"  {one.state}: {to}: {one.code} {one.reason}")
    by_others = stand.get(State.ACCEPTED, 0) - done.tally.states.get(State.ACCEPTED, 0) + stand.get(State.CLAIMED, 0)
    if by_others > 0:
        say(f"handed over by another process: {by_others}")
    if done.tally.unavailable:
        say(("paused", "bold red"), f" {done.tally.unavailable}; what waits is tried again by the clock, or by the next send")


def _moment(due: datetime, now: datetime) -> str:
    return f"{due:%a %d %b} at {due:%H:%M} UTC, in {_span(due, now)}"


def _span(due: datetime, now: datetime) -> str:
    minutes = int((due - now).total_seconds() // 60) + 1
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= HOUR else f"{minutes} min"
