"""Celery on a real Redis with real worker and beat processes: the clock and the hands, whose faults cost nothing."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from sqlalchemy import update

from config.clock import SetClock
from config.database import Database
from config.settings import load
from subscribers.models import Subscriber
from tests.relay.server import Relay
from tests.service import Service
from tests.worker.send.world import World
from worker import tasks
from worker.celery import app
from worker.schedule import QUEUES, timetable
from worker.send.models import Delivery


@pytest.fixture
def world(postgresql_database: Database, tmp_path: Path) -> World:
    made = World(postgresql_database, SetClock(datetime.now(UTC)), tmp_path)
    made.list_papers()
    made.subscribe(*[f"reader{n}@example.org" for n in range(30)])
    with postgresql_database.transaction() as session:
        session.execute(update(Subscriber).values(next_due_at=datetime.now(UTC) - timedelta(minutes=1)))
    return made


@pytest.fixture
def service(world: World, redis_url: str, tmp_path: Path) -> Service:
    url = world.database.url.render_as_string(hide_password=False)
    environ = {
        "PAPERBOY_DATABASE_URL": url,
        "PAPERBOY_REDIS_URL": redis_url,
        "PAPERBOY_STATE_DIR": str(tmp_path),
        "PAPERBOY_SOURCES": "",
        "PAPERBOY_WORKERS": "2",
    }
    return Service(environ, tmp_path)


def ticks_waiting(redis_url: str) -> int:
    """How many tasks nobody has taken yet."""
    with redis.Redis.from_url(redis_url) as client:
        return sum(int(client.llen(queue)) for queue in QUEUES)


def everyone_has_a_mail(world: World) -> bool:
    return len({mail["To"] for mail in world.mails()}) == 30


def test_two_beats_and_doubled_tasks_bring_no_second_mail(world: World, service: Service, redis_url: str) -> None:
    with ExitStack() as processes:
        for command in ("worker", "beat", "beat"):
            processes.enter_context(service.running(command))
        for task in ("plan", "deliver", "sweep"):
            service.send(task, 20)
        service.wait_for(lambda: everyone_has_a_mail(world) and not ticks_waiting(redis_url))
    assert len(world.mails()) == 30
    assert {state for _, _, state in world.ledger()} == {"accepted"}


def test_a_redis_flushed_in_the_middle_costs_a_tick_and_no_mail(world: World, service: Service, redis_url: str) -> None:
    with ExitStack() as processes:
        processes.enter_context(service.running("beat"))
        service.wait_for(lambda: ticks_waiting(redis_url) > 0)
        with redis.Redis.from_url(redis_url) as client:
            client.flushall()
            processes.enter_context(service.running("worker"))
            for _ in range(5):
                time.sleep(0.5)
                client.flushall()
        service.wait_for(lambda: everyone_has_a_mail(world))
    assert len(world.mails()) == 30


@pytest.mark.parametrize("whom", [os.kill, os.killpg], ids=["the worker alone", "the worker and its children"])
def test_a_worker_that_is_stopped_while_it_sends_leaves_nothing_uncertain(
    world: World, service: Service, whom: Callable[[int, int], None]
) -> None:
    with Relay("dot late 0.15") as relay:
        service.environ["PAPERBOY_MAILERS"] = relay.url("tls=none")
        with service.running("worker") as worker:
            service.send("plan", 1)
            service.wait_for(lambda: len(world.ledger()) == 30)
            service.send("deliver", 1)
            service.wait_for(lambda: bool(relay.taken))
            whom(worker.pid, signal.SIGTERM)
            worker.wait(30)
        states = Counter(state for _, _, state in world.ledger())
        assert set(states) == {"waiting", "accepted"}
        assert states["accepted"] == len(relay.taken)
        assert len([line for _, line in relay.commands if line == "QUIT"]) == 1
    assert [file for file in (service.folder / "journal").iterdir() if file.suffix == ".journal"] == []
    with world.database.reading() as session:
        assert [row.attempts for row in session.query(Delivery) if row.state == "waiting"] == [0] * states["waiting"]


def test_a_worker_whose_clock_is_minutes_ahead_throws_no_tick_away() -> None:
    assert {entry["options"]["expires"] >= 600 for entry in app.conf.beat_schedule.values()} == {True}


def test_every_line_of_the_timetable_names_a_task_and_a_queue_that_a_worker_serves() -> None:
    for entry in timetable(load({"PAPERBOY_SOURCES": "huggingface arxiv:cs.LG"})):
        assert getattr(tasks, entry.task).name == f"worker.tasks.{entry.task}"
        assert entry.queue in QUEUES
