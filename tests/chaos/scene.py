"""An installation under fire: its servers, its processes and its relay, kept from one fault to the next."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import psycopg
from celery import Celery
from kombu.exceptions import OperationalError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from config.clock import SetClock
from config.database import Database
from config.settings import load
from tests.chaos.shifted import SHIFT_FILE
from tests.relay.server import AUTHORITY, Relay
from tests.servers import Server, free_port
from tests.service import Service
from tests.worker.send.world import World
from worker.schedule import timetable

FULL = bool(os.environ.get("PAPERBOY_CHAOS_FULL"))
SEEDS = tuple(int(seed) for seed in os.environ.get("PAPERBOY_CHAOS_SEEDS", "1").split(","))
PATIENCE = 600.0 if FULL else 240.0  # seconds
LISTED = 60  # papers, so that a second day has some too

# Every row that ever becomes uncertain is noted by the database itself.
_NOTING = {
    "sqlite": ("CREATE TRIGGER noting AFTER UPDATE ON deliveries WHEN NEW.state = 'unknown' BEGIN INSERT INTO noted VALUES (NEW.id); END",),
    "postgresql": (
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO noted VALUES (NEW.id); RETURN NULL; END'",
        "CREATE TRIGGER noting AFTER UPDATE ON deliveries FOR EACH ROW WHEN (NEW.state = 'unknown') EXECUTE FUNCTION note()",
    ),
}
_HURRY = text("UPDATE deliveries SET next_attempt_at = :now WHERE state = 'waiting' AND next_attempt_at > :now")
_FORGIVE = text("DELETE FROM domain_paces")


class Scene:
    """One database, one broker (or none), one relay. `keep("beat", "worker")` has them run; what they log stands in `folder`."""

    def __init__(self, database: Database, folder: Path, postgresql: Server | None = None, redis: Server | None = None) -> None:
        self.database, self.folder = database, folder
        self.shift = timedelta()  # how far the wall clock of processes is off, if they run in `shifted`
        self.module = "worker"
        self.postgresql, self.redis = postgresql, redis
        self.relay = Relay(starttls=True, keep_data=False)
        self.world = World(database, SetClock(datetime.now(UTC)), folder)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._stack = ExitStack()
        self._port = free_port()
        self._queues = {entry.task: entry.queue for entry in timetable(load({}))}

    def open(self) -> None:
        self._stack.enter_context(self.relay)
        self.world.list_papers(LISTED)
        with self.database.transaction() as session:
            session.execute(text("CREATE TABLE noted (id bigint)"))
            for statement in _NOTING[self.database.engine.dialect.name]:
                session.execute(text(statement))

    def close(self) -> None:
        self._stack.close()

    # -- processes -------------------------------------------------------------------------------------------------

    def service(self) -> Service:
        """The commands of this installation."""
        environ = {
            "PAPERBOY_DATABASE_URL": self.database.url.render_as_string(hide_password=False),
            "PAPERBOY_REDIS_URL": self.redis.url if self.redis else "",
            "PAPERBOY_STATE_DIR": str(self.folder),
            "PAPERBOY_SOURCES": "",
            "PAPERBOY_WORKERS": "2",
            "PAPERBOY_MAILERS": self.relay.url(f"ca={AUTHORITY}"),
            "PAPERBOY_PORT": str(self._port),
            SHIFT_FILE: str(self.folder / "shift"),
        }
        return Service(environ, self.folder, self.module)

    def keep(self, *commands: str) -> None:
        """Have one of each running, from here on."""
        for command in commands:
            if command not in self._running or self._running[command].poll() is not None:
                self._running[command] = self._stack.enter_context(self.service().running(command))

    def signal(self, command: str, number: signal.Signals) -> None:
        """To the process and all its children."""
        os.killpg(self._running[command].pid, number)

    def kill(self, command: str, random: Random) -> None:
        """SIGKILL: to the whole of it, to its first process alone, or to one of its children alone."""
        process = self._running[command]
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        match random.choice(["all", "first", "child"] if children else ["all"]):
            case "all":
                self.signal(command, signal.SIGKILL)
            case "first":
                process.kill()
            case _:
                os.kill(int(random.choice(children)), signal.SIGKILL)
                return
        process.wait()

    def nudge(self, *tasks: str, args: tuple[int, ...] = ()) -> None:
        """Put tasks into their queues beside the beat: it costs nothing but time (law 1). Nothing while there is no broker."""
        if self.redis is None:
            return
        transport = {"socket_timeout": 2, "socket_connect_timeout": 1}
        app = Celery("chaos", broker=self.redis.url, set_as_current=False, broker_transport_options=transport)
        with suppress(OperationalError, OSError), app.connection_for_write() as connection:
            for task in tasks:
                options = {"queue": self._queues.get(task, "send"), "expires": self.now + timedelta(seconds=8), "retry": False}
                app.send_task(f"worker.tasks.{task}", args, connection=connection, **options)

    # -- time ------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """As the processes see it."""
        return datetime.now(UTC) + self.shift

    def jump(self, shift: timedelta) -> None:
        """Set the wall clock of all processes so far off."""
        self.shift = shift
        draft = self.folder / "shift.draft"
        draft.write_text(str(shift.total_seconds()), encoding="ascii")
        draft.rename(self.folder / "shift")

    def hurry(self) -> None:
        """What waits for its next attempt has waited long enough, and no domain is in trouble any more."""
        with self.database.transaction() as session:
            session.execute(_HURRY, {"now": self.now})
            session.execute(_FORGIVE)

    def wait_for(self, what: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Until it is so; a database that is away is asked again."""

        def asked() -> bool:
            with suppress(SQLAlchemyError, psycopg.Error):
                return what()
            return False

        self.service().wait_for(asked, seconds)


@contextmanager
def opened(scene: Scene) -> Iterator[Scene]:
    scene.open()
    try:
        yield scene
    finally:
        scene.close()


def pause(seconds: float) -> None:
    """A fault lasts."""
    time.sleep(seconds)
