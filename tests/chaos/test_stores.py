"""Redis and PostgreSQL go away, forget and come back, and nobody starts the service anew: nothing is lost, nothing doubled."""

import signal
from collections.abc import Callable

import psycopg
import pytest
import redis

from tests.chaos.conftest import Begin
from tests.chaos.scene import FULL, Scene, pause
from tests.servers import Server

pytestmark = pytest.mark.chaos

READERS = 3000 if FULL else 400
AWAY = 60 if FULL else 6  # seconds: with all faults, longer than a claim is held without a sign of life


def test_redis_fails_and_the_timetable_goes_on_by_itself(scene: Scene, broker: Server, a_round: Begin, redis_fault: str, seed: int) -> None:
    run(scene, a_round, redis_fault, lambda: REDIS[redis_fault](broker))


def test_postgresql_fails_and_what_was_answered_is_written_later(
    scene: Scene, postgresql: Server, a_round: Begin, postgresql_fault: str, seed: int
) -> None:
    run(scene, a_round, postgresql_fault, lambda: POSTGRESQL[postgresql_fault](postgresql))


def run(scene: Scene, a_round: Begin, name: str, fault: Callable[[], None]) -> None:
    """Half a wave, the fault, the rest; no task is put into a queue but by the beat."""
    scene.keep("beat", "worker")
    one = a_round(name)
    one.alone = True
    one.begin(READERS)
    one.reach(READERS // 4)
    pause(one.random.uniform(0, 1.0))
    fault()
    one.some_leave()
    one.settle()
    one.judge()


def stopped(server: Server) -> None:
    server.stop()
    pause(AWAY)
    server.start()


def restarted(server: Server) -> None:
    server.stop()
    server.start()


def crashed(server: Server) -> None:
    """Without a farewell, and with a recovery when it starts again."""
    server.stop(signal.SIGQUIT)
    server.start()


def frozen(server: Server) -> None:
    server.signal(signal.SIGSTOP)
    pause(AWAY)
    server.signal(signal.SIGCONT)


def flushed(server: Server) -> None:
    with redis.Redis.from_url(server.url) as client:
        for _ in range(8):
            client.flushall()
            pause(0.5)


def connections_cut(server: Server) -> None:
    for _ in range(8):
        _as_superuser(
            server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
        )
        pause(0.5)


def writes_refused(server: Server) -> None:
    _as_superuser(server, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
    pause(AWAY)
    _as_superuser(server, "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")


def _as_superuser(server: Server, *statements: str) -> None:
    with psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        for statement in statements:
            connection.execute(statement.encode())


REDIS: dict[str, Callable[[Server], None]] = {
    f"Redis stopped for {AWAY} s": stopped,
    "Redis restarted": restarted,
    "Redis flushed, 8 times": flushed,
    f"Redis frozen for {AWAY} s": frozen,
}
POSTGRESQL: dict[str, Callable[[Server], None]] = {
    f"PostgreSQL stopped for {AWAY} s": stopped,
    "PostgreSQL restarted": restarted,
    "PostgreSQL crashed": crashed,
    "PostgreSQL's connections cut, 8 times": connections_cut,
    f"PostgreSQL refuses writes for {AWAY} s": writes_refused,
}


@pytest.fixture(params=REDIS)
def redis_fault(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=POSTGRESQL)
def postgresql_fault(request: pytest.FixtureRequest) -> str:
    return str(request.param)
