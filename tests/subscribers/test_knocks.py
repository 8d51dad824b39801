import pytest
from sqlalchemy import func, select, update

from config.database import Database
from subscribers import audience, knocks, preferences, signup
from subscribers.models import Knock, Request, RequestKind, Standing
from subscribers.signup import SignUp
from tests.subscribers.builders import NOON, add_reader, some_choices
from tests.subscribers.test_signup import DAY, at_once

CHOICES = some_choices(name="Ada", authors=("Yann LeCun",), hour=20)


def sign_up(database: Database, address: str = "ada@example.org") -> None:
    with database.transaction() as session:
        knocks.sign_up(session, SignUp(address, CHOICES, "/", "I want the papers by mail."), NOON)


def waiting(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Knock)) or 0


def letters(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Request.kind).order_by(Request.id)))


def test_a_sign_up_is_one_row_until_somebody_looks_and_then_all_that_follows(database: Database) -> None:
    sign_up(database)
    with database.reading() as session:
        assert knocks.is_anybody_there(session)
        assert sum(audience.counts(session).values()) == 0

    knocks.open_door(database)

    with database.reading() as session:
        assert not knocks.is_anybody_there(session)
        ada = audience.by_address(session, "ada@example.org")
        assert ada is not None
        assert (ada.standing, ada.consent_at, ada.consent_wording) == (Standing.PENDING, NOON, "I want the papers by mail.")
        assert preferences.read(session, ada) == CHOICES
    assert letters(database) == [RequestKind.CONFIRM]


def test_who_asks_for_a_link_gets_one_if_they_are_there(database: Database) -> None:
    with database.transaction() as session:
        add_reader(session)
        for address in ("ada@example.org", "nobody@example.org"):
            knocks.ask_fresh_link(session, address, NOON)

    knocks.open_door(database)

    assert (letters(database), waiting(database)) == ([RequestKind.FRESH_LINK], 0)


def test_many_who_open_at_once_answer_each_knock_once(database: Database) -> None:
    for number in range(5):
        sign_up(database, f"reader{number}@example.org")

    at_once(database, *[lambda _: knocks.open_door(database)] * 3)

    assert (letters(database), waiting(database)) == ([RequestKind.CONFIRM] * 5, 0)


def test_a_knock_that_cannot_be_dealt_with_stops_no_other_and_is_forgotten(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    sign_up(database, "broken@example.org")
    with database.transaction() as session:
        session.execute(update(Knock).values(sign_up={"choices": {}}))
    sign_up(database)

    knocks.open_door(database)

    assert (letters(database), waiting(database)) == ([RequestKind.CONFIRM], 1)
    assert "cannot answer a knock" in capsys.readouterr().out
    with database.transaction() as session:
        assert knocks.forget(session, NOON) == 0
        assert knocks.forget(session, NOON + DAY) == 1


def test_no_more_are_answered_at_once_than_others_can_wait_for(database: Database) -> None:
    for number in range(knocks.BATCH + 1):
        sign_up(database, f"reader{number}@example.org")

    knocks.open_door(database)

    assert waiting(database) == 1


def test_what_a_sign_up_carries_is_kept_and_read_back() -> None:
    asked = SignUp("ada@example.org", CHOICES, "/", "words")

    assert signup.from_packed("ada@example.org", asked.packed()) == asked
