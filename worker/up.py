"""Everything in one process: the web pages, and threads that walk the timetable and call the same tasks, with no broker."""

import threading
from collections.abc import Callable, Sequence
from contextlib import closing

from starlette.applications import Starlette

from config.clock import Clock
from config.log import logger
from config.runtime import Runtime
from config.settings import Settings
from worker import tasks
from worker.asgi import application
from worker.celery import app, clock, office, runtime
from worker.commands.serving import listen, serve
from worker.ingest.registry import names_of
from worker.reading.inbox import folder_of
from worker.schedule import Entry, timetable
from worker.schema import check_schema, migrate

# Reading a source may take most of a minute; mail must not wait for it, so each lane has a thread of its own.
LANES = (("ingest",), ("pick", "send", "letters"))
LAST_WORK = 8.0  # seconds for what is under way when it is time to stop; what takes longer is found by whoever comes next

log = logger(__name__)


def run(settings: Settings, say: Callable[[str], None]) -> int:
    """Serve until Ctrl-C or SIGTERM, which is returned; what is under way is finished first.

    Raises SettingsError, SchemaError or PortTaken before anything runs.
    """
    with listen(settings) as listening, closing(runtime().database):
        here = runtime()
        pages = _ready(here)
        lanes = [Lane(here.clock, [entry for entry in timetable(settings) if entry.queue in queues]) for queues in LANES]
        say(_greeting(settings))
        for lane in lanes:
            lane.start()

        def stopping() -> None:
            office().halt()
            clock().stop()

        try:
            return serve(pages, listening, stopping)
        finally:
            stopping()
            _wait_for(lanes, here.clock.monotonic)


def _ready(here: Runtime) -> Starlette:
    """The pages, once everything that the settings name was looked at: a fault is told now, not by every tick."""
    if here.database.is_sqlite:
        migrate(here.database)
    check_schema(here.database)
    names_of(here.settings, here.database, here.clock)
    office().make_ready()
    app.conf.task_always_eager = True
    return application(here)


def _greeting(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    inbox = " - what was mailed: /inbox" if folder_of(settings) else ""
    return f"Paperboy is on http://{host}:{settings.port}{inbox} - Ctrl-C stops it"


def _wait_for(lanes: Sequence["Lane"], monotonic: Callable[[], float]) -> None:
    deadline = monotonic() + LAST_WORK
    for lane in lanes:
        lane.join(max(0.0, deadline - monotonic()))
    if late := [lane.name for lane in lanes if lane.is_alive()]:
        log.warning("stopped while it was at work; nothing is lost", at=late)
    else:
        office().close()


class Lane(threading.Thread):
    """Walks its part of the timetable: each entry at once, and then at its interval, until the clock is stopped."""

    def __init__(self, clock: Clock, entries: Sequence[Entry]) -> None:
        super().__init__(name="clock " + " ".join(sorted({entry.queue for entry in entries})), daemon=True)
        self._clock = clock
        self._next = {entry: clock.monotonic() for entry in entries}

    def run(self) -> None:
        while True:
            entry = min(self._next, key=self._next.__getitem__)
            self._clock.sleep(max(0.0, self._next[entry] - self._clock.monotonic()))
            self._next[entry] = self._clock.monotonic() + entry.every.total_seconds()
            tick(entry)


def tick(entry: Entry) -> None:
    """Call one task in this process; what it raises is logged, and the clock goes on."""
    result = getattr(tasks, entry.task).apply(args=entry.args)
    if result.failed():
        log.error("task failed", task=entry.name, error=repr(result.result), traceback=result.traceback)
