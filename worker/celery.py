"""The Celery app (`celery -A worker`): the clock and the hands, never the queue (law 1)."""

import os
from functools import cache
from typing import Any

from celery import Celery

from config import settings
from config.clock import StoppableClock
from config.runtime import Runtime, open_runtime
from worker.schedule import QUEUES, Entry, timetable
from worker.send.office import Office

# The longest task works for about 15 s; one that hangs longer is ended, and what it held is swept.
SOFT_LIMIT, HARD_LIMIT = 50, 60  # seconds


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
    return Office(runtime())


def _configuration() -> dict[str, Any]:
    """Celery's settings; read when the app is first used, not when this module is imported."""
    chosen = settings.load(os.environ)
    return {
        "broker_url": chosen.redis_url or "memory://",
        "task_ignore_result": True,
        "task_acks_late": True,
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


def _beat(entry: Entry) -> dict[str, Any]:
    # A tick that waited longer than its own interval is of no use: an outage leaves no pile of them behind.
    options = {"queue": entry.queue, "expires": max(10.0, entry.every.total_seconds())}
    return {"task": f"worker.tasks.{entry.task}", "schedule": entry.every, "args": entry.args, "options": options}


app = Celery("paperboy", include=["worker.tasks"])
app.add_defaults(_configuration)

__all__ = ["QUEUES", "app", "clock", "office", "runtime"]
