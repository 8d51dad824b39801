"""Plays sources and readers through the main line: the functions that production calls, on a clock moved from one due moment to the next.

A service reads its sources every hour; a demo once a day, before the mornings of Africa and Europe, so that it is over in seconds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from config.clock import SetClock
from config.runtime import Runtime
from subscribers import audience, roster
from subscribers.roster import Consent
from subscribers.sheet import Entry
from worker.demo.week import FIRST, LAST, Week
from worker.ingest import runs
from worker.pick import editions, rankings
from worker.send.models import State
from worker.send.office import Office

DAY = timedelta(days=1)
READ_AT = time(5)  # UTC
BEGIN = datetime.combine(FIRST, READ_AT, UTC)
END = datetime.combine(LAST + DAY, time(), UTC)
HAND_OVER = 600.0  # seconds: a demo waits for its own disk only
CONSENT = Consent("the demo: nobody is written to")


class CannotPlay(Exception):
    """What kept the play from going on, in words with the remedy."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What one moment brought."""

    at: datetime
    papers: int = 0  # new ones
    mails: int = 0
    quiet: int = 0  # occasions without a mail


def subscribe(runtime: Runtime, entries: Iterable[Entry]) -> int:
    """Bring the readers in, by an import with consent; how many."""
    with runtime.database.transaction() as session:
        plan = roster.plan_import(session, entries)
        return roster.carry_out(session, plan, runtime.clock.now(), CONSENT).added


def play_week(runtime: Runtime, clock: SetClock, office: Office, readers: Iterable[Entry]) -> Iterator[Moment]:
    """The bundled week, moment by moment; `clock` is the runtime's, at BEGIN. Raises CannotPlay."""
    source, readings = Week(clock), _readings()
    subscribe(runtime, readers)
    at = BEGIN
    while at < END:
        clock.move_to(at)
        papers = read(runtime, source) if at in readings else 0
        yield _wave(office, at, papers)
        at = min([one for one in readings if one > at] + _next_due(runtime), default=END)


def read(runtime: Runtime, source: Week) -> int:
    """Read the source if it is time to, and rank what came; how many papers are new. Raises CannotPlay."""
    summary = runs.ingest_if_due(runtime.database, runtime.clock, source)
    if summary and summary.error:
        raise CannotPlay(f"the bundled week cannot be read: {summary.error}")
    rank(runtime)
    return summary.new if summary else 0


def rank(runtime: Runtime) -> None:
    """Make a ranking when something changed, and close the editions of days that ended."""
    with runtime.database.transaction() as session:
        rankings.make_ranking(session, runtime.clock.now())
        editions.close_ended(session, runtime.clock.now())


def deliver(office: Office, only: Iterable[int] = ()) -> int:
    """Hand over what is due, and settle the account; how many mails were accepted. Raises CannotPlay."""
    tally = office.deliver(seconds=HAND_OVER, only=tuple(only))
    if tally.unavailable:
        raise CannotPlay(f"mail cannot be put anywhere: {tally.unavailable}")
    office.sweep()
    return tally.states.get(State.ACCEPTED, 0)


def _wave(office: Office, at: datetime, papers: int) -> Moment:
    ranges = office.open_wave()
    counted = sum(office.plan_range(range_id) for range_id in ranges)
    mails = deliver(office) if ranges else 0
    return Moment(at, papers, mails, counted - mails)


def _readings() -> list[datetime]:
    return [BEGIN + DAY * number for number in range((LAST - FIRST).days + 1)]


def _next_due(runtime: Runtime) -> list[datetime]:
    with runtime.database.reading() as session:
        due = audience.next_due_at(session, runtime.clock.now())
    return [due] if due else []
