from datetime import UTC, datetime, timedelta

import pytest

from config.database import Database
from subscribers import audience, standing
from subscribers.models import Standing, Subscriber
from subscribers.standing import Act, Reason
from tests.subscribers.builders import NOON, add_reader

DUE = datetime(2026, 6, 18, 7, 0, tzinfo=UTC)


def test_every_step_of_the_table_leads_somewhere_else_or_nowhere_twice() -> None:
    for (_, act), target in standing.TRANSITIONS.items():
        again = standing.TRANSITIONS.get((target, act), target)
        assert again is target, f"{act} twice must be {act} once"


def test_confirming_makes_a_reader_active_and_due_once_rested_from_the_welcome(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session, confirmed=False)

        assert standing.confirm(ada, NOON)
        assert (ada.standing, ada.confirmed_at, ada.next_due_at) == (Standing.ACTIVE, NOON, datetime(2026, 6, 19, 7, 0, tzinfo=UTC))
        assert not standing.confirm(ada, NOON + timedelta(days=1))
        assert ada.confirmed_at == NOON


def test_a_pause_clears_the_queue_until_its_end(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)

        assert standing.pause(ada, NOON + timedelta(days=10), NOON)
        assert (ada.standing, ada.next_due_at) == (Standing.PAUSED, datetime(2026, 6, 28, 7, 0, tzinfo=UTC))
        assert standing.pause(ada, NOON + timedelta(days=2), NOON)
        assert ada.next_due_at == datetime(2026, 6, 20, 7, 0, tzinfo=UTC)
        assert standing.resume(ada, NOON)
        assert (ada.standing, ada.paused_until, ada.next_due_at) == (Standing.ACTIVE, None, DUE)
        assert not standing.resume(ada, NOON)


def test_a_pause_that_is_over_is_none(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)

        assert not standing.pause(ada, NOON, NOON)
        assert ada.standing == Standing.ACTIVE


@pytest.mark.parametrize("confirmed", [True, False])
def test_leaving_ends_all_mail_and_may_be_done_twice(database: Database, confirmed: bool) -> None:
    with database.transaction() as session:
        ada = add_reader(session, confirmed=confirmed)

        assert standing.leave(ada)
        assert (ada.standing, ada.next_due_at) == (Standing.LEFT, None)
        assert not standing.leave(ada)
        assert not standing.resume(ada, NOON)
        assert not standing.pause(ada, NOON + timedelta(days=1), NOON)


@pytest.mark.parametrize("standing_before", list(Standing))
def test_leaving_by_the_number_is_leaving(database: Database, standing_before: Standing) -> None:
    with database.transaction() as session:
        slow, fast = (add_reader(session, f"{name}@example.org") for name in ("slow", "fast"))
        slow.standing = fast.standing = standing_before

    with database.transaction() as session:
        changed = standing.leave_all(session, [fast.id, 999])
        assert changed == ({fast.id} if standing.leave(slow) else set())
        assert not standing.leave_all(session, [fast.id, 999])
    with database.reading() as session:
        row = session.get_one(Subscriber, fast.id)
        assert (row.standing, row.next_due_at is None) == (slow.standing, slow.next_due_at is None)


