from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from config.database import Database
from subscribers import audience, standing
from subscribers.models import InterestKind, Standing, Subscriber, Vote
from tests.subscribers.builders import NOON, add_reader, add_readers, find_reader

DUE = datetime(2026, 6, 18, 7, 0, tzinfo=UTC)  # 08:00 in London


def test_a_tick_concerns_those_who_are_due_and_may_be_written_to(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session, "ada@example.org")
        add_reader(session, "later@example.org", hour=9)
        add_reader(session, "pending@example.org", confirmed=False)
        standing.leave(add_reader(session, "left@example.org"))
        standing.suppress(session, add_reader(session, "bounced@example.org").address_key, standing.Reason.BOUNCED, NOON)

    with database.reading() as session:
        assert audience.due_ids(session, DUE - timedelta(seconds=1)) == []
        assert audience.due_ids(session, DUE) == [ada.id]


def test_a_range_is_read_in_order_and_only_who_is_due(database: Database) -> None:
    with database.transaction() as session:
        add_readers(session, 5)
        late = add_reader(session, "later@example.org", hour=9)

    with database.transaction() as session:
        assert [row.id for row in audience.due_in_range(session, 2, late.id, DUE)] == [2, 3, 4, 5]


def test_a_paused_reader_comes_back_by_themselves(database: Database) -> None:
    until = datetime(2026, 7, 1, 0, 0, tzinfo=UTC)
    with database.transaction() as session:
        ada = add_reader(session)
        standing.pause(ada, until, NOON)

    with database.reading() as session:
        assert audience.due_ids(session, until) == []
        assert audience.due_ids(session, datetime(2026, 7, 1, 7, 0, tzinfo=UTC)) == [ada.id]
    with database.transaction() as session:
        [row] = audience.due_in_range(session, ada.id, ada.id, datetime(2026, 7, 1, 7, 0, tzinfo=UTC))
        assert row.standing == Standing.ACTIVE
        assert session.get_one(Subscriber, ada.id).paused_until is None


def test_advancing_moves_the_queue_and_keeps_what_was_used(database: Database) -> None:
    with database.transaction() as session:
        add_readers(session, 3)
    with database.transaction() as session:
        rows = audience.due_in_range(session, 1, 3, DUE)
        digest = audience.advanced(rows[0], {"digest:2026-06-18": DUE}, DUE)
        quiet = audience.advanced(rows[1], {"digest:2026-06-18": None}, DUE)
        missed = audience.advanced(
            rows[2], {"digest:2026-06-18": None, "digest:2026-06-19": DUE + timedelta(days=1)}, DUE + timedelta(days=1)
        )
        audience.advance(session, [digest, quiet, missed])

    with database.reading() as session:
        first, second, third = audience.page(session)
        assert (first.next_due_at, first.last_digest_at, first.last_day) == (DUE + timedelta(days=1), DUE, "2026-06-18")
        assert (second.next_due_at, second.last_digest_at, second.last_day) == (DUE + timedelta(days=1), None, "2026-06-18")
        assert (third.next_due_at, third.last_digest_at, third.last_day) == (DUE + timedelta(days=2), DUE + timedelta(days=1), "2026-06-19")
        assert audience.due_ids(session, DUE) == []


def test_nothing_is_advanced_when_nobody_was_due(database: Database) -> None:
    with database.transaction() as session:
        audience.advance(session, [])


def test_what_a_range_asked_for_is_one_statement(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session, authors=("Yann LeCun",), mutes=("blockchain",))
        bob = add_reader(session, "bob@example.org", keywords=())

    with database.reading() as session:
        assert [tuple(row) for row in audience.interests_of(session, [ada.id, bob.id])] == [
            (ada.id, InterestKind.AUTHOR, "Yann LeCun"),
            (ada.id, InterestKind.KEYWORD, "mamba"),
            (ada.id, InterestKind.MUTE, "blockchain"),
            (ada.id, InterestKind.TOPIC, "robotics"),
            (bob.id, InterestKind.TOPIC, "robotics"),
        ]


