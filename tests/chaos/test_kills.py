"""Workers killed with SIGKILL at random moments of a wave: nothing lost, and at most two messages a kill twice, under the same id."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select, update

from config.clock import SetClock
from config.database import Database
from subscribers.models import Subscriber
from tests.relay.server import Relay
from tests.service import Service
from tests.worker.send.world import World
from worker.send import waves
from worker.send.models import Delivery, State

SEED = int(os.environ.get("PAPERBOY_CHAOS_SEED", "1"))
READERS = 1500
KILLS = 5
PATIENCE = 240.0  # seconds
A_WORKER = 2  # messages that one killed connection may leave uncertain

pytestmark = pytest.mark.chaos


def taken(record: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()] if record.exists() else []


def open_deliveries(database: Database) -> int:
    with database.reading() as session:
        still = (State.WAITING, State.CLAIMED, State.UNKNOWN)
        planned = session.scalar(select(func.count()).select_from(Delivery)) or 0
        return READERS - planned + (session.scalar(select(func.count()).where(Delivery.state.in_(still))) or 0)


def more_than(relay: Relay, messages: int, database: Database) -> Callable[[], bool]:
    """Whether the relay took so many, or nothing is left to be taken."""
    return lambda: len(relay.taken) > messages or not open_deliveries(database)


def test_workers_killed_at_random_lose_nothing_and_double_at_most_two_a_connection(
    postgresql_database: Database, redis_url: str, tmp_path: Path
) -> None:
    random = Random(SEED)
    record = tmp_path / "taken.jsonl"
    world = World(postgresql_database, SetClock(datetime.now(UTC)), tmp_path)
    world.list_papers()
    world.subscribe(*[f"reader{n}@example.org" for n in range(READERS)])
    with postgresql_database.transaction() as session:
        session.execute(update(Subscriber).values(next_due_at=datetime.now(UTC) - timedelta(minutes=1)))
    with Relay("dot late 0.01", record=record, keep_data=False) as relay, ExitStack() as processes:
        environ = {
            "PAPERBOY_DATABASE_URL": postgresql_database.url.render_as_string(hide_password=False),
            "PAPERBOY_REDIS_URL": redis_url,
            "PAPERBOY_STATE_DIR": str(tmp_path),
            "PAPERBOY_SOURCES": "",
            "PAPERBOY_WORKERS": "2",
            "PAPERBOY_MAILERS": relay.url("tls=none"),
        }
        service = Service(environ, tmp_path)
        processes.enter_context(service.running("beat"))
        for _ in range(KILLS):
            worker = processes.enter_context(service.running("worker"))
            service.wait_for(more_than(relay, len(relay.taken) + 20, postgresql_database), PATIENCE)
            time.sleep(random.uniform(0, 1.0))
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        processes.enter_context(service.running("worker"))
        service.wait_for(lambda: not open_deliveries(postgresql_database), PATIENCE)
    ids = Counter(str(one["message_id"]) for one in taken(record))
    readers = {recipient for one in taken(record) for recipient in one["recipients"]}  # type: ignore[attr-defined] # a JSON line's list
    doubled = sum(count - 1 for count in ids.values())
    print(f"seed {SEED}: {KILLS} kills, {READERS} readers: lost {READERS - len(readers)}, doubled {doubled}")  # noqa: T201 - the figure is the point
    assert len(readers) == READERS
    assert len(ids) == READERS
    assert doubled <= KILLS * 2 * A_WORKER
    with postgresql_database.reading() as session:
        assert all(account.balance == 0 for account in waves.recent(session))
