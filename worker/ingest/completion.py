"""Asks arXiv for the categories of papers that came by their arXiv id without any. Asks through a callable; remembers nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from config.clock import Clock
from config.database import Database
from worker.ingest.intake import queue_up, take_in
from worker.ingest.models import PaperRow
from worker.ingest.papers import Record
from worker.ingest.port import Progress, Skipped, SourceError

CANDIDATES = timedelta(days=8)  # older papers are picked from no more
AT_ONCE = 100  # ids of one question; those that arXiv does not know yet are asked for again next time

Ask = Callable[[Sequence[str]], Iterable[Record | Skipped | Progress]]


def complete(database: Database, clock: Clock, ask: Ask, *, most: int = AT_ONCE) -> int:
    """Fill in up to `most` papers, the newest first; how many. No transaction is open while arXiv is asked. Raises SourceError."""
    with database.reading() as session:
        since = clock.now() - CANDIDATES
        chosen = select(PaperRow.key, PaperRow.listed_on, PaperRow.categories).where(
            PaperRow.merged_into.is_(None), PaperRow.first_seen_at >= since, PaperRow.key.startswith("arxiv:")
        )
        bare = [row for row in session.execute(chosen.order_by(PaperRow.id.desc())) if not row.categories][:most]
    days = {row.key.removeprefix("arxiv:"): row.listed_on for row in bare}
    if not days:
        return 0
    found, trouble = _answers(ask, list(days))
    with database.transaction() as session:
        queue_up(session)
        take_in(session, [replace(record, listed_on=days.get(record.external_id)) for record in found], clock.now())
    if trouble:
        raise trouble
    return len(found)


def _answers(ask: Ask, ids: Sequence[str]) -> tuple[list[Record], SourceError | None]:
    """What arXiv said before it stopped, and why it stopped."""
    found: list[Record] = []
    try:
        found.extend(said for said in ask(ids) if isinstance(said, Record))
    except SourceError as error:
        return found, error
    return found, None
