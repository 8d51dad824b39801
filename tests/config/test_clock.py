"""The two clocks: the machine's, and the one that is moved by hand."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from config.clock import SetClock, StoppableClock, SystemClock

NOON = datetime(2026, 6, 17, 12, 0, tzinfo=UTC)


def test_the_machines_clock_is_aware_and_its_other_time_never_runs_backwards() -> None:
    clock = SystemClock()
    before, wall = clock.monotonic(), clock.now()
    clock.sleep(0.01)
    assert clock.monotonic() - before >= 0.01
    assert wall.tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_sleeping_moves_both_times_at_once() -> None:
    clock = SetClock(NOON)
    clock.sleep(90)
    assert clock.now() == NOON + timedelta(seconds=90)
    assert clock.monotonic() == 90


def test_moving_on_passes_the_other_time_too() -> None:
    clock = SetClock(NOON)
    clock.move_to(NOON + timedelta(days=1))
    assert clock.monotonic() == 86_400


def test_wall_time_may_jump_back_and_the_other_time_does_not() -> None:
    clock = SetClock(NOON)
    clock.sleep(60)
    clock.move_to(NOON - timedelta(hours=3))
    assert clock.now() == NOON - timedelta(hours=3)
    assert clock.monotonic() == 60


def test_who_sleeps_by_a_clock_that_is_stopped_is_woken_and_sleeps_no_more() -> None:
    clock = StoppableClock()
    clock.sleep(0.01)
    woken: list[float] = []

    def sleeper() -> None:
        with pytest.raises(SystemExit):
            clock.sleep(60)
        woken.append(clock.monotonic())

    thread = threading.Thread(target=sleeper)
    begun = clock.monotonic()
    thread.start()
    clock.stop()
    thread.join(10)
    assert woken
    assert woken[0] - begun < 10
    with pytest.raises(SystemExit):
        clock.sleep(0)
