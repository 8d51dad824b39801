"""A circuit breaker a mailer, shared by the lanes of a process: who is away is left alone, and asked again after growing pauses.

Rests on monotonic time only. What is known dies with the process: a new one asks for itself. What is found is
told, so that an operator sees it.
"""

import threading
from collections.abc import Callable

from config.clock import Clock
from config.log import logger

FIRST_PAUSE, LONGEST_PAUSE = 30.0, 900.0  # seconds

log = logger(__name__)


class Breaker:
    """Closed: everybody may. Open: nobody. Half open, once the pause is over: one lane tries for all."""

    def __init__(self, mailer: str, clock: Clock, tell: Callable[[str, float], None] = lambda _words, _pause: None) -> None:
        """`tell` hears why the mailer is away and for how many seconds it is left alone; no words: that it is back."""
        self._mailer = mailer
        self._clock = clock
        self._tell = tell
        self._lock = threading.Lock()
        self._failures = 0  # in a row
        self._again_at = 0.0
        self._trying = False
        self.words = ""  # why it is open

    @property
    def is_open(self) -> bool:
        """Whether to ask now would be in vain."""
        return bool(self._failures) and (self._trying or self._clock.monotonic() < self._again_at)

    def admit(self) -> bool:
        """Whether this lane may use the mailer now. Who was admitted says `worked` or `failed`, or at least `leave`."""
        with self._lock:
            if self._failures:
                if self._trying or self._clock.monotonic() < self._again_at:
                    return False
                self._trying = True
            return True

    def worked(self) -> None:
        """It took or judged a message: all lanes may."""
        if not self._failures:
            return
        with self._lock:
            self._failures, self._trying, self.words = 0, False, ""
        log.info("mailer is back", mailer=self._mailer)
        self._tell("", 0.0)

    def failed(self, words: str) -> None:
        """It is away, or wants nothing from us."""
        with self._lock:
            if self._failures and not self._trying and self._clock.monotonic() < self._again_at:
                return  # another lane said so already
            self._failures += 1
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (self._failures - 1))
            self._again_at, self._trying, self.words = self._clock.monotonic() + pause, False, words
        log.warning("mailer unavailable", mailer=self._mailer, error=words, asked_again_in=pause)
        self._tell(words, pause)

    def leave(self) -> None:
        """Nothing was learned: the next lane may try."""
        with self._lock:
            self._trying = False
