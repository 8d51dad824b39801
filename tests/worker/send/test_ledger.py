"""The ledger on both databases: who may take what, and what an answer makes of it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from config.database import Database
from subscribers import cadence
from tests.worker.send.builders import NOW, a_process, a_row, states, written
from worker.send import held, retention
from worker.send.ledger import claims, outcomes, steering, writing
from worker.send.ledger.claims import Front
from worker.send.ledger.outcomes import Settlement
from worker.send.models import Delivery, Kind, State
from worker.send.port import Outcome, Verdict


def taken(database: Database, owner: int, limit: int = 10, kind: Kind = Kind.DIGEST, now: object = NOW) -> list[claims.Claimed]:
    with database.transaction() as session:
        return claims.claim(session, owner=owner, kind=kind, now=now, limit=limit)  # type: ignore[arg-type] # tests pass moments


def settled(database: Database, owner: int, *settlements: Settlement) -> None:
    with database.transaction() as session:
        outcomes.settle(session, owner, settlements)


def asked_by(session: Session, act: Callable[[], object]) -> tuple[str, Any]:
    """The statement that the database gets, and its values."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        seen.append((statement, values))

    event.listen(session.get_bind(), "before_cursor_execute", note)
    act()
    event.remove(session.get_bind(), "before_cursor_execute", note)
    [asked] = seen
    return asked


def test_a_reader_gets_at_most_one_delivery_an_occasion(database: Database) -> None:
    with database.transaction() as session:
        assert writing.write(session, [a_row(1), a_row(2)]) == 2
    with database.transaction() as session:
        assert writing.write(session, [a_row(1), a_row(1, occasion="digest:2026-06-18")]) == 1


def test_what_is_claimed_is_claimed_by_one_owner_only(database: Database) -> None:
    written(database, *[a_row(reader) for reader in range(1, 8)])
    first, second = a_process(database), a_process(database)
    mine, yours = taken(database, first, 4), taken(database, second)
    assert len(mine) == 4
    assert {one.id for one in mine}.isdisjoint(one.id for one in yours)
    assert taken(database, first) == []


def test_many_hands_at_once_claim_each_delivery_once(database: Database) -> None:
    written(database, *[a_row(reader) for reader in range(1, 301)])
    owners = [a_process(database) for _ in range(4)]
    found: list[int] = []

    def work(owner: int) -> None:
        while got := taken(database, owner, 7):
            found.extend(one.id for one in got)

    hands = [threading.Thread(target=work, args=(owner,)) for owner in owners]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sorted(found) == sorted(set(found))
    assert len(found) == 300


def test_what_is_not_due_yet_is_not_claimed(database: Database) -> None:
    written(database, a_row(1, next_attempt_at=NOW + timedelta(minutes=1)), a_row(2))
    assert [one.subscriber_id for one in taken(database, a_process(database))] == [2]


def test_letters_and_digests_are_lanes_of_their_own(database: Database) -> None:
    written(database, a_row(1), a_row(2, kind=Kind.LETTER, occasion="confirm:1"))
    owner = a_process(database)
    assert [one.subscriber_id for one in taken(database, owner, kind=Kind.LETTER)] == [2]


def test_an_accepted_delivery_keeps_who_took_it_and_the_hash_of_its_address(database: Database) -> None:
    written(database, a_row(1))
    owner = a_process(database)
    [claimed] = taken(database, owner)
    outcome = Outcome(claimed.id, Verdict.ACCEPTED, "250 2.0.0", "queued as 1", "1")
    settled(database, owner, outcomes.settlement(claimed, outcome, now=NOW, mailer="smtp relay:25"))
    with database.reading() as session:
        row = session.get_one(Delivery, claimed.id)
        assert (row.state, row.code, row.mailer, row.provider_id, row.owner) == ("accepted", "250 2.0.0", "smtp relay:25", "1", None)
        assert row.settled_at == NOW


WORDS = ['"', "\\", '\\"', "{}", "NULL", "null", ",", " ", "", "é 😀", "it's; -- $1 %s :id", "tab\tline\nfeed", "\\x41"]


def test_whatever_a_server_says_is_written_as_it_is(database: Database) -> None:
    ids = written(database, *[a_row(reader) for reader in range(1, len(WORDS) + 1)])
    owner = a_process(database)
    taken(database, owner, limit=len(ids))
    hashes = [bytes([number]) * 32 if number else None for number in range(len(ids))]
    each = zip(ids, WORDS, hashes, strict=True)
    settled(
        database, owner, *[Settlement(number, State.REFUSED, NOW, said, said[:16], said, said, digest) for number, said, digest in each]
    )
    with database.reading() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        assert [(row.reason, row.code, row.mailer, row.provider_id) for row in rows] == [(said, said[:16], said, said) for said in WORDS]
        assert [row.address_hash for row in rows] == hashes
        assert {(row.state, row.settled_at, row.owner, row.attempts) for row in rows} == {("refused", NOW, None, 1)}


