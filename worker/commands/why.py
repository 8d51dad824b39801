"""`why`: what one reader got, and why, in words."""

from zoneinfo import ZoneInfo

import click
from rich.panel import Panel
from sqlalchemy.orm import Session

from config.runtime import Runtime
from subscribers import audience, cadence
from subscribers.models import InterestKind, Subscriber
from worker.commands.common import console, example, fail, with_runtime
from worker.ingest import catalogue
from worker.ingest.papers import Paper
from worker.pick.choices import Choice, unpacked
from worker.send import ledger
from worker.send.models import Delivery
from worker.send.words import told


@click.command(epilog=example("./paperboy why ada@example.org", "./paperboy why ada@example.org --last 30"))
@click.argument("email")
@click.option("--last", default=10, show_default=True, type=click.IntRange(1, 200), help="How many occasions.")
@with_runtime
def why(runtime: Runtime, email: str, last: int) -> None:
    """What one reader got, and why: the last occasions, what happened to each, and the reason of each paper."""
    with runtime.database.reading() as session:
        subscriber = audience.by_address(session, email)
        if subscriber is None:
            fail(f"nobody subscribes as {email!r}; look with: paperboy subscribers list")
        console.print(Panel(_standing(session, subscriber), title=subscriber.address, title_align="left"))
        deliveries = ledger.history(session, subscriber.id, last)
        shown = {paper for one in deliveries for paper in _papers(one)}
        papers = catalogue.papers_by_id(session, shown)
    if not deliveries:
        console.print("No occasion yet.")
    for one in deliveries:
        _occasion(one, papers, ZoneInfo(subscriber.zone))


def _standing(session: Session, subscriber: Subscriber) -> str:
    wishes: dict[str, list[str]] = {}
    for _, kind, value in audience.interests_of(session, [subscriber.id]):
        wishes.setdefault(kind, []).append(value)
    lines = [f"{subscriber.standing}; {cadence.in_words(subscriber.cadence, subscriber.hour, subscriber.weekday)} ({subscriber.zone})"]
    due = subscriber.next_due_at
    lines.append(f"next due {due.astimezone(ZoneInfo(subscriber.zone)):%a %d %b %H:%M} local, {due:%H:%M} UTC" if due else "nothing is due")
    asked = [f"{kind}s: {', '.join(wishes[kind])}" for kind in InterestKind if wishes.get(kind)]
    lines.append("; ".join(asked) or "no wishes: the day's trending papers")
    if subscriber.consent_at:
        lines.append(f"consented {subscriber.consent_at:%d %b %Y %H:%M} UTC by {subscriber.consent_source or 'an unknown way'}")
    return "\n".join(lines)


def _occasion(one: Delivery, papers: dict[int, Paper], zone: ZoneInfo) -> None:
    console.print(f"\n[bold]{one.occasion}[/]  due {one.due_at.astimezone(zone):%a %d %b %H:%M} local")
    console.print(f"  {told(one)}")
    if "for_you" not in one.content:
        return
    selection = unpacked(one.content)
    for heading, choices in (("for you", selection.for_you), ("trending", selection.trending), ("more", selection.more)):
        for choice in choices:
            console.print(f"  [dim]{heading:>8}[/]  {_title(choice, papers)}  [dim]- {choice.reason}[/]")


def _title(choice: Choice, papers: dict[int, Paper]) -> str:
    paper = papers.get(choice.paper_id)
    return paper.title if paper else f"paper {choice.paper_id}"


def _papers(one: Delivery) -> tuple[int, ...]:
    return unpacked(one.content).paper_ids if "for_you" in one.content else ()
