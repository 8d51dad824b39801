"""Waves: opened once, cut into ranges, closed when the account adds up."""

from datetime import timedelta

from sqlalchemy import select

from config.database import Database
from tests.worker.send.builders import NOW, a_row, written
from worker.send import waves
from worker.send.models import Range, State, Wave


def opened(database: Database, ids: list[int], due_at: object = NOW) -> list[int]:
    with database.transaction() as session:
        return waves.open_wave(session, ids, due_at=due_at, now=NOW)  # type: ignore[arg-type] # tests pass moments


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


def test_a_wave_is_cut_into_ranges_that_cover_every_reader_once(database: Database) -> None:
    ids = list(range(10, 10 + 2 * waves.READERS_A_RANGE + 1))
    opened(database, ids)
    with database.reading() as session:
        spans = [(row.first_id, row.last_id) for row in session.scalars(select(Range).order_by(Range.id))]
    assert [sum(first <= reader <= last for first, last in spans) for reader in ids] == [1] * len(ids)
    assert len(spans) == 3


def test_readers_of_a_range_that_nobody_planned_yet_are_not_put_into_the_next_wave(database: Database) -> None:
    opened(database, [1, 5, 9])
    assert opened(database, [5, 9], NOW + timedelta(minutes=1)) == []
    assert len(opened(database, [5, 9, 20], NOW + timedelta(minutes=2))) == 1
    with database.reading() as session:
        assert session.scalars(select(Range.first_id).order_by(Range.id.desc())).first() == 20


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
        assert waves.unbalanced(session, since=NOW) == []


def test_an_account_that_does_not_add_up_is_shown(database: Database) -> None:
    [range_id] = opened(database, [1, 2])
    planned(database, range_id, 2)
    with database.transaction() as session:
        [account] = waves.close_finished(session, now=NOW)
    assert account.balance == -2
    with database.reading() as session:
        assert len(waves.unbalanced(session, since=NOW)) == 1
