"""What a mailer may take in a day: counted exactly, whoever counts."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.clock import SetClock
from config.database import Database
from subscribers import requests
from subscribers.models import RequestKind
from tests.relay.server import Relay
from tests.worker.send.world import World
from worker.send.allowances import Allowance
from worker.send.models import Kind
from worker.send.terms import Terms

MAILER = "smtp relay:25"
READERS = 30


@pytest.fixture
def relay() -> Iterator[Relay]:
    with Relay() as running:
        yield running


def a_world(database: Database, clock: SetClock, folder: Path, mailers: str) -> World:
    world = World(database, clock, folder, PAPERBOY_MAILERS=mailers)
    world.list_papers()
    world.subscribe(*[f"reader{n}@example.org" for n in range(READERS)])
    clock.move_to(world.at(17, 7))
    return world


def test_many_hands_at_once_never_pass_the_cap_together(database: Database, clock: SetClock) -> None:
    allowance = Allowance(database, clock, {MAILER: Terms(daily=100)})
    granted: list[int] = []

    def take() -> None:
        granted.extend(allowance.take(MAILER, 7, Kind.LETTER).count for _ in range(10))

    hands = [threading.Thread(target=take) for _ in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sum(granted) == 100


def test_the_last_of_a_day_is_kept_for_letters(database: Database, clock: SetClock) -> None:
    allowance = Allowance(database, clock, {MAILER: Terms(daily=100)})
    assert allowance.take(MAILER, 1000, Kind.DIGEST).count == 95
    assert allowance.take(MAILER, 1000, Kind.LETTER).count == 5
    assert str(allowance.day(MAILER)) == f"{MAILER}: 100 of 100 today"


def test_what_is_given_back_may_be_taken_again(database: Database, clock: SetClock) -> None:
    allowance = Allowance(database, clock, {MAILER: Terms(daily=100)})
    grant = allowance.take(MAILER, 60, Kind.DIGEST)
    allowance.give_back(MAILER, grant, 50)
    assert allowance.take(MAILER, 1000, Kind.DIGEST).count == 85


def test_a_warm_up_counts_days_of_use_and_a_pause_ends_nothing(database: Database, clock: SetClock) -> None:
    allowance = Allowance(database, clock, {MAILER: Terms(daily=1000, warmup=100)})
    granted = []
    for days in (0, 1, 30, 1):
        clock.move_to(clock.now() + timedelta(days=days))
        granted.append(allowance.take(MAILER, 10_000, Kind.LETTER).count)
    assert granted == [100, 200, 400, 800]


def test_beyond_the_cap_what_waits_waits_for_the_next_day_and_is_told(
    database: Database, clock: SetClock, tmp_path: Path, relay: Relay
) -> None:
    world = a_world(database, clock, tmp_path, relay.url("tls=none&daily=20"))
    tally = world.tick()
    assert len(relay.taken) == 19
    assert "20 today: the daily cap is reached" in world.tick().unavailable or "the daily cap is reached" in tally.unavailable
    assert len(relay.taken) == 19
    clock.move_to(world.at(18, 0))
    world.tick()
    assert len(relay.taken) == READERS
    world.close()


def test_beyond_the_cap_a_letter_still_goes(database: Database, clock: SetClock, tmp_path: Path, relay: Relay) -> None:
    world = a_world(database, clock, tmp_path, relay.url("tls=none&daily=20"))
    world.tick()
    with database.transaction() as session:
        requests.ask(session, 1, RequestKind.FRESH_LINK, clock.now())
    world.tick()
    assert len(relay.taken) == 20
    assert relay.recipients.count("reader0@example.org") == 2
    world.close()


def test_refusals_use_nothing_up(database: Database, clock: SetClock, tmp_path: Path, relay: Relay) -> None:
    relay.mute("rcpt times=10 reply '550 5.1.1 no such user'")
    world = a_world(database, clock, tmp_path, relay.url("tls=none&daily=1000"))
    world.tick()
    counted = Allowance(database, clock, {f"smtp 127.0.0.1:{relay.port}": Terms(daily=1000)}).day(f"smtp 127.0.0.1:{relay.port}")
    assert counted is not None
    assert counted.taken == READERS - 10
    world.close()


def test_beyond_the_cap_of_one_mailer_the_next_takes_the_rest(database: Database, clock: SetClock, tmp_path: Path, relay: Relay) -> None:
    world = a_world(database, clock, tmp_path, f"{relay.url('tls=none&daily=20')} maildir://{tmp_path}/maildir")
    assert world.tick().unavailable == ""
    assert len(relay.taken) == 19
    assert len(world.mails()) == READERS - 19
    world.close()
