"""Ending a worker whose children hand mail over: what is begun is answered and settled, nothing else is begun.

SIGTERM reaches only the worker (docker stop), or the worker and each child by itself (systemd). So the worker shares two bytes of
memory with the children it forks: a signal handler may write them, and a child reads them before every message, waiting for nobody.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import mmap
from types import FrameType

_BEGIN_NOTHING, _IS_WAITED_FOR = 0, 1


class Drain:
    """Made before the children are forked."""

    def __init__(self) -> None:
        self._told = mmap(-1, 2)

    @property
    def is_open(self) -> bool:
        """Whether no further message may begin."""
        return bool(self._told[_BEGIN_NOTHING])

    def open(self, *, waits: bool) -> None:
        """The worker was told to end; `waits`: and waits for its children's tasks, so that they need not end by themselves."""
        self._told[_BEGIN_NOTHING] = 1
        self._told[_IS_WAITED_FOR] = int(waits)

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """In this block SIGTERM means: finish what was begun, and only then end.

        Celery's own handler would break off between the last byte of a message and its answer.
        """
        if threading.current_thread() is not threading.main_thread():
            yield  # the embedded clock, which is stopped by other means
            return
        heard: list[tuple[int, FrameType | None]] = []

        def drain(number: int, frame: FrameType | None) -> None:
            self._told[_BEGIN_NOTHING] = 1
            heard.append((number, frame))

        before = signal.signal(signal.SIGTERM, drain)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)
            if heard and callable(before) and not self._told[_IS_WAITED_FOR]:
                before(*heard[0])
