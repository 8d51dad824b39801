"""Everything in one process: the web pages, and threads that walk the timetable and call the same tasks, with no broker."""

import threading
from collections.abc import Callable, Sequence

import uvicorn

from config.clock import Clock
from config.log import logger
from config.settings import Settings
from worker import tasks
from worker.asgi import application
from worker.celery import app, runtime
from worker.schedule import Entry, timetable
from worker.schema import SchemaError, check_schema, migrate

# Reading a source may take most of a minute; mail must not wait for it, so each lane has a thread of its own.
LANES = (("ingest",), ("pick", "send", "letters"))

log = logger(__name__)


class CannotStart(Exception):
    """What stands in the way, and the remedy."""


def run(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; what is under way is finished before this returns. Raises CannotStart."""
    here = runtime()
    try:
        if here.database.is_sqlite:
            migrate(here.database)
        check_schema(here.database)
    except SchemaError as error:
        raise CannotStart(str(error)) from error
    app.conf.task_always_eager = True
    stop = threading.Event()
    lanes = [Lane(here.clock, [entry for entry in timetable(settings) if entry.queue in queues], stop) for queues in LANES]
    for lane in lanes:
        lane.start()
    say(f"Paperboy is on http://{settings.host}:{settings.port} - what was mailed: /inbox - Ctrl-C stops it")
    try:
        uvicorn.run(
            application(here),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    finally:
        stop.set()
        for lane in lanes:
            lane.join()


class Lane(threading.Thread):
    """Walks its part of the timetable: each entry at once, and then at its interval."""

    def __init__(self, clock: Clock, entries: Sequence[Entry], stop: threading.Event) -> None:
        super().__init__(name="clock " + " ".join(sorted({entry.queue for entry in entries})), daemon=True)
        self._clock = clock
        self._next = {entry: clock.monotonic() for entry in entries}
        self._stopped = stop

    def run(self) -> None:
        while not self._stopped.is_set():
            entry = min(self._next, key=self._next.__getitem__)
            if self._stopped.wait(max(0.0, self._next[entry] - self._clock.monotonic())):
                return
            self._next[entry] = self._clock.monotonic() + entry.every.total_seconds()
            tick(entry)


def tick(entry: Entry) -> None:
    """Call one task in this process; what it raises is logged, and the clock goes on."""
    result = getattr(tasks, entry.task).apply(args=entry.args)
    if result.failed():
        log.error("task failed", task=entry.name, error=repr(result.result), traceback=result.traceback)
