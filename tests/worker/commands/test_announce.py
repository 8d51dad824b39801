"""A notice to many, typed at the desk: looked at, counted, asked about, and to nobody twice."""

import email
import email.policy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from subscribers import audience, standing
from tests.worker.commands.desk import Desk
from worker.send.models import Delivery, Kind

WORDS = "# We move on Friday\n\nDigests come an hour later. [More](https://example.org/moving)\n"


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    file = tmp_path / "moving.md"
    file.write_text(WORDS, encoding="utf-8")
    return file


def told(desk: Desk) -> dict[str, int]:
    """How many mails with this subject lie at each address."""
    found: dict[str, int] = {}
    for file in desk.mails():
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        if mail["Subject"] == "We move on Friday":
            address = mail["To"].addresses[0].addr_spec.lower()
            found[address] = found.get(address, 0) + 1
    return found


def test_a_notice_goes_to_every_active_reader_once_however_often_it_is_announced(either: Desk, letter: Path) -> None:
    said = either.run("announce", str(letter), "--to", "active", stdin="y\n")
    assert (said.code, "Announce it to 3 readers?" in said.out, "announced to 3" in said.out) == (0, True, True)
    either.done("subscribers", "add", "late@example.org", "--confirmed")

    again = either.done("announce", str(letter), "--to", "active", "--yes")
    either.done("send")
    either.done("send")

    assert "it goes to nobody twice" in again
    assert told(either) == {"ada@example.org": 1, "bob@example.org": 1, "cleo@example.org": 1}
    assert "We move on Friday" in either.done("why", "ada@example.org")


def test_who_is_paused_or_has_left_is_not_told_and_the_account_says_so(either: Desk, letter: Path) -> None:
    with either.database() as database, database.transaction() as session:
        ada, bob = (audience.by_address(session, address) for address in ("ada@example.org", "bob@example.org"))
        assert ada is not None
        assert bob is not None
        standing.leave(ada)
        standing.pause(bob, datetime.now(UTC) + timedelta(days=9), datetime.now(UTC))

    said = either.done("announce", str(letter), "--to", "active", "--dry-run")

    assert "would get it: 1 (active)" in said
    assert "  not for 1: paused" in said
    assert "  not for 1: left" in said
    assert "dry run: nothing was written" in said
    either.done("announce", str(letter), "--to", "active", "--yes")
    either.done("send")
    assert told(either) == {"cleo@example.org": 1}


def test_who_pauses_before_it_is_handed_over_is_spared(stocked: Desk, letter: Path) -> None:
    stocked.done("announce", str(letter), "--to", "active", "--yes")
    with stocked.database() as database, database.transaction() as session:
        row = audience.by_address(session, "ada@example.org")
        assert row is not None
        standing.leave(row)

    stocked.done("send")

    assert sorted(told(stocked)) == ["bob@example.org", "cleo@example.org"]
    assert "taken back: the reader is left" in stocked.done("why", "ada@example.org")


def test_a_topic_s_readers_are_told_and_to_whom_both_fit_it_comes_once(either: Desk, letter: Path) -> None:
    assert "announced to 1." in either.done("announce", str(letter), "--to", "topic:Robotics", "--yes")

    said = either.done("announce", str(letter), "--to", "active", "--yes")

    assert "would get it: 2 (active)" in said
    assert "  not for 1: have it already" in said
    either.done("send")
    assert told(either) == {"ada@example.org": 1, "bob@example.org": 1, "cleo@example.org": 1}


def test_the_kind_of_a_notice_is_its_own_lane_and_the_words_are_kept_once(stocked: Desk, letter: Path) -> None:
    stocked.done("announce", str(letter), "--to", "active", "--name", "moving-2026", "--yes")

    with stocked.database() as database, database.reading() as session:
        rows = session.execute(select(Delivery.occasion, Delivery.kind, Delivery.content)).all()
    assert rows == [("notice:moving-2026", Kind.NOTICE, {"notice": 1})] * 3
    letter.write_text("# Another\n\nThing.\n", encoding="utf-8")
    said = stocked.run("announce", str(letter), "--to", "active", "--name", "moving-2026", "--yes")
    assert (said.code, "with other words, 'We move on Friday'; give this one another --name" in said.err) == (2, True)
    assert "3 notices" in stocked.run("status").out


