"""Announcing in ranges: what is broken off is taken up, who came later is not told, and what is due at an hour goes first."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.clock import SetClock
from config.database import Database
from subscribers.circles import Circle
from tests.worker.send.world import World
from worker.render.notices import notice
from worker.send import announcements
from worker.send.announcements import Announced, Announcement

NOTICE = notice("# We move\n\nOn Friday.")
MOVING = Announcement("moving", NOTICE, Circle())


@pytest.fixture
def world(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[World]:
    made = World(database, clock, tmp_path)
    yield made
    made.close()


def announce(world: World) -> Announced:
    done = announcements.announce(world.database, world.clock, MOVING)
    while announcements.write_range(world.database, world.clock, MOVING, done):
        pass
    return done


def told(world: World) -> list[int]:
    return [reader for reader, occasion, _ in world.ledger() if occasion == "notice:moving"]


def test_what_was_broken_off_is_taken_up_where_it_ended_and_never_doubled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcements, "RANGE", 2)
    readers = world.subscribe(*(f"reader{number}@example.org" for number in range(5)))
    done = announcements.announce(world.database, world.clock, MOVING)
    announcements.write_range(world.database, world.clock, MOVING, done)
    assert told(world) == readers[:2]
    world.clock.sleep(60)
    world.subscribe("late@example.org")

    assert announce(world).readers == 3

    assert told(world) == readers
    assert announce(world).readers == 0


def test_a_notice_goes_out_after_letters_and_digests(world: World) -> None:
    world.list_papers()
    world.subscribe("ada@example.org", "bob@example.org")
    announce(world)
    world.clock.move_to(world.at(17, 7))
    for range_id in world.office.open_wave():
        world.office.plan_range(range_id)
    world.subscribe("new@example.org", confirmed=False)

    world.office.deliver(seconds=60)

    subjects = [mail["Subject"] for mail in sorted(world.mails(), key=lambda mail: str(mail["Message-ID"]))]
    assert subjects.count("We move") == 2
    assert [state for _, _, state in world.ledger()] == ["accepted"] * 5


def test_a_notice_is_stale_a_day_after_it_was_written(world: World) -> None:
    world.subscribe("ada@example.org")
    announce(world)
    world.clock.move_to(world.at(18, 7))

    world.tick()

    assert (1, "notice:moving", "stale") in world.ledger()


def test_a_notice_brings_no_quiet_day_to_an_end_and_no_digest_later(world: World) -> None:
    world.subscribe("ada@example.org")
    world.list_papers(24)
    world.until(world.at(18, 8))
    announce(world)
    world.until(world.at(19, 8))
    world.list_papers(12)
    world.until(world.at(20, 8))

    text = world.mails()[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]  # ours has a text
    assert "Thu 18" in text
    assert "Fri 19" in text
