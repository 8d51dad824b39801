"""Listings: which source listed which entry on which day, with its words as they were given. Every one stays on record."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from worker.ingest.catalogue import in_bites
from worker.ingest.models import Listing
from worker.ingest.papers import Record

EARLIEST_DAY = date(1990, 1, 1)  # arXiv began in August 1991; a listing day before it is a slip

Row = Mapping[str, Any]


class Key(NamedTuple):
    """What makes a listing one: who listed which entry on which day."""

    source: str
    external_id: str
    listed_on: date

    @property
    def entry(self) -> tuple[str, str]:
        return (self.source, self.external_id)


def earlier(session: Session, records: Iterable[Record]) -> dict[Key, Row]:
    """What the sources of these records said of the same entries before, on whatever day."""
    entries: dict[str, set[str]] = {}
    for record in records:
        entries.setdefault(record.source, set()).add(record.external_id)
    found: dict[Key, Row] = {}
    for source, external_ids in entries.items():
        for some in in_bites(external_ids):
            statement = select(*Listing.__table__.columns).where(Listing.source == source, Listing.external_id.in_(some))
            for row in session.execute(statement).mappings():
                found[Key(source, row["external_id"], row["listed_on"])] = dict(row)
    return found


def keys_of(records: Sequence[Record], before: Iterable[Key], now: datetime) -> list[Key]:
    """The listing of each record: on the day its source gave, if it can be one; else on the day we first read the entry."""
    today = now.astimezone(UTC).date()
    first = {key.entry: key.listed_on for key in sorted(before, reverse=True)}
    keys = []
    for record in records:
        entry, day = (record.source, record.external_id), record.listed_on
        possible = day is not None and EARLIEST_DAY <= day <= today + timedelta(days=1)
        keys.append(Key(*entry, day if day and possible else first.get(entry, today)))
    return keys


def write(session: Session, said: Mapping[Key, tuple[int, dict[str, Any]]], before: Mapping[Key, Row], now: datetime) -> None:
    """Keep what was `said` (paper id and packed record); an entry listed again on the same day has its newest word there."""
    new, changes = [], []
    for key, (paper_id, record) in said.items():
        if key not in before:
            new.append({**key._asdict(), "paper_id": paper_id, "seen_at": now, "record": record})
        elif before[key]["record"] != record or before[key]["paper_id"] != paper_id:
            changes.append({"id": before[key]["id"], "paper_id": paper_id, "record": record})
    if new:
        session.execute(insert(Listing), new)
    if changes:
        session.execute(update(Listing), changes)