@pytest.mark.parametrize(
    "options", [("--dry-run",), ("--preview", "{}/moving.html"), ("--preview", "{}/moving.eml"), ("--test", "me@example.org")]
)
def test_looking_writes_nothing(stocked: Desk, letter: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    before = stocked.everything()

    stocked.done("announce", str(letter), "--to", "active", *(option.format(tmp_path) for option in options))

    assert stocked.everything() == before
    for file in tmp_path.glob("moving.[he]*"):
        assert "We move on Friday" in file.read_text(encoding="utf-8")


def test_a_test_mail_is_marked_and_its_links_open_nothing(stocked: Desk, letter: Path) -> None:
    stocked.done("announce", str(letter), "--test", "me@example.org")

    [file] = stocked.mails()
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert (mail["Subject"], mail["To"]) == ("[test] We move on Friday", "me@example.org")
    assert "/unsubscribe/AAAAAA" in mail["List-Unsubscribe"]


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_nobody_is_told_without_a_yes(stocked: Desk, letter: Path, answer: str) -> None:
    before = stocked.everything()

    said = stocked.run("announce", str(letter), "--to", "active", stdin=answer)

    assert (said.code, said.err.endswith("nothing was written\n")) == (1, True)
    assert stocked.everything() == before


def test_standard_input_cannot_also_be_asked(stocked: Desk) -> None:
    said = stocked.run("announce", "-", "--to", "active", stdin=WORDS)
    assert (said.code, "then give --yes" in said.err) == (2, True)

    assert "announced to 3." in stocked.run("announce", "-", "--to", "active", "--yes", stdin=WORDS).out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("none.md", "--to", "active"), 2, "'none.md' does not exist"),
        (("{}", "--to", "topic:robotic"), 2, "near it: topic:robotics"),
        (("{}", "--to", "everybody"), 2, "type active, or topic:KEY"),
        (("{}",), 2, "--to: say whom to tell"),
        (("{}", "--to", "active", "--name", "Moving!"), 2, "use small letters, digits and hyphens"),
        (("{}", "--preview", "moving.pdf"), 2, "ends in none of .html, .txt, .eml"),
        (("{}", "--test", "nobody"), 2, "--test:"),
    ],
)
def test_what_is_typed_wrong_is_told_with_a_remedy(stocked: Desk, letter: Path, words: tuple[str, ...], code: int, said: str) -> None:
    ended = stocked.run("announce", *(word.format(letter) for word in words))

    assert (ended.code, said in ended.err) == (code, True), ended


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no heading"),
        (b"# A\n\n\xff\xfe", "is no UTF-8 (byte 6)"),
        (b"# A\n\n" + b"long " * 13_000, "has more than 64 kB"),
        (b"# A\n\n" + b"**b** " * 10_000, "kB is the most that mail programs show whole"),
        (b"# A\n\n[x](/relative)", "'/relative' leads nowhere"),
    ],
)
def test_a_file_that_is_no_notice_is_told_with_a_remedy(stocked: Desk, letter: Path, body: bytes, said: str) -> None:
    letter.write_bytes(body)

    ended = stocked.run("announce", str(letter), "--to", "active", "--yes")

    assert (ended.code, said in ended.err, ended.err.count("Traceback")) == (1, True, 0), ended


def test_a_pace_too_slow_for_all_of_them_is_told_before(stocked: Desk, letter: Path) -> None:
    said = stocked.done("announce", str(letter), "--to", "active", "--dry-run", PAPERBOY_MAILERS="smtp://127.0.0.1:9?tls=none&rate=0.00001")

    assert "at least 2 would not get it" in said
