"""What a process leaves behind when it dies, and what it is not told to leave."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from config.clock import SystemClock
from config.settings import ROOT
from tests.relay.server import Relay
from tests.worker.send.mailers.parcels import parcels
from worker.send.journal import FileJournal, Journals, Orphan
from worker.send.mailers.smtp import SmtpMailer
from worker.send.port import Outcome, Verdict, Withheld
from worker.send.smtp.relay import relay_from

ACCEPTED = Outcome(7, Verdict.ACCEPTED, "250 2.0.0", "queued\tas\nX", "X")


def may() -> bool:
    return True


def a_journal(folder: Path, owner: int = 3, may_begin: Callable[[], bool] = may) -> FileJournal:
    return Journals(folder).journal(owner, may_begin)


def left(folder: Path) -> list[Orphan]:
    return list(Journals(folder).orphans())


def test_what_was_begun_and_not_answered_is_unknown(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.begun(5)
    journal.answered(Outcome(5, Verdict.ACCEPTED))
    journal.begun(6)
    journal.close()
    (orphan,) = left(tmp_path)
    assert orphan.owner == 3
    assert {outcome.delivery_id: outcome.verdict for outcome in orphan.outcomes} == {5: Verdict.ACCEPTED, 6: Verdict.UNKNOWN}
    assert left(tmp_path) == []


def test_an_answer_is_kept_whole(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.begun(7)
    journal.answered(ACCEPTED)
    journal.close()
    (orphan,) = left(tmp_path)
    assert orphan.outcomes == (Outcome(7, Verdict.ACCEPTED, "250 2.0.0", "queued as X", "X"),)


def test_a_living_process_keeps_its_file(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.begun(5)
    assert left(tmp_path) == []
    assert Journals(tmp_path).in_hand(3) == {5}
    assert Journals(tmp_path).in_hand(33) == frozenset()
    journal.close()


def test_what_stands_in_the_ledger_is_forgotten(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    for number in range(1, 4):
        journal.begun(number)
        journal.answered(Outcome(number, Verdict.ACCEPTED))
    journal.settled()
    assert Journals(tmp_path).in_hand(3) == frozenset()
    journal.begun(9)
    assert Journals(tmp_path).in_hand(3) == {9}
    journal.answered(Outcome(9, Verdict.DEFERRED))
    journal.settled()
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_notes_nothing_makes_no_file(tmp_path: Path) -> None:
    journal = a_journal(tmp_path / "journal")
    journal.settled()
    journal.close()
    assert not (tmp_path / "journal").exists()
    assert left(tmp_path / "journal") == []


def test_a_settling_that_fails_keeps_the_file_for_another_time(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.begun(5)
    journal.close()

    def settle() -> None:
        for _ in Journals(tmp_path).orphans():
            raise RuntimeError("the database is away")

    with pytest.raises(RuntimeError):
        settle()
    assert [outcome.delivery_id for orphan in left(tmp_path) for outcome in orphan.outcomes] == [5]


def test_a_process_that_died_with_everything_settled_is_told_dead(tmp_path: Path) -> None:
    (tmp_path / "3-0123456789abcdef.journal").touch()
    assert left(tmp_path) == [Orphan(3, ())]
    assert left(tmp_path) == []


def test_two_settlers_do_not_meet_in_one_file(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.begun(5)
    journal.close()
    first = Journals(tmp_path).orphans()
    assert next(first).outcomes[0].delivery_id == 5
    assert left(tmp_path) == []
    assert list(first) == []
    assert list(tmp_path.iterdir()) == []


def test_a_line_cut_short_counts_for_nothing_and_swallows_no_other(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.begun(5)
    (file,) = tmp_path.iterdir()
    with file.open("ab") as torn:
        torn.write(b"answered 5\taccep")
    journal.begun(6)
    journal.close()
    assert {outcome.delivery_id: outcome.verdict for outcome in left(tmp_path)[0].outcomes} == {5: Verdict.UNKNOWN, 6: Verdict.UNKNOWN}


def test_a_foreign_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.journal").write_text("begun 5\n")
    (tmp_path / "3-0123456789abcdef.journal").write_bytes(b"\xff\xfe begun\nbegun x\nanswered 4\tsoon\t\t\t\nbegun 8\n")
    (orphan,) = left(tmp_path)
    assert [outcome.delivery_id for outcome in orphan.outcomes] == [8]
    assert [file.name for file in tmp_path.iterdir()] == ["notes.journal"]


def test_a_message_that_is_no_longer_ours_is_withheld_but_seen_in_our_hand(tmp_path: Path) -> None:
    journal = a_journal(tmp_path, may_begin=lambda: False)
    with pytest.raises(Withheld):
        journal.begun(5)
    assert Journals(tmp_path).in_hand(3) == {5}
    journal.close()


def test_a_new_owner_leaves_what_the_old_one_had_not_settled(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.begun(5)
    journal.belong_to(4, may)
    journal.begun(6)
    assert [(orphan.owner, [outcome.delivery_id for outcome in orphan.outcomes]) for orphan in left(tmp_path)] == [(3, [5])]
    journal.close()
    assert [orphan.owner for orphan in left(tmp_path)] == [4]


def test_a_folder_that_cannot_be_written_stops_the_sending(tmp_path: Path) -> None:
    (tmp_path / "journal").touch()
    with pytest.raises(OSError, match="journal"):
        a_journal(tmp_path / "journal").begun(5)
    a_journal(tmp_path / "journal").answered(ACCEPTED)
    with Relay() as relay:
        mailer = SmtpMailer(relay_from(relay.url()), SystemClock(), a_journal(tmp_path / "journal"))
        assert {outcome.verdict for outcome in mailer.deliver(parcels(3))} == {Verdict.DEFERRED}
        mailer.close()
        assert relay.taken == []


KILLED = """
import sys
from pathlib import Path
from config.clock import SystemClock
from tests.worker.send.mailers.parcels import parcels
from worker.send.journal import Journals
from worker.send.mailers.smtp import SmtpMailer
from worker.send.smtp.relay import relay_from

url, folder = sys.argv[1:]
mailer = SmtpMailer(relay_from(url), SystemClock(), Journals(Path(folder)).journal(3, lambda: True))
for outcome in mailer.deliver(parcels(5)):
    print(outcome.delivery_id, flush=True)
"""


def test_a_process_killed_on_the_wire_leaves_one_delivery_uncertain(tmp_path: Path) -> None:
    with Relay("dot to=reader3@* hang") as relay:
        command = [sys.executable, "-c", KILLED, relay.url(), str(tmp_path)]
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE)
        deadline = time.monotonic() + 20
        while "reader3@example.org" not in relay.recipients and time.monotonic() < deadline:
            time.sleep(0.01)
        assert left(tmp_path) == []
        process.send_signal(signal.SIGKILL)
        process.communicate()
    (orphan,) = left(tmp_path)
    assert orphan.owner == 3
    assert {outcome.delivery_id: outcome.verdict for outcome in orphan.outcomes} == {
        1: Verdict.ACCEPTED,
        2: Verdict.ACCEPTED,
        3: Verdict.UNKNOWN,
    }
