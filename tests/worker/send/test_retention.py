"""What is forgotten, and what never is while somebody may still need it."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from config.clock import SetClock
from config.database import Database
from tests.worker.send.builders import NOW, a_process, a_row, written
from tests.worker.send.world import World
from worker.send import retention, waves
from worker.send.models import Delivery, Process, Range, State, Wave

LONG_AGO = NOW - retention.DELIVERIES - timedelta(days=1)


@pytest.fixture
def world(database: Database, clock: SetClock, tmp_path: Path) -> World:
    return World(database, clock, tmp_path)


def left(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(select(Delivery.subscriber_id).order_by(Delivery.subscriber_id)))


def a_wave(database: Database, *, closed: bool) -> int:
    with database.transaction() as session:
        wave = Wave(due_at=LONG_AGO + timedelta(minutes=closed), opened_at=LONG_AGO, closed_at=LONG_AGO if closed else None, account={})
        session.add(wave)
        session.flush()
        session.add(Range(wave_id=wave.id, first_id=1, last_id=9, readers=1, planned_at=LONG_AGO))
        return wave.id


def test_deliveries_go_after_ninety_days_but_for_those_on_their_way_and_those_of_a_wave_that_is_open(world: World) -> None:
    closed, unfinished = a_wave(world.database, closed=True), a_wave(world.database, closed=False)
    done = {"due_at": LONG_AGO, "state": State.ACCEPTED}
    written(
        world.database,
        a_row(1, wave_id=closed, **done),
        a_row(2, wave_id=unfinished, **done),
        a_row(3, **done),
        a_row(4, due_at=LONG_AGO),
        a_row(5, state=State.ACCEPTED),
    )
    world.office.prune()
    assert left(world.database) == [2, 4, 5]
    with world.database.reading() as session:
        assert list(session.scalars(select(Range.wave_id))) == [unfinished]


def test_a_process_row_stays_while_it_holds_a_claim(world: World) -> None:
    idle, holding = a_process(world.database), a_process(world.database)
    with world.database.transaction() as session:
        for process in session.scalars(select(Process)):
            process.ended_at = NOW - timedelta(days=9)
    written(world.database, a_row(1, state=State.CLAIMED, owner=holding))
    world.office.prune()
    with world.database.reading() as session:
        assert list(session.scalars(select(Process.id))) == [holding]
    assert idle != holding


def test_forgetting_stops_when_its_time_is_over_and_goes_on_next_time(world: World) -> None:
    written(world.database, *[a_row(reader, due_at=LONG_AGO, state=State.ACCEPTED) for reader in range(1, 4)])

    def bite(session: object) -> int:
        del session
        world.clock.sleep(6)
        return 1

    assert retention.prune(world.database, world.clock, [bite], seconds=10) == 2


def test_a_wave_never_waits_for_forgetting_nor_forgetting_for_a_wave(
    postgresql_database: Database, clock: SetClock, tmp_path: Path
) -> None:
    url = postgresql_database.url.update_query_dict({"options": "-c lock_timeout=300"})
    impatient = Database(url.render_as_string(hide_password=False))
    world = World(impatient, clock, tmp_path)
    world.list_papers()
    world.subscribe("ada@example.org", "bob@example.org")
    closed, unfinished = a_wave(impatient, closed=True), a_wave(impatient, closed=False)
    written(impatient, *[a_row(900 + n, wave_id=closed, due_at=LONG_AGO, state=State.ACCEPTED) for n in range(3)])
    written(impatient, a_row(990, wave_id=unfinished, due_at=LONG_AGO, state=State.ACCEPTED))
    clock.move_to(world.at(17, 7))
    [held] = world.office.open_wave()
    with postgresql_database.transaction() as planning:
        assert waves.hold_range(planning, held)
        planning.scalars(select(Delivery).where(Delivery.subscriber_id == 900).with_for_update()).one()
        world.office.prune()
        assert left(impatient) == [900, 990], "what somebody holds stays for the next hour"
    with postgresql_database.transaction() as forgetting:
        assert retention.ledger_bites(clock.now())[0](forgetting) == 1
        assert world.tick().total == 2
    assert len(world.mails()) == 2
    world.close()
    impatient.close()


def test_a_wave_goes_when_nothing_of_it_is_left(world: World) -> None:
    gone, kept = a_wave(world.database, closed=True), a_wave(world.database, closed=False)
    written(world.database, a_row(1, wave_id=gone, due_at=LONG_AGO, state=State.ACCEPTED))
    world.office.prune()
    with world.database.reading() as session:
        assert list(session.scalars(select(Wave.id))) == [kept]
