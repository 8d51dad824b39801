"""The Celery app (`celery -A worker`): the clock and the hands, never the queue (law 1)."""

import gc
import os
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from celery import Celery, signals
from celery.schedules import schedule
from kombu.transport.redis import Channel

from config import settings
from config.clock import StoppableClock
from config.runtime import Runtime, open_runtime
from worker.schedule import QUEUES, Entry, timetable
from worker.send.draining import Drain
from worker.send.office import Office

# The longest task works for about 15 s; one that hangs longer is ended, and what it held is swept.
SOFT_LIMIT, HARD_LIMIT = 50, 60  # seconds
# For how many seconds a tick may wait for a worker: after an outage no longer pile of them is left. A worker reads this by its own
# wall clock and throws away what is older, so it bears a clock that is so far ahead; a pile finds nothing to do, and is gone in seconds.
KEPT_FOR = 600.0

NEW_OBJECTS = 50_000  # between two looks for garbage in a child; Python's own measure is 700

draining = Drain()  # here, before any child is forked


@cache
def runtime() -> Runtime:
    """This process's runtime, opened at first use: after the fork, never shared with the parent."""
    return open_runtime(settings.load(os.environ), clock())


@cache
def clock() -> StoppableClock:
    """This process's clock, by which its threads are told to stop."""
    return StoppableClock()


@cache
def office() -> Office:
    """This process's send room, with its caches and its kept connections."""
    return Office(runtime(), lambda: draining.is_open)


@signals.worker_shutting_down.connect
def _drain(how: str = "", **_: object) -> None:
    draining.open(waits=how.lower() == "warm")  # a cold one kills its children


@signals.worker_process_init.connect
def _begin(**_: object) -> None:
    """A mail is hundreds of tuples that die with it, in no rings; to look for rings at every second mail was an eighth of sending."""
    gc.set_threshold(NEW_OBJECTS, 20, 100)


@signals.worker_process_shutdown.connect
def _let_go(**_: object) -> None:
    """A child ends: its connections and its row are closed politely."""
    if office.cache_info().currsize:
        office().close()


def _configuration() -> dict[str, Any]:
    """Celery's settings; read when the app is first used, not when this module is imported."""
    chosen = settings.load(os.environ)
    return {
        "broker_url": chosen.redis_url or "memory://",
        "task_ignore_result": True,
        "task_acks_late": False,  # whoever acknowledges at the end, on a line that Redis dropped meanwhile, ends the whole worker
        "task_reject_on_worker_lost": False,  # the row is the queue: a lost task is found again by asking the ledger
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_default_queue": "send",
        "task_routes": {f"worker.tasks.{entry.task}": {"queue": entry.queue} for entry in timetable(chosen)},
        "task_soft_time_limit": SOFT_LIMIT,
        "task_time_limit": HARD_LIMIT,
        "task_create_missing_queues": True,
        "worker_prefetch_multiplier": 1,
        "worker_concurrency": chosen.workers,
        "worker_hijack_root_logger": False,
        "worker_send_task_events": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": {"socket_timeout": 10, "socket_connect_timeout": 5},
        "timezone": "UTC",
        "beat_schedule": {entry.name: _beat(entry) for entry in timetable(chosen)},
        "beat_scheduler": "celery.beat:Scheduler",  # nothing to keep: what is due is asked of the ledger
        "beat_max_loop_interval": 1,
    }


@cache
def _begun() -> tuple[datetime, float]:
    return clock().now(), clock().monotonic()


def _steady_now() -> datetime:
    """By a clock that cannot be set: put back a day, a wall clock would have beat wait for that day to pass again."""
    now, monotonic = _begun()
    return now + timedelta(seconds=clock().monotonic() - monotonic)


def _beat(entry: Entry) -> dict[str, Any]:
    options = {"queue": entry.queue, "expires": max(KEPT_FOR, entry.every.total_seconds())}
    every = schedule(entry.every, nowfun=_steady_now)
    return {"task": f"worker.tasks.{entry.task}", "schedule": every, "args": entry.args, "options": options}


# A channel that closes puts back what nobody acknowledged yet. Where Redis is away, kombu ends the whole worker over that
# (AttributeError in `restore_unacked`); and a lost task is found again by asking the ledger.
Channel.do_restore = False

app = Celery("paperboy", include=["worker.tasks"])
app.add_defaults(_configuration)

__all__ = ["QUEUES", "app", "clock", "draining", "office", "runtime"]
