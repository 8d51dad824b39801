"""What keeps the service in order while nobody looks: the sweep after the dead and the stale, and what is forgotten in time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from config.clock import Clock
from config.database import Database
from config.log import logger
from config.settings import Settings
from subscribers import knocks, requests, signup
from worker.ingest import retention as ingest_retention
from worker.pick import rankings
from worker.send import control, domains, held, notices, recovery, retention, waves
from worker.send.held import LedgerHolder
from worker.send.journal import Journals
from worker.send.ledger import steering
from worker.send.ownership import Sweeper
from worker.send.retention import Bite
from worker.send.waves import Account

SNAPSHOTS = timedelta(days=30)  # one a day is kept after that
RUNS = timedelta(days=90)
ANSWERS = timedelta(days=16)
RANKINGS = timedelta(days=16)
REQUESTS = timedelta(days=30)  # no link of theirs lives as long, and no limit looks back further
ERASED = timedelta(days=2)  # no delivery is on its way for longer

log = logger(__name__)


@dataclass(slots=True)
class Upkeep:
    """One object a process: what the sweeper has seen of others is its evidence against them."""

    settings: Settings
    database: Database
    clock: Clock
    journals: Journals
    sweeper: Sweeper = field(init=False)

    def __post_init__(self) -> None:
        self.sweeper = Sweeper(self.clock)

    def sweep(self, *, spare: int | None) -> None:
        """Settle what dead processes left, end what is stale, and close the waves whose account adds up; `spare`: a process that lives."""
        recovery.settle_orphans(self.database, self.clock, self.journals)
        recovery.give_up_silent(self.database, self.clock, self.sweeper, self.journals, spare=spare)
        now = self.clock.now()
        with self.database.transaction() as session:
            if self.settings.on_unknown == "resend":
                steering.resend_unknown(session, now=now)
            steering.expire(session, now=now)
            control.sweep(session, now=now)
            domains.forget(session, now=now)
        for account in self._closed(now):
            level = log.error if account.is_wrong else log.info
            level("wave closed", wave=account.wave_id, **account.packed())

    def prune(self, *, seconds: float) -> int:
        """Forget what is older than we promise to keep it, for so long at most; how many rows."""
        return retention.prune(self.database, self.clock, self._bites(self.clock.now()), seconds=seconds)

    def _closed(self, now: datetime) -> Sequence[Account]:
        """The waves that are over, closed, and the operator told of them who asked for that."""
        with self.database.transaction() as session:
            closed = waves.close_finished(session, now=now)
            if self.settings.operator:
                told = closed if self.settings.mail_accounts == "all" else [one for one in closed if one.is_wrong]
                notices.write(session, map(notices.of_account, told), now=now)
        return closed

    def _bites(self, now: datetime) -> Sequence[Bite]:
        return (
            *retention.ledger_bites(now),
            lambda session: signup.forget_unconfirmed(session, now, (LedgerHolder(self.clock),)),
            lambda session: requests.forget(session, now - REQUESTS),
            lambda session: knocks.forget(session, now - REQUESTS),
            lambda session: held.scrub(session, now - ERASED),
            lambda session: ingest_retention.thin_snapshots(session, now - SNAPSHOTS),
            lambda session: ingest_retention.forget_runs(session, now - RUNS),
            lambda session: ingest_retention.forget_answers(session, now - ANSWERS),
            lambda session: rankings.forget_before(session, now - RANKINGS),
        )
