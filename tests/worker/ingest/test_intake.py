"""Records into the catalogue, on both engines: one paper a work, every listing kept, nothing doubled by races or repetition."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from threading import Barrier

import pytest
from sqlalchemy import func, select

from config.database import Base, Database
from tests.worker.ingest.records import NOW, a_record, only, recorded_week, take_in, unlinked
from worker.ingest import catalogue
from worker.ingest.models import Alias, Listing, PaperRow, Snapshot
from worker.ingest.papers import Paper, Record
from worker.pick.models import Mark

HOUR = timedelta(hours=1)


def papers(database: Database) -> list[Paper]:
    with database.reading() as session:
        return catalogue.first_seen_between(session, NOW - timedelta(days=400), NOW + timedelta(days=400))


def count(database: Database, table: type[Base]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def listings(database: Database) -> list[tuple[int, str, str, date]]:
    with database.reading() as session:
        rows = session.execute(select(Listing.paper_id, Listing.source, Listing.external_id, Listing.listed_on).order_by(Listing.id))
        return [(paper_id, source, external_id, day) for paper_id, source, external_id, day in rows]


def history(database: Database) -> list[tuple[int, float, int, int, int | None]]:
    with database.reading() as session:
        rows = session.scalars(select(Snapshot).order_by(Snapshot.paper_id, Snapshot.taken_at))
        return [(row.paper_id, (row.taken_at - NOW) / HOUR, row.votes, row.comments, row.stars) for row in rows]


def test_the_recorded_week_of_two_sources_joins_by_id(database: Database) -> None:
    week = recorded_week()
    ids = {record.arxiv_id for record in week}
    both = {record.arxiv_id for record in week if record.source == "arxiv"} & {
        record.arxiv_id for record in week if record.source != "arxiv"
    }
    assert len(both) == 90
    taken = [take_in(database, *week[begin : begin + 250], now=NOW + timedelta(days=5)) for begin in range(0, len(week), 250)]
    held = papers(database)
    assert len(held) == len(ids) == sum(each.new for each in taken) == 1441
    assert [name for name, number in Counter(paper.key for paper in held).items() if number > 1] == []
    joined = [paper for paper in held if paper.votes and paper.categories]
    assert len(joined) == sum(record.arxiv_id in both and bool(record.votes) for record in week[:148])
    assert count(database, Listing) == len({(record.source, record.external_id, record.listed_on) for record in week})


def test_taking_the_week_in_again_changes_nothing(database: Database) -> None:
    week = recorded_week()[:400]
    take_in(database, *week)
    before, listed, snapshots = papers(database), listings(database), history(database)
    again = take_in(database, *week, now=NOW + HOUR)
    assert (again.new, again.changed, again.merged, again.fresh) == (0, 0, 0, 0)
    assert (papers(database), listings(database), history(database)) == (before, listed, snapshots)


@pytest.mark.parametrize("seed", range(4))
def test_the_week_makes_the_same_works_in_any_order_and_any_batches(database: Database, seed: int) -> None:
    random = Random(seed)
    week = recorded_week()[:500]
    week += [replace(record, arxiv_id=None, url=None, source="file:week.csv") for record in random.sample(week, 60)]
    week += [replace(record, arxiv_id=None, doi=f"10.1/{record.arxiv_id}", source="feed:a") for record in random.sample(week[:500], 60)]
    random.shuffle(week)
    while week:
        size = random.randint(1, 200)
        take_in(database, *week[:size])
        del week[:size]
    held = papers(database)
    assert {paper.key for paper in held if not paper.key.startswith("arxiv:")} <= {name for paper in held for name in paper.aliases}
    assert all(sum(name.startswith("arxiv:") for name in paper.aliases) == 1 for paper in held)
    assert len(held) == len({record.arxiv_id for record in recorded_week()[:500]})


def test_every_spelling_of_an_identifier_leads_to_one_paper_with_every_listing(database: Database) -> None:
    day = date(2026, 6, 16)
    for record in (a_record(1), a_record(1, source="arxiv", listed_on=day), a_record(1, listed_on=day), unlinked(a_record(1).title)):
        take_in(database, record)
    paper = only(papers(database))
    assert (paper.listed_on, paper.url) == (day, "https://arxiv.org/abs/2606.00001")
    assert [(source, listed_on) for _, source, _, listed_on in listings(database)] == [
        ("huggingface", date(2026, 6, 17)),
        ("arxiv", day),
        ("huggingface", day),
        ("file:page.txt", date(2026, 6, 17)),
    ]


def test_the_moment_we_saw_a_work_first_is_ours_whatever_its_sources_say(database: Database) -> None:
    take_in(database, a_record(1, listed_on=date(2026, 6, 10)))
    take_in(database, a_record(1, listed_on=date(2020, 1, 1)), now=NOW + HOUR)
    paper = only(papers(database))
    assert (paper.first_seen_at, paper.listed_on) == (NOW, date(2020, 1, 1))


def test_an_entry_without_a_day_is_listed_on_the_day_it_was_first_read(database: Database) -> None:
    for days in range(3):
        take_in(database, a_record(1, listed_on=None), now=NOW + timedelta(days=days))
    assert [listed_on for *_, listed_on in listings(database)] == [NOW.date()]


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31), date(2026, 7, 1)])
def test_a_day_that_cannot_be_is_no_listing_day(database: Database, day: date) -> None:
    take_in(database, a_record(1, listed_on=day))
    assert only(papers(database)).listed_on == NOW.date()


def test_a_record_that_bridges_two_works_leaves_one_with_all_that_hung_on_both(database: Database) -> None:
    first = unlinked("A work by its first title", doi="10.1/x", votes=3)
    take_in(database, first)
    take_in(database, a_record(1, votes=5), now=NOW + HOUR)
    take_in(database, a_record(1, votes=6), now=NOW + 2 * HOUR)
    older, younger = papers(database)
    with database.transaction() as session:
        session.add(Mark(day=NOW.date(), paper_id=younger.id, kind="pin"))
    done = take_in(database, a_record(1, votes=6, doi="10.1/x"), now=NOW + 3 * HOUR)
    assert (done.new, done.merged, done.paper_ids) == (0, 1, (older.id,))
    paper = only(papers(database))
    assert (paper.id, paper.key, paper.first_seen_at, paper.votes) == (older.id, older.key, NOW, 6)
    assert set(paper.aliases) == {*older.aliases, *younger.aliases}
    assert {paper_id for paper_id, *_ in listings(database)} == {older.id}
    # The file's three votes are another count: the series is Hugging Face's.
    assert history(database) == [(older.id, 1.0, 5, 0, None), (older.id, 2.0, 6, 0, None)]
    with database.reading() as session:
        assert catalogue.papers_by_id(session, [younger.id, older.id]) == {younger.id: paper, older.id: paper}
        assert catalogue.redirects(session) == {younger.id: older.id}
        assert session.get_one(Mark, (NOW.date(), younger.id)).kind == "pin"


def test_a_chain_of_merges_leads_to_the_oldest_in_one_step(database: Database) -> None:
    take_in(database, unlinked("The first of three titles", doi="10.1/x"))
    take_in(database, a_record(2))
    take_in(database, unlinked("The last of three titles", doi="10.1/z"))
    ids = [paper.id for paper in papers(database)]
    take_in(database, a_record(2, doi="10.1/z"))
    take_in(database, a_record(2, doi="10.1/x"))
    with database.reading() as session:
        assert catalogue.redirects(session) == {ids[1]: ids[0], ids[2]: ids[0]}
    assert only(papers(database)).id == ids[0]


def test_one_record_may_bridge_three_works_at_once(database: Database) -> None:
    title = "The title that all of them share"
    take_in(database, a_record(1), unlinked("Another title of the same work", doi="10.1/x"), unlinked(title))
    assert len(papers(database)) == 3
    assert take_in(database, a_record(1, doi="10.1/x", title=title)).merged == 2
    assert len(only(papers(database)).aliases) == 5


def test_works_with_one_title_and_two_identifiers_stay_two(database: Database) -> None:
    take_in(database, a_record(1), a_record(2, title=a_record(1).title))
    take_in(database, unlinked(a_record(1).title))
    first, second = papers(database)
    assert (first.key, second.key) == ("arxiv:2606.00001", "arxiv:2606.00002")
    assert [paper_id for paper_id, *_ in listings(database)] == [first.id, second.id, first.id]


def test_generic_titles_of_two_entries_are_two_papers_read_again_or_not(database: Database) -> None:
    entries = [unlinked("Introduction", external_id=name) for name in ("chapter-1", "chapter-9")]
    assert [take_in(database, *entries).new for _ in range(2)] == [2, 0]


def test_a_snapshot_is_written_when_a_figure_changes_and_only_then(database: Database) -> None:
    code = "https://github.com/a/b"
    told = [(0, 0, 3), (0, 0, 3), (4, 0, 3), (4, 1, 3), (4, 1, 3), (4, 1, 9)]
    for hour, (votes, comments, stars) in enumerate(told):
        take_in(database, a_record(1, votes=votes, comments=comments, repository=code, stars=stars), now=NOW + hour * HOUR)
    assert [row[1:] for row in history(database)] == [(0.0, 0, 0, 3), (2.0, 4, 0, 3), (3.0, 4, 1, 3), (5.0, 4, 1, 9)]


def test_a_source_that_counts_nothing_writes_no_snapshot(database: Database) -> None:
    take_in(database, a_record(1, source="arxiv"))
    assert count(database, Snapshot) == 0
    take_in(database, a_record(1, votes=0), now=NOW + HOUR)
    assert [row[1:] for row in history(database)] == [(1.0, 0, 0, None)]


def test_the_votes_of_two_places_are_never_one_series(database: Database) -> None:
    take_in(database, a_record(1, source="feed:a", votes=500))
    take_in(database, a_record(1, votes=3), now=NOW + HOUR)
    take_in(database, a_record(1, source="feed:a", votes=600), now=NOW + 2 * HOUR)
    assert [row[1:] for row in history(database)] == [(1.0, 3, 0, None)]
    assert only(papers(database)).votes == 3


def test_two_counts_at_one_moment_leave_the_later(database: Database) -> None:
    take_in(database, a_record(1, votes=1))
    take_in(database, a_record(1, votes=2))
    assert [row[1:] for row in history(database)] == [(0.0, 2, 0, None)]


def test_a_revision_grows_with_what_a_card_shows_and_not_with_votes(database: Database) -> None:
    revisions = []
    for record in (
        a_record(1, votes=1),
        a_record(1, votes=9, comments=3),
        a_record(1, summary="They show it."),
        a_record(1, summary="They show it."),
        a_record(1, source="arxiv", title="The title on arXiv"),
        a_record(1, repository="https://github.com/a/b", stars=1),
    ):
        take_in(database, record)
        revisions.append(only(papers(database)).revision)
    assert revisions == [1, 1, 2, 2, 3, 4]


def test_a_paper_that_came_without_a_link_searches_until_it_gets_one(database: Database) -> None:
    take_in(database, unlinked("Only loop once: a title to look for"))
    assert only(papers(database)).url.startswith("https://arxiv.org/search/?query=%22Only+loop+once")
    take_in(database, unlinked("Only loop once: a title to look for", source="feed:a", url="https://example.org/p.pdf"))
    assert (only(papers(database)).url, only(papers(database)).pdf_url) == ("https://example.org/p.pdf", "https://example.org/p.pdf")
    take_in(database, a_record(7, title="Only loop once: a title to look for"))
    paper = only(papers(database))
    assert (paper.url, paper.pdf_url) == ("https://arxiv.org/abs/2606.00007", "https://arxiv.org/pdf/2606.00007")
    assert paper.key.startswith("title:")


def test_entries_are_fresh_when_their_source_never_listed_them(database: Database) -> None:
    assert take_in(database, a_record(1), a_record(2)).fresh == 2
    assert take_in(database, a_record(2, listed_on=date(2026, 6, 18)), a_record(3)).fresh == 1
    assert take_in(database, a_record(3, source="arxiv")).fresh == 1


def test_a_batch_may_hold_the_same_entry_twice(database: Database) -> None:
    done = take_in(database, a_record(1, votes=1), a_record(1, votes=2))
    assert (done.new, done.fresh, len(set(done.paper_ids))) == (1, 1, 1)
    assert only(papers(database)).votes == 2


def test_nothing_taken_in_is_nothing_done(database: Database) -> None:
    assert take_in(database) == type(take_in(database))()
    assert count(database, PaperRow) == 0


def test_two_that_take_in_the_same_papers_at_once_make_each_once(database: Database) -> None:
    week = recorded_week()[:148]
    crowd = 6
    start = Barrier(crowd)

    def read(seed: int) -> int:
        random = Random(seed)
        start.wait()
        new = 0
        for begin in range(0, len(week), 37):
            some = [seen_by(record, seed) for record in week[begin : begin + 37]]
            new += take_in(database, *random.sample(some, len(some))).new
        return new

    with ThreadPoolExecutor(crowd) as threads:
        assert sum(threads.map(read, range(crowd))) == len(week)
    assert count(database, PaperRow) == len(papers(database)) == len(week)
    assert count(database, Listing) == len(week) * crowd
    assert count(database, Alias) == 2 * len(week)


def seen_by(record: Record, source: int) -> Record:
    """The same work in the spelling of one of several sources."""
    return replace(record, source=f"feed:{source}", arxiv_id=None if source % 2 else record.arxiv_id)
