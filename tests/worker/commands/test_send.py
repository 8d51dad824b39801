"""`send`: what is due, today brought forward, a rehearsal; once each, and accounted for."""

import email
import email.policy
import signal
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update

from subscribers.models import Subscriber
from tests.relay.server import Relay
from tests.worker.commands.desk import Desk
from worker.send.models import Delivery


def make_due(desk: Desk, *addresses: str, ago: timedelta = timedelta(minutes=1)) -> None:
    """These readers are due since then."""
    with desk.database() as database, database.transaction() as session:
        due = datetime.now(UTC) - ago
        session.execute(update(Subscriber).where(Subscriber.address.in_(addresses)).values(next_due_at=due))


def recipients(desk: Desk) -> Counter[str]:
    read = (email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in desk.mails())
    return Counter(str(mail["To"]).rpartition("<")[2].rstrip(">") for mail in read)


def states(desk: Desk) -> Counter[str]:
    with desk.database() as database, database.reading() as session:
        return Counter(session.scalars(select(Delivery.state)).all())


def test_before_anything_there_is_somebody_to_add_and_something_to_read(desk: Desk) -> None:
    for words in ((), ("--now",), ("--dry-run",), ("--now", "--dry-run")):
        assert desk.done("send", *words) == "Nobody subscribes yet. Add one: paperboy subscribers add EMAIL --confirmed\n"


def test_with_nothing_due_it_says_when_the_next_is(stocked: Desk) -> None:
    said = stocked.done("send")
    assert said.startswith("Nothing is due. The next digest is due on ")
    assert "UTC, in " in said
    assert "--now brings it forward" in said
    assert stocked.mails() == []


def test_what_is_due_is_planned_and_delivered_and_nobody_else_is(stocked: Desk) -> None:
    make_due(stocked, "Ada@example.org", "bob@example.org")
    assert stocked.done("send").splitlines() == ["planned: 2", "accepted: 2"]
    assert recipients(stocked) == {"Ada@example.org": 1, "bob@example.org": 1}
    assert stocked.done("send").startswith("Nothing is due.")
    assert "adds up" in stocked.done("status")


def test_now_brings_today_forward_once_and_names_who_had_it(stocked: Desk) -> None:
    assert stocked.done("send", "--now").splitlines() == ["planned: 3", "accepted: 3"]
    again = stocked.done("send", "--now").splitlines()
    assert [line.partition("already had")[0] for line in again] == [
        "  not again: Ada@example.org ",
        "  not again: bob@example.org ",
        "  not again: cleo@example.org ",
    ]
    assert all("digest:20" in line for line in again)
    assert set(recipients(stocked).values()) == {1}


def test_only_concerns_just_these_readers(stocked: Desk) -> None:
    make_due(stocked, "Ada@example.org", "bob@example.org", "cleo@example.org")
    stocked.done("send", "--only", "ADA@example.org", "--only", "cleo@example.org")
    assert set(recipients(stocked)) == {"Ada@example.org", "cleo@example.org"}
    assert "planned: 1" in stocked.done("send")


def test_only_with_an_unknown_address_does_nothing_at_all(stocked: Desk) -> None:
    before = stocked.everything()
    said = stocked.run("send", "--now", "--only", "ada@example.org", "--only", "nobody@example.org")
    assert (said.code, said.out) == (1, "")
    assert "nobody subscribes as 'nobody@example.org'" in said.err
    assert stocked.everything() == before


@pytest.mark.parametrize("words", [(), ("--now",), ("--only", "ada@example.org"), ("--now", "--only", "ada@example.org")], ids=" ".join)
def test_a_rehearsal_says_who_would_get_what_and_writes_nothing(stocked: Desk, words: tuple[str, ...]) -> None:
    make_due(stocked, "Ada@example.org", "bob@example.org")
    before = stocked.everything()
    said = stocked.done("send", "--dry-run", *words)
    assert "Dry run: nothing is written or mailed" in said
    assert "An Empirical Study of Mamba-based Language Models, and 9 more" in said
    assert ("bob@example.org" in said) == ("--only" not in words)
    assert ("cleo@example.org" in said) == (words == ("--now",))
    assert stocked.everything() == before
    assert stocked.mails() == []


def test_a_rehearsal_of_now_names_who_would_not_get_it_again(stocked: Desk) -> None:
    stocked.done("send", "--now", "--only", "ada@example.org")
    said = stocked.done("send", "--dry-run", "--now")
    [line] = [line for line in said.splitlines() if line.startswith("Ada@example.org")]
    assert "not again" in line
    assert "already had digest:" in line


def test_without_papers_nobody_gets_a_mail_and_the_reason_is_told(desk: Desk) -> None:
    desk.done("subscribers", "add", "ada@example.org", "--confirmed")
    said = desk.done("send", "--now")
    assert said.startswith("  no mail for ada@example.org: ")
    assert desk.done("send", "--now") == said, "nothing was used up: the hour is still to come, and may bring more"
    make_due(desk, "ada@example.org")
    assert "planned: 1\n  no mail for 1: " in desk.done("send")
    again = desk.done("send", "--now")
    assert "not again: ada@example.org has digest:" in again
    assert "no mail: " in again
    assert desk.mails() == []


