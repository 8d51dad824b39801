"""After a crash: what the dead left on the wire is settled by their journals, the rest of what they held waits again."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from config.log import logger
from worker.send import ownership
from worker.send.journal import Journals
from worker.send.ledger import claims, outcomes
from worker.send.ledger.outcomes import Settlement
from worker.send.models import State
from worker.send.ownership import GivenUp, Sweeper
from worker.send.port import Outcome, Verdict

log = logger(__name__)


def settle_orphans(database: Database, clock: Clock, journals: Journals) -> None:
    """Settle what processes of this folder left that are dead for sure: the locks of their journals are free."""
    for orphan in journals.orphans():
        now = clock.now()
        with database.transaction() as session:
            _settle(session, orphan.owner, orphan.outcomes, now)
            # Another connection of its may have left a file of its own, which is settled in its turn.
            given = claims.give_back_unbegun(session, orphan.owner, journals.in_hand(orphan.owner), now=now)
            ownership.end(session, orphan.owner, clock)
        unknown = sum(one.verdict is Verdict.UNKNOWN for one in orphan.outcomes)
        log.warning(
            "settled a dead process", process=orphan.owner, answered=len(orphan.outcomes) - unknown, unknown=unknown, given_back=given
        )


def give_up_silent(database: Database, clock: Clock, sweeper: Sweeper, journals: Journals, *, spare: int | None) -> None:
    """Take back what processes hold that have not bumped for longer than our patience, and what ended ones left."""
    with database.transaction() as session:
        for left in sweeper.left_behind(session, here=journals.identity()):
            if took := _take_back(session, left, journals, clock.now()):
                log.warning("took back what an ended process had claimed", process=left.id, **took)
        for silent in sweeper.give_up_silent(session, spare=spare):
            log.warning("gave up a silent process", process=silent.id, **_take_back(session, silent, journals, clock.now()))


def _settle(session: Session, owner: int, found: Iterable[Outcome], now: datetime) -> None:
    answers = list(found)
    held = {one.id: one for one in claims.held(session, owner, [outcome.delivery_id for outcome in answers])}
    settlements = []
    for outcome in answers:
        if claimed := held.get(outcome.delivery_id):
            settlements.append(outcomes.settlement(claimed, outcome, now=now, mailer=""))
        elif outcome.verdict is Verdict.ACCEPTED:
            settlements.append(Settlement(outcome.delivery_id, State.ACCEPTED, now, outcome.words, outcome.code))
    outcomes.settle(session, owner, settlements)


def _take_back(session: Session, gone: GivenUp, journals: Journals, now: datetime) -> dict[str, int]:
    """Where we see its journal, what it never began waits again, and what it still has in hand is left to it (it may be frozen).

    How many of each, for the log.
    """
    if gone.folder == journals.identity():
        given = claims.give_back_unbegun(session, gone.id, journals.in_hand(gone.id), now=now)
        return {"given_back": given} if given else {}
    unknown = claims.mark_unknown(session, gone.id, now=now, words="its process fell silent on another host")
    return {"unknown": unknown} if unknown else {}
