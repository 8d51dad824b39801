import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.database import Database
from subscribers import audience, moving, preferences, requests, signup, standing
from subscribers.choices import Choices
from subscribers.links import LinkError, LinkFault
from subscribers.models import Request, RequestKind, SignupLetter, Standing, Subscriber
from subscribers.signup import SignUp
from tests.subscribers.builders import NOON, add_reader, some_choices

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def ask(session: Session, address: str = "ada@example.org", *, at: datetime = NOON, choices: Choices | None = None) -> None:
    signup.sign_up(session, SignUp(address, choices or some_choices(), "/", "I want the papers by mail."), at)


def letters(session: Session) -> list[str]:
    return list(session.scalars(select(Request.kind).order_by(Request.id)))


def at_once(database: Database, *acts: Callable[[Session], object]) -> list[object]:
    """Each in a thread and a transaction of its own; what they returned or raised."""
    together, ended = threading.Barrier(len(acts)), list[object]()

    def run(act: Callable[[Session], object]) -> None:
        together.wait()
        try:
            with database.transaction() as session:
                ended.append(act(session))
        except Exception as error:  # noqa: BLE001 - looked at by the test
            ended.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


def reader(session: Session, address: str = "ada@example.org") -> Subscriber:
    found = audience.by_address(session, address)
    assert found is not None
    return found


def test_an_address_alone_is_a_complete_sign_up_that_waits_for_its_owner(database: Database) -> None:
    with database.transaction() as session:
        ask(session, choices=Choices(zone="Europe/London"))

    with database.reading() as session:
        ada = reader(session)
        assert (ada.standing, ada.next_due_at, ada.confirmed_at) == (Standing.PENDING, None, None)
        assert (ada.consent_at, ada.consent_source, ada.consent_wording) == (NOON, "/", "I want the papers by mail.")
        assert preferences.read(session, ada) == Choices(zone="Europe/London")
        assert letters(session) == [RequestKind.CONFIRM]


def test_confirming_makes_the_reader_active_and_asks_for_the_welcome(database: Database) -> None:
    with database.transaction() as session:
        ask(session)
    with database.transaction() as session:
        confirmed, is_new = signup.confirm(session, 1, NOON + HOUR)

        assert is_new
        assert (confirmed.standing, confirmed.confirmed_at) == (Standing.ACTIVE, NOON + HOUR)
        assert confirmed.next_due_at == datetime(2026, 6, 19, 7, 0, tzinfo=UTC)  # 20 hours after the welcome, at the reader's hour
        assert letters(session) == [RequestKind.CONFIRM, RequestKind.WELCOME]


def test_a_confirmation_works_once_and_the_other_letters_with_it(database: Database) -> None:
    with database.transaction() as session:
        ask(session)
        ask(session, at=NOON + 2 * HOUR)
        signup.confirm(session, 2, NOON + 3 * HOUR)

    for used in (1, 2):
        with database.transaction() as session, pytest.raises(LinkError) as caught:
            signup.confirm(session, used, NOON + 4 * HOUR)
        assert caught.value.fault is LinkFault.USED


def test_a_link_of_another_kind_confirms_nothing(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session, confirmed=False)
        other = requests.ask(session, ada.id, RequestKind.FRESH_LINK, NOON)
    with database.transaction() as session, pytest.raises(LinkError):
        signup.confirm(session, other, NOON)


def test_whoever_signs_up_a_pending_address_again_changes_nothing_until_that_letter_s_own_link_is_confirmed(database: Database) -> None:
    with database.transaction() as session:
        ask(session)
        ask(session, at=NOON + 2 * HOUR, choices=Choices(hour=23, topics=("video",)))

        assert preferences.read(session, reader(session)) == some_choices()
        assert (reader(session).consent_at, letters(session)) == (NOON, [RequestKind.CONFIRM] * 2)
        first, second = (session.get_one(Request, number) for number in (1, 2))
        assert signup.choices_of(session, first, reader(session)) == some_choices()
        assert signup.choices_of(session, second, reader(session)) == Choices(hour=23, topics=("video",))


