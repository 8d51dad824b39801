"""A token bucket a mailer, shared by all workers: in Redis, or in the database where there is none.

A mailer's URL says its rate (`?rate=50`, messages a second); without one there is no limit, but Redis is still asked, since
sending without a working pace is what law 8 forbids: out of reach means that sending pauses. The last tokens are kept for
letters (law 9): whatever waits besides, a letter finds one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from redis import Redis, RedisError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from config.clock import Clock
from config.database import Database, upsert
from config.settings import Settings
from worker.send.models import Bucket, Kind

BURST = 2.0  # seconds' worth of messages that may go at once
LETTERS_SHARE = 0.2  # of a burst, on top of it: only letters take these

# One atomic step: fill by the server's own time, take what there is above what is kept, up to what was asked for.
_TAKE = """
local now = redis.call('TIME'); now = now[1] + now[2] / 1000000
local rate, full, kept, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local known = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(full, (tonumber(known[1]) or full) + math.max(0, now - (tonumber(known[2]) or now)) * rate)
local taken = math.min(want, math.floor(math.max(0, tokens - kept)))
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - taken), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], 3600)
return taken
"""


class PaceLost(Exception):
    """The pace cannot be known (Redis or the database is out of reach): sending pauses until it can."""


class Pace(Protocol):
    """How many messages may start now."""

    def take(self, mailer: str, want: int, kind: Kind) -> int:
        """Up to `want` messages of this mailer may start; 0: none now. Raises PaceLost."""
        ...


@dataclass(frozen=True, slots=True)
class _Size:
    """What a bucket of so many messages a second holds, in messages."""

    rate: float

    @property
    def kept(self) -> float:
        """For letters alone."""
        return max(1.0, self.rate * BURST * LETTERS_SHARE)

    @property
    def full(self) -> float:
        return max(1.0, self.rate * BURST) + self.kept

    def kept_from(self, kind: Kind) -> float:
        return 0.0 if kind is Kind.LETTER else self.kept


class RedisPace:
    """The buckets of a service with many workers."""

    def __init__(self, redis: Redis, rates: Mapping[str, float | None]) -> None:
        self._redis = redis
        self._rates = rates
        self._take = redis.register_script(_TAKE)

    def take(self, mailer: str, want: int, kind: Kind) -> int:
        rate = self._rates.get(mailer)
        try:
            if rate is None:
                self._redis.ping()
                return want
            size = _Size(rate)
            return int(self._take(keys=[f"paperboy:pace:{mailer}"], args=[rate, size.full, size.kept_from(kind), want]))
        except RedisError as error:
            raise PaceLost(f"Redis is out of reach, so sending pauses: {error}") from error


class DatabasePace:
    """The buckets of a service in one process."""

    def __init__(self, database: Database, clock: Clock, rates: Mapping[str, float | None]) -> None:
        self._database = database
        self._clock = clock
        self._rates = rates

    def take(self, mailer: str, want: int, kind: Kind) -> int:
        rate = self._rates.get(mailer)
        if rate is None:
            return want
        try:
            return self._fetch(mailer[:80], _Size(rate), want, kind)
        except SQLAlchemyError as error:
            raise PaceLost(f"the database is out of reach, so sending pauses: {str(error).splitlines()[0]}") from error

    def _fetch(self, name: str, size: _Size, want: int, kind: Kind) -> int:
        now = self._clock.now()
        with self._database.transaction() as session:
            session.execute(upsert(session, Bucket).values(name=name, tokens=size.full, filled_at=now).on_conflict_do_nothing())
            bucket = session.scalars(select(Bucket).where(Bucket.name == name).with_for_update()).one()
            tokens = min(size.full, bucket.tokens + max(0.0, (now - bucket.filled_at).total_seconds()) * size.rate)
            taken = min(want, int(max(0.0, tokens - size.kept_from(kind))))
            bucket.tokens, bucket.filled_at = tokens - taken, now
        return taken


def pace_from(settings: Settings, database: Database, clock: Clock, rates: Mapping[str, float | None]) -> Pace:
    """The pace these settings ask for; `rates` by mailer name."""
    if settings.redis_url:
        return RedisPace(Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=5), rates)
    return DatabasePace(database, clock, rates)
