"""The operator's hand: halt and go on, pause, resume and cancel, each idempotent, and every account adds up afterwards."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from config.clock import SetClock
from config.database import Database
from tests.worker.send.builders import NOW, a_row, states, written
from tests.worker.send.world import World
from worker.send import control, waves
from worker.send.models import Course, Delivery, Range, State, Wave


def a_wave(database: Database, *readers: int, due_at: object = NOW, planned: bool = True) -> int:
    """An open wave in which each of these readers has a delivery that waits; its id."""
    with database.transaction() as session:
        wave = Wave(due_at=due_at, opened_at=NOW, account={})
        session.add(wave)
        session.flush()
        count, planned_at = (len(readers), NOW) if planned else (0, None)
        session.add(Range(wave_id=wave.id, first_id=min(readers), last_id=max(readers), readers=count, planned_at=planned_at))
        wave_id = wave.id
    if planned:
        written(database, *[a_row(reader, wave_id=wave_id, occasion=f"digest:{wave_id}") for reader in readers])
    return wave_id


def course(database: Database, wave_id: int) -> Course:
    with database.reading() as session:
        return Course(session.get_one(Wave, wave_id).state)


def test_halting_twice_is_halting_once_and_going_on_forgets_it(database: Database) -> None:
    with database.transaction() as session:
        assert control.halted(session) is None
        assert control.halt(session, now=NOW)
        assert not control.halt(session, now=NOW + timedelta(hours=1))
    with database.transaction() as session:
        assert control.halted(session) == NOW
        assert control.go_on(session)
        assert not control.go_on(session)
        assert control.halted(session) is None


def test_a_paused_wave_is_held_back_until_it_is_resumed(database: Database) -> None:
    first, second = a_wave(database, 1, 2), a_wave(database, 3, due_at=NOW + timedelta(minutes=1))
    with database.transaction() as session:
        [steered] = control.pause(session, [first])
        assert (steered.wave_id, steered.was, steered.deliveries) == (first, Course.OPEN, 2)
        [again] = control.pause(session, [first])
        assert again.was == Course.PAUSED
    with database.transaction() as session:
        assert waves.held_back(session) == [first]
        assert [one.wave_id for one in control.pause(session, None)] == [first, second]
    with database.transaction() as session:
        assert waves.held_back(session) == [first, second]
        assert [one.was for one in control.resume(session, None)] == [Course.PAUSED, Course.PAUSED]
    with database.reading() as session:
        assert waves.held_back(session) == []


def test_a_cancelled_wave_sends_nothing_more_and_its_account_adds_up(database: Database) -> None:
    wave = a_wave(database, 1, 2, 3)
    with database.transaction() as session:
        session.execute(update(Delivery).where(Delivery.subscriber_id == 1).values(state=State.ACCEPTED))
        session.execute(update(Delivery).where(Delivery.subscriber_id == 2).values(state=State.CLAIMED))
    with database.transaction() as session:
        [steered] = control.cancel(session, [wave], now=NOW)
        assert (steered.was, steered.deliveries) == (Course.OPEN, 1)
    with database.transaction() as session:
        assert waves.held_back(session) == [wave]
        assert [state for _, state in sorted(states(session).items())] == [State.ACCEPTED, State.CLAIMED, State.CANCELLED]
        assert session.scalars(select(Delivery.reason).where(Delivery.state == State.CANCELLED)).one() == control.CALLED_OFF
        session.execute(update(Delivery).where(Delivery.subscriber_id == 2).values(state=State.WAITING))  # it was deferred
    with database.transaction() as session:
        assert control.sweep(session, now=NOW) == 1
        [account] = waves.close_finished(session, now=NOW)
    assert (account.counted, account.balance) == (3, 0)
    assert account.states == {State.ACCEPTED: 1, State.CANCELLED: 2}
    assert course(database, wave) == Course.CANCELLED
    with database.transaction() as session:
        assert waves.held_back(session) == []
        [again] = control.cancel(session, [wave], now=NOW)
        assert (again.was, again.deliveries) == (Course.CANCELLED, 0)


def test_a_wave_that_is_over_or_was_never_there_cannot_be_steered(database: Database) -> None:
    over, off = a_wave(database, 1), a_wave(database, 2, due_at=NOW + timedelta(minutes=1))
    with database.transaction() as session:
        session.execute(update(Delivery).where(Delivery.wave_id == over).values(state=State.ACCEPTED))
    with database.transaction() as session:
        waves.close_finished(session, now=NOW)
        control.cancel(session, [off], now=NOW)
    for steer in (control.pause, control.resume):
        for wave, words in ((over, "is over"), (off, "was cancelled"), (99, "there is no wave 99")):
            with database.transaction() as session, pytest.raises(control.SteeringError, match=words):
                steer(session, [wave])
    with database.transaction() as session, pytest.raises(control.SteeringError, match="is over"):
        control.cancel(session, [over], now=NOW)
    with database.transaction() as session:
        assert control.pause(session, None) == [], "all means all that is open"


def test_what_is_planned_of_a_cancelled_wave_is_written_down_and_never_sent(database: Database, clock: SetClock, tmp_path: Path) -> None:
    world = World(database, clock, tmp_path)
    world.list_papers()
    [ada, bob] = world.subscribe("ada@example.org", "bob@example.org")
    clock.move_to(world.at(17, 7))
    ranges = world.office.open_wave()
    with database.transaction() as session:
        control.cancel(session, None, now=clock.now())
    assert [world.office.plan_range(one) for one in ranges] == [2]
    world.tick()
    assert world.ledger() == [(ada, "digest:2026-06-17", "cancelled"), (bob, "digest:2026-06-17", "cancelled")]
    with database.reading() as session:
        [account] = waves.recent(session)
        assert (account.counted, account.balance, account.course) == (2, 0, Course.CANCELLED)
    clock.move_to(world.at(18, 7))
    world.tick()
    assert len(world.mails()) == 2, "the next day's digests bring the papers that were given back"
    world.close()


def test_cancelling_waits_for_a_range_that_is_just_being_planned(postgresql_database: Database) -> None:
    wave = a_wave(postgresql_database, 1, planned=False)
    with postgresql_database.transaction() as planning:
        assert waves.hold_range(planning, 1)
        with postgresql_database.reading() as operator:
            operator.execute(text("SET LOCAL lock_timeout = '50ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                control.cancel(operator, [wave], now=NOW)


def test_a_retry_opens_its_wave_again_until_it_is_settled(database: Database) -> None:
    wave = a_wave(database, 1, 2, 3)
    with database.transaction() as session:
        session.execute(update(Delivery).values(state=State.FAILED, attempts=7))
        session.execute(update(Delivery).where(Delivery.subscriber_id == 3).values(state=State.REFUSED))
        waves.close_finished(session, now=NOW)
    with database.transaction() as session:
        assert control.retry_failed(session, [2], now=NOW) == control.Retried(again=1, refused=0)
        assert control.retry_failed(session, None, now=NOW) == control.Retried(again=1, refused=1)
        assert waves.close_finished(session, now=NOW) == []
    assert course(database, wave) == Course.OPEN
    with database.transaction() as session:
        assert set(session.scalars(select(Delivery.attempts).where(Delivery.state == State.WAITING))) == {0}
        session.execute(update(Delivery).where(Delivery.state == State.WAITING).values(state=State.FAILED))
        assert control.retry_failed(session, None, now=NOW + timedelta(hours=20)) == control.Retried(again=0, refused=0), "stale by then"
        [account] = waves.close_finished(session, now=NOW)
    assert (account.balance, account.states) == (0, {State.FAILED: 2, State.REFUSED: 1})
