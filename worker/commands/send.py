"""`send`: plan what is due and deliver it now, with progress and a closing account."""

from collections.abc import Sequence
from datetime import datetime

import click
from rich.table import Table
from sqlalchemy.orm import Session

from config.runtime import Runtime
from subscribers import audience
from subscribers.models import Standing
from worker.commands.common import console, example, fail, progress, with_runtime
from worker.ingest import catalogue
from worker.pick.choices import Quiet, Selection
from worker.send.delivery import Tally
from worker.send.forward import Forwarded, rehearse
from worker.send.models import State
from worker.send.office import Office

BLOCK = 1000  # readers at a time
STEP = 2.0  # seconds between two movements of the bar
HOUR = 60  # minutes


@click.command(
    epilog=example("./paperboy send", "./paperboy send --dry-run", "./paperboy send --now", "./paperboy send --now --only ada@example.org")
)
@click.option("--now", "forward", is_flag=True, help="Bring today's occasion forward, for readers who have not had it.")
@click.option("--only", metavar="EMAIL", multiple=True, help="Only this reader; may be given more than once.")
@click.option("--dry-run", is_flag=True, help="Say who would get what; nothing is written or mailed.")
@with_runtime
def send(runtime: Runtime, forward: bool, only: tuple[str, ...], dry_run: bool) -> None:  # noqa: FBT001 - click hands flags over so
    """Plan what is due and deliver it now, with progress and a closing account.

    The same ledger as the clock's: nobody gets an occasion twice, however often this is typed. With --now, today's occasion
    goes out under its own key, before its hour; those who already had it are named. Ends with 1 when something was refused or failed.
    """
    office = Office(runtime)
    readers = _readers(runtime, only)
    if dry_run:
        _rehearse(runtime, office, readers, everybody=forward)
        return
    forwarded = _forward(runtime, office, readers) if forward else Forwarded()
    counted = 0 if forward else _plan(office, readers)
    tally = _deliver(office, forwarded.planned if forward else ())
    office.close()
    if not tally.total and not counted and not forwarded.told:
        _nothing_due(runtime)
        return
    _account(forwarded, counted, tally)
    raise SystemExit(1 if tally.unavailable or tally.states.get(State.REFUSED) or tally.states.get(State.FAILED) else 0)


def _readers(runtime: Runtime, only: tuple[str, ...]) -> list[int]:
    found = []
    with runtime.database.reading() as session:
        for address in only:
            row = audience.by_address(session, address)
            if row is None:
                fail(f"--only: nobody subscribes as {address!r}; look with: paperboy subscribers list")
            found.append(row.id)
    return found


def _forward(runtime: Runtime, office: Office, readers: list[int]) -> Forwarded:
    wanted = readers or _active(runtime)
    result = Forwarded()
    with progress("choosing", len(wanted)) as step:
        for start in range(0, len(wanted), BLOCK):
            block = wanted[start : start + BLOCK]
            result.add(office.bring_forward(block))
            step(len(block))
    return result


def _active(runtime: Runtime) -> list[int]:
    ids: list[int] = []
    with runtime.database.reading() as session:
        while page := audience.page(session, after_id=ids[-1] if ids else 0, limit=BLOCK, standing=Standing.ACTIVE):
            ids += [row.id for row in page]
    return ids


def _plan(office: Office, readers: list[int]) -> int:
    ranges = office.open_wave_by_hand(readers)
    if not ranges:
        return 0
    counted = 0
    with progress("planning ranges", len(ranges)) as step:
        for range_id in ranges:
            counted += office.plan_range(range_id)
            step(1)
    return counted


def _deliver(office: Office, only: Sequence[int]) -> Tally:
    total = Tally()
    waiting = len(only) or office.waiting()
    if not waiting:
        return total
    with progress("handing over", waiting) as step:
        blocks = [only[start : start + BLOCK] for start in range(0, len(only), BLOCK)] or None
        while waiting and not total.unavailable:
            done = office.deliver(seconds=STEP, only=blocks.pop(0) if blocks else ())
            total.merge(done)
            step(done.total)
            if not done.total or blocks == []:
                break
    office.sweep()
    return total


def _rehearse(runtime: Runtime, office: Office, readers: list[int], *, everybody: bool) -> None:
    now = runtime.clock.now()
    table = Table("reader", "would get", "because", title="Dry run: nothing is written or mailed", title_justify="left")
    with runtime.database.reading() as session:
        ids = readers or (_active(runtime) if everybody else audience.due_ids(session, now))
        for start in range(0, len(ids), BLOCK):
            for one in rehearse(session, office.today, audience.by_ids(session, ids[start : start + BLOCK]), now=now):
                table.add_row(one.due.row.address, *_would(session, one.outcome))
    if table.row_count:
        console.print(table)
    else:
        _nothing_due(runtime)


def _would(session: Session, outcome: Selection | Quiet) -> tuple[str, str]:
    if isinstance(outcome, Quiet):
        return "no mail", outcome.reason
    lead = (*outcome.for_you, *outcome.trending)[0]
    title = catalogue.papers_by_id(session, [lead.paper_id])[lead.paper_id].title
    return f"{title}, and {len(outcome.paper_ids) - 1} more", lead.reason


def _nothing_due(runtime: Runtime) -> None:
    now = runtime.clock.now()
    with runtime.database.reading() as session:
        due = audience.next_due_at(session, now)
        readers = sum(audience.counts(session).values())
    if due:
        console.print(
            f"Nothing is due. The next digest is due on {due:%a %d %b} at {due:%H:%M} UTC, in {_span(due, now)}; --now brings it forward."
        )
    elif readers:
        console.print("Nothing is due, and nobody is active. Look with: paperboy subscribers list")
    else:
        console.print("Nobody subscribes yet. Add one: paperboy subscribers add EMAIL --confirmed")


def _span(due: datetime, now: datetime) -> str:
    minutes = int((due - now).total_seconds() // 60) + 1
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= HOUR else f"{minutes} min"


def _account(forwarded: Forwarded, counted: int, tally: Tally) -> None:
    if counted or forwarded.planned or forwarded.quiet:
        console.print(f"planned: {counted or len(forwarded.planned) + len(forwarded.quiet)}")
    for address, reason in forwarded.quiet:
        console.print(f"  no mail for {address}: {reason}", markup=False)
    for address, reason in forwarded.refused:
        console.print(f"  not again: {address} {reason}", markup=False)
    for state, count in sorted(tally.states.items()):
        console.print(f"{'to be tried again' if state is State.WAITING else state}: {count}")
    if tally.unavailable:
        console.print(f"[bold red]paused[/] {tally.unavailable}; what waits is tried again by the clock")
