from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from config.clock import SetClock
from config.database import Database
from config.runtime import Runtime
from config.settings import load
from subscribers import standing
from subscribers.links import Links, Purpose
from subscribers.models import Standing, Subscriber
from tests.subscribers.builders import add_reader
from tests.subscribers.web.visitor import Visitor
from worker.asgi import application

LINKS = Links(("for-development-only-change-me",), "http://127.0.0.1:8000")


def subscribe(database: Database, clock: SetClock, *, confirmed: bool = True) -> int:
    with database.transaction() as session:
        return add_reader(session, now=clock.now(), confirmed=confirmed).id


def standing_of(database: Database, number: int) -> str:
    with database.reading() as session:
        return str(session.get_one(Subscriber, number).standing)


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {},
        {"content": b"\xff\x00garbage", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    ],
    ids=["urlencoded", "multipart", "empty", "garbage"],
)
def test_one_click_leaves_in_any_encoding(visitor: Visitor, database: Database, clock: SetClock, body: dict[str, object]) -> None:
    number = subscribe(database, clock)

    answer = visitor.send("POST", LINKS.leave(number), **body)

    assert answer.status == 200
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert standing_of(database, number) == Standing.LEFT


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_at_the_link_changes_nothing(visitor: Visitor, database: Database, clock: SetClock, method: str) -> None:
    number = subscribe(database, clock)

    visitor.open(LINKS.leave(number), method)

    assert standing_of(database, number) == Standing.ACTIVE


def test_the_page_has_one_button_and_it_leaves(visitor: Visitor, database: Database, clock: SetClock) -> None:
    number = subscribe(database, clock)
    page = visitor.open(LINKS.leave(number))

    assert [form.buttons for form in page.forms] == [{"Leave": f"/unsubscribe/{LINKS.token(Purpose.LEAVE, number)}"}]
    assert visitor.press(page, "Leave").heading == "You have left"
    assert standing_of(database, number) == Standing.LEFT


def test_leaving_twice_or_after_being_erased_is_answered_alike(visitor: Visitor, database: Database, clock: SetClock) -> None:
    number = subscribe(database, clock)

    answers = [visitor.open(LINKS.leave(number), "POST"), visitor.open(LINKS.leave(number), "POST")]
    with database.transaction() as session:
        session.delete(session.get_one(Subscriber, number))
    answers.append(visitor.open(LINKS.leave(number), "POST"))

    assert [(answer.status, answer.heading) for answer in answers] == [(200, "You have left")] * 3


def test_a_reader_who_never_confirmed_can_leave_too(visitor: Visitor, database: Database, clock: SetClock) -> None:
    number = subscribe(database, clock, confirmed=False)

    assert visitor.open(LINKS.leave(number), "POST").status == 200
    assert standing_of(database, number) == Standing.LEFT


def test_a_leave_can_be_taken_back_on_the_page_that_follows_and_not_for_long(
    visitor: Visitor, database: Database, clock: SetClock, wait: Callable[[timedelta], None]
) -> None:
    number = subscribe(database, clock)
    left = visitor.open(LINKS.leave(number), "POST")

    thanked = visitor.press(left, "Tell", {"reason": "often"})
    assert "Thank you" in thanked.words
    back = visitor.press(thanked, "Take it back")

    assert back.heading == "Good to have you back"
    assert standing_of(database, number) == Standing.ACTIVE
    visitor.open(LINKS.leave(number), "POST")
    wait(timedelta(minutes=31))
    assert visitor.press(left, "Take it back").status == 410
    assert standing_of(database, number) == Standing.LEFT


def test_the_leave_link_itself_can_only_leave(visitor: Visitor, database: Database, clock: SetClock) -> None:
    number = subscribe(database, clock)
    visitor.open(LINKS.leave(number), "POST")

    assert visitor.open(f"/unsubscribe/{LINKS.token(Purpose.LEAVE, number)}/back", "POST").status == 404
    assert visitor.open(f"/preferences/{LINKS.token(Purpose.LEAVE, number)}").status == 404
    assert standing_of(database, number) == Standing.LEFT


def test_who_is_suppressed_has_nothing_to_take_back(visitor: Visitor, database: Database, clock: SetClock) -> None:
    number = subscribe(database, clock)
    with database.transaction() as session:
        standing.suppress(session, session.get_one(Subscriber, number).address_key, standing.Reason.COMPLAINED, clock.now())

    assert "Take it back" not in visitor.open(LINKS.leave(number), "POST").words


@pytest.mark.parametrize("token", ["", "x", "A" * 27, "AQAAAAABioWYNLHWX0WH1mh8W7x"])
def test_a_link_that_is_none_says_what_happened_and_offers_another(visitor: Visitor, token: str) -> None:
    answer = visitor.open(f"/unsubscribe/{token}")

    assert answer.status == 404
    if token:
        assert answer.heading == "This link does not work"
        assert "Send me a fresh link" in answer.words


def test_it_never_says_done_when_it_could_not_be_written(database: Database, clock: SetClock, tmp_path: Path) -> None:
    number = subscribe(database, clock)
    frozen = Database(database.url.render_as_string(hide_password=False))
    no_writing = "PRAGMA query_only=ON" if database.is_sqlite else "SET default_transaction_read_only = on"
    event.listen(frozen.engine, "connect", lambda connection, _: connection.execute(no_writing) and connection.commit())
    visitor = Visitor(application(Runtime(load({"PAPERBOY_STATE_DIR": str(tmp_path)}), frozen, clock)))

    page, answer = visitor.open(LINKS.leave(number)), visitor.open(LINKS.leave(number), "POST")
    frozen.close()

    assert page.status == 200
    assert answer.status == 503
    assert answer.headers["retry-after"] == "60"
    assert "Nothing was changed" in answer.words
    assert standing_of(database, number) == Standing.ACTIVE


def test_leaving_needs_no_redis(database: Database, clock: SetClock, tmp_path: Path) -> None:
    number = subscribe(database, clock)
    settings = load({"PAPERBOY_STATE_DIR": str(tmp_path), "PAPERBOY_REDIS_URL": "redis://127.0.0.1:1/0"})
    visitor = Visitor(application(Runtime(settings, database, clock)))

    assert visitor.send("POST", LINKS.leave(number), data={"List-Unsubscribe": "One-Click"}).status == 200
    assert standing_of(database, number) == Standing.LEFT
