"""The bundled week: real, whole, small, and played honestly."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from config.clock import SetClock
from config.database import Database
from worker.demo import week
from worker.demo.week import FIRST, LAST, PAGE, Week, listings, share
from worker.ingest import runs
from worker.ingest.models import PaperRow
from worker.ingest.papers import Record, arxiv_id, title_key
from worker.ingest.port import Progress, Skipped

NOON = datetime(2026, 6, 17, 12, tzinfo=UTC)
DATA = Path(week.__file__).with_name("data")


def read(now: datetime, since: date = FIRST, until: date = LAST) -> list[Record]:
    items = list(Week(SetClock(now)).read(since, until))
    assert not any(isinstance(item, Skipped) for item in items)
    return [item for item in items if isinstance(item, Record)]


def test_the_bundle_is_small_and_says_where_it_comes_from() -> None:
    assert sum(file.stat().st_size for file in DATA.iterdir()) < 600_000
    words = (DATA / "README.md").read_text(encoding="utf-8")
    for origin in ("Apache-2.0", "CC0", "How votes grow is played, not recorded"):
        assert origin in words


def test_every_paper_has_a_title_an_abstract_and_a_day_of_the_week() -> None:
    for day, records in listings().items():
        assert FIRST <= day <= LAST
        assert day.weekday() < 5
        for record in records:
            assert record.listed_on == day
            assert title_key(record.title)
            assert len(record.abstract) > 100
            assert record.title == " ".join(record.title.split())


def test_what_the_sources_listed_is_what_was_recorded() -> None:
    by_source = {name: [r for r in read(NOON) if r.source == name] for name in ("huggingface", "arxiv", PAGE)}
    assert len(by_source["huggingface"]) == 148
    assert len(by_source[PAGE]) == 78
    assert len(by_source["arxiv"]) > 300
    for record in by_source["huggingface"] + by_source["arxiv"]:
        assert arxiv_id(record.arxiv_id) == record.arxiv_id
        assert record.authors
        assert record.url == f"https://arxiv.org/abs/{record.arxiv_id}"


def test_the_join_brings_categories() -> None:
    records = read(NOON)
    announced = {record.arxiv_id: record.categories for record in records if record.source == "arxiv"}
    assert all(announced.values())
    assert sum(record.arxiv_id in announced for record in records if record.source == "huggingface") == 90
    there = {category for categories in announced.values() for category in categories}
    assert {"cs.DB", "quant-ph", "cs.CR", "cs.HC", "cs.RO", "econ.GN"} <= there
    assert any(category.startswith("astro-ph") for category in there)


def test_no_source_lists_a_paper_twice() -> None:
    entries = [(record.source, record.external_id) for record in read(NOON)]
    assert len(entries) == len(set(entries))


def test_only_the_days_asked_for_are_listed() -> None:
    days = {record.listed_on for record in read(NOON, date(2026, 6, 16), date(2026, 6, 18))}
    assert days == {date(2026, 6, 16), date(2026, 6, 17), date(2026, 6, 18)}
    assert read(NOON, date(2026, 6, 20), date(2026, 6, 21)) == []
    assert read(NOON, date(2026, 6, 1), date(2026, 6, 14)) == []


def test_progress_is_told_in_words() -> None:
    items = list(Week(SetClock(NOON)).read(FIRST, date(2026, 6, 16)))
    assert [item.words for item in items if isinstance(item, Progress)] == [
        "the bundled papers of 15 June",
        "the bundled papers of 16 June",
    ]


def test_votes_grow_to_what_was_recorded_and_never_beyond() -> None:
    recorded = {r.external_id: r.votes for records in listings().values() for r in records if r.source == "huggingface"}
    before: dict[str, int] = {}
    for hours in range(-24, 12 * 24, 6):
        now = datetime(2026, 6, 15, tzinfo=UTC) + timedelta(hours=hours)
        votes = {r.external_id: r.votes or 0 for r in read(now) if r.source == "huggingface"}
        for paper, count in votes.items():
            assert before.get(paper, 0) <= count <= (recorded[paper] or 0)
        before = votes
    assert before == recorded
    assert max(before.values()) > 100


def test_among_papers_of_one_day_the_order_of_votes_is_the_recorded_one() -> None:
    for records in listings().values():
        voted = sorted((r for r in records if r.votes is not None), key=lambda r: r.votes or 0)
        for hours in (1, 7, 13, 30, 60):
            now = datetime.combine(records[0].listed_on or FIRST, datetime.min.time(), UTC) + timedelta(hours=hours)
            shown = [week.grown(record, now).votes or 0 for record in voted]
            assert shown == sorted(shown)


def test_the_curve_is_the_documented_one() -> None:
    assert share(-5) == share(0) == 0
    assert share(72) == share(1000) == 1
    to_come = [share(72) - share(hours) + 1 / 15 for hours in (0, 18, 36, 54)]
    assert [later / earlier for earlier, later in pairwise(to_come)] == pytest.approx([0.5, 0.5, 0.5])


def test_papers_without_votes_are_given_none() -> None:
    assert {r.votes for r in read(NOON) if r.source != "huggingface"} == {None}


def test_it_rests_at_weekends() -> None:
    source = Week(SetClock(NOON))
    assert [source.expects_on(FIRST + timedelta(days=number)) for number in range(7)] == [True] * 5 + [False] * 2


def test_the_catalogue_takes_the_week_as_it_takes_any_source(sqlite_database: Database) -> None:
    clock = SetClock(datetime(2026, 6, 15, 6, tzinfo=UTC))
    summaries = []
    for _ in range(8):
        summaries.append(runs.ingest(sqlite_database, clock, Week(clock)))
        clock.sleep(86400)
    assert [(summary.skips, summary.error) for summary in summaries] == [(0, None)] * 8
    assert [bool(summary.new) for summary in summaries] == [True] * 5 + [False] * 2 + [True]
    with sqlite_database.reading() as session:
        papers = session.execute(select(PaperRow.votes, PaperRow.categories, PaperRow.origins)).all()
    assert len(papers) == 626
    assert 100 < max(paper.votes for paper in papers) <= 150
    voted = [paper for paper in papers if paper.origins.get("votes") == "huggingface"]
    assert len(voted) == 148
    assert sum(bool(paper.categories) for paper in voted) == 90
