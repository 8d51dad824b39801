"""Lanes side by side, and letters that wait behind no digest. Hours pass by hand; seconds are the machine's own."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.clock import SetClock, SystemClock
from config.database import Database
from tests.relay.server import Relay
from tests.worker.send.world import World
from worker.send import control
from worker.send.queue import CLAIM

MANY = CLAIM + 60  # work for two lanes


class Running(SetClock):
    """Its seconds pass by themselves."""

    def monotonic(self) -> float:
        return SystemClock().monotonic()

    def sleep(self, seconds: float) -> None:
        SystemClock().sleep(seconds)
        super().sleep(seconds)


@pytest.fixture
def relay() -> Iterator[Relay]:
    with Relay("dot late 0.01", keep_data=False) as running:
        yield running


@pytest.fixture
def planned(database: Database, clock: SetClock, tmp_path: Path, relay: Relay) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def plan(count: int, terms: str, slow: int = 0) -> World:
        world = World(database, Running(clock.now()), tmp_path, PAPERBOY_MAILERS=relay.url(f"tls=none&{terms}"))
        made.append(world)
        world.list_papers()
        world.subscribe(*[f"reader{n}@slow.example" for n in range(slow)], *[f"reader{n}@example.org" for n in range(count)])
        world.clock.move_to(world.at(17, 7))
        for range_id in world.office.open_wave():
            world.office.plan_range(range_id)
        return world

    yield plan
    for world in made:
        world.close()


def delivering(world: World) -> threading.Thread:
    hand = threading.Thread(target=world.office.deliver, kwargs={"seconds": 600})
    hand.start()
    return hand


def until(what: Callable[[], bool]) -> None:
    clock = SystemClock()
    deadline = clock.monotonic() + 60
    while not what():
        assert clock.monotonic() < deadline
        clock.sleep(0.01)


def lines(relay: Relay) -> int:
    """How many connections carried a message."""
    return len({taken.connection for taken in relay.taken})


def test_more_than_a_claim_goes_over_several_connections_each_message_once(planned: Callable[..., World], relay: Relay) -> None:
    world = planned(MANY, "connections=4")
    tally = world.office.deliver(seconds=600)
    assert tally.total == MANY
    assert len(set(relay.recipients)) == len(relay.recipients) == MANY
    assert lines(relay) == 2, "two lanes for digests; nobody opened the one for letters"


def test_what_fits_in_a_claim_goes_over_one_connection(planned: Callable[..., World], relay: Relay) -> None:
    planned(20, "connections=4").office.deliver(seconds=600)
    assert relay.connections == 1


@pytest.mark.parametrize(("connections", "others"), [(4, 2), (1, 0)])
def test_a_letter_asked_for_in_the_middle_of_a_wave_does_not_wait_for_it(
    planned: Callable[..., World], relay: Relay, connections: int, others: int
) -> None:
    world = planned(MANY if others else CLAIM - 1, f"connections={connections}")
    hand = delivering(world)
    until(lambda: len(relay.taken) > 20)
    world.subscribe("new@example.org", confirmed=False)
    asked = len(relay.taken)
    hand.join()
    went = relay.recipients.index("new@example.org")
    assert went - asked < 1.5 * max(1, others) / 0.01, "at most a look's second later, at a hundredth of a second a message"
    assert went < len(relay.taken) - 20
    assert lines(relay) == others + 1


def test_a_letter_finds_a_token_while_digests_wait_for_theirs(planned: Callable[..., World], relay: Relay) -> None:
    world = planned(60, "rate=10")
    hand = delivering(world)
    until(lambda: len(relay.taken) >= 20)
    world.subscribe("new@example.org", confirmed=False)
    hand.join()
    assert relay.recipients.index("new@example.org") < 45


def test_a_domain_that_the_relay_is_slow_with_holds_up_no_other(planned: Callable[..., World], relay: Relay) -> None:
    relay.mute("dot to=*@slow.example late 1.1")
    world = planned(40, "connections=1", slow=40)
    world.office.deliver(seconds=8)
    slow = [place for place, one in enumerate(relay.recipients) if one.endswith("@slow.example")]
    assert len(relay.recipients) - len(slow) == 40
    assert len(slow) < 12


def test_an_operators_halt_reaches_every_lane_in_the_middle_of_its_group(planned: Callable[..., World], relay: Relay) -> None:
    world = planned(MANY, "connections=4")
    hand = delivering(world)
    until(lambda: len(relay.taken) > 20)
    with world.database.transaction() as session:
        control.halt(session, now=world.clock.now())
    hand.join()
    assert len(relay.taken) < MANY
    states = {state for _, _, state in world.ledger()}
    assert states == {"accepted", "waiting"}


def test_a_process_that_is_told_to_stop_stops_all_its_lanes(planned: Callable[..., World], relay: Relay) -> None:
    world = planned(MANY, "connections=4")
    hand = delivering(world)
    until(lambda: len(relay.taken) > 20)
    world.office.halt()
    hand.join()
    assert len(relay.taken) < MANY
    assert len([state for _, _, state in world.ledger() if state == "accepted"]) == len(relay.taken)
    assert {state for _, _, state in world.ledger()} == {"accepted", "waiting"}


def test_each_connection_has_a_journal_of_its_own(planned: Callable[..., World], relay: Relay, tmp_path: Path) -> None:
    world = planned(MANY, "connections=4")
    world.office.deliver(seconds=600)
    journals = list((tmp_path / "journal").glob("*.journal"))
    assert len(journals) == lines(relay)
    assert {file.read_bytes() for file in journals} == {b""}
    world.close()
    assert list((tmp_path / "journal").glob("*.journal")) == []


def test_what_goes_wrong_in_one_lane_is_told_and_holds_up_no_other(planned: Callable[..., World], relay: Relay, tmp_path: Path) -> None:
    world = planned(MANY, "connections=4")
    relay.mute("dot after=40 times=1 drop", "dot late 0.01")
    tally = world.office.deliver(seconds=600)
    assert tally.total == MANY
    assert sum(state == "unknown" for _, _, state in world.ledger()) == 1
    assert len(relay.taken) >= MANY - 2
