"""Whom the operator may write to at once: everybody active, or those of them who follow a topic. Sends nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Subquery, func, select
from sqlalchemy.orm import Session

from subscribers.models import Interest, InterestKind, Standing, Subscriber
from subscribers.topics import Catalogue

EVERYBODY = "active"
_TOPIC = "topic:"


class CircleError(ValueError):
    """No circle of readers; the words say what to type instead."""


@dataclass(frozen=True, slots=True)
class Circle:
    """Readers, by what they have in common."""

    topic: str = ""  # its key; empty: everybody

    def __str__(self) -> str:
        return f"{_TOPIC}{self.topic}" if self.topic else EVERYBODY


def circle(text: str, catalogue: Catalogue) -> Circle:
    """The circle that was typed: "active", or "topic:" and a topic's key or name. Raises CircleError with a remedy."""
    typed = text.strip()
    if typed.casefold() == EVERYBODY:
        return Circle()
    if not typed.casefold().startswith(_TOPIC):
        raise CircleError(f"{text!r} is no circle of readers; type active, or topic:KEY (paperboy topics lists the keys)")
    wanted = typed[len(_TOPIC) :]
    if found := catalogue.named(wanted):
        return Circle(found.key)
    near = ", ".join(_TOPIC + topic.key for topic in catalogue.near(wanted))
    raise CircleError(f"no topic is called {wanted!r}; {f'near it: {near}; ' if near else ''}paperboy topics lists all")


def newest(session: Session) -> int:
    """The id of the newest reader; 0 while there is none."""
    return session.scalar(select(func.max(Subscriber.id))) or 0


def standings(session: Session, of: Circle, last_id: int) -> dict[Standing, int]:
    """How many of the circle there are of each standing, up to the reader `last_id`."""
    found = select(Subscriber.standing, func.count()).where(Subscriber.id <= last_id, *_follows(of)).group_by(Subscriber.standing)
    return {Standing(standing): count for standing, count in session.execute(found)}


def ids(of: Circle, last_id: int) -> Subquery:
    """The ids of the circle's active readers, up to `last_id`, for a query of another room."""
    return select(Subscriber.id).where(Subscriber.id <= last_id, Subscriber.standing == Standing.ACTIVE, *_follows(of)).subquery()


def members(session: Session, of: Circle, after_id: int, last_id: int, before: datetime, limit: int) -> Sequence[tuple[int, str]]:  # noqa: PLR0913, PLR0917 - the bounds of one page
    """(id, address) of up to `limit` active readers of the circle, in order of id, who had confirmed before a moment."""
    mine = (Subscriber.id > after_id, Subscriber.id <= last_id, Subscriber.standing == Standing.ACTIVE, Subscriber.confirmed_at <= before)
    found = select(Subscriber.id, Subscriber.address).where(*mine, *_follows(of)).order_by(Subscriber.id).limit(limit)
    return [(number, address) for number, address in session.execute(found)]


def _follows(of: Circle) -> tuple[ColumnElement[bool], ...]:
    if not of.topic:
        return ()
    chosen = select(Interest.subscriber_id).where(
        Interest.subscriber_id == Subscriber.id, Interest.kind == InterestKind.TOPIC, Interest.value == of.topic
    )
    return (chosen.exists(),)
