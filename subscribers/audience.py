"""Named queries over the readers: whom a tick of the clock concerns, what they asked for, where they are reached. Sends nothing.

Everything a wave needs is read for a whole range at once, one statement a table; pages go by key, never by offset.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from config.database import among
from subscribers.addresses import AddressError, address_key, check_address, known_key
from subscribers.cadence import Past, next_due, past_with
from subscribers.models import Interest, InterestKind, Standing, Subscriber, Vote

_HOURS_AHEAD = 24
_BETWEEN = "\x1f"  # ASCII's unit separator
# A paused reader has a next due moment only when the pause has an end, and then it lies behind that end.
_MAY_BE_DUE = Subscriber.standing.in_((Standing.ACTIVE, Standing.PAUSED))


class Scheduled(NamedTuple):
    """What planning needs of a reader. Read by the thousand, so plain values: a row object costs ten times as much."""

    id: int
    address: str
    standing: Standing
    zone: str
    cadence: str
    hour: int
    weekday: int
    for_you: int
    trending: int
    next_due_at: datetime | None
    last_digest_at: datetime | None
    last_day: str
    last_week: str


_SCHEDULED = tuple(getattr(Subscriber, name) for name in Scheduled._fields)


class Advance(NamedTuple):
    """What planning changes of a reader: the queue's next moment, and what was used up."""

    id: int
    next_due_at: datetime | None
    last_digest_at: datetime | None
    last_day: str
    last_week: str


@dataclass(frozen=True, slots=True)
class Addressee:
    """Where a reader is reached and whether we may write, read at claim and at every retry (law 10)."""

    id: int
    address: str
    address_key: bytes
    name: str
    standing: Standing
    zone: str


def due_ids(session: Session, due_by: datetime) -> Sequence[int]:
    """Ids, in order, of the readers with a digest due at or before `due_by`."""
    return session.scalars(select(Subscriber.id).where(_is_due(due_by)).order_by(Subscriber.id)).all()


def due_of(session: Session, ids: Iterable[int], due_by: datetime) -> Sequence[int]:
    """Those of these readers, in order, with a digest due at or before `due_by`."""
    return session.scalars(select(Subscriber.id).where(_is_due(due_by), among(session, Subscriber.id, ids)).order_by(Subscriber.id)).all()


def due_spans(session: Session, due_by: datetime, *, after: int, before: int | None, readers: int) -> list[tuple[int, int]]:
    """The readers due at or before `due_by` with ids above `after` and below `before`, cut into spans of so many: first and last ids."""
    within = Subscriber.id > after if before is None else and_(Subscriber.id > after, Subscriber.id < before)
    place = (func.row_number().over(order_by=Subscriber.id) - 1) // readers
    due = select(Subscriber.id, place.label("span")).where(_is_due(due_by), within).subquery()
    cut = select(func.min(due.c.id), func.max(due.c.id)).group_by(due.c.span).order_by(func.min(due.c.id))
    return [(first, last) for first, last in session.execute(cut)]


def due_in_range(session: Session, first_id: int, last_id: int, due_by: datetime) -> list[Scheduled]:
    """The readers of a range who are due, in order of id, locked until the transaction ends; those whose pause is over are active again."""
    in_range = Subscriber.id.between(first_id, last_id)
    session.execute(
        update(Subscriber)
        .where(in_range, Subscriber.standing == Standing.PAUSED, Subscriber.next_due_at <= due_by)
        .values(standing=Standing.ACTIVE, paused_until=None)
    )
    return _scheduled(session, select(*_SCHEDULED).where(_is_due(due_by), in_range).with_for_update())


def interests_of(session: Session, ids: Iterable[int]) -> Sequence[tuple[int, InterestKind, str]]:
    """(subscriber id, kind, value) of these readers, in order."""
    found = select(Interest.subscriber_id, Interest.kind, Interest.value).where(among(session, Interest.subscriber_id, ids))
    return session.execute(found.order_by(Interest.subscriber_id, Interest.kind, Interest.value)).all()