@pytest.mark.parametrize(("attempt", "minutes"), [(1, 1), (2, 5), (3, 30), (4, 120), (5, 360), (6, 720)])
def test_a_deferred_delivery_waits_longer_each_time(attempt: int, minutes: int) -> None:
    assert outcomes.next_attempt(attempt, NOW + timedelta(days=3), NOW) == NOW + timedelta(minutes=minutes)


def test_a_delivery_that_would_be_stale_by_its_next_attempt_has_failed(database: Database) -> None:
    written(database, a_row(1, stale_at=NOW + timedelta(seconds=50)))
    owner = a_process(database)
    [claimed] = taken(database, owner)
    settled(database, owner, outcomes.settlement(claimed, Outcome(claimed.id, Verdict.DEFERRED, "451", "later"), now=NOW, mailer="m"))
    with database.reading() as session:
        assert states(session) == {claimed.id: State.FAILED}


def test_a_claim_given_back_unbegun_does_not_count_as_an_attempt(database: Database) -> None:
    [delivery] = written(database, a_row(1))
    owner = a_process(database)
    taken(database, owner)
    settled(database, owner, Settlement(delivery, State.WAITING, NOW, next_attempt_at=NOW, uncounted=1))
    [again] = taken(database, owner)
    assert again.attempts == 1


def test_an_owner_that_was_given_up_cannot_take_back_what_another_holds(database: Database) -> None:
    [delivery] = written(database, a_row(1))
    slow, quick = a_process(database), a_process(database)
    taken(database, slow)
    with database.transaction() as session:
        claims.give_back_unbegun(session, slow, [], now=NOW)
    taken(database, quick)
    settled(database, slow, Settlement(delivery, State.REFUSED, NOW))
    with database.reading() as session:
        assert states(session) == {delivery: State.CLAIMED}


def test_late_news_that_a_mail_was_accepted_keeps_it_from_going_out_again(database: Database) -> None:
    [delivery] = written(database, a_row(1))
    owner = a_process(database)
    taken(database, owner)
    with database.transaction() as session:
        assert claims.mark_unknown(session, owner, now=NOW, words="its process died") == 1
    settled(database, owner, Settlement(delivery, State.ACCEPTED, NOW))
    with database.reading() as session:
        assert states(session) == {delivery: State.ACCEPTED}


def test_what_a_dead_owner_had_begun_is_unknown_and_the_rest_waits_again(database: Database) -> None:
    begun, unbegun = written(database, a_row(1), a_row(2))
    owner = a_process(database)
    taken(database, owner)
    with database.transaction() as session:
        claims.give_back_unbegun(session, owner, [begun], now=NOW)
        claims.mark_unknown(session, owner, now=NOW, words="its process died")
    with database.reading() as session:
        assert states(session) == {begun: State.UNKNOWN, unbegun: State.WAITING}


def test_the_policy_resend_brings_unknown_deliveries_back_until_they_are_stale(database: Database) -> None:
    fresh, old = written(database, a_row(1, state=State.UNKNOWN), a_row(2, state=State.UNKNOWN, stale_at=NOW))
    with database.transaction() as session:
        assert steering.resend_unknown(session, now=NOW) == 1
    with database.reading() as session:
        assert states(session) == {fresh: State.WAITING, old: State.UNKNOWN}


def test_what_waits_past_its_use_is_stale(database: Database) -> None:
    [delivery] = written(database, a_row(1))
    with database.transaction() as session:
        assert steering.expire(session, now=NOW + timedelta(hours=20)) == 1
    with database.reading() as session:
        assert states(session) == {delivery: State.STALE}


@pytest.mark.parametrize(
    "ask",
    [
        retention.ledger_bites(NOW)[0],
        lambda session: steering.refused(session, None, now=NOW),
        lambda session: held.scrub(session, NOW - timedelta(days=2)),
    ],
    ids=["old", "refused", "erased"],
)
def test_what_is_settled_is_found_by_when_it_was_due(database: Database, ask: Callable[[Session], object]) -> None:
    days = [timedelta(days=number % 80 + 5) for number in range(2000)]
    written(database, *[a_row(reader, state=State.ACCEPTED, due_at=NOW - ago) for reader, ago in enumerate(days, start=1)])
    with database.transaction() as session:
        session.execute(text("ANALYZE deliveries"))
        statement, values = asked_by(session, lambda: ask(session))
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        plan = str(session.connection().exec_driver_sql(f"{explain} {statement}", values).all())
    assert "ix_deliveries_due_at" in plan


@pytest.mark.parametrize("front", [Front(), Front(after=(NOW, 7), held_back=[3], unpaced=True)], ids=["anywhere", "behind"])
def test_a_claim_walks_no_further_than_it_takes_even_if_nothing_waited_when_the_planner_last_looked(
    database: Database, front: Front
) -> None:
    owner = a_process(database)
    written(database, *[a_row(reader, state=State.ACCEPTED) for reader in range(1, 2000)])
    with database.transaction() as session:
        session.execute(text("ANALYZE deliveries"))
        statement, values = asked_by(session, lambda: claims.claim(session, owner=owner, kind=Kind.DIGEST, now=NOW, limit=9, front=front))
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        plan = str(session.connection().exec_driver_sql(f"{explain} {statement}", values).all())
    assert "ix_deliveries_waiting" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE FOR ORDER BY" not in plan


