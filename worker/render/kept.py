"""A bounded memory of what was made before, the oldest forgotten first; safe between threads."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
M = TypeVar("M")


class Kept(Generic[K, V]):
    """At most `most` values by key. Unlike functools.lru_cache, the key need not be all of what the value is made from."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[K, V] = {}
        self._lock = Lock()

    def get(self, key: K, make: Callable[[M], V], of: M) -> V:
        """The value of `key`, made of `of` when it is not kept. Two threads may both make it; both get the same thing."""
        # Asked twenty times a mail: no lock to read (a dict's get is one step), no order to keep.
        value = self._values.get(key)
        return self._keep(key, make(of)) if value is None else value

    def _keep(self, key: K, value: V) -> V:
        with self._lock:
            self._values[key] = value
            if len(self._values) > self._most:
                del self._values[next(iter(self._values))]
        return value

    def __len__(self) -> int:
        return len(self._values)
