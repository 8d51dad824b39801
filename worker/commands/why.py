"""`why`: what one reader got, and why, in words."""

from collections.abc import Iterator

import click
from sqlalchemy.orm import Session

from config.runtime import Runtime
from subscribers import audience, cadence, standing
from subscribers.addresses import AddressError, address_key, check_address, known_key
from subscribers.models import InterestKind, Subscriber, Suppression
from subscribers.topics import Catalogue
from worker.commands.common import with_runtime
from worker.commands.terminal import example, fail, say
from worker.ingest import catalogue
from worker.ingest.papers import Paper
from worker.pick.choices import Choice, unpacked
from worker.pick.today import topics_of
from worker.send import announcements
from worker.send.ledger import lookups
from worker.send.models import Delivery
from worker.send.words import told


@click.command(epilog=example("./paperboy why ada@example.org", "./paperboy why ada@example.org --last 30"))
@click.argument("email")
@click.option("--last", default=10, show_default=True, type=click.IntRange(1, 200), help="How many occasions.")
@with_runtime
def why(runtime: Runtime, email: str, last: int) -> None:
    """What one reader got, and why: the last occasions, what happened to each, and the reason of each paper."""
    topics = topics_of(runtime.settings)
    with runtime.database.reading() as session:
        subscriber = audience.by_address(session, email)
        if subscriber is None:
            fail(_nobody(session, email))
        say((subscriber.address, "bold"))
        for line in _standing(session, subscriber, topics):
            say(f"  {line}")
        deliveries = lookups.history(session, subscriber.id, last)
        subjects = announcements.subjects(session, deliveries)
        papers = catalogue.papers_by_id(session, {paper for one in deliveries for paper in _papers(one)})
    if not deliveries:
        say("\nNo occasion yet.")
    for one in deliveries:
        _occasion(one, papers, subjects, subscriber.zone)


def _nobody(session: Session, email: str) -> str:
    key = known_key(session)
    try:
        barred = standing.suppression(session, address_key(key, check_address(email))) if key else None
    except AddressError as error:
        return str(error)
    if barred:
        return f"nobody subscribes as {email!r}, and the address is suppressed: {_because(barred)}"
    return f"nobody subscribes as {email!r}; look with: paperboy subscribers list"


def _standing(session: Session, subscriber: Subscriber, topics: Catalogue) -> Iterator[str]:
    rhythm = cadence.in_words(subscriber.cadence, subscriber.hour, subscriber.weekday)
    yield f"{subscriber.standing}; {rhythm[0].lower()}{rhythm[1:]} ({subscriber.zone})"
    if barred := standing.suppression(session, subscriber.address_key):
        yield f"nothing is sent to the address: {_because(barred)}"
    if subscriber.paused_until:
        yield f"paused until {subscriber.paused_until:%a %d %b %Y %H:%M} UTC"
    if due := subscriber.next_due_at:
        yield f"next due {due.astimezone(cadence.zone_named(subscriber.zone)):%a %d %b %H:%M} local, {due:%a %H:%M} UTC"
    else:
        yield "nothing is due"
    yield _wishes(session, subscriber, topics)
    if subscriber.consent_at:
        yield f"consented {subscriber.consent_at:%d %b %Y %H:%M} UTC by {subscriber.consent_source or 'an unknown way'}"


def _because(barred: Suppression) -> str:
    return f"{barred.reason}, since {barred.since:%d %b %Y}{f' ({barred.detail})' if barred.detail else ''}"


def _wishes(session: Session, subscriber: Subscriber, topics: Catalogue) -> str:
    wishes: dict[str, list[str]] = {}
    for _, kind, value in audience.interests_of(session, [subscriber.id]):
        topic = topics.get(value) if kind == InterestKind.TOPIC else None
        wishes.setdefault(kind, []).append(topic.name if topic else value)
    asked = [f"{kind}s: {', '.join(wishes[kind])}" for kind in InterestKind if wishes.get(kind)]
    return "; ".join(asked) or "no wishes: the day's trending papers"


def _occasion(one: Delivery, papers: dict[int, Paper], subjects: dict[int, str], zone: str) -> None:
    say("\n", (one.occasion, "bold"), f"  due {one.due_at.astimezone(cadence.zone_named(zone)):%a %d %b %H:%M} local")
    say(f"  {told(one)}")
    if subject := subjects.get(one.content.get("notice", 0)):
        say(("    notice  ", "dim"), subject)
    if "for_you" not in one.content:
        return
    selection = unpacked(one.content)
    for heading, choices in (("for you", selection.for_you), ("trending", selection.trending), ("more", selection.more)):
        for choice in choices:
            say((f"  {heading:>8}  ", "dim"), _title(choice, papers), (f"  - {choice.reason}", "dim"))


def _title(choice: Choice, papers: dict[int, Paper]) -> str:
    paper = papers.get(choice.paper_id)
    return paper.title if paper else f"paper {choice.paper_id}"


def _papers(one: Delivery) -> tuple[int, ...]:
    return unpacked(one.content).paper_ids if "for_you" in one.content else ()