def test_what_is_stale_is_found_among_all_that_waits_by_an_index(database: Database) -> None:
    written(database, *[a_row(reader) for reader in range(1, 2000)], a_row(2000, stale_at=NOW))
    with database.transaction() as session:
        session.execute(text("ANALYZE deliveries"))
        statement, values = asked_by(session, lambda: steering.expire(session, now=NOW))
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        plan = str(session.connection().exec_driver_sql(f"{explain} {statement}", values).all())
    assert "ix_deliveries_stale" in plan


def test_planning_reads_what_a_reader_has_or_may_have_and_the_days_it_was_spared(database: Database) -> None:
    every = [a_row(reader, state=state, papers=b"papers..") for reader, state in enumerate(State, start=1)]
    written(database, *every, a_row(99, due_at=NOW - timedelta(days=17)))
    with database.reading() as session:
        seen = writing.past(session, range(1, 100), since=NOW - timedelta(days=16))
    assert {one.state for one in seen} == {State.WAITING, State.CLAIMED, State.ACCEPTED, State.UNKNOWN, State.SKIPPED}


def test_a_readers_papers_and_the_quiet_days_since_the_last_mail_come_as_one_row(database: Database) -> None:
    def on(days_ago: int, state: State, papers: bytes = b"") -> dict[str, object]:
        due_at = NOW - timedelta(days=days_ago)
        return a_row(1, occasion=f"digest:{due_at:%Y-%m-%d}", due_at=due_at, state=state, papers=papers)

    written(
        database,
        on(4, State.SKIPPED),
        on(3, State.ACCEPTED, b"third..."),
        on(2, State.SKIPPED),
        on(1, State.SKIPPED),
        on(5, State.UNKNOWN, b"fifth..."),
        on(6, State.FAILED, b"given up"),
        on(17, State.ACCEPTED, b"too long"),
        a_row(2, state=State.SKIPPED),
        a_row(3, state=State.FAILED, papers=b"given up"),
    )
    with database.reading() as session:
        rows = {row.subscriber_id: row for row in writing.remembered(session, [1, 2, 3, 4], since=NOW - timedelta(days=16))}
    assert rows.keys() == {1, 2}
    assert sorted(rows[1].papers[place : place + 8] for place in (0, 8)) == [b"fifth...", b"third..."]
    assert len(rows[1].papers) == 16
    assert list(rows[1].quiet) == [NOW - timedelta(days=2), NOW - timedelta(days=1)]
    assert (rows[2].papers, list(rows[2].quiet)) == (b"", [NOW])


def test_every_digest_of_the_last_days_is_remembered_whatever_its_key(database: Database) -> None:
    """Keys of weeks and of days, at the turn of a year too; and a welcome."""
    moments = [NOW, *(datetime(2027, 1, day, 1, tzinfo=UTC) for day in range(1, 19, 2))]
    every: dict[int, datetime] = {}
    rows = []
    for number, (newest, zone) in enumerate(product(moments, ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"))):
        due = [newest - timedelta(days=days) for days in range(16)]
        rows += [(3 * number + 1, cadence.occasion("daily", at, zone), at) for at in due]
        rows += [(3 * number + 2, cadence.occasion("weekly", at, zone), at) for at in due[::7]]
        rows.append((3 * number + 3, "welcome:1", due[-1]))
        every[number] = due[-1]
    written(database, *[a_row(reader, occasion=key, due_at=at, papers=b"eight...") for reader, key, at in rows])
    with database.reading() as session:
        for number, since in every.items():
            found = writing.remembered(session, [3 * number + 1, 3 * number + 2, 3 * number + 3], since=since)
            assert {row.subscriber_id - 3 * number: len(row.papers) // 8 for row in found} == {1: 16, 2: 3, 3: 1}


def test_many_rows_are_written_as_few_are(database: Database) -> None:
    rows = [a_row(reader, content={"a": ["\t\\N", "ümlaut", None]}, papers=bytes(range(256))) for reader in range(1, 3 * writing.FEW)]
    with database.transaction() as session:
        assert writing.write(session, rows[:9]) == 9
        assert writing.write(session, rows) == len(rows) - 9
        assert writing.write(session, rows) == 0
    with database.reading() as session:
        found = list(session.scalars(select(Delivery).order_by(Delivery.subscriber_id)))
    assert [row.subscriber_id for row in found] == [row["subscriber_id"] for row in rows]
    first, last = (
        {key: value for key, value in vars(row).items() if key not in {"_sa_instance_state", "id", "subscriber_id"}}
        for row in (found[0], found[-1])
    )
    assert first == last
    assert last["content"] == {"a": ["\t\\N", "ümlaut", None]}
    assert last["papers"] == bytes(range(256))
