from datetime import timedelta

import pytest

from subscribers import requests
from subscribers.choices import Choices
from subscribers.links import Links
from subscribers.models import RequestKind
from tests.subscribers.web.visitor import Visitor
from tests.worker.send.world import World
from worker.asgi import page_templates
from worker.ingest.models import Run
from worker.reading.newsdesk import Newsdesk
from worker.reading.showcase import ReadingShowcase

LINKS = Links(("for-development-only-change-me",), "http://127.0.0.1:8000")


@pytest.fixture
def newsdesk(world: World) -> Newsdesk:
    return Newsdesk(world.runtime)


@pytest.fixture
def showcase(world: World, newsdesk: Newsdesk) -> ReadingShowcase:
    return ReadingShowcase(newsdesk, LINKS, page_templates(world.settings))


def test_the_front_page_shows_today_s_first_three_papers(visitor: Visitor, world: World) -> None:
    world.list_papers(12)

    words = visitor.open("/").words

    assert "Today’s digest, Wednesday, 17 June 2026 3 of 12 new papers" in words
    assert words.count("Robotics of the") == 3


def test_what_there_is_to_choose_from_is_looked_at_once_a_second(newsdesk: Newsdesk, world: World) -> None:
    assert newsdesk.look(world.clock.now()).candidates.papers == ()
    world.list_papers(6)
    before = newsdesk.look(world.clock.now())
    world.list_papers(6)

    assert len(before.candidates.papers) == 6
    assert newsdesk.look(world.clock.now()) is before
    world.clock.sleep(1)
    assert len(newsdesk.look(world.clock.now()).candidates.papers) == 12


def test_the_front_page_changes_with_the_ranking_and_the_day(visitor: Visitor, world: World) -> None:
    world.list_papers(6)
    before = visitor.open("/").words
    world.clock.move_to(world.at(18, 6))
    world.list_papers(6, votes=100)

    after = visitor.open("/").words

    assert "Thursday, 18 June 2026" in after
    assert "Robotics of the 12th kind" not in before
    assert "Robotics of the 12th kind" in after


def test_an_empty_catalogue_says_what_is_being_fetched(visitor: Visitor, world: World) -> None:
    assert "The papers of the last days are being fetched." in visitor.open("/").words
    now = world.clock.now()
    with world.database.transaction() as session:
        session.add(
            Run(
                source="huggingface",
                begun_at=now,
                touched_at=now,
                since=now.date(),
                until=now.date(),
                progress="the daily papers of 17 June, 3 of 7",
            )
        )

    assert "the daily papers of 17 June, 3 of 7" in visitor.open("/").words


def test_a_preview_is_what_the_choices_would_bring_with_what_each_word_does(showcase: ReadingShowcase, world: World) -> None:
    world.list_papers(8)
    world.list_papers(7, title="A state space model of mamba", authors=("Ada Lovelace",))
    world.list_papers(1, title="Another mamba", authors=("Grace Hopper",))

    shown = showcase.preview(
        Choices(keywords=("mamba", "nothing like it"), authors=("Grace Hopper",), zone="Asia/Tokyo"), world.clock.now()
    ).html

    assert "Your digest today, Wednesday, 17 June 2026" in shown
    assert "For you" in shown
    assert "Another mamba" in shown
    assert "nothing like it: nothing this week" in shown
    assert "Grace Hopper: 1 a week" in shown


def test_a_preview_of_a_quiet_choice_says_so(showcase: ReadingShowcase, world: World) -> None:
    world.list_papers(8)

    shown = showcase.preview(Choices(keywords=("nothing like it",), trending=0), world.clock.now())

    assert shown.quiet == "none of 8 new papers since 9 June matches"
    assert "A quiet day for this choice: none of 8 new papers" in shown.html


def test_what_strangers_type_is_remembered_nowhere(newsdesk: Newsdesk, world: World) -> None:
    world.list_papers(8)
    with world.database.reading() as session:
        index = newsdesk._today.desk(session, world.clock.now()).candidates.index
        before = len(index._found)
    for number in range(20):
        newsdesk.draft(newsdesk.look(world.clock.now()), Choices(keywords=(f"word {number}",)), world.clock.now())

    assert len(index._found) == before


def test_topics_say_how_many_papers_a_day_they_bring(showcase: ReadingShowcase, visitor: Visitor, world: World) -> None:
    assert showcase.today(world.clock.now()).papers_a_day == {}
    world.list_papers(14)

    assert showcase.today(world.clock.now()).papers_a_day["robotics"] == 2.0
    assert "Robotics 2 a day" in visitor.open("/").words


def test_a_reader_sees_their_last_digests_and_the_quiet_days(visitor: Visitor, world: World) -> None:
    world.list_papers(12)
    [ada] = world.subscribe("ada@example.org")
    world.until(world.at(19, 8), step=timedelta(hours=1))

    with world.database.transaction() as session:
        fresh = requests.ask(session, ada, RequestKind.FRESH_LINK, world.clock.now())
    page = visitor.open(LINKS.fresh(fresh, world.clock.now()))

    assert "12 papers, sent" in page.words
    assert "no mail: " in page.words
    digest = next(url for url in page.links if "/digests/" in url)
    assert visitor.open(digest).status == 200


def test_the_link_of_a_forwarded_digest_opens_no_other_digest_and_tells_no_address(visitor: Visitor, world: World) -> None:
    world.list_papers(12)
    [ada] = world.subscribe("ada@example.org")
    world.until(world.at(19, 8), step=timedelta(hours=1))
    choose, view = LINKS.preferences(ada, world.clock.now()), LINKS.view(1)

    page = visitor.open(choose)

    assert "12 papers, sent" in page.words
    public, seen, unseen = ("/editions", "/static", "/inbox"), set[str](), [choose, view]
    while unseen:
        seen.add(url := unseen.pop())
        found = visitor.open(url)
        assert "ada@example.org" not in found.body
        links = found.links if found.root is not None else []
        unseen += [link for link in dict.fromkeys(links) if link not in {*seen, *unseen} and not link.startswith(public)]
    assert {url.split("/digests/")[1].partition("/")[0] for url in seen if "/digests/" in url} == {view.rpartition("/")[2]}


def test_votes_are_shown_by_the_titles_of_their_papers(visitor: Visitor, world: World, showcase: ReadingShowcase) -> None:
    world.list_papers(1, title="Robots of tomorrow")

    with world.database.reading() as session:
        assert showcase.titles(session, ["arxiv:2606.00001", "arxiv:0000.00000"]) == {"arxiv:2606.00001": "Robots of tomorrow"}
        assert showcase.titles(session, []) == {}
