"""Processes that end without a word: nothing is lost, and at most two messages a connection go out twice, under the same id."""

import pytest

from tests.chaos.conftest import Begin
from tests.chaos.scene import FULL, Scene, pause

pytestmark = pytest.mark.chaos

READERS, KILLS = (20_000, 20) if FULL else (2_000, 5)
AT_ONCE = READERS / KILLS / 4  # messages a second, so that the last kill finds a wave too
A_CONNECTION = 2


def test_workers_killed_at_random_lose_nothing_and_double_at_most_two_a_connection(scene: Scene, a_round: Begin, seed: int) -> None:
    scene.keep("beat", "worker")
    one = a_round(f"kill -9 of a worker, {KILLS} times")
    one.begin(READERS, pace=AT_ONCE)
    for _ in range(KILLS):
        scene.keep("worker")
        one.reach(len(one.taken()) + 20)
        pause(one.random.uniform(0, 2.0))
        scene.kill("worker", one.random)
        one.some_leave()
    scene.keep("worker")
    one.settle()
    one.judge(doubled=A_CONNECTION)


def test_a_killed_beat_costs_only_the_time_until_it_runs_again(scene: Scene, a_round: Begin, seed: int) -> None:
    scene.keep("beat", "worker")
    one = a_round("kill -9 of beat, 3 times")
    one.alone = True
    one.begin(READERS // 5)
    for quarter in range(3):
        one.reach(len(one.readers) * quarter // 4 + 1)
        pause(one.random.uniform(0, 1.0))
        scene.kill("beat", one.random)
        pause(1)
        scene.keep("beat")
        one.some_leave()
    one.settle()
    one.judge()


def test_one_process_on_sqlite_keeps_the_same_promise(sqlite_round: Begin, sqlite_scene: Scene, seed: int) -> None:
    scene, kills = sqlite_scene, 20 if FULL else 4
    scene.keep("up")
    one = sqlite_round(f"kill -9 of up on SQLite, {kills} times")
    one.begin(READERS // 5)
    for _ in range(kills):
        scene.keep("up")
        one.reach(len(one.taken()) + 20)
        pause(one.random.uniform(0, 1.0))
        scene.kill("up", one.random)
        one.some_leave()
    scene.keep("up")
    one.settle()
    one.judge(doubled=A_CONNECTION)
