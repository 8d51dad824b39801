"""What a dead process with several connections left: each file settles its own, and takes nothing from another."""

from pathlib import Path

from config.clock import SetClock
from config.database import Database
from tests.worker.send.builders import NOW, a_process, a_row, states, written
from worker.send import recovery
from worker.send.journal import Journals
from worker.send.ledger import claims
from worker.send.models import Kind, State
from worker.send.port import Outcome, Verdict


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
    with database.reading() as session:
        found = states(session)
    assert found == {uncertain: State.UNKNOWN, answered: State.CLAIMED, also_uncertain: State.CLAIMED, unbegun: State.WAITING}
    second.close()
    recovery.settle_orphans(database, clock, journals)
    with database.reading() as session:
        found = states(session)
    assert found == {uncertain: State.UNKNOWN, answered: State.ACCEPTED, also_uncertain: State.UNKNOWN, unbegun: State.WAITING}
    assert list(tmp_path.glob("*.journal")) == []