def test_who_left_comes_back_by_confirming(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        standing.leave(ada)

        assert standing.confirm(ada, NOON)
        assert ada.standing == Standing.ACTIVE


def test_a_leave_can_be_taken_back_by_who_had_confirmed(database: Database) -> None:
    with database.transaction() as session:
        ada, bob = add_reader(session), add_reader(session, "bob@example.org", confirmed=False)
        eve = add_reader(session, "eve@example.org")
        for row in (ada, bob, eve):
            standing.leave(row)
        standing.suppress(session, eve.address_key, Reason.COMPLAINED, NOON)

        assert standing.take_back(session, ada, NOON)
        assert (ada.standing, ada.next_due_at) == (Standing.ACTIVE, DUE)
        assert not standing.take_back(session, ada, NOON)
        assert not standing.take_back(session, bob, NOON)
        assert not standing.take_back(session, eve, NOON)
        assert (bob.standing, eve.standing) == (Standing.LEFT, Standing.LEFT)


def test_suppressing_an_address_stops_its_reader_and_bars_it_for_good(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)

        assert standing.suppress(session, ada.address_key, Reason.BOUNCED, NOON, "550 5.1.1 no such user")
        assert (ada.standing, ada.next_due_at) == (Standing.SUPPRESSED, None)
        assert not standing.suppress(session, ada.address_key, Reason.BOUNCED, NOON + timedelta(days=1))
        assert not standing.confirm(ada, NOON)
        kept = standing.suppression(session, ada.address_key)
        assert kept is not None
        assert (kept.reason, kept.detail, kept.since) == ("bounced", "550 5.1.1 no such user", NOON)


def test_a_stronger_reason_replaces_a_weaker_one_and_never_the_reverse(database: Database) -> None:
    key = b"k" * 32
    with database.transaction() as session:
        for reason in (Reason.BOUNCED, Reason.COMPLAINED, Reason.BOUNCED, Reason.PROVIDER):
            standing.suppress(session, key, reason, NOON)

        kept = standing.suppression(session, key)
        assert kept is not None
        assert kept.reason == Reason.COMPLAINED


@pytest.mark.parametrize("reason", [Reason.BOUNCED, Reason.PROVIDER, Reason.OPERATOR])
def test_lifting_brings_a_reader_back_to_where_they_were(database: Database, reason: Reason) -> None:
    with database.transaction() as session:
        active, pending = add_reader(session, "ada@example.org"), add_reader(session, "bob@example.org", confirmed=False)
        paused, left = add_reader(session, "eve@example.org"), add_reader(session, "tim@example.org")
        standing.pause(paused, NOON + timedelta(days=10), NOON)
        standing.leave(left)
        for row in (active, pending, paused, left):
            standing.suppress(session, row.address_key, reason, NOON)

        assert all(standing.lift(session, row.address_key, NOON) for row in (active, pending, paused, left))
        assert (active.standing, active.next_due_at) == (Standing.ACTIVE, DUE)
        assert (pending.standing, pending.next_due_at) == (Standing.PENDING, None)
        assert (paused.standing, paused.next_due_at) == (Standing.PAUSED, datetime(2026, 6, 28, 7, 0, tzinfo=UTC))
        assert (left.standing, left.next_due_at) == (Standing.LEFT, None)
        assert not standing.lift(session, active.address_key, NOON)


def test_a_pause_that_ended_while_the_address_was_suppressed_is_over(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        standing.pause(ada, NOON + timedelta(days=1), NOON)
        standing.suppress(session, ada.address_key, Reason.PROVIDER, NOON)

        standing.lift(session, ada.address_key, NOON + timedelta(days=2))
        assert (ada.standing, ada.paused_until) == (Standing.ACTIVE, None)


def test_who_complained_has_left_once_the_operator_lifts_it(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        standing.suppress(session, ada.address_key, Reason.COMPLAINED, NOON)

        assert standing.lift(session, ada.address_key, NOON)
        assert (ada.standing, ada.next_due_at) == (Standing.LEFT, None)


def test_a_bounced_address_may_be_asked_again(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        standing.suppress(session, ada.address_key, Reason.BOUNCED, NOON)

        standing.reopen(session, ada.address_key)
        assert ada.standing == Standing.PENDING
        assert standing.suppression(session, ada.address_key) is None


def test_nobody_but_the_active_and_the_paused_is_ever_queued(database: Database) -> None:
    acts = {
        Act.CONFIRM: lambda row: standing.confirm(row, NOON),
        Act.PAUSE: lambda row: standing.pause(row, NOON + timedelta(days=3), NOON),
        Act.RESUME: lambda row: standing.resume(row, NOON),
        Act.LEAVE: standing.leave,
    }
    with database.transaction() as session:
        for number, (first, second) in enumerate((first, second) for first in acts.values() for second in acts.values()):
            for confirmed in (True, False):
                row: Subscriber = add_reader(session, f"reader{number}{confirmed}@example.org", confirmed=confirmed)
                first(row)
                second(row)
                assert (row.next_due_at is not None) == (row.standing in (Standing.ACTIVE, Standing.PAUSED))
        session.flush()
        assert set(audience.due_ids(session, NOON + timedelta(days=30))) == {
            row.id for row in audience.page(session, limit=100) if row.next_due_at
        }
