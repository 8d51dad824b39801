"""What the operator hears of: one plain mail a cause a day, also when the clock itself is what stopped."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from config.clock import SetClock
from config.database import Database
from subscribers.models import Subscriber
from tests.worker.send.world import World
from worker.ingest.models import Run
from worker.send import heartbeats
from worker.send.models import Range, Wave


@pytest.fixture
def world(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[World]:
    made = World(database, clock, tmp_path, PAPERBOY_OPERATOR="ops@example.org", PAPERBOY_SOURCES="huggingface")
    made.office.beat()
    yield made
    made.close()


def watched(world: World) -> list[str]:
    """The subjects of what the operator has in the inbox after one more watch."""
    world.office.watch()
    world.office.deliver(seconds=1e9)
    return [mail["Subject"] for mail in world.mails("ops@example.org")]


def test_when_nothing_is_wrong_nothing_is_written(world: World) -> None:
    assert watched(world) == []


def test_a_clock_that_stands_still_is_told_by_the_web_process_once_a_day(world: World) -> None:
    world.clock.sleep(heartbeats.SILENT_AFTER.total_seconds())
    world.office.tell_of_silence()
    world.office.tell_of_silence()
    assert len(world.mails("ops@example.org")) == 1
    assert "clock has stopped" in world.mails()[0]["Subject"]
    world.clock.sleep(timedelta(days=1).total_seconds())
    world.office.tell_of_silence()
    assert len(world.mails("ops@example.org")) == 2


def test_a_clock_that_beats_is_no_news(world: World) -> None:
    world.office.tell_of_silence()
    assert world.mails() == []


def test_an_account_that_does_not_add_up_is_told_once(world: World) -> None:
    now = world.clock.now()
    with world.database.transaction() as session:
        wave = Wave(due_at=now, opened_at=now, account={})
        session.add(wave)
        session.flush()
        session.add(Range(wave_id=wave.id, first_id=1, last_id=9, readers=9, planned_at=now))
    world.office.sweep()
    assert len(watched(world)) == 1
    [subject] = watched(world)
    assert "does not add up" in subject


def test_readers_whom_no_wave_took_are_told(world: World) -> None:
    world.subscribe("ada@example.org")
    with world.database.transaction() as session:
        session.execute(update(Subscriber).values(next_due_at=world.clock.now() - timedelta(minutes=3)))
    assert watched(world) == ["Paperboy: One reader is overdue"]


def test_a_source_that_keeps_failing_is_told_with_what_to_try(world: World) -> None:
    now = world.clock.now()
    with world.database.transaction() as session:
        for hour in range(4):
            at = now - timedelta(hours=hour)
            failed = Run(source="huggingface", begun_at=at, touched_at=at, ended_at=at, since=at.date(), until=at.date(), error="no answer")
            session.add(failed)
    [subject] = watched(world)
    assert "huggingface" in subject
    assert "paperboy ingest huggingface" in world.mails()[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]  # ours has a text


def test_each_waves_account_is_mailed_by_option(database: Database, clock: SetClock, tmp_path: Path) -> None:
    world = World(database, clock, tmp_path, PAPERBOY_OPERATOR="ops@example.org", PAPERBOY_MAIL_ACCOUNTS="all", PAPERBOY_SOURCES="")
    world.list_papers()
    world.subscribe("ada@example.org", "bob@example.org")
    clock.move_to(world.at(17, 7))
    world.tick()
    world.tick()
    [told] = world.mails("ops@example.org")
    assert told["Subject"] == "Paperboy: Wave 1: 2 accepted"
    text = " ".join(told.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]  # ours has a text
    assert "counted 2 readers, the ledger holds 2 rows: 2 accepted. It adds up." in text
    world.close()
