"""Two mailers: a delivery moves on only when it surely was not accepted, and who is away is left alone."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.clock import SetClock
from config.database import Database
from tests.relay.server import Relay
from tests.worker.send.world import World
from worker.send.models import Delivery

READERS = 12


@pytest.fixture
def first() -> Iterator[Relay]:
    with Relay() as running:
        yield running


@pytest.fixture
def second() -> Iterator[Relay]:
    with Relay() as running:
        yield running


@pytest.fixture
def world(database: Database, clock: SetClock, tmp_path: Path, first: Relay, second: Relay) -> Iterator[World]:
    mailers = f"{first.url('tls=none&timeout=2')} {second.url('tls=none&connections=1')}"
    made = World(database, clock, tmp_path, PAPERBOY_MAILERS=mailers)
    made.list_papers()
    made.subscribe(*[f"reader{n}@example.org" for n in range(READERS)])
    clock.move_to(made.at(17, 7))
    yield made
    made.close()


def planned(world: World) -> World:
    for range_id in world.office.open_wave():
        world.office.plan_range(range_id)
    return world


def states(world: World) -> Counter[str]:
    return Counter(state for _, _, state in world.ledger())


def attempts(world: World) -> set[int]:
    with world.database.reading() as session:
        return {row.attempts for row in session.query(Delivery)}


def test_what_the_first_cannot_take_the_second_takes_at_once(world: World, first: Relay, second: Relay) -> None:
    first.refuse()
    assert world.tick().unavailable == ""
    assert sorted(second.recipients) == sorted(f"reader{n}@example.org" for n in range(READERS))
    assert attempts(world) == {1}


def test_who_is_away_is_not_asked_again_before_the_pause_is_over(world: World, first: Relay, second: Relay) -> None:
    first.mute("greeting times=2 reply '421 4.3.2 too busy'")
    world.tick()
    for waited, asked in ((29, 1), (1, 2), (59, 2), (1, 3)):
        world.clock.sleep(waited)
        [late] = world.subscribe(f"after{asked}.{waited}@example.org", confirmed=False)
        world.office.deliver(seconds=1e9)
        assert first.connections == asked, late
    assert first.recipients == ["after3.1@example.org"]
    assert len(second.taken) == READERS + 3


def test_what_one_mailer_refuses_for_good_is_not_tried_on_another(world: World, first: Relay, second: Relay) -> None:
    first.mute("rcpt to=reader3@* reply '550 5.1.1 no such user'")
    world.tick()
    assert states(world) == {"accepted": READERS - 1, "refused": 1}
    assert second.taken == []


@pytest.mark.parametrize("fault", ["mail after=4 reply '550 5.7.1 we do not know you'", "rcpt after=4 reset", "mail after=4 drop"])
def test_what_surely_was_not_taken_when_the_first_fails_goes_by_the_second(world: World, first: Relay, second: Relay, fault: str) -> None:
    first.mute(fault)
    world.tick()
    assert states(world) == {"accepted": READERS}
    assert sorted(first.recipients + second.recipients) == sorted(f"reader{n}@example.org" for n in range(READERS))
    assert attempts(world) == {1}


def test_what_the_first_may_have_taken_is_not_given_to_the_second(world: World, first: Relay, second: Relay) -> None:
    first.mute("dot after=4 times=1 keep")
    planned(world).office.deliver(seconds=1e9)
    assert states(world) == {"accepted": READERS - 1, "unknown": 1}
    ids = Counter(taken.message_id for taken in first.taken + second.taken)
    assert set(ids.values()) == {1}
    assert len(ids) == READERS


def test_a_domain_that_defers_is_no_reason_to_move_on(world: World, first: Relay, second: Relay) -> None:
    first.mute("rcpt to=reader3@* reply '451 4.7.1 greylisted'")
    world.tick()
    assert states(world) == {"accepted": READERS - 1, "waiting": 1}
    assert second.taken == []


def test_letters_move_on_too(world: World, first: Relay, second: Relay) -> None:
    first.refuse()
    world.subscribe("new@example.org", confirmed=False)
    world.tick()
    assert second.recipients[0] == "new@example.org"


def test_when_both_are_away_everything_waits_and_nothing_is_counted_as_a_try(world: World, first: Relay, second: Relay) -> None:
    first.refuse()
    second.refuse()
    tally = world.tick()
    assert f"127.0.0.1:{first.port}" in tally.unavailable
    assert f"127.0.0.1:{second.port}" in tally.unavailable
    assert states(world) == {"waiting": READERS}
    assert attempts(world) == {0}
    second.listen()
    world.clock.sleep(30)
    world.tick()
    assert states(world) == {"accepted": READERS}
