"""The hands of one process: lanes side by side, letters first. Holds no transaction across the network (law 3).

The first lane serves letters; while more than a claim of digests waits it does nothing else, so that no letter stands behind them,
and the other lanes hand the digests over. Lanes are begun only where there is work for them, and end with it.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from worker.send.group import Shift, Tally
from worker.send.lane import LOOK, Lane
from worker.send.models import Kind
from worker.send.ownership import Ownership
from worker.send.queue import CLAIM, MANY


@dataclass(slots=True)
class Deliverer:
    """Claims by one process's ownership, hands over, settles in groups. One run at a time."""

    lanes: Sequence[Lane]
    is_drained: Callable[[], bool] = lambda: False  # read before every message: whether whoever started this process tells it to end
    _halted: threading.Event = field(default_factory=threading.Event)

    def halt(self) -> None:
        """Begin no further message; what was begun is answered and settled (SIGTERM)."""
        self._halted.set()

    def belong_to(self, owner: Ownership) -> None:
        """From here on this owner's; what the old one left unsettled is an orphan."""
        for lane in self.lanes:
            lane.journal.belong_to(owner.id, lambda: owner.may_start)

    def close(self) -> None:
        """Let go of all connections and journals, politely."""
        for lane in self.lanes:
            lane.close()

    def run(self, owner: Ownership, *, seconds: float, only: Sequence[int] = ()) -> Tally:
        """Deliver what is due, letters first, until nothing is, or `seconds` have passed; `only`: just these, due or not."""
        shift = self._shift(owner, self.lanes[0].ground.clock.monotonic() + seconds, serves_letters=not only)
        with owner:
            self._make_up(owner)
            if only:
                self._deliver_these(shift, only)
            else:
                self._deliver_due(shift)
        return shift.tally

    def _make_up(self, owner: Ownership) -> None:
        """What an earlier run left: debts of lanes that may not be begun again for want of work, and claims that nobody heard of.

        A database that dies while it commits may have claimed for us and not said so. Once no lane owes anything, all that is
        claimed under our name is such a claim: nothing is in hand between two runs.
        """
        if all([lane.debts.pay() for lane in self.lanes]):  # noqa: C419 - each is to pay, whatever another one could
            self.lanes[0].ground.queue.give_back(owner.id)

    def _shift(self, owner: Ownership, over_at: float, *, serves_letters: bool) -> Shift:
        return Shift(owner, self.lanes[0].ground.clock, over_at, lambda: self._halted.is_set() or self.is_drained(), serves_letters)

    def _deliver_these(self, shift: Shift, only: Sequence[int]) -> None:
        lane = self.lanes[0]
        for start in range(0, len(only), CLAIM):
            if not lane.may_start(shift):
                return
            for taken in lane.ground.queue.take_these(shift.owner.id, only[start : start + CLAIM]):
                if not lane.deliver(shift, taken):
                    return

    def _deliver_due(self, shift: Shift) -> None:
        first = self.lanes[0]
        helpers: list[_Helper] = []
        try:
            while first.may_start(shift):
                if first.work(shift, (Kind.LETTER,)):
                    continue
                if busy := [helper for helper in helpers if helper.is_alive()]:
                    busy[0].join(LOOK)
                    self._heed(shift, busy)
                elif (helpers or not (helpers := self._helpers(shift))) and not first.work(shift, MANY):
                    break
        except BaseException:
            for helper in helpers:
                helper.shift.stop()
            raise
        finally:
            for helper in helpers:
                helper.join()
                shift.tally.merge(helper.shift.tally)
        for helper in helpers:
            helper.tell()

    def _helpers(self, shift: Shift) -> list["_Helper"]:
        """The other lanes, begun, as many as there is work for; none where one lane is enough."""
        wanted = self.lanes[0].ground.queue.lanes_of_work(len(self.lanes)) if len(self.lanes) > 1 else 0
        helpers = [
            _Helper(lane, self._shift(shift.owner, shift.over_at, serves_letters=False))
            for lane in self.lanes[1 : wanted + 1]
            if wanted > 1
        ]
        for helper in helpers:
            helper.start()
        return helpers

    def _heed(self, shift: Shift, helpers: Sequence["_Helper"]) -> None:
        """An operator's halt reaches all lanes, in the middle of a group too."""
        if self.lanes[0].ground.queue.is_halted():
            for one in (shift, *(helper.shift for helper in helpers)):
                one.stop()


class _Helper(threading.Thread):
    """A lane at work beside the first; what goes wrong in it is told by `tell`."""

    def __init__(self, lane: Lane, shift: Shift) -> None:
        super().__init__(name="lane", daemon=True)
        self._lane, self.shift = lane, shift
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            while self._lane.may_start(self.shift) and self._lane.work(self.shift, MANY):
                pass
        except SystemExit:
            return  # its clock was stopped
        except BaseException as error:  # noqa: BLE001 - raised again by `tell`
            self._error = error

    def tell(self) -> None:
        """Raise what ended it, if that was an error."""
        if self._error is not None:
            raise self._error
