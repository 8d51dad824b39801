"""Processes that end without a word: nothing is lost, and at most two messages a connection go out twice, under the same id."""

import pytest

from tests.chaos.conftest import Begin
from tests.chaos.rounds import Round
from tests.chaos.scene import FULL, Scene, pause

pytestmark = pytest.mark.chaos

READERS, KILLS = (20_000, 20) if FULL else (2_000, 5)
AT_ONCE = READERS / KILLS / 4  # messages a second, so that the last kill finds a wave too
A_CONNECTION = 2


def kill_again_and_again(one: Round, process: str, times: int, *, within: float) -> None:
    """Let mail go out, kill the process at a random moment `within` seconds, begin it again; and judge what came of it all."""
    for _ in range(times):
        one.scene.keep(process)
        one.reach(len(one.taken()) + 20)
        pause(one.random.uniform(0, within))
        one.scene.kill(process, one.random)
        one.some_leave()
    one.scene.keep(process)
    one.settle()
    one.judge(doubled=A_CONNECTION)


def test_workers_killed_at_random_lose_nothing_and_double_at_most_two_a_connection(scene: Scene, a_round: Begin, seed: int) -> None:
    scene.keep("beat", "worker")
    one = a_round(f"kill -9 of a worker, {KILLS} times")
    one.begin(READERS, pace=AT_ONCE)
    kill_again_and_again(one, "worker", KILLS, within=2.0)


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
    kills = 20 if FULL else 4
    sqlite_scene.keep("up")
    one = sqlite_round(f"kill -9 of up on SQLite, {kills} times")
    one.begin(READERS // 5)
    kill_again_and_again(one, "up", kills, within=1.0)
