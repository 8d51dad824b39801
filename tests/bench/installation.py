"""A whole installation for a bench: PostgreSQL that keeps what it says (fsync), Redis, beat and a worker, and the sink as its relay."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import redis
from sqlalchemy import make_url

from config.database import Database
from tests import servers
from tests.bench import sink as sinks
from tests.bench.postfix import PostfixSink
from tests.bench.processes import Kinds
from tests.service import Service
from worker.schema import migrate

SECRET = "0123456789abcdef0123456789abcdef"
_MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20  # MB
# What an operator would set on a machine of this size; nothing that trades safety for speed.
POSTGRESQL = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": f"{max(128, _MEMORY // 8)}MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
}


@dataclass(frozen=True, slots=True)
class Installation:
    """Servers that run, and how processes find them."""

    database: Database
    sink: sinks.Process
    environ: Mapping[str, str]
    folder: Path
    roots: Mapping[str, tuple[int, ...]]  # process ids of the servers, by kind

    @contextmanager
    def working(self, workers: int, relay: sinks.Process | PostfixSink) -> Iterator[Kinds]:
        """`./paperboy beat` and `./paperboy worker` with so many processes, handing over to `relay`, for as long as the block."""
        mailer = f"smtp://127.0.0.1:{relay.port}?tls=none"
        service = Service({**self.environ, "PAPERBOY_WORKERS": str(workers), "PAPERBOY_MAILERS": mailer}, self.folder)
        with service.running("worker") as worker, service.running("beat") as beat:
            yield Kinds({"worker": (worker.pid,), "beat": (beat.pid,), **self.roots, "sink": (relay.pid,)})

    def logs(self) -> str:
        """The end of what each process logged."""
        return "\n".join(f"{log.name}:\n{log.read_text(errors='replace')[-2000:]}" for log in sorted(self.folder.glob("*.log")))


@contextmanager
def installation() -> Iterator[Installation]:
    """Servers for as long as the block, on an empty schema; nothing is left behind."""
    with (
        servers.restartable_postgresql(**POSTGRESQL) as postgresql,
        servers.restartable_redis() as broker,
        sinks.running() as relay,
        TemporaryDirectory() as folder,
    ):
        database = Database(postgresql.url)
        migrate(database)
        environ = {
            "PAPERBOY_DATABASE_URL": postgresql.url,
            "PAPERBOY_REDIS_URL": broker.url,
            "PAPERBOY_STATE_DIR": folder,
            "PAPERBOY_SECRET_KEY": SECRET,
            "PAPERBOY_BASE_URL": "https://papers.example.org",
            "PAPERBOY_SENDER": "Paperboy <papers@example.org>",
            "PAPERBOY_SOURCES": "",
            "PAPERBOY_MAILERS": f"smtp://127.0.0.1:{relay.port}?tls=none",
        }
        yield Installation(database, relay, environ, Path(folder), _roots(postgresql.url, broker.url, relay.pid))
        database.close()


def _roots(database_url: str, redis_url: str, sink_pid: int) -> dict[str, tuple[int, ...]]:
    folder = Path(str(make_url(database_url).query["host"]))
    postmaster = int((folder / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])
    with redis.Redis.from_url(redis_url) as client:
        broker = int(client.info("server")["process_id"])
    return {"postgres": (postmaster,), "redis": (broker,), "sink": (sink_pid,)}
