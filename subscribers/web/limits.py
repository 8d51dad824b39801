"""How often one network may press a button: a bucket each, kept in this process and bounded in number.

Several web processes allow so many times as much; what must hold for good (letters an address) is counted in the database.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

_MOST_BUCKETS = 50_000


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, refilled evenly over `seconds`."""

    name: str
    burst: int
    seconds: float


SIGN_UP = Rate("sign-up", 20, 3600)
FRESH_LINK = Rate("link", 20, 3600)
PREVIEW = Rate("preview", 300, 12)  # a lecture hall behind one address may look; a flood may not


@dataclass(slots=True)
class _Bucket:
    left: float
    filled_at: datetime


class Limiter:
    """Token buckets, the least recently used forgotten first."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def allows(self, rate: Rate, network: str, now: datetime) -> bool:
        """Take one from the network's bucket; False when it is empty."""
        with self._lock:
            bucket = self._buckets.setdefault((rate.name, network), _Bucket(rate.burst, now))
            self._buckets.move_to_end((rate.name, network))
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
            passed = max(0.0, (now - bucket.filled_at).total_seconds())
            bucket.left = min(rate.burst, bucket.left + passed * rate.burst / rate.seconds)
            bucket.filled_at = now
            if bucket.left < 1:
                return False
            bucket.left -= 1
            return True
