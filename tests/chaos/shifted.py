"""`python -m tests.chaos.shifted worker` is `./paperboy worker` under a wall clock that is wrong by as much as a file says.

The file, named by PAPERBOY_CHAOS_SHIFT, holds seconds and may change at any time. Only wall time moves: the monotonic clock is what it
was, as on a machine whose clock is set. Celery's and kombu's own readings move with ours, in the children of a worker as well.
"""

import datetime as dt
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

SHIFT_FILE = "PAPERBOY_CHAOS_SHIFT"
READERS_OF_THE_CLOCK = ("config.clock", "celery.", "kombu.", "billiard.")
# What Celery would import only later, when it could no longer be given another clock.
EARLY = ("celery.apps.beat", "celery.apps.worker", "celery.beat", "celery.worker.consumer.consumer", "celery.worker.request")

_true_time = time.time
_Datetime = dt.datetime


class _Either(type):
    """Every datetime is one of ours."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _Datetime)


class _Shifted(_Datetime, metaclass=_Either):
    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return _Datetime.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> Any:
        return _Datetime.fromtimestamp(time.time(), dt.UTC).replace(tzinfo=None)


def main() -> None:
    """Set every clock wrong, then be the command."""
    file = Path(os.environ[SHIFT_FILE])

    def shifted_time() -> float:
        try:
            return _true_time() + float(file.read_text(encoding="ascii"))
        except FileNotFoundError:
            return _true_time()

    time.time = shifted_time
    commands = import_module("worker.__main__")
    for name in EARLY:
        import_module(name)
    for name, module in list(sys.modules.items()):
        if f"{name}.".startswith(READERS_OF_THE_CLOCK) and getattr(module, "datetime", None) is _Datetime:
            module.datetime = _Shifted  # type: ignore[attr-defined]  # a module's name, found a line above
    commands.main(prog_name="./paperboy")


if __name__ == "__main__":
    main()
