from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from config.clock import SetClock
from config.database import Database
from subscribers import moving, standing
from subscribers.links import Links
from subscribers.models import Request, RequestKind, Standing, Subscriber
from tests.subscribers.builders import add_reader
from tests.subscribers.web.visitor import Visitor

LINKS = Links(("for-development-only-change-me",), "http://127.0.0.1:8000")


@pytest.fixture
def link(database: Database, clock: SetClock) -> str:
    """The link in a confirmation letter."""
    with database.transaction() as session:
        add_reader(session, now=clock.now(), confirmed=False)
    return LINKS.confirm(1, clock.now())


def standing_of(database: Database) -> str:
    with database.reading() as session:
        return str(session.get_one(Subscriber, 1).standing)


def test_a_scanner_that_follows_the_link_confirms_nothing(visitor: Visitor, database: Database, link: str) -> None:
    for method in ("GET", "HEAD"):
        assert visitor.open(link, method).status == 200

    assert standing_of(database) == Standing.PENDING


def test_pressing_the_button_confirms_and_asks_for_the_first_digest(visitor: Visitor, database: Database, link: str) -> None:
    page = visitor.open(link)
    assert "Every day at 08:00 (Europe/London), your papers come to ada@example.org" in page.words

    answer = visitor.press(page, "Yes, send me the papers")

    assert answer.heading == "You are in"
    with database.reading() as session:
        ada = session.get_one(Subscriber, 1)
        assert (ada.standing, ada.next_due_at) == (Standing.ACTIVE, datetime(2026, 6, 18, 7, 0, tzinfo=UTC))
        assert session.scalars(select(Request.kind).order_by(Request.id)).all() == [RequestKind.CONFIRM, RequestKind.WELCOME]
    assert visitor.open(next(url for url in answer.links if "/preferences/" in url)).heading == "Your papers"


def test_a_link_works_once(visitor: Visitor, link: str) -> None:
    visitor.open(link, "POST")

    for method in ("GET", "POST"):
        answer = visitor.open(link, method)
        assert (answer.status, answer.heading) == (410, "This link does not work")
        assert "was used already" in answer.words
        assert "Send me a fresh link" in answer.words


def test_a_link_is_good_for_three_days(visitor: Visitor, database: Database, link: str, wait: Callable[[timedelta], None]) -> None:
    wait(timedelta(days=3, seconds=2))

    answer = visitor.open(link, "POST")

    assert (answer.status, "has expired" in answer.words) == (410, True)
    assert standing_of(database) == Standing.PENDING


def test_a_link_of_somebody_erased_looks_like_an_expired_one(visitor: Visitor, database: Database, link: str) -> None:
    with database.transaction() as session:
        session.delete(session.get_one(Subscriber, 1))

    assert "has expired" in visitor.open(link).words


@pytest.mark.parametrize("foreign", [LINKS.leave(1), LINKS.view(1)])
def test_a_link_for_something_else_confirms_nothing(visitor: Visitor, database: Database, link: str, foreign: str) -> None:
    answer = visitor.open(f"/confirm/{foreign.rpartition('/')[2]}", "POST")

    assert link
    assert (answer.status, "made for something else" in answer.words) == (404, True)
    assert standing_of(database) == Standing.PENDING


def test_a_new_address_is_moved_to_once_it_answers_and_the_old_one_is_told(visitor: Visitor, database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        ada = add_reader(session, now=clock.now())
        moving.ask(session, ada, "ada@new.example", clock.now())
    page = visitor.open(LINKS.confirm(1, clock.now()))
    assert "ada@new.example" in page.words

    answer = visitor.press(page, "Yes, move")

    assert answer.heading == "You have moved"
    with database.reading() as session:
        assert session.get_one(Subscriber, 1).address == "ada@new.example"
        told = session.scalars(select(Request).order_by(Request.id.desc())).first()
        assert told is not None
        assert (told.kind, told.detail) == (RequestKind.ADDRESS_CHANGED, "ada@example.org")


def test_an_address_that_reads_already_is_not_moved_to(visitor: Visitor, database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        ada = add_reader(session, now=clock.now())
        moving.ask(session, ada, "bob@example.org", clock.now())
        add_reader(session, "bob@example.org", now=clock.now())

    answer = visitor.open(LINKS.confirm(1, clock.now()), "POST")

    assert (answer.status, answer.heading) == (409, "Nothing was moved")
    with database.reading() as session:
        assert session.get_one(Subscriber, 1).address == "ada@example.org"


def test_who_left_with_the_new_address_makes_room_for_who_has_shown_it_is_theirs(
    visitor: Visitor, database: Database, clock: SetClock
) -> None:
    with database.transaction() as session:
        ada = add_reader(session, now=clock.now())
        standing.leave(add_reader(session, "old@example.org", now=clock.now()))
        moving.ask(session, ada, "old@example.org", clock.now())

    assert visitor.open(LINKS.confirm(1, clock.now()), "POST").heading == "You have moved"
    with database.reading() as session:
        assert [row.address for row in session.scalars(select(Subscriber))] == ["old@example.org"]