@pytest.mark.parametrize(("link", "in_force", "agreed_at"), [(1, some_choices(), NOON), (2, some_choices(hour=23), NOON + 2 * HOUR)])
def test_the_choices_in_force_are_those_of_the_letter_that_was_answered(
    database: Database, link: int, in_force: Choices, agreed_at: datetime
) -> None:
    with database.transaction() as session:
        ask(session)
        ask(session, at=NOON + 2 * HOUR, choices=some_choices(hour=23))
    with database.transaction() as session:
        signup.confirm(session, link, NOON + 3 * HOUR)

        assert (preferences.read(session, reader(session)), reader(session).consent_at) == (in_force, agreed_at)


def test_a_stranger_s_letter_in_the_inbox_of_somebody_who_came_back_otherwise_changes_nothing(database: Database) -> None:
    with database.transaction() as session:
        standing.leave(add_reader(session))
        ask(session, choices=some_choices(hour=23))
        standing.take_back(session, reader(session), NOON + HOUR)
        signup.confirm(session, 1, NOON + 2 * HOUR)

        assert preferences.read(session, reader(session)) == some_choices()


def test_an_unconfirmed_address_gets_one_letter_an_hour_and_three_in_thirty_days(database: Database) -> None:
    moments = [NOON, NOON + HOUR / 2, NOON + HOUR, NOON + DAY, NOON + 2 * DAY, NOON + 29 * DAY, NOON + 31 * DAY]
    sent = []
    for moment in moments:
        with database.transaction() as session:
            ask(session, at=moment)
            sent.append(len(letters(session)))

    assert sent == [1, 1, 2, 3, 3, 3, 4]


def test_the_limit_outlives_the_sign_up_it_counts(database: Database) -> None:
    for moment in (NOON, NOON + DAY, NOON + 2 * DAY):
        with database.transaction() as session:
            ask(session, at=moment)
            session.delete(reader(session))

    with database.transaction() as session:
        ask(session, at=NOON + 3 * DAY)

        assert letters(session) == []


def test_who_reads_already_gets_a_fresh_link_and_keeps_the_choices(database: Database) -> None:
    with database.transaction() as session:
        add_reader(session)
        ask(session, "ADA@example.org", choices=Choices(hour=20))

    with database.reading() as session:
        assert letters(session) == [RequestKind.FRESH_LINK]
        assert preferences.read(session, reader(session)) == some_choices()
        assert reader(session).standing == Standing.ACTIVE


def test_fresh_links_are_limited_too(database: Database) -> None:
    sent = []
    for minutes in (0, 2, 5, 10, 15, 20, 25, 30, 35, 1445):
        with database.transaction() as session:
            if not minutes:
                add_reader(session)
            ask(session, at=NOON + timedelta(minutes=minutes))
            sent.append(len(letters(session)))

    assert sent == [1, 1, 2, 3, 4, 5, 6, 6, 6, 7]


def test_who_left_is_asked_to_confirm_and_stays_gone_until_then(database: Database) -> None:
    with database.transaction() as session:
        standing.leave(add_reader(session))
        ask(session, choices=some_choices(hour=20))

        assert (reader(session).standing, reader(session).hour) == (Standing.LEFT, 8)
        assert (reader(session).consent_source, reader(session).consent_wording) == ("a test", "I agree.")
        assert letters(session) == [RequestKind.CONFIRM]
        signup.confirm(session, 1, NOON + HOUR)
        assert (reader(session).standing, reader(session).hour) == (Standing.ACTIVE, 20)
        assert (reader(session).consent_at, reader(session).consent_source) == (NOON, "/")


@pytest.mark.parametrize("reason", [standing.Reason.COMPLAINED, standing.Reason.OPERATOR, standing.Reason.PROVIDER])
def test_a_suppressed_address_gets_no_letter_ever(database: Database, reason: standing.Reason) -> None:
    with database.transaction() as session:
        standing.suppress(session, add_reader(session).address_key, reason, NOON)
        ask(session, at=NOON + 400 * DAY)
        signup.ask_fresh_link(session, "ada@example.org", NOON + 400 * DAY)

        assert letters(session) == []
        assert reader(session).standing == Standing.SUPPRESSED


