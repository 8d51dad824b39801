"""What a process left that is gone: each file settles its own and takes nothing from another, and no claim is left standing."""

from pathlib import Path

from config.clock import SetClock
from config.database import Database
from tests.worker.send.builders import NOW, a_process, a_row, states, written
from worker.send import recovery
from worker.send.journal import Journals
from worker.send.ledger import claims
from worker.send.models import Kind, State
from worker.send.ownership import PATIENCE, Ownership, Sweeper
from worker.send.port import Outcome, Verdict


def standing(database: Database) -> dict[int, State]:
    with database.reading() as session:
        return states(session)


def test_the_connections_of_a_dead_process_are_settled_each_by_its_own_file(database: Database, clock: SetClock, tmp_path: Path) -> None:
    uncertain, answered, also_uncertain, unbegun = written(database, *[a_row(reader) for reader in range(1, 5)])
    owner, journals = a_process(database), Journals(tmp_path)
    with database.transaction() as session:
        claims.claim(session, owner=owner, kind=Kind.DIGEST, now=NOW, limit=10)
    first, second = (journals.journal(owner, lambda: True) for _ in range(2))
    first.begun(uncertain)
    second.begun(answered)
    second.answered(Outcome(answered, Verdict.ACCEPTED, "250", "taken"))
    second.begun(also_uncertain)
    first.close()
    recovery.settle_orphans(database, clock, journals)
    assert standing(database) == {uncertain: State.UNKNOWN, answered: State.CLAIMED, also_uncertain: State.CLAIMED, unbegun: State.WAITING}
    second.close()
    recovery.settle_orphans(database, clock, journals)
    assert standing(database) == {uncertain: State.UNKNOWN, answered: State.ACCEPTED, also_uncertain: State.UNKNOWN, unbegun: State.WAITING}
    assert list(tmp_path.glob("*.journal")) == []


def test_what_a_process_still_held_when_it_ended_politely_waits_again(database: Database, clock: SetClock, tmp_path: Path) -> None:
    unbegun, in_hand = written(database, a_row(1), a_row(2))
    journals = Journals(tmp_path)
    ended = Ownership(database, clock, "here:1", journals.identity())
    with database.transaction() as session:
        claims.claim(session, owner=ended.id, kind=Kind.DIGEST, now=NOW, limit=10)
    journal = journals.journal(ended.id, lambda: True)
    journal.begun(in_hand)
    ended.close()
    recovery.give_up_silent(database, clock, Sweeper(clock), journals, spare=None)
    assert standing(database) == {unbegun: State.WAITING, in_hand: State.CLAIMED}, "who still notes it knows more"
    journal.close()


def test_what_a_process_of_another_host_held_when_it_ended_is_unknown_after_our_patience(
    database: Database, clock: SetClock, tmp_path: Path
) -> None:
    [held] = written(database, a_row(1))
    ended = Ownership(database, clock, "there:1", "a folder that we do not see")
    with database.transaction() as session:
        claims.claim(session, owner=ended.id, kind=Kind.DIGEST, now=NOW, limit=10)
    ended.close()
    sweeper, found = Sweeper(clock), []
    for seconds in (0, PATIENCE - 1, 1):
        clock.sleep(seconds)
        recovery.give_up_silent(database, clock, sweeper, Journals(tmp_path), spare=None)
        found.append(standing(database)[held])
    assert found == [State.CLAIMED, State.CLAIMED, State.UNKNOWN]
