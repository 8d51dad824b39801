"""A lane: one thread's hands, with its own line to each mailer, its own journal, and its own debts to the ledger (law 3).

Claim, hand over, settle, in three short acts. A delivery moves on to the next mailer only when it surely was not accepted, and
for no fault of its own. Refuses to begin a message for a domain that turned out to be in trouble.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from config.log import logger
from worker.send import domains
from worker.send.allowances import Grant
from worker.send.debts import Debts
from worker.send.ground import Ground
from worker.send.group import Group, Ready, Shift
from worker.send.journal import FileJournal
from worker.send.ledger import outcomes
from worker.send.ledger.outcomes import Settlement
from worker.send.models import Kind
from worker.send.port import Mailer, Outcome, Parcel, Unavailable, Verdict
from worker.send.queue import CLAIM, Taken
from worker.send.rates import PaceLost

GROUP = 100  # outcomes settled in one statement, while sending goes on
LOOK = 1.0  # seconds between two looks for letters, while something else is handed over
NAP = 0.2  # seconds to wait for a pace
FEWEST = 20  # deliveries a claim, however little of the shift is left

log = logger(__name__)


@dataclass(slots=True)
class Lane:
    """One thread's part of what a process does."""

    ground: Ground
    mailers: Sequence[Mailer]
    journal: FileJournal
    debts: Debts
    _looked_at: float = 0.0
    _speed: float = float(CLAIM)  # messages a second, of the last group

    def may_start(self, shift: Shift) -> bool:
        """Whether another group may be claimed: nothing is owed, and the shift goes on."""
        return shift.goes_on and self.debts.pay()

    def work(self, shift: Shift, kinds: Sequence[Kind]) -> bool:
        """Claim and hand over one group; whether to go on."""
        if words := self.ground.shut([mailer.name for mailer in self.mailers], kinds[0]):
            shift.tally.unavailable = words
            return False
        taken = self.ground.queue.take(shift.owner.id, kinds, most=self._room(shift))
        return taken is not None and self.deliver(shift, taken)

    def _room(self, shift: Shift) -> int:
        """How many this lane can hand over in what is left of the shift: what is claimed beyond that is composed only to be given back."""
        left = (shift.over_at - self.ground.clock.monotonic()) * self._speed
        return int(max(FEWEST, min(left, CLAIM)))

    def deliver(self, shift: Shift, taken: Taken) -> bool:
        """Compose and hand over one group of claims; whether to go on."""
        group, begun_at = Group(shift, taken, self.ground.pulse), self.ground.clock.monotonic()
        try:
            with self.ground.composing:
                ready, ended = self.ground.composer.compose(taken.claims)
            self.debts.settle(shift.owner.id, ended)
            shift.tally.add(ended)
            group.waiting = {one.claimed.id: one for one in ready}
            return self._by_mailers(group)
        finally:
            self.debts.settle(shift.owner.id, group.leftover(self.ground.clock.now()))
            self._note(group)
            self._speed = (len(taken.claims) - len(group.waiting)) / max(self.ground.clock.monotonic() - begun_at, 1e-3) or self._speed

    def close(self) -> None:
        """Let go of the connections and of the journal, politely."""
        for mailer in self.mailers:
            mailer.close()
        self.journal.close()

    # -- mailers ---------------------------------------------------------------------------------------------------

    def _by_mailers(self, group: Group) -> bool:
        whys = []
        for place, mailer in enumerate(self.mailers, start=1):
            breaker = self.ground.breakers[mailer.name]
            if not breaker.admit():
                whys.append(f"{mailer.name}: {breaker.words}")
                continue
            try:
                if not self._hand_over(group, mailer, is_last=place == len(self.mailers)):
                    return False
            except Unavailable as error:
                breaker.failed(str(error))
                whys.append(f"{mailer.name}: {error}")
                continue
            finally:
                breaker.leave()
            if not group.rest():
                return True
            if group.unbegun():
                whys.append(f"{mailer.name}: the daily cap is reached")
        if group.unbegun():
            group.shift.tally.unavailable = "; ".join(whys)
            return False
        return True

    def _hand_over(self, group: Group, mailer: Mailer, *, is_last: bool) -> bool:
        """What is open of a group, through one mailer; False when nothing more may begin, by any."""
        group.begin_with(mailer.name, is_last=is_last)
        while todo := group.open():
            if self._letters_wait(group):
                group.letters_first = False
                while self.may_start(group.shift) and self.work(group.shift, (Kind.LETTER,)):
                    pass
            grant = self._granted(group, mailer, len(todo)) if self.may_start(group.shift) else None
            if grant is None:
                return False
            if grant.day and not grant.count:
                return True  # its day is over: the next one
            if not grant.count:
                self.ground.clock.sleep(NAP)
                continue
            self._settle_as_answered(group, mailer, todo[: grant.count], grant)
        return True

    def _granted(self, group: Group, mailer: Mailer, want: int) -> Grant | None:
        """How many may begin now; None when that cannot be known."""
        try:
            return self.ground.granted(mailer.name, want, group.kind)
        except PaceLost as error:
            group.shift.tally.unavailable = str(error)
            log.warning("pace lost", error=str(error))
            return None

    def _settle_as_answered(self, group: Group, mailer: Mailer, batch: Sequence[Ready], grant: Grant) -> None:
        answered: list[Settlement] = []
        used = 0
        # Every answer is taken, even when the database is away: what was begun has a fate, and only we know it.
        try:
            for outcome in mailer.deliver(self._draw(group, batch)):
                used += outcome.verdict in {Verdict.ACCEPTED, Verdict.UNKNOWN}
                if settlement := self._judged(group, mailer, outcome):
                    answered.append(settlement)
                if len(answered) >= GROUP:
                    self.debts.settle(group.shift.owner.id, answered)
                    answered = []
        finally:
            self.ground.allowance.give_back(mailer.name, grant, grant.count - used - group.in_hand)
            self.debts.settle(group.shift.owner.id, answered)
        if not self.debts:
            self.journal.settled()  # between two batches nothing is on the wire

    def _judged(self, group: Group, mailer: Mailer, outcome: Outcome) -> Settlement | None:
        """What is written of an answer; nothing of one that another mailer may better."""
        ready = group.hear(outcome)
        if ready is None:
            return None
        if outcome.verdict is not Verdict.UNKNOWN:
            self.ground.breakers[mailer.name].worked()
        now = self.ground.clock.now()
        made = outcomes.settlement(ready.claimed, outcome, now=now, mailer=mailer.name, address_hash=ready.address_hash)
        group.shift.tally.add([made])
        return made

    def _draw(self, group: Group, batch: Sequence[Ready]) -> Iterator[Parcel]:
        """Parcels one by one, as long as this process may begin messages and no letter waits behind them."""
        for one in batch:
            if self.debts or one.parcel is None or not group.shift.goes_on or self._letters_wait(group):
                return
            if group.draw(one):
                yield one.parcel

    def _letters_wait(self, group: Group) -> bool:
        """Whether letters go before the rest of this group: asked now and then, by the lane that serves them."""
        if not group.shift.serves_letters or group.kind is Kind.LETTER or self.ground.clock.monotonic() < self._looked_at + LOOK:
            return group.letters_first
        self._looked_at = self.ground.clock.monotonic()
        group.letters_first = self.ground.queue.letters_wait()
        if self.ground.queue.is_halted():
            group.shift.stop()
        return group.letters_first

    # -- the ledger ------------------------------------------------------------------------------------------------

    def _note(self, group: Group) -> None:
        """Tell all workers which domains are in trouble, and which are well again."""
        if not group.answers.is_news:
            return
        try:
            with self.ground.database.transaction() as session:
                domains.note(session, group.answers, now=self.ground.clock.now())
        except SQLAlchemyError as error:
            log.warning("could not note how domains answer", error=str(error).splitlines()[0])
        for domain in sorted({*group.answers.troubled, *group.answers.slow}):
            log.warning("domain slowed down", domain=domain, why=group.answers.troubled.get(domain) or "takes long over a message")
