"""Takes records into the catalogue: whole batches in a handful of statements. Fetches nothing, cleans nothing, commits nothing.

`first_seen_at` is the moment we took a work in, also for the listing days read backwards at a first start: what was never shown here is
new here, and ages from here on. The day a source gives stays beside it, as `listed_on`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any, NamedTuple

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from worker.ingest import merging
from worker.ingest.catalogue import in_bites
from worker.ingest.merging import Facts, Work
from worker.ingest.models import Alias, Listing, PaperRow, Snapshot
from worker.ingest.papers import Record, aliases, links, packed

# What a card shows: a change of it makes a new revision, and the card is written anew.
CARD = ("title", "abstract", "authors", "categories", "url", "pdf_url", "summary", "repository", "organisation", "stars")
EARLIEST_DAY = date(1990, 1, 1)  # arXiv began in August 1991; a listing day before it is a slip
NOT_ITS_OWN = {"arxiv", "doi", "search"}  # pages that `papers.links` chose, rather than a source
# The number is ours by convention only; `worker.schema` has the one before it.
ADVISORY_LOCK = 7_243_720

Row = Mapping[str, Any]


class _Key(NamedTuple):
    """What makes a listing one: who listed which entry on which day."""

    source: str
    external_id: str
    listed_on: date

    @property
    def entry(self) -> tuple[str, str]:
        return (self.source, self.external_id)


@dataclass(frozen=True, slots=True)
class Intake:
    """What a batch did. `changed` counts known works, `fresh` entries that their source had never listed before."""

    new: int = 0
    changed: int = 0
    merged: int = 0
    fresh: int = 0
    paper_ids: tuple[int, ...] = ()  # one for each record, beside it


@dataclass(slots=True)
class _Draft:
    """One work on its way into the catalogue: its rows so far (the oldest first), and what its one row will say."""

    work: Work
    rows: list[Row]
    facts: Facts
    values: dict[str, Any]
    paper_id: int = 0

    @property
    def key(self) -> str:
        return str(self.rows[0]["key"]) if self.rows else min(self.work.names)  # arxiv, doi, title: the alphabet has the strongest first

    @property
    def changed(self) -> bool:
        return len(self.rows) > 1 or any(row[name] != value for row in self.rows for name, value in self.values.items())


def take_in(session: Session, records: Sequence[Record], now: datetime) -> Intake:
    """Add `records`, clean as they are, to the catalogue; taking the same in again changes nothing.

    Writers queue: two processes that read the same new paper at once make one work of it.
    """
    if not records:
        return Intake()
    queue_up(session)
    names = [aliases(record) for record in records]
    known = _names_of_works(session, {name for some in names for name in some})
    rows = _rows(session, known)
    before = _earlier_listings(session, records)
    keys = _keys(records, before, now)
    given = [merging.facts_of(record, key.listed_on) for record, key in zip(records, keys, strict=True)]
    drafts = [_draft(work, given, rows) for work in merging.grouped(names, known) if work.records]
    _write_papers(session, drafts, now)
    _write_names(session, drafts, known)
    merged = sum(_merge(session, draft) for draft in drafts)
    papers = {place: draft.paper_id for draft in drafts for place in draft.work.records}
    _write_listings(session, {key: (papers[place], packed(records[place])) for place, key in enumerate(keys)}, before, now)
    _write_snapshots(session, drafts, now)
    return Intake(
        new=sum(not draft.rows for draft in drafts),
        changed=sum(draft.changed for draft in drafts),
        merged=merged,
        fresh=len({key.entry for key in keys} - {key.entry for key in before}),
        paper_ids=tuple(papers[place] for place in range(len(records))),
    )


def queue_up(session: Session) -> None:
    """Let one writer at a time into the catalogue, until its transaction ends."""
    # SQLite's transactions queue by themselves (BEGIN IMMEDIATE). On PostgreSQL two would look, find nothing, and both insert.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))


def _names_of_works(session: Session, names: Iterable[str]) -> dict[int, set[str]]:
    """All names of every work that carries one of `names`."""
    known: dict[int, set[str]] = {}
    for some in in_bites(names):
        known.update((paper_id, set()) for paper_id in session.scalars(select(Alias.paper_id).where(Alias.name.in_(some))))
    for ids in in_bites(known):
        for name, paper_id in session.execute(select(Alias.name, Alias.paper_id).where(Alias.paper_id.in_(ids))):
            known[paper_id].add(name)
    return known


def _rows(session: Session, ids: Iterable[int]) -> dict[int, Row]:
    found: dict[int, Row] = {}
    for some in in_bites(ids):
        statement = select(*PaperRow.__table__.columns).where(PaperRow.id.in_(some))
        found.update((row["id"], dict(row)) for row in session.execute(statement).mappings())
    return found


def _earlier_listings(session: Session, records: Iterable[Record]) -> dict[_Key, Row]:
    """What the sources of these records said of the same entries before, on whatever day."""
    entries: dict[str, set[str]] = {}
    for record in records:
        entries.setdefault(record.source, set()).add(record.external_id)
    found: dict[_Key, Row] = {}
    for source, external_ids in entries.items():
        for some in in_bites(external_ids):
            statement = select(*Listing.__table__.columns).where(Listing.source == source, Listing.external_id.in_(some))
            for row in session.execute(statement).mappings():
                found[_Key(source, row["external_id"], row["listed_on"])] = dict(row)
    return found


def _keys(records: Sequence[Record], before: Iterable[_Key], now: datetime) -> list[_Key]:
    """The listing of each record: on the day its source gave, if it can be one; else on the day we first read the entry."""
    today = now.astimezone(UTC).date()
    first = {key.entry: key.listed_on for key in sorted(before, reverse=True)}
    keys = []
    for record in records:
        entry, day = (record.source, record.external_id), record.listed_on
        possible = day is not None and EARLIEST_DAY <= day <= today + timedelta(days=1)
        keys.append(_Key(*entry, day if day and possible else first.get(entry, today)))
    return keys


def _draft(work: Work, given: Sequence[Facts], held: Mapping[int, Row]) -> _Draft:
    rows = [held[paper_id] for paper_id in work.ids]
    facts = reduce(merging.united, [*map(_facts, rows), *(given[place] for place in work.records)])
    found = links(names=work.names, title=facts.title, own_url=facts.url, own_origin=facts.origins.get("url", ""))
    values = {
        "title": facts.title,
        "abstract": facts.abstract,
        "authors": list(facts.authors),
        "categories": list(facts.categories),
        "keywords": list(facts.keywords),
        "summary": facts.summary,
        "organisation": facts.organisation,
        "repository": facts.repository,
        "stars": facts.stars,
        "votes": facts.votes or 0,
        "comments": facts.comments or 0,
        "published_at": facts.published_at,
        "listed_on": facts.listed_on,
        "url": found.url,
        "pdf_url": found.pdf_url,
        "origins": {**facts.origins, "url": found.origin},
    }
    return _Draft(work, rows, facts, values, work.ids[0] if work.ids else 0)


def _facts(row: Row) -> Facts:
    origins = dict(row["origins"])
    counted = "votes" in origins
    if origins.get("url") in NOT_ITS_OWN:
        del origins["url"]
    return Facts(
        title=row["title"],
        abstract=row["abstract"],
        authors=tuple(row["authors"]),
        categories=tuple(row["categories"]),
        keywords=tuple(row["keywords"]),
        summary=row["summary"],
        organisation=row["organisation"],
        repository=row["repository"],
        stars=row["stars"],
        votes=row["votes"] if counted else None,
        comments=row["comments"] if counted else None,
        url=row["url"] if "url" in origins else None,
        published_at=row["published_at"],
        listed_on=row["listed_on"],
        origins=origins,
    )


def _write_papers(session: Session, drafts: Iterable[_Draft], now: datetime) -> None:
    new = {draft.key: draft for draft in drafts if not draft.rows}
    if new:
        rows = [{"key": key, "first_seen_at": now, **draft.values} for key, draft in new.items()]
        for paper_id, key in session.execute(insert(PaperRow).returning(PaperRow.id, PaperRow.key), rows):
            new[key].paper_id = paper_id
    changes = [_change(draft) for draft in drafts if draft.changed]
    if changes:
        session.execute(update(PaperRow), changes)


def _change(draft: _Draft) -> dict[str, Any]:
    row = draft.rows[0]
    shown = any(row[name] != draft.values[name] for name in CARD)
    return {
        "id": draft.paper_id,
        "first_seen_at": min(each["first_seen_at"] for each in draft.rows),
        "revision": row["revision"] + shown,
        **draft.values,
    }


def _write_names(session: Session, drafts: Iterable[_Draft], known: Mapping[int, set[str]]) -> None:
    held = {name for names in known.values() for name in names}
    rows = [{"name": name, "paper_id": draft.paper_id} for draft in drafts for name in sorted(draft.work.names - held)]
    if rows:
        session.execute(insert(Alias), rows)


def _merge(session: Session, draft: _Draft) -> int:
    """Hand all that hangs on the younger rows of a work to the oldest, and leave signposts. How many rows that were."""
    gone = draft.work.ids[1:]
    if not gone:
        return 0
    kept, now_counting = draft.paper_id, draft.facts.origins.get("votes")
    for table in (Alias, Listing):
        session.execute(update(table).where(table.paper_id.in_(gone)).values(paper_id=kept))
    # A series of votes is one source's: what another counted beside it would look like a fall.
    others = [row["id"] for row in draft.rows if row["origins"].get("votes") != now_counting]
    session.execute(delete(Snapshot).where(Snapshot.paper_id.in_(others)))
    for paper_id in gone:
        moments = select(Snapshot.taken_at).where(Snapshot.paper_id == kept).scalar_subquery()
        session.execute(delete(Snapshot).where(Snapshot.paper_id == paper_id, Snapshot.taken_at.in_(moments)))
        session.execute(update(Snapshot).where(Snapshot.paper_id == paper_id).values(paper_id=kept))
    session.execute(update(PaperRow).where(or_(PaperRow.id.in_(gone), PaperRow.merged_into.in_(gone))).values(merged_into=kept))
    return len(gone)


def _write_listings(session: Session, said: Mapping[_Key, tuple[int, dict[str, Any]]], before: Mapping[_Key, Row], now: datetime) -> None:
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


def _write_snapshots(session: Session, drafts: Iterable[_Draft], now: datetime) -> None:
    rows = [
        {"paper_id": draft.paper_id, "taken_at": now, **{name: draft.values[name] for name in ("votes", "comments", "stars")}}
        for draft in drafts
        if _counted(draft.facts) != (_counted(_facts(draft.rows[0])) if draft.rows else (None, None, None))
    ]
    for some in in_bites([row["paper_id"] for row in rows]):
        session.execute(delete(Snapshot).where(Snapshot.taken_at == now, Snapshot.paper_id.in_(some)))
    if rows:
        session.execute(insert(Snapshot), rows)


def _counted(facts: Facts) -> tuple[int | None, int | None, int | None]:
    return (facts.votes, facts.comments, facts.stars)
