from datetime import timedelta

import pytest

from config.clock import SetClock
from config.database import Database
from config.runtime import Runtime
from config.settings import load
from tests.subscribers.web.visitor import Visitor
from tests.worker.send.world import World
from worker.asgi import application
from worker.reading.health import readiness
from worker.send import heartbeats


def test_an_embedded_service_is_ready_with_its_database_alone(visitor: Visitor) -> None:
    answer = visitor.open("/readyz")

    assert (answer.status, answer.response.json()) == (200, {"status": "ok", "checks": {"database": "ok", "schema": "ok"}})
    assert visitor.open("/healthz").response.json() == {"status": "ok"}


def with_redis(world: World, url: str) -> Runtime:
    return Runtime(load({"PAPERBOY_STATE_DIR": str(world.maildir.parent), "PAPERBOY_REDIS_URL": url}), world.database, world.clock)


def test_with_celery_redis_and_a_beat_must_be_there(world: World, redis_url: str) -> None:
    runtime = with_redis(world, redis_url)
    assert "never seen" in readiness(runtime)["beat"]
    with world.database.transaction() as session:
        heartbeats.beat(session, heartbeats.BEAT, now=world.clock.now())
    assert readiness(runtime) == {"database": "ok", "schema": "ok", "redis": "ok", "beat": "ok"}

    world.clock.move_to(world.clock.now() + timedelta(minutes=6))

    assert "silent for 6 minutes" in readiness(runtime)["beat"]
    assert Visitor(application(runtime)).open("/readyz").status == 503


def test_a_redis_that_is_not_there_is_named_without_its_password(world: World) -> None:
    checks = readiness(with_redis(world, "redis://:secret@127.0.0.1:1/0"))

    assert checks["redis"] == "Redis does not answer (ConnectionError)"
    assert "secret" not in str(checks)


def test_a_database_that_is_not_there_is_named_and_the_process_is_alive_all_the_same(clock: SetClock) -> None:
    gone = Database("postgresql+psycopg://paperboy:secret@127.0.0.1:1/paperboy")
    visitor = Visitor(application(Runtime(load({}), gone, clock)))

    answer = visitor.open("/readyz")

    assert answer.status == 503
    assert answer.response.json()["checks"] == {"database": "the database does not answer (OperationalError)"}
    assert visitor.open("/healthz").status == 200
    assert visitor.open("/").status == 503
    assert visitor.open("/editions").status == 503


def test_a_schema_that_is_not_known_is_named(sqlite_database: Database, clock: SetClock) -> None:
    with sqlite_database.transaction() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    checks = readiness(Runtime(load({}), sqlite_database, clock))

    assert "9999" in checks["schema"]


def test_metrics_are_not_there_until_a_token_is_set(visitor: Visitor) -> None:
    assert visitor.open("/metrics").status == 404
    assert visitor.open("/metrics", Authorization="Bearer ").status == 404


@pytest.mark.parametrize("given", ["", "Bearer wrong", "Bearer ", "Bearer a-long-random-word-and-more", "Bearer schlüssel"])
def test_metrics_are_not_there_without_the_token(world: World, given: str) -> None:
    settings = load({"PAPERBOY_METRICS_TOKEN": "a-long-random-word"})
    visitor = Visitor(application(Runtime(settings, world.database, world.clock)))

    assert visitor.send("GET", "/metrics", headers={"Authorization": given.encode()}).status == 404


def test_metrics_say_what_the_database_knows(world: World) -> None:
    world.list_papers(3)
    world.subscribe("ada@example.org")
    settings = load({"PAPERBOY_METRICS_TOKEN": "a-long-random-word"})
    visitor = Visitor(application(Runtime(settings, world.database, world.clock)))

    answer = visitor.open("/metrics", Authorization="Bearer a-long-random-word")

    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'paperboy_subscribers{standing="active"} 1\n' in answer.body
    assert "paperboy_papers 3\n" in answer.body
    assert "paperboy_newest_paper_age_seconds 0\n" in answer.body
