"""`send --pause`, `--resume`, `--cancel`, `--halt`, `--go`, `--retry`: what an operator types when something is wrong."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from subscribers.models import Subscriber
from tests.relay.server import Relay
from tests.worker.commands.desk import Desk
from worker.send.models import Delivery

AWAY = {"PAPERBOY_MAILERS": "smtp://127.0.0.1:9"}


def planned(desk: Desk) -> None:
    """Three readers who are due, in wave 1, whose mailer is away; all are due for another attempt."""
    with desk.database() as database, database.transaction() as session:
        session.execute(update(Subscriber).values(next_due_at=datetime.now(UTC) - timedelta(seconds=5)))
    assert desk.run("send", **AWAY).code == 1
    with desk.database() as database, database.transaction() as session:
        session.execute(update(Delivery).values(next_attempt_at=datetime.now(UTC) - timedelta(seconds=5)))


def test_nothing_goes_out_while_everything_is_halted_and_all_of_it_when_mail_flows_again(either: Desk) -> None:
    planned(either)
    assert either.done("send", "--halt").startswith("halted: nothing more goes out, letters neither; 3 wait.")
    assert either.done("send", "--halt").startswith("halted already, since ")
    said = either.run("send")
    assert said.code == 1
    assert "go on with: paperboy send --go" in said.err
    status = either.run("status")
    assert status.code == 1
    assert "all sending is halted since" in status.out
    assert either.done("send", "--go") == "mail flows again: 3 wait to be handed over\n"
    assert either.done("send", "--go") == "nothing was halted\n"
    assert "accepted: 3" in either.done("send")


def test_a_paused_wave_waits_and_a_resumed_one_goes_out(either: Desk) -> None:
    planned(either)
    assert "paused; 3 held back. " in either.done("send", "--pause", "1")
    assert "was paused already; 3 held back" in either.done("send", "--pause", "all")
    assert "accepted" not in either.done("send")
    assert "paused" in either.done("status")
    assert "goes on; 3 wait to be handed over" in either.done("send", "--resume", "1")
    assert "was not paused; 3 wait" in either.done("send", "--resume", "1")
    assert "accepted: 3" in either.done("send")
    assert either.run("send", "--pause", "1").err.endswith("is over: nothing of it waits. Look with: paperboy status\n")


def test_a_paused_wave_stays_paused_for_a_reader_by_name_too(either: Desk) -> None:
    planned(either)
    either.done("send", "--pause", "1")
    held_back = "held back: 1 of wave 1, which is paused; let it go on with: paperboy send --resume 1\n"
    assert either.done("send", "--only", "ada@example.org") == held_back
    assert either.done("send", "--now", "--only", "ada@example.org") == held_back
    assert either.done("send") == held_back.replace("1 of", "3 of")
    assert either.done("send", "--dry-run") == "held back: 3 of paused waves; look with: paperboy status\n"
    either.done("send", "--resume", "1")
    assert either.done("send", "--only", "ada@example.org") == "accepted: 1\n"


def test_a_cancelled_wave_is_never_sent_and_adds_up(either: Desk) -> None:
    planned(either)
    assert "cancelled; 3 not sent, their papers may come again" in either.done("send", "--cancel", "all")
    assert "was cancelled already" in either.done("send", "--cancel", "all")
    assert "accepted" not in either.done("send")
    assert either.done("send", "--cancel", "all") == "no such wave is open: nothing was done\n"
    assert "was cancelled already" in either.done("send", "--cancel", "1")
    said = either.done("status")
    assert "cancelled" in said
    assert "adds up" in said
    assert "was cancelled, and what is cancelled is not sent" in either.run("send", "--resume", "1").err


def test_what_failed_is_tried_again_and_what_was_refused_never(stocked: Desk) -> None:
    planned(stocked)
    with Relay("rcpt to=bob@example.org reply '550 5.1.1 no such user'") as relay:
        stocked.run("send", PAPERBOY_MAILERS=f"smtp://127.0.0.1:{relay.port}")
    with stocked.database() as database, database.transaction() as session:
        session.execute(update(Delivery).where(Delivery.subscriber_id != 2).values(state="failed", attempts=7))
    assert stocked.done("send", "--retry", "failed", "--only", "cleo@example.org").splitlines() == [
        "to be tried again: 1 that failed",
        "accepted: 1",
    ]
    said = stocked.done("send", "--retry", "failed").splitlines()
    assert said == ["to be tried again: 1 that failed", "not tried again: 1 that were refused", "accepted: 1"]
    assert stocked.done("send", "--retry", "failed").splitlines()[0] == "to be tried again: 0 that failed"
    assert "adds up" in stocked.done("status")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--pause", "monday"), "--pause: 'monday' is no number of a wave; paperboy status shows them"),
        (("--halt", "--now"), "--halt stands alone: it sends nothing. Example: ./paperboy send --halt"),
        (("--pause", "1", "--cancel", "1"), "--pause stands alone"),
        (("--dry-run", "--retry", "failed"), "--dry-run: it does not go with --retry"),
    ],
)
def test_a_wish_that_makes_no_sense_is_told_with_what_to_type(desk: Desk, words: tuple[str, ...], told: str) -> None:
    said = desk.run("send", *words)
    assert said.code == 2
    assert told in said.err


def test_a_wave_that_was_never_there_is_named(desk: Desk) -> None:
    said = desk.run("send", "--cancel", "99")
    assert said.code == 1
    assert said.err == "paperboy: --cancel: there is no wave 99. Look with: paperboy status\n"
