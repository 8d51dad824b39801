"""A token bucket a mailer, shared by all workers: in Redis, or in the database where there is none.

A mailer's URL says its rate (`?rate=50`, messages a second); without one there is no limit, but Redis is still asked, since
sending without a working pace is what law 8 forbids: out of reach means that sending pauses.
"""

from datetime import datetime
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from redis import Redis, RedisError
from sqlalchemy import select

from config.clock import Clock
from config.database import Database
from config.settings import Settings
from worker.send.models import Bucket

BURST = 2.0  # seconds' worth of messages that may go at once

# One atomic step: fill by the server's own time, take what there is, up to what was asked for.
_TAKE = """
local now = redis.call('TIME'); now = now[1] + now[2] / 1000000
local rate, burst, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(burst, (tonumber(kept[1]) or burst) + (now - (tonumber(kept[2]) or now)) * rate)
local taken = math.min(want, math.floor(math.max(0, tokens)))
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - taken), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], 3600)
return taken
"""


class PaceLost(Exception):
    """The pace cannot be known (Redis is out of reach): sending pauses until it can."""


class Pace(Protocol):
    """How many messages may start now."""

    def take(self, mailer: str, want: int) -> int:
        """Up to `want` messages of this mailer may start; 0: none now. Raises PaceLost."""
        ...


def rate_of(mailer_url: str) -> float | None:
    """Messages a second that a mailer's URL allows; None: no limit. Raises ValueError."""
    asked = parse_qs(urlsplit(mailer_url).query).get("rate")
    if not asked:
        return None
    rate = float(asked[-1])
    if not rate > 0:
        raise ValueError(f"rate={asked[-1]} is not above 0")
    return rate


class RedisPace:
    """The buckets of a service with many workers."""

    def __init__(self, redis: Redis, rates: dict[str, float | None]) -> None:
        self._redis = redis
        self._rates = rates
        self._take = redis.register_script(_TAKE)

    def take(self, mailer: str, want: int) -> int:
        rate = self._rates.get(mailer)
        try:
            if rate is None:
                self._redis.ping()
                return want
            return int(self._take(keys=[f"paperboy:pace:{mailer}"], args=[rate, max(1.0, rate * BURST), want]))
        except RedisError as error:
            raise PaceLost(f"Redis is out of reach, so sending pauses: {error}") from error


class DatabasePace:
    """The buckets of a service in one process."""

    def __init__(self, database: Database, clock: Clock, rates: dict[str, float | None]) -> None:
        self._database = database
        self._clock = clock
        self._rates = rates

    def take(self, mailer: str, want: int) -> int:
        rate = self._rates.get(mailer)
        if rate is None:
            return want
        burst = max(1.0, rate * BURST)
        now = self._clock.now()
        with self._database.transaction() as session:
            bucket = session.scalars(select(Bucket).where(Bucket.name == mailer[:80]).with_for_update()).first()
            if bucket is None:
                bucket = Bucket(name=mailer[:80], tokens=burst, filled_at=now)
                session.add(bucket)
            tokens = min(burst, bucket.tokens + max(0.0, _seconds(bucket.filled_at, now)) * rate)
            taken = min(want, int(tokens))
            bucket.tokens, bucket.filled_at = tokens - taken, now
        return taken


def _seconds(earlier: datetime, later: datetime) -> float:
    return (later - earlier).total_seconds()


def pace_from(settings: Settings, database: Database, clock: Clock, rates: dict[str, float | None]) -> Pace:
    """The pace these settings ask for; `rates` by mailer name."""
    if settings.redis_url:
        return RedisPace(Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=5), rates)
    return DatabasePace(database, clock, rates)
