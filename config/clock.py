"""The only reading of the clock; everything below an entry point takes `now` or a `Clock`."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Wall time for facts and due moments; monotonic time for ownership, paces and time-outs."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards; the zero is arbitrary."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class StoppableClock(SystemClock):
    """The machine's clock in a process with threads, which may be told to stop: then nobody sleeps any more."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End every sleep, now and from here on, by SystemExit: it ends a thread in silence, and what catches errors lets it pass."""
        self._stopped.set()

    def sleep(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise SystemExit


class SetClock:
    """A clock that is moved by hand: the demo's week and the tests' years pass in seconds."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._elapsed = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += timedelta(seconds=seconds)
            self._elapsed += seconds

    def move_to(self, moment: datetime) -> None:
        """Set the wall time; monotonic time follows forward moves only, as a real clock's would."""
        with self._lock:
            self._elapsed += max(0.0, (moment - self._now).total_seconds())
            self._now = moment
