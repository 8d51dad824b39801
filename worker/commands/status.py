"""`status`: what runs, what was sent, what comes next."""

from datetime import datetime

import click
from rich.table import Table

from config.runtime import Runtime
from subscribers import audience
from worker.commands.common import console, example, with_runtime
from worker.ingest import runs
from worker.ingest.registry import names_of
from worker.send import heartbeats, ledger, notices, waves
from worker.send.models import Kind, State

SHOWN = (
    State.WAITING,
    State.CLAIMED,
    State.ACCEPTED,
    State.REFUSED,
    State.FAILED,
    State.UNKNOWN,
    State.STALE,
    State.CANCELLED,
    State.SKIPPED,
)


@click.command(epilog=example("./paperboy status", "./paperboy status --next"))
@click.option("--next", "upcoming", is_flag=True, help="Also the readers due in each of the next 24 hours.")
@with_runtime
def status(runtime: Runtime, upcoming: bool) -> None:  # noqa: FBT001 - click hands a flag over so
    """What runs, what was sent, what comes next.

    Ends with 1 when something is wrong, and says what.
    """
    now = runtime.clock.now()
    sources = names_of(runtime.settings, runtime.database, runtime.clock)
    with runtime.database.reading() as session:
        _sources(runs.latest(session, sources), now)
        _waves(waves.recent(session))
        due = ledger.waiting(session, now=now)
        console.print(f"\nwaiting to be handed over: {sum(due.values())}" + (f" ({_each(due)})" if due else ""))
        last = heartbeats.last(session, heartbeats.BEAT)
        console.print(f"clock: {f'beat {_ago(last, now)}' if last else 'has not beaten yet'}")
        if upcoming:
            _hours(audience.next_hours(session, now))
        wrong = notices.causes(session, sources=sources, now=now)
    for notice in wrong:
        console.print(f"[bold red]{notice.subject}[/]. {notice.words}")
    raise SystemExit(1 if wrong else 0)


def _sources(latest: dict[str, runs.Latest], now: datetime) -> None:
    table = Table("source", "last run", "seen", "new", "changed", "skipped", "state", title="Sources", title_justify="left")
    for source, run in latest.items():
        table.add_row(source, *run.cells(now))
    console.print(table)


def _waves(recent: list[waves.Account]) -> None:
    if not recent:
        console.print("\nno wave yet: nobody was due so far")
        return
    used = [state for state in SHOWN if any(account.states.get(state) for account in recent)]
    table = Table("wave", "counted", *(str(state) for state in used), "account", title="Waves", title_justify="left")
    for account in recent:
        balance = "open" if account.open else "adds up" if not account.balance else f"[bold red]off by {account.balance:+}[/]"
        cells = (str(account.states.get(state, "")) for state in used)
        table.add_row(f"{account.due_at:%a %d %b %H:%M} UTC", str(account.counted), *cells, balance)
    console.print(table)


def _hours(hours: list[tuple[datetime, int]]) -> None:
    most = max((readers for _, readers in hours), default=0)
    console.print("\nreaders due, by hour (UTC)")
    if not most:
        console.print("  nobody in the next 24 hours")
    for hour, readers in hours:
        console.print(f"  {hour:%a %H}:00  {readers:>8}  {'█' * round(40 * readers / most) if readers else ''}")


def _each(due: dict[Kind, int]) -> str:
    return ", ".join(f"{count} {kind}s" for kind, count in due.items())


def _ago(moment: datetime, now: datetime) -> str:
    seconds = int((now - moment).total_seconds())
    return f"{seconds} s ago" if seconds < 120 else f"{seconds // 60} min ago" if seconds < 7200 else f"{seconds // 3600} h ago"  # noqa: PLR2004 - 2 min, 2 h
