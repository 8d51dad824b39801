"""Editions: one public page a UTC day, closed with the ranking that closed it, and the operator's hand: pins, hides, a note.

A day on which no ranking was made has no edition: nothing happened. Marks change the page of their day also after it closed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from config.database import upsert
from worker.ingest import catalogue
from worker.ingest.papers import Paper
from worker.pick import rankings
from worker.pick.candidates import Marks
from worker.pick.models import Edition, Mark
from worker.pick.selection import LONGEST

NOTE_LETTERS = 1_000
DAY = timedelta(days=1)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Unpinnable(ValueError):
    """A paper that no digest of the day may carry: the words say why."""


class MarkKind(StrEnum):
    """What the operator did with a paper."""

    PIN = "pin"
    HIDE = "hide"


@dataclass(frozen=True, slots=True)
class EditionPage:
    """What the page of one day shows: pins first, then the ranking's order, without what is hidden."""

    day: date
    note: str
    closed_at: datetime | None  # None: the day is under way, and the page changes with every ranking
    paper_ids: tuple[int, ...]
    pins: frozenset[int]


def pin(session: Session, day: date, paper: Paper) -> None:
    """Show `paper` first that day. Raises Unpinnable for one that digests do not reach back to."""
    if paper.first_seen_at < _start(day) - LONGEST:
        raise Unpinnable(f"{paper.key} was first seen on {paper.first_seen_at:%-d %B %Y}; digests of {day} reach back {LONGEST.days} days")
    _mark(session, day, paper.id, MarkKind.PIN)


def hide(session: Session, day: date, paper: Paper) -> None:
    """Show `paper` nowhere that day."""
    _mark(session, day, paper.id, MarkKind.HIDE)


def clear(session: Session, day: date, paper: Paper) -> bool:
    """Take off what holds for `paper` that day, a hide of an earlier day too; whether there was anything."""
    ids = [paper.id, *(old for old, stands in catalogue.redirects(session).items() if stands == paper.id)]
    own = (Mark.day == day) | ((Mark.kind == MarkKind.HIDE) & Mark.day.between(day - LONGEST, day))
    cleared = session.execute(delete(Mark).where(Mark.paper_id.in_(ids), own).returning(Mark.paper_id))
    return cleared.first() is not None


def note(session: Session, day: date, text: str) -> str:
    """Put a note on the day's edition, as plain text of one paragraph; an empty one takes it off. What was kept of it."""
    kept = " ".join(_CONTROL.sub(" ", text).split())[:NOTE_LETTERS]
    _edition(session, day).note = kept
    session.flush()
    return kept


def marks(session: Session, day: date) -> Marks:
    """The operator's hand in the digests of `day`.

    A hide holds until digests do not reach back to the paper, a pin also on the next day: who is written to in the morning gets
    what was pinned at noon. Of several marks of one paper the last holds.
    """
    return _hand(session, day, pinned_since=day - DAY)


def notes(session: Session, days: Iterable[date]) -> dict[date, str]:
    """The operator's notes on these days; days without one are left out."""
    rows = session.execute(select(Edition.day, Edition.note).where(Edition.day.in_(set(days)), Edition.note != ""))
    return {row.day: row.note for row in rows}


def close_ended(session: Session, now: datetime) -> list[date]:
    """Close every UTC day that has ended since the last closed one and had a ranking, each with its last; the days."""
    newest = session.scalar(select(func.max(Edition.day)).where(Edition.closed_at.is_not(None)))
    since = _start(newest + DAY) if newest else datetime.fromtimestamp(0, UTC)
    closing = rankings.last_of_days(session, since, _start(now.astimezone(UTC).date()))
    for moment, ranking_id in closing.items():
        edition = _edition(session, moment.date())
        edition.ranking_id, edition.closed_at = ranking_id, now
    session.flush()
    return [moment.date() for moment in closing]


def edition_of(session: Session, day: date) -> EditionPage | None:
    """The page of a day: as it was closed, or, while it is not, by the day's newest ranking so far. None when it had no ranking."""
    edition = session.get(Edition, day)
    ranking_id = edition.ranking_id if edition and edition.closed_at else _newest_of(session, day)
    ranking = rankings.one(session, ranking_id) if ranking_id else None
    if ranking is None:
        return None
    ranked, hand = rankings.unpacked(ranking)[0].tolist(), _hand(session, day, pinned_since=day)
    redirects = catalogue.redirects(session, {*ranked, *hand.pins, *hand.hides})
    hidden, pins = (frozenset(redirects.get(one, one) for one in ids) for ids in (hand.hides, hand.pins))
    order = [one for one in dict.fromkeys(redirects.get(one, one) for one in ranked) if one not in hidden]
    return EditionPage(
        day=day,
        note=edition.note if edition else "",
        closed_at=edition.closed_at if edition else None,
        paper_ids=(*(one for one in order if one in pins), *(one for one in order if one not in pins)),
        pins=pins & frozenset(order),
    )


def days(session: Session, *, most: int = 31) -> list[date]:
    """The days whose editions are closed, the newest first."""
    return list(session.scalars(select(Edition.day).where(Edition.closed_at.is_not(None)).order_by(Edition.day.desc()).limit(most)))


def _hand(session: Session, day: date, *, pinned_since: date) -> Marks:
    rows = session.execute(select(Mark.paper_id, Mark.day, Mark.kind).where(Mark.day.between(day - LONGEST, day)).order_by(Mark.day))
    last = {paper_id: (on, kind) for paper_id, on, kind in rows}
    return Marks(
        pins=frozenset(paper_id for paper_id, (on, kind) in last.items() if kind == MarkKind.PIN and on >= pinned_since),
        hides=frozenset(paper_id for paper_id, (_, kind) in last.items() if kind == MarkKind.HIDE),
    )


def _newest_of(session: Session, day: date) -> int | None:
    return rankings.last_of_days(session, _start(day), _start(day) + DAY).get(_start(day))


def _mark(session: Session, day: date, paper_id: int, kind: MarkKind) -> None:
    made = upsert(session, Mark).values(day=day, paper_id=paper_id, kind=kind)
    session.execute(made.on_conflict_do_update(index_elements=[Mark.day, Mark.paper_id], set_={"kind": kind}))


def _edition(session: Session, day: date) -> Edition:
    """The day's row; two who need it at once share one."""
    session.execute(upsert(session, Edition).values(day=day, note="").on_conflict_do_nothing())
    return session.get_one(Edition, day)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
