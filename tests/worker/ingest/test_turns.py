"""One request at a time, three seconds apart, whoever asks: threads, processes, dead holders and wrong clocks."""

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from config.clock import SetClock, SystemClock
from config.database import Database
from tests.playing import Playing, body
from worker.ingest import turns
from worker.ingest.turns import PAUSE, TooLong, Turn

HOST = "arxiv.org"
ROOT = Path(__file__).parents[3]
LENGTH = timedelta(seconds=30)
ASK_TWICE = """
import sys
from pathlib import Path
from random import Random
from config.clock import SystemClock
from config.database import Database
from config.settings import Settings
from worker.ingest.client import Client
database_url, server_url = sys.argv[1:]
settings = Settings.model_validate({"arxiv_api_url": server_url + "/api/query"})
database = Database(database_url)
client = Client(settings, database, SystemClock(), Random(1))
for _ in range(2):
    client.get(server_url + "/api/query")
database.close()
"""


def take(database: Database, clock: SetClock, *, seconds: float = 60) -> Turn:
    return turns.take(database, clock, HOST, length=LENGTH, deadline=clock.monotonic() + seconds)


def give_back(database: Database, clock: SetClock, turn: Turn) -> None:
    with database.transaction() as session:
        turns.give_back(session, turn, now=clock.now())


def test_the_next_turn_comes_three_seconds_after_the_answer(database: Database, clock: SetClock) -> None:
    begun = clock.now()
    turn = take(database, clock)
    assert clock.now() == begun
    clock.sleep(2)
    give_back(database, clock, turn)
    take(database, clock)
    assert clock.now() - begun == timedelta(seconds=2) + PAUSE


def test_nobody_asks_while_another_does(database: Database, clock: SetClock) -> None:
    take(database, clock)
    with pytest.raises(TooLong):
        take(database, clock, seconds=10)


def test_a_holder_that_died_holds_the_others_up_for_one_request(database: Database, clock: SetClock) -> None:
    begun = clock.now()
    take(database, clock)
    take(database, clock)
    assert clock.now() - begun == LENGTH


def test_a_turn_that_ran_out_and_was_taken_is_not_given_back(database: Database, clock: SetClock) -> None:
    late = take(database, clock)
    clock.sleep(LENGTH.total_seconds())
    taken = take(database, clock)
    give_back(database, clock, late)
    with database.transaction() as session:
        assert turns.claim(session, HOST, now=clock.now(), until=clock.now() + LENGTH) == taken.until


def test_a_host_that_asked_to_be_left_alone_is_at_once_out_of_turn(database: Database, clock: SetClock) -> None:
    turn = take(database, clock)
    until = clock.now() + timedelta(minutes=30)
    with database.transaction() as session:
        turns.hold_off(session, HOST, until=until)
    give_back(database, clock, turn)
    before = clock.now()
    with pytest.raises(TooLong) as refused:
        take(database, clock)
    assert refused.value.until == until
    assert clock.now() == before
    clock.move_to(until)
    take(database, clock)


def test_a_turn_written_by_a_wrong_clock_does_not_last(database: Database, clock: SetClock) -> None:
    ahead = SetClock(datetime(2027, 1, 1, tzinfo=UTC))
    take(database, ahead)
    take(database, clock)


def test_hosts_have_turns_of_their_own(database: Database, clock: SetClock) -> None:
    begun = clock.now()
    take(database, clock)
    turns.take(database, clock, "mirror.example.org", length=LENGTH, deadline=clock.monotonic() + 1)
    assert clock.now() == begun


def test_threads_hold_one_turn_at_a_time(database: Database, clock: SetClock) -> None:
    held, most, order = 0, 0, threading.Lock()

    def ask() -> None:
        nonlocal held, most
        for _ in range(3):
            turn = turns.take(database, clock, HOST, length=timedelta(hours=1), deadline=clock.monotonic() + 86_400)
            with order:
                held += 1
                most = max(most, held)
            with order:
                held -= 1
            give_back(database, clock, turn)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (held, most) == (0, 1)


def test_processes_ask_three_seconds_apart(database: Database, server: Playing) -> None:
    server.answer("/api/query", body(b"<feed/>"))
    command = [sys.executable, "-c", ASK_TWICE, database.url.render_as_string(hide_password=False), server.url]
    processes = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    moments = sorted(asked.at for asked in server.asked)
    assert len(moments) == 4
    # The answer arrives a little after the question: a pause counts from the answer, so the questions are further apart.
    assert min(later - earlier for earlier, later in pairwise(moments)) >= PAUSE.total_seconds()


def test_the_real_clock_waits_too(sqlite_database: Database) -> None:
    clock = SystemClock()
    turn = turns.take(sqlite_database, clock, HOST, length=LENGTH, deadline=clock.monotonic() + 10)
    with sqlite_database.transaction() as session:
        turns.give_back(session, turn, now=clock.now() - PAUSE + timedelta(seconds=0.2))
    begun = clock.monotonic()
    turns.take(sqlite_database, clock, HOST, length=LENGTH, deadline=begun + 10)
    assert 0.1 < clock.monotonic() - begun < 5
