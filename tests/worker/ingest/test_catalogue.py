"""What other rooms ask of the catalogue."""

from datetime import date, timedelta

import pytest

from config.database import Database
from tests.worker.ingest.records import NOW, a_record, only, take_in, unlinked
from worker.ingest import catalogue

HOUR = timedelta(hours=1)


def test_an_empty_catalogue_answers_with_nothing(database: Database) -> None:
    with database.reading() as session:
        assert catalogue.papers_by_id(session, [1, 2]) == {}
        assert catalogue.papers_by_id(session, []) == {}
        assert catalogue.first_seen_between(session, NOW, NOW + HOUR) == []
        assert catalogue.ids_by_key(session, ["arxiv:2606.00001"]) == {}
        assert catalogue.find(session, "anything") == []
        assert catalogue.redirects(session) == {}
        assert catalogue.counts(session) == catalogue.Counts(0, None)
        history = catalogue.snapshots_since(session, [1], NOW)
        assert [len(column) for column in (history.paper_ids, history.taken_at, history.votes, history.stars)] == [0] * 4


def test_a_paper_reads_back_as_its_record_said(database: Database) -> None:
    record = a_record(
        1,
        authors=("Ada Lovelace", "Émilie du Châtelet"),
        categories=("cs.LG", "stat.ML"),
        keywords=("networks",),
        summary="They show it.",
        votes=7,
        comments=1,
        repository="https://github.com/a/b",
        stars=3,
        organisation="Analytical Engines",
        published_at=NOW - HOUR,
    )
    take_in(database, record)
    with database.reading() as session:
        [paper] = catalogue.papers_by_id(session, catalogue.ids_by_key(session, ["arxiv:2606.00001"]).values()).values()
    for name in ("title", "abstract", "authors", "categories", "keywords", "summary", "votes", "comments", "repository", "stars"):
        assert getattr(paper, name) == getattr(record, name)
    assert (paper.published_at, paper.listed_on, paper.first_seen_at) == (NOW - HOUR, date(2026, 6, 17), NOW)
    assert paper.aliases[0] == paper.key == "arxiv:2606.00001"


def test_papers_first_seen_in_a_time_include_its_beginning_and_not_its_end(database: Database) -> None:
    for hour in range(4):
        take_in(database, a_record(hour), now=NOW + hour * HOUR)
    with database.reading() as session:
        found = catalogue.first_seen_between(session, NOW + HOUR, NOW + 3 * HOUR)
    assert [paper.key for paper in found] == ["arxiv:2606.00001", "arxiv:2606.00002"]


def test_merged_papers_are_no_candidates_and_answer_under_every_id(database: Database) -> None:
    take_in(database, a_record(1), unlinked("Under its other title", doi="10.1/x"))
    with database.reading() as session:
        old, young = (paper.id for paper in catalogue.first_seen_between(session, NOW, NOW + HOUR))
    take_in(database, a_record(1, doi="10.1/x"))
    with database.reading() as session:
        assert [paper.id for paper in catalogue.first_seen_between(session, NOW, NOW + HOUR)] == [old]
        assert {asked: paper.id for asked, paper in catalogue.papers_by_id(session, [old, young, 999]).items()} == {old: old, young: old}
        assert catalogue.redirects(session) == catalogue.redirects(session, [young, 999]) == {young: old}
        assert catalogue.counts(session).papers == 1
        keys = ["arxiv:2606.00001", "doi:10.1/x", "doi:unknown"]
        assert catalogue.ids_by_key(session, keys) == {"arxiv:2606.00001": old, "doi:10.1/x": old}
        assert only(catalogue.find(session, "Under its other title")).id == old


def test_snapshots_come_as_columns_by_paper_and_time(database: Database) -> None:
    for hour, votes in enumerate((1, 4, 9)):
        take_in(database, a_record(2, votes=votes), a_record(1, votes=10 * votes), now=NOW + hour * HOUR)
    take_in(database, a_record(1, votes=90, repository="https://github.com/a/b", stars=5), now=NOW + 4 * HOUR)
    with database.reading() as session:
        ids = [paper.id for paper in catalogue.first_seen_between(session, NOW, NOW + HOUR)]
        history = catalogue.snapshots_since(session, reversed(ids), NOW + HOUR)
    assert history.paper_ids.tolist() == [ids[0]] * 2 + [ids[1]] * 3
    assert ((history.taken_at - NOW.timestamp()) / 3600).tolist() == [1, 2, 1, 2, 4]
    assert history.votes.tolist() == [4, 9, 40, 90, 90]
    assert history.stars.tolist() == [-1, -1, -1, -1, 5]
    assert history.votes.dtype == history.paper_ids.dtype == "int64"


@pytest.mark.parametrize(
    "words",
    [
        "arxiv:2606.00042",
        "2606.00042v3",
        "https://arxiv.org/pdf/2606.00042v1.pdf",
        "https://huggingface.co/papers/2606.00042",
        "10.1145/NETS",
        "https://doi.org/10.1145/nets",
        "Echo Charlie networks learn",
        "  ECHO charlie: networks, learn! ",
        "charlie NETWORKS",
    ],
)
def test_a_paper_is_found_by_whatever_a_person_has_at_hand(database: Database, words: str) -> None:
    take_in(database, a_record(42, doi="10.1145/nets"), a_record(43))
    with database.reading() as session:
        assert only(catalogue.find(session, words)).key == "arxiv:2606.00042"


def test_words_that_fit_several_papers_find_the_newest_first(database: Database) -> None:
    take_in(database, *(a_record(number) for number in range(1, 20)))
    with database.reading() as session:
        found = catalogue.find(session, "networks learn")
        assert [paper.key for paper in found] == [f"arxiv:2606.{number:05}" for number in range(19, 9, -1)]
        assert catalogue.find(session, "100%_networks") == catalogue.find(session, "   ") == []


def test_a_paper_is_found_by_its_own_page(database: Database) -> None:
    take_in(database, unlinked("A paper of a feed", url="https://example.org/p/1"))
    with database.reading() as session:
        assert only(catalogue.find(session, "https://example.org/p/1")).title == "A paper of a feed"


def test_thousands_of_ids_are_asked_for_at_once(database: Database) -> None:
    take_in(database, *(a_record(number) for number in range(30)))
    with database.reading() as session:
        assert len(catalogue.papers_by_id(session, range(40_000))) == 30
        assert catalogue.ids_by_key(session, (f"arxiv:2606.{number:05}" for number in range(40_000)))["arxiv:2606.00007"] > 0


def test_what_is_there_is_counted(database: Database) -> None:
    take_in(database, a_record(1, votes=1), a_record(2))
    take_in(database, a_record(1, votes=2), a_record(1, source="arxiv"), now=NOW + HOUR)
    with database.reading() as session:
        assert catalogue.counts(session) == catalogue.Counts(papers=2, newest=NOW)
