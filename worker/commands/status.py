"""`status`: what runs, what was sent, what comes next."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from textwrap import shorten

import click

from config.runtime import Runtime
from subscribers import audience, requests
from worker.commands.common import with_runtime
from worker.commands.status_limits import show_limits
from worker.commands.status_waves import lasting, show_waves
from worker.commands.terminal import FAILED, example, say, show
from worker.ingest import runs
from worker.ingest.registry import names_of
from worker.send import control, heartbeats, notices
from worker.send.ledger import lookups
from worker.send.models import Kind

WIDEST = 160  # letters of a cell
LONGEST = 400  # letters of what is wrong: servers can be long-winded
BAR = 40  # columns of the longest bar


@click.command(epilog=example("./paperboy status", "./paperboy status --next"))
@click.option("--next", "upcoming", is_flag=True, help="Also the readers due in each of the next 24 hours.")
@with_runtime
def status(runtime: Runtime, upcoming: bool) -> None:  # noqa: FBT001 - click hands a flag over so
    """What runs, what was sent, what comes next.

    Ends with 1 when something is wrong, and says what.
    """
    sources = names_of(runtime.settings, runtime.database, runtime.clock)
    now = runtime.clock.now()
    with runtime.database.reading() as session:
        _sources(runs.latest(session, sources), runs.under_way(session, now), now)
        show_waves(session, now)
        halted = control.halted(session)
        _waiting(lookups.waiting(session, now=now), requests.unposted(session), lookups.later(session, now=now), now)
        show_limits(session, runtime)
        last = heartbeats.last(session, heartbeats.BEAT)
        say(f"clock: {f'beat {_ago(last, now)}' if last else 'has not beaten yet; start it: paperboy up'}")
        counts = audience.counts(session)
        say(f"readers: {', '.join(f'{count} {standing}' for standing, count in counts.items() if count) or 'none yet'}")
        if upcoming:
            _hours(audience.next_hours(session, now))
        wrong = notices.causes(session, sources=sources, now=now)
    if halted:
        say(("all sending is halted", "bold red"), f" since {halted:%a %d %b %H:%M} UTC. Go on with: paperboy send --go")
    for notice in wrong:
        say((notice.subject, "bold red"), f". {shorten(notice.words, LONGEST, placeholder=' …')}")
    raise SystemExit(FAILED if wrong or halted else 0)


def _sources(latest: Mapping[str, runs.Latest], under_way: Mapping[str, str], now: datetime) -> None:
    if latest:
        rows = [(source, *(shorten(cell, WIDEST, placeholder=" …") for cell in run.cells(now))) for source, run in latest.items()]
        show(("source", "last run", "seen", "new", "changed", "skipped", "state"), rows, "Sources")
    else:
        say("no source: PAPERBOY_SOURCES is empty")
    for source, words in under_way.items():
        if source not in latest:  # read by hand
            say(f"being fetched: {source}, {words}")


def _waiting(due: Mapping[Kind, int], unposted: int, later: tuple[int, datetime | None], now: datetime) -> None:
    counts = {kind: due.get(kind, 0) + (unposted if kind is Kind.LETTER else 0) for kind in Kind}
    each = ", ".join(f"{count} {kind}{'s' * (count > 1)}" for kind, count in counts.items() if count)
    say(f"\nwaiting to be handed over: {each or 'nothing'}")
    count, first = later
    if first:
        say(f"to be tried again later: {count}, the first in {lasting(first - now)}")


def _hours(hours: Sequence[tuple[datetime, int]]) -> None:
    most = max((readers for _, readers in hours), default=0)
    say("\nreaders due, by hour (UTC)")
    if not most:
        say("  nobody in the next 24 hours")
        return
    for hour, readers in hours:
        say(f"  {hour:%a %H}:00  {readers:>8}  {'█' * max(1, round(BAR * readers / most)) if readers else ''}".rstrip())


def _ago(moment: datetime, now: datetime) -> str:
    return f"{lasting(now - moment)} ago"
