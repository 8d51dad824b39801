"""Servers of chaos's own, since it stops them; a scene a module; and a line in the table a round."""

from collections.abc import Callable, Iterator
from dataclasses import astuple
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import make_url

from config.database import Database
from tests import servers
from tests.chaos.rounds import Round
from tests.chaos.scene import SEEDS, Scene, opened
from tests.servers import Server
from worker import schema

Begin = Callable[[str], Round]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", SEEDS)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL that loses nothing it committed when it is restarted."""
    with servers.restartable_postgresql(synchronous_commit="on") as server:
        yield server


@pytest.fixture(scope="session")
def broker() -> Iterator[Server]:
    with servers.restartable_redis() as server:
        yield server


@pytest.fixture(scope="module")
def scene(postgresql: Server, broker: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A fresh database and an empty Redis; no process runs yet."""
    folder = tmp_path_factory.mktemp("scene")
    with redis.Redis.from_url(broker.url) as client:
        client.flushall()
    name = folder.name.replace("-", "_")
    with psycopg.connect(postgresql.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    database = Database(make_url(postgresql.url).set(database=name).render_as_string(hide_password=False))
    schema.migrate(database)
    with opened(Scene(database, folder, postgresql, broker)) as made:
        yield made
    database.close()


@pytest.fixture
def sqlite_scene(sqlite_template: Path, tmp_path: Path) -> Iterator[Scene]:
    """Everything in one process, on SQLite."""
    file = tmp_path / "paperboy.db"
    file.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{file}")
    with opened(Scene(database, tmp_path)) as made:
        yield made
    database.close()


@pytest.fixture
def a_round(scene: Scene, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Iterator[Begin]:
    """`a_round("Redis flushed")` is told of in the table, however it ends."""
    yield from _recorded(scene, request, record_property)


@pytest.fixture
def sqlite_round(sqlite_scene: Scene, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Iterator[Begin]:
    yield from _recorded(sqlite_scene, request, record_property)


def _recorded(scene: Scene, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Iterator[Begin]:
    seed: int = request.getfixturevalue("seed")
    made: list[Round] = []

    def begin(fault: str) -> Round:
        made.append(Round(scene, fault, seed))
        return made[-1]

    yield begin
    for one in made:
        record_property("chaos", astuple(one.count()))
