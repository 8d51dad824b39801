"""What every test may ask for: databases, Redis, a clock, a browser. Servers start once a run, and only when a test needs one.

No test reaches a host that is not this machine; `PAPERBOY_TEST_DATABASE_URL` and `PAPERBOY_TEST_REDIS_URL` replace our own servers.
"""

import gc
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import psycopg
import pytest
import redis
from playwright.sync_api import Browser, sync_playwright
from psycopg import sql
from sqlalchemy import make_url

from config.clock import SetClock
from config.database import Database
from tests import servers
from worker import schema

CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LEFT_OUT = {"browser": "./paperboy test -m browser", "chaos": "./paperboy test -m chaos", "bench": "./paperboy test -m bench"}
CHAOS_HEADINGS = ("fault", "seed", "readers", "lost", "doubled", "unknown", "seconds")
_deselected: Counter[str] = Counter()
_numbers = count(1)


def pytest_configure() -> None:
    # The same examples on every machine; `--hypothesis-profile search` looks for new ones.
    hypothesis.settings.register_profile("steady", deadline=None, database=None, derandomize=True, print_blob=True)
    hypothesis.settings.register_profile("search", deadline=None, database=None, max_examples=2000, print_blob=True)
    hypothesis.settings.load_profile("steady")
    sys.addaudithook(_stay_at_home)


def pytest_collection_finish() -> None:
    # What is imported and collected stays: looking for rings in half a million such objects took a tenth of a run.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    _deselected.update(marker for item in items for marker in LEFT_OUT if item.get_closest_marker(marker))


def pytest_sessionfinish(session: pytest.Session) -> None:
    # Each process collects everything, and only the one that was started speaks to the terminal.
    if output := getattr(session.config, "workeroutput", None):
        output["left_out"] = dict(_deselected)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    _deselected.update(Counter(getattr(node, "workeroutput", {}).get("left_out", {})) - _deselected)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for marker, number in sorted(_deselected.items()):
        terminalreporter.write_line(f"left out: {number} {marker} test{'s' * (number > 1)}; run with {LEFT_OUT[marker]}")
    reports = [report for some in terminalreporter.stats.values() for report in some if getattr(report, "when", "") == "teardown"]
    rounds = [words for report in reports for name, words in report.user_properties if name == "chaos"]
    for words in [CHAOS_HEADINGS, *sorted(rounds)] if rounds else []:
        terminalreporter.write_line("{:<55}{:>5}{:>9}{:>6}{:>9}{:>9}{:>9}".format(*words))


def _stay_at_home(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect" or not isinstance(address := arguments[1], tuple):
        return
    host = str(address[0])
    if not host.startswith("127.") and host not in {"::1", "localhost", urlsplit(os.environ.get("PAPERBOY_TEST_REDIS_URL", "")).hostname}:
        raise AssertionError(f"a test reached for {host}:{address[1]}; use recorded data or a server on the loopback")


@pytest.fixture
def clock() -> SetClock:
    """06:00 UTC on a Wednesday in June 2026, moved by hand."""
    return SetClock(datetime(2026, 6, 17, 6, 0, tzinfo=UTC))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A migrated database with no rows, once on each engine."""
    made: Database = request.getfixturevalue(f"{request.param}_database")
    return made


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite file with no rows."""
    made = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'paperboy.db')}")
    yield made
    made.close()


@pytest.fixture
def postgresql_database(postgresql_url: str) -> Iterator[Database]:
    """The module's PostgreSQL database, with no rows."""
    _empty(postgresql_url)
    made = Database(postgresql_url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def postgresql_url(postgresql_template: tuple[str, str]) -> Iterator[str]:
    """A migrated PostgreSQL database of this module's own; what one test leaves, the next one finds."""
    server, template = postgresql_template
    with _own_database(server, template) as url:
        yield url


@pytest.fixture
def empty_postgresql_url(postgresql_server: str) -> Iterator[str]:
    """A PostgreSQL database without a single table."""
    with _own_database(postgresql_server, "template0") as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """A Redis with no keys."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushdb()
    return redis_server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium, the machine's own."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not found:
        pytest.fail("no Chromium on the PATH; on Debian: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "paperboy.db"
    made = Database(f"sqlite:///{file}")
    schema.migrate(made)
    made.close()
    return file


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    if given := os.environ.get("PAPERBOY_TEST_DATABASE_URL"):
        yield make_url(given).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        return
    with servers.postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> Iterator[tuple[str, str]]:
    with _own_database(postgresql_server, "template0") as url:
        made = Database(url)
        schema.migrate(made)
        made.close()
        yield postgresql_server, str(made.url.database)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    if given := os.environ.get("PAPERBOY_TEST_REDIS_URL"):
        number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
        yield urlsplit(given)._replace(path=f"/{number}").geturl()  # one process must not flush another's keys
        return
    with servers.redis_server() as url:
        yield url


@contextmanager
def _own_database(server: str, template: str) -> Iterator[str]:
    name = f"paperboy_test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(_conninfo(server), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(_conninfo(server), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _empty(url: str) -> None:
    with psycopg.connect(_conninfo(url), autocommit=True) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
        tables = sql.SQL(", ").join(sql.Identifier(name) for (name,) in found)
        connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(tables))


def _conninfo(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
