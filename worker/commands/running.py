"""The processes: `up`, `web`, `worker`, `beat`, and `migrate`."""

import signal
import sys
import threading
from typing import TYPE_CHECKING

import click

from config import log
from config.clock import Clock
from config.settings import Settings
from worker.commands.common import chosen_settings, kept_open, opened
from worker.commands.terminal import BROKEN_OFF, USAGE, busy, example, fail, say

if TYPE_CHECKING:
    from worker.send.office import Office

WATCH_EVERY = 60.0  # seconds


@click.command(epilog=example("./paperboy up", "PAPERBOY_PORT=9000 ./paperboy up"))
def up() -> None:
    """Run everything in this one process: pages, clock and sending, on a SQLite file, mail into a Maildir.

    Nothing else is needed. The pages are on http://127.0.0.1:8000, what was mailed on /inbox. Ctrl-C stops it; what is
    under way is finished first.
    """
    from worker import up as embedded  # noqa: PLC0415 - scipy and all rooms: only when asked for
    from worker.commands.serving import PortTaken  # noqa: PLC0415 - as above

    settings = chosen_settings()
    if not settings.embedded:
        fail("PAPERBOY_REDIS_URL is set, so the clock is Celery's: run `web`, `worker` and `beat`, or unset it", USAGE)
    _log_lines(settings)
    try:
        _end(embedded.run(settings, say))
    except PortTaken as error:
        fail(str(error))


@click.command(epilog=example("./paperboy web", "PAPERBOY_HOST=0.0.0.0 ./paperboy web"))
def web() -> None:
    """Run the web process: the readers' pages, feeds, the API, health and metrics."""
    from worker.asgi import application  # noqa: PLC0415 - as above
    from worker.commands.serving import PortTaken, listen, serve  # noqa: PLC0415 - as above
    from worker.send.office import Office  # noqa: PLC0415 - as above

    runtime = opened()
    _log_lines(runtime.settings)
    try:
        with listen(runtime.settings) as listening:
            pages = application(runtime)
            threading.Thread(target=_watch_the_clock, args=(Office(runtime), runtime.clock), name="watchman", daemon=True).start()
            _end(serve(pages, listening))
    except PortTaken as error:
        fail(str(error))


@click.command(epilog=example("./paperboy worker", "PAPERBOY_WORKERS=8 ./paperboy worker", "./paperboy worker --queues letters,send"))
@click.option("--queues", default="", help="Only these rooms' queues: letters, send, pick, ingest.  [default: all]")
def worker(queues: str) -> None:
    """Run a Celery worker: ingest, pick, plan, deliver. Start as many as you like, on as many machines."""
    from worker.celery import QUEUES, app  # noqa: PLC0415 - as above

    settings = _with_broker()
    wanted = [queue for queue in queues.split(",") if queue] or list(QUEUES)
    if unknown := sorted(set(wanted) - set(QUEUES)):
        fail(f"--queues: {unknown[0]!r} is no queue; there are {', '.join(QUEUES)}", USAGE)
    app.worker_main(["worker", "--queues", ",".join(wanted), "--loglevel", settings.log_level, "--without-mingle", "--without-gossip"])


@click.command(epilog=example("./paperboy beat"))
def beat() -> None:
    """Run the clock: it only says that it is time to look; what is due is asked of the ledger."""
    from worker.celery import app  # noqa: PLC0415 - as above

    settings = _with_broker()
    app.start(["beat", "--loglevel", settings.log_level, "--pidfile="])


@click.command(epilog=example("./paperboy migrate"))
def migrate() -> None:
    """Bring the database to this release's schema, in one transaction; running it twice does no harm."""
    from worker import schema  # noqa: PLC0415 - as above

    with busy("migrating"):
        revision = schema.migrate(kept_open(chosen_settings()).database)
    say(f"the database is at revision {revision}")


def _end(heard: int) -> None:
    """Ctrl-C ends as it does everywhere; SIGTERM is how a service is told to stop, and that went well."""
    if heard == signal.SIGINT:
        fail("stopped", BROKEN_OFF)


def _watch_the_clock(office: "Office", clock: Clock) -> None:
    """The web process is who notices that beat has stopped: it needs neither beat nor Redis to say so."""
    while True:
        clock.sleep(WATCH_EVERY)
        try:
            office.tell_of_silence()
        except Exception:  # noqa: BLE001 - a database that is away now is back in a minute, and the watch must not end
            log.logger(__name__).exception("the watch failed")


def _with_broker() -> Settings:
    from worker.ingest.registry import names_of  # noqa: PLC0415 - as above
    from worker.send.office import Office  # noqa: PLC0415 - as above

    runtime = opened()
    _log_lines(runtime.settings)
    if not runtime.settings.redis_url:
        fail("PAPERBOY_REDIS_URL is missing: Celery's broker. Example: PAPERBOY_REDIS_URL=redis://127.0.0.1:6379/0", USAGE)
    names_of(runtime.settings, runtime.database, runtime.clock)  # a fault in what the settings name is told now, not by every task
    Office(runtime).make_ready()
    runtime.database.close()  # before Celery forks: no connection is shared with the children
    return runtime.settings


def _log_lines(settings: Settings) -> None:
    log.configure(human=sys.stderr.isatty(), level=settings.log_level)
