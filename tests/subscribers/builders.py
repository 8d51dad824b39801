"""Readers as tests need them: good defaults, and only what matters said."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from subscribers import roster
from subscribers.addresses import address_key, kept_key
from subscribers.cadence import Cadence
from subscribers.choices import Choices
from subscribers.models import Subscriber
from subscribers.sheet import Entry
from subscribers.topics import Catalogue, Topic

NOON = datetime(2026, 6, 17, 12, 0, tzinfo=UTC)  # a Wednesday


def a_topic(key: str = "robotics", name: str = "Robotics", group: str = "Agents") -> Topic:
    return Topic(key=key, name=name, group=group, line=f"All of {name.lower()}.", categories=("cs.RO",), phrases=(name.lower(),))


CATALOGUE = Catalogue((a_topic(), a_topic("language-models", "Language models", "Language"), a_topic("video", "Video", "Vision")))


def some_choices(**changed: Any) -> Choices:
    """Robotics and mamba, every day at 08:00 in London."""
    return replace(Choices(topics=("robotics",), keywords=("mamba",), cadence=Cadence.DAILY, zone="Europe/London"), **changed)


def add_reader(
    session: Session,
    address: str = "ada@example.org",
    *,
    now: datetime = NOON,
    confirmed: bool = True,
    **changed: Any,
) -> Subscriber:
    """A reader who is there: active, or pending with a confirmation asked for."""
    entry = Entry(1, address, some_choices(**changed))
    consent = roster.Consent("a test", "I agree.") if confirmed else None
    roster.carry_out(session, roster.Plan(new=[entry]), now, consent)
    found = find_reader(session, address)
    assert found is not None
    return found


def add_readers(session: Session, number: int, *, now: datetime = NOON) -> None:
    roster.carry_out(
        session, roster.Plan(new=[Entry(n, f"reader{n}@example.org", some_choices()) for n in range(number)]), now, roster.Consent("a test")
    )


def find_reader(session: Session, address: str) -> Subscriber | None:
    key = address_key(kept_key(session), address)
    return next(iter(by_keys(session, [key])), None)


def by_keys(session: Session, keys: Iterable[bytes]) -> list[Subscriber]:
    return list(session.query(Subscriber).where(Subscriber.address_key.in_(keys)).populate_existing())
