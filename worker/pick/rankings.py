"""Rankings: made after an ingest that changed something, never changed, forgotten once nothing points to them. Chooses for nobody."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from subscribers.topics import Catalogue
from worker.ingest import catalogue, runlog
from worker.ingest.papers import Paper
from worker.pick import trending
from worker.pick.candidates import Candidates, Marks, gather
from worker.pick.models import Edition, Ranking
from worker.pick.selection import LONGEST
from worker.pick.topic_model import TopicModel

# Another process's clock may be ahead of ours: what it saw "later" is here all the same.
_AHEAD = timedelta(days=1)


def make_ranking(session: Session, now: datetime) -> Ranking | None:
    """Rank the papers first seen in the last 8 days; None when no ingest changed anything since the last ranking."""
    # Read before the papers: what an ingest commits in between is ranked now, and noticed again next time.
    basis = runlog.brought(session)
    last = newest(session)
    if last and last.basis == basis:
        return None
    papers = catalogue.first_seen_between(session, now - LONGEST, now + _AHEAD)
    if not papers and not last:
        return None
    score = _scores(session, papers, now)
    order = trending.best_first(score, [paper.key for paper in papers])
    ids = np.array([paper.id for paper in papers], np.int64)[order]
    ranking = Ranking(
        made_at=now, basis=basis, size=len(papers), papers=ids.astype("<i8").tobytes(), scores=score[order].astype("<f8").tobytes()
    )
    session.add(ranking)
    session.flush()
    return ranking


def newest(session: Session) -> Ranking | None:
    """The ranking made last."""
    return session.scalars(select(Ranking).order_by(Ranking.id.desc()).limit(1)).first()


def newest_id(session: Session) -> int | None:
    """Which ranking was made last. Reads no scores, which are tens of kilobytes."""
    return session.scalar(select(func.max(Ranking.id)))


def one(session: Session, ranking_id: int) -> Ranking | None:
    """The ranking of this id, unless it is forgotten."""
    return session.get(Ranking, ranking_id)


def last_of_days(session: Session, since: datetime, until: datetime) -> dict[datetime, int]:
    """The id of the last ranking made on each UTC day from `since` to `until` (not included), by the day's first moment."""
    rows = session.execute(
        select(Ranking.made_at, Ranking.id).where(Ranking.made_at >= since, Ranking.made_at < until).order_by(Ranking.id)
    )
    return {made_at.replace(hour=0, minute=0, second=0, microsecond=0): ranking_id for made_at, ranking_id in rows}


def unpacked(ranking: Ranking) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The ids of the ranking's papers, the best first, and their scores beside them."""
    return np.frombuffer(ranking.papers, "<i8").astype(np.int64), np.frombuffer(ranking.scores, "<f8").astype(np.float64)


def candidates(session: Session, ranking: Ranking | None, topics: Catalogue, model: TopicModel, marks: Marks) -> Candidates:
    """The ranking's papers made ready for choosing, under one day's marks: a second or two of work, to be kept while both stay.

    Works that were merged since are one candidate, with the better of their scores. Without a ranking there are no candidates.
    """
    ids, scores = unpacked(ranking) if ranking else (np.empty(0, np.int64), np.empty(0))
    papers = catalogue.papers_by_id(session, {*ids.tolist(), *marks.pins, *marks.hides})
    best: dict[int, float] = {}
    for paper_id, score in zip(ids.tolist(), scores.tolist(), strict=True):
        if paper_id in papers:
            best.setdefault(papers[paper_id].id, score)
    standing = Marks(pins=_standing(marks.pins, papers), hides=_standing(marks.hides, papers))
    return gather([papers[paper_id] for paper_id in best], best.values(), topics, model, standing)


def forget_before(session: Session, moment: datetime, *, most: int = 200) -> int:
    """Let go of up to `most` rankings made before `moment`, but for the newest and those that editions point to; how many."""
    kept = select(Edition.ranking_id).where(Edition.ranking_id.is_not(None))
    old = select(Ranking.id).where(
        Ranking.made_at < moment, Ranking.id.not_in(kept), Ranking.id != select(func.max(Ranking.id)).scalar_subquery()
    )
    gone = session.execute(delete(Ranking).where(Ranking.id.in_(old.order_by(Ranking.id).limit(most))).returning(Ranking.id))
    return len(gone.all())


def _scores(session: Session, papers: Sequence[Paper], now: datetime) -> NDArray[np.float64]:
    first_seen = np.array([paper.first_seen_at.timestamp() for paper in papers], np.float64)
    listed = np.array([_midnight(paper) for paper in papers], np.float64)
    ids = np.array([paper.id for paper in papers], np.int64)
    order = np.argsort(ids)
    history = catalogue.snapshots_since(session, ids.tolist(), now - 2 * LONGEST)
    places = order[np.searchsorted(ids, history.paper_ids, sorter=order)]
    grown = trending.Snapshots(places, history.taken_at, history.votes)
    return trending.scores(listed, first_seen, grown, now.timestamp())


def _midnight(paper: Paper) -> float:
    return datetime.combine(paper.listed_on, time(), UTC).timestamp() if paper.listed_on else float("nan")


def _standing(ids: Collection[int], papers: dict[int, Paper]) -> frozenset[int]:
    return frozenset(papers[paper_id].id for paper_id in ids if paper_id in papers)
