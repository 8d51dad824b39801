"""What other rooms ask of the catalogue, by name. Reads only; `intake` writes.

An id, once given out, is good for ever: where two works turned out to be one, the younger id leads to the work that stands.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from config.database import among
from worker.ingest.models import Alias, PaperRow, Snapshot
from worker.ingest.papers import Paper, arxiv_id, doi, title_name

BITE = 5_000  # values in one IN (...): SQLite takes 32,766, PostgreSQL's protocol 65,535
MOST_FOUND = 10

_Value = TypeVar("_Value")
_SHOWN = [column for column in PaperRow.__table__.columns if column.name not in {"origins", "merged_into"}]


@dataclass(frozen=True, slots=True)
class History:
    """Snapshots as columns, sorted by paper, then by time. `stars` is -1 where none are known."""

    paper_ids: npt.NDArray[np.int64]
    taken_at: npt.NDArray[np.float64]  # seconds since 1970, UTC
    votes: npt.NDArray[np.int64]
    comments: npt.NDArray[np.int64]
    stars: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    papers: int
    newest: datetime | None  # when the newest paper was first seen


def papers_by_id(session: Session, ids: Iterable[int]) -> dict[int, Paper]:
    """The papers asked for, under the ids asked for; an id of a merged work gives the work that stands. Unknown ids are left out."""
    asked = set(ids)
    now = {**{paper_id: paper_id for paper_id in asked}, **redirects(session, asked)}
    found = {paper.id: paper for paper in _papers(session, among(session, PaperRow.id, set(now.values())))} if now else {}
    return {paper_id: found[now[paper_id]] for paper_id in asked if now[paper_id] in found}


def redirects(session: Session, ids: Collection[int] | None = None) -> dict[int, int]:
    """Where merged works (all of them, or those among `ids`) live now: old id to the one that stands, in one step."""
    statement = select(PaperRow.id, PaperRow.merged_into).where(PaperRow.merged_into.is_not(None))
    if ids is not None:
        statement = statement.where(among(session, PaperRow.id, ids))
    return {old: int(new or 0) for old, new in session.execute(statement)}


def first_seen_between(session: Session, since: datetime, until: datetime) -> list[Paper]:
    """The papers first seen from `since` (included) to `until` (not included), by id."""
    return _papers(session, PaperRow.first_seen_at >= since, PaperRow.first_seen_at < until)


def ids_by_key(session: Session, keys: Iterable[str]) -> dict[str, int]:
    """The ids of the papers known by `keys`, any name they ever had; unknown keys are left out."""
    return {
        name: paper_id
        for some in in_bites(set(keys))
        for name, paper_id in session.execute(select(Alias.name, Alias.paper_id).where(Alias.name.in_(some)))
    }


def snapshots_since(session: Session, ids: Iterable[int], since: datetime) -> History:
    """How votes, comments and stars of these papers (ids that stand) grew from `since` on."""
    columns = (Snapshot.paper_id, Snapshot.taken_at, Snapshot.votes, Snapshot.comments, func.coalesce(Snapshot.stars, -1))
    order = (Snapshot.paper_id, Snapshot.taken_at)
    rows = [
        (paper_id, taken_at.timestamp(), *counts)
        for some in in_bites(sorted(set(ids)))
        for paper_id, taken_at, *counts in session.execute(
            select(*columns).where(Snapshot.paper_id.in_(some), Snapshot.taken_at >= since).order_by(*order)
        )
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, len(columns))
    whole = [table[:, column].astype(np.int64) for column in (0, 2, 3, 4)]
    return History(whole[0], table[:, 1], whole[1], whole[2], whole[3])


def find(session: Session, words: str) -> list[Paper]:
    """The papers a person may mean by `words`: a key, an arXiv identifier or DOI in any spelling, a URL, a title, or a piece of one.

    The newest first, ten at most; more than one means that the words were not enough.
    """
    words = " ".join(words.split())
    if not words:
        return []
    names = [words, f"arxiv:{arxiv_id(words)}", f"doi:{doi(words)}", title_name(words) or words]
    if ids := set(ids_by_key(session, names).values()):
        return sorted(papers_by_id(session, ids).values(), key=lambda paper: paper.id, reverse=True)
    return _newest(session, PaperRow.url == words) or _newest(session, PaperRow.title.icontains(words, autoescape=True))


def counts(session: Session) -> Counts:
    """How much the catalogue holds."""
    stands = PaperRow.merged_into.is_(None)
    papers, newest = session.execute(select(func.count(), func.max(PaperRow.first_seen_at)).where(stands)).one()
    return Counts(papers, newest)


def in_bites(values: Iterable[_Value], size: int = BITE) -> Iterator[list[_Value]]:
    """The values, in lists short enough for one statement."""
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some


def _newest(session: Session, *conditions: ColumnElement[bool]) -> list[Paper]:
    return _read(session, _select(*conditions).order_by(None).order_by(PaperRow.id.desc()).limit(MOST_FOUND))


def _papers(session: Session, *conditions: ColumnElement[bool]) -> list[Paper]:
    return _read(session, _select(*conditions))


def _select(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(*_SHOWN).where(PaperRow.merged_into.is_(None), *conditions).order_by(PaperRow.id)


def _read(session: Session, statement: Select[Any]) -> list[Paper]:
    rows = session.execute(statement).mappings().all()
    names: dict[int, list[str]] = {row["id"]: [] for row in rows}
    aliases = select(Alias.name, Alias.paper_id).where(among(session, Alias.paper_id, names)).order_by(Alias.name)
    for name, paper_id in session.execute(aliases):
        names[paper_id].append(name)
    return [_paper(row, names[row["id"]]) for row in rows]


def _paper(row: Mapping[Any, Any], names: list[str]) -> Paper:
    lists = {name: tuple(row[name]) for name in ("authors", "categories", "keywords")}
    return Paper(**{**row, **lists, "aliases": tuple(names)})
