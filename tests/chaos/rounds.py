"""One wave under one fault, and its account: who got what, how often, and under which Message-ID, by the relay's own record."""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from random import Random

from sqlalchemy import bindparam, func, select, text, update

from subscribers import roster, standing
from subscribers.models import Subscriber
from subscribers.sheet import Entry
from tests.chaos.scene import PATIENCE, Scene
from tests.relay.dialogue import Taken
from tests.subscribers.builders import some_choices
from worker.send import waves
from worker.send.models import OPEN, Delivery, State, Wave

DOMAINS = ("example.org", "slow.example", "bad.example", "example.net")
PACE = 100.0  # messages a second, so that a fault strikes while a wave is under way
_numbers = count(1)
_NOTED = text("SELECT count(DISTINCT id) FROM noted WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))


@dataclass(frozen=True, slots=True)
class Count:
    """What a fault did. `doubled`: messages taken again; `unknown`: rows that were uncertain at any time."""

    fault: str
    seed: int
    readers: int
    lost: int
    doubled: int
    unknown: int
    seconds: int


@dataclass(slots=True)
class Round:
    """Readers who are all due now, and what the relay takes for them."""

    scene: Scene
    fault: str
    seed: int
    readers: dict[str, int] = field(default_factory=dict)  # address -> id
    left: set[str] = field(default_factory=set)
    alone: bool = False  # the timetable drives it, without a nudge of ours
    spared: set[str] = field(default_factory=set)  # who is to get nothing: the relay refuses them
    begun: float = field(default_factory=time.monotonic)
    random: Random = field(default_factory=Random)
    _nudged_at: float = -1.0
    _first: int = 0  # what the relay had taken before

    def begin(self, readers: int, *faults: str, pace: float | None = PACE) -> None:
        """Subscribe them, tell the relay what to do wrong, and open their wave."""
        self.random = Random(self.seed)
        relay = self.scene.relay
        relay.mute(*faults, seed=self.seed)
        relay.pace = pace
        self._first = len(relay.taken)
        self._subscribe(readers)
        self.scene.nudge("plan")

    def _subscribe(self, readers: int) -> None:
        tag, now = f"r{next(_numbers)}", self.scene.now
        entries = [Entry(n + 1, f"{tag}-{n}@{DOMAINS[n % len(DOMAINS)]}", some_choices()) for n in range(readers)]
        with self.scene.database.transaction() as session:
            roster.carry_out(session, roster.Plan(new=entries), now, roster.Consent("chaos"))
            ours = Subscriber.address.like(f"{tag}-%")
            session.execute(update(Subscriber).where(ours).values(next_due_at=now - timedelta(minutes=1)))
            self.readers = {address: number for number, address in session.execute(select(Subscriber.id, Subscriber.address).where(ours))}
            # The timetable's own waves begin with a minute: this one need not wait for it, and is planned by whoever finds its ranges.
            waves.open_wave(session, waves.due_spans(session, now), due_at=now, now=now)
        assert len(self.readers) == readers

    # -- while it lasts --------------------------------------------------------------------------------------------

    def taken(self) -> list[Taken]:
        """What the relay took for these readers, in order."""
        return [one for one in self.scene.relay.taken[self._first :] if one.recipients[0] in self.readers]

    def reach(self, mails: int, *, hurry: bool = True) -> None:
        """Until so many mails were taken, or nothing more will be; `hurry`: the moment of each next attempt comes at once."""

        def reached() -> bool:
            self._nudge()
            if hurry:
                self.scene.hurry()
            return len(self.taken()) >= mails or self.is_settled()

        self.scene.wait_for(reached)

    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.begun

    def _nudge(self) -> None:
        """Every second; more often they would stand in each other's way."""
        if not self.alone and self.elapsed() > self._nudged_at + 1:
            self._nudged_at = self.elapsed()
            self.scene.nudge("plan", "deliver", "sweep")

    def some_leave(self, number: int = 5) -> None:
        """Readers leave whose mail still waits: nobody can have claimed it when the leave is committed."""
        with self.scene.database.transaction() as session:
            untried = (Delivery.state == State.WAITING, Delivery.attempts == 0, Delivery.subscriber_id.in_(self.readers.values()))
            rows = session.scalars(select(Delivery.subscriber_id).where(*untried).limit(number).with_for_update(skip_locked=True)).all()
            for reader in rows:
                standing.leave_all(session, [reader])
        self.left |= {address for address, number in self.readers.items() if number in rows}

    def is_settled(self) -> bool:
        """Whether everybody was planned for and every delivery came to its end."""
        ids = self.readers.values()
        with self.scene.database.reading() as session:
            due = select(func.count()).where(Subscriber.id.in_(ids), Subscriber.next_due_at <= self.scene.now)
            still = select(func.count()).where(Delivery.subscriber_id.in_(ids), Delivery.state.in_((*OPEN, State.UNKNOWN)))
            open_waves = select(func.count()).where(Wave.closed_at.is_(None))
            planned = select(func.count()).where(Delivery.subscriber_id.in_(ids))
            return bool(session.scalar(planned)) and not any(session.scalar(one) for one in (due, still, open_waves))

    def settle(self, *, seconds: float = PATIENCE, hurry: bool = True) -> None:
        """The fault is over: until nothing is on its way any more."""
        self.scene.relay.pace = None

        def settled() -> bool:
            self._nudge()
            if hurry:
                self.scene.hurry()
            return self.is_settled()

        self.scene.wait_for(settled, seconds)

    # -- the account -----------------------------------------------------------------------------------------------

    def count(self) -> Count:
        """Add it up."""
        lost = self.readers.keys() - self.left - self.spared - {one.recipients[0] for one in self.taken()}
        again = sum(self.doubled_by_connection().values())
        with self.scene.database.reading() as session:
            rows = session.scalars(select(Delivery.id).where(Delivery.subscriber_id.in_(self.readers.values()))).all()
            unknown = session.scalar(_NOTED, {"ids": rows}) or 0
        return Count(self.fault, self.seed, len(self.readers), len(lost), again, unknown, round(self.elapsed()))

    def doubled_by_connection(self) -> Counter[int]:
        """Messages that were taken again, by the connection that had taken them before."""
        doubled: Counter[int] = Counter()
        last: dict[str, int] = {}
        for one in self.taken():
            if one.message_id in last:
                doubled[last[one.message_id]] += 1
            last[one.message_id] = one.connection
        return doubled

    def judge(self, *, doubled: int = 0) -> None:
        """Nothing lost; at most `doubled` a connection twice, under the same id; no mail to who left; every account balances."""
        taken = self.taken()
        assert self.count().lost == 0
        assert max(self.doubled_by_connection().values(), default=0) <= doubled, self.doubled_by_connection()
        assert len({one.message_id for one in taken}) == len({one.recipients[0] for one in taken}), "a reader has mails under two ids"
        assert not {one.recipients[0] for one in taken} & (self.left | self.spared)
        assert self.states() == self._expected_states()
        self.judge_accounts()

    def states(self) -> dict[str, Counter[str]]:
        """The states of each reader's rows."""
        names = {number: address for address, number in self.readers.items()}
        found: dict[str, Counter[str]] = {address: Counter() for address in self.readers}
        with self.scene.database.reading() as session:
            for reader, state in session.execute(select(Delivery.subscriber_id, Delivery.state).where(Delivery.subscriber_id.in_(names))):
                found[names[reader]][str(state)] += 1
        return found

    def _expected_states(self) -> dict[str, Counter[str]]:
        ends = dict.fromkeys(self.readers, "accepted") | dict.fromkeys(self.spared, "refused") | dict.fromkeys(self.left, "cancelled")
        return {address: Counter([end]) for address, end in ends.items()}

    def judge_accounts(self) -> None:
        """Rows and readers counted agree in every wave so far, and each is closed."""
        with self.scene.database.reading() as session:
            assert not [account for account in waves.recent(session, limit=10_000) if account.balance]
            assert not session.scalars(select(Wave.id).where(Wave.closed_at.is_(None))).all()
