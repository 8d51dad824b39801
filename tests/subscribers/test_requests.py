import pytest

from config.database import Database
from subscribers import requests, standing
from subscribers.links import LinkError, LinkFault
from subscribers.models import Request, RequestKind, Standing
from tests.subscribers.builders import NOON, add_reader


def test_letters_wait_in_order_until_they_are_handled(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        first = requests.ask(session, ada.id, RequestKind.FRESH_LINK, NOON)
        second = requests.ask(session, ada.id, RequestKind.WELCOME, NOON)

    with database.transaction() as session:
        assert [request.id for request in requests.waiting(session, 10)] == [first, second]
        assert [request.id for request in requests.waiting(session, 1)] == [first]
        requests.handled(session, [first], NOON)
    with database.reading() as session:
        assert [request.id for request in requests.waiting(session, 10)] == [second]


def test_two_who_look_for_letters_find_different_ones(postgresql_database: Database) -> None:
    with postgresql_database.transaction() as session:
        ada = add_reader(session)
        ids = [requests.ask(session, ada.id, RequestKind.FRESH_LINK, NOON) for _ in range(2)]

    with postgresql_database.transaction() as first, postgresql_database.transaction() as second:
        assert [request.id for request in requests.waiting(first, 1)] == ids[:1]
        assert [request.id for request in requests.waiting(second, 10)] == ids[1:]


def test_occasions_are_keys_and_a_welcome_comes_once_in_a_life() -> None:
    assert requests.occasion(Request(id=17, kind=RequestKind.CONFIRM)) == "confirm:17"
    assert requests.occasion(Request(id=18, kind=RequestKind.FRESH_LINK)) == "link:18"
    assert requests.occasion(Request(id=19, kind=RequestKind.WELCOME)) == "welcome:1"


def test_a_letter_goes_to_the_reader_unless_it_says_another_address(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)

        assert requests.recipient(Request(kind=RequestKind.FRESH_LINK, detail=""), ada) == "ada@example.org"
        assert requests.recipient(Request(kind=RequestKind.NEW_ADDRESS, detail="new@example.org"), ada) == "new@example.org"


def test_a_link_is_good_once(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        number = requests.ask(session, ada.id, RequestKind.FRESH_LINK, NOON)
        assert requests.find(session, number, [RequestKind.FRESH_LINK])[1] is ada
        requests.use(session, number, NOON)
        session.expire_all()

        for again in (lambda: requests.use(session, number, NOON), lambda: requests.find(session, number, [RequestKind.FRESH_LINK])):
            with pytest.raises(LinkError) as caught:
                again()
            assert caught.value.fault is LinkFault.USED


def test_a_link_of_another_kind_or_of_nobody_opens_nothing(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        number = requests.ask(session, ada.id, RequestKind.FRESH_LINK, NOON)

        for wanted, fault in ((number, LinkFault.FOREIGN), (999, LinkFault.EXPIRED)):
            with pytest.raises(LinkError) as caught:
                requests.find(session, wanted, [RequestKind.CONFIRM])
            assert caught.value.fault is fault


def test_what_was_done_makes_every_open_link_for_it_worthless(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        confirmations = [requests.ask(session, ada.id, RequestKind.CONFIRM, NOON) for _ in range(2)]
        other = requests.ask(session, ada.id, RequestKind.FRESH_LINK, NOON)
        requests.use_up(session, ada.id, [RequestKind.CONFIRM], NOON)

    with database.reading() as session:
        assert [session.get_one(Request, number).used_at for number in (*confirmations, other)] == [NOON, NOON, None]


def test_nothing_is_sent_to_a_suppressed_address_and_digests_are_no_letters() -> None:
    assert all(Standing.SUPPRESSED not in allowed for allowed in requests.MAY_BE_SENT.values())
    assert set(requests.MAY_BE_SENT) == set(RequestKind)


def test_a_letter_is_for_whoever_asked_for_it_even_after_leaving(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        standing.leave(ada)

        assert ada.standing in requests.MAY_BE_SENT[RequestKind.CONFIRM]
        assert ada.standing not in requests.MAY_BE_SENT[RequestKind.WELCOME]
