"""The hands against a relay that misbehaves and a database that goes away: nothing lost, nothing doubled, everything accounted for."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from config.clock import SetClock
from config.database import Database
from subscribers import requests
from subscribers.models import RequestKind, Subscriber
from tests.relay.server import Relay
from tests.worker.send.world import World
from worker.send import waves
from worker.send.models import Delivery, State

READERS = 30


@pytest.fixture
def relay() -> Iterator[Relay]:
    with Relay() as running:
        yield running


@pytest.fixture
def world(database: Database, clock: SetClock, tmp_path: Path, relay: Relay) -> Iterator[World]:
    """Thirty readers, all due now, and a relay."""
    made = World(database, clock, tmp_path, PAPERBOY_MAILERS=relay.url("tls=none"))
    made.list_papers()
    made.subscribe(*[f"reader{n}@{'gmail' if n % 3 else 'slow'}.example" for n in range(READERS)])
    clock.move_to(made.at(17, 7))
    yield made
    made.close()


def states(world: World) -> Counter[str]:
    return Counter(state for _, _, state in world.ledger())


def test_every_reader_gets_one_message_with_an_id_of_its_own(world: World, relay: Relay) -> None:
    world.tick()
    assert states(world) == {"accepted": READERS}
    assert len({taken.message_id for taken in relay.taken}) == READERS
    assert len(set(relay.recipients)) == READERS


def test_a_refused_recipient_touches_only_its_own_row(world: World, relay: Relay) -> None:
    relay.mute("rcpt to=reader7@* reply '550 5.1.1 no such user'")
    world.tick()
    assert states(world) == {"accepted": READERS - 1, "refused": 1}


def test_a_domain_that_defers_is_left_alone_for_a_while_and_the_rest_goes_out(world: World, relay: Relay) -> None:
    relay.mute("rcpt to=*@slow.example times=3 reply '451 4.3.2 busy'")
    world.tick()
    assert states(world) == {"accepted": READERS - 10, "waiting": 10}
    assert len([line for _, line in relay.commands if "@slow.example" in line]) == 3, "after three refusals nobody else of it was tried"
    world.clock.sleep(14)
    world.tick()
    assert states(world)["waiting"] == 10
    world.clock.sleep(1)
    world.tick()
    assert states(world) == {"accepted": READERS - 3, "waiting": 3}
    world.clock.sleep(45)
    world.tick()
    assert states(world) == {"accepted": READERS}


def test_a_relay_that_is_down_costs_no_attempt_and_is_asked_again(world: World, relay: Relay) -> None:
    relay.refuse()
    tally = world.tick()
    assert "127.0.0.1" in tally.unavailable
    assert states(world) == {"waiting": READERS}
    with world.database.reading() as session:
        assert {row.attempts for row in session.query(Delivery)} == {0}
    relay.listen()
    world.clock.sleep(30)
    world.tick()
    assert states(world) == {"accepted": READERS}


def test_a_slow_pace_holds_no_claims_past_its_time(database: Database, clock: SetClock, tmp_path: Path, relay: Relay) -> None:
    world = World(database, clock, tmp_path, PAPERBOY_MAILERS=relay.url("tls=none&rate=2"))
    world.list_papers()
    world.subscribe(*[f"reader{n}@example.org" for n in range(READERS)])
    clock.move_to(world.at(17, 7))
    for range_id in world.office.open_wave():
        world.office.plan_range(range_id)
    world.office.deliver(seconds=5)
    assert states(world)["claimed"] == 0
    assert 8 <= states(world)["accepted"] <= 16  # a burst of two seconds, and then two a second
    world.until(clock.now() + timedelta(minutes=2), timedelta(seconds=15))
    assert states(world) == {"accepted": READERS}
    world.close()


def test_a_line_dropped_after_the_dot_is_unknown_and_goes_out_again_under_the_same_id(world: World, relay: Relay) -> None:
    relay.mute("dot after=4 times=1 keep")
    world.tick()
    world.clock.sleep(60)  # the envelope that was on its way behind it was surely not taken, and is tried again in a minute
    world.tick()
    ids = Counter(taken.message_id for taken in relay.taken)
    assert states(world) == {"accepted": READERS}
    assert len(ids) == READERS
    assert sum(count - 1 for count in ids.values()) == 1


def test_with_the_policy_hold_what_is_unknown_stays_so(database: Database, clock: SetClock, tmp_path: Path, relay: Relay) -> None:
    world = World(database, clock, tmp_path, PAPERBOY_MAILERS=relay.url("tls=none"), PAPERBOY_ON_UNKNOWN="hold")
    world.list_papers()
    world.subscribe("ada@example.org")
    clock.move_to(world.at(17, 7))
    relay.mute("dot times=1 keep")
    world.tick()
    world.tick()
    assert states(world) == {"unknown": 1}
    assert len(relay.taken) == 1
    world.close()


def test_a_letter_goes_before_the_digests_that_wait(world: World, relay: Relay) -> None:
    for range_id in world.office.open_wave():
        world.office.plan_range(range_id)
    [pending] = world.subscribe("new@example.org", confirmed=False)
    world.office.deliver(seconds=1e9)
    assert relay.recipients[0] == "new@example.org"
    assert states(world) == {"accepted": READERS + 1}
    assert pending


def test_a_letter_whose_link_was_used_is_taken_back(world: World, relay: Relay) -> None:
    [reader] = world.subscribe("old@example.org")
    with world.database.transaction() as session:
        link = requests.ask(session, reader, RequestKind.FRESH_LINK, world.clock.now())
        requests.use(session, link, world.clock.now())
    world.office.deliver(seconds=1e9)
    assert relay.taken == []
    assert states(world) == {"cancelled": 1}


def test_an_address_that_changed_since_planning_is_the_one_written_to(world: World, relay: Relay) -> None:
    for range_id in world.office.open_wave():
        world.office.plan_range(range_id)
    with world.database.transaction() as session:
        session.execute(update(Subscriber).where(Subscriber.id == 1).values(address="moved@example.org"))
    world.office.deliver(seconds=1e9)
    assert "moved@example.org" in set(relay.recipients)


def test_answers_that_could_not_be_written_are_kept_and_written_before_anything_else_begins(world: World, relay: Relay) -> None:
    for range_id in world.office.open_wave():
        world.office.plan_range(range_id)
    with world.database.transaction() as session:
        session.execute(text("ALTER TABLE deliveries RENAME COLUMN provider_id TO away"))
    tally = world.office.deliver(seconds=1e9)
    assert tally.states == {State.ACCEPTED: READERS}
    assert len(relay.taken) == READERS
    with world.database.transaction() as session:
        session.execute(text("ALTER TABLE deliveries RENAME COLUMN away TO provider_id"))
    world.tick()
    assert states(world) == {"accepted": READERS}
    assert len(relay.taken) == READERS


def test_what_a_lane_owes_is_written_even_when_there_is_no_work_left_for_it(world: World, relay: Relay) -> None:
    world.subscribe(*[f"another{n}@example.org" for n in range(450)])  # claims for several lanes
    with world.database.transaction() as session:
        session.execute(update(Subscriber).values(next_due_at=world.clock.now()))
    for range_id in world.office.open_wave():
        world.office.plan_range(range_id)
    with world.database.transaction() as session:
        session.execute(text("ALTER TABLE deliveries RENAME COLUMN provider_id TO away"))
    world.office.deliver(seconds=1e9)
    with world.database.transaction() as session:
        session.execute(text("ALTER TABLE deliveries RENAME COLUMN away TO provider_id"))
        session.execute(text("UPDATE deliveries SET state = 'cancelled' WHERE state = 'waiting'"))
    world.office.deliver(seconds=1e9)
    assert states(world)["accepted"] == len(relay.taken) > 200
    assert states(world)["claimed"] == 0


def test_a_claim_whose_commit_was_never_answered_is_given_back_by_the_next_run(world: World, relay: Relay) -> None:
    for range_id in world.office.open_wave():
        world.office.plan_range(range_id)
    world.office.deliver(seconds=-1)  # it has a name, and claims nothing
    with world.database.transaction() as session:
        session.execute(update(Delivery).where(Delivery.id < 11).values(state=State.CLAIMED, owner=1, attempts=1))
    world.office.deliver(seconds=1e9)
    assert states(world) == {"accepted": READERS}
    assert len(relay.taken) == READERS


def test_two_offices_at_once_deliver_each_message_once(world: World, relay: Relay) -> None:
    for range_id in world.office.open_wave():
        world.office.plan_range(range_id)
    offices = [type(world.office)(world.runtime) for _ in range(2)]
    hands = [threading.Thread(target=office.deliver, kwargs={"seconds": 1e9}) for office in offices]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    for office in offices:
        office.close()
    assert states(world) == {"accepted": READERS}
    assert len(relay.taken) == READERS


def test_the_account_of_a_wave_adds_up_whatever_became_of_its_mails(world: World, relay: Relay) -> None:
    relay.mute("rcpt to=reader7@* reply '550 5.1.1 no such user'", "rcpt to=reader8@* reply '451 4.3.2 busy'")
    world.until(world.clock.now() + timedelta(hours=21), timedelta(minutes=20))
    with world.database.reading() as session:
        [account] = [one for one in waves.recent(session) if one.counted]
    assert account.states == {State.ACCEPTED: READERS - 2, State.REFUSED: 1, State.FAILED: 1}
    assert account.balance == 0
