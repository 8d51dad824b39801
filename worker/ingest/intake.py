"""Takes records into the catalogue: whole batches in a handful of statements. Fetches nothing, cleans nothing, commits nothing.

`first_seen_at` is the moment we took a work in, also for the listing days read backwards at a first start: what was never shown here is
new here, and ages from here on. The day a source gives stays beside it, as `listed_on`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from worker.ingest import listings, merging
from worker.ingest.catalogue import in_bites
from worker.ingest.merging import Facts, Work
from worker.ingest.models import Alias, Listing, PaperRow, Snapshot
from worker.ingest.papers import Record, aliases, links, packed

# What a card shows: a change of it makes a new revision, and the card is written anew.
CARD = ("title", "abstract", "authors", "categories", "url", "pdf_url", "summary", "repository", "organisation", "stars")
NOT_ITS_OWN = {"arxiv", "doi", "search"}  # pages that `papers.links` chose, rather than a source
# The number is ours by convention only; `worker.schema` has the one before it.
ADVISORY_LOCK = 7_243_720

Row = Mapping[str, Any]


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
    before = listings.earlier(session, records)
    keys = listings.keys_of(records, before, now)
    given = [merging.facts_of(record, key.listed_on) for record, key in zip(records, keys, strict=True)]
    drafts = [_draft(work, given, rows) for work in merging.grouped(names, known) if work.records]
    _write_papers(session, drafts, now)
    _write_names(session, drafts, known)
    _drop_other_counts(session, drafts)
    merged = sum(_merge(session, draft) for draft in drafts)
    papers = {place: draft.paper_id for draft in drafts for place in draft.work.records}
    listings.write(session, {key: (papers[place], packed(records[place])) for place, key in enumerate(keys)}, before, now)
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


def _drop_other_counts(session: Session, drafts: Iterable[_Draft]) -> None:
    """A series of votes is one source's: what another counted before it, or beside it, would look like a leap."""
    others = [row["id"] for draft in drafts for row in draft.rows if _counter(row["origins"]) not in {None, _counter(draft.facts.origins)}]
    for some in in_bites(others):
        session.execute(delete(Snapshot).where(Snapshot.paper_id.in_(some)))


def _merge(session: Session, draft: _Draft) -> int:
    """Hand all that hangs on the younger rows of a work to the oldest, and leave signposts. How many rows that were."""
    gone = draft.work.ids[1:]
    if not gone:
        return 0
    kept = draft.paper_id
    for table in (Alias, Listing):
        session.execute(update(table).where(table.paper_id.in_(gone)).values(paper_id=kept))
    for paper_id in gone:
        moments = select(Snapshot.taken_at).where(Snapshot.paper_id == kept).scalar_subquery()
        session.execute(delete(Snapshot).where(Snapshot.paper_id == paper_id, Snapshot.taken_at.in_(moments)))
        session.execute(update(Snapshot).where(Snapshot.paper_id == paper_id).values(paper_id=kept))
    session.execute(update(PaperRow).where(or_(PaperRow.id.in_(gone), PaperRow.merged_into.in_(gone))).values(merged_into=kept))
    return len(gone)


def _write_snapshots(session: Session, drafts: Iterable[_Draft], now: datetime) -> None:
    rows = [
        {"paper_id": draft.paper_id, "taken_at": now, **{name: draft.values[name] for name in ("votes", "comments", "stars")}}
        for draft in drafts
        if _counted(draft.facts) not in {(None, None, None), *map(_counted, _counts_before(draft))}
    ]
    for some in in_bites([row["paper_id"] for row in rows]):
        session.execute(delete(Snapshot).where(Snapshot.taken_at == now, Snapshot.paper_id.in_(some)))
    if rows:
        session.execute(insert(Snapshot), rows)


def _counts_before(draft: _Draft) -> Iterable[Facts]:
    counter = _counter(draft.facts.origins)
    return (_facts(row) for row in draft.rows if _counter(row["origins"]) == counter)


def _counter(origins: Mapping[str, str]) -> str | None:
    return origins.get("votes")


def _counted(facts: Facts) -> tuple[int | None, int | None, int | None]:
    return (facts.votes, facts.comments, facts.stars)