def wishes_of(session: Session, ids: Iterable[int]) -> Iterator[tuple[int, InterestKind, tuple[str, ...]]]:
    """(subscriber id, kind, values in order) of these readers: for planning, which reads them by the thousand."""
    if session.get_bind().dialect.name == "sqlite":
        for (reader, kind), rows in groupby(interests_of(session, ids), key=itemgetter(0, 1)):
            yield reader, kind, tuple(value for _, _, value in rows)
        return
    # No wish holds a control character: they are taken out of what is typed.
    values = func.string_agg(Interest.value, aggregate_order_by(literal(_BETWEEN, Text), Interest.value))
    found = select(Interest.subscriber_id, Interest.kind, values).where(among(session, Interest.subscriber_id, ids))
    for reader, kind, joined in session.connection().execute(found.group_by(Interest.subscriber_id, Interest.kind)):
        yield reader, kind, tuple(joined.split(_BETWEEN))


def votes_of(session: Session, ids: Iterable[int]) -> Sequence[tuple[int, str, int, datetime]]:
    """(subscriber id, paper key, value, voted at) of these readers, the newest first."""
    found = select(Vote.subscriber_id, Vote.paper_key, Vote.value, Vote.voted_at).where(among(session, Vote.subscriber_id, ids))
    return session.execute(found.order_by(Vote.subscriber_id, Vote.voted_at.desc(), Vote.paper_key)).all()


def advance(session: Session, rows: Iterable[Advance]) -> None:
    """Write what planning changed: a statement for all who come to the same, as nearly all readers of a tick do."""
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for number, *changed in rows:
        alike[tuple(changed)].append(number)
    for values, ids in alike.items():
        changed_of = dict(zip(Advance._fields[1:], values, strict=True))
        # The bounds keep PostgreSQL from reading the whole table for each range (measured with 100,000 readers).
        theirs = (among(session, Subscriber.id, ids), Subscriber.id.between(min(ids), max(ids)))
        session.execute(update(Subscriber).where(*theirs).values(changed_of), execution_options={"synchronize_session": False})


def digested(session: Session, ids: Iterable[int], at: datetime) -> None:
    """These readers were given a digest that uses up no occasion of the clock's: a welcome."""
    session.execute(
        update(Subscriber).where(among(session, Subscriber.id, ids)).values(last_digest_at=at),
        execution_options={"synchronize_session": False},
    )


def advanced(row: Scheduled, used: Mapping[str, datetime | None], after: datetime) -> Advance:
    """`row` once the occasions of `used` were planned: each with the due moment of its digest, or None where the day was skipped."""
    rhythm = (row.cadence, row.hour, row.weekday, row.zone)
    return Advance(row.id, *_moved(rhythm, past_of(row), tuple(used.items()), after))


# Readers of one tick differ in little: what is worked out for one of them holds for nearly all.
@lru_cache(maxsize=4096)
def _moved(
    rhythm: tuple[str, int, int, str], past: Past, used: tuple[tuple[str, datetime | None], ...], after: datetime
) -> tuple[datetime, datetime | None, str, str]:
    for occasion, digest_due in used:
        past = past_with(past, occasion, digest_due)
    return next_due(*rhythm, after, past), past.at, past.day, past.week


def past_of(row: Subscriber | Scheduled) -> Past:
    """What this reader's digests so far rule out."""
    return Past(row.last_digest_at, row.last_day, row.last_week)


def next_due_of(row: Subscriber, after: datetime) -> datetime:
    """The reader's next due moment strictly after `after`, by the choices the row holds now."""
    return next_due(row.cadence, row.hour, row.weekday, row.zone, after, past_of(row))


def locked(session: Session, ids: Iterable[int]) -> list[Scheduled]:
    """These readers, in order of id, locked until the transaction ends."""
    return _scheduled(session, select(*_SCHEDULED).where(among(session, Subscriber.id, ids)).with_for_update())


