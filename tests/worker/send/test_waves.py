"""Waves: opened once, cut into ranges, closed when the account adds up."""

from datetime import timedelta

from sqlalchemy import select, update

from config.database import Database
from subscribers import audience
from subscribers.models import Subscriber
from tests.subscribers.builders import add_readers
from tests.worker.send.builders import NOW, a_row, written
from worker.send import waves
from worker.send.models import Range, State, Wave


def opened(database: Database, ids: list[int], due_at: object = NOW) -> list[int]:
    with database.transaction() as session:
        return waves.open_wave(session, [(min(ids), max(ids))], due_at=due_at, now=NOW)  # type: ignore[arg-type] # tests pass moments


def planned(database: Database, range_id: int, readers: int) -> None:
    with database.transaction() as session:
        held = waves.hold_range(session, range_id)
        assert held
        held[0].readers, held[0].planned_at = readers, NOW


def test_two_beats_open_one_wave(database: Database) -> None:
    assert len(opened(database, [1, 2, 3])) == 1
    with database.transaction() as session:
        for row in session.scalars(select(Range)):
            row.planned_at = NOW
    assert opened(database, [1, 2, 3]) == []


def due_spans(database: Database, readers_a_range: int = waves.READERS_A_RANGE) -> list[waves.Span]:
    with database.reading() as session:
        return waves.due_spans(session, NOW + timedelta(days=2), readers_a_range)


def test_a_wave_is_cut_into_ranges_that_cover_every_reader_once(database: Database) -> None:
    with database.transaction() as session:
        add_readers(session, 7)
        ids = audience.due_ids(session, NOW + timedelta(days=2))
    spans = due_spans(database, 3)
    assert [sum(first <= reader <= last for first, last in spans) for reader in ids] == [1] * len(ids)
    assert len(spans) == 3


def test_readers_of_a_range_that_nobody_planned_yet_are_not_put_into_the_next_wave(database: Database) -> None:
    with database.transaction() as session:
        add_readers(session, 9)
    opened(database, [3, 4])
    opened(database, [6, 8], NOW + timedelta(minutes=1))
    assert due_spans(database) == [(1, 2), (5, 5), (9, 9)]
    with database.reading() as session:
        assert waves.uncovered(session, [1, 3, 7, 9]) == [(1, 1), (9, 9)]
    opened(database, [1, 9], NOW + timedelta(minutes=2))
    assert due_spans(database) == []


def test_nobody_due_opens_no_wave(database: Database) -> None:
    with database.transaction() as session:
        assert waves.open_wave(session, waves.due_spans(session, NOW), due_at=NOW, now=NOW) == []
        assert waves.recent(session) == []


def test_a_range_is_planned_once(database: Database) -> None:
    [range_id] = opened(database, [1])
    planned(database, range_id, 1)
    with database.transaction() as session:
        assert waves.hold_range(session, range_id) is None


def test_a_wave_closes_when_everything_is_settled_and_its_account_adds_up(database: Database) -> None:
    [range_id] = opened(database, [1, 2])
    with database.reading() as session:
        wave_id = session.scalars(select(Wave.id)).one()
    written(database, a_row(1, wave_id=wave_id, state=State.ACCEPTED), a_row(2, wave_id=wave_id))
    planned(database, range_id, 2)
    with database.transaction() as session:
        assert waves.close_finished(session, now=NOW) == []
        session.execute(Wave.metadata.tables["deliveries"].update().values(state=State.SKIPPED))
    with database.transaction() as session:
        [account] = waves.close_finished(session, now=NOW)
    assert (account.counted, account.balance, account.states) == (2, 0, {State.SKIPPED: 2})
    with database.reading() as session:
        assert waves.wrong(session, since=NOW) == []
        assert waves.recent(session) == [account], "a closed wave is told as it was added up"


def test_an_account_that_does_not_add_up_is_shown(database: Database) -> None:
    [range_id] = opened(database, [1, 2])
    planned(database, range_id, 2)
    with database.transaction() as session:
        [account] = waves.close_finished(session, now=NOW)
    assert account.balance == -2
    with database.reading() as session:
        [wrong] = waves.wrong(session, since=NOW)
        assert wrong.balance == -2


def test_a_reader_whom_no_wave_took_fails_the_check(database: Database) -> None:
    with database.transaction() as session:
        add_readers(session, 2)
        session.execute(update(Subscriber).values(next_due_at=NOW - timedelta(minutes=3)))
    [range_id] = opened(database, [7, 8])
    planned(database, range_id, 0)
    with database.transaction() as session:
        [account] = waves.close_finished(session, now=NOW)
    assert (account.balance, account.overdue, account.is_wrong) == (0, 2, True)
    with database.reading() as session:
        assert [one.overdue for one in waves.wrong(session, since=NOW)] == [2]
