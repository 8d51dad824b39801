"""What the lanes of a process share, and what together they may begin: paces, daily caps, breakers."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from config.clock import Clock
from config.database import Database
from worker.send.allowances import Allowance, Grant
from worker.send.breakers import Breaker
from worker.send.domains import Pulse
from worker.send.group import Composer
from worker.send.models import Kind
from worker.send.queue import Queue
from worker.send.rates import Pace, PaceLost


@dataclass(frozen=True, slots=True)
class Ground:
    """One a process."""

    database: Database
    clock: Clock
    composer: Composer
    queue: Queue
    pace: Pace
    allowance: Allowance
    breakers: Mapping[str, Breaker]
    pulse: Pulse = field(default_factory=Pulse)
    composing: threading.Lock = field(default_factory=threading.Lock)  # its caches are for one thread at a time

    def shut(self, mailers: Iterable[str], kind: Kind) -> str:
        """Why none of these mailers takes anything of this kind now, so that nothing is claimed in vain; empty when one does."""
        whys = []
        try:
            for name in mailers:
                breaker, day = self.breakers[name], self.allowance.day(name)
                if not breaker.is_open and (day is None or day.left(kind)):
                    self.pace.take(name, 0, kind)
                    return ""
                whys.append(f"{name}: {breaker.words}" if breaker.is_open else f"{day}: the daily cap is reached")
        except PaceLost as error:
            return str(error)
        return "; ".join(whys)

    def granted(self, mailer: str, want: int, kind: Kind) -> Grant:
        """How many messages a mailer may be given now. Raises PaceLost when that cannot be known."""
        paced = self.pace.take(mailer, want, kind)
        return self.allowance.take(mailer, paced, kind) if paced else Grant(0)
