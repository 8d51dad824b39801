"""One process's send room: plans, delivers, sweeps and watches, with its caches and its kept connections."""

import os
import socket
from collections.abc import Callable, Sequence
from functools import cached_property

from config.log import logger
from config.runtime import Runtime
from config.settings import SettingsError
from subscribers import audience, knocks
from worker.ingest.registry import names_of
from worker.pick.today import Today
from worker.render.message import Message
from worker.send import control, forward, hands, heartbeats, letters, notices, planning, waves
from worker.send.composing import LedgerComposer
from worker.send.control import Retried
from worker.send.delivery import Deliverer
from worker.send.forward import Forwarded
from worker.send.group import Tally
from worker.send.journal import Journals
from worker.send.ledger import lookups
from worker.send.ownership import Ownership
from worker.send.port import Outcome, Parcel, Unavailable
from worker.send.registry import mailers_from
from worker.send.upkeep import Upkeep

PRUNE_FOR = 10.0  # seconds an hour

log = logger(__name__)


class Office:
    """Everything the tasks, the commands, the embedded clock and the demo ask of sending. One object a process, one thread at a time."""

    def __init__(self, runtime: Runtime, is_drained: Callable[[], bool] = lambda: False) -> None:
        """`is_drained`: whether whoever started this process tells it to begin nothing more."""
        self._settings = runtime.settings
        self._database = runtime.database
        self._clock = runtime.clock
        self._journals = Journals(runtime.settings.state_dir / "journal")
        self._upkeep = Upkeep(runtime.settings, runtime.database, runtime.clock, self._journals)
        self._ownership: Ownership | None = None
        self._is_drained = is_drained

    @cached_property
    def _sources(self) -> tuple[str, ...]:
        return names_of(self._settings, self._database, self._clock)

    @cached_property
    def today(self) -> Today:
        """What may be picked now; kept until there is a newer ranking."""
        return Today(self._settings)

    @cached_property
    def composer(self) -> LedgerComposer:
        """Templates inlined once, cards kept. Raises SettingsError for templates or keys of the operator's that cannot be used."""
        try:
            return LedgerComposer(self._settings, self._database, self._clock)
        except SettingsError:
            raise
        except Exception as error:
            if self._settings.templates is None:
                raise
            words = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise SettingsError([f"PAPERBOY_TEMPLATES: {self._settings.templates}: {words}. Look at the templates there"]) from error

    def make_ready(self) -> None:
        """Read topics, templates and mailers now: a fault of theirs is told before anything is written. Raises SettingsError."""
        _ = self.today.topics, self.composer, self._deliverer

    def open_wave(self) -> list[int]:
        """Open the wave of this tick; the ranges to plan, those that a lost task left over first."""
        now = self._clock.now()
        with self._database.transaction() as session:
            left = waves.unplanned(session)
            tick = waves.tick_of(now)
            return left + waves.open_wave(session, waves.due_spans(session, tick), due_at=tick, now=now)

    def open_wave_by_hand(self, only: Sequence[int]) -> list[int]:
        """Open a wave of this very moment, over everybody who is due or just those of `only` who are; the ranges to plan.

        Over everybody, ranges that a lost task left over come first.
        """
        now = self._clock.now()
        with self._database.transaction() as session:
            if not only:
                return waves.unplanned(session) + waves.open_wave(session, waves.due_spans(session, now), due_at=now, now=now)
            return waves.open_wave(session, waves.uncovered(session, audience.due_of(session, only, now)), due_at=now, now=now)

    def plan_range(self, range_id: int) -> int:
        """Choose for the readers of one range; how many occasions it counted."""
        return planning.plan_range(self._database, self.today, self._clock, range_id)

    def bring_forward(self, ids: Sequence[int]) -> Forwarded:
        """Plan today's occasion now for these readers."""
        return forward.bring_forward(self._database, self.today, self._clock, ids)

    def post_letters(self) -> None:
        """Turn what readers asked for into deliveries now, so that it can be counted; `deliver` does it by itself."""
        knocks.open_door(self._database)
        posted = letters.BATCH
        while posted == letters.BATCH:
            with self._database.transaction() as session:
                posted = letters.post(session, self.today, now=self._clock.now())

    def deliver(self, *, seconds: float, only: Sequence[int] = ()) -> Tally:
        """Hand over what is due for up to `seconds`, letters first; or just the deliveries of `only`."""
        owner = self._owner()
        return self._deliverer.run(owner, seconds=seconds, only=only)

    def mail_once(self, message: Message) -> Outcome:
        """Hand one message over beside the ledger: nothing is remembered, nothing tried again. Raises Unavailable."""
        trouble = ""
        for mailer in mailers_from(self._settings, self._clock):
            try:
                return next(iter(mailer.deliver([Parcel(0, message.recipient, message)])))
            except Unavailable as error:
                trouble = f"{mailer.name}: {error}"
            finally:
                mailer.close()
        raise Unavailable(trouble)

    def retry_failed(self, only: Sequence[int] | None) -> Retried:
        """Let what failed wait again, of everybody or of these readers."""
        with self._database.transaction() as session:
            return control.retry_failed(session, only, now=self._clock.now())

    def waiting(self) -> int:
        """How many deliveries are due for an attempt."""
        with self._database.reading() as session:
            return sum(lookups.waiting(session, now=self._clock.now()).values())

    def sweep(self) -> None:
        """Settle what dead processes left, end what is stale, and close the waves whose account adds up."""
        self._upkeep.sweep(spare=self._ownership.id if self._ownership else None)

    def watch(self) -> None:
        """Write to the operator about what is wrong, once a cause a day."""
        if not self._settings.operator:
            return
        now = self._clock.now()
        with self._database.transaction() as session:
            notices.write(session, notices.causes(session, sources=self._sources, now=now), now=now)

    def tell_of_silence(self) -> None:
        """Write to the operator, by ourselves, when the clock stands still: nobody else would hand the letter over."""
        now = self._clock.now()
        with self._database.transaction() as session:
            written = notices.write(session, notices.silence(session, now), now=now) if self._settings.operator else []
        if written:
            # Redis may be why the clock stands still, and one letter a day needs no pace that is shared.
            hands.unpaced(self._deliverer).run(self._owner(), seconds=PRUNE_FOR, only=written)

    def prune(self) -> None:
        """Forget what is older than we promise to keep it."""
        log.info("pruned", rows=self._upkeep.prune(seconds=PRUNE_FOR))

    def beat(self) -> None:
        """Show that the clock runs."""
        with self._database.transaction() as session:
            heartbeats.beat(session, heartbeats.BEAT, now=self._clock.now())

    def halt(self) -> None:
        """Begin no further message."""
        self._deliverer.halt()

    def close(self) -> None:
        """Let go of connections and of our row, politely."""
        if self._ownership is None:
            return
        self._deliverer.close()
        self._ownership.close()
        self._ownership = None

    def _owner(self) -> Ownership:
        """Our row; a new one when a sweeper gave the old one up."""
        if self._ownership is None or self._ownership.lost:
            owner = Ownership(self._database, self._clock, f"{socket.gethostname()}:{os.getpid()}", self._journals.identity())
            self._deliverer.belong_to(owner)
            self._ownership = owner
        return self._ownership

    @cached_property
    def _deliverer(self) -> Deliverer:
        return hands.hands(
            self._settings,
            self._database,
            self._clock,
            self.composer,
            lambda session: letters.post(session, self.today, now=self._clock.now()),
            self._journals,
            self._is_drained,
        )
