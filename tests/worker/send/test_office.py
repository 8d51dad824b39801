"""The main line from a catalogue to an inbox, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from config.clock import SetClock
from config.database import Database
from subscribers import preferences, standing
from subscribers.cadence import Cadence
from subscribers.models import Subscriber
from tests.worker.send.world import World, days_of
from worker.ingest import catalogue
from worker.pick import editions
from worker.send import waves


@pytest.fixture
def world(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[World]:
    made = World(database, clock, tmp_path)
    yield made
    made.close()


def test_a_reader_gets_a_digest_at_their_own_hour_and_only_once(world: World) -> None:
    world.subscribe("ada@example.org")
    world.list_papers()
    world.until(world.at(17, 6, 30))
    assert world.mails() == []
    world.until(world.at(17, 23))
    assert len(world.mails()) == 1
    assert world.ledger() == [(1, "digest:2026-06-17", "accepted")]


def test_seven_in_tokyo_comes_with_the_votes_of_the_evening_before(world: World) -> None:
    world.list_papers()
    world.subscribe("yuki@example.org", zone="Asia/Tokyo", hour=7)
    world.until(world.at(17, 22))
    assert world.ledger() == [(1, "digest:2026-06-18", "accepted")]
    assert "18 June 2026" in world.mails()[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]  # ours has a text


def test_a_paper_is_never_sent_to_the_same_reader_twice(world: World) -> None:
    world.subscribe("ada@example.org")
    world.list_papers(30)
    for day in (17, 18, 19):
        world.until(world.at(day, 12))
        world.list_papers(4)
    links = [line for mail in world.mails() for line in mail.get_body(("plain",)).get_content().splitlines() if "arxiv.org/abs" in line]  # type: ignore[union-attr]  # ours has a text
    assert len(links) > 20
    assert len(links) == len(set(links))


def test_too_little_new_is_no_mail_and_the_next_mail_names_the_quiet_days(world: World) -> None:
    world.subscribe("ada@example.org")
    world.list_papers(24)
    world.until(world.at(19, 12))
    assert [state for _, _, state in world.ledger()] == ["accepted", "skipped", "skipped"]
    world.list_papers(8)
    world.until(world.at(20, 12))
    text = world.mails()[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]  # ours has a text
    assert "Thu 18" in text
    assert "Fri 19" in text


def test_a_weekly_reader_gets_the_week_and_its_own_key(world: World) -> None:
    world.subscribe("lee@example.org", cadence="weekly", weekday=4, hour=9, zone="America/New_York")
    for day in (17, 18, 19):
        world.list_papers(4)
        world.until(world.at(day, 20))
    assert world.ledger() == [(1, "digest:2026-W25", "accepted")]
    assert days_of(world.mails()) == [date(2026, 6, 19)]


def test_five_thousand_imported_at_noon_are_mailed_at_their_hour(world: World) -> None:
    world.list_papers()
    world.clock.move_to(world.at(17, 12))
    world.subscribe(*[f"reader{n}@example.org" for n in range(40)])
    world.until(world.at(18, 6, 30))
    assert world.ledger() == []
    world.until(world.at(18, 7))
    assert len(world.mails()) == 40


def test_what_was_missed_while_nobody_planned_is_written_down_as_stale(world: World) -> None:
    world.subscribe("ada@example.org")
    world.list_papers(30)
    world.clock.move_to(world.at(20, 9))
    world.list_papers(8)
    world.tick()
    assert [state for _, _, state in world.ledger()] == ["stale", "stale", "stale", "accepted"]
    with world.database.reading() as session:
        [account] = waves.recent(session)
    assert (account.counted, account.balance) == (4, 0)


def test_a_reader_who_left_after_planning_gets_nothing_and_the_account_adds_up(world: World) -> None:
    [reader] = world.subscribe("ada@example.org")
    world.list_papers()
    world.clock.move_to(world.at(17, 7))
    for range_id in world.office.open_wave():
        world.office.plan_range(range_id)
    with world.database.transaction() as session:
        standing.leave(session.get_one(Subscriber, reader))
    world.tick()
    assert world.mails() == []
    assert world.ledger() == [(1, "digest:2026-06-17", "cancelled")]
    with world.database.reading() as session:
        assert [account.balance for account in waves.recent(session)] == [0]


def test_a_range_that_two_tasks_plan_at_once_is_planned_once(world: World) -> None:
    world.subscribe("ada@example.org", "bob@example.org")
    world.list_papers()
    world.clock.move_to(world.at(17, 7))
    [range_id] = world.office.open_wave()
    assert [world.office.plan_range(range_id) for _ in range(3)] == [2, 0, 0]


def test_a_range_whose_task_was_lost_is_planned_by_the_next_tick(world: World) -> None:
    world.subscribe("ada@example.org")
    world.list_papers()
    world.clock.move_to(world.at(17, 7))
    world.office.open_wave()
    world.clock.move_to(world.at(17, 7, 1))
    world.tick()
    assert len(world.mails()) == 1


def test_bringing_today_forward_keeps_the_key_so_that_the_hour_brings_no_second(world: World) -> None:
    [reader] = world.subscribe("ada@example.org")
    world.list_papers(30)
    forwarded = world.office.bring_forward([reader])
    assert len(forwarded.planned) == 1
    assert world.office.bring_forward([reader]).waiting == forwarded.planned, "nobody has taken it yet: it is not one the reader had"
    world.office.deliver(seconds=1e9)
    assert world.office.bring_forward([reader]).refused == [("ada@example.org", "already had digest:2026-06-17")]
    world.until(world.at(17, 20))
    assert len(world.mails()) == 1
    assert world.ledger() == [(1, "digest:2026-06-17", "accepted")]


def test_what_the_operator_hides_is_in_no_digest_and_what_is_pinned_comes_first_among_the_trending(world: World) -> None:
    world.subscribe("ada@example.org", topics=(), keywords=())
    world.list_papers(20)
    with world.database.transaction() as session:
        [pinned] = catalogue.find(session, "Robotics of the 1th kind")
        [hidden] = catalogue.find(session, "Robotics of the 20th kind")
        editions.pin(session, date(2026, 6, 17), pinned)
        editions.hide(session, date(2026, 6, 17), hidden)
        editions.note(session, date(2026, 6, 17), "A day of robots.")
    world.until(world.at(17, 8))
    text = world.mails()[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]  # ours has a text
    assert "A day of robots." in text
    assert "20th kind" not in text
    assert text.index("1th kind") < text.index("19th kind")


def test_a_move_from_auckland_to_los_angeles_never_brings_two_digests_within_twenty_hours(world: World) -> None:
    [reader] = world.subscribe("kiri@example.org", zone="Pacific/Auckland", cadence="weekly", weekday=3)
    world.list_papers(40)
    world.until(world.at(18, 1))  # Thursday 08:00 in Auckland was 20:00 UTC on Wednesday
    with world.database.transaction() as session:
        row = session.get_one(Subscriber, reader)
        choices = preferences.read(session, row)
        preferences.save(session, row, replace(choices, zone="America/Los_Angeles", cadence=Cadence.DAILY), world.clock.now())
    for day in (18, 19, 20):
        world.list_papers(10)
        world.until(world.at(day, 23))
    moments = [mail["Date"].datetime for mail in world.mails()]
    assert len(moments) >= 3
    assert all(later - earlier >= timedelta(hours=20) for earlier, later in pairwise(moments))
