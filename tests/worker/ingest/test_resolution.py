"""Papers that came without a link: asked for by their exact title, answered once, and searched for until then."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

import pytest

from config.clock import SetClock
from config.database import Database
from tests.worker.ingest.records import NOW, Shelf, a_record, listing, only, take_in, unlinked
from worker.ingest import catalogue, resolution, runs
from worker.ingest.papers import Paper
from worker.ingest.port import SourceError

KNOWN = {"Only loop once is enough": "2606.18023", "A second title that arXiv knows": "2606.18024v2"}


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


class Asked:
    """An arXiv that knows some titles, and counts the questions."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self.answers = dict(answers)
        self.titles: list[str] = []

    def __call__(self, title: str) -> str | None:
        self.titles.append(title)
        return self.answers.get(title)


def all_papers(database: Database) -> dict[str, Paper]:
    with database.reading() as session:
        return {paper.title: paper for paper in catalogue.first_seen_between(session, NOW, NOW + timedelta(days=99))}


def resolver(database: Database, clock: SetClock) -> Callable[..., resolution.Resolved]:
    return partial(resolution.resolve, database, clock)


def test_a_paper_without_a_link_gets_that_of_its_exact_title(database: Database, clock: SetClock) -> None:
    take_in(database, *map(unlinked, [*KNOWN, "A title that nobody knows"]), a_record(1))
    before = all_papers(database)
    ask = Asked(KNOWN)
    assert resolver(database, clock)(ask) == resolution.Resolved(asked=3, found=2, waiting=0)
    after = all_papers(database)
    assert after["Only loop once is enough"].url == "https://arxiv.org/abs/2606.18023"
    assert after["A second title that arXiv knows"].pdf_url == "https://arxiv.org/pdf/2606.18024"
    assert after["A title that nobody knows"] == before["A title that nobody knows"]
    assert after["A title that nobody knows"].url.startswith("https://arxiv.org/search/?")
    found = after["Only loop once is enough"]
    assert (found.id, found.key) == (before[found.title].id, before[found.title].key)
    assert found.revision == before[found.title].revision + 1


def test_an_answer_is_remembered_and_none_is_asked_again_after_some_days(database: Database, clock: SetClock) -> None:
    take_in(database, unlinked("Only loop once is enough"), unlinked("A title that nobody knows"))
    ask = Asked(KNOWN)
    for _ in range(8):
        resolver(database, clock)(ask)
        clock.sleep(86_400)
    assert ask.titles.count("Only loop once is enough") == 1
    assert ask.titles.count("A title that nobody knows") == 3


def test_a_late_answer_links_the_paper(database: Database, clock: SetClock) -> None:
    take_in(database, unlinked("Only loop once is enough"))
    ask = Asked({})
    resolver(database, clock)(ask)
    ask.answers = dict(KNOWN)
    clock.sleep(resolution.ASK_AGAIN.total_seconds())
    assert resolver(database, clock)(ask).found == 1
    assert only(list(all_papers(database).values())).url == "https://arxiv.org/abs/2606.18023"


def test_a_title_read_again_carries_the_identifier_it_was_given(database: Database, clock: SetClock) -> None:
    page = Shelf(listing(unlinked("Only loop once is enough", votes=3)), "file:page.txt")
    runs.ingest(database, clock, page)
    resolver(database, clock)(Asked(KNOWN))
    done = runs.ingest(database, clock, page)
    assert (done.new, done.changed) == (0, 0)
    other = Shelf(listing(unlinked("Only loop ONCE is enough!", source="file:other.txt")), "file:other.txt")
    assert runs.ingest(database, clock, other).new == 0


def test_a_paper_that_another_source_listed_by_its_identifier_becomes_one_with_it(database: Database, clock: SetClock) -> None:
    take_in(database, unlinked("Only loop once is enough"))
    take_in(database, a_record(18023, title="Its title before it was changed", votes=9))
    resolver(database, clock)(Asked(KNOWN))
    paper = only(list(all_papers(database).values()))
    assert {"arxiv:2606.18023", "title:"} <= {name[: 16 if name.startswith("arxiv") else 6] for name in paper.aliases}
    assert paper.votes == 9


def test_a_call_asks_a_bounded_number_the_most_voted_first(database: Database, clock: SetClock) -> None:
    take_in(database, *(unlinked(f"A title with the number {number}", votes=number) for number in range(9)))
    ask = Asked({})
    assert resolver(database, clock)(ask, most=2) == resolution.Resolved(asked=2, found=0, waiting=7)
    assert ask.titles == ["A title with the number 8", "A title with the number 7"]
    assert resolver(database, clock)(ask, most=99).waiting == 0


def test_when_arxiv_does_not_answer_the_rest_waits(database: Database, clock: SetClock) -> None:
    take_in(database, *(unlinked(f"A title with the number {number}") for number in range(3)))
    titles: list[str] = []

    def silent(title: str) -> str | None:
        titles.append(title)
        if len(titles) == 2:
            raise SourceError("export.arxiv.org does not answer; try again later")
        return None

    done = resolver(database, clock)(silent)
    assert done == resolution.Resolved(1, 0, 2, "export.arxiv.org does not answer; try again later")
    assert resolver(database, clock)(Asked({})).asked == 2


def test_titles_that_tell_nothing_and_papers_with_a_link_are_not_asked_for(database: Database, clock: SetClock) -> None:
    take_in(
        database,
        unlinked("Introduction"),
        unlinked("With a page of its own", url="https://example.org"),
        unlinked("By DOI only", doi="10.1/x"),
    )
    assert resolver(database, clock)(Asked({})) == resolution.Resolved(0, 0, 0)


def test_an_answer_that_is_no_identifier_counts_as_none(database: Database, clock: SetClock) -> None:
    take_in(database, unlinked("Only loop once is enough"))
    assert resolver(database, clock)(Asked({"Only loop once is enough": "javascript:alert(1)"})).found == 0


def test_papers_too_old_for_any_mail_are_not_asked_for(database: Database, clock: SetClock) -> None:
    take_in(database, unlinked("Only loop once is enough"))
    clock.sleep(20 * 86_400)
    assert resolver(database, clock)(Asked(KNOWN)).asked == 0
