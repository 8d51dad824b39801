"""`status` and `why`: how things stand, and what one reader got."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from subscribers.models import Subscriber
from tests.worker.commands.desk import PAGE, Desk
from tests.worker.send.builders import a_row
from worker.ingest.models import Run
from worker.send import domains
from worker.send.domains import Answers
from worker.send.ledger import writing
from worker.send.models import Heartbeat, MailerDay, Range, Wave


def test_on_the_first_day_everything_is_named_that_is_not_there_yet(desk: Desk) -> None:
    said = desk.done("status", "--next")
    for words in (
        "no source: PAPERBOY_SOURCES is empty",
        "no wave yet: nobody was due so far",
        "waiting to be handed over: nothing",
        "clock: has not beaten yet; start it: paperboy up",
        "readers: none yet",
        "nobody in the next 24 hours",
    ):
        assert words in said


def test_sources_are_told_by_their_names_read_or_not(stocked: Desk) -> None:
    said = stocked.done("status", PAPERBOY_SOURCES=f"file:{PAGE} arxiv:cs.lg huggingface")
    lines = {line.split("  ")[0]: line for line in said.splitlines()}
    assert lines[f"file:{PAGE}"].endswith("read")
    assert lines["arxiv:cs.LG"].endswith("to be read")
    assert "never" in lines["huggingface"]


def test_what_is_being_fetched_is_told_also_when_it_was_asked_for_by_hand(desk: Desk) -> None:
    now = datetime.now(UTC)
    with desk.database() as database, database.transaction() as session:
        for source in ("huggingface", "feed:https://example.org/f"):
            run = {"source": source, "begun_at": now, "touched_at": now, "since": now.date(), "until": now.date()}
            session.add(Run(**run, progress="the daily papers of 17 June, 3 of 7"))
    said = desk.done("status", PAPERBOY_SOURCES="huggingface")
    assert said.splitlines()[2].endswith("the daily papers of 17 June, 3 of 7")
    assert "being fetched: feed:https://example.org/f, the daily papers" in said
    assert "being fetched: huggingface, the daily papers of 17 June" in desk.done("trending")


def test_what_goes_slower_than_it_could_is_told(desk: Desk) -> None:
    now = datetime.now(UTC)
    with desk.database() as database, database.transaction() as session:
        slow = Answers(frozenset(), now, troubled={"gmail.com": "421 4.7.0 too fast"})
        domains.note(session, slow, now=now)
        session.add(MailerDay(mailer="smtp 127.0.0.1:25", day=now.date(), taken=95))
    said = desk.done("status", PAPERBOY_MAILERS="smtp://127.0.0.1:25?daily=100&connections=1")
    assert "slowed down: gmail.com, 8 messages a second, none before " in said
    assert "(421 4.7.0 too fast)" in said
    assert "smtp 127.0.0.1:25: 95 of 100 today: the daily cap is reached; what waits goes on at 00:00 UTC, letters go" in said


def test_a_mailer_that_is_away_is_told_with_why_and_when_it_is_asked_again(stocked: Desk) -> None:
    away = {"PAPERBOY_MAILERS": "smtp://127.0.0.1:9"}
    stocked.run("send", "--now", **away)
    said = stocked.done("status", **away)
    assert "away: smtp 127.0.0.1:9, asked again at " in said
    assert "UTC (nothing listens on port 9: is the relay running, and is this its port?)" in said


def test_the_next_day_is_told_by_the_hour_with_as_many_readers(stocked: Desk) -> None:
    due = datetime.now(UTC).replace(minute=30, second=0, microsecond=0) + timedelta(hours=3)
    with stocked.database() as database, database.transaction() as session:
        session.execute(update(Subscriber).where(Subscriber.id < 3).values(next_due_at=due))
        session.execute(update(Subscriber).where(Subscriber.id == 3).values(next_due_at=due + timedelta(hours=2)))
    hours = [line for line in stocked.done("status", "--next").splitlines() if ":00  " in line]
    assert len(hours) == 24
    assert hours[3] == f"  {due:%a %H}:00         2  {'█' * 40}"
    assert hours[5].endswith(f"       1  {'█' * 20}")
    assert hours[4].endswith(" 0")


def test_waves_add_up_or_are_named_and_end_with_1(stocked: Desk) -> None:
    with stocked.database() as database, database.transaction() as session:
        session.execute(update(Subscriber).values(next_due_at=datetime.now(UTC) - timedelta(seconds=5)))
    stocked.done("send")
    said = stocked.done("status")
    assert "adds up" in said
    assert "readers: 3 active" in said
    with stocked.database() as database, database.transaction() as session:
        wave = session.scalars(select(Wave)).one()
        wave.account = {**wave.account, "counted": 4}
    wrong = stocked.run("status")
    assert wrong.code == 1
    assert "off by -1" in wrong.out
    assert "does not add up" in wrong.out


def test_a_clock_that_stands_still_is_wrong_and_so_is_a_reader_nobody_took(stocked: Desk) -> None:
    with stocked.database() as database, database.transaction() as session:
        session.add(Heartbeat(name="beat", beat_at=datetime.now(UTC) - timedelta(hours=5)))
        session.execute(update(Subscriber).where(Subscriber.id == 1).values(next_due_at=datetime.now(UTC) - timedelta(hours=1)))
    said = stocked.run("status")
    assert said.code == 1
    assert "clock: beat 5 h ago" in said.out
    assert "The clock has stopped" in said.out
    assert "One reader is overdue" in said.out


def test_what_waits_for_another_try_is_counted(stocked: Desk) -> None:
    stocked.done("subscribers", "add", "dora@example.org")
    assert "waiting to be handed over: 1 letter" in stocked.done("status")
    with stocked.database() as database, database.transaction() as session:
        writing.write(session, [a_row(1, next_attempt_at=datetime.now(UTC) + timedelta(minutes=9))])
    assert "to be tried again later: 1, the first in 8 min" in stocked.done("status")


def test_an_open_wave_is_told_live_by_domain_and_mailer(either: Desk) -> None:
    now = datetime.now(UTC)
    done = {"state": "accepted", "mailer": "smtp relay:25", "settled_at": now - timedelta(seconds=9)}
    with either.database() as database, database.transaction() as session:
        session.add(Wave(id=7, due_at=now - timedelta(minutes=5), opened_at=now, account={}))
        session.flush()
        session.add(Range(wave_id=7, first_id=1, last_id=3, readers=4, planned_at=now))
        usual = {"wave_id": 7, "due_at": now - timedelta(minutes=5)}
        rows = [a_row(1, **usual, **done), a_row(2, **usual, **done, domain="slow.example"), a_row(3, **usual, domain="slow.example")]
        writing.write(session, [*rows, a_row(4, **usual, state="skipped", reason="nothing new")])
    said = either.done("status").splitlines()
    assert "wave 7: 3 of 4 done (75 %), 2 in the last minute, about 30 s left, the oldest waits for 5 min" in said
    assert "slow.example      1        1         0" in said
    assert "smtp relay:25  0        2         0" in said


def test_a_long_answer_is_cut(stocked: Desk) -> None:
    now = datetime.now(UTC)
    with stocked.database() as database, database.transaction() as session:
        run = {"source": "huggingface", "begun_at": now, "touched_at": now, "ended_at": now, "since": now.date(), "until": now.date()}
        session.add(Run(**run, error="no answer " * 90))
    said = stocked.run("status", PAPERBOY_SOURCES="huggingface").out
    assert "no answer …" in said
    assert max(map(len, said.splitlines())) < 300


def test_why_tells_the_reader_the_occasions_and_the_reason_of_each_paper(stocked: Desk) -> None:
    stocked.done("send", "--now")
    said = stocked.done("why", "ADA@EXAMPLE.ORG")
    for words in (
        "Ada@example.org\n",
        "active; every day at 08:00 (Europe/Berlin)",
        "next due ",
        "topics: Language models, Robotics; keywords: mamba, ssm",
        "by import of readers.csv",
        "accepted by maildir",
        "for you  An Empirical Study of Mamba-based Language Models  - keyword mamba; keyword ssm; Language models",
    ):
        assert words in said
    assert "no wishes: the day's trending papers" in stocked.done("why", "bob@example.org")


def test_why_before_any_occasion_and_for_nobody(stocked: Desk) -> None:
    assert "No occasion yet." in stocked.done("why", "ada@example.org")
    for typed, words in (("eve@example.org", "nobody subscribes as"), ("eve", "is no address")):
        said = stocked.run("why", typed)
        assert said.code == 1
        assert words in said.err


def test_why_tells_a_quiet_day_and_a_relay_that_was_away_in_words(stocked: Desk) -> None:
    stocked.run("send", "--now", "--only", "ada@example.org", PAPERBOY_MAILERS="smtp://127.0.0.1:9")
    assert "waits since" in stocked.done("why", "ada@example.org")


def test_markup_in_what_a_reader_asked_for_is_words(desk: Desk) -> None:
    desk.done("subscribers", "add", "ada@example.org", "--name", "[red]Ada[/]", "--keywords", "[bold]mamba[/bold]", "--confirmed")
    assert "[bold]mamba[/bold]" in desk.done("why", "ada@example.org")


def test_on_either_engine_how_things_stand_is_told(either: Desk) -> None:
    either.done("send", "--now")
    assert "readers: 3 active" in either.done("status", "--next")
    assert "accepted by maildir" in either.done("why", "cleo@example.org")
