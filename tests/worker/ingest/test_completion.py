"""Categories of papers that came without any."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from config.clock import SetClock
from config.database import Database
from tests.worker.ingest.records import a_record, take_in
from worker.ingest import catalogue
from worker.ingest.completion import complete
from worker.ingest.papers import Record
from worker.ingest.port import SourceError


class Arxiv:
    """Knows every paper as one of robotics; stops after a while if told to."""

    def __init__(self, stop_after: int = 1000) -> None:
        self.asked: list[Sequence[str]] = []
        self._stop_after = stop_after

    def by_ids(self, ids: Sequence[str]) -> Iterator[Record]:
        self.asked.append(ids)
        for place, one in enumerate(ids):
            if place == self._stop_after:
                raise SourceError("arXiv is away")
            yield replace(
                a_record(), source="arxiv", external_id=one, arxiv_id=one, title=f"Paper {one}", categories=("cs.RO",), listed_on=None
            )


def categories(database: Database, clock: SetClock) -> dict[str, tuple[str, ...]]:
    with database.reading() as session:
        found = catalogue.first_seen_between(session, clock.now().replace(year=2000), clock.now().replace(year=2100))
    return {paper.key: paper.categories for paper in found}


def test_papers_without_categories_get_those_that_arxiv_gives(database: Database, clock: SetClock) -> None:
    take_in(database, a_record(1), a_record(2, categories=("cs.CV",)), now=clock.now())
    arxiv = Arxiv()
    assert complete(database, clock, arxiv.by_ids) == 1
    assert categories(database, clock) == {"arxiv:2606.00001": ("cs.RO",), "arxiv:2606.00002": ("cs.CV",)}
    assert complete(database, clock, arxiv.by_ids) == 0
    assert len(arxiv.asked) == 1


def test_what_arxiv_said_before_it_stopped_is_kept(database: Database, clock: SetClock) -> None:
    take_in(database, a_record(1), a_record(2), a_record(3), now=clock.now())
    with pytest.raises(SourceError):
        complete(database, clock, Arxiv(stop_after=2).by_ids)
    assert sorted(categories(database, clock).values()) == [(), ("cs.RO",), ("cs.RO",)]
