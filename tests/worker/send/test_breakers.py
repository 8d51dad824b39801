"""Who is away is left alone, and asked again by one."""

import pytest

from config.clock import SetClock
from worker.send.breakers import FIRST_PAUSE, LONGEST_PAUSE, Breaker


@pytest.fixture
def breaker(clock: SetClock) -> Breaker:
    return Breaker("smtp relay:25", clock)


def test_everybody_may_until_it_fails_and_then_nobody(breaker: Breaker) -> None:
    assert [breaker.admit() for _ in range(3)] == [True] * 3
    breaker.failed("nothing listens")
    assert breaker.is_open
    assert breaker.words == "nothing listens"
    assert not breaker.admit()


def test_after_the_pause_one_asks_for_all(breaker: Breaker, clock: SetClock) -> None:
    breaker.failed("away")
    clock.sleep(FIRST_PAUSE)
    assert not breaker.is_open
    assert [breaker.admit() for _ in range(3)] == [True, False, False]
    breaker.worked()
    assert [breaker.admit() for _ in range(3)] == [True] * 3


def test_who_learned_nothing_leaves_the_question_to_the_next(breaker: Breaker, clock: SetClock) -> None:
    breaker.failed("away")
    clock.sleep(FIRST_PAUSE)
    assert breaker.admit()
    breaker.leave()
    assert breaker.admit()


def test_each_failure_in_a_row_makes_the_pause_longer(breaker: Breaker, clock: SetClock) -> None:
    pauses = []
    for _ in range(7):
        breaker.failed("away")
        waited = 0.0
        while not breaker.admit():
            clock.sleep(10)
            waited += 10
        pauses.append(waited)
    assert pauses == [30, 60, 120, 240, 480, LONGEST_PAUSE, LONGEST_PAUSE]


def test_lanes_that_fail_together_count_once(breaker: Breaker, clock: SetClock) -> None:
    for _ in range(4):
        breaker.failed("away")
    clock.sleep(FIRST_PAUSE)
    assert breaker.admit()
