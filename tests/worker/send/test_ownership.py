"""Who owns a claim: counters and monotonic time decide, never the wall clock."""

from datetime import timedelta

import pytest

from config.clock import SetClock
from config.database import Database
from worker.send.ownership import BUMP_GRACE, PATIENCE, Ownership, Sweeper


@pytest.fixture
def owner(database: Database, clock: SetClock) -> Ownership:
    return Ownership(database, clock, "here:1")


def given_up(database: Database, sweeper: Sweeper) -> list[int]:
    with database.transaction() as session:
        return [one.id for one in sweeper.give_up_silent(session)]


def test_an_owner_that_bumps_is_never_given_up(database: Database, clock: SetClock, owner: Ownership) -> None:
    sweeper = Sweeper(clock)
    for _ in range(10):
        owner.bump()
        assert given_up(database, sweeper) == []
        clock.sleep(PATIENCE / 2)


def test_a_silent_owner_is_given_up_only_after_the_sweepers_own_patience(database: Database, clock: SetClock, owner: Ownership) -> None:
    sweeper = Sweeper(clock)
    assert given_up(database, sweeper) == []
    for seconds in (PATIENCE - 1, 1, BUMP_GRACE - 1):
        clock.sleep(seconds)
        assert given_up(database, sweeper) == []
    clock.sleep(1)
    assert given_up(database, sweeper) == [owner.id]
    assert given_up(database, sweeper) == []


def test_a_database_that_was_away_for_longer_leaves_every_owner_the_time_to_bump_again(
    database: Database, clock: SetClock, owner: Ownership
) -> None:
    sweeper = Sweeper(clock)
    assert given_up(database, sweeper) == []
    clock.sleep(10 * PATIENCE)  # neither the owner nor the sweeper reaches it
    assert given_up(database, sweeper) == []
    owner.bump()
    clock.sleep(BUMP_GRACE)
    assert given_up(database, sweeper) == []
    assert not owner.lost


def test_a_new_sweeper_begins_its_own_wait(database: Database, clock: SetClock, owner: Ownership) -> None:
    clock.sleep(10 * PATIENCE)
    assert given_up(database, Sweeper(clock)) == []


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1)])
def test_a_wall_clock_that_jumps_a_day_gives_nobody_up(database: Database, clock: SetClock, jump: timedelta) -> None:
    sweeper = Sweeper(clock)
    leaping = Leaping(clock)
    Ownership(database, leaping, "here:1")
    given_up(database, sweeper)
    leaping.leap = jump
    assert given_up(database, sweeper) == []


def test_an_owner_that_could_not_bump_stops_starting_before_any_sweeper_gives_it_up(
    database: Database, clock: SetClock, owner: Ownership
) -> None:
    before = owner.may_start
    clock.sleep(BUMP_GRACE)
    assert (before, owner.may_start) == (True, False)
    assert BUMP_GRACE < PATIENCE


def test_an_owner_learns_that_it_was_given_up_and_stays_dead(database: Database, clock: SetClock, owner: Ownership) -> None:
    sweeper = Sweeper(clock)
    for seconds in (0, PATIENCE, BUMP_GRACE):
        clock.sleep(seconds)
        given_up(database, sweeper)
    owner.bump()
    assert owner.lost
    assert not owner.may_start


class Leaping(SetClock):
    """A wall clock that leaps while monotonic time goes on."""

    leap = timedelta()

    def __init__(self, clock: SetClock) -> None:
        super().__init__(clock.now())

    def now(self):  # type: ignore[no-untyped-def] # noqa: ANN201 - as in the base
        return super().now() + self.leap