def test_what_nobody_planned_for_days_is_told_as_too_old(stocked: Desk) -> None:
    make_due(stocked, "Ada@example.org", ago=timedelta(days=3))
    said = stocked.done("send")
    assert "no mail for 2: nothing was planned while it was due" in said or "no mail for 3: nothing was planned while it was due" in said


def test_a_letter_that_was_asked_for_goes_out_too(stocked: Desk) -> None:
    stocked.done("subscribers", "add", "dora@example.org")
    assert "would be handed over besides: 1" in stocked.done("send", "--dry-run")
    assert stocked.done("send") == "accepted: 1\n"
    assert recipients(stocked) == {"dora@example.org": 1}


def test_a_relay_that_is_away_pauses_and_the_next_send_hands_over_what_waits(stocked: Desk) -> None:
    dead = {"PAPERBOY_MAILERS": "smtp://127.0.0.1:9"}
    said = stocked.run("send", "--now", **dead)
    assert said.code == 1
    assert "planned: 3" in said.out
    assert "paused smtp 127.0.0.1:9: nothing listens on port 9" in said.out
    assert said.err == ""
    assert stocked.done("send").splitlines() == ["accepted: 3"], "nobody had it, so it stayed due"
    assert set(recipients(stocked).values()) == {1}


def test_who_was_refused_is_named_with_the_relays_words_and_ends_with_1(stocked: Desk) -> None:
    with Relay("rcpt to=bob@example.org reply '550 5.1.1 no \x1b[31msuch[/] user'") as relay:
        said = stocked.run("send", "--now", PAPERBOY_MAILERS=f"smtp://127.0.0.1:{relay.port}")
    assert said.code == 1
    assert "accepted: 2" in said.out
    assert "refused: 1" in said.out
    assert "  refused: bob@example.org: 550 5.1.1" in said.out
    assert "\x1b" not in said.out


def test_redis_out_of_reach_pauses_sending_in_a_line(stocked: Desk) -> None:
    said = stocked.run("send", "--now", PAPERBOY_REDIS_URL="redis://127.0.0.1:9/0")
    assert said.code == 1
    assert "paused Redis is out of reach" in said.out
    assert said.err == ""


def test_more_readers_than_one_step_takes_are_all_served(stocked: Desk) -> None:
    sheet = stocked.state / "many.csv"
    sheet.write_text("email\n" + "".join(f"reader{number}@example.org\n" for number in range(1500)), encoding="utf-8")
    stocked.done("subscribers", "import", str(sheet), "--confirmed")
    said = stocked.done("send", "--now", PAPERBOY_MAILERS=f"maildir://{stocked.state}/maildir?rate=100000")
    assert said.splitlines()[-2:] == ["planned: 1503", "accepted: 1503"]
    assert len(stocked.mails()) == 1503


def test_two_at_once_mail_nobody_twice(either: Desk) -> None:
    make_due(either, "Ada@example.org")
    with ExitStack() as running:
        processes = [running.enter_context(either.started("send", "--now")) for _ in range(2)]
        ends = [(*process.communicate(timeout=60), process.returncode) for process in processes]
    assert [(err, code) for _, err, code in ends] == [("", 0)] * 2
    assert all(said for said, _, _ in ends), "whoever came second says so"
    assert recipients(either) == {"Ada@example.org": 1, "bob@example.org": 1, "cleo@example.org": 1}
    assert states(either) == {"accepted": 3}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_in_the_middle_finishes_what_was_begun_and_leaves_the_rest_waiting(stocked: Desk, number: signal.Signals) -> None:
    slow = {"PAPERBOY_MAILERS": f"maildir://{stocked.state}/maildir?rate=0.5"}  # one at a time, the first two at once
    with stocked.started("send", "--now", **slow) as process:
        deadline = time.monotonic() + 30
        while not stocked.mails() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert err == "paperboy: broken off: what was begun is finished, the rest waits for the next send, or for the clock\n"
    assert "accepted: " in out
    assert states(stocked) == {"accepted": len(stocked.mails()), "waiting": 3 - len(stocked.mails())}
    stocked.done("send", "--now")
    assert set(recipients(stocked).values()) == {1}
    assert len(stocked.mails()) == 3


def test_a_reader_erased_meanwhile_stops_nobody(stocked: Desk) -> None:
    stocked.run("send", "--now", PAPERBOY_MAILERS="smtp://127.0.0.1:9")
    with stocked.database() as database, database.transaction() as session:
        session.execute(text("DELETE FROM interests WHERE subscriber_id = 2"))
        session.execute(text("DELETE FROM subscribers WHERE id = 2"))
    said = stocked.done("send", "--now")
    assert "accepted: 2" in said
    with stocked.database() as database, database.reading() as session:
        assert session.scalar(select(func.count()).where(Delivery.state == "accepted")) == 2


def test_on_either_engine_a_due_reader_is_served_and_accounted_for(either: Desk) -> None:
    make_due(either, "Ada@example.org", "bob@example.org")
    before = either.everything()
    assert "Ada@example.org" in either.done("send", "--dry-run")
    assert either.everything() == before
    assert either.done("send").splitlines() == ["planned: 2", "accepted: 2"]
    assert either.done("send", "--now").splitlines()[0] == "planned: 1"
    assert "adds up" in either.done("status", "--next")
