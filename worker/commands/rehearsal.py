"""What `send` would do, told and not done: reads, and writes nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from config.runtime import Runtime
from subscribers import audience, requests
from subscribers.audience import Scheduled
from worker.commands.terminal import busy, say, show
from worker.ingest import catalogue
from worker.pick.choices import Choice, Quiet, Selection
from worker.pick.today import Today
from worker.send import forward, planning, waves
from worker.send.forward import Forwarded
from worker.send.ledger import lookups
from worker.send.planning import Decided

BLOCK = 1000

Row = tuple[str, str, str]
Choose = Callable[[Session, Sequence[Scheduled], datetime], list[Row]]


def of_due(runtime: Runtime, today: Today, readers: Sequence[int]) -> bool:
    """Show what everybody who is due would get, or just those of `readers` who are. Whether there was anything to show."""

    def choose(session: Session, rows: Sequence[Scheduled], now: datetime) -> list[Row]:
        due = [one for row in rows for one in planning.occasions(row, now)]
        missed = [(one.row.address, "no mail", f"{one.occasion} is too old to be of use") for one in due if one.stale_at <= now]
        return missed + _would(session, planning.decide(session, today, [one for one in due if one.stale_at > now], now=now))

    with runtime.database.reading() as session:
        due = audience.due_ids(session, runtime.clock.now())
    return _shown(runtime, sorted({*due} & {*readers}) if readers else due, choose)


def of_today(runtime: Runtime, today: Today, readers: Sequence[int]) -> bool:
    """Show what these readers would get if today's occasion were brought forward. Whether there was anything to show."""

    def choose(session: Session, rows: Sequence[Scheduled], now: datetime) -> list[Row]:
        others = Forwarded()
        due = forward.open_to(session, rows, others, now=now)
        refused = [(address, "not again", reason) for address, reason in others.refused]
        return _would(session, planning.decide(session, today, due, now=now)) + refused

    return _shown(runtime, readers, choose)


def _shown(runtime: Runtime, ids: Sequence[int], choose: Choose) -> bool:
    now = runtime.clock.now()
    rows: list[Row] = []
    with runtime.database.reading() as session, busy("choosing"):
        for start in range(0, len(ids), BLOCK):
            rows += choose(session, audience.by_ids(session, ids[start : start + BLOCK]), now)
            session.expunge_all()
        held_back = sum(count for _, count in waves.paused(session, now=now))
        waiting = sum(lookups.waiting(session, now=now).values()) + requests.unposted(session) - held_back
    if rows:
        show(("reader", "would get", "because"), rows, "Dry run: nothing is written or mailed")
    if waiting:
        say(f"would be handed over besides: {waiting} that wait, planned or asked for earlier")
    if held_back:
        say(f"held back: {held_back} of paused waves; look with: paperboy status")
    return bool(rows or waiting or held_back)


def _would(session: Session, decided: Sequence[Decided]) -> list[Row]:
    leads = [_lead(one.outcome) for one in decided]
    papers = catalogue.papers_by_id(session, {lead.paper_id for lead in leads if lead})
    rows = []
    for one, lead in zip(decided, leads, strict=True):
        if lead is None or isinstance(one.outcome, Quiet):
            rows.append((one.due.row.address, "no mail", one.outcome.reason if isinstance(one.outcome, Quiet) else "nothing to show"))
        else:
            rows.append((one.due.row.address, f"{papers[lead.paper_id].title}{_more(one.outcome)}", lead.reason))
    return rows


def _lead(outcome: Selection | Quiet) -> Choice | None:
    """The first paper of a digest."""
    return None if isinstance(outcome, Quiet) else next(iter((*outcome.for_you, *outcome.trending, *outcome.more)), None)


def _more(outcome: Selection) -> str:
    others = len(outcome.for_you) + len(outcome.trending) - 1
    return f", and {others} more" if others > 0 else ""
