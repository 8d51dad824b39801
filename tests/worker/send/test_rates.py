"""Token buckets: never more than the rate, and always one for a letter."""

from collections.abc import Callable

import pytest
from redis import Redis

from config.clock import SetClock
from config.database import Database
from worker.send.models import Kind
from worker.send.rates import BURST, DatabasePace, Pace, PaceLost, RedisPace

MAILER = "smtp relay:25"


@pytest.fixture(params=["sqlite_database", "postgresql_database", "redis_url"])
def pace(request: pytest.FixtureRequest, clock: SetClock) -> Callable[[float | None], Pace]:
    made = request.getfixturevalue(request.param)
    if isinstance(made, Database):
        return lambda rate: DatabasePace(made, clock, {MAILER: rate})
    return lambda rate: RedisPace(Redis.from_url(made), {MAILER: rate})


def test_a_bucket_gives_a_burst_and_then_nothing(pace: Callable[[float | None], Pace]) -> None:
    bucket = pace(5)
    assert bucket.take(MAILER, 100, Kind.DIGEST) == 5 * BURST
    assert bucket.take(MAILER, 100, Kind.DIGEST) == 0


@pytest.mark.parametrize("rate", [0.1, 5, 500])
def test_a_letter_finds_a_token_when_digests_took_theirs(pace: Callable[[float | None], Pace], rate: float) -> None:
    bucket = pace(rate)
    while bucket.take(MAILER, 1000, Kind.DIGEST):
        pass
    assert bucket.take(MAILER, 1, Kind.LETTER) == 1


def test_what_letters_took_is_filled_before_digests_get_more(sqlite_database: Database, clock: SetClock) -> None:
    bucket = DatabasePace(sqlite_database, clock, {MAILER: 5})
    bucket.take(MAILER, 100, Kind.DIGEST)
    assert bucket.take(MAILER, 100, Kind.LETTER) == 2
    clock.sleep(0.4)
    assert bucket.take(MAILER, 100, Kind.DIGEST) == 0
    clock.sleep(0.2)
    assert bucket.take(MAILER, 100, Kind.DIGEST) == 1


def test_a_wall_clock_that_is_set_back_gives_nothing_twice_and_goes_on(sqlite_database: Database, clock: SetClock) -> None:
    bucket = DatabasePace(sqlite_database, clock, {MAILER: 5})
    bucket.take(MAILER, 100, Kind.DIGEST)
    clock.move_to(clock.now().replace(day=16))
    assert bucket.take(MAILER, 100, Kind.DIGEST) == 0
    clock.sleep(1)
    assert bucket.take(MAILER, 100, Kind.DIGEST) == 5


def test_without_a_rate_there_is_no_limit(pace: Callable[[float | None], Pace]) -> None:
    assert pace(None).take(MAILER, 12345, Kind.DIGEST) == 12345


def test_without_redis_nothing_may_go_not_even_what_has_no_rate() -> None:
    lost = RedisPace(Redis.from_url("redis://127.0.0.1:9/0"), {MAILER: None})
    with pytest.raises(PaceLost, match="Redis is out of reach, so sending pauses"):
        lost.take(MAILER, 1, Kind.LETTER)
