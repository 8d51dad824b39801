import re
from datetime import date, timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import delete

from subscribers import standing, votes
from subscribers.cadence import Cadence
from subscribers.links import Links, Purpose
from subscribers.models import Subscriber
from tests.subscribers.web.visitor import Page, Visitor
from tests.worker.send.world import World
from worker.ingest import catalogue
from worker.pick.choices import unpacked
from worker.send.models import Delivery

LINKS = Links(("for-development-only-change-me",), "http://127.0.0.1:8000")


@pytest.fixture
def digest(world: World) -> str:
    """The "view in browser" link of a mail that went out."""
    world.list_papers(40)
    world.subscribe("ada@example.org", name="Ada", keywords=("mamba",))
    world.clock.move_to(world.at(17, 7))
    world.tick()
    [mail] = world.mails()
    return view_of(mail)


def view_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return re.search(r"http://127.0.0.1:8000/digests/[\w-]{27}", body.get_content())[0]  # type: ignore[index]  # every digest has one


def votes_of(world: World) -> list[tuple[str, int]]:
    with world.database.reading() as session:
        return [(vote.paper_key, vote.value) for vote in votes.of(session, 1)]


def first_vote(page: Page, wish: str) -> str:
    return next(url for url in page.links if url.endswith(f"/{wish}"))


def test_the_page_shows_what_the_mail_showed(visitor: Visitor, digest: str) -> None:
    page = visitor.open(digest)

    assert page.status == 200
    assert "Wednesday, 17 June 2026" in page.words
    assert len([url for url in page.links if url.endswith("/more")]) == 10


def test_the_page_can_be_passed_on_without_giving_anything_away(visitor: Visitor, digest: str) -> None:
    page = visitor.open(digest)

    assert "ada@example.org" not in page.body
    assert not [url for url in page.links if "/preferences/" in url or "/unsubscribe/" in url]
    token = digest.rpartition("/")[2]
    for path in ("preferences", "unsubscribe", "confirm"):
        assert visitor.open(f"/{path}/{token}").status == 404
        assert visitor.open(f"/{path}/{token}", "POST").status in {404, 405}
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex"


def test_a_scanner_that_follows_every_link_votes_for_nothing(visitor: Visitor, world: World, digest: str) -> None:
    for url in visitor.open(digest).links:
        for method in ("GET", "HEAD"):
            visitor.open(url, method)

    assert votes_of(world) == []


def test_a_pressed_button_votes_and_the_vote_can_be_taken_back(visitor: Visitor, world: World, digest: str) -> None:
    page = visitor.open(first_vote(visitor.open(digest), "more"))

    noted = visitor.press(page, "More like this")
    assert noted.heading == "Noted: more like this"
    [(key, value)] = votes_of(world)
    assert value == 1
    visitor.press(page, "Not for me")
    assert votes_of(world) == [(key, -1)]

    assert visitor.press(noted, "Take it back").heading == "Taken back"
    assert votes_of(world) == []


def test_only_papers_of_the_digest_can_be_voted_on(visitor: Visitor, world: World, digest: str) -> None:
    with world.database.reading() as session:
        shown = unpacked(session.get_one(Delivery, 1).content).paper_ids
        everything = catalogue.first_seen_between(session, world.at(1, 0), world.at(30, 0))
    other = next(paper.id for paper in everything if paper.id not in shown)

    assert visitor.open(f"{digest}/papers/{other}/more", "POST").status == 404
    assert visitor.open(f"{digest}/papers/999999/more", "POST").status == 404
    assert visitor.open(f"{digest}/papers/{shown[0]}/love", "POST").status == 404
    assert votes_of(world) == []


def test_who_has_left_is_promised_no_next_digest(visitor: Visitor, world: World, digest: str) -> None:
    vote = first_vote(visitor.open(digest), "more")
    assert "Your next digest goes by it." in visitor.open(vote, "POST").words
    with world.database.transaction() as session:
        standing.leave(session.get_one(Subscriber, 1))

    assert "Your next digest" not in visitor.open(vote, "POST").words


def test_the_votes_of_a_reader_who_was_erased_go_nowhere(visitor: Visitor, world: World, digest: str) -> None:
    vote = first_vote(visitor.open(digest), "more")
    with world.database.transaction() as session:
        session.execute(delete(Subscriber))

    assert visitor.open(vote, "POST").status == 410


def test_a_digest_that_is_no_longer_kept_says_so(visitor: Visitor, world: World, digest: str) -> None:
    with world.database.transaction() as session:
        session.execute(delete(Delivery))

    assert "has expired" in visitor.open(digest).words


def test_a_letter_is_no_digest(visitor: Visitor, world: World) -> None:
    with world.database.transaction() as session:
        session.add(
            Delivery(
                subscriber_id=1,
                occasion="confirm:1",
                kind="letter",
                due_at=world.at(17, 6),
                stale_at=world.at(18, 6),
                next_attempt_at=world.at(17, 6),
                content={"letter": "confirm"},
            )
        )

    assert visitor.open(LINKS.view(1)).status == 410
    assert visitor.open(f"/digests/{LINKS.token(Purpose.LEAVE, 1)}").status == 404


def test_a_digest_is_cited_as_bibtex(visitor: Visitor, digest: str) -> None:
    answer = visitor.open(f"{digest}/papers.bib")

    assert answer.headers["content-type"].startswith("application/x-bibtex")
    assert answer.body.count("@misc{") == 25


def test_the_vote_counts_in_the_next_digest_which_names_the_day_it_was_where_the_reader_lives(visitor: Visitor, world: World) -> None:
    world.list_papers(12)
    title = "Learning to grasp slippery objects with soft hands"
    world.list_papers(1, title=title, abstract="Under friction, soft hands grasp.", votes=900)
    world.subscribe("ada@example.org", topics=(), keywords=(), cadence=Cadence.WEEKDAYS, zone="Asia/Tokyo")
    world.until(world.at(18, 0))
    [thursday] = world.mails("ada@example.org")
    world.until(world.at(19, 0), step=timedelta(hours=1))
    world.clock.move_to(world.at(19, 16))  # a Friday; in Tokyo it is Saturday
    page = visitor.open(view_of(thursday))
    liked = next(form for url in page.links if url.endswith("/more") and "slippery" in (form := visitor.open(url)).words)
    visitor.press(liked, "More like this")
    world.list_papers(1, title="Soft hands grasp slippery objects and fish", abstract="With friction, hands grasp.")
    world.list_papers(6)
    world.until(world.at(22, 0), step=timedelta(hours=1))

    monday = world.mails("ada@example.org")[-1]
    assert monday["Date"].datetime.date() == date(2026, 6, 21)  # 08:00 on Monday the 22nd in Tokyo
    assert f"like “{title}”, which you liked on Saturday" in visitor.open(view_of(monday)).words