def test_a_bounced_address_gets_one_confirmation_after_thirty_days(database: Database) -> None:
    with database.transaction() as session:
        standing.suppress(session, add_reader(session).address_key, standing.Reason.BOUNCED, NOON)
        ask(session, at=NOON + 29 * DAY)
        assert letters(session) == []
        ask(session, at=NOON + 30 * DAY)

        assert letters(session) == [RequestKind.CONFIRM]
        assert reader(session).standing == Standing.PENDING
        standing.suppress(session, reader(session).address_key, standing.Reason.BOUNCED, NOON + 30 * DAY)
        ask(session, at=NOON + 31 * DAY)
        assert letters(session) == [RequestKind.CONFIRM]


def test_a_suppressed_address_that_was_erased_is_not_signed_up_again(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        standing.suppress(session, ada.address_key, standing.Reason.COMPLAINED, NOON)
        session.delete(ada)
        ask(session, at=NOON + DAY)

        assert audience.by_address(session, "ada@example.org") is None


def test_a_fresh_link_is_mailed_on_request_to_those_who_are_there(database: Database) -> None:
    with database.transaction() as session:
        add_reader(session, "active@example.org")
        standing.leave(add_reader(session, "left@example.org"))
        add_reader(session, "pending@example.org", confirmed=False)
        for name in ("active", "left", "pending", "nobody"):
            signup.ask_fresh_link(session, f"{name}@example.org", NOON + 2 * HOUR)

        assert letters(session) == [RequestKind.CONFIRM, RequestKind.FRESH_LINK, RequestKind.FRESH_LINK, RequestKind.CONFIRM]


def test_asking_for_a_link_in_an_empty_house_is_no_error(database: Database) -> None:
    with database.transaction() as session:
        signup.ask_fresh_link(session, "ada@example.org", NOON)


def test_unconfirmed_sign_ups_go_after_thirty_days_and_nothing_else(database: Database) -> None:
    with database.transaction() as session:
        add_reader(session, "active@example.org")
        ask(session, "old@example.org")
        ask(session, "again@example.org")
        ask(session, "again@example.org", at=NOON + 2 * DAY)
        ask(session, "new@example.org", at=NOON + 3 * DAY)

    with database.transaction() as session:
        assert signup.forget_unconfirmed(session, NOON + 31 * DAY) == 3
        assert [row.address for row in audience.page(session)] == ["active@example.org", "again@example.org", "new@example.org"]
        assert session.scalar(select(func.count()).select_from(SignupLetter)) == 2
        assert signup.forget_unconfirmed(session, NOON + 31 * DAY) == 0


def test_ten_presses_at_once_make_one_reader_and_one_letter(database: Database) -> None:
    at_once(database, *[ask] * 5)

    with database.reading() as session:
        assert sum(audience.counts(session).values()) == 1
        assert letters(session) == [RequestKind.CONFIRM]


def test_letters_asked_for_at_once_by_many_hands_are_counted_one_after_the_other(postgresql_database: Database) -> None:
    with postgresql_database.transaction() as session:
        readers = [add_reader(session, f"reader{number}@example.org").id for number in range(5)]

    def move(reader: int) -> Callable[[Session], object]:
        return lambda session: moving.ask(session, session.get_one(Subscriber, reader), "new@example.org", NOON)

    at_once(postgresql_database, *map(move, readers))

    with postgresql_database.reading() as session:
        assert letters(session) == [RequestKind.NEW_ADDRESS]
        assert session.scalar(select(func.count()).select_from(SignupLetter)) == 1


def test_two_readers_who_move_to_one_address_at_once_are_one_who_moves_and_one_who_is_told(database: Database) -> None:
    with database.transaction() as session:
        links = [
            requests.ask(session, add_reader(session, f"reader{number}@example.org").id, RequestKind.NEW_ADDRESS, NOON, "new@example.org")
            for number in range(2)
        ]

    ended = at_once(database, *[lambda session, link=link: moving.move(session, link, NOON).address for link in links])

    assert sorted(map(repr, ended)) == ["'new@example.org'", "TakenError()"]
    with database.reading() as session:
        assert sorted(row.address for row in audience.page(session)) in (
            ["new@example.org", "reader0@example.org"],
            ["new@example.org", "reader1@example.org"],
        )
