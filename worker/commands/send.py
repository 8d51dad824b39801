"""`send`: plan what is due and deliver it now, with progress and a closing account."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from types import FrameType
from typing import Any

import click

from config.runtime import Runtime
from subscribers import audience
from subscribers.models import Standing
from worker.commands import rehearsal, steering
from worker.commands.common import with_runtime
from worker.commands.send_account import LOST, Round, account, nothing_due
from worker.commands.terminal import FAILED, USAGE, busy, example, fail, progress, say
from worker.send.ledger import lookups
from worker.send.office import Office
from worker.send.queue import CLAIM

BLOCK = 1000  # readers at a time
STEP = 2.0  # seconds between two movements of the bar


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
    twice does it once. A paused wave stays paused, for --only too.
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
                nothing_due(runtime)
            return
        steering.refuse_if_halted(runtime)
        with busy("looking after what was left"):
            office.sweep()  # what a process left that died: it may be due again
        if steered["retry"]:
            _retry(office, readers)
        done = Round(runtime.clock.now(), readers)
        _plan(office, readers, done)
        if forward:
            _bring_forward(office, readers or _active(runtime), done)
        _deliver(runtime, office, readers, done)
        office.sweep()
    account(runtime, done)
    if done.stopped:
        fail("broken off: what was begun is finished, the rest waits for the next send, or for the clock", 128 + done.stopped)
    raise SystemExit(FAILED if done.tally.unavailable or any(done.tally.states.get(state) for state in LOST) else 0)


def _retry(office: Office, readers: list[int]) -> None:
    retried = office.retry_failed(readers or None)
    say(f"to be tried again: {retried.again} that failed")
    if retried.refused:
        say(f"not tried again: {retried.refused} that were refused")


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
