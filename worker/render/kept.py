"""A bounded memory of what was made before, the oldest forgotten first; safe between threads."""

from collections.abc import Hashable
from threading import Lock
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(dict[K, V]):
    """At most `most` values by key. Unlike functools.lru_cache, the key need not be all of what the value is made from.

    Asked twenty times a mail: so it is read as the dict it is, in one step that needs no lock and keeps no order.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._lock = Lock()

    def keep(self, key: K, value: V) -> V:
        """Remember `value`, and give it back. Two threads may both make it; both get the same thing."""
        with self._lock:
            self[key] = value
            if len(self) > self._most:
                del self[next(iter(self))]
        return value
