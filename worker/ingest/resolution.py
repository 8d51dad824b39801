"""Finds the arXiv identifier of papers that came without a link, by their exact titles. Asks through a callable, remembers the answers.

An identifier found is good for ever; "none" is asked again after some days, since a paper may reach arXiv late. Until then the paper
carries a search for its title (`papers.links`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from worker.ingest.catalogue import in_bites
from worker.ingest.intake import queue_up, take_in
from worker.ingest.models import Listing, PaperRow, Resolution
from worker.ingest.papers import SEARCH, Record, arxiv_id, title_name, unpacked
from worker.ingest.port import SourceError

ASK_AGAIN = timedelta(days=3)
LONGEST_AGO = timedelta(days=16)  # papers first seen before that are in no reader's mail any more
AT_ONCE = 10  # questions a call; arXiv wants three seconds between two

Ask = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Resolved:
    """How many titles were asked for, how many arXiv knew, how many wait for the next call, and why the asking stopped, if it did."""

    asked: int
    found: int
    waiting: int
    error: str | None = None


def resolve(database: Database, clock: Clock, ask: Ask, *, most: int = AT_ONCE) -> Resolved:
    """Ask arXiv for up to `most` papers that have no link of their own, the most voted first.

    `ask` takes a title and gives the arXiv identifier of the paper of exactly that title, or None; it may raise SourceError, after which
    the rest waits for the next call. No transaction is open while it is asked.
    """
    with database.reading() as session:
        waiting = _unresolved(session, clock.now())
    asked = found = 0
    for paper_id, title in waiting[:most]:
        try:
            answer = arxiv_id(ask(title))
        except SourceError as error:
            return Resolved(asked, found, len(waiting) - asked, str(error))
        asked += 1
        found += answer is not None
        with database.transaction() as session:
            _settle(session, paper_id, title, answer, clock.now())
    return Resolved(asked, found, len(waiting) - asked)


def with_known_ids(session: Session, records: Sequence[Record]) -> list[Record]:
    """The records; those without a link carry the identifier that arXiv gave for their title before, if it did."""
    names = {name for record in records if _needs_link(record) and (name := title_name(record.title))}
    known = {name: answer.arxiv_id for name, answer in _answers(session, names).items() if answer.arxiv_id}
    return [
        replace(record, arxiv_id=known[name]) if _needs_link(record) and (name := title_name(record.title)) in known else record
        for record in records
    ]


def _needs_link(record: Record) -> bool:
    return not (record.arxiv_id or record.doi or record.url)


def _unresolved(session: Session, now: datetime) -> list[tuple[int, str]]:
    """Papers behind a search, for whose title arXiv was not asked lately; a title that tells nothing is not asked for."""
    searched = (
        PaperRow.merged_into.is_(None),
        PaperRow.first_seen_at >= now - LONGEST_AGO,
        PaperRow.url.startswith(SEARCH, autoescape=True),
    )
    rows = session.execute(select(PaperRow.id, PaperRow.title).where(*searched).order_by(PaperRow.votes.desc(), PaperRow.id)).all()
    named = [(paper_id, title, name) for paper_id, title in rows if (name := title_name(title))]
    answers = _answers(session, [name for _, _, name in named])
    lately = {name for name, answer in answers.items() if abs(now - answer.asked_at) < ASK_AGAIN}
    return [(paper_id, title) for paper_id, title, name in named if name not in lately]


def _answers(session: Session, names: Iterable[str]) -> dict[str, Resolution]:
    return {
        row.title: row for some in in_bites(sorted(names)) for row in session.scalars(select(Resolution).where(Resolution.title.in_(some)))
    }


def _settle(session: Session, paper_id: int, title: str, answer: str | None, now: datetime) -> None:
    queue_up(session)
    name = title_name(title)
    if name:
        session.merge(Resolution(title=name, arxiv_id=answer, asked_at=now))
    newest = select(Listing).where(Listing.paper_id == paper_id).order_by(Listing.listed_on.desc(), Listing.id.desc()).limit(1)
    listing = session.scalars(newest).first()
    if answer and listing:
        take_in(session, [replace(unpacked(listing.record), arxiv_id=answer, listed_on=listing.listed_on)], now)
