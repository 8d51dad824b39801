"""The scripted relay itself, as far as chaos relies on it: as a process, with its record, and with faults it cannot read."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config.clock import SystemClock
from config.settings import ROOT
from tests.relay.faults import Fault, Script, fault
from tests.worker.send.mailers.parcels import Memory, handed_over, parcels
from worker.send.mailers.smtp import SmtpMailer
from worker.send.port import Verdict
from worker.send.smtp.relay import relay_from


def test_a_relay_in_a_process_of_its_own_records_and_counts(tmp_path: Path) -> None:
    record = tmp_path / "taken.jsonl"
    command = [sys.executable, "-m", "tests.relay", "--record", str(record), "--fault", "dot to=reader2@* keep"]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = process.stdout.readline().removeprefix("listening on ").strip()
        outcomes = handed_over(SmtpMailer(relay_from(f"smtp://127.0.0.1:{port}"), SystemClock(), Memory()), parcels(4))
        process.send_signal(signal.SIGTERM)
        counts = json.loads(process.stdout.readline())
    assert [outcome.verdict for outcome in outcomes] == [Verdict.ACCEPTED, Verdict.UNKNOWN, Verdict.DEFERRED, Verdict.ACCEPTED]
    assert counts == {"taken": 3, "doubled": 0, "connections": 2, "complaints": []}
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert [(line["recipients"], line["message_id"], line["answered"]) for line in lines] == [
        (["reader1@example.org"], "<d1@papers.example.org>", True),
        (["reader2@example.org"], "<d2@papers.example.org>", False),
        (["reader4@example.org"], "<d4@papers.example.org>", True),
    ]
    assert lines[0]["bytes"] == len(parcels(1)[0].message.wire())


def test_a_fault_strikes_where_and_as_often_as_told() -> None:
    script = Script([fault("dot to=*@a.example after=1 every=2 times=2 drop")])
    struck = [bool(script.strikes("dot", [name])) for name in ["x@a.example", "x@b.example"] * 7]
    assert struck[1::2] == [False] * 7
    assert struck[::2] == [False, False, True, False, True, False, False]
    assert script.strikes("rcpt", ["x@a.example"]) is None


def test_a_fault_reads_its_words() -> None:
    assert fault("rcpt to=*@bad.example reply '550 5.1.1 no such user'") == Fault(
        place="rcpt", action="reply", argument="550 5.1.1 no such user", to="*@bad.example"
    )
    assert Script([fault("mail chance=0 drop")]).strikes("mail") is None


@pytest.mark.parametrize("line", ["dot", "nowhere drop", "dot vanish", "dot often=2 drop"])
def test_a_fault_that_cannot_be_read_says_how_to_write_one(line: str) -> None:
    with pytest.raises(ValueError, match="write PLACE"):
        fault(line)
