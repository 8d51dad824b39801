"""Readers that the operator brings: added one by one, imported from a file, exported to one. Never brings back who left.

An import is planned first, without writing anything, and then carried out: a dry run is the plan alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from config.database import upsert
from subscribers import audience
from subscribers.addresses import address_key, kept_key, known_key
from subscribers.cadence import next_due
from subscribers.choices import Choices
from subscribers.models import Interest, InterestKind, Request, RequestKind, SignupLetter, Standing, Subscriber, Suppression
from subscribers.preferences import choices_of, interest_rows
from subscribers.sheet import Entry, RowFault, write_sheet
from subscribers.topics import Catalogue

_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Consent:
    """Where and how a reader agreed to be written to: "the file readers.csv", and the words, when they are known."""

    source: str
    wording: str = ""


@dataclass(slots=True)
class Plan:
    """What an import would do. Readers who are there keep their choices; who left or is suppressed stays so."""

    new: list[Entry] = field(default_factory=list)
    pending: list[Entry] = field(default_factory=list)  # signed up and not confirmed yet: confirmed by an import with consent
    known: list[Entry] = field(default_factory=list)  # active or paused
    left: list[Entry] = field(default_factory=list)
    suppressed: list[Entry] = field(default_factory=list)
    repeated: list[Entry] = field(default_factory=list)  # the address stands in an earlier line, which counts
    faults: list[RowFault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did."""

    added: int = 0
    confirmed: int = 0  # were pending before
    letters: int = 0  # confirmations asked for


def plan_import(session: Session, rows: Iterable[Entry | RowFault]) -> Plan:
    """Sort the rows of a file (see sheet.read_sheet) by what an import would do with them. Writes nothing."""
    plan, seen = Plan(), set[str]()
    good: list[Entry] = []
    for row in rows:
        if isinstance(row, RowFault):
            plan.faults.append(row)
        elif row.address.casefold() in seen:
            plan.repeated.append(row)
        else:
            seen.add(row.address.casefold())
            good.append(row)
    for chunk in _chunks(good):
        _sort(session, plan, chunk)
    return plan


def carry_out(session: Session, plan: Plan, now: datetime, consent: Consent | None) -> Report:
    """Do what the plan says, in a few statements for a thousand readers.

    With `consent`, obtained elsewhere, readers are active at once, and first due at their next due moment after now. Without it they
    are pending, and each is asked by a confirmation letter.
    """
    key = kept_key(session)
    added = sum(len(_insert(session, key, chunk, now, consent)) for chunk in _chunks(plan.new))
    if consent is None:
        return Report(added=added, letters=added)
    return Report(added=added, confirmed=sum(_confirm(session, key, chunk, now, consent) for chunk in _chunks(plan.pending)))


def export(session: Session, catalogue: Catalogue) -> Iterator[str]:
    """The readers we may write to (active and paused), line by line, as a CSV file that an import reads back."""
    return write_sheet(_kept(session), catalogue)


def _chunks(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    for start in range(0, len(entries), _CHUNK):
        yield entries[start : start + _CHUNK]


def _sort(session: Session, plan: Plan, entries: Sequence[Entry]) -> None:
    key = known_key(session)
    if key is None:
        plan.new.extend(entries)
        return
    keys = {address_key(key, entry.address): entry for entry in entries}
    standings = dict(session.execute(select(Subscriber.address_key, Subscriber.standing).where(Subscriber.address_key.in_(keys))).all())
    barred = set(session.scalars(select(Suppression.address_key).where(Suppression.address_key.in_(keys))))
    places = {
        Standing.PENDING: plan.pending,
        Standing.ACTIVE: plan.known,
        Standing.PAUSED: plan.known,
        Standing.LEFT: plan.left,
        Standing.SUPPRESSED: plan.suppressed,
    }
    for hashed, entry in keys.items():
        standing = standings.get(hashed)
        place = plan.new if standing is None else places[Standing(standing)]
        (plan.suppressed if hashed in barred else place).append(entry)


def _insert(session: Session, key: bytes, entries: Sequence[Entry], now: datetime, consent: Consent | None) -> Sequence[int]:
    """The ids of those added; who signed up since the plan was made is left as they are."""
    choices = {address_key(key, entry.address): entry.choices for entry in entries}
    values = [_columns(address_key(key, entry.address), entry, now, consent) for entry in entries]
    unless_there = upsert(session, Subscriber).on_conflict_do_nothing(index_elements=["address_key"])
    made = session.execute(unless_there.returning(Subscriber.id, Subscriber.address_key), values).all()
    interests = [row for number, hashed in made for row in interest_rows(number, choices[hashed])]
    if interests:
        session.execute(insert(Interest), interests)
    if made and consent is None:
        asked = [{"subscriber_id": number, "kind": RequestKind.CONFIRM, "detail": "", "requested_at": now} for number, _ in made]
        session.execute(insert(Request), asked)
        session.execute(insert(SignupLetter), [{"address_key": hashed, "asked_at": now} for _, hashed in made])
    return [number for number, _ in made]


def _columns(hashed: bytes, entry: Entry, now: datetime, consent: Consent | None) -> dict[str, object]:
    choices = entry.choices
    columns: dict[str, object] = {
        "address": entry.address,
        "address_key": hashed,
        "name": choices.name,
        "zone": choices.zone,
        "cadence": choices.cadence,
        "hour": choices.hour,
        "weekday": choices.weekday,
        "for_you": choices.for_you,
        "trending": choices.trending,
        "created_at": now,
        "standing": Standing.PENDING,
    }
    return columns | _agreed(choices, now, consent) if consent else columns


def _agreed(choices: Choices, now: datetime, consent: Consent) -> dict[str, object]:
    return {
        "standing": Standing.ACTIVE,
        "confirmed_at": now,
        "consent_at": now,
        "consent_source": consent.source[:80],
        "consent_wording": consent.wording,
        "next_due_at": next_due(choices.cadence, choices.hour, choices.weekday, choices.zone, now),
    }


def _confirm(session: Session, key: bytes, entries: Sequence[Entry], now: datetime, consent: Consent) -> int:
    """Pending readers become active with the choices they made themselves."""
    keys = [address_key(key, entry.address) for entry in entries]
    rows = session.scalars(select(Subscriber).where(Subscriber.address_key.in_(keys), Subscriber.standing == Standing.PENDING)).all()
    agreed = [{"id": row.id, **_agreed(choices_of(row, ()), now, consent)} for row in rows]
    if agreed:
        session.execute(update(Subscriber), agreed)
    return len(agreed)


def _kept(session: Session) -> Iterator[tuple[str, Choices]]:
    after = 0
    while rows := audience.page(session, after_id=after, limit=_CHUNK):
        after = rows[-1].id
        kept = [row for row in rows if row.standing in (Standing.ACTIVE, Standing.PAUSED)]
        wishes: dict[int, list[tuple[InterestKind, str]]] = {}
        for number, kind, value in audience.interests_of(session, [row.id for row in kept]):
            wishes.setdefault(number, []).append((InterestKind(kind), value))
        for row in kept:
            yield row.address, choices_of(row, wishes.get(row.id, ()))
        session.expunge_all()