def by_ids(session: Session, ids: Iterable[int]) -> list[Scheduled]:
    """These readers, in order of id."""
    return _scheduled(session, select(*_SCHEDULED).where(among(session, Subscriber.id, ids)))


def addresses(session: Session, ids: Iterable[int]) -> dict[int, Addressee]:
    """Where these readers are reached; who was erased is missing."""
    found = select(Subscriber.id, Subscriber.address, Subscriber.address_key, Subscriber.name, Subscriber.standing, Subscriber.zone).where(
        among(session, Subscriber.id, ids)
    )
    return {row.id: Addressee(*row) for row in session.execute(found)}


def overdue(session: Session, before: datetime, limit: int = 100) -> Sequence[int]:
    """Readers whose due moment lies before `before` and whom no wave took: anyone here is an error that is shown."""
    return session.scalars(select(Subscriber.id).where(_MAY_BE_DUE, Subscriber.next_due_at < before).limit(limit)).all()


def next_hours(session: Session, now: datetime) -> list[tuple[datetime, int]]:
    """How many readers are due in each of the next 24 hours, beginning with the hour that `now` lies in."""
    first = now.replace(minute=0, second=0, microsecond=0)
    end = first + timedelta(hours=_HOURS_AHEAD)
    # Due moments fall on quarters of hours: there are few distinct ones, however many readers.
    found = (
        select(Subscriber.next_due_at, func.count())
        .where(_MAY_BE_DUE, Subscriber.next_due_at >= first, Subscriber.next_due_at < end)
        .group_by(Subscriber.next_due_at)
    )
    hours: Counter[datetime] = Counter()
    for moment, readers in session.execute(found):
        if moment:
            hours[moment.replace(minute=0, second=0, microsecond=0)] += readers
    return [(hour, hours[hour]) for hour in (first + timedelta(hours=step) for step in range(_HOURS_AHEAD))]


def next_due_at(session: Session, after: datetime) -> datetime | None:
    """The first moment after `after` at which anybody is due."""
    return session.scalar(select(func.min(Subscriber.next_due_at)).where(_MAY_BE_DUE, Subscriber.next_due_at > after))


def page(session: Session, *, after_id: int = 0, limit: int = 100, standing: Standing | None = None) -> Sequence[Subscriber]:
    """Up to `limit` readers with an id above `after_id`, in order; all of them, or those of one standing."""
    found = select(Subscriber).where(Subscriber.id > after_id).order_by(Subscriber.id).limit(limit)
    return session.scalars(found.where(Subscriber.standing == standing) if standing else found).all()


def counts(session: Session) -> dict[Standing, int]:
    """How many readers there are of each standing."""
    rows = session.execute(select(Subscriber.standing, func.count()).group_by(Subscriber.standing))
    return dict.fromkeys(Standing, 0) | {Standing(standing): count for standing, count in rows}


def by_address(session: Session, typed: str) -> Subscriber | None:
    """The reader with this address, whatever its case; None when there is none, or `typed` is no address."""
    key = known_key(session)
    if key is None:
        return None
    try:
        return by_address_key(session, address_key(key, check_address(typed)))
    except AddressError:
        return None


def by_address_key(session: Session, key: bytes) -> Subscriber | None:
    """The reader known by this hash of an address."""
    return session.scalars(select(Subscriber).where(Subscriber.address_key == key)).first()


def set_interests(session: Session, subscriber_id: int, rows: Iterable[Mapping[str, object]]) -> None:
    """Replace the interests of one reader by `rows` (subscriber_id, kind, value)."""
    session.execute(delete(Interest).where(Interest.subscriber_id == subscriber_id))
    if values := list(rows):
        session.execute(insert(Interest), values)


def _is_due(due_by: datetime) -> ColumnElement[bool]:
    return and_(_MAY_BE_DUE, Subscriber.next_due_at <= due_by)


def _scheduled(session: Session, found: Select[Any]) -> list[Scheduled]:
    # Past the ORM: its way of reading rows costs more than the rows.
    return [Scheduled._make(row) for row in session.connection().execute(found.order_by(Subscriber.id))]
