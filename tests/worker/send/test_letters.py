"""What readers asked for goes out at once: a first digest when they confirm, whatever else is going on."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from config.clock import SetClock
from config.database import Database
from subscribers import knocks, signup, standing
from subscribers.models import Standing, Subscriber
from subscribers.signup import SignUp
from tests.subscribers.builders import some_choices
from tests.worker.send.world import World
from worker.send.models import Delivery


class RunningClock(SetClock):
    """A clock that goes on while it is read, as every real one does."""

    def now(self) -> datetime:
        self.sleep(0.001)
        return super().now()


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[World]:
    """06:00 UTC on Wednesday 17 June 2026, the clock running; Ada has signed up."""
    made = World(database, RunningClock(datetime(2026, 6, 17, 6, tzinfo=UTC)), tmp_path)
    yield made
    made.close()


def confirm(world: World, request: int = 1) -> bool:
    with world.database.transaction() as session:
        _, is_new = signup.confirm(session, request, world.clock.now())
    return is_new


def test_a_first_digest_goes_out_in_the_run_that_finds_it_asked_for(world: World) -> None:
    world.list_papers()
    world.subscribe("ada@example.org", confirmed=False)
    assert confirm(world)

    world.office.deliver(seconds=60)

    assert [(occasion, state) for _, occasion, state in world.ledger()] == [("confirm:1", "cancelled"), ("welcome:1", "accepted")]
    assert len(world.mails("ada@example.org")) == 1


def test_a_sign_up_is_looked_up_and_answered_in_the_run_that_finds_it(world: World) -> None:
    with world.database.transaction() as session:
        knocks.sign_up(session, SignUp("ada@example.org", some_choices(), "/", "words"), world.clock.now())

    world.office.deliver(seconds=60)

    assert [mail["Subject"] for mail in world.mails("ada@example.org")] != []


def test_a_sign_up_goes_before_the_wave_that_is_under_way(world: World) -> None:
    world.list_papers()
    world.subscribe(*[f"reader{number}@example.org" for number in range(300)])
    world.clock.move_to(world.at(17, 7))
    for range_id in world.office.open_wave():
        world.office.plan_range(range_id)
    with world.database.transaction() as session:
        knocks.sign_up(session, SignUp("ada@example.org", some_choices(), "/", "words"), world.clock.now())

    world.office.deliver(seconds=60)

    with world.database.reading() as session:
        row = session.scalars(select(Delivery).where(Delivery.kind == "letter")).one()
        others = session.scalars(select(Delivery.settled_at).where(Delivery.occasion == "digest:2026-06-17")).all()
    assert row.settled_at is not None
    assert all(other is not None and row.settled_at < other for other in others)


def test_a_first_digest_goes_before_the_wave_that_is_under_way(world: World) -> None:
    world.list_papers()
    world.subscribe(*[f"reader{number}@example.org" for number in range(300)])
    world.clock.move_to(world.at(17, 7))
    for range_id in world.office.open_wave():
        world.office.plan_range(range_id)
    world.subscribe("ada@example.org", confirmed=False)
    world.office.post_letters()
    confirm(world)

    world.office.deliver(seconds=60)

    with world.database.reading() as session:
        row = session.scalars(select(Delivery).where(Delivery.occasion == "welcome:1")).one()
        others = session.scalars(select(Delivery.settled_at).where(Delivery.occasion == "digest:2026-06-17")).all()
    assert row.settled_at is not None
    assert all(other is not None and row.settled_at < other for other in others)


def test_the_first_regular_digest_comes_when_the_reader_has_rested_from_the_welcome(world: World) -> None:
    world.list_papers(30)
    [ada] = world.subscribe("ada@example.org", confirmed=False)
    world.clock.move_to(world.at(17, 18))
    confirm(world)
    world.tick()

    assert world.reader(ada).next_due_at == world.at(19, 7)  # on the 18th, thirteen hours would have passed
    world.list_papers(30)
    world.until(world.at(19, 8))
    assert [occasion for _, occasion, _ in world.ledger()] == ["confirm:1", "welcome:1", "digest:2026-06-19"]


def test_who_gets_no_first_digest_for_want_of_papers_is_due_at_the_next_hour(world: World) -> None:
    [ada] = world.subscribe("ada@example.org", confirmed=False)
    confirm(world)

    world.office.deliver(seconds=60)

    assert [(occasion, state) for _, occasion, state in world.ledger()][1:] == [("welcome:1", "skipped")]
    assert world.reader(ada).next_due_at == world.at(17, 7)


def test_who_comes_back_is_welcomed_no_second_time_and_is_due_at_the_next_hour(world: World) -> None:
    world.list_papers()
    [ada] = world.subscribe("ada@example.org")
    world.until(world.at(17, 8))
    with world.database.transaction() as session:
        standing.leave(session.get_one(Subscriber, ada))
    world.clock.move_to(world.at(17, 9))
    with world.database.transaction() as session:
        row = session.get_one(Subscriber, ada)
        signup.ask_fresh_link(session, row.address, world.clock.now())
        assert not signup.activate(session, row, world.clock.now())
        assert (row.standing, row.next_due_at) == (Standing.ACTIVE, world.at(18, 7))
    world.until(world.at(18, 6), timedelta(hours=3))

    assert [occasion for _, occasion, _ in world.ledger()] == ["digest:2026-06-17", "link:1"]
