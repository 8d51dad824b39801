import feedparser
import pytest

from tests.subscribers.web.visitor import Visitor
from tests.worker.reading.atom import faults
from tests.worker.send.world import World
from worker.ingest import catalogue
from worker.pick import editions


@pytest.fixture
def archive(world: World) -> World:
    """Two closed days, and a third under way with a note and a pin."""
    for day in (15, 16, 17):
        world.clock.move_to(world.at(day, 20))
        world.list_papers(5)
    world.clock.move_to(world.at(17, 21))
    with world.database.transaction() as session:
        editions.close_ended(session, world.clock.now())
        editions.note(session, world.clock.now().date(), "A week of <robots> & dogs.")
        editions.pin(session, world.clock.now().date(), next(iter(catalogue.find(session, "Robotics of the 3th kind"))))
    return world


@pytest.mark.usefixtures("archive")
def test_the_archive_lists_every_day_and_every_link_leads_somewhere(visitor: Visitor) -> None:
    page = visitor.open("/editions")

    assert "Mon 15" in page.words
    assert "Wed 17" in page.words
    answers = {url: visitor.open(url).status for url in page.links if url != "/inbox"}  # which is not for other machines
    assert {url: status for url, status in answers.items() if status != 200} == {}


@pytest.mark.usefixtures("archive")
def test_an_edition_shows_pins_first_with_the_editor_s_note(visitor: Visitor) -> None:
    page = visitor.open("/editions/2026-06-17")

    assert "A week of <robots> & dogs." in page.words
    assert "<robots>" not in page.body
    assert (
        page.words.index("Picked by the editor") < page.words.index("Robotics of the 3th kind") < page.words.index("Robotics of the 15th")
    )
    assert "so far" in page.words
    assert "so far" not in visitor.open("/editions/2026-06-16").words


@pytest.mark.usefixtures("archive")
def test_a_topic_of_a_day_shows_its_papers_alone(visitor: Visitor) -> None:
    page = visitor.open("/editions/2026-06-17/robotics")

    assert page.heading == "Robotics"
    assert "Robotics of the 3th kind" in page.words
    assert "No paper of this topic that day." in visitor.open("/editions/2026-06-17/astrophysics").words


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    "path",
    [
        "/editions/2026-06-14",
        "/editions/2026-6-17",
        "/editions/20260617xx",
        "/editions/2026-W25-3",
        "/editions/tomorrow",
        "/editions/2026-06-17/no-such-topic",
        "/editions/2026-06-14.atom",
        "/editions/2026-06-17/no-such-topic.atom",
        "/editions/9999-99-99.bib",
    ],
)
def test_what_is_not_there_is_not_there(visitor: Visitor, path: str) -> None:
    assert visitor.open(path).status == 404


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    ("path", "entries"),
    [("/editions.atom", 3), ("/editions/latest.atom", 15), ("/editions/2026-06-15.atom", 5), ("/editions/latest/robotics.atom", 15)],
)
def test_every_view_is_a_feed_too(visitor: Visitor, path: str, entries: int) -> None:
    answer = visitor.open(path)
    feed = feedparser.parse(answer.body)

    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert faults(answer.body) == []
    assert not feed.bozo
    assert len(feed.entries) == entries
    assert len({entry.id for entry in feed.entries}) == entries
    assert all(entry.title and entry.updated for entry in feed.entries)


@pytest.mark.usefixtures("archive")
def test_a_day_is_cited_as_bibtex(visitor: Visitor) -> None:
    assert visitor.open("/editions/2026-06-15.bib").body.count("@misc{") == 5


@pytest.mark.usefixtures("archive")
def test_who_has_a_page_is_told_that_it_is_unchanged(visitor: Visitor) -> None:
    first = visitor.open("/editions/2026-06-15")

    again = visitor.open("/editions/2026-06-15", **{"If-None-Match": f'W/{first.headers["etag"]}, "other"'})

    assert (again.status, again.body) == (304, "")
    assert first.headers["cache-control"] == "public, max-age=86400"
    assert visitor.open("/editions/2026-06-17").headers["cache-control"] == "public, max-age=300"


@pytest.mark.usefixtures("archive")
def test_a_public_page_holds_nothing_personal(visitor: Visitor) -> None:
    for path in ("/editions", "/editions/latest", "/editions.atom"):
        answer = visitor.open(path)
        assert "set-cookie" not in answer.headers
        assert "/preferences/" not in answer.body
        assert "/digests/" not in answer.body


def test_before_the_first_edition_the_page_says_what_is_fetched(visitor: Visitor) -> None:
    assert "the papers of the last days are being fetched" in visitor.open("/editions").words
    assert visitor.open("/editions/latest").status == 404
    empty = visitor.open("/editions.atom").body
    assert (feedparser.parse(empty).entries, faults(empty)) == ([], [])


def test_what_comes_from_a_source_is_text(visitor: Visitor, world: World) -> None:
    nasty = '<script>alert(1)</script>"]]>\x0b\x1f & more'
    world.list_papers(1, title=nasty, abstract=nasty, authors=(nasty,), url="javascript:alert(1)", organisation=nasty)

    for path in ("/editions/latest", "/editions/latest.atom", "/editions.atom", "/"):
        answer = visitor.open(path)
        assert answer.status == 200
        assert "<script>alert" not in answer.body
        assert "javascript:" not in answer.body
        assert "atom" not in path or faults(answer.body) == []
