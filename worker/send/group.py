"""What a lane has in its hands: a shift (whose, until when), and one group of claims with what became of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from config.clock import Clock
from worker.send.domains import Answers, Pulse, domain_of
from worker.send.ledger import outcomes
from worker.send.ledger.claims import Claimed
from worker.send.ledger.outcomes import Settlement
from worker.send.models import State
from worker.send.ownership import Ownership
from worker.send.port import Blame, Outcome, Parcel, Verdict
from worker.send.queue import Taken


@dataclass(frozen=True, slots=True)
class Ready:
    """A claim with its message."""

    claimed: Claimed
    parcel: Parcel | None = None  # none while it is not composed
    address_hash: bytes | None = None


class Composer(Protocol):
    """Turns claims into parcels; says of the rest why they must not go out."""

    def compose(self, claims: Sequence[Claimed]) -> tuple[list[Ready], list[Settlement]]:
        """What may go out now, and what ends here (the reader left, the content is stale)."""
        ...


@dataclass(slots=True)
class Tally:
    """What a run of delivering did, by state; `unavailable`: why nothing more could be handed over, if so."""

    states: dict[State, int] = field(default_factory=dict)
    unavailable: str = ""

    def add(self, settlements: Sequence[Settlement]) -> None:
        for one in settlements:
            self.states[one.state] = self.states.get(one.state, 0) + 1

    def merge(self, other: "Tally") -> None:
        for state, count in other.states.items():
            self.states[state] = self.states.get(state, 0) + count
        self.unavailable = self.unavailable or other.unavailable

    @property
    def total(self) -> int:
        return sum(self.states.values())


@dataclass(slots=True)
class Shift:
    """One lane's part of a run: under whose ownership, until when, and what it did."""

    owner: Ownership
    clock: Clock
    over_at: float  # by the monotonic clock
    is_halted: Callable[[], bool]
    serves_letters: bool
    tally: Tally = field(default_factory=Tally)

    @property
    def goes_on(self) -> bool:
        """Whether one more message may begin: this is ours, nobody told us to stop, and our time is not over."""
        return self.owner.may_start and not self.is_halted() and self.clock.monotonic() < self.over_at

    def stop(self) -> None:
        """Begin nothing more in this shift."""
        self.over_at = float("-inf")


class Group:
    """Claims under way: each is waiting, drawn by a mailer, or answered."""

    def __init__(self, shift: Shift, taken: Taken, pulse: Pulse) -> None:
        self.shift = shift
        self.kind = taken.kind
        self.answers = Answers(taken.paced, taken.at, pulse)
        self._since = 0.0  # when the answer that is waited for began to take its time
        self.waiting: dict[int, Ready] = {one.id: Ready(one) for one in taken.claims}
        self.letters_first = False
        self._drawn: set[int] = set()  # given to a mailer and not answered
        self._moving: dict[int, tuple[str, Outcome]] = {}  # deferred by a mailer for its own reasons: another may take it
        self._mailer, self._is_last = "", True

    def begin_with(self, mailer: str, *, is_last: bool) -> None:
        """From here on answers are this mailer's; after the last one, nobody is left to move on to."""
        self._mailer, self._is_last = mailer, is_last

    def open(self) -> list[Ready]:
        """What may be handed to this mailer, or the next."""
        return [one for one in self.waiting.values() if self._is_open(one)]

    def rest(self) -> list[Ready]:
        """What is still to be handed over, by some mailer."""
        return [one for one in self.waiting.values() if not self._in_trouble(one)]

    def unbegun(self) -> list[Ready]:
        """What no mailer was asked to take."""
        return [one for one in self.rest() if one.claimed.id not in self._moving]

    @property
    def in_hand(self) -> int:
        """How many were given to a mailer and not answered."""
        return len(self._drawn)

    def draw(self, ready: Ready) -> bool:
        """A mailer asks for it; False when it must not be begun now."""
        if not self._is_open(ready):
            return False
        if not self._drawn:
            self._since = self.shift.clock.monotonic()
        self._drawn.add(ready.claimed.id)
        return True

    def hear(self, outcome: Outcome) -> Ready | None:
        """One answer: whose it is, if it ends there; None when the delivery moves on to the next mailer."""
        ready = self.waiting[outcome.delivery_id]
        self._drawn.discard(outcome.delivery_id)
        if ready.parcel:
            began, self._since = self._since, self.shift.clock.monotonic()
            self.answers.hear(domain_of(ready.parcel.recipient), outcome, self._since - began)
        if outcome.verdict is Verdict.DEFERRED and outcome.blame is Blame.MAILER and not self._is_last:
            self._moving[outcome.delivery_id] = (self._mailer, outcome)
            return None
        return self.waiting.pop(outcome.delivery_id)

    def leftover(self, now: datetime) -> list[Settlement]:
        """What is written of the rest: surely not accepted as its mailer said, never begun, or unknown."""
        return [self._left(one, now) for one in self.waiting.values()]

    def _left(self, ready: Ready, now: datetime) -> Settlement:
        number = ready.claimed.id
        if number in self._drawn:
            return Settlement(number, State.UNKNOWN, now, reason="the mailer broke off without an answer")
        if number in self._moving:
            mailer, outcome = self._moving[number]
            return outcomes.settlement(ready.claimed, outcome, now=now, mailer=mailer)
        return Settlement(number, State.WAITING, now, next_attempt_at=now, uncounted=1)

    def _is_open(self, ready: Ready) -> bool:
        moving = self._moving.get(ready.claimed.id)
        return not self._in_trouble(ready) and (moving is None or moving[0] != self._mailer)

    def _in_trouble(self, ready: Ready) -> bool:
        return ready.parcel is not None and self.answers.bars(domain_of(ready.parcel.recipient))