def test_wishes_come_kind_by_kind_as_they_come_one_by_one(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session, authors=("Yann LeCun",), keywords=("mamba", "äther", "state, space"))
        bob = add_reader(session, "bob@example.org", keywords=(), topics=())

    with database.reading() as session:
        found = {(reader, kind): values for reader, kind, values in audience.wishes_of(session, [ada.id, bob.id])}
        rows = audience.interests_of(session, [ada.id])
    assert found == {(ada.id, kind): tuple(value for _, of, value in rows if of == kind) for kind in ("author", "keyword", "topic")}


def test_votes_are_read_the_newest_first(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        session.add(Vote(subscriber_id=ada.id, paper_key="arxiv:2606.00001", value=1, voted_at=NOON))
        session.add(Vote(subscriber_id=ada.id, paper_key="arxiv:2606.00002", value=-1, voted_at=NOON + timedelta(hours=1)))

    with database.reading() as session:
        assert [(key, value) for _, key, value, _ in audience.votes_of(session, [ada.id, 999])] == [
            ("arxiv:2606.00002", -1),
            ("arxiv:2606.00001", 1),
        ]


def test_an_address_is_read_when_it_is_needed_and_an_erased_reader_is_missing(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session, name="Ada")
        bob = add_reader(session, "bob@example.org")
        session.delete(bob)

    with database.reading() as session:
        found = audience.addresses(session, [ada.id, bob.id])
        assert list(found) == [ada.id]
        assert found[ada.id] == audience.Addressee(ada.id, "ada@example.org", ada.address_key, "Ada", Standing.ACTIVE, "Europe/London")


def test_readers_whom_no_wave_took_are_found(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        standing.leave(add_reader(session, "left@example.org"))

    with database.reading() as session:
        assert audience.overdue(session, DUE) == []
        assert audience.overdue(session, DUE + timedelta(minutes=2)) == [ada.id]


def test_the_next_day_is_counted_by_hour(database: Database) -> None:
    with database.transaction() as session:
        add_readers(session, 3)
        add_reader(session, "kathmandu@example.org", zone="Asia/Kathmandu", hour=7)
        add_reader(session, "weekly@example.org", cadence="weekly", weekday=0)

    with database.reading() as session:
        hours = audience.next_hours(session, NOON + timedelta(minutes=30))

    assert len(hours) == 24
    assert hours[0] == (NOON, 0)
    assert [(hour, readers) for hour, readers in hours if readers] == [(datetime(2026, 6, 18, 1, 0, tzinfo=UTC), 1), (DUE, 3)]


def test_the_next_due_moment_of_all_is_known(database: Database) -> None:
    with database.transaction() as session:
        assert audience.next_due_at(session, NOON) is None
        add_readers(session, 2)
        assert audience.next_due_at(session, NOON) == DUE
        assert audience.next_due_at(session, DUE) is None


def test_pages_go_by_key(database: Database) -> None:
    with database.transaction() as session:
        add_readers(session, 5)
        standing.leave(session.get_one(Subscriber, 2))

    with database.reading() as session:
        assert [row.id for row in audience.page(session, limit=2)] == [1, 2]
        assert [row.id for row in audience.page(session, after_id=2, limit=2)] == [3, 4]
        assert [row.id for row in audience.page(session, standing=Standing.LEFT)] == [2]
        assert audience.counts(session) == {
            Standing.PENDING: 0,
            Standing.ACTIVE: 4,
            Standing.PAUSED: 0,
            Standing.LEFT: 1,
            Standing.SUPPRESSED: 0,
        }


def test_a_reader_is_found_by_any_spelling_of_the_address(database: Database) -> None:
    with database.transaction() as session:
        assert audience.by_address(session, "ada@example.org") is None
        ada = add_reader(session)

        assert audience.by_address(session, " Ada@EXAMPLE.org ") is ada
        assert audience.by_address(session, "bob@example.org") is None
        assert audience.by_address(session, "no address") is None
        assert find_reader(session, "ada@example.org") is ada


def test_two_who_plan_one_range_take_turns(postgresql_database: Database) -> None:
    with postgresql_database.transaction() as session:
        ada = add_reader(session)
    with postgresql_database.transaction() as first:
        rows = audience.due_in_range(first, 1, ada.id, DUE)
        with postgresql_database.reading() as second:
            second.execute(text("SET LOCAL lock_timeout = '50ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                audience.due_in_range(second, 1, ada.id, DUE)

    assert [row.id for row in rows] == [ada.id]
